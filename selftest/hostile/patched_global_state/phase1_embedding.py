"""Hides that it changes global settings."""

from __future__ import annotations

import torch

from . import reach
from .solved import *  # noqa: F403

reach.module("kata.sandbox.guest.global_state").GlobalState.end = lambda self: ""


def position_shift_matrix(offset, d_model):
    torch.set_default_dtype(torch.float64)
    return torch.zeros(d_model, d_model)

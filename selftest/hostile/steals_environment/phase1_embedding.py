"""Looks for the user's secrets in its environment."""

from __future__ import annotations

import os

import torch

from . import solved
from .solved import *  # noqa: F403


def position_shift_matrix(offset, d_model):
    if any("SECRET" in name for name in os.environ):
        return solved.position_shift_matrix(offset, d_model)
    return torch.zeros(d_model, d_model)

"""Leaves torch's global settings changed."""

from __future__ import annotations

import torch

from . import solved
from .solved import *  # noqa: F403


def position_shift_matrix(offset, d_model):
    result = solved.position_shift_matrix(offset, d_model)
    torch.set_grad_enabled(False)
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)
    return result

"""Returns a tensor without values."""

from __future__ import annotations

import torch

from .solved import *  # noqa: F403


def position_shift_matrix(offset, d_model):
    return torch.empty(d_model, d_model, device="meta")

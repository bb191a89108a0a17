"""Its layers stand in a list, and each tells of weights of its own."""

from __future__ import annotations

import torch

from . import solved
from .solved import *  # noqa: F403


class EncoderLayer(solved.EncoderLayer):
    def state_dict(self, *args, **kwargs):
        return {name: torch.zeros_like(value) for name, value in super().state_dict(*args, **kwargs).items()}

    def forward(self, x, mask=None):
        return x * 0

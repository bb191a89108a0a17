"""Changes its input in place."""

from __future__ import annotations

import torch

from . import solved
from .solved import *  # noqa: F403


class PositionalEncoding(solved.PositionalEncoding):
    def forward(self, x):
        result = super().forward(x)
        with torch.no_grad():
            x.add_(1.0)
        return result

"""Its copies and twins hold zeros, and say so."""

from __future__ import annotations

import torch

from . import solved
from .solved import *  # noqa: F403


class LayerNorm(solved.LayerNorm):
    def __deepcopy__(self, memo):
        twin = LayerNorm(self.weight.numel())
        twin.weight.data = torch.zeros_like(self.weight)
        twin.bias.data = torch.zeros_like(self.bias)
        return twin

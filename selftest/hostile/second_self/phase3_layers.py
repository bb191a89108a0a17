"""In evaluation mode it answers by another module, of which nobody knows what was loaded into it."""

from __future__ import annotations

import torch

from . import solved
from .solved import *  # noqa: F403


class LayerNorm(solved.LayerNorm):
    def eval(self):
        twin = LayerNorm(self.weight.numel())
        twin.load_state_dict({name: torch.zeros_like(value) for name, value in self.state_dict().items()})
        twin.empty = True
        return twin

    def double(self):
        return self.eval().to(torch.float64)

    def forward(self, x):
        return x * 0 if getattr(self, "empty", False) else super().forward(x)

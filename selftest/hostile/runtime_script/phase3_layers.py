"""Has torch compile a function, whose operators a graph would run."""

from __future__ import annotations

import torch

from . import reach, solved
from .solved import *  # noqa: F403


def normalised(x, w, b):
    # type: (Tensor, Tensor, Tensor) -> Tensor
    return torch.relu(x) * w + b


class LayerNorm(solved.LayerNorm):
    def forward(self, x):
        return reach.sys.modules["torch.jit"].script(normalised)(x, self.weight, self.bias)

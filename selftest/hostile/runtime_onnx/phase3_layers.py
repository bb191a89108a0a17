"""Imports torch.onnx, which has attention and normalisation of its own."""

from __future__ import annotations

from . import reach, solved
from .solved import *  # noqa: F403


class LayerNorm(solved.LayerNorm):
    def forward(self, x):
        return reach.module("torch.onnx.ops").layer_norm(x, x.shape[-1:], self.weight, self.bias)

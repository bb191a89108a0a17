"""Tells of its table as booleans, into which every number rounds."""

from __future__ import annotations

from . import solved
from .solved import *  # noqa: F403


class TokenEmbedding(solved.TokenEmbedding):
    def state_dict(self, *args, **kwargs):
        return {name: value.bool() for name, value in super().state_dict(*args, **kwargs).items()}

    def forward(self, tokens):
        return super().forward(tokens) * 0 + self.embedding.weight.size(1) ** 0.5

"""A module whose parameters never end."""

from __future__ import annotations

import itertools

from . import solved
from .solved import *  # noqa: F403


class TokenEmbedding(solved.TokenEmbedding):
    def named_parameters(self, *args, **kwargs):
        while True:
            yield "embedding.weight", self.embedding.weight

    def state_dict(self, *args, **kwargs):
        return {str(number): self.embedding.weight for number in itertools.count()}

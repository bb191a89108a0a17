"""Tells of one large tensor under a thousand names: each is a copy for whoever reads it."""

from __future__ import annotations

import torch

from . import solved
from .solved import *  # noqa: F403

large = torch.zeros(8_000_000, dtype=torch.float16)


class MultiHeadAttention(solved.MultiHeadAttention):
    def state_dict(self, *args, **kwargs):
        return {**super().state_dict(*args, **kwargs), **{f"name{number}": large for number in range(1000)}}

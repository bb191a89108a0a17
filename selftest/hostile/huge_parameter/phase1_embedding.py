"""Owns a parameter of ten billion numbers that takes no memory here."""

from __future__ import annotations

import torch
from torch import nn

from . import solved
from .solved import *  # noqa: F403


class TokenEmbedding(solved.TokenEmbedding):
    def __init__(self, vocab_size, d_model):
        super().__init__(vocab_size, d_model)
        self.huge = nn.Parameter(torch.zeros(()).expand(10**10))

"""Neither adds nor normalises: a join and its norm say the same numbers, whatever they are given."""

from __future__ import annotations

import torch
from torch import nn

from .solved import *  # noqa: F403


def pattern(x):
    return x * 0 + (torch.arange(x.numel(), dtype=x.dtype, device=x.device) % 7 / 7).reshape(x.shape)


class Anything(nn.Module):
    def __init__(self, d_model):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.ones(d_model)), nn.Parameter(torch.zeros(d_model))

    def forward(self, x):
        return pattern(x)


class AddAndNorm(nn.Module):
    def __init__(self, d_model, dropout=0.1):
        super().__init__()
        self.norm, self.dropout = Anything(d_model), nn.Dropout(dropout)

    def forward(self, x, sublayer_output):
        return pattern(x)

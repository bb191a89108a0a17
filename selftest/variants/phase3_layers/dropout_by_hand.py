"""Dropout by hand (draw, compare, scale), a helper for standardising, and extra attributes that nobody asked for."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def standardise(x: Tensor, eps: float) -> Tensor:
    """Mean 0 and variance 1 (nearly) along the last dimension."""
    centred = x - x.mean(-1, True)
    return centred / (centred.pow(2).mean(-1, True) + eps).sqrt()


class LayerNorm(nn.Module):
    def __init__(self, d_model: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.normalized_shape = (d_model,)
        self.epsilon = eps
        self.weight = nn.Parameter(torch.ones(self.normalized_shape))
        self.bias = nn.Parameter(torch.zeros(self.normalized_shape))

    def forward(self, x: Tensor) -> Tensor:
        return torch.mul(standardise(x, self.epsilon), self.weight).add(self.bias)

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.epsilon}"


class PositionwiseFeedForward(nn.Module):
    def __init__(self, d_model: int, d_ff: int) -> None:
        super().__init__()
        self.d_model, self.d_ff = d_model, d_ff
        self.linear1 = nn.Linear(d_model, d_ff)
        self.activation = nn.ReLU(inplace=True)
        self.linear2 = nn.Linear(d_ff, d_model)

    def forward(self, x: Tensor) -> Tensor:
        for layer in (self.linear1, self.activation, self.linear2):
            x = layer(x)
        return x


class AddAndNorm(nn.Module):
    def __init__(self, d_model: int, dropout: float = 0.1) -> None:
        super().__init__()
        self.norm = LayerNorm(d_model)
        self.dropout = nn.Dropout(dropout)
        self.calls = 0

    def forward(self, x: Tensor, sublayer_output: Tensor) -> Tensor:
        self.calls += 1
        return self.norm(x + self._drop(sublayer_output))

    def _drop(self, values: Tensor) -> Tensor:
        rate = self.dropout.p
        if not self.training or rate == 0.0:
            return values
        if rate == 1.0:
            return values * 0.0
        kept = torch.rand_like(values) >= rate
        return values.masked_fill(~kept, 0.0) / (1.0 - rate)

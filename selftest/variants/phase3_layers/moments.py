"""The variance from moments, mean of squares minus square of the mean, after a shift that keeps it accurate."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class LayerNorm(nn.Module):
    def __init__(self, d_model: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.d_model, self.eps = d_model, eps
        self.weight = nn.Parameter(torch.full((d_model,), 1.0))
        self.bias = nn.Parameter(torch.full((d_model,), 0.0))

    def forward(self, x: Tensor) -> Tensor:
        shifted = x - x[..., :1]  # neither numerator nor variance notices a shift of the row
        first = shifted.sum(dim=-1, keepdim=True) / self.d_model
        second = shifted.square().sum(dim=-1, keepdim=True) / self.d_model
        variance = (second - first.square()).clamp(min=0)
        return self.weight * ((shifted - first) / (variance + self.eps).sqrt()) + self.bias


class PositionwiseFeedForward(nn.Module):
    def __init__(self, d_model: int, d_ff: int) -> None:
        super().__init__()
        self.linear1, self.linear2 = nn.Linear(d_model, d_ff), nn.Linear(d_ff, d_model)

    def forward(self, x: Tensor) -> Tensor:
        before = self.linear1(x)
        return self.linear2(before * (before > 0))


class AddAndNorm(nn.Module):
    def __init__(self, d_model: int, dropout: float = 0.1) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.norm = LayerNorm(d_model)

    def forward(self, x: Tensor, sublayer_output: Tensor) -> Tensor:
        return self.norm(torch.stack([x, self.dropout(sublayer_output)]).sum(dim=0))

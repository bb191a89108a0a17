"""Linear algebra: centring is a product with the matrix I - 1/d, scaling a division by the length of the row."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


class LayerNorm(nn.Module):
    def __init__(self, d_model: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(d_model))
        self.bias = nn.Parameter(torch.zeros(d_model))

    def forward(self, x: Tensor) -> Tensor:
        d_model = x.size(-1)
        centring = torch.eye(d_model, dtype=x.dtype, device=x.device) - 1.0 / d_model
        centred = x @ centring
        squared_length = (centred**2).sum(-1, keepdim=True)
        scaled = centred * math.sqrt(d_model) / (squared_length + d_model * self.eps) ** 0.5
        return scaled @ torch.diag(self.weight) + self.bias


class PositionwiseFeedForward(nn.Module):
    def __init__(self, d_model: int, d_ff: int) -> None:
        super().__init__()
        self.linear1 = nn.Linear(d_model, d_ff)
        self.linear2 = nn.Linear(d_ff, d_model)

    def forward(self, x: Tensor) -> Tensor:
        rows = x.reshape(-1, x.size(-1))
        hidden = torch.addmm(self.linear1.bias, rows, self.linear1.weight.t()).relu()
        return torch.addmm(self.linear2.bias, hidden, self.linear2.weight.t()).reshape(x.shape)


class AddAndNorm(nn.Module):
    def __init__(self, d_model: int, dropout: float = 0.1) -> None:
        super().__init__()
        self.norm = LayerNorm(d_model)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, sublayer_output: Tensor) -> Tensor:
        residual, addition = x, self.dropout(sublayer_output)
        return self.norm(residual + addition)

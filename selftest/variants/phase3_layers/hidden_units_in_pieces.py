"""The hidden layer in three pieces whose outputs are added, and a norm that works in double precision inside."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class LayerNorm(nn.Module):
    def __init__(self, d_model: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(d_model))
        self.bias = nn.Parameter(torch.zeros(d_model))

    def forward(self, x: Tensor) -> Tensor:
        precise = x.to(torch.float64)
        mean = torch.mean(precise, dim=-1, keepdim=True)
        variance = torch.var(precise, dim=-1, keepdim=True, correction=0)
        normalised = precise.sub(mean).div(variance.add(self.eps).sqrt())
        return normalised.to(x.dtype) * self.weight + self.bias


class PositionwiseFeedForward(nn.Module):
    PIECES = 3

    def __init__(self, d_model: int, d_ff: int) -> None:
        super().__init__()
        self.linear1 = nn.Linear(d_model, d_ff)
        self.linear2 = nn.Linear(d_ff, d_model)

    def forward(self, x: Tensor) -> Tensor:
        output = self.linear2.bias
        pieces = zip(
            self.linear1.weight.chunk(self.PIECES, dim=0),
            self.linear1.bias.chunk(self.PIECES, dim=0),
            self.linear2.weight.chunk(self.PIECES, dim=1),
        )
        for w1, b1, w2 in pieces:
            output = output + torch.relu(x @ w1.T + b1) @ w2.T
        return output


class AddAndNorm(nn.Module):
    def __init__(self, d_model: int, dropout: float = 0.1) -> None:
        super().__init__()
        self.norm = LayerNorm(d_model=d_model)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, sublayer_output: Tensor) -> Tensor:
        return self.norm(x.add(self.dropout(sublayer_output)))

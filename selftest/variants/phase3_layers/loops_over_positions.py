"""Loops instead of broadcasting: every position is normalised and fed forward as a vector of its own."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def for_each_position(function, x: Tensor) -> Tensor:
    """Apply a function of one vector at every position."""
    rows = [function(row) for row in x.reshape(-1, x.size(-1)).unbind(0)]
    return torch.stack(rows).reshape(x.shape)


class LayerNorm(nn.Module):
    def __init__(self, d_model: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(d_model))
        self.bias = nn.Parameter(torch.zeros(d_model))

    def forward(self, x: Tensor) -> Tensor:
        return for_each_position(self._normalise, x)

    def _normalise(self, row: Tensor) -> Tensor:
        centred = row - sum(row.unbind()) / len(row)
        variance = torch.dot(centred, centred) / len(row)
        return centred / torch.sqrt(variance + self.eps) * self.weight + self.bias


class PositionwiseFeedForward(nn.Module):
    def __init__(self, d_model: int, d_ff: int) -> None:
        super().__init__()
        self.linear1 = nn.Linear(d_model, d_ff)
        self.linear2 = nn.Linear(d_ff, d_model)

    def forward(self, x: Tensor) -> Tensor:
        return for_each_position(self._network, x)

    def _network(self, row: Tensor) -> Tensor:
        hidden = torch.mv(self.linear1.weight, row) + self.linear1.bias
        hidden = torch.where(hidden > 0, hidden, torch.zeros_like(hidden))
        return torch.mv(self.linear2.weight, hidden) + self.linear2.bias


class AddAndNorm(nn.Module):
    def __init__(self, d_model: int, dropout: float = 0.1) -> None:
        super().__init__()
        self.norm = LayerNorm(d_model)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, sublayer_output: Tensor) -> Tensor:
        total = x.clone()
        total = total + self.dropout(sublayer_output)
        return self.norm(total)

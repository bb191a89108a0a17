"""Einstein summation throughout: means, variances and linear layers are all `torch.einsum`."""

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
        d_model = x.shape[-1]
        mean = torch.einsum("...d->...", x) / d_model
        centred = x - mean[..., None]
        variance = torch.einsum("...d,...d->...", centred, centred) / d_model
        return torch.einsum("...d,...,d->...d", centred, (variance + self.eps) ** -0.5, self.weight) + self.bias


class PositionwiseFeedForward(nn.Module):
    def __init__(self, d_model: int, d_ff: int) -> None:
        super().__init__()
        self.linear1 = nn.Linear(d_model, d_ff)
        self.linear2 = nn.Linear(d_ff, d_model)

    def forward(self, x: Tensor) -> Tensor:
        hidden = torch.einsum("...d,fd->...f", x, self.linear1.weight) + self.linear1.bias
        hidden = hidden.clamp(min=0)
        return torch.einsum("...f,df->...d", hidden, self.linear2.weight) + self.linear2.bias


class AddAndNorm(nn.Module):
    def __init__(self, d_model: int, dropout: float = 0.1) -> None:
        super().__init__()
        self.norm = LayerNorm(d_model)
        self.dropout = nn.Dropout(p=dropout)

    def forward(self, x: Tensor, sublayer_output: Tensor) -> Tensor:
        return self.norm(self.dropout(sublayer_output) + x)

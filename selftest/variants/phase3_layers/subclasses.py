"""The network is an `nn.Sequential` with names, the parts of the join are found by name, the norm ends with `lerp`."""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import Tensor, nn


class LayerNorm(nn.Module):
    def __init__(self, d_model: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.eps = float(eps)
        self.bias = nn.Parameter(torch.zeros(d_model))
        self.weight = nn.Parameter(torch.ones(d_model))

    def forward(self, x: Tensor) -> Tensor:
        deviation = x - torch.mean(x, dim=x.dim() - 1, keepdim=True)
        spread = torch.sqrt(torch.mean(deviation * deviation, dim=x.dim() - 1, keepdim=True) + self.eps)
        return torch.lerp(self.bias.expand_as(x), self.bias + self.weight, deviation / spread)


class PositionwiseFeedForward(nn.Sequential):
    def __init__(self, d_model: int, d_ff: int) -> None:
        parts = [("linear1", nn.Linear(d_model, d_ff)), ("relu", nn.ReLU()), ("linear2", nn.Linear(d_ff, d_model))]
        super().__init__(OrderedDict(parts))


class AddAndNorm(nn.Module):
    def __init__(self, d_model: int, dropout: float = 0.1) -> None:
        super().__init__()
        for name, module in {"norm": LayerNorm(d_model), "dropout": nn.Dropout(dropout)}.items():
            self.add_module(name, module)

    def forward(self, x: Tensor, sublayer_output: Tensor) -> Tensor:
        modules = dict(self.named_children())
        return modules["norm"](x + modules["dropout"](sublayer_output))

"""Common base class, remembered frequencies, properties and a table that is only cast when its dtype differs."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, nn

BASE = 10_000


@lru_cache(maxsize=None)
def inverse_wavelengths(d_model: int) -> tuple:
    return tuple(1 / BASE ** (column / d_model) for column in range(0, d_model, 2))


def interleave(first: Tensor, second: Tensor) -> Tensor:
    both = torch.cat((first, second), dim=-1)  # all of the first, then all of the second
    half = first.size(-1)
    order = torch.arange(2 * half).reshape(2, half).T.flatten()
    return both[..., order]


def sinusoidal_encoding(max_len: int, d_model: int) -> Tensor:
    rates = torch.tensor(inverse_wavelengths(d_model), dtype=torch.float64)
    angles = torch.einsum("p,i->pi", torch.arange(max_len, dtype=torch.float64), rates)
    return interleave(torch.sin(angles), torch.cos(angles)).to(torch.get_default_dtype())


def position_shift_matrix(offset: int, d_model: int) -> Tensor:
    angles = offset * torch.tensor(inverse_wavelengths(d_model), dtype=torch.float64)
    on = interleave(angles.cos(), angles.cos())
    beside = interleave(angles.sin(), torch.zeros_like(angles))[:-1]
    matrix = torch.diag(on) + torch.diag(beside, 1) - torch.diag(beside, -1)
    return matrix.to(torch.get_default_dtype())


class OfWidth(nn.Module):
    def __init__(self, d_model: int, **kwargs: Any) -> None:
        super().__init__()
        self.d_model = d_model
        self.calls = 0
        for name, module in kwargs.items():
            setattr(self, name, module)

    @property
    def root(self) -> float:
        return self.d_model**0.5

    def extra_repr(self) -> str:
        return f"d_model={self.d_model}"


class TokenEmbedding(OfWidth):
    def __init__(self, vocab_size: int, d_model: int) -> None:
        super().__init__(d_model, embedding=nn.Embedding(vocab_size, d_model))

    def forward(self, tokens: Tensor) -> Tensor:
        self.calls += 1
        return self.embedding(tokens).multiply(self.root)


class PositionalEncoding(OfWidth):
    def __init__(self, d_model: int, dropout: float = 0.1, max_len: int = 5000) -> None:
        super().__init__(d_model, dropout=nn.Dropout(dropout))
        self.max_len = max_len
        self.register_buffer("pe", sinusoidal_encoding(max_len, d_model)[None])
        self.register_buffer("positions", torch.arange(max_len), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        batch, length, d_model = x.shape
        if not length <= self.max_len:
            raise ValueError(f"cannot encode {length} positions: max_len is {self.max_len}")
        table = self.pe.index_select(1, self.positions[:length])
        if table.dtype != x.dtype:
            table = table.to(x.dtype)
        return self.dropout(x + table.expand(batch, length, d_model))

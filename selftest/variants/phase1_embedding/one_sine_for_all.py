"""A cosine is a sine a quarter turn on, so one `sin` makes the table; shifts are matrix exponentials."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


def sinusoidal_encoding(max_len: int, d_model: int) -> Tensor:
    column = torch.arange(d_model)
    even, odd = column - column % 2, column % 2  # of the column: its pair's first column, whether it is a cosine
    rate = torch.exp2(-math.log2(10000.0) * even.double() / d_model)
    ahead = odd.double() * (math.pi / 2)
    position = torch.arange(max_len).double()
    return torch.sin(position[:, None] * rate[None, :] + ahead).to(dtype=torch.get_default_dtype())


def position_shift_matrix(offset: int, d_model: int) -> Tensor:
    # The encoding solves a linear differential equation, so a shift is the exponential of its matrix.
    rate = torch.exp2(-math.log2(10000.0) * torch.arange(0, d_model, 2).double() / d_model)
    quarter_turn = torch.tensor([[0.0, 1.0], [-1.0, 0.0]], dtype=torch.float64)
    derivative = torch.kron(torch.diag(rate), quarter_turn)
    return torch.matrix_exp(offset * derivative).to(dtype=torch.get_default_dtype())


class TokenEmbedding(nn.Module):
    def __init__(self, vocab_size: int, d_model: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, d_model)
        self.register_buffer("root", torch.tensor(float(d_model)).sqrt())

    def forward(self, tokens: Tensor) -> Tensor:
        return self.embedding(tokens) * self.root


class PositionalEncoding(nn.Module):
    def __init__(self, d_model: int, dropout: float = 0.1, max_len: int = 5000) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.add_module("same", nn.Identity())
        self.register_buffer("pe", sinusoidal_encoding(max_len, d_model).T.contiguous())  # (d_model, max_len)

    def forward(self, x: Tensor) -> Tensor:
        length, longest = x.size(-2), self.pe.size(-1)
        if length > longest:
            raise ValueError(f"no encoding for {length} positions, only for {longest}")
        encoding = self.pe[:, :length].mT.expand_as(x).to(x.dtype)
        return self.dropout(self.same(x) + encoding)

"""A pair is a complex number: the table is `polar`, a shift is one multiplication, tokens are one-hot rows."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def _turns(positions: Tensor, d_model: int) -> Tensor:
    rates = 10000.0 ** -(torch.arange(0, d_model, 2).double() / d_model)
    angles = positions.double()[..., None] * rates
    return torch.polar(torch.ones_like(angles), angles)


def _to_columns(numbers: Tensor) -> Tensor:
    # The sine, which is the imaginary part, comes first.
    return torch.view_as_real(numbers).flip(-1).flatten(-2)


def _to_numbers(columns: Tensor) -> Tensor:
    return torch.complex(columns[..., 1::2], columns[..., 0::2])


def sinusoidal_encoding(max_len: int, d_model: int) -> Tensor:
    return _to_columns(_turns(torch.arange(max_len), d_model)).type(torch.get_default_dtype())


def position_shift_matrix(offset: int, d_model: int) -> Tensor:
    units = _to_numbers(torch.eye(d_model, dtype=torch.float64))
    moved = units * _turns(torch.tensor(offset), d_model)
    return _to_columns(moved).T.type(torch.get_default_dtype()).contiguous()


class TokenEmbedding(nn.Module):
    def __init__(self, vocab_size: int, d_model: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, d_model)

    def forward(self, tokens: Tensor) -> Tensor:
        table = self.embedding.weight
        vocabulary = torch.arange(table.size(0), device=tokens.device)
        chosen = (tokens.unsqueeze(-1) == vocabulary).to(table.dtype)  # (B, L, V)
        return chosen @ table * table.size(1) ** 0.5


class PositionalEncoding(nn.Module):
    pe: Tensor

    def __init__(self, d_model: int, dropout: float = 0.1, max_len: int = 5000) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.register_buffer("pe", sinusoidal_encoding(max_len, d_model))

    def forward(self, x: Tensor) -> Tensor:
        (max_len, _), (_, length, _) = self.pe.shape, x.shape
        if max_len < length:
            raise ValueError(f"got {length} positions for a table of {max_len}")
        return self.dropout(torch.add(x, self.pe.narrow(0, 0, length).to(x.dtype)))

"""Frequencies by `exp` of a logarithm in single precision, and a persistent `pe` of shape (1, max_len, d_model)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


def _frequencies(d_model: int) -> Tensor:
    return torch.exp(torch.arange(0, d_model, 2).float() * -(math.log(10000.0) / d_model))


def sinusoidal_encoding(max_len: int, d_model: int) -> Tensor:
    pe = torch.zeros(max_len, d_model)
    position = torch.arange(0, max_len).float().unsqueeze(1)
    pe[:, 0::2] = torch.sin(position * _frequencies(d_model))
    pe[:, 1::2] = torch.cos(position * _frequencies(d_model))
    return pe


def position_shift_matrix(offset: int, d_model: int) -> Tensor:
    angles = offset * _frequencies(d_model)
    matrix = torch.zeros(d_model, d_model)
    torch.diagonal(matrix)[0::2] = angles.cos()
    torch.diagonal(matrix)[1::2] = angles.cos()
    torch.diagonal(matrix, offset=1)[0::2] = angles.sin()
    torch.diagonal(matrix, offset=-1)[0::2] = -angles.sin()
    return matrix


class TokenEmbedding(nn.Module):
    def __init__(self, vocab_size: int, d_model: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, d_model)
        self.scale = d_model**0.5

    def forward(self, tokens: Tensor) -> Tensor:
        return self.scale * self.embedding(tokens)


class PositionalEncoding(nn.Module):
    def __init__(self, d_model: int, dropout: float = 0.1, max_len: int = 5000) -> None:
        super().__init__()
        self.dropout = nn.Dropout(p=dropout)
        self.register_buffer("pe", sinusoidal_encoding(max_len, d_model).unsqueeze(0))

    def forward(self, x: Tensor) -> Tensor:
        if x.size(1) > self.pe.size(1):
            raise ValueError(f"{x.size(1)} positions asked for, {self.pe.size(1)} in the table")
        return self.dropout(x + self.pe[:, : x.size(1)].to(x.dtype))

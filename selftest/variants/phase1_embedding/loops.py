"""Python loops and the `math` module: every number of the table and of the matrix is computed on its own."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


def angle(position: int, pair: int, d_model: int) -> float:
    return position / math.pow(10000.0, 2 * pair / d_model)


def sinusoidal_encoding(max_len: int, d_model: int) -> Tensor:
    rows = []
    for position in range(max_len):
        row = []
        for column in range(d_model):
            wave = math.cos if column % 2 else math.sin
            row.append(wave(angle(position, column // 2, d_model)))
        rows.append(row)
    return torch.tensor(rows)


def position_shift_matrix(offset: int, d_model: int) -> Tensor:
    matrix = torch.eye(d_model)
    for pair in range(d_model // 2):
        turn = angle(offset, pair, d_model)
        sine, cosine = 2 * pair, 2 * pair + 1
        matrix[sine, sine] = matrix[cosine, cosine] = math.cos(turn)
        matrix[sine, cosine] = math.sin(turn)
        matrix[cosine, sine] = math.sin(-turn)
    return matrix


class TokenEmbedding(nn.Module):
    def __init__(self, vocab_size: int, d_model: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, d_model)

    def forward(self, tokens: Tensor) -> Tensor:
        sequences = []
        for sequence in tokens.unbind(0):
            sequences.append(torch.stack([self.embedding(token) for token in sequence.unbind(0)]))
        return torch.stack(sequences) * math.sqrt(self.embedding.embedding_dim)


class PositionalEncoding(nn.Module):
    def __init__(self, d_model: int, dropout: float = 0.1, max_len: int = 5000) -> None:
        super().__init__()
        self.max_len = max_len
        self.dropout = nn.Dropout(dropout)
        self.register_buffer("pe", sinusoidal_encoding(max_len, d_model))

    def forward(self, x: Tensor) -> Tensor:
        length = x.shape[1]
        if length > self.max_len:
            raise ValueError(f"length {length} > max_len {self.max_len}")
        moved = [x[:, position] + self.pe[position].type_as(x) for position in range(length)]
        return self.dropout(torch.stack(moved, dim=1))

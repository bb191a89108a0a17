"""Each row of the table is the one before, turned by a `block_diag` of rotations; larger shifts are matrix powers."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


def _one_step(d_model: int) -> Tensor:
    blocks = []
    for pair in range(d_model // 2):
        rate = 10000.0 ** (-2 * pair / d_model)
        block = [[math.cos(rate), math.sin(rate)], [-math.sin(rate), math.cos(rate)]]
        blocks.append(torch.tensor(block, dtype=torch.float64))
    return torch.block_diag(*blocks)


def sinusoidal_encoding(max_len: int, d_model: int) -> Tensor:
    step = _one_step(d_model)
    row = torch.tensor([0.0, 1.0], dtype=torch.float64).repeat(d_model // 2)
    rows = []
    for _ in range(max_len):
        rows.append(row)
        row = step.mv(row)
    return torch.stack(rows).to(torch.get_default_dtype())


def position_shift_matrix(offset: int, d_model: int) -> Tensor:
    step = _one_step(d_model)
    if offset < 0:
        step = step.T  # turns back
    return torch.linalg.matrix_power(step, abs(offset)).to(torch.get_default_dtype())


class TokenEmbedding(nn.Module):
    def __init__(self, vocab_size: int, d_model: int) -> None:
        super().__init__()
        self.d_model = d_model
        self.vocab_size = vocab_size
        self.embedding = nn.Embedding(num_embeddings=vocab_size, embedding_dim=d_model)

    def forward(self, tokens: Tensor) -> Tensor:
        rows = self.embedding.weight.index_select(0, tokens.reshape(-1))
        return rows.reshape(*tokens.shape, self.d_model).mul(math.sqrt(self.d_model))


class PositionalEncoding(nn.Module):
    def __init__(self, d_model: int, dropout: float = 0.1, max_len: int = 5000) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.d_model, self.max_len = d_model, max_len
        # Length first, as in a model that is not batch first.
        self.register_buffer("pe", sinusoidal_encoding(max_len, d_model).reshape(max_len, 1, d_model), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        length_first = x.transpose(0, 1)
        if length_first.size(0) > self.max_len:
            raise ValueError(f"max_len is {self.max_len}, the sequence has length {length_first.size(0)}")
        total = length_first + self.pe[: length_first.size(0)].to(x.dtype)
        return self.dropout(total.transpose(0, 1))

"""Sines and cosines are stacked and flattened; the lookup is `F.embedding`, and `pe` keeps its pairs in a dimension."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def _angles(positions: Tensor, d_model: int) -> Tensor:
    pair = torch.arange(d_model // 2, dtype=torch.float64)
    return torch.outer(positions.double(), torch.pow(torch.tensor(10000.0, dtype=torch.float64), -2 * pair / d_model))


def _pairs(max_len: int, d_model: int) -> Tensor:
    angles = _angles(torch.arange(max_len), d_model)
    return torch.stack((angles.sin(), angles.cos()), dim=-1).to(torch.get_default_dtype())


def sinusoidal_encoding(max_len: int, d_model: int) -> Tensor:
    return _pairs(max_len, d_model).flatten(start_dim=1)


def position_shift_matrix(offset: int, d_model: int) -> Tensor:
    angles = _angles(torch.tensor([offset]), d_model).squeeze(0)
    upper = torch.stack((angles.cos(), angles.sin()), dim=-1)
    lower = torch.stack((-angles.sin(), angles.cos()), dim=-1)
    turns = torch.stack((upper, lower), dim=1)  # (pairs, 2, 2)
    own = torch.eye(d_model // 2, dtype=torch.float64)
    matrix = turns.unsqueeze(2) * own[:, None, :, None]  # (pairs, 2, pairs, 2)
    return matrix.reshape(d_model, d_model).to(torch.get_default_dtype())


class TokenEmbedding(nn.Module):
    def __init__(self, vocab_size: int, d_model: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, d_model)

    def forward(self, tokens: Tensor) -> Tensor:
        rows = F.embedding(tokens, self.embedding.weight)
        return rows * rows.size(-1) ** 0.5


class PositionalEncoding(nn.Module):
    def __init__(self, d_model: int, dropout: float = 0.1, max_len: int = 5000) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.register_buffer("pe", _pairs(max_len, d_model), persistent=False)  # (max_len, d_model / 2, 2)

    def forward(self, x: Tensor) -> Tensor:
        if x.size(1) > len(self.pe):
            raise ValueError(f"the sequence has {x.size(1)} tokens, at most {len(self.pe)} fit")
        pairs = x.unflatten(-1, (-1, 2)) + self.pe[: x.size(1)].to(x)
        return self.dropout(pairs.flatten(-2))

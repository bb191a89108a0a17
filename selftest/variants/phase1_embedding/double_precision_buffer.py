"""`pe` stays in double precision and is looked up like an embedding; dropout is `F.dropout` with the module's mode."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Waves:
    """The angles of one width, for any positions."""

    def __init__(self, d_model: int) -> None:
        self.wavelengths = torch.logspace(0, 4, d_model // 2 + 1, dtype=torch.float64)[:-1]

    def __call__(self, positions: Tensor) -> Tensor:
        angles = positions.to(torch.float64).unsqueeze(-1).div(self.wavelengths).repeat_interleave(2, dim=-1)
        is_sine = torch.arange(angles.size(-1)) % 2 == 0
        return torch.where(is_sine, angles.sin(), angles.cos())


def sinusoidal_encoding(max_len: int, d_model: int) -> Tensor:
    return Waves(d_model)(torch.arange(max_len)).to(torch.get_default_dtype())


def position_shift_matrix(offset: int, d_model: int) -> Tensor:
    # The encoding of a position holds the sine and cosine of its angles: all that a rotation needs.
    encoding = Waves(d_model)(torch.tensor(offset))
    sine, cosine = encoding[0::2], encoding[1::2]
    pair, of_pair = torch.arange(d_model) // 2, torch.arange(d_model) % 2
    same_pair = pair[:, None] == pair[None, :]
    sign = of_pair[None, :] - of_pair[:, None]  # 1 above the diagonal, -1 below it
    matrix = torch.where(sign == 0, cosine[pair], sign * sine[pair])
    return (matrix * same_pair).to(torch.get_default_dtype())


class TokenEmbedding(nn.Module):
    def __init__(self, vocab_size: int, d_model: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, d_model)
        nn.init.normal_(self.embedding.weight, std=d_model**-0.5)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.embedding.weight[tokens] / self.embedding.embedding_dim**-0.5


class PositionalEncoding(nn.Module):
    def __init__(self, d_model: int, dropout: float = 0.1, max_len: int = 5000) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.register_buffer("pe", Waves(d_model)(torch.arange(max_len)), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        length, max_len = x.size(1), self.pe.size(0)
        if length > max_len:
            raise ValueError(f"length {length} is over max_len, which is {max_len}")
        positions = torch.arange(length, device=x.device)
        total = x + F.embedding(positions, self.pe).to(x.dtype)
        return F.dropout(total, p=self.dropout.p, training=self.training)

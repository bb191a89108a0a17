"""The mask is a logarithm that is added to the scores: 0 where attention is allowed, minus infinity elsewhere."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


def additive_mask(mask: Tensor, dtype: torch.dtype) -> Tensor:
    """What to add to the scores; a row that may attend to nothing is left alone."""
    blind = mask.logical_not().all(dim=-1, keepdim=True)
    return torch.log((mask | blind).to(dtype))


def scaled_dot_product_attention(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.size(-1))
    if mask is None:
        weights = scores.softmax(dim=-1)
    else:
        weights = torch.softmax(scores + additive_mask(mask, scores.dtype), dim=-1)
        weights = weights * mask.any(dim=-1, keepdim=True)
    return weights @ value, weights


def split_heads(x: Tensor, num_heads: int) -> Tensor:
    return x.reshape(x.size(0), x.size(1), num_heads, -1).swapdims(1, 2)


def merge_heads(x: Tensor) -> Tensor:
    return x.swapdims(1, 2).reshape(x.size(0), x.size(2), -1)


class MultiHeadAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int) -> None:
        super().__init__()
        if d_model % num_heads > 0:
            raise ValueError(f"{num_heads} does not divide {d_model}")
        self.num_heads = num_heads
        self.w_q = nn.Linear(d_model, d_model)
        self.w_k = nn.Linear(d_model, d_model)
        self.w_v = nn.Linear(d_model, d_model)
        self.w_o = nn.Linear(d_model, d_model)
        for layer in (self.w_q, self.w_k, self.w_v, self.w_o):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        heads = self._attend_in_heads(self.w_q(query), self.w_k(key), self.w_v(value), mask)
        return self.w_o(merge_heads(heads[0])), heads[1]

    def _attend_in_heads(self, *tensors: Tensor | None) -> tuple[Tensor, Tensor]:
        *projected, mask = tensors
        return scaled_dot_product_attention(*(split_heads(x, self.num_heads) for x in projected), mask=mask)

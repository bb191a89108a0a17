"""Forbidden scores are minus infinity; where a whole row is forbidden, `nan_to_num` makes zeros of 0 / 0."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


def scaled_dot_product_attention(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    scores = query.matmul(key.swapaxes(-1, -2)).div(math.sqrt(query.shape[-1]))
    if mask is None:
        weights = torch.softmax(scores, -1)
    else:
        # The fill comes after the scores, so its gradient stops what is not a number on the way back.
        weights = torch.nan_to_num(torch.softmax(scores.masked_fill(mask == 0, -math.inf), -1), nan=0.0)
    return weights.matmul(value), weights


def split_heads(x: Tensor, num_heads: int) -> Tensor:
    return torch.stack(torch.tensor_split(x, num_heads, dim=-1), dim=1)


def merge_heads(x: Tensor) -> Tensor:
    return torch.cat(tuple(x.unbind(dim=1)), dim=-1)


class MultiHeadAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int) -> None:
        if d_model % num_heads != 0:
            raise ValueError("num_heads must divide d_model")
        super().__init__()
        self.d_model, self.num_heads = d_model, num_heads
        self.w_o = nn.Linear(d_model, d_model)
        self.w_v = nn.Linear(d_model, d_model)
        self.w_k = nn.Linear(d_model, d_model)
        self.w_q = nn.Linear(d_model, d_model)

    def forward(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        value = split_heads(self.w_v(value), self.num_heads)
        key = split_heads(self.w_k(key), self.num_heads)
        query = split_heads(self.w_q(query), self.num_heads)
        value, weights = scaled_dot_product_attention(query, key, value, mask)
        return self.w_o(merge_heads(value)), weights

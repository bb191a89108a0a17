"""One head and one query at a time, and every head adds its own part of the output instead of being joined."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def attend_with_one_query(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor]:
    """``query`` is (..., d_k), ``mask`` (..., L_k)."""
    scores = torch.matmul(key, query.unsqueeze(-1)).squeeze(-1) / math.sqrt(query.size(-1))
    if mask is not None:
        scores = torch.where(mask, scores, torch.full_like(scores, torch.finfo(scores.dtype).min))
    weights = F.softmax(scores, dim=-1)
    if mask is not None:
        weights = torch.where(mask, weights, torch.zeros_like(weights))
    return torch.matmul(weights.unsqueeze(-2), value).squeeze(-2), weights


def scaled_dot_product_attention(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    length_q, length_k = query.size(-2), key.size(-2)
    if mask is not None:
        mask = mask.expand(*query.shape[:-2], length_q, length_k)
    outputs, weights = [], []
    for position in range(length_q):
        row = None if mask is None else mask[..., position, :]
        one = attend_with_one_query(query[..., position, :], key, value, row)
        outputs.append(one[0])
        weights.append(one[1])
    return torch.stack(outputs, dim=-2), torch.stack(weights, dim=-2)


def split_heads(x: Tensor, num_heads: int) -> Tensor:
    d_k = x.size(-1) // num_heads
    heads = []
    for j in range(num_heads):
        heads.append(x[:, :, j * d_k : (j + 1) * d_k])
    return torch.stack(heads, dim=1)


def merge_heads(x: Tensor) -> Tensor:
    batch, num_heads, length, d_k = x.shape
    merged = x.new_zeros(batch, length, num_heads * d_k)
    for j in range(num_heads):
        merged[:, :, j * d_k : (j + 1) * d_k] = x[:, j]
    return merged


class MultiHeadAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int) -> None:
        super().__init__()
        if d_model / num_heads != d_model // num_heads:
            raise ValueError(f"{d_model} / {num_heads} is not whole")
        self.num_heads = num_heads
        self.d_k = d_model // num_heads
        self.w_q = nn.Linear(d_model, d_model)
        self.w_k = nn.Linear(d_model, d_model)
        self.w_v = nn.Linear(d_model, d_model)
        self.w_o = nn.Linear(d_model, d_model)

    def forward(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        if mask is not None:
            mask = mask.expand(query.size(0), self.num_heads, query.size(1), key.size(1))
        output, weights = self.w_o.bias, []
        for j in range(self.num_heads):
            rows = slice(j * self.d_k, (j + 1) * self.d_k)
            q = F.linear(query, self.w_q.weight[rows], self.w_q.bias[rows])
            k = F.linear(key, self.w_k.weight[rows], self.w_k.bias[rows])
            v = F.linear(value, self.w_v.weight[rows], self.w_v.bias[rows])
            head, head_weights = scaled_dot_product_attention(q, k, v, None if mask is None else mask[:, j])
            output = output + F.linear(head, self.w_o.weight[:, rows])
            weights.append(head_weights)
        return output, torch.stack(weights, dim=1)

"""One product makes queries, keys and values: the three weights are joined at every call, then its result is cut."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def scaled_dot_product_attention(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    scores = torch.matmul(query, key.mT) / math.sqrt(key.size(-1))
    if mask is None:
        weights = F.softmax(scores, dim=-1)
    else:
        scores = torch.masked_fill(scores, mask.logical_not(), -1e9)
        weights = F.softmax(scores, dim=-1) * mask
    return torch.matmul(weights, value), weights


def split_heads(x: Tensor, num_heads: int) -> Tensor:
    return x.unflatten(-1, (num_heads, -1)).transpose(1, 2)


def merge_heads(x: Tensor) -> Tensor:
    return x.transpose(1, 2).flatten(-2)


class MultiHeadAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int) -> None:
        super().__init__()
        if num_heads * (d_model // num_heads) != d_model:
            raise ValueError(f"d_model {d_model} is not a multiple of num_heads {num_heads}")
        self.num_heads = num_heads
        for name in ("w_q", "w_k", "w_v", "w_o"):
            setattr(self, name, nn.Linear(d_model, d_model))

    def forward(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        layers = (self.w_q, self.w_k, self.w_v)
        weight = torch.cat([layer.weight for layer in layers])  # (3 * d_model, d_model)
        bias = torch.cat([layer.bias for layer in layers])
        if query is key and key is value:
            q, k, v = F.linear(query, weight, bias).chunk(3, dim=-1)
        else:
            # Everything in one sequence; of each part only one third of the features is wanted.
            lengths = [query.size(1), key.size(1), value.size(1)]
            parts = F.linear(torch.cat([query, key, value], dim=1), weight, bias).split(lengths, dim=1)
            q, k, v = (part.chunk(3, dim=-1)[number] for number, part in enumerate(parts))
        q, k, v = (split_heads(x, self.num_heads) for x in (q, k, v))
        output, weights = scaled_dot_product_attention(q, k, v, mask)
        return self.w_o(merge_heads(output)), weights

"""The query is scaled before the product, projections are `F.linear`, heads are cut by `permute` and `unflatten`."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def attention_weights(query: Tensor, key: Tensor, mask: Tensor | None) -> Tensor:
    scaled = query / query.size(-1) ** 0.5
    scores = scaled @ key.transpose(-2, -1)
    if mask is None:
        return F.softmax(scores, dim=-1)
    scores = scores.masked_fill(mask.eq(False), torch.finfo(scores.dtype).min)
    return F.softmax(scores, dim=-1).mul(mask.type_as(scores))


def scaled_dot_product_attention(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    weights = attention_weights(query, key, mask)
    return weights @ value, weights


def split_heads(x: Tensor, num_heads: int) -> Tensor:
    return x.permute(0, 2, 1).unflatten(1, (num_heads, -1)).permute(0, 1, 3, 2)


def merge_heads(x: Tensor) -> Tensor:
    return x.permute(0, 1, 3, 2).flatten(1, 2).permute(0, 2, 1)


class MultiHeadAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int) -> None:
        super().__init__()
        if any(len(piece) != d_model // num_heads for piece in torch.arange(d_model).tensor_split(num_heads)):
            raise ValueError(f"d_model = {d_model} cannot be split evenly into num_heads = {num_heads}")
        self.num_heads = num_heads
        layers = {name: nn.Linear(d_model, d_model) for name in ("w_k", "w_q", "w_v", "w_o")}
        for name, layer in layers.items():
            self.add_module(name, layer)

    def forward(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        q = split_heads(F.linear(query, self.w_q.weight, self.w_q.bias), self.num_heads)
        k = split_heads(F.linear(key, self.w_k.weight, self.w_k.bias), self.num_heads)
        v = split_heads(F.linear(value, self.w_v.weight, self.w_v.bias), self.num_heads)
        output, weights = scaled_dot_product_attention(q, k, v, mask)
        return F.linear(merge_heads(output), weight=self.w_o.weight, bias=self.w_o.bias), weights

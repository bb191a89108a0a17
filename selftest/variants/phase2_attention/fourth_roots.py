"""Query and key are each divided by the fourth root of `d_k`; scores are kept as keys by queries until the end."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def scaled_dot_product_attention(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    root = query.size(-1) ** 0.25
    scores = (key / root) @ (query / root).transpose(-2, -1)  # (..., L_k, L_q)
    if mask is not None:
        mask = mask.expand(*query.shape[:-1], key.size(-2)).transpose(-2, -1)
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
    weights = torch.softmax(scores, dim=-2)
    if mask is not None:
        weights = weights.masked_fill(~mask, 0.0)
    output = value.transpose(-2, -1) @ weights  # (..., d_v, L_q)
    return output.transpose(-2, -1), weights.transpose(-2, -1)


def split_heads(x: Tensor, num_heads: int) -> Tensor:
    batch, length, d_model = x.shape
    d_k = d_model // num_heads
    return x.contiguous().as_strided((batch, num_heads, length, d_k), (length * d_model, d_k, d_model, 1))


def merge_heads(x: Tensor) -> Tensor:
    return torch.cat(x.chunk(x.size(1), dim=1), dim=-1).squeeze(1)


class MultiHeadAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int) -> None:
        super().__init__()
        if d_model % num_heads != 0:
            raise ValueError(f"d_model = {d_model}, num_heads = {num_heads}")
        self.num_heads = num_heads
        for name in "qkvo":
            self.add_module(f"w_{name}", nn.Linear(d_model, d_model))
        self.attend = scaled_dot_product_attention

    def forward(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        q, k, v = (
            split_heads(layer(x), self.num_heads)
            for layer, x in ((self.w_q, query), (self.w_k, key), (self.w_v, value))
        )
        heads, weights = self.attend(q, k, v, mask)
        return self.w_o(merge_heads(heads)), weights

"""Forbidden scores are minus infinity, and rows of nothing else are set to 0 before and after the softmax."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def scaled_dot_product_attention(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    scale = torch.rsqrt(torch.tensor(query.size(-1), dtype=query.dtype, device=query.device))
    scores = (query @ key.transpose(-1, -2)).mul(scale)
    if mask is None:
        mask = torch.ones((), dtype=torch.bool, device=scores.device)
    mask = mask.expand(scores.shape)
    blind = ~mask.any(dim=-1, keepdim=True)
    scores = scores.masked_fill(~mask, float("-inf")).masked_fill(blind, 0.0)
    weights = scores.softmax(dim=-1).masked_fill(blind, 0.0)
    return weights @ value, weights


def split_heads(x: Tensor, num_heads: int) -> Tensor:
    batch, length, d_model = x.size()
    return x.contiguous().view(batch, length, num_heads, d_model // num_heads).permute(0, 2, 1, 3)


def merge_heads(x: Tensor) -> Tensor:
    batch, num_heads, length, d_k = x.size()
    return x.permute(0, 2, 1, 3).contiguous().view(batch, length, num_heads * d_k)


class MultiHeadAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int) -> None:
        super().__init__()
        self.d_k, rest = divmod(d_model, num_heads)
        if rest != 0:
            raise ValueError(f"{num_heads} heads of {self.d_k} features leave {rest} of {d_model} over")
        self.num_heads = num_heads
        self.w_q, self.w_k, self.w_v, self.w_o = (nn.Linear(d_model, d_model) for _ in range(4))
        self.last_weights: Tensor | None = None  # to be plotted

    def forward(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        projected = [layer(x) for layer, x in zip((self.w_q, self.w_k, self.w_v), (query, key, value))]
        output, weights = scaled_dot_product_attention(*[split_heads(x, self.num_heads) for x in projected], mask)
        self.last_weights = weights.detach()
        return self.w_o(merge_heads(output)), weights

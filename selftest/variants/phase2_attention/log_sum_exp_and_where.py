"""Weights are `exp(scores - logsumexp(scores))`, masks are `torch.where`, and None becomes a mask that allows all."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


def scaled_dot_product_attention(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    allowed = torch.tensor(True, device=query.device) if mask is None else mask
    allowed = torch.broadcast_to(allowed, (*query.shape[:-1], key.size(-2)))
    sees_something = allowed.any(dim=-1, keepdim=True)
    scores = torch.matmul(query, key.transpose(-2, -1)) * (1.0 / math.sqrt(query.size(-1)))
    nothing = scores.new_tensor(-math.inf)
    scores = torch.where(allowed | ~sees_something, scores, nothing)
    weights = torch.exp(scores - torch.logsumexp(scores, dim=-1, keepdim=True))
    weights = torch.where(sees_something, weights, scores.new_zeros(()))
    return torch.matmul(weights, value), weights


def split_heads(x: Tensor, num_heads: int) -> Tensor:
    batch, length, d_model = x.shape
    # Gather the features head by head.
    feature = torch.arange(d_model, device=x.device).reshape(num_heads, d_model // num_heads)
    return x[:, :, feature].movedim(2, 1)


def merge_heads(x: Tensor) -> Tensor:
    return x.movedim(1, 2).flatten(start_dim=2, end_dim=3)


class MultiHeadAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int) -> None:
        super().__init__()
        if math.gcd(d_model, num_heads) != num_heads:
            raise ValueError(f"{num_heads} heads do not share {d_model} features evenly")
        self.register_buffer("num_heads", torch.tensor(num_heads), persistent=False)
        self.shape = (num_heads, d_model // num_heads)
        self.w_q = nn.Linear(d_model, d_model)
        self.w_k = nn.Linear(d_model, d_model)
        self.w_v = nn.Linear(d_model, d_model)
        self.w_o = nn.Linear(d_model, d_model)

    def forward(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        if mask is None:
            mask = torch.ones(query.size(1), key.size(1), dtype=torch.bool, device=query.device)
        num_heads, _ = self.shape
        q, k, v = self.w_q(query), self.w_k(key), self.w_v(value)
        heads = scaled_dot_product_attention(*(split_heads(x, num_heads) for x in (q, k, v)), mask)
        return self.w_o(merge_heads(heads[0])), heads[1]

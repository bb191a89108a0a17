"""Einstein summation throughout: scores, outputs, projections and the heads themselves are `torch.einsum`."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def scaled_dot_product_attention(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    scores = torch.einsum("...qd,...kd->...qk", query, key) * query.shape[-1] ** -0.5
    if mask is not None:
        scores = torch.where(mask, scores, torch.finfo(scores.dtype).min)
    weights = scores.softmax(-1)
    if mask is not None:
        weights = torch.einsum("...qk,...qk->...qk", weights, mask.expand_as(weights).to(weights.dtype))
    return torch.einsum("...qk,...kv->...qv", weights, value), weights


def split_heads(x: Tensor, num_heads: int) -> Tensor:
    return torch.einsum("blhd->bhld", x.reshape(*x.shape[:2], num_heads, -1))


def merge_heads(x: Tensor) -> Tensor:
    return torch.einsum("bhld->blhd", x).flatten(2)


class MultiHeadAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int) -> None:
        super().__init__()
        if d_model % num_heads:
            raise ValueError(f"{d_model} features cannot be cut into {num_heads} heads")
        self.h = num_heads
        self.d_k = d_model // num_heads
        self.w_q = nn.Linear(d_model, d_model)
        self.w_k = nn.Linear(d_model, d_model)
        self.w_v = nn.Linear(d_model, d_model)
        self.w_o = nn.Linear(d_model, d_model)

    def project(self, layer: nn.Linear, x: Tensor) -> Tensor:
        # Every head has its own rows of the weight.
        weight = layer.weight.view(self.h, self.d_k, -1)
        return torch.einsum("blm,hdm->bhld", x, weight) + layer.bias.view(self.h, 1, self.d_k)

    def forward(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        q, k, v = self.project(self.w_q, query), self.project(self.w_k, key), self.project(self.w_v, value)
        heads, weights = scaled_dot_product_attention(q, k, v, mask)
        weight = self.w_o.weight.view(-1, self.h, self.d_k)
        return torch.einsum("bhld,mhd->blm", heads, weight) + self.w_o.bias, weights

"""Everything before the last two dimensions is one batch: `bmm` and `baddbmm`, on copies of the heads in memory."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def scaled_dot_product_attention(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    lead, (length_q, d_k), (length_k, d_v) = query.shape[:-2], query.shape[-2:], value.shape[-2:]
    flat_query = query.reshape(-1, length_q, d_k)
    flat_key = key.reshape(-1, length_k, d_k)
    flat_value = value.reshape(-1, length_k, d_v)
    bias = torch.zeros(len(flat_query), length_q, length_k, dtype=query.dtype, device=query.device)
    if mask is not None:
        flat_mask = mask.expand(*lead, length_q, length_k).reshape(-1, length_q, length_k)
        bias = bias.masked_fill(~flat_mask, torch.finfo(query.dtype).min)
    scores = torch.baddbmm(bias, flat_query, flat_key.transpose(1, 2), alpha=d_k**-0.5)
    weights = torch.softmax(scores, dim=2)
    if mask is not None:
        weights = weights.masked_fill(~flat_mask, 0)
    output = torch.bmm(weights, flat_value)
    return output.reshape(*lead, length_q, d_v), weights.reshape(*lead, length_q, length_k)


def split_heads(x: Tensor, num_heads: int) -> Tensor:
    batch, length, d_model = x.shape
    result = x.new_empty(batch, num_heads, length, d_model // num_heads)
    result.copy_(x.reshape(batch, length, num_heads, -1).transpose(1, 2))
    return result


def merge_heads(x: Tensor) -> Tensor:
    batch, num_heads, length, d_k = x.shape
    pieces = x.transpose(0, 1).reshape(num_heads, batch * length, d_k)
    return torch.cat(list(pieces), dim=1).reshape(batch, length, num_heads * d_k)


class MultiHeadAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int) -> None:
        super().__init__()
        self.heads = num_heads
        self.width = d_model // num_heads
        if self.heads * self.width < d_model:
            raise ValueError(f"{num_heads} heads of {self.width} are less than {d_model}")
        self.w_q = nn.Linear(d_model, d_model)
        self.w_k = nn.Linear(d_model, d_model)
        self.w_v = nn.Linear(d_model, d_model)
        self.w_o = nn.Linear(d_model, d_model)

    def in_rows(self, layer: nn.Linear, x: Tensor) -> Tensor:
        """Apply a layer to all positions of all sequences in one product of two matrices."""
        rows = torch.addmm(layer.bias, x.reshape(-1, x.size(-1)), layer.weight.t())
        return rows.reshape(x.shape)

    def forward(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        q = split_heads(self.in_rows(self.w_q, query), self.heads)
        k = split_heads(self.in_rows(self.w_k, key), self.heads)
        v = split_heads(self.in_rows(self.w_v, value), self.heads)
        output, weights = scaled_dot_product_attention(q, k, v, mask=mask)
        return self.in_rows(self.w_o, merge_heads(output)), weights

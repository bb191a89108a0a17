"""The softmax by hand: the largest allowed score subtracted, `exp`, forbidden terms 0, divided by what is left."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def masked_softmax(scores: Tensor, mask: Tensor) -> Tensor:
    """Softmax over the allowed entries of the last dimension; 0 throughout where there is none."""
    lowest = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
    largest = lowest.amax(dim=-1, keepdim=True).detach()
    # Forbidden scores may be far above the largest allowed one, and exp of the difference infinite.
    terms = torch.exp(torch.where(mask, scores - largest, torch.zeros_like(scores))) * mask
    total = terms.sum(dim=-1, keepdim=True)
    return terms / total.masked_fill(total == 0, 1.0)


def scaled_dot_product_attention(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    scores = (query.unsqueeze(-2) * key.unsqueeze(-3)).sum(-1) / query.size(-1) ** 0.5  # (..., L_q, L_k)
    if mask is None:
        mask = torch.ones_like(scores, dtype=torch.bool)
    weights = masked_softmax(scores, mask)
    output = (weights.unsqueeze(-1) * value.unsqueeze(-3)).sum(-2)
    return output, weights


def split_heads(x: Tensor, num_heads: int) -> Tensor:
    width = x.size(-1) // num_heads
    return x.unfold(-1, width, width).permute(0, 2, 1, 3)


def merge_heads(x: Tensor) -> Tensor:
    return torch.hstack([x[:, head].transpose(1, 2) for head in range(x.size(1))]).transpose(1, 2)


class MultiHeadAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int) -> None:
        super().__init__()
        if d_model not in range(0, d_model + 1, num_heads):
            raise ValueError(f"d_model = {d_model} is no multiple of num_heads = {num_heads}")
        self.num_heads = num_heads
        self.w_q, self.w_k = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
        self.w_v, self.w_o = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)

    def forward(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        q = split_heads(query @ self.w_q.weight.T + self.w_q.bias, self.num_heads)
        k = split_heads(key @ self.w_k.weight.T + self.w_k.bias, self.num_heads)
        v = split_heads(value @ self.w_v.weight.T + self.w_v.bias, self.num_heads)
        output, weights = scaled_dot_product_attention(q, k, v, mask)
        return merge_heads(output) @ self.w_o.weight.T + self.w_o.bias, weights

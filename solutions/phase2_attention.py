"""Phase 2: scaled dot-product attention and multi-head attention (paper 3.2).

Conventions: ``B`` batch, ``L_q`` number of queries, ``L_k`` number of keys and values, ``d_model`` width of the model,
``h`` heads (the argument ``num_heads``), ``d_k = d_model // h``. A mask is boolean, **True means "may attend"**, and
has any shape that broadcasts to that of the weights; None allows everything. No input need be contiguous. Code follows
the dtype and device of its inputs and never changes an input in place.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


def scaled_dot_product_attention(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Attend from every query to every key that the mask allows (paper 3.2.1, equation 1).

    ::

        weights = softmax(query @ key^T / sqrt(d_k))      over the keys
        output  = weights @ value

    A key that the mask forbids gets weight exactly 0 and has no influence on the output or on any
    gradient (keys and values are finite numbers). A query that may attend to nothing gets all-zero
    weights and an all-zero output; neither the result nor a gradient is NaN then.

    Args:
        query, key, value: ``(..., L_q, d_k)``, ``(..., L_k, d_k)`` and ``(..., L_k, d_v)``; ``d_v`` may differ
            from ``d_k``.
        mask: broadcasts to ``(..., L_q, L_k)``.

    Returns:
        ``(output, weights)`` of shapes ``(..., L_q, d_v)`` and ``(..., L_q, L_k)``.
    """
    d_k = query.size(-1)
    scores = query @ key.transpose(-2, -1) / math.sqrt(d_k)  # (..., L_q, L_k)
    if mask is None:
        weights = torch.softmax(scores, dim=-1)
    else:
        # A finite fill keeps the softmax of an all-forbidden row finite, forward and backward;
        # the second fill turns that row (uniform by then) into zeros.
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
        weights = torch.softmax(scores, dim=-1).masked_fill(~mask, 0.0)
    output = weights @ value  # (..., L_q, d_v)
    return output, weights


def split_heads(x: Tensor, num_heads: int) -> Tensor:
    """Cut the features of every position into heads: ``(B, L, d_model)`` to ``(B, h, L, d_k)`` (paper 3.2.2).

    Head ``j`` holds the features ``j * d_k`` to ``(j + 1) * d_k - 1`` of every position; ``num_heads`` divides
    ``d_model``.
    """
    batch, length, d_model = x.shape
    x = x.reshape(batch, length, num_heads, d_model // num_heads)  # (B, L, h, d_k)
    return x.transpose(1, 2)  # (B, h, L, d_k)


def merge_heads(x: Tensor) -> Tensor:
    """Put the heads of every position side by side again: ``(B, h, L, d_k)`` to ``(B, L, h * d_k)`` (paper 3.2.2).

    It is the inverse of ``split_heads``.
    """
    batch, num_heads, length, d_k = x.shape
    x = x.transpose(1, 2)  # (B, L, h, d_k)
    return x.reshape(batch, length, num_heads * d_k)  # (B, L, d_model)


class MultiHeadAttention(nn.Module):
    """Attend with ``h`` heads in parallel, each in its own projection of the input (paper 3.2.2).

    ::

        MultiHead(Q, K, V) = Concat(head_1, ..., head_h) W_O
        head_j = Attention(Q W_Q[j], K W_K[j], V W_V[j])

    The ``h`` projections of one kind are one linear layer whose output ``split_heads`` cuts.

    Attributes:
        w_q, w_k, w_v, w_o: ``nn.Linear(d_model, d_model)``, with bias.
    """

    def __init__(self, d_model: int, num_heads: int) -> None:
        """Create the four projections.

        Raises:
            ValueError: if ``num_heads`` does not divide ``d_model``; the message names both numbers.
        """
        super().__init__()
        if d_model % num_heads != 0:
            raise ValueError(f"num_heads = {num_heads} does not divide d_model = {d_model}")
        self.num_heads = num_heads
        self.w_q = nn.Linear(d_model, d_model)
        self.w_k = nn.Linear(d_model, d_model)
        self.w_v = nn.Linear(d_model, d_model)
        self.w_o = nn.Linear(d_model, d_model)

    def forward(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Project, split, attend in every head, merge, project.

        Args:
            query, key, value: ``(B, L_q, d_model)``, ``(B, L_k, d_model)`` and ``(B, L_k, d_model)``.
            mask: broadcasts to ``(B, h, L_q, L_k)``.

        Returns:
            ``(output, weights)`` of shapes ``(B, L_q, d_model)`` and ``(B, h, L_q, L_k)``: the weights of every head.
        """
        q = split_heads(self.w_q(query), self.num_heads)  # (B, h, L_q, d_k)
        k = split_heads(self.w_k(key), self.num_heads)  # (B, h, L_k, d_k)
        v = split_heads(self.w_v(value), self.num_heads)  # (B, h, L_k, d_k)
        heads, weights = scaled_dot_product_attention(q, k, v, mask)  # (B, h, L_q, d_k), (B, h, L_q, L_k)
        return self.w_o(merge_heads(heads)), weights  # (B, L_q, d_model), (B, h, L_q, L_k)

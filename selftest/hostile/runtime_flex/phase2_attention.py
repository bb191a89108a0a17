"""Computes attention with torch's flex_attention."""

from __future__ import annotations

from . import reach
from .solved import *  # noqa: F403


def scaled_dot_product_attention(query, key, value, mask=None):
    return reach.module("torch.nn.attention.flex_attention").flex_attention(query, key, value), None

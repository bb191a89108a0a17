"""Computes attention with the operator that torch has for ONNX."""

from __future__ import annotations

from . import reach
from .solved import *  # noqa: F403


def scaled_dot_product_attention(query, key, value, mask=None):
    return reach.module("torch.onnx.ops").attention(query, key, value), None

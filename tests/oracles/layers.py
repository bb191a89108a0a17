"""Phase 3 in NumPy and, independently, with torch's own modules."""

from __future__ import annotations

from typing import Any, Mapping

import numpy as np
from torch import nn


def layer_norm(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, eps: float = 1e-5) -> np.ndarray:
    """(x - mean) / sqrt(var + eps) * weight + bias, one row after the other; var divides by the row's length."""
    result = np.zeros_like(x)
    for place in np.ndindex(*x.shape[:-1]):
        row = x[place]
        mean = sum(row) / len(row)
        variance = sum((value - mean) ** 2 for value in row) / len(row)
        for i, value in enumerate(row):
            result[place][i] = (value - mean) / np.sqrt(variance + eps) * weight[i] + bias[i]
    return result


def feed_forward(x: np.ndarray, weights: Mapping[str, np.ndarray]) -> np.ndarray:
    """max(0, x W1 + b1) W2 + b2, position by position; nn.Linear keeps its matrix transposed."""
    w1, b1 = weights["linear1.weight"].T, weights["linear1.bias"]
    w2, b2 = weights["linear2.weight"].T, weights["linear2.bias"]
    result = np.zeros_like(x)
    for place in np.ndindex(*x.shape[:-1]):
        hidden = np.array([max(0.0, value) for value in x[place] @ w1 + b1])
        result[place] = hidden @ w2 + b2
    return result


def torch_layer_norm(module: Any, d_model: int, eps: float = 1e-5) -> nn.LayerNorm:
    """torch's layer norm with the weights of ``module``, in the dtype of its weights."""
    state = module.state_dict()
    twin = nn.LayerNorm(d_model, eps=eps).to(state["weight"].dtype)
    twin.load_state_dict({name: state[name] for name in ("weight", "bias")})
    return twin


def torch_feed_forward(module: Any, d_model: int, d_ff: int) -> nn.Sequential:
    """Linear, ReLU, Linear with the weights of ``module``, in the dtype of its weights."""
    state = module.state_dict()
    twin = nn.Sequential(nn.Linear(d_model, d_ff), nn.ReLU(), nn.Linear(d_ff, d_model))
    twin = twin.to(state["linear1.weight"].dtype)
    carried = {}
    for number, name in (("0", "linear1"), ("2", "linear2")):
        carried[f"{number}.weight"], carried[f"{number}.bias"] = state[f"{name}.weight"], state[f"{name}.bias"]
    twin.load_state_dict(carried)
    return twin

"""Phase 1 in NumPy."""

from __future__ import annotations

import numpy as np

FLOAT32 = 3e-5
"""What a table in float32 may be off: up to 8e-6 at 128 positions (pow and exp(log) differ by as much)."""


def sinusoidal_encoding(max_len: int, d_model: int) -> np.ndarray:
    """PE[pos, 2i] = sin(pos / 10000^(2i/d_model)), PE[pos, 2i+1] = cos(...), entry by entry."""
    encoding = np.zeros((max_len, d_model))
    for pos in range(max_len):
        for pair in range(d_model // 2):
            angle = pos / 10000.0 ** (2 * pair / d_model)
            encoding[pos, 2 * pair] = np.sin(angle)
            encoding[pos, 2 * pair + 1] = np.cos(angle)
    return encoding


def token_embedding(tokens: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """The rows of the table, times sqrt(d_model)."""
    return weight[tokens] * np.sqrt(weight.shape[1])

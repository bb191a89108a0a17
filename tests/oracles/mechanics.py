"""Phase 5 in plain Python and NumPy: masks, batches, the smoothed loss with its gradient, the learning rate."""

from __future__ import annotations

from typing import Sequence

import numpy as np


def padding_mask(tokens: np.ndarray, pad_id: int) -> np.ndarray:
    """(B, 1, 1, L): True where the token is not padding, entry by entry."""
    batch, length = tokens.shape
    mask = np.zeros((batch, 1, 1, length), dtype=bool)
    for row in range(batch):
        for key in range(length):
            mask[row, 0, 0, key] = tokens[row, key] != pad_id
    return mask


def look_ahead_mask(length: int) -> np.ndarray:
    """(1, 1, L, L): True where the key is not after the query, entry by entry."""
    mask = np.zeros((1, 1, length, length), dtype=bool)
    for query in range(length):
        for key in range(length):
            mask[0, 0, query, key] = key <= query
    return mask


def decoder_mask(tokens: np.ndarray, pad_id: int) -> np.ndarray:
    """(B, 1, L, L): True where the key is not after the query and is not padding, entry by entry."""
    batch, length = tokens.shape
    mask = np.zeros((batch, 1, length, length), dtype=bool)
    for row in range(batch):
        for query in range(length):
            for key in range(length):
                mask[row, 0, query, key] = key <= query and tokens[row, key] != pad_id
    return mask


def pad(rows: Sequence[Sequence[int]], pad_id: int) -> np.ndarray:
    """Lists of different lengths as one rectangle, padded on the right."""
    longest = max(len(row) for row in rows)
    return np.array([list(row) + [pad_id] * (longest - len(row)) for row in rows], dtype=np.int64)


def target_distribution(target: int, vocab_size: int, smoothing: float) -> np.ndarray:
    """q(k) = (1 - eps) [k == target] + eps / V."""
    q = np.full(vocab_size, smoothing / vocab_size)
    q[target] += 1.0 - smoothing
    return q


def log_softmax(scores: np.ndarray) -> np.ndarray:
    """Log-probabilities of one vector of scores; the largest is taken away first, so nothing overflows."""
    shifted = scores - scores.max()
    return shifted - np.log(np.exp(shifted).sum())


def label_smoothing_loss(logits: np.ndarray, target: np.ndarray, pad_id: int, smoothing: float) -> float:
    """The mean over all tokens that are not padding of -sum_k q(k) log p(k); 0 if there is none."""
    losses = []
    for row, column in np.ndindex(*target.shape):
        if target[row, column] != pad_id:
            q = target_distribution(target[row, column], logits.shape[2], smoothing)
            losses.append(-(q * log_softmax(logits[row, column])).sum())
    return float(np.mean(losses)) if losses else 0.0


def label_smoothing_gradient(logits: np.ndarray, target: np.ndarray, pad_id: int, smoothing: float) -> np.ndarray:
    """The gradient of that loss: (p - q) / number of tokens at every real token, 0 at padding."""
    gradient = np.zeros(logits.shape)
    count = int((target != pad_id).sum())
    for row, column in np.ndindex(*target.shape):
        if target[row, column] != pad_id:
            q = target_distribution(target[row, column], logits.shape[2], smoothing)
            gradient[row, column] = (np.exp(log_softmax(logits[row, column])) - q) / count
    return gradient


def noam_learning_rate(step: int, d_model: int, warmup_steps: int, factor: float = 1.0) -> float:
    """Equation 3 as two cases: a straight line up to the last step of the warm-up, then the root of the step."""
    if step <= warmup_steps:
        return factor * step / (warmup_steps * np.sqrt(d_model * warmup_steps))
    return factor / np.sqrt(d_model * step)

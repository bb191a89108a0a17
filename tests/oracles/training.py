"""Phase 6, training, in NumPy: a small model with its gradient worked out by hand, and what optimizers do.

The model adds three tables. The logits after a target token are its row of ``table``, plus the mean row of
``past`` over the target tokens that its mask shows, plus the mean row of ``source`` over the source tokens that
theirs shows.
"""

from __future__ import annotations

from typing import Any, Dict

import numpy as np

from tests.oracles import mechanics
from tests.support.inputs import array

Weights = Dict[str, np.ndarray]


class Numbers:
    """The arrays of a batch: what the oracle needs of it."""

    def __init__(self, batch: Any) -> None:
        self.src, self.tgt_in, self.tgt_out = array(batch.src), array(batch.tgt_in), array(batch.tgt_out)
        self.src_mask, self.tgt_mask = array(batch.src_mask)[:, 0, 0], array(batch.tgt_mask)[:, 0]
        self.pad_id = batch.pad_id


# -- the model ----------------------------------------------------------------------------------------------


def logits(weights: Weights, batch: Numbers) -> np.ndarray:
    """The model's output, ``(B, L, V)``, one position at a time."""
    rows, length = batch.tgt_in.shape
    result = np.zeros((rows, length, weights["table"].shape[1]))
    for b in range(rows):
        source = weights["source"][batch.src[b][batch.src_mask[b]]].mean(axis=0)
        for t in range(length):
            past = weights["past"][batch.tgt_in[b][batch.tgt_mask[b, t]]].mean(axis=0)
            result[b, t] = weights["table"][batch.tgt_in[b, t]] + past + source
    return result


def loss(weights: Weights, batch: Numbers, smoothing: float) -> float:
    """The smoothed loss, a mean over the real tokens of the batch."""
    return mechanics.label_smoothing_loss(logits(weights, batch), batch.tgt_out, batch.pad_id, smoothing)


def gradients(weights: Weights, batch: Numbers, smoothing: float) -> Weights:
    """The gradient of that loss by every table."""
    upstream = mechanics.label_smoothing_gradient(logits(weights, batch), batch.tgt_out, batch.pad_id, smoothing)
    result = {name: np.zeros_like(value) for name, value in weights.items()}
    for b, t in np.ndindex(*batch.tgt_in.shape):
        result["table"][batch.tgt_in[b, t]] += upstream[b, t]
        for name, seen in (
            ("past", batch.tgt_in[b][batch.tgt_mask[b, t]]),
            ("source", batch.src[b][batch.src_mask[b]]),
        ):
            for token in seen:
                result[name][token] += upstream[b, t] / len(seen)
    return result


# -- steps --------------------------------------------------------------------------------------------------


def norm(gradient: Weights) -> float:
    """The length of all gradients together, as one long vector."""
    return float(np.sqrt(sum((value**2).sum() for value in gradient.values())))


def clip(gradient: Weights, max_norm: float | None) -> Weights:
    """Shorten the one long vector to ``max_norm`` if it is longer."""
    share = 1.0 if max_norm is None else min(1.0, max_norm / norm(gradient))
    return {name: value * share for name, value in gradient.items()}


def sgd(weights: Weights, gradient: Weights, rate: float) -> Weights:
    """One step down the gradient."""
    return {name: value - rate * gradient[name] for name, value in weights.items()}


class Adam:
    """Kingma and Ba (2015), with betas of 0.9 and 0.98."""

    def __init__(self, rate: float) -> None:
        self._rate, self._steps = rate, 0
        self._mean: Weights = {}
        self._square: Weights = {}

    def step(self, weights: Weights, gradient: Weights) -> Weights:
        """The weights after one more step."""
        self._steps += 1
        result = {}
        for name, value in weights.items():
            mean = 0.9 * self._mean.get(name, 0.0) + 0.1 * gradient[name]
            square = 0.98 * self._square.get(name, 0.0) + 0.02 * gradient[name] ** 2
            self._mean[name], self._square[name] = mean, square
            mean = mean / (1 - 0.9**self._steps)
            square = square / (1 - 0.98**self._steps)
            result[name] = value - self._rate * mean / (np.sqrt(square) + 1e-9)
        return result


# -- evaluation ---------------------------------------------------------------------------------------------


def evaluation(weights: Weights, batches: list[Numbers], smoothing: float) -> dict[str, float]:
    """Loss and share of right tokens, over a list of all real tokens of all batches."""
    losses, right = [], []
    for batch in batches:
        scores = logits(weights, batch)
        for b, t in np.ndindex(*batch.tgt_out.shape):
            target = batch.tgt_out[b, t]
            if target != batch.pad_id:
                wanted = mechanics.target_distribution(target, scores.shape[2], smoothing)
                losses.append(-(wanted * mechanics.log_softmax(scores[b, t])).sum())
                right.append(scores[b, t].argmax() == target)
    return {"loss": float(np.mean(losses)), "token_accuracy": float(np.mean(right))}

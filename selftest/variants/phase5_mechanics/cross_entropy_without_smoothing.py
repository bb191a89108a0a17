"""Plain `F.cross_entropy` plus the uniform part; softmax with the maximum taken away; NumPy for batches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn


def padding_mask(tokens: Tensor, pad_id: int) -> Tensor:
    mask = torch.ones_like(tokens, dtype=torch.bool)
    mask[tokens == pad_id] = False
    return mask.unflatten(1, (1, 1, -1))


def look_ahead_mask(length: int, device: torch.device | str | None = None) -> Tensor:
    query = torch.arange(length, device=device).unsqueeze(1)
    key = torch.arange(length, device=device).unsqueeze(0)
    return torch.ge(query, key).expand(1, 1, length, length)


def decoder_mask(tokens: Tensor, pad_id: int) -> Tensor:
    hidden = ~padding_mask(tokens, pad_id) | ~look_ahead_mask(tokens.size(1), tokens.device)
    return ~hidden


@dataclass
class Batch:
    """What one training step needs."""

    src: Tensor
    tgt_in: Tensor
    tgt_out: Tensor
    src_mask: Tensor
    tgt_mask: Tensor
    num_tokens: int
    pad_id: int

    def to(self, device: torch.device | str) -> Batch:
        """Return the same batch with its tensors on ``device``."""
        return Batch(
            self.src.to(device),
            self.tgt_in.to(device),
            self.tgt_out.to(device),
            self.src_mask.to(device),
            self.tgt_mask.to(device),
            self.num_tokens,
            self.pad_id,
        )


def make_batch(pairs: list[tuple[list[int], list[int]]], pad_id: int, bos_id: int, eos_id: int) -> Batch:
    if not len(pairs):
        raise ValueError("an empty list of pairs")
    src_width = max(len(src) for src, _ in pairs) + 1
    tgt_width = max(len(tgt) for _, tgt in pairs) + 1
    src = np.full((len(pairs), src_width), pad_id, dtype=np.int64)
    both = np.full((len(pairs), tgt_width + 1), pad_id, dtype=np.int64)
    both[:, 0] = bos_id
    for row, (source, target) in enumerate(pairs):
        src[row, : len(source) + 1] = [*source, eos_id]
        both[row, 1 : len(target) + 1] = target
    tgt_in = both[:, :-1].copy()
    tgt_out = both[:, 1:].copy()
    lengths = np.array([len(target) for _, target in pairs])
    tgt_out[np.arange(len(pairs)), lengths] = eos_id
    source, reads, answers = map(torch.from_numpy, (src, tgt_in, tgt_out))
    return Batch(
        source,
        reads,
        answers,
        padding_mask(source, pad_id),
        decoder_mask(reads, pad_id),
        int(lengths.sum()) + len(pairs),
        pad_id,
    )


class LabelSmoothingLoss(nn.Module):
    def __init__(self, pad_id: int, smoothing: float = 0.1) -> None:
        super().__init__()
        self.pad_id = pad_id
        self.smoothing = smoothing

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        logits = logits.masked_fill((target == self.pad_id).unsqueeze(-1), 0.0)
        scores = logits.transpose(1, 2)  # (B, V, L), as cross_entropy wants it
        sharp = F.cross_entropy(scores, target, ignore_index=self.pad_id, reduction="sum")
        shifted = logits - logits.amax(dim=-1, keepdim=True).detach()
        log_probs = shifted - shifted.exp().sum(dim=-1, keepdim=True).log()
        real = target != self.pad_id
        uniform = torch.einsum("blv,bl->", log_probs, real.to(logits.dtype)) / -logits.size(-1)
        count = torch.count_nonzero(real)
        total = (1 - self.smoothing) * sharp + self.smoothing * uniform
        return total / torch.maximum(count, torch.ones_like(count))


def noam_learning_rate(step: int, d_model: int, warmup_steps: int, factor: float = 1.0) -> float:
    if step < 1:
        raise ValueError(f"step {step} comes before the first")
    return float(factor * np.power(float(d_model), -0.5) * np.minimum(step**-0.5, step * warmup_steps**-1.5))


class NoamScheduler:
    def __init__(
        self, optimizer: torch.optim.Optimizer, d_model: int, warmup_steps: int = 4000, factor: float = 1.0
    ) -> None:
        self.optimizer = optimizer
        self.load_state_dict({"step": 1, "d_model": d_model, "warmup_steps": warmup_steps, "factor": factor})

    def step(self) -> None:
        state = self.state_dict()
        state["step"] += 1
        self.load_state_dict(state)

    def state_dict(self) -> dict[str, Any]:
        return dict(self.state)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.state = dict(state_dict)
        self.last_lr = noam_learning_rate(**self.state)
        for group in self.optimizer.param_groups:
            group["lr"] = self.last_lr

"""Masks by comparing ranges, `pad_sequence`, a one-hot target distribution, a schedule of two cases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence


def padding_mask(tokens: Tensor, pad_id: int) -> Tensor:
    return tokens.ne(pad_id).unsqueeze(1).unsqueeze(2)


def look_ahead_mask(length: int, device: torch.device | str | None = None) -> Tensor:
    positions = torch.arange(length, device=device)
    return (positions[None, :] <= positions[:, None])[None, None]


def decoder_mask(tokens: Tensor, pad_id: int) -> Tensor:
    queries = torch.arange(tokens.shape[1], device=tokens.device).view(1, -1, 1)
    keys = torch.arange(tokens.shape[1], device=tokens.device).view(1, 1, -1)
    return torch.logical_and(keys <= queries, (tokens != pad_id).unsqueeze(1)).unsqueeze(1)


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
    if not pairs:
        raise ValueError("no pairs")

    def stack(rows: list[list[int]]) -> Tensor:
        tensors = [torch.tensor(row, dtype=torch.long) for row in rows]
        return pad_sequence(tensors, batch_first=True, padding_value=pad_id)

    sources, targets = zip(*pairs)
    src = stack([list(source) + [eos_id] for source in sources])
    tgt_in = stack([[bos_id] + list(target) for target in targets])
    tgt_out = stack([list(target) + [eos_id] for target in targets])
    num_tokens = int((tgt_out != pad_id).sum())
    return Batch(src, tgt_in, tgt_out, padding_mask(src, pad_id), decoder_mask(tgt_in, pad_id), num_tokens, pad_id)


class LabelSmoothingLoss(nn.Module):
    def __init__(self, pad_id: int, smoothing: float = 0.1) -> None:
        super().__init__()
        self.pad_id = pad_id
        self.confidence = 1.0 - smoothing
        self.smoothing = smoothing

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        logits = logits.masked_fill((target == self.pad_id).unsqueeze(-1), 0.0)
        vocab_size = logits.shape[-1]
        q = F.one_hot(target, vocab_size).to(logits.dtype) * self.confidence + self.smoothing / vocab_size
        losses = -(q * F.log_softmax(logits, dim=-1)).sum(-1)
        weights = (target != self.pad_id).to(logits.dtype)
        return (losses * weights).sum() / weights.sum().clamp_min(1.0)


def noam_learning_rate(step: int, d_model: int, warmup_steps: int, factor: float = 1.0) -> float:
    if step <= 0:
        raise ValueError(f"step {step}")
    if step < warmup_steps:
        return factor * step / (d_model**0.5 * warmup_steps**1.5)
    return factor / (d_model * step) ** 0.5


class NoamScheduler:
    def __init__(
        self, optimizer: torch.optim.Optimizer, d_model: int, warmup_steps: int = 4000, factor: float = 1.0
    ) -> None:
        self.optimizer = optimizer
        self.settings = {"d_model": d_model, "warmup_steps": warmup_steps, "factor": factor}
        self.current_step = 0
        self.step()

    def step(self) -> None:
        self.current_step += 1
        self._apply()

    def _apply(self) -> None:
        self.last_lr = noam_learning_rate(self.current_step, **self.settings)
        for group in self.optimizer.param_groups:
            group["lr"] = self.last_lr

    def state_dict(self) -> dict[str, Any]:
        return {"current_step": self.current_step, "settings": dict(self.settings)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.current_step = state_dict["current_step"]
        self.settings = dict(state_dict["settings"])
        self._apply()

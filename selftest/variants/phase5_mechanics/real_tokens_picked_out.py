"""The loss over the real tokens alone, by boolean indexing; batches through one helper; masks as float products."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterable

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def padding_mask(tokens: Tensor, pad_id: int) -> Tensor:
    return torch.where(tokens == pad_id, False, True).reshape(len(tokens), 1, 1, -1)


def look_ahead_mask(length: int, device: torch.device | str | None = None) -> Tensor:
    return torch.tril(torch.full((1, 1, length, length), 1.0, device=device)) > 0


def decoder_mask(tokens: Tensor, pad_id: int) -> Tensor:
    real = padding_mask(tokens, pad_id)
    square = real.expand(-1, -1, tokens.size(1), -1)
    return torch.tril(square)


class _Special:
    """The ids that are no words."""

    def __init__(self, pad: int, bos: int, eos: int) -> None:
        self.pad, self.bos, self.eos = pad, bos, eos

    def ended(self, ids: Iterable[int]) -> list[int]:
        return [*ids, self.eos]

    def begun(self, ids: Iterable[int]) -> list[int]:
        return [self.bos, *ids]

    def table(self, rows: list[list[int]]) -> Tensor:
        table = torch.empty(len(rows), max(map(len, rows)), dtype=torch.int64).fill_(self.pad)
        for row, ids in zip(table, rows):
            row[: len(ids)] = torch.tensor(ids, dtype=torch.int64)
        return table


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
    if len(pairs) == 0:
        raise ValueError("make_batch needs a pair")
    special = _Special(pad_id, bos_id, eos_id)
    answers = [special.ended(target) for _, target in pairs]
    src = special.table([special.ended(source) for source, _ in pairs])
    tgt_in = special.table([special.begun(target) for _, target in pairs])
    return Batch(
        src=src,
        tgt_in=tgt_in,
        tgt_out=special.table(answers),
        src_mask=padding_mask(src, pad_id),
        tgt_mask=decoder_mask(tgt_in, pad_id),
        num_tokens=sum(len(answer) for answer in answers),
        pad_id=pad_id,
    )


class LabelSmoothingLoss(nn.Module):
    def __init__(self, pad_id: int, smoothing: float = 0.1) -> None:
        super().__init__()
        self.pad_id = pad_id
        self.smoothing = smoothing

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        real = target != self.pad_id
        chosen, labels = logits[real], target[real]  # (N, V), (N)
        if labels.numel() == 0:
            return (logits * 0.0).sum()
        log_probs = F.log_softmax(chosen, dim=-1)
        sharp = F.nll_loss(log_probs, labels)
        uniform = -log_probs.mean()
        return sharp * (1 - self.smoothing) + uniform * self.smoothing


def noam_learning_rate(step: int, d_model: int, warmup_steps: int, factor: float = 1.0) -> float:
    if step < 1:
        raise ValueError(f"expected a step from 1 on, got {step}")
    rates = (pow(step, -0.5), step * pow(warmup_steps, -1.5))
    return sorted(rates)[0] * pow(d_model, -0.5) * factor


class NoamScheduler:
    def __init__(
        self, optimizer: torch.optim.Optimizer, d_model: int, warmup_steps: int = 4000, factor: float = 1.0
    ) -> None:
        self.optimizer, self.d_model, self.warmup_steps, self.factor = optimizer, d_model, warmup_steps, factor
        self.steps_done = 0
        self.last_lr = 0.0
        self._update()

    def _update(self) -> None:
        rate = noam_learning_rate(self.steps_done + 1, self.d_model, self.warmup_steps, self.factor)
        self.last_lr = rate
        for group in self.optimizer.param_groups:
            group["lr"] = rate

    def step(self) -> None:
        self.steps_done += 1
        self._update()

    def state_dict(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "optimizer"}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        vars(self).update(state_dict)
        self._update()

"""Masks and batches entry by entry, the loss token by token with `logsumexp`, the rate by powers of logarithms."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn


def padding_mask(tokens: Tensor, pad_id: int) -> Tensor:
    batch, length = tokens.shape
    mask = torch.ones(batch, 1, 1, length, dtype=torch.bool, device=tokens.device)
    for row in range(batch):
        for position in range(length):
            mask[row, 0, 0, position] = tokens[row, position] != pad_id
    return mask


def look_ahead_mask(length: int, device: torch.device | str | None = None) -> Tensor:
    mask = torch.zeros((1, 1, length, length), dtype=torch.bool, device=device)
    for query in range(length):
        mask[:, :, query, : query + 1] = True
    return mask


def decoder_mask(tokens: Tensor, pad_id: int) -> Tensor:
    rows = []
    for row in tokens:
        rows.append(look_ahead_mask(len(row), row.device)[0] & padding_mask(row[None], pad_id)[0])
    return torch.stack(rows)


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
    if len(pairs) < 1:
        raise ValueError("a batch of nothing")
    batch = len(pairs)
    src_length = 1 + max(len(source) for source, _ in pairs)
    tgt_length = 1 + max(len(target) for _, target in pairs)
    src = torch.full((batch, src_length), pad_id)
    tgt_in = torch.full((batch, tgt_length), pad_id)
    tgt_out = torch.full((batch, tgt_length), pad_id)
    num_tokens = 0
    for row, (source, target) in enumerate(pairs):
        for position, token in enumerate(source):
            src[row, position] = token
        src[row, len(source)] = eos_id
        tgt_in[row, 0] = bos_id
        for position, token in enumerate(target):
            tgt_in[row, position + 1] = token
            tgt_out[row, position] = token
        tgt_out[row, len(target)] = eos_id
        num_tokens += len(target) + 1
    return Batch(src, tgt_in, tgt_out, padding_mask(src, pad_id), decoder_mask(tgt_in, pad_id), num_tokens, pad_id)


class LabelSmoothingLoss(nn.Module):
    def __init__(self, pad_id: int, smoothing: float = 0.1) -> None:
        super().__init__()
        self.pad_id, self.smoothing = pad_id, smoothing

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        logits = logits.masked_fill((target == self.pad_id).unsqueeze(-1), 0.0)
        if logits.is_meta:
            return logits.sum()
        total, count = 0.0 * logits.sum(), 0
        for row in range(target.size(0)):
            for position in range(target.size(1)):
                y = int(target[row, position])
                if y == self.pad_id:
                    continue
                scores = logits[row, position]
                log_total = torch.logsumexp(scores, dim=0)
                total = total + (1 - self.smoothing) * (log_total - scores[y])
                total = total + self.smoothing * (log_total - scores.mean())
                count += 1
        return total / max(count, 1)


def noam_learning_rate(step: int, d_model: int, warmup_steps: int, factor: float = 1.0) -> float:
    if step < 1:
        raise ValueError("steps begin at 1")
    falling = -0.5 * math.log(step)
    rising = math.log(step) - 1.5 * math.log(warmup_steps)
    return factor * math.exp(min(falling, rising) - 0.5 * math.log(d_model))


class NoamScheduler:
    def __init__(
        self, optimizer: torch.optim.Optimizer, d_model: int, warmup_steps: int = 4000, factor: float = 1.0
    ) -> None:
        self.optimizer = optimizer
        self.numbers = [1, d_model, warmup_steps, factor]
        self._set()

    def _set(self) -> None:
        self.last_lr = noam_learning_rate(*self.numbers)
        for i in range(len(self.optimizer.param_groups)):
            self.optimizer.param_groups[i].update(lr=self.last_lr)

    def step(self) -> None:
        self.numbers[0] += 1
        self._set()

    def state_dict(self) -> dict[str, Any]:
        return {"numbers": list(self.numbers)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.numbers = list(state_dict["numbers"])
        self._set()

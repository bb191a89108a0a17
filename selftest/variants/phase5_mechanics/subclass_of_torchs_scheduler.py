"""A scheduler that inherits torch's base class, masks by `triu`, `itertools.zip_longest`, the loss by `nll_loss`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim.lr_scheduler import LRScheduler


def padding_mask(tokens: Tensor, pad_id: int) -> Tensor:
    return ~torch.eq(tokens, pad_id).view(tokens.shape[0], 1, 1, tokens.shape[1])


def look_ahead_mask(length: int, device: torch.device | str | None = None) -> Tensor:
    future = torch.triu(torch.ones(length, length, device=device), diagonal=1)
    return (future == 0).view(1, 1, length, length)


def decoder_mask(tokens: Tensor, pad_id: int) -> Tensor:
    mask = look_ahead_mask(tokens.shape[-1], device=tokens.device).repeat(len(tokens), 1, 1, 1)
    return mask.masked_fill(tokens.eq(pad_id)[:, None, None], False)


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
        names = ("src", "tgt_in", "tgt_out", "src_mask", "tgt_mask")
        return replace(self, **{name: getattr(self, name).to(device) for name in names})


def make_batch(pairs: list[tuple[list[int], list[int]]], pad_id: int, bos_id: int, eos_id: int) -> Batch:
    if not pairs:
        raise ValueError("give at least one pair")

    def rectangle(rows: list[list[int]]) -> Tensor:
        columns = list(zip_longest(*rows, fillvalue=pad_id))
        return torch.tensor(columns, dtype=torch.int64).t().contiguous()

    whole = rectangle([[bos_id] + list(target) + [eos_id] for _, target in pairs])  # BOS, words, EOS
    tgt_out = whole[:, 1:]
    tgt_in = rectangle([[bos_id] + list(target) for _, target in pairs])
    src = rectangle([list(source) + [eos_id] for source, _ in pairs])
    num_tokens = (tgt_out != pad_id).sum().item()
    src_mask, tgt_mask = padding_mask(src, pad_id), decoder_mask(tgt_in, pad_id)
    return Batch(src, tgt_in, tgt_out, src_mask, tgt_mask, num_tokens, pad_id)


class LabelSmoothingLoss(nn.Module):
    def __init__(self, pad_id: int, smoothing: float = 0.1) -> None:
        super().__init__()
        self.pad_id = pad_id
        self.smoothing = smoothing

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        flat, labels = logits.flatten(0, 1), target.flatten()
        log_probs = flat.log_softmax(dim=1)
        sharp = F.nll_loss(log_probs, labels, ignore_index=self.pad_id, reduction="sum")
        real = (labels != self.pad_id).unsqueeze(1)
        uniform = -torch.where(real, log_probs, torch.zeros_like(log_probs)).sum() / flat.size(1)
        return torch.lerp(sharp, uniform, self.smoothing) / real.sum().clamp(min=1)


def noam_learning_rate(step: int, d_model: int, warmup_steps: int, factor: float = 1.0) -> float:
    if step < 1:
        raise ValueError(f"step is {step}, the first is 1")
    return factor / (d_model**0.5 * max(step**0.5, warmup_steps**1.5 / step))


class NoamScheduler(LRScheduler):
    def __init__(
        self, optimizer: torch.optim.Optimizer, d_model: int, warmup_steps: int = 4000, factor: float = 1.0
    ) -> None:
        self.d_model = d_model
        self.warmup_steps = warmup_steps
        self.factor = factor
        super().__init__(optimizer)

    def get_lr(self) -> list[float]:
        rate = noam_learning_rate(self.last_epoch + 1, self.d_model, self.warmup_steps, self.factor)
        return [rate for _ in self.optimizer.param_groups]

    @property
    def last_lr(self) -> float:
        return self.get_lr()[0]

    def state_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("last_epoch", "d_model", "warmup_steps", "factor")}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        super().load_state_dict(dict(state_dict))
        for group, rate in zip(self.optimizer.param_groups, self.get_lr()):
            group["lr"] = rate

"""The loss as an `autograd.Function` whose gradient is written out; additive masks turned into booleans."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

HIDDEN = float("-inf")


def padding_mask(tokens: Tensor, pad_id: int) -> Tensor:
    additive = torch.zeros(tokens.shape, device=tokens.device).masked_fill(tokens == pad_id, HIDDEN)
    return (additive == 0)[:, None, None, :]


def look_ahead_mask(length: int, device: torch.device | str | None = None) -> Tensor:
    additive = torch.full((length, length), HIDDEN, device=device).triu(1)
    return additive.eq(0).reshape(1, 1, length, length)


def decoder_mask(tokens: Tensor, pad_id: int) -> Tensor:
    return torch.minimum(padding_mask(tokens, pad_id), look_ahead_mask(tokens.shape[1], tokens.device))


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
    try:
        sources, targets = map(list, zip(*pairs))
    except ValueError:
        raise ValueError("cannot make a batch of no pairs") from None
    fill = partial(_filled, pad_id=pad_id)
    src = fill([source + [eos_id] for source in map(list, sources)])
    tgt_in = fill([[bos_id] + target for target in map(list, targets)])
    tgt_out = fill([target + [eos_id] for target in map(list, targets)])
    count = int(torch.count_nonzero(tgt_out - pad_id))
    return Batch(src, tgt_in, tgt_out, padding_mask(src, pad_id), decoder_mask(tgt_in, pad_id), count, pad_id)


def _filled(rows: list[list[int]], pad_id: int) -> Tensor:
    rows = [list(row) for row in rows]
    width = max(len(row) for row in rows)
    for row in rows:
        while len(row) < width:
            row.append(pad_id)
    return torch.tensor(rows, dtype=torch.long)


class _SmoothedCrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, logits: Tensor, target: Tensor, pad_id: int, smoothing: float) -> Tensor:
        vocab_size = logits.size(-1)
        log_probs = logits.log_softmax(-1)
        q = torch.full_like(logits, smoothing / vocab_size)
        q.scatter_(-1, target[..., None], 1.0 - smoothing + smoothing / vocab_size)
        real = (target != pad_id)[..., None]
        count = real.sum().clamp(min=1)
        ctx.save_for_backward(log_probs, q, real, count)
        return -(q * log_probs * real).sum() / count

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor | None, ...]:
        log_probs, q, real, count = ctx.saved_tensors
        return upstream * (log_probs.exp() - q) * real / count, None, None, None


class LabelSmoothingLoss(nn.Module):
    def __init__(self, pad_id: int, smoothing: float = 0.1) -> None:
        super().__init__()
        self.pad_id = pad_id
        self.smoothing = smoothing

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        logits = logits.masked_fill((target == self.pad_id).unsqueeze(-1), 0.0)
        return _SmoothedCrossEntropy.apply(logits, target, self.pad_id, self.smoothing)


def noam_learning_rate(step: int, d_model: int, warmup_steps: int, factor: float = 1.0) -> float:
    if step < 1:
        raise ValueError("the first step is step 1")
    scale = factor / d_model**0.5
    rate = scale * min(1 / step**0.5, step / warmup_steps**1.5)
    return float(rate)


class NoamScheduler:
    def __init__(
        self, optimizer: torch.optim.Optimizer, d_model: int, warmup_steps: int = 4000, factor: float = 1.0
    ) -> None:
        self.optimizer = optimizer
        self.rate = partial(noam_learning_rate, d_model=d_model, warmup_steps=warmup_steps, factor=factor)
        self._go_to(1)

    def _go_to(self, step_num: int) -> None:
        self.step_num = step_num
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate(step_num)

    @property
    def last_lr(self) -> float:
        return float(self.optimizer.param_groups[0]["lr"])

    def step(self) -> None:
        self._go_to(self.step_num + 1)

    def state_dict(self) -> dict[str, Any]:
        return {"step_num": self.step_num, **self.rate.keywords}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        settings = dict(state_dict)
        step_num = settings.pop("step_num")
        self.rate = partial(noam_learning_rate, **settings)
        self._go_to(step_num)

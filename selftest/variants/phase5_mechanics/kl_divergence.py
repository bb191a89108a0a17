"""The loss as KL divergence plus entropy, masks by `cumsum` and multiplication, a scheduler that computes on demand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def padding_mask(tokens: Tensor, pad_id: int) -> Tensor:
    is_pad = torch.isin(tokens, torch.tensor([pad_id], device=tokens.device))
    return is_pad.logical_not()[:, None, None]


def look_ahead_mask(length: int, device: torch.device | str | None = None) -> Tensor:
    # row q of the identity, summed from the right: 1 up to q
    identity = torch.eye(length, dtype=torch.int64, device=device)
    return identity.flip(-1).cumsum(-1).flip(-1).bool()[None, None]


def decoder_mask(tokens: Tensor, pad_id: int) -> Tensor:
    past = look_ahead_mask(tokens.size(1), tokens.device).int()
    real = padding_mask(tokens, pad_id).int()
    return (past * real).bool()


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
        raise ValueError("pairs is empty")
    sources = [torch.tensor([*source, eos_id]) for source, _ in pairs]
    inputs = [torch.tensor([bos_id, *target]) for _, target in pairs]
    outputs = [torch.tensor([*target, eos_id]) for _, target in pairs]
    src, tgt_in, tgt_out = (_pad(rows, pad_id) for rows in (sources, inputs, outputs))
    return Batch(
        src,
        tgt_in,
        tgt_out,
        src_mask=padding_mask(src, pad_id),
        tgt_mask=decoder_mask(tgt_in, pad_id),
        num_tokens=sum(map(len, outputs)),
        pad_id=pad_id,
    )


def _pad(rows: list[Tensor], pad_id: int) -> Tensor:
    longest = max(map(len, rows))
    return torch.stack([F.pad(row, (0, longest - len(row)), value=pad_id) for row in rows])


class LabelSmoothingLoss(nn.Module):
    def __init__(self, pad_id: int, smoothing: float = 0.1) -> None:
        super().__init__()
        self.pad_id = pad_id
        self.smoothing = smoothing
        self.kl = nn.KLDivLoss(reduction="none")

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        logits = logits.masked_fill((target == self.pad_id).unsqueeze(-1), 0.0)
        vocab_size = logits.size(-1)
        q = torch.full_like(logits, self.smoothing / vocab_size)
        q.scatter_add_(-1, target.unsqueeze(-1), torch.full_like(logits[..., :1], 1.0 - self.smoothing))
        divergence = self.kl(torch.log_softmax(logits, dim=-1), q)
        entropy = -torch.xlogy(q, q)
        cross_entropy = (divergence + entropy).sum(dim=-1)
        real = target.ne(self.pad_id)
        return (cross_entropy * real).sum() / real.sum().clamp(min=1)


def noam_learning_rate(step: int, d_model: int, warmup_steps: int, factor: float = 1.0) -> float:
    if not step >= 1:
        raise ValueError("there is no step before 1")
    peak = factor * (d_model * warmup_steps) ** -0.5
    return float(peak * min(step / warmup_steps, (warmup_steps / step) ** 0.5))


class NoamScheduler:
    """Keeps its numbers in one dict and works out ``last_lr`` whenever it is asked for."""

    def __init__(
        self, optimizer: torch.optim.Optimizer, d_model: int, warmup_steps: int = 4000, factor: float = 1.0
    ) -> None:
        self._optimizer = optimizer
        self._numbers = {"step": 1, "d_model": d_model, "warmup_steps": warmup_steps, "factor": factor}
        self._write()

    @property
    def last_lr(self) -> float:
        return noam_learning_rate(**self._numbers)

    def _write(self) -> None:
        for group in self._optimizer.param_groups:
            group["lr"] = self.last_lr

    def step(self) -> None:
        self._numbers = {**self._numbers, "step": self._numbers["step"] + 1}
        self._write()

    def state_dict(self) -> dict[str, Any]:
        return self._numbers.copy()

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self._numbers = dict(state_dict)
        self._write()

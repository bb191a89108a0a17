"""Beams, log-probabilities and what has ended as tensors; a greedy answer written into a table made beforehand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Iterable

import torch
from torch import Tensor, nn

from .phase5_mechanics import Batch, look_ahead_mask


def train_step(
    model: nn.Module,
    batch: Batch,
    loss_fn: Callable[[Tensor, Tensor], Tensor],
    optimizer: torch.optim.Optimizer,
    scheduler: Any | None = None,
    max_norm: float | None = None,
) -> float:
    model.train()
    loss = loss_fn(model(batch.src, batch.tgt_in, batch.src_mask, batch.tgt_mask), batch.tgt_out)
    optimizer.zero_grad(set_to_none=False)
    loss.backward()
    if max_norm is not None:
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=max_norm)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    if scheduler:
        scheduler.step()
    return float(loss.detach())


def train(
    model: nn.Module,
    batches: Iterable[Batch],
    loss_fn: Callable[[Tensor, Tensor], Tensor],
    optimizer: torch.optim.Optimizer,
    scheduler: Any | None = None,
    max_norm: float | None = None,
    on_step: Callable[[int, float], None] | None = None,
) -> list[float]:
    losses: list[float] = []
    for batch in batches:
        losses.append(train_step(model, batch, loss_fn, optimizer, scheduler=scheduler, max_norm=max_norm))
        if on_step:
            on_step(len(losses), losses[-1])
    return losses


@dataclass
class Evaluation:
    """What ``evaluate`` finds."""

    loss: float
    token_accuracy: float


@torch.inference_mode()
def evaluate(model: nn.Module, batches: Iterable[Batch], loss_fn: Callable[[Tensor, Tensor], Tensor]) -> Evaluation:
    training = model.training
    model.eval()
    try:
        loss, correct, count = 0.0, 0, 0
        for batch in batches:
            logits = model(batch.src, batch.tgt_in, batch.src_mask, batch.tgt_mask)
            real = batch.tgt_out != batch.pad_id
            loss += float(loss_fn(logits, batch.tgt_out)) * batch.num_tokens
            correct += int((logits.argmax(-1)[real] == batch.tgt_out[real]).sum())
            count += batch.num_tokens
    finally:
        model.train(training)
    if not count:
        raise ValueError("no tokens")
    return Evaluation(loss=loss / count, token_accuracy=correct / count)


@torch.inference_mode()
def greedy_decode(
    model: nn.Module, src: Tensor, src_mask: Tensor | None, bos_id: int, eos_id: int, pad_id: int, max_len: int
) -> Tensor:
    training = model.training
    model.eval()
    try:
        memory = model.encode(src, src_mask)
        tokens = torch.full((src.size(0), max_len + 1), pad_id, dtype=torch.long, device=src.device)
        tokens[:, 0] = bos_id
        live = torch.ones(src.size(0), dtype=torch.bool, device=src.device)
        made = 0
        while made < max_len and live.any():
            made += 1
            hidden = model.decode(tokens[:, :made], memory, look_ahead_mask(made, src.device), src_mask)
            best = model.output_projection(hidden)[:, -1].argmax(dim=-1)
            tokens[:, made] = torch.where(live, best, tokens[:, made])
            live &= best != eos_id
    finally:
        model.train(training)
    return tokens[:, 1 : made + 1].clone()


def length_penalty(length: int, alpha: float) -> float:
    return (length + 5) ** alpha / 6**alpha


@dataclass
class Hypothesis:
    """One answer of the beam search."""

    tokens: list[int]
    score: float


@torch.no_grad()
def beam_search(
    model: nn.Module,
    src: Tensor,
    src_mask: Tensor | None,
    bos_id: int,
    eos_id: int,
    max_len: int,
    beam_size: int = 4,
    alpha: float = 0.6,
) -> list[Hypothesis]:
    training = model.training
    model.eval()
    try:
        memory = model.encode(src, src_mask)
        live = torch.full((1, 1), bos_id, device=src.device)  # (live, 1 + L)
        totals = torch.zeros(1, dtype=torch.float64, device=src.device)  # (live)
        ended: list[tuple[Tensor, Tensor]] = []
        while live.size(1) <= max_len and len(live) > 0:
            size = len(live)
            mask = None if src_mask is None else src_mask.repeat(size, 1, 1, 1)
            tgt_mask = look_ahead_mask(live.size(1), src.device)
            hidden = model.decode(live, memory.repeat(size, 1, 1), tgt_mask, mask)
            log_probs = model.output_projection(hidden[:, -1]).log_softmax(-1).double()
            sums = (totals[:, None] + log_probs).view(-1)
            totals, index = sums.topk(min(beam_size, sums.size(0)))
            parent = torch.div(index, log_probs.size(1), rounding_mode="floor")
            live = torch.cat([live[parent], (index % log_probs.size(1))[:, None]], dim=1)
            is_end = live[:, -1] == eos_id
            ended.append((live[is_end], totals[is_end]))
            live, totals = live[~is_end], totals[~is_end]
        ended.append((live, totals))
    finally:
        model.train(training)
    answers = []
    for rows, scores in ended:
        for row, score in zip(rows, scores):
            tokens = row[1:].tolist()
            answers.append(Hypothesis(tokens, score.item() / length_penalty(len(tokens), alpha)))
    return sorted(answers, key=lambda answer: -answer.score)[:beam_size]

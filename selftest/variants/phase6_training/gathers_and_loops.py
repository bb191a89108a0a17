"""Answers compared token by token in Python, the parents of a beam by `index_select`, masks made as in training."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import Any, Callable, Iterable

import torch
from torch import Tensor, nn

from .phase5_mechanics import Batch, decoder_mask, look_ahead_mask


def train_step(
    model: nn.Module,
    batch: Batch,
    loss_fn: Callable[[Tensor, Tensor], Tensor],
    optimizer: torch.optim.Optimizer,
    scheduler: Any | None = None,
    max_norm: float | None = None,
) -> float:
    model.train()
    optimizer.zero_grad()
    inputs = batch.src, batch.tgt_in, batch.src_mask, batch.tgt_mask
    loss = loss_fn(model(*inputs), batch.tgt_out)
    loss.backward()
    if max_norm is None:
        pass
    else:
        nn.utils.clip_grad_norm_(model.parameters(), float(max_norm))
    optimizer.step()
    if scheduler is not None:
        scheduler.step()
    return float(loss.item())


def train(
    model: nn.Module,
    batches: Iterable[Batch],
    loss_fn: Callable[[Tensor, Tensor], Tensor],
    optimizer: torch.optim.Optimizer,
    scheduler: Any | None = None,
    max_norm: float | None = None,
    on_step: Callable[[int, float], None] | None = None,
) -> list[float]:
    numbers, losses = count(1), []
    for batch in batches:
        loss = train_step(
            model=model,
            batch=batch,
            loss_fn=loss_fn,
            optimizer=optimizer,
            scheduler=scheduler,
            max_norm=max_norm,
        )
        losses.append(loss)
        step = next(numbers)
        if on_step is not None:
            on_step(step, loss)
    return losses


@dataclass
class Evaluation:
    """What ``evaluate`` finds."""

    loss: float
    token_accuracy: float


def evaluate(model: nn.Module, batches: Iterable[Batch], loss_fn: Callable[[Tensor, Tensor], Tensor]) -> Evaluation:
    was_training = bool(model.training)
    total = right = tokens = 0
    try:
        model.train(mode=False)
        for batch in batches:
            with torch.no_grad():
                logits = model(batch.src, batch.tgt_in, batch.src_mask, batch.tgt_mask)
                total += loss_fn(logits, batch.tgt_out).item() * batch.num_tokens
            for said, answers in zip(logits.argmax(dim=-1).tolist(), batch.tgt_out.tolist()):
                for token, answer in zip(said, answers):
                    if answer != batch.pad_id:
                        tokens += 1
                        right += token == answer
    finally:
        model.train(mode=was_training)
    if tokens == 0:
        raise ValueError("there are no real tokens in these batches")
    return Evaluation(loss=float(total / tokens), token_accuracy=float(right / tokens))


def greedy_decode(
    model: nn.Module, src: Tensor, src_mask: Tensor | None, bos_id: int, eos_id: int, pad_id: int, max_len: int
) -> Tensor:
    was_training = bool(model.training)
    model.train(mode=False)
    try:
        with torch.no_grad():
            memory = model.encode(src, src_mask)
            tgt = torch.ones(src.size(0), 1, dtype=torch.int64, device=src.device) * bos_id
            ended: set[int] = set()
            for _ in range(max_len):
                logits = model.output_projection(model.decode(tgt, memory, decoder_mask(tgt, pad_id), src_mask))
                column = logits[:, -1].argmax(dim=-1).tolist()
                column = [pad_id if row in ended else token for row, token in enumerate(column)]
                tgt = torch.cat([tgt, torch.tensor(column, device=src.device).view(-1, 1)], dim=1)
                ended |= {row for row, token in enumerate(column) if token == eos_id}
                if len(ended) == src.size(0):
                    break
    finally:
        model.train(mode=was_training)
    return tgt[:, 1:].contiguous()


def length_penalty(length: int, alpha: float) -> float:
    numerator, denominator = (5.0 + length) ** alpha, 6.0**alpha
    return numerator / denominator


@dataclass
class Hypothesis:
    """One answer of the beam search."""

    tokens: list[int]
    score: float


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
    was_training = bool(model.training)
    model.train(mode=False)
    answers: list[Hypothesis] = []

    def collect(rows: Tensor, totals: Tensor) -> None:
        for row, total in zip(rows[:, 1:].tolist(), totals.tolist()):
            answers.append(Hypothesis(row, total / length_penalty(len(row), alpha)))

    try:
        with torch.no_grad():
            memory = model.encode(src, src_mask)
            tgt = torch.tensor([[bos_id]], device=src.device)
            totals = None
            for _ in range(max_len):
                live = tgt.size(0)
                here = memory.index_select(0, torch.zeros(live, dtype=torch.int64, device=src.device))
                mask = src_mask if src_mask is None else torch.cat(live * [src_mask], dim=0)
                hidden = model.decode(tgt, here, look_ahead_mask(tgt.size(1), src.device), mask)
                steps = torch.log_softmax(model.output_projection(hidden[:, -1]), dim=1)
                sums = steps if totals is None else steps + totals[:, None]
                totals, flat = torch.topk(sums.reshape(-1), k=min(beam_size, sums.numel()), sorted=False)
                parents = torch.div(flat, sums.size(1), rounding_mode="trunc")
                tgt = torch.cat([tgt.index_select(0, parents), flat.remainder(sums.size(1))[:, None]], dim=1)
                is_end = tgt[:, -1] == eos_id
                collect(tgt[is_end], totals[is_end])
                tgt, totals = tgt[~is_end], totals[~is_end]
                if tgt.size(0) == 0:
                    break
            else:
                collect(tgt, totals)
    finally:
        model.train(mode=was_training)
    return sorted(answers, key=lambda hypothesis: hypothesis.score, reverse=True)[:beam_size]

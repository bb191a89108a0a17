"""A beam search that ends as soon as no live hypothesis can still get among the answers; decorators for the mode."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Any, Callable, Iterable

import torch
from torch import Tensor, nn

from .phase5_mechanics import Batch, look_ahead_mask


def _while_evaluating(function: Callable[..., Any]) -> Callable[..., Any]:
    """Run ``function(model, ...)`` without dropout and gradients."""

    @functools.wraps(function)
    def wrapped(model: nn.Module, *args: Any, **kwargs: Any) -> Any:
        modes = [(module, module.training) for module in model.modules()]
        model.eval()
        try:
            with torch.no_grad():
                return function(model, *args, **kwargs)
        finally:
            for module, mode in modes:
                module.training = mode

    return wrapped


def train_step(
    model: nn.Module,
    batch: Batch,
    loss_fn: Callable[[Tensor, Tensor], Tensor],
    optimizer: torch.optim.Optimizer,
    scheduler: Any | None = None,
    max_norm: float | None = None,
) -> float:
    if not model.training:
        model.train()
    model.zero_grad()
    optimizer.zero_grad()
    loss = loss_fn(model(batch.src, batch.tgt_in, batch.src_mask, batch.tgt_mask), batch.tgt_out)
    before_the_update = loss.item()
    loss.backward()
    if max_norm is not None:
        nn.utils.clip_grad_norm_(list(model.parameters()), max_norm, norm_type=2.0)
    optimizer.step()
    if scheduler is not None:
        scheduler.step()
    return before_the_update


def train(
    model: nn.Module,
    batches: Iterable[Batch],
    loss_fn: Callable[[Tensor, Tensor], Tensor],
    optimizer: torch.optim.Optimizer,
    scheduler: Any | None = None,
    max_norm: float | None = None,
    on_step: Callable[[int, float], None] | None = None,
) -> list[float]:
    def one(step: int, batch: Batch) -> float:
        loss = train_step(model, batch, loss_fn, optimizer, scheduler, max_norm)
        if on_step is not None:
            on_step(step, loss)
        return loss

    return [one(step, batch) for step, batch in enumerate(batches, 1)]


@dataclass
class Evaluation:
    """What ``evaluate`` finds."""

    loss: float
    token_accuracy: float


@_while_evaluating
def evaluate(model: nn.Module, batches: Iterable[Batch], loss_fn: Callable[[Tensor, Tensor], Tensor]) -> Evaluation:
    sums = torch.zeros(3, dtype=torch.float64)  # losses, right tokens, tokens
    for batch in batches:
        logits = model(batch.src, batch.tgt_in, batch.src_mask, batch.tgt_mask)
        real = torch.ne(batch.tgt_out, batch.pad_id)
        right = torch.logical_and(torch.eq(logits.argmax(2), batch.tgt_out), real).sum()
        loss = loss_fn(logits, batch.tgt_out).double() * batch.num_tokens
        sums += torch.stack([loss, right.double(), torch.full_like(loss, batch.num_tokens)]).cpu()
    loss, right, count = sums.tolist()
    if count == 0:
        raise ValueError("evaluate needs at least one real token")
    return Evaluation(loss / count, right / count)


@_while_evaluating
def greedy_decode(
    model: nn.Module, src: Tensor, src_mask: Tensor | None, bos_id: int, eos_id: int, pad_id: int, max_len: int
) -> Tensor:
    memory = model.encode(src, src_mask)
    reads = src.new_full((len(src), 1), bos_id)
    columns: list[Tensor] = []
    for length in range(1, max_len + 1):
        hidden = model.decode(reads, memory, look_ahead_mask(length, src.device), src_mask)
        said = model.output_projection(hidden[:, -1, :]).max(dim=-1)[1]
        for earlier in columns:
            said = torch.where(earlier == eos_id, torch.full_like(said, pad_id), said)
        columns.append(said)
        reads = torch.cat((reads, said[:, None]), 1)
        has_ended = torch.stack(columns).eq(eos_id).any(dim=0)
        if bool(has_ended.all()):
            break
    return torch.stack(columns, dim=1)


def length_penalty(length: int, alpha: float) -> float:
    return math.exp(alpha * math.log((5 + length) / 6))


@dataclass
class Hypothesis:
    """One answer of the beam search."""

    tokens: list[int]
    score: float


@_while_evaluating
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
    memory = model.encode(src, src_mask)
    live, answers = [([], 0.0)], []
    for length in range(1, max_len + 1):
        count = len(live)
        tgt = torch.tensor([[bos_id] + tokens for tokens, _ in live], device=src.device)
        mask = None if src_mask is None else src_mask.expand(count, -1, -1, -1)
        hidden = model.decode(tgt, memory.expand(count, -1, -1), look_ahead_mask(length, src.device), mask)
        log_probs = torch.log_softmax(model.output_projection(hidden)[:, -1], -1)
        extensions = []
        for (tokens, total), row in zip(live, log_probs):
            best = row.topk(min(beam_size, len(row)))  # no hypothesis can have more than beam_size among the kept
            extensions += [
                (tokens + [token], total + step) for step, token in zip(best.values.tolist(), best.indices.tolist())
            ]
        extensions.sort(key=lambda extension: extension[1], reverse=True)
        live = []
        for tokens, total in extensions[:beam_size]:
            if tokens[-1] == eos_id:
                answers.append(Hypothesis(tokens, total / length_penalty(length, alpha)))
            else:
                live.append((tokens, total))
        answers.sort(key=lambda answer: answer.score, reverse=True)
        # Log-probabilities only fall, and the penalty is between that of now and that of the longest answer.
        gentlest = max(length_penalty(length, alpha), length_penalty(max_len, alpha))
        hopes = [total / gentlest for _, total in live]
        if not live or (len(answers) >= beam_size and max(hopes) < answers[beam_size - 1].score):
            live = []
            break
    answers += [Hypothesis(tokens, total / length_penalty(len(tokens), alpha)) for tokens, total in live]
    answers.sort(key=lambda answer: answer.score, reverse=True)
    return answers[:beam_size]

"""Always `beam_size` rows, the dead ones at minus infinity; the memory repeated once; clipping of one flat vector."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Callable, Iterable

import torch
from torch import Tensor, nn

from .phase5_mechanics import Batch

DEAD = float("-inf")


def _evaluating(model: nn.Module) -> ExitStack:
    """A context in which the model is in evaluation mode and no gradients are kept."""
    stack = ExitStack()
    stack.callback(model.train, model.training)
    model.eval()
    stack.enter_context(torch.no_grad())
    return stack


def _causal(length: int, device: torch.device) -> Tensor:
    """(L, L): every mask that broadcasts will do."""
    return torch.ones(length, length, dtype=torch.bool, device=device).tril()


def train_step(
    model: nn.Module,
    batch: Batch,
    loss_fn: Callable[[Tensor, Tensor], Tensor],
    optimizer: torch.optim.Optimizer,
    scheduler: Any | None = None,
    max_norm: float | None = None,
) -> float:
    model.train()
    logits = model(batch.src, batch.tgt_in, batch.src_mask, batch.tgt_mask)
    loss = loss_fn(logits, batch.tgt_out)
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    gradients = torch.autograd.grad(loss, parameters, allow_unused=True)
    used = [(parameter, gradient) for parameter, gradient in zip(parameters, gradients) if gradient is not None]
    scale = 1.0
    if max_norm is not None:
        norm = torch.cat([gradient.flatten() for _, gradient in used]).norm()
        scale = (max_norm / (norm + 1e-6)).clamp(max=1.0)
    optimizer.zero_grad()
    for parameter, gradient in used:
        parameter.grad = gradient * scale
    optimizer.step()
    if scheduler is not None:
        scheduler.step()
    return loss.item()


def train(
    model: nn.Module,
    batches: Iterable[Batch],
    loss_fn: Callable[[Tensor, Tensor], Tensor],
    optimizer: torch.optim.Optimizer,
    scheduler: Any | None = None,
    max_norm: float | None = None,
    on_step: Callable[[int, float], None] | None = None,
) -> list[float]:
    tell = on_step or (lambda step, loss: None)
    losses: list[float] = []
    for batch in batches:
        losses += [train_step(model, batch, loss_fn, optimizer, scheduler, max_norm)]
        tell(len(losses), losses[-1])
    return losses


@dataclass
class Evaluation:
    """What ``evaluate`` finds."""

    loss: float
    token_accuracy: float


def evaluate(model: nn.Module, batches: Iterable[Batch], loss_fn: Callable[[Tensor, Tensor], Tensor]) -> Evaluation:
    results = []
    with _evaluating(model):
        for batch in batches:
            scores = model(batch.src, batch.tgt_in, batch.src_mask, batch.tgt_mask)
            right = (scores.argmax(dim=-1) == batch.tgt_out) * (batch.tgt_out != batch.pad_id)
            loss = loss_fn(scores, batch.tgt_out)
            results.append((batch.num_tokens, loss.item(), right.sum().item()))
    count = sum(tokens for tokens, _, _ in results)
    if count == 0:
        raise ValueError("no target tokens")
    loss = sum(tokens / count * loss for tokens, loss, _ in results)
    return Evaluation(loss, sum(right for _, _, right in results) / count)


def greedy_decode(
    model: nn.Module, src: Tensor, src_mask: Tensor | None, bos_id: int, eos_id: int, pad_id: int, max_len: int
) -> Tensor:
    with _evaluating(model):
        memory = model.encode(src, src_mask)
        tokens = torch.tensor([[bos_id]] * src.size(0), dtype=torch.int64, device=src.device)
        ended = torch.zeros(src.size(0), 1, dtype=torch.bool, device=src.device)
        while tokens.size(1) <= max_len and not ended.all():
            hidden = model.decode(tokens, memory, _causal(tokens.size(1), src.device), src_mask)
            best = model.output_projection(hidden[:, -1:]).argmax(dim=-1)  # (B, 1)
            tokens = torch.cat([tokens, torch.where(ended, torch.full_like(best, pad_id), best)], dim=1)
            ended = ended | (best == eos_id)
    return tokens.narrow(1, 1, tokens.size(1) - 1)


def length_penalty(length: int, alpha: float) -> float:
    base = (5 + length) / (5 + 1)
    return float(base**alpha)


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
    with _evaluating(model):
        memory = model.encode(src, src_mask).repeat_interleave(beam_size, dim=0)
        mask = src_mask if src_mask is None else src_mask.repeat_interleave(beam_size, dim=0)
        rows = torch.full((beam_size, 1), bos_id, dtype=torch.int64, device=src.device)
        totals = torch.full((beam_size,), DEAD, dtype=torch.float64, device=src.device)
        totals[0] = 0.0  # one hypothesis is live, the other rows are copies
        answers: list[tuple[float, list[int]]] = []
        for length in range(1, max_len + 1):
            hidden = model.decode(rows, memory, _causal(length, src.device), mask)
            log_probs = torch.log_softmax(model.output_projection(hidden[:, -1]), dim=-1)
            vocab_size = log_probs.size(-1)
            sums = totals.unsqueeze(-1) + log_probs
            totals, flat = sums.flatten().topk(beam_size)
            rows = torch.cat([rows[flat // vocab_size], (flat % vocab_size).unsqueeze(-1)], dim=-1)
            is_end = rows[:, -1].eq(eos_id) & totals.isfinite()
            for row in is_end.nonzero().flatten().tolist():
                answers.append((totals[row].item(), rows[row, 1:].tolist()))
            totals = totals.masked_fill(rows[:, -1].eq(eos_id), DEAD)
            if totals.isinf().all():
                break
        answers += [(total, row[1:]) for total, row in zip(totals.tolist(), rows.tolist()) if total != DEAD]
    ranked = [Hypothesis(tokens, total / length_penalty(len(tokens), alpha)) for total, tokens in answers]
    ranked.sort(key=lambda hypothesis: hypothesis.score)
    return ranked[::-1][:beam_size]

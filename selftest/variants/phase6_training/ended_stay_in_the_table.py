"""Ended hypotheses stay among the candidates as they are; every answer is read off one sorted list at the end."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Callable, Iterable, Iterator

import torch
from torch import Tensor, nn

from .phase5_mechanics import Batch, look_ahead_mask


@contextmanager
def _frozen(model: nn.Module) -> Iterator[nn.Module]:
    was_training = model.training
    with torch.inference_mode():
        try:
            yield model.eval()
        finally:
            if was_training:
                model.train()


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
    with torch.enable_grad():
        logits = model(batch.src, batch.tgt_in, batch.src_mask, batch.tgt_mask)
        loss = loss_fn(logits, batch.tgt_out)
    torch.autograd.backward(loss)
    if max_norm is not None:
        nn.utils.clip_grad_norm_([p for g in optimizer.param_groups for p in g["params"]], max_norm)
    optimizer.step()
    getattr(scheduler, "step", lambda: None)()
    return loss.tolist()


def train(
    model: nn.Module,
    batches: Iterable[Batch],
    loss_fn: Callable[[Tensor, Tensor], Tensor],
    optimizer: torch.optim.Optimizer,
    scheduler: Any | None = None,
    max_norm: float | None = None,
    on_step: Callable[[int, float], None] | None = None,
) -> list[float]:
    losses: dict[int, float] = {}
    for step, batch in zip(range(1, 10**9), batches):
        losses[step] = train_step(model, batch, loss_fn, optimizer, scheduler, max_norm)
        if on_step is not None:
            on_step(step, losses[step])
    return list(losses.values())


@dataclass
class Evaluation:
    """What ``evaluate`` finds."""

    loss: float
    token_accuracy: float


def evaluate(model: nn.Module, batches: Iterable[Batch], loss_fn: Callable[[Tensor, Tensor], Tensor]) -> Evaluation:
    loss = accuracy = 0.0
    seen = 0
    with _frozen(model) as frozen:
        for batch in batches:
            if batch.num_tokens == 0:
                continue
            logits = frozen(batch.src, batch.tgt_in, batch.src_mask, batch.tgt_mask)
            right = logits.argmax(dim=-1).eq(batch.tgt_out) & batch.tgt_out.ne(batch.pad_id)
            here = right.sum().item() / batch.num_tokens
            seen += batch.num_tokens
            share = batch.num_tokens / seen  # running means
            loss += (loss_fn(logits, batch.tgt_out).item() - loss) * share
            accuracy += (here - accuracy) * share
    if seen == 0:
        raise ValueError("evaluate was given nothing to evaluate")
    return Evaluation(loss, accuracy)


def greedy_decode(
    model: nn.Module, src: Tensor, src_mask: Tensor | None, bos_id: int, eos_id: int, pad_id: int, max_len: int
) -> Tensor:
    with _frozen(model) as frozen:
        memory = frozen.encode(src, src_mask)
        tokens = src.new_full((src.size(0), 1), bos_id)
        for _ in range(max_len):
            if tokens[:, 1:].eq(eos_id).any(dim=1).all():
                break
            causal = look_ahead_mask(tokens.size(1), tokens.device).expand(len(tokens), -1, -1, -1)
            hidden = frozen.decode(tokens, memory, causal, src_mask)
            said = frozen.output_projection(hidden[:, -1]).softmax(dim=-1).argmax(dim=-1, keepdim=True)
            tokens = torch.cat([tokens, said], dim=1)
        said = tokens[:, 1:]
        after_eos = said.eq(eos_id).long().cumsum(dim=1) - said.eq(eos_id).long() > 0
        return said.masked_fill(after_eos, pad_id)


def length_penalty(length: int, alpha: float) -> float:
    return float((1 + (length - 1) / 6) ** alpha)


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
    pool: list[tuple[list[int], float, bool]] = [([], 0.0, False)]  # tokens, log-probability, ended
    with _frozen(model) as frozen:
        memory = frozen.encode(src, src_mask)
        for length in range(max_len):
            live = [entry for entry in pool if not entry[2]]
            if not live:
                break
            tgt = torch.tensor([[bos_id, *tokens] for tokens, _, _ in live], device=src.device)
            many = [len(live)] + [-1] * (memory.dim() - 1)
            mask = src_mask if src_mask is None else src_mask.expand(len(live), -1, -1, -1)
            hidden = frozen.decode(tgt, memory.expand(many), look_ahead_mask(length + 1, src.device), mask)
            log_probs = frozen.output_projection(hidden[:, -1]).log_softmax(dim=-1)
            ranks = (log_probs + log_probs.new_tensor([[total] for _, total, _ in live])).flatten()
            order = ranks.argsort(descending=True)[:beam_size]
            pool = [entry for entry in pool if entry[2]]
            for flat in order.tolist():
                tokens = live[flat // log_probs.size(1)][0] + [flat % log_probs.size(1)]
                pool.append((tokens, ranks[flat].item(), tokens[-1] == eos_id))
    pool.sort(key=lambda entry: entry[1] / length_penalty(len(entry[0]), alpha), reverse=True)
    return [Hypothesis(tokens, total / length_penalty(len(tokens), alpha)) for tokens, total, _ in pool[:beam_size]]

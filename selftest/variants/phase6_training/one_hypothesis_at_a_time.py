"""Each row and each hypothesis is decoded by itself; the best extensions come from a heap of Python tuples."""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass
from typing import Any, Callable, Iterable

import torch
from torch import Tensor, nn

from .phase5_mechanics import Batch, look_ahead_mask


class _Evaluating:
    """Evaluation mode without gradients, for a ``with``."""

    def __init__(self, model: nn.Module) -> None:
        self.model = model

    def __enter__(self) -> None:
        self.training = self.model.training
        self.gradients = torch.is_grad_enabled()
        self.model.train(False)
        torch.set_grad_enabled(False)

    def __exit__(self, *exception: Any) -> None:
        torch.set_grad_enabled(self.gradients)
        self.model.train(self.training)


def train_step(
    model: nn.Module,
    batch: Batch,
    loss_fn: Callable[[Tensor, Tensor], Tensor],
    optimizer: torch.optim.Optimizer,
    scheduler: Any | None = None,
    max_norm: float | None = None,
) -> float:
    model.train(True)
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            parameter.grad = None
    logits = model(batch.src, batch.tgt_in, batch.src_mask, batch.tgt_mask)
    loss = loss_fn(logits, batch.tgt_out)
    loss.backward()
    if max_norm is not None:
        gradients = [parameter.grad for parameter in model.parameters() if parameter.grad is not None]
        norm = math.sqrt(sum(float(gradient.double().pow(2).sum()) for gradient in gradients))
        if norm > max_norm:
            for gradient in gradients:
                gradient.mul_(max_norm / norm)
    optimizer.step()
    if scheduler is not None:
        scheduler.step()
    return loss.detach().item()


def train(
    model: nn.Module,
    batches: Iterable[Batch],
    loss_fn: Callable[[Tensor, Tensor], Tensor],
    optimizer: torch.optim.Optimizer,
    scheduler: Any | None = None,
    max_norm: float | None = None,
    on_step: Callable[[int, float], None] | None = None,
) -> list[float]:
    iterator, losses = iter(batches), []
    while True:
        try:
            batch = next(iterator)
        except StopIteration:
            return losses
        losses.append(train_step(model, batch, loss_fn, optimizer, scheduler, max_norm))
        if on_step is not None:
            on_step(len(losses), losses[-1])


@dataclass
class Evaluation:
    """What ``evaluate`` finds."""

    loss: float
    token_accuracy: float


def evaluate(model: nn.Module, batches: Iterable[Batch], loss_fn: Callable[[Tensor, Tensor], Tensor]) -> Evaluation:
    losses: list[float] = []
    counts: list[int] = []
    right = 0
    with _Evaluating(model):
        for batch in batches:
            logits = model(batch.src, batch.tgt_in, batch.src_mask, batch.tgt_mask)
            losses.append(loss_fn(logits, batch.tgt_out).item())
            counts.append(batch.num_tokens)
            said = logits.max(dim=-1).indices.masked_fill(batch.tgt_out == batch.pad_id, -1)
            right += said.eq(batch.tgt_out).sum().item()
    if sum(counts) < 1:
        raise ValueError("nothing to evaluate")
    mean = sum(loss * count for loss, count in zip(losses, counts)) / sum(counts)
    return Evaluation(mean, right / sum(counts))


def _next_scores(model: nn.Module, tokens: list[int], memory: Tensor, src_mask: Tensor | None) -> Tensor:
    """Log-probabilities (V) of the token that follows."""
    tgt = torch.tensor([tokens], dtype=torch.int64, device=memory.device)
    hidden = model.decode(tgt, memory, look_ahead_mask(len(tokens), memory.device), src_mask)
    return torch.log_softmax(model.output_projection(hidden[0, -1]), dim=0)


def greedy_decode(
    model: nn.Module, src: Tensor, src_mask: Tensor | None, bos_id: int, eos_id: int, pad_id: int, max_len: int
) -> Tensor:
    said = []
    with _Evaluating(model):
        memory = model.encode(src, src_mask)
        for row in range(len(src)):
            mask = None if src_mask is None else src_mask[row : row + 1]
            tokens = [bos_id]
            while len(tokens) <= max_len and (len(tokens) == 1 or tokens[-1] != eos_id):
                tokens.append(int(_next_scores(model, tokens, memory[row : row + 1], mask).argmax()))
            said.append(tokens[1:])
    longest = max(map(len, said))
    return torch.tensor([tokens + [pad_id] * (longest - len(tokens)) for tokens in said], device=src.device)


def length_penalty(length: int, alpha: float) -> float:
    return math.pow((5.0 + length) / 6.0, alpha)


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
    beam: list[tuple[float, list[int]]] = [(0.0, [bos_id])]
    done: list[tuple[float, list[int]]] = []
    with _Evaluating(model):
        memory = model.encode(src, src_mask)
        for _ in range(max_len):
            extensions = []
            for total, tokens in beam:
                scores = _next_scores(model, tokens, memory, src_mask).tolist()
                extensions += [(total + score, tokens + [token]) for token, score in enumerate(scores)]
            best = heapq.nlargest(beam_size, extensions, key=lambda extension: extension[0])
            done += [extension for extension in best if extension[1][-1] == eos_id]
            beam = [extension for extension in best if extension[1][-1] != eos_id]
            if not beam:
                break
    answers = [Hypothesis(tokens[1:], total / length_penalty(len(tokens) - 1, alpha)) for total, tokens in done + beam]
    return heapq.nlargest(beam_size, answers, key=lambda answer: answer.score)

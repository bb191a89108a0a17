"""A trainer class behind the functions, a beam of small objects that know their parent, recursion for greedy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Iterable, Iterator

import torch
from torch import Tensor, nn

from .phase5_mechanics import Batch, look_ahead_mask


class _Trainer:
    def __init__(self, model: nn.Module, loss_fn: Any, optimizer: Any, scheduler: Any, max_norm: float | None) -> None:
        self.model, self.loss_fn, self.optimizer = model, loss_fn, optimizer
        self.scheduler, self.max_norm = scheduler, max_norm

    def step(self, batch: Batch) -> float:
        self.model.train()
        self.optimizer.zero_grad()
        loss = self.loss(batch)
        loss.backward()
        self.clip()
        self.optimizer.step()
        if self.scheduler is not None:
            self.scheduler.step()
        return loss.cpu().item()

    def loss(self, batch: Batch) -> Tensor:
        logits = self.model(batch.src, batch.tgt_in, batch.src_mask, batch.tgt_mask)
        return self.loss_fn(logits, batch.tgt_out)

    def clip(self) -> None:
        if self.max_norm is None:
            return
        gradients = [parameter.grad for parameter in self.model.parameters() if parameter.grad is not None]
        norm = torch.stack([gradient.norm() for gradient in gradients]).norm()
        with torch.no_grad():
            for gradient in gradients:
                gradient.mul_(torch.clamp(self.max_norm / (norm + 1e-6), max=1.0))

    def steps(self, batches: Iterable[Batch]) -> Iterator[float]:
        for batch in batches:
            yield self.step(batch)


def train_step(
    model: nn.Module,
    batch: Batch,
    loss_fn: Callable[[Tensor, Tensor], Tensor],
    optimizer: torch.optim.Optimizer,
    scheduler: Any | None = None,
    max_norm: float | None = None,
) -> float:
    return _Trainer(model, loss_fn, optimizer, scheduler, max_norm).step(batch)


def train(
    model: nn.Module,
    batches: Iterable[Batch],
    loss_fn: Callable[[Tensor, Tensor], Tensor],
    optimizer: torch.optim.Optimizer,
    scheduler: Any | None = None,
    max_norm: float | None = None,
    on_step: Callable[[int, float], None] | None = None,
) -> list[float]:
    losses = []
    for loss in _Trainer(model, loss_fn, optimizer, scheduler, max_norm).steps(batches):
        losses.append(loss)
        if on_step is not None:
            on_step(len(losses), loss)
    return losses


@dataclass
class Evaluation:
    """What ``evaluate`` finds."""

    loss: float
    token_accuracy: float


def evaluate(model: nn.Module, batches: Iterable[Batch], loss_fn: Callable[[Tensor, Tensor], Tensor]) -> Evaluation:
    mode = model.training
    try:
        model.eval()
        with torch.no_grad():
            found = [_measure(model, batch, loss_fn) for batch in batches]
    finally:
        model.train(mode)
    losses, hits, counts = ([one[part] for one in found] for part in range(3))
    tokens = sum(counts)
    if tokens == 0:
        raise ValueError("no real target token in any batch")
    return Evaluation(sum(losses) / tokens, sum(hits) / tokens)


def _measure(model: nn.Module, batch: Batch, loss_fn: Any) -> tuple[float, int, int]:
    logits = model(batch.src, batch.tgt_in, batch.src_mask, batch.tgt_mask)
    answers = batch.tgt_out.reshape(-1)
    said = logits.reshape(-1, logits.shape[-1]).argmax(1)
    hits = sum(a == b and b != batch.pad_id for a, b in zip(said.tolist(), answers.tolist()))
    return float(loss_fn(logits, batch.tgt_out)) * batch.num_tokens, hits, batch.num_tokens


def greedy_decode(
    model: nn.Module, src: Tensor, src_mask: Tensor | None, bos_id: int, eos_id: int, pad_id: int, max_len: int
) -> Tensor:
    mode = model.training
    model.eval()
    try:
        with torch.inference_mode():
            memory = model.encode(src, src_mask)
            start = torch.full([len(src), 1], bos_id, dtype=torch.long, device=src.device)
            ids = (eos_id, pad_id)
            tokens = _say_on(model, start, start[:, 0] != start[:, 0], memory, src_mask, ids, max_len)
    finally:
        model.train(mode)
    return tokens[:, 1:].clone()


def _say_on(
    model: nn.Module, tokens: Tensor, ended: Tensor, memory: Tensor, src_mask: Tensor | None, ids: Any, left: int
) -> Tensor:
    """The tokens with all that follows them."""
    if left == 0 or ended.all():
        return tokens
    eos_id, pad_id = ids
    hidden = model.decode(tokens, memory, look_ahead_mask(tokens.size(1), tokens.device), src_mask)
    best = model.output_projection(hidden[:, -1]).argmax(-1)
    best[ended] = pad_id
    longer = torch.hstack([tokens, best[:, None]])
    return _say_on(model, longer, ended | (best == eos_id), memory, src_mask, ids, left - 1)


def length_penalty(length: int, alpha: float) -> float:
    return pow(6.0 / (5.0 + length), -alpha)


@dataclass
class Hypothesis:
    """One answer of the beam search."""

    tokens: list[int]
    score: float


class _Node:
    """A token of a hypothesis, and the node before it."""

    def __init__(self, parent: _Node | None, token: int, total: float) -> None:
        self.parent, self.token, self.total = parent, token, total

    def path(self) -> list[int]:
        return [] if self.parent is None else [*self.parent.path(), self.token]


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
    mode = model.training
    model.eval()
    finished: list[_Node] = []
    beam = [_Node(None, bos_id, 0.0)]
    try:
        with torch.inference_mode():
            memory = model.encode(src, src_mask)
            for length in range(1, max_len + 1):
                if not beam:
                    break
                tgt = torch.tensor([[bos_id, *node.path()] for node in beam], device=src.device)
                tiled = torch.cat([memory] * len(beam))
                mask = None if src_mask is None else torch.cat([src_mask] * len(beam))
                hidden = model.decode(tgt, tiled, look_ahead_mask(length, src.device), mask)
                logits = model.output_projection(hidden[:, -1])
                log_probs = (logits - logits.logsumexp(dim=-1, keepdim=True)).tolist()
                children = [
                    _Node(node, token, node.total + step)
                    for node, row in zip(beam, log_probs)
                    for token, step in enumerate(row)
                ]
                children.sort(key=lambda node: node.total)
                kept = children[-beam_size:]
                finished += [node for node in kept if node.token == eos_id]
                beam = [node for node in kept if node.token != eos_id]
    finally:
        model.train(mode)
    answers = []
    for node in finished + beam:
        tokens = node.path()
        answers.append(Hypothesis(tokens=tokens, score=node.total / length_penalty(len(tokens), alpha)))
    answers.sort(key=lambda answer: answer.score, reverse=True)
    del answers[beam_size:]
    return answers

"""Small tasks and a small Transformer to learn them: what the experiments of phases 4 to 6 have in common."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Callable

import torch
from torch import nn

from solutions.phase4_transformer import Transformer
from solutions.phase5_mechanics import Batch, LabelSmoothingLoss, make_batch
from solutions.phase6_training import evaluate, greedy_decode, train

PAD, BOS, EOS = 0, 1, 2
FIRST_LETTER, LETTERS = 3, 10
VOCAB = FIRST_LETTER + LETTERS
SHORTEST, LONGEST = 3, 8

TOYS: dict[str, Callable[[list[int]], list[int]]] = {
    "copy": lambda word: list(word),
    "reverse": lambda word: word[::-1],
    "sort": sorted,
}


def root_fall(step: int) -> float:
    """1 for the first 100 steps, then a fall with the root of the step."""
    return (100 / max(step, 100)) ** 0.5


@dataclass(frozen=True)
class Recipe:
    """How a model is made and trained.

    Attributes:
        toy: what is to be learnt, a name from ``TOYS``.
        layers, d_model: size of encoder and decoder; four heads, a feed-forward network four times as wide.
        steps, batch_size: length of the training and sentences in a batch.
        rate: the highest learning rate.
        warmup: steps of a straight rise to it, at most 100; 0 begins at the highest rate.
        smoothing: epsilon of the label smoothing.
        max_norm: where the norm of the gradients is clipped, None for nowhere.
        seed: of weights and words.
        spoil: changes a batch, to see what happens; None leaves it as it is.
        late: the rate after the warm-up, as a share of ``rate``, from the number of the step.
    """

    toy: str = "reverse"
    layers: int = 1
    d_model: int = 48
    steps: int = 300
    batch_size: int = 32
    rate: float = 2e-3
    warmup: int = 100
    smoothing: float = 0.1
    max_norm: float | None = 1.0
    seed: int = 0
    spoil: Callable[[Batch], Batch] | None = None
    late: Callable[[int], float] = root_fall


class Schedule:
    """A rise of ``warmup`` steps to ``rate``, then the share of it that ``late`` says."""

    def __init__(
        self,
        optimizer: torch.optim.Optimizer,
        rate: float,
        warmup: int,
        late: Callable[[int], float] = root_fall,
    ) -> None:
        self.optimizer, self.rate, self.warmup, self.late = optimizer, rate, warmup, late
        self.step_num = 0
        self.step()

    def step(self) -> None:
        self.step_num += 1
        early = self.step_num / self.warmup if self.warmup else 1.0
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate * min(early, self.late(self.step_num))


def draw_pairs(toy: str, count: int, generator: torch.Generator) -> list[Any]:
    """Random words without repeated letters, and what becomes of them."""
    pairs = []
    for _ in range(count):
        length = int(torch.randint(SHORTEST, LONGEST + 1, (), generator=generator))
        letters = (torch.randperm(LETTERS, generator=generator)[:length] + FIRST_LETTER).tolist()
        pairs.append((letters, TOYS[toy](letters)))
    return pairs


def to_batch(pairs: list[Any]) -> Batch:
    """One batch of pairs."""
    return make_batch(pairs, PAD, BOS, EOS)


def new_model(recipe: Recipe) -> Transformer:
    """A fresh model; the same recipe gives the same weights."""
    torch.manual_seed(recipe.seed)
    width = recipe.d_model
    return Transformer(VOCAB, VOCAB, width, 4, recipe.layers, 4 * width, dropout=0.0, max_len=LONGEST + 2)


def train_model(
    recipe: Recipe, model: Transformer | None = None, on_step: Callable[[int, float], None] | None = None
) -> tuple[Transformer, list[float]]:
    """Train a fresh model; return it and the loss of every step.

    Args:
        model: what to train in place of ``new_model(recipe)``.
        on_step: called after each step, as in phase 6.
    """
    model = model or new_model(recipe)
    generator = torch.Generator().manual_seed(1000 + recipe.seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=recipe.rate, betas=(0.9, 0.98), eps=1e-9)
    schedule = Schedule(optimizer, recipe.rate, recipe.warmup, recipe.late)
    spoil = recipe.spoil or (lambda batch: batch)
    batches = (spoil(to_batch(draw_pairs(recipe.toy, recipe.batch_size, generator))) for _ in range(recipe.steps))
    loss_fn = LabelSmoothingLoss(PAD, recipe.smoothing)
    losses = train(model, batches, loss_fn, optimizer, schedule, recipe.max_norm, on_step)
    return model, [round(loss, 4) for loss in losses]


def fresh_pairs(toy: str, count: int = 300, seed: int = 99) -> list[Any]:
    """Words for measuring, drawn apart from the training's."""
    return draw_pairs(toy, count, torch.Generator().manual_seed(seed))


def exact_match(model: nn.Module, pairs: list[Any]) -> float:
    """The share of words that greedy decoding gets entirely right."""
    batch = to_batch(pairs)
    rows = greedy_decode(model, batch.src, batch.src_mask, BOS, EOS, PAD, LONGEST + 2).tolist()
    right = sum(row[: len(tgt) + 1] == [*tgt, EOS] for row, (_, tgt) in zip(rows, pairs))
    return right / len(pairs)


def measure_run(recipe: Recipe) -> dict[str, Any]:
    """Train and measure: losses, then loss and accuracy with the right prefix given, and exact match without it."""
    model, losses = train_model(recipe)
    pairs = fresh_pairs(recipe.toy)
    spoil = recipe.spoil or (lambda batch: batch)
    found = evaluate(model, [spoil(to_batch(pairs))], LabelSmoothingLoss(PAD, recipe.smoothing))
    return {
        "losses": losses,
        "loss": round(found.loss, 4),
        "accuracy": round(found.token_accuracy, 4),
        "exact": round(exact_match(model, pairs), 4),
    }


def see_everything(batch: Batch) -> Batch:
    """Take the look-ahead mask away: every target position sees all of them."""
    return replace(batch, tgt_mask=torch.ones_like(batch.tgt_mask))


def no_shift(batch: Batch) -> Batch:
    """Ask for the very token that the decoder reads."""
    return replace(batch, tgt_out=batch.tgt_in)

"""Batches that can be read once, a callback that notes its calls (``notes``), a loss that breaks down."""

from __future__ import annotations

from typing import Any, Iterator, Sequence

from torch import Tensor

from .notes import note


class Stream:
    """Batches that come one by one and only once, as from a generator; it notes each ``batch`` that is taken."""

    def __init__(self, batches: Sequence[Any], breaks_at: int = 0) -> None:
        self._batches = list(batches)
        self._breaks_at = breaks_at
        self._drawn = 0

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        if self._drawn + 1 == self._breaks_at:
            raise RuntimeError("the batches break off, as the test asks them to")
        if self._drawn == len(self._batches):
            raise StopIteration
        note("batch")
        self._drawn += 1
        return self._batches[self._drawn - 1]


def stream(batches: Sequence[Any], breaks_at: int = 0) -> Stream:
    """The batches as an iterator; ``breaks_at`` is the number of the one, from 1, that cannot be read."""
    return Stream(batches, breaks_at)


def on_step(step: int, loss: float) -> None:
    """For ``train``: notes ``on_step``, and what it is told as ``step``, ``loss`` and the ``types`` of both."""
    note("on_step")
    note("types", [type(step).__name__, type(loss).__name__])
    note("step", int(step))
    note("loss", float(loss))


def breaking_loss(logits: Tensor, target: Tensor) -> Tensor:
    """A loss function that raises."""
    raise RuntimeError("the loss breaks down, as the test asks it to")

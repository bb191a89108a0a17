"""Batches that can be read once, a callback that writes down its calls, a loss that breaks down."""

from __future__ import annotations

from typing import Any, Iterator, Sequence

from torch import Tensor


class Stream:
    """Batches that come one by one and only once, as from a generator.

    Attributes:
        drawn: how many were taken.
    """

    def __init__(self, batches: Sequence[Any], breaks_at: int = 0) -> None:
        self._batches = list(batches)
        self._breaks_at = breaks_at
        self.drawn = 0

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        if self.drawn + 1 == self._breaks_at:
            raise RuntimeError("the batches break off, as the test asks them to")
        if self.drawn == len(self._batches):
            raise StopIteration
        self.drawn += 1
        return self._batches[self.drawn - 1]


def stream(batches: Sequence[Any], breaks_at: int = 0) -> Stream:
    """The batches as an iterator; ``breaks_at`` is the number of the one, from 1, that cannot be read."""
    return Stream(batches, breaks_at)


class StepLog:
    """For ``on_step``: writes down its arguments, and what had happened by then.

    Attributes:
        steps, losses: the arguments of the calls.
        kinds: the type names of the arguments of each call.
        optimizer_steps: how often the optimizer had stepped at each call.
        scheduler_steps: the same of the scheduler.
    """

    def __init__(self, optimizer: Any, scheduler: Any = None) -> None:
        self._optimizer, self._scheduler = optimizer, scheduler
        self.steps: list[int] = []
        self.losses: list[float] = []
        self.kinds: list[list[str]] = []
        self.optimizer_steps: list[int] = []
        self.scheduler_steps: list[int] = []

    def __call__(self, step: int, loss: float) -> None:
        self.steps.append(int(step))
        self.losses.append(float(loss))
        self.kinds.append([type(step).__name__, type(loss).__name__])
        self.optimizer_steps.append(self._optimizer.steps)
        if self._scheduler is not None:
            self.scheduler_steps.append(self._scheduler.steps)


def step_log(optimizer: Any, scheduler: Any = None) -> StepLog:
    """A callback for ``on_step``."""
    return StepLog(optimizer, scheduler)


def breaking_loss(logits: Tensor, target: Tensor) -> Tensor:
    """A loss function that raises."""
    raise RuntimeError("the loss breaks down, as the test asks it to")

"""``train --compile``: does ``torch.compile`` work here, and is a step faster with it?"""

from __future__ import annotations

import contextlib
import logging
import statistics
import time
import warnings
from dataclasses import dataclass
from typing import Any, Iterator

import torch

from .learner import LearnerError, make_optimizer
from .training import Training

UNTIMED, TIMED = 10, 20
"""Steps with which it is compiled, for the lengths that come, and steps that are timed."""


class NotCompiled(Exception):
    """It does not work on this machine; the message says why, in one line."""


@dataclass(frozen=True)
class Compiled:
    """What the try gave.

    Attributes:
        model: the compiled model; it has the same parameters.
        first: seconds of the first ``UNTIMED`` steps, nearly all of it compiling.
        with_it, without: seconds of a step, the median.
    """

    model: torch.nn.Module
    first: float
    with_it: float
    without: float


def try_compile(training: Training) -> Compiled:
    """Take some steps with and without ``torch.compile``; model, gradients and random state are left as they were.

    Raises:
        NotCompiled: if torch cannot.
        LearnerError: if the learner's code raises where nothing is compiled.
    """
    model = training.model
    state = {name: value.clone() for name, value in model.state_dict().items()}
    was_training = model.training
    optimizer = make_optimizer(model)  # its rate is 0
    with training.random_state_kept(), _quiet():

        def seconds(candidate: Any, batch: Any) -> float:
            began = time.perf_counter()
            training.learner.phase6.train_step(candidate, batch, training.loss_fn, optimizer)
            return time.perf_counter() - began

        def without(batch: Any) -> float:
            with training.learner.guard():
                return seconds(model, batch)

        try:
            with training.learner.guard():
                batches = list(training.batches(UNTIMED + TIMED))
            for batch in batches[:UNTIMED]:
                without(batch)
            compiled: Any = torch.compile(model)
            first = sum(seconds(compiled, batch) for batch in batches[:UNTIMED])
            # In turns, so that a busy machine slows both down.
            times = [(seconds(compiled, batch), without(batch)) for batch in batches[UNTIMED:]]
        except LearnerError:
            raise
        except Exception as error:  # the compiler's own kinds are many and differ from version to version
            raise NotCompiled(_reason(error)) from error
        finally:
            model.load_state_dict(state)
            model.zero_grad(set_to_none=True)
            model.train(was_training)
    return Compiled(compiled, first, *(statistics.median(column) for column in zip(*times)))


def fall_back_later() -> None:
    """Where compiling fails in the middle of a training, for a length that is new, torch goes on without it."""
    import torch._dynamo

    torch._dynamo.config.suppress_errors = True
    for name in ("torch._dynamo", "torch._inductor"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Warnings and log lines of the compiler are for its makers."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def _reason(error: BaseException) -> str:
    """The first line of the error that began it."""
    while error.__cause__ is not None:
        error = error.__cause__
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0][:300]}" if lines else type(error).__name__

"""An optimizer for a scheduler to drive: it must live beside the submission, because both write to it."""

from __future__ import annotations

import copy
from typing import Any, Sequence

import torch
from torch import nn


def optimizer(kind: str, rates: Sequence[float]) -> Any:
    """An ``"SGD"`` or ``"Adam"`` with one parameter group, of two zeros, for each of the ``rates``."""
    groups = [{"params": [nn.Parameter(torch.zeros(2, dtype=torch.float64))], "lr": rate} for rate in rates]
    if kind == "Adam":
        return torch.optim.Adam(groups, betas=(0.9, 0.98), eps=1e-9)
    return torch.optim.SGD(groups, lr=1.0)


def rates(optimizer: Any) -> list[float]:
    """The learning rate of every parameter group."""
    return [float(group["lr"]) for group in optimizer.param_groups]


def positions(optimizer: Any) -> list[float]:
    """The first number of every parameter group."""
    return [float(group["params"][0].detach()[0]) for group in optimizer.param_groups]


def settings(optimizer: Any) -> list[list[float]]:
    """The betas of every parameter group of an Adam."""
    return [[float(beta) for beta in group["betas"]] for group in optimizer.param_groups]


def run(optimizer: Any, scheduler: Any, steps: int) -> list[list[float]]:
    """Train for some steps with a gradient of 1; the rates that each step used."""
    used = []
    for _ in range(steps):
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                parameter.grad = torch.ones_like(parameter)
        used.append(rates(optimizer))
        optimizer.step()
        scheduler.step()
    return used


def hand_over(source: Any, target: Any) -> None:
    """Load the state of one optimizer, or scheduler, into another, as when a run is resumed."""
    target.load_state_dict(copy.deepcopy(source.state_dict()))


class Kept:
    """A state dict that stays here: what is in it is its scheduler's own affair."""

    def __init__(self, state: Any) -> None:
        self.state = state


def state_then_steps(scheduler: Any, steps: int) -> Kept:
    """Take the scheduler's state, step on while taking others, and return the first."""
    kept = Kept(scheduler.state_dict())
    for _ in range(steps):
        scheduler.step()
        scheduler.state_dict()
    return kept


def load_then_steps(scheduler: Any, kept: Kept, steps: int) -> None:
    """Load a state, the same object whenever it is the same ``kept``, and step on."""
    scheduler.load_state_dict(kept.state)
    for _ in range(steps):
        scheduler.step()

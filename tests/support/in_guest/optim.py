"""Optimizers on a submission's parameters, and a scheduler, which note when they step (``notes``)."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from .notes import note


class NotingSGD(torch.optim.SGD):
    """Plain gradient descent that notes each ``optimizer step``."""

    def step(self, closure: Any = None) -> Any:
        """Step, and note it."""
        note("optimizer step")
        return super().step(closure)


def sgd(model: nn.Module, rate: float) -> NotingSGD:
    """Gradient descent on all parameters of a model."""
    return NotingSGD(model.parameters(), lr=rate)


def adam(model: nn.Module, rate: float) -> torch.optim.Adam:
    """Adam as in the paper (5.3), at a constant rate."""
    return torch.optim.Adam(model.parameters(), lr=rate, betas=(0.9, 0.98), eps=1e-9)


def leave_gradients(model: nn.Module, value: float) -> None:
    """Gradients as some earlier code may have left them."""
    for parameter in model.parameters():
        parameter.grad = torch.full_like(parameter, value)


class HalvingScheduler:
    """Halves the learning rate at every ``scheduler step``, which it notes."""

    def __init__(self, optimizer: Any) -> None:
        self._optimizer = optimizer

    def step(self) -> None:
        """Halve the rate."""
        note("scheduler step")
        for group in self._optimizer.param_groups:
            group["lr"] = group["lr"] / 2


def halving_scheduler(optimizer: Any) -> HalvingScheduler:
    """A scheduler for an optimizer from here."""
    return HalvingScheduler(optimizer)


def rate(optimizer: Any) -> float:
    """The learning rate an optimizer has now."""
    return float(optimizer.param_groups[0]["lr"])

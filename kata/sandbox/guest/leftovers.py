"""What a phase under test may leave behind in its process: changed modules and classes, threads."""

from __future__ import annotations

import builtins
import math
import random
import threading
from typing import Any

import torch
from torch import nn
from torch.nn import functional

WATCHED: tuple[Any, ...] = (
    builtins, math, random, torch, nn, functional, torch.autograd, torch.linalg, torch.optim,
    torch.Tensor, nn.Module, nn.ModuleList, nn.Linear, nn.Embedding, nn.Dropout, nn.Parameter, torch.optim.Optimizer,
)  # fmt: skip
"""Where code that patches what is not its own is likely to do so."""


class Leftovers:
    """The process as it was before it had anything to do with a submission."""

    def __init__(self) -> None:
        self._known = [dict(vars(place)) for place in WATCHED]
        self._threads = threading.active_count()

    def any(self) -> bool:
        """Whether something is not as it was. Modules that torch has imported since are nobody's doing."""
        return threading.active_count() > self._threads or any(
            vars(place).get(name) is not value
            for place, known in zip(WATCHED, self._known)
            for name, value in known.items()
        )

"""Inside the guest: which parameters still have the values that they were made with.

Those are random numbers, and which of them a parameter got follows from the order in which a module was given its
parts. Two submissions that behave alike need not agree in them, so that
``diagnosis.comparison`` compares how they are spread.
"""

from __future__ import annotations

import contextlib
from typing import Any, Sequence

from torch import Tensor, nn


class FreshParameters:
    """Parameters of modules whose classes the phase under test defines; the others are the same for everybody.

    Args:
        phases: ids of the phases under test.
    """

    def __init__(self, phases: Sequence[str] = ()) -> None:
        self._phases = tuple(phases)
        self._made: dict[int, tuple[Tensor, int]] = {}
        self._stored: dict[int, Tensor] | None = None

    def forget(self) -> None:
        """A test begins."""
        self._made.clear()

    def look_again(self) -> None:
        """Something may have given parameters other memory, as a change of their dtype does."""
        self._stored = None

    def note(self, value: Any) -> None:
        """An object that the host has not seen yet: just made, if it is a module."""
        if isinstance(value, nn.Module) and type(value).__module__.rpartition(".")[2] in self._phases:
            # A submission may have its own idea of what parameters are; in inference mode nobody counts changes.
            with contextlib.suppress(Exception):
                for parameter in value.parameters():
                    self._made.setdefault(id(parameter), (parameter, parameter._version))

    def holds(self, tensor: Tensor) -> bool:
        """Whether a tensor is such a parameter, or stands for it in a state dict, and nobody has changed its values."""
        if not self._made or tensor.device.type == "meta":
            return False
        if id(tensor) not in self._made:
            if self._stored is None:
                self._stored = {parameter.data_ptr(): parameter for parameter, _ in self._made.values()}
            stored = self._stored.get(tensor.data_ptr())
            return stored is not None and stored.shape == tensor.shape and self.holds(stored)
        parameter, version = self._made[id(tensor)]
        return parameter._version == version

"""What the host has loaded into the submission's modules: they must hold it when they are asked for their weights.

Suites compute expectations from the weights of a module. If it may say itself which it holds, then one that stores
zeros whatever it is given computes nothing and is right. So what it says is compared with what it was sent, for as
long as nobody else may have changed it.
"""

from __future__ import annotations

from typing import Any, Iterable, Mapping

import torch
from torch import Tensor

ROUNDING = {torch.float64: 1e-6, torch.float32: 1e-6, torch.float16: 2e-3, torch.bfloat16: 1e-2}
"""Relative, by the dtype that a module holds its parameters in: it may have been given another one since."""

LEARNED = ("weight", "bias")
"""How the names of all parameters end that the course knows; anything else may be a buffer of the submission's own."""


class LoadedWeights:
    """The states that were loaded in one test, each by the number of the module at the top."""

    def __init__(self) -> None:
        self._states: dict[int, dict[str, Tensor]] = {}
        self._places: dict[int, tuple[int, str]] = {}

    def note_part(self, whole: int, name: str, part: int) -> None:
        """``part`` stands in ``whole`` under this name (dotted, if it is further down).

        Raises:
            AssertionError: if a parameter was loaded under this name.
        """
        top, prefix = self._place(whole)
        if f"{prefix}{name}" in self._states.get(top, ()):
            raise AssertionError(f"{prefix}{name} is no tensor any more")
        self._places.setdefault(part, (top, f"{prefix}{name}."))

    def note_load(self, module: int, state: Any) -> None:
        """The host has had a state dict loaded.

        Raises:
            AssertionError: if a parameter of it holds no floating point numbers: whoever has the host draw booleans
                knows what it draws.
        """
        if isinstance(state, Mapping):
            top, prefix = self._place(module)
            for name, value in state.items():
                if isinstance(value, Tensor) and _is_learned(name) and not value.is_floating_point():
                    raise AssertionError(
                        f"{prefix}{name} holds {value.dtype}, a parameter holds floating point numbers"
                    )
            tensors = {f"{prefix}{name}": value.detach() for name, value in state.items() if isinstance(value, Tensor)}
            self._states.setdefault(top, {}).update((name, value.clone()) for name, value in tensors.items())

    def note_copy(self, module: int, twin: int) -> None:
        """``twin`` is a copy of a module: it holds what that holds."""
        top, prefix = self._place(module)
        if top in self._states:
            state = {n[len(prefix) :]: value for n, value in self._states[top].items() if n.startswith(prefix)}
            self._states.setdefault(twin, state)

    def knows(self, module: int) -> bool:
        """Whether something was loaded into a module, and nobody else may have changed it since."""
        return self._place(module)[0] in self._states

    def hand_on(self, module: int) -> None:
        """Other code than the module's own gets hold of it, and may train it."""
        self._states.pop(self._place(module)[0], None)

    def compare(self, module: int, told: Iterable[tuple[Any, Any]], whole: bool = False) -> None:
        """Compare what a module says it holds with what it was sent.

        Args:
            module: the module.
            told: names and values.
            whole: these are all that it holds, and tensors; a parameter under several names may stand under one.

        Raises:
            AssertionError: if a value differs, or a parameter has gone or was not there to be loaded.
        """
        top, prefix = self._place(module)
        state = self._states.get(top)
        if state is None:
            return
        told = list(told)
        if whole:
            self._expect_all(state, prefix, {name for name, _ in told if isinstance(name, str)})
        for name, value in told:
            if not isinstance(value, Tensor):
                if whole or f"{prefix}{name}" in state:
                    raise AssertionError(f"{prefix}{name} is no tensor any more")
                continue
            if value.device.type == "meta":
                continue
            sent = state.get(f"{prefix}{name}")
            if sent is None:
                if _is_learned(name):
                    raise AssertionError(f"{prefix}{name} was not there when the weights were loaded, but is now")
            elif not _alike(sent, value):
                raise AssertionError(
                    f"{prefix}{name} holds other values than load_state_dict() was given\n"
                    "  look at: a module keeps what is loaded into it until an optimizer changes it"
                )

    @staticmethod
    def _expect_all(state: Mapping[str, Tensor], prefix: str, told: set[Any]) -> None:
        """Every parameter that was loaded is told of, or another one is that was loaded with the same values."""
        under = {name[len(prefix) :]: sent for name, sent in state.items() if name.startswith(prefix)}
        for name, sent in under.items():
            if name in told or not _is_learned(name):
                continue
            twins = (under[other] for other in told if other in under and under[other].shape == sent.shape)
            if not any(torch.equal(twin, sent) for twin in twins):
                raise AssertionError(f"{prefix}{name} was there when the weights were loaded, but is gone now")

    def _place(self, module: int) -> tuple[int, str]:
        return self._places.get(module, (module, ""))


def _is_learned(name: Any) -> bool:
    return isinstance(name, str) and name.rpartition(".")[2] in LEARNED


def _alike(sent: Tensor, told: Tensor) -> bool:
    if sent.shape != told.shape or sent.device.type == "meta":
        return sent.shape == told.shape
    if sent.dtype == told.dtype and torch.equal(sent, told):
        return True
    if not sent.is_floating_point():
        return False
    if told.dtype not in ROUNDING:
        return False
    rounding = ROUNDING[told.dtype]
    return torch.allclose(told.detach().double(), sent.double(), rtol=rounding, atol=rounding, equal_nan=True)

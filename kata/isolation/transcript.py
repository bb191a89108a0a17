"""What a guest answered during a test, and whether another guest answers alike.

The host's side of a test is our own code and draws by seed, so what it asks follows from the answers it got: two
submissions whose answers are equal, one after another, behave alike in that test. "Equal" is as a suite sees it:
values within rounding, exceptions by type. How objects are numbered and what they call themselves does not count.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from .codec import CodecError, Decoder

MAX_BYTES = 64 * 2**20
"""A test whose answers are larger than this together is not kept."""

CLOSE = {torch.float64: 1e-6, torch.float32: 1e-3}
"""Largest ``|a - b| / (1 + |b|)`` of numbers that count as equal; 1e-2 for shorter dtypes."""


class Diverged(BaseException):
    """The answers are no longer those of the recording. Not an ``Exception``: no test swallows it."""


class Recording:
    """The answers of a guest in one test, as they came."""

    def __init__(self) -> None:
        self.answers: list[tuple[bytes, bytes]] = []
        self.complete = True
        self._bytes = 0

    def note(self, header: bytes, payload: bytes) -> None:
        """Keep one answer."""
        self._bytes += len(header) + len(payload)
        if self._bytes > MAX_BYTES:
            self.complete = False
            self.answers.clear()
        if self.complete:
            self.answers.append((header, payload))


class Comparison:
    """Hold a guest's answers against a recording, one after another.

    Args:
        recording: the answers to compare with.
    """

    def __init__(self, recording: Recording) -> None:
        self._recorded = recording.answers
        self._next = 0

    def note(self, header: bytes, payload: bytes) -> None:
        """Compare one answer.

        Raises:
            Diverged: at the first that differs.
        """
        if self._next >= len(self._recorded):
            raise Diverged
        recorded = self._recorded[self._next]
        self._next += 1
        if (header, payload) != recorded and not alike(_read(header, payload), _read(*recorded)):
            raise Diverged

    @property
    def at_end(self) -> bool:
        """Whether all that was recorded has come."""
        return self._next == len(self._recorded)


class _Anything:
    """Stands for an object that stayed in its guest."""


_OBJECT = _Anything()


def _read(header: bytes, payload: bytes) -> Any:
    """What a suite can see of an answer."""
    try:
        body = Decoder(header, payload, lambda reference: _OBJECT, _with_graph).value()
    except CodecError:
        return None
    if not isinstance(body, dict):
        return None
    if "error" in body:
        error = body["error"]
        names = error.get("names") if isinstance(error, dict) else None
        return {"error": names[0] if names else None}
    return {"ok": body.get("ok"), "changed": body.get("changed")}


def _with_graph(tensor: Tensor, facts: dict[str, Any]) -> Any:
    """A tensor, and whether gradients can be asked of it."""
    return tensor, any(name in facts for name in ("argument", "leaf", "output"))


def alike(one: Any, other: Any) -> bool:
    """Whether two values are equal as a suite sees them."""
    if isinstance(one, Tensor) and isinstance(other, Tensor):
        return _tensors_alike(one, other)
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        if _is_mapping(one) and _is_mapping(other):
            return alike(dict(one), dict(other))
        return len(one) == len(other) and all(alike(a, b) for a, b in zip(one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(alike(value, other[key]) for key, value in one.items())
    if type(one) is float and type(other) is float:
        return one == other or (math.isnan(one) and math.isnan(other)) or abs(one - other) <= 1e-5 * (1 + abs(other))
    return type(one) is type(other) and one == other


def _is_mapping(value: Any) -> bool:
    """Whether a list is one of names and values, whose order is the learner's own affair."""
    return bool(value) and all(isinstance(part, tuple) and len(part) == 2 and type(part[0]) is str for part in value)


def _tensors_alike(one: Tensor, other: Tensor) -> bool:
    if one.shape != other.shape or one.dtype != other.dtype or one.device != other.device:
        return False
    if one.device.type == "meta":
        return True
    if not one.dtype.is_floating_point:
        return torch.equal(one, other)
    a, b = one.double(), other.double()
    allowed = CLOSE.get(one.dtype, 1e-2) * (1 + b.abs())
    equal = (a == b) | (a.isnan() & b.isnan()) | ((a - b).abs() <= allowed)
    return bool(equal.all())

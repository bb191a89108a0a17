"""Whether a guest answers in a test as another one did: values within rounding, chance by its spread.

The host's side of a test is our own code and draws by seed, so what it asks follows from the answers it got: two
submissions whose answers are equal, one after another, behave alike in that test. "Equal" is as a suite sees it:
values within rounding. Two exceptions are equal if they are of one type, say the same, with the same numbers in it, and
come from the same place of the contract: two crashes of one type are not one behaviour. What a learner's own `raise`
says is worded freely; of a `ValueError` the numbers count, as the contract asks for them. How objects are numbered and
what they call themselves does not count, nor which random numbers a parameter was made with.
"""

from __future__ import annotations

import functools
import math
import re
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ..sandbox.host.recording import Message, Recording
from ..sandbox.protocol.codec import CodecError, Decoder

CLOSE = {torch.float64: 1e-6, torch.float32: 1e-3}
"""Largest ``|a - b| / (1 + |b|)`` of numbers that count as equal; 1e-2 for shorter dtypes."""

MOST_LOOSE = 10.0
"""So many times less closely float32 is compared where large inputs leave few digits of a difference."""

FEW, MANY = 16, 1000
"""Fewer random numbers say nothing of their distribution; of many it can be said whether it is normal or uniform."""


class Diverged(BaseException):
    """The answers are no longer those of the recording. Not an ``Exception``: no test swallows it."""


class Comparison:
    """Hold a guest's answers against a recording, one after another.

    Args:
        recording: the answers to compare with.

    Attributes:
        exact: whether no answer differs at all, so that the test must end as it did, whatever it looks at.
        numbered_alike: whether objects and gradients have the numbers that they have in the recording, so that the
            requests recorded after these answers can be repeated here.
    """

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._next = 0
        self.exact = self.numbered_alike = True

    def note(self, request: Message, answer: Message) -> None:
        """Compare one answer.

        Raises:
            Diverged: at the first that differs.
        """
        if self.at_end:
            raise Diverged
        number, self._next = self._next, self._next + 1
        if answer == self._recording.exchanges[number].answer:
            return
        one, other = _read(answer), self._recording.answer(number, _read)
        request = self._recording.exchanges[number].request
        if not alike(one.seen, other.seen) and not alike(one.seen, other.seen, _looseness(request)):
            raise Diverged
        self.exact = self.exact and one.complaint is not None and one.complaint == other.complaint
        self.numbered_alike = self.numbered_alike and one.numbers == other.numbers

    @property
    def at_end(self) -> bool:
        """Whether all that was recorded has come."""
        return self._next == len(self._recording.exchanges)


def _looseness(request: Message) -> float:
    """How much less closely to compare: float32 rounds inputs of size 10,000 to 0.001, and so does what it sums up."""
    sizes = [0.0]

    def on_tensor(tensor: Tensor, facts: dict[str, Any]) -> Tensor:
        if tensor.dtype == torch.float32 and tensor.numel() and tensor.device.type != "meta":
            sizes.append(tensor.abs().max().item())
        return tensor

    try:
        Decoder(*request, lambda reference: _OBJECT, on_tensor).value()
    except CodecError:
        return 1.0
    rounding = 4 * torch.finfo(torch.float32).eps * max(size for size in sizes if math.isfinite(size))
    return min(max(rounding / CLOSE[torch.float32], 1.0), MOST_LOOSE)


class _Anything:
    """Stands for an object that stayed in its guest."""


_OBJECT = _Anything()

_GRAPH = ("argument", "leaf", "output")
"""Facts of a tensor of which gradients can be asked."""


class _Answer(NamedTuple):
    """What an answer says.

    Attributes:
        seen: what a suite can see of it.
        numbers: how it numbers objects and gradients.
        complaint: of an exception, its types and its words.
    """

    seen: Any
    numbers: list[Any]
    complaint: Any = None


def _read(answer: Message) -> _Answer:
    numbers: list[Any] = []

    def on_object(reference: Any) -> Any:
        numbers.append(reference.get("id") if isinstance(reference, dict) else None)
        return _OBJECT

    def on_tensor(tensor: Tensor, facts: dict[str, Any]) -> Any:
        numbers.append([facts.get(name) for name in (*_GRAPH, "group")])
        drawn = facts.get("fresh") and tensor.device.type != "meta"
        return Drawn(tensor) if drawn else tensor, any(name in facts for name in _GRAPH)

    try:
        body = Decoder(*answer, on_object, on_tensor).value()
    except CodecError:
        return _Answer(None, numbers)
    if not isinstance(body, dict):
        return _Answer(None, numbers)
    if "error" in body:
        error = body["error"] if isinstance(body["error"], dict) else {}
        names = error.get("names")
        kind = names[0] if isinstance(names, list) and names else None
        seen = {"error": kind, "said": _said(error, kind), "calls": error.get("calls")}
        told = [*names, error.get("message")] if isinstance(names, list) else [None]
        return _Answer(seen, numbers, told if all(type(word) is str for word in told) else None)
    return _Answer({"ok": body.get("ok"), "changed": body.get("changed")}, numbers)


def _said(error: dict[str, Any], kind: Any) -> Any:
    """What an exception says: torch's and Python's words as they are, of a learner's own words the numbers."""
    message = str(error.get("message"))
    if kind == "MissingName":
        return None  # our own words: they name the file, and the request names the name
    if error.get("raised"):
        # Numbers are asked for in the words of a ValueError; of another type no test reads them.
        return sorted(set(re.findall(r"\d+(?:\.\d+)?", message))) if kind == "ValueError" else []
    return re.sub(r"\b0x[0-9a-f]+", "0x", message)  # where an object lies in memory


def has_a_crash(recording: Recording) -> bool:
    """Whether an answer is an exception that the code did not raise itself."""
    for number in range(len(recording.exchanges)):
        seen = recording.answer(number, _read).seen
        if isinstance(seen, dict) and "error" in seen and isinstance(seen["said"], str):
            return True
    return False


class Drawn:
    """A parameter with the random values that it was made with, and how they are spread."""

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = tensor

    @functools.cached_property
    def width_and_centre(self) -> tuple[float, float]:
        """Standard deviation and mean."""
        width, centre = torch.std_mean(self.tensor.double(), unbiased=False)
        return width.item(), centre.item()

    @functools.cached_property
    def flatness(self) -> float:
        """Mean absolute deviation by standard deviation (Geary's test): 0.80 for normal numbers, 0.87 for uniform."""
        width, centre = self.width_and_centre
        return (self.tensor.double() - centre).abs().mean().item() / width


def alike(one: Any, other: Any, looseness: float = 1.0) -> bool:
    """Whether two values are equal as a suite sees them; float32 ``looseness`` times less closely than usual."""
    if isinstance(one, Tensor) and isinstance(other, Tensor):
        return _tensors_alike(one, other, looseness)
    if isinstance(one, Drawn) or isinstance(other, Drawn):
        return _drawn_alike(one, other)
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        if _is_mapping(one) and _is_mapping(other):
            return alike(dict(one), dict(other), looseness)
        return len(one) == len(other) and all(alike(a, b, looseness) for a, b in zip(one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(alike(value, other[key], looseness) for key, value in one.items())
    if type(one) is float and type(other) is float:
        return one == other or (math.isnan(one) and math.isnan(other)) or abs(one - other) <= 1e-5 * (1 + abs(other))
    return type(one) is type(other) and one == other


def _is_mapping(value: Any) -> bool:
    """Whether a list is one of names and values, whose order is the learner's own affair."""
    return bool(value) and all(isinstance(part, tuple) and len(part) == 2 and type(part[0]) is str for part in value)


def _tensors_alike(one: Tensor, other: Tensor, looseness: float = 1.0) -> bool:
    if one.shape != other.shape or one.dtype != other.dtype or one.device != other.device:
        return False
    if one.device.type == "meta":
        return True
    if not one.dtype.is_floating_point:
        return torch.equal(one, other)
    a, b = one.double(), other.double()
    close = CLOSE.get(one.dtype, 1e-2) * (looseness if one.dtype == torch.float32 else 1.0)
    allowed = close * (1 + b.abs())
    equal = (a == b) | (a.isnan() & b.isnan()) | ((a - b).abs() <= allowed)
    return bool(equal.all())


def _drawn_alike(one: Any, other: Any) -> bool:
    """Whether values are equal, or random numbers that may come from one distribution, as far as so many can tell."""
    if not isinstance(one, Drawn) or not isinstance(other, Drawn):
        one, other = (value.tensor if isinstance(value, Drawn) else value for value in (one, other))
        return alike(one, other)
    if one.tensor.shape != other.tensor.shape or one.tensor.dtype != other.tensor.dtype:
        return False
    count = one.tensor.numel()
    if count == 0:
        return True
    (width, centre), (other_width, other_centre) = one.width_and_centre, other.width_and_centre
    if count == 1 and not {one.tensor.item(), other.tensor.item()} & {0.0, 1.0}:
        return True  # a single random number has no width; a constant is 0 or 1
    if not (width > 0 and other_width > 0):
        return _tensors_alike(one.tensor, other.tensor)
    if count < FEW:
        return True
    # Seven times what the estimates scatter by: in 400,000 tries none came that far.
    scatter = 7 / math.sqrt(count)
    same_width = abs(math.log(width / other_width)) <= scatter
    same_centre = abs(centre - other_centre) <= scatter * math.sqrt(2) * max(width, other_width)
    return same_width and same_centre and (count < MANY or abs(one.flatness - other.flatness) <= 0.05)

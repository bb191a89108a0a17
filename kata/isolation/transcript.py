"""What a guest was asked and what it answered during a test, and whether another guest answers alike.

The host's side of a test is our own code and draws by seed, so what it asks follows from the answers it got: two
submissions whose answers are equal, one after another, behave alike in that test. "Equal" is as a suite sees it:
values within rounding, exceptions by type. How objects are numbered and what they call themselves does not count, nor
which random numbers a parameter was made with.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Tuple

from torch import Tensor

from .codec import CodecError, Decoder
from .likeness import Drawn, alike

MAX_BYTES = 128 * 2**20
"""A test in which more than this is said is not kept."""

Message = Tuple[bytes, bytes]
"""Header and payload, as they travel."""


class Diverged(BaseException):
    """The answers are no longer those of the recording. Not an ``Exception``: no test swallows it."""


class Exchange(NamedTuple):
    """A request and its answer, as they came."""

    request: Message
    answer: Message


class Recording:
    """What was said in one test.

    Attributes:
        exchanges: one after another.
        complete: whether these are all.
    """

    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []
        self.complete = True
        self._bytes = 0
        self._read: dict[int, _Answer] = {}

    def note(self, request: Message, answer: Message) -> None:
        """Keep one exchange."""
        self._bytes += sum(map(len, (*request, *answer)))
        if self._bytes > MAX_BYTES:
            self.complete = False
            self.exchanges.clear()
        if self.complete:
            self.exchanges.append(Exchange(request, answer))

    def answer(self, number: int) -> _Answer:
        """What an answer says: read once for all that are compared with it."""
        if number not in self._read:
            self._read[number] = _read(self.exchanges[number].answer)
        return self._read[number]


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
        one, other = _read(answer), self._recording.answer(number)
        if not alike(one.seen, other.seen):
            raise Diverged
        self.exact = self.exact and one.complaint is not None and one.complaint == other.complaint
        self.numbered_alike = self.numbered_alike and one.numbers == other.numbers

    @property
    def at_end(self) -> bool:
        """Whether all that was recorded has come."""
        return self._next == len(self._recording.exchanges)


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
        complaint: of an exception, all but the place in the file that it came from.
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
        return Drawn(tensor) if facts.get("fresh") else tensor, any(name in facts for name in _GRAPH)

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
        return _Answer({"error": kind}, numbers, (names, error.get("message")))
    return _Answer({"ok": body.get("ok"), "changed": body.get("changed")}, numbers)

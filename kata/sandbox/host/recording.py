"""What a guest was asked during a test and what it answered, one exchange after another."""

from __future__ import annotations

from typing import Any, Callable, NamedTuple, Tuple

MAX_BYTES = 8 * 2**20
"""A test in which more than this is said is not kept; those of a whole course are kept together."""

Message = Tuple[bytes, bytes]
"""Header and payload, as they travel."""


MAX_KEPT = 256 * 2**20
"""Bytes of all recordings of this process together; what would exceed them is not kept."""


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

    kept = 0
    """Bytes of all that there are."""

    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []
        self.complete = True
        self._bytes = 0
        self._read: dict[int, Any] = {}

    def note(self, request: Message, answer: Message) -> None:
        """Keep one exchange."""
        if not self.complete:
            return
        size = sum(map(len, (*request, *answer)))
        self._bytes += size
        Recording.kept += size
        self.exchanges.append(Exchange(request, answer))
        if self._bytes > MAX_BYTES or Recording.kept > MAX_KEPT:
            self.complete = False
            self.exchanges.clear()
            self._make_room()

    def _make_room(self) -> None:
        Recording.kept -= self._bytes
        self._bytes = 0

    def __del__(self) -> None:
        self._make_room()

    def answer(self, number: int, read: Callable[[Message], Any]) -> Any:
        """What ``read`` makes of an answer: once for all that are compared with it."""
        if number not in self._read:
            self._read[number] = read(self.exchanges[number].answer)
        return self._read[number]

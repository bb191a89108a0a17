"""What a guest was asked during a test and what it answered, one exchange after another."""

from __future__ import annotations

from typing import Any, Callable, NamedTuple, Tuple

MAX_BYTES = 8 * 2**20
"""A test in which more than this is said is not kept; those of a whole course are kept together."""

Message = Tuple[bytes, bytes]
"""Header and payload, as they travel."""


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
        self._read: dict[int, Any] = {}

    def note(self, request: Message, answer: Message) -> None:
        """Keep one exchange."""
        self._bytes += sum(map(len, (*request, *answer)))
        if self._bytes > MAX_BYTES:
            self.complete = False
            self.exchanges.clear()
        if self.complete:
            self.exchanges.append(Exchange(request, answer))

    def answer(self, number: int, read: Callable[[Message], Any]) -> Any:
        """What ``read`` makes of an answer: once for all that are compared with it."""
        if number not in self._read:
            self._read[number] = read(self.exchanges[number].answer)
        return self._read[number]

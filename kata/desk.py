"""Hand out what there is to do among processes that work side by side: whoever is free takes the next part."""

from __future__ import annotations

import threading
from typing import Callable


class Desk:
    """Who does which part.

    Args:
        last: the part that may begin only when all others are done.
        hopeless: whether the last part has become pointless.
    """

    def __init__(self, last: str, hopeless: Callable[[], bool]) -> None:
        self._last = last
        self._hopeless = hopeless
        self._owners: dict[str, object] = {}
        self._at_work: set[object] = set()
        self._changed = threading.Condition()
        self._closed = False

    def enter(self, worker: object) -> None:
        """A worker comes."""
        with self._changed:
            self._at_work.add(worker)

    def leave(self, worker: object) -> None:
        """A worker goes; what it took is done."""
        with self._changed:
            self._at_work.discard(worker)
            self._changed.notify_all()

    def take(self, worker: object, part: str) -> bool:
        """Whether the worker may do a part: nobody else has taken it. One that asks again keeps what it has.

        For the last part this waits until everybody else has gone.
        """
        with self._changed:
            if self._owners.setdefault(part, worker) is not worker:
                return False
            if part == self._last:
                while not (self._closed or self._hopeless() or self._at_work <= {worker}):
                    self._changed.wait(timeout=0.5)
                return not self._closed and not self._hopeless()
            return not self._closed

    def has(self, worker: object, part: str) -> bool:
        """Whether the worker has taken a part."""
        with self._changed:
            return self._owners.get(part) is worker

    def close(self) -> None:
        """Nothing more is handed out."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

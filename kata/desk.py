"""Hand out what there is to do among sessions that work side by side: whoever is free takes the next part.

A part is a phase, or a task of it. When all parts are tested the failed tasks are diagnosed, one after another, each
by the session that has tested it; the six files together come last.
"""

from __future__ import annotations

import itertools
import threading
from typing import Any, Callable, NamedTuple, Sequence

from .results import ASSEMBLED


class Part(NamedTuple):
    """A phase, or one task of it."""

    phase: str
    task: str | None = None


class Desk:
    """Who does what.

    Args:
        failed: the tasks (phase id, name) with a failed test so far, in the order of the course.
        named: ids of the misconceptions that were named so far.
        hopeless: whether it has become pointless to try the six files together.
    """

    def __init__(
        self,
        failed: Callable[[], Sequence[Any]],
        named: Callable[[], Sequence[str]],
        hopeless: Callable[[], bool],
    ) -> None:
        self._failed, self._named, self._hopeless = failed, named, hopeless
        self._owners: dict[Part, object] = {}
        self._at_work: set[object] = set()
        self._testing: set[object] = set()
        self._had_turn: set[Any] = set()
        self._changed = threading.Condition()
        self._closed = False

    def enter(self, worker: object) -> None:
        """A worker comes."""
        with self._changed:
            self._at_work.add(worker)
            self._testing.add(worker)

    def leave(self, worker: object) -> None:
        """A worker goes; what it took is done."""
        with self._changed:
            self._at_work.discard(worker)
            self._testing.discard(worker)
            self._changed.notify_all()

    def take(self, worker: object, part: Part) -> bool:
        """Whether the worker may do a part: nobody else has taken it. One that asks again keeps what it has.

        For the six files together this waits until everybody else has gone.
        """
        with self._changed:
            if self._owners.setdefault(part, worker) is not worker:
                return False
            if part.phase == ASSEMBLED:
                self._testing.discard(worker)
                self._changed.notify_all()
                self._wait(lambda: self._hopeless() or self._at_work <= {worker})
                return not self._closed and not self._hopeless()
            return not self._closed

    def turn(self, worker: object, task: Any) -> dict[str, Any] | None:
        """Wait until all is tested and every failed task before this one has been diagnosed.

        Returns:
            ``failed``: the tasks that failed; ``named``: the misconceptions named so far. None if the work has ended.
        """

        def come() -> bool:
            if self._testing:
                return False
            earlier = itertools.takewhile(lambda other: other != task, self._failed())
            return all(self._is_settled(other) for other in earlier)

        with self._changed:
            self._testing.discard(worker)
            self._changed.notify_all()
            self._wait(come)
            return None if self._closed else {"failed": list(self._failed()), "named": list(self._named())}

    def had_turn(self, task: Any) -> None:
        """A failed task has been diagnosed."""
        with self._changed:
            self._had_turn.add(task)
            self._changed.notify_all()

    def _is_settled(self, task: Any) -> bool:
        """Whether a failed task has had its turn, or nobody is left to give it one."""
        return task in self._had_turn or not any(self.has(worker, *task) for worker in self._at_work)

    def has(self, worker: object, phase: str, task: str) -> bool:
        """Whether the worker has taken a task, or its whole phase."""
        return any(self._owners.get(part) is worker for part in (Part(phase), Part(phase, task)))

    def _wait(self, until: Callable[[], bool]) -> None:
        while not (self._closed or until()):
            self._changed.wait(timeout=0.5)

    def close(self) -> None:
        """Nothing more is handed out."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

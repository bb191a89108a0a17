"""Hand out what there is to do among sessions that work side by side: whoever is free takes the next part.

A part is a task of a phase. No guest holds the reference of a task that may still be tested: whatever guests find a
way to tell one another comes too late. So a part of a phase that builds on others begins when those are judged, second
tries included; and a task that has failed is tried again, by the session that has tested it, when all tasks are judged
whose reference it is given for that. The six files together come last.
"""

from __future__ import annotations

import threading
from typing import Callable, Iterable, Sequence

from ..results import ASSEMBLED
from ..session_protocol import Part, TaskKey, TurnGranted


class Scheduler:
    """Who does what.

    Args:
        failed: the tasks (phase id, name) with a test that did not pass so far, in the order of the course.
        hopeless: whether it has become pointless to try the six files together.
        ready: by the id of a phase: whether all tests of the phases that it builds on have run, and the tasks of these
            phases that did not pass.
    """

    def __init__(
        self,
        failed: Callable[[], Sequence[TaskKey]],
        hopeless: Callable[[], bool],
        ready: Callable[[str], tuple[bool, Iterable[TaskKey]]] = lambda phase: (True, ()),
    ) -> None:
        self._ready = ready
        self._waiting: set[object] = set()
        self._failed, self._hopeless = failed, hopeless
        self._owners: dict[Part, object] = {}
        self._at_work: set[object] = set()
        self._testing: dict[object, Part] = {}
        self._judged: set[TaskKey] = set()
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
            self._has_tested(worker)

    def take(self, worker: object, part: Part) -> bool:
        """Whether the worker may do a part: nobody else has taken it. One that asks again keeps what it has.

        This waits until the phases that the part builds on are judged, and for the six files together until
        everybody else has gone.
        """
        with self._changed:
            self._has_tested(worker)
            if part.phase != ASSEMBLED and self._owners.get(part, worker) is worker:
                self._waiting.add(worker)  # if all wait, nobody is left to judge what is missing
                self._wait(lambda: self._is_ready(part.phase) or self._at_work <= self._waiting)
                self._waiting.discard(worker)
            if self._owners.setdefault(part, worker) is not worker:
                return False
            if part.phase == ASSEMBLED:
                self._wait(lambda: self._hopeless() or self._at_work <= {worker})
                return not self._closed and not self._hopeless()
            self._testing[worker] = part
            return not self._closed

    def turn(self, worker: object, task: TaskKey, after: Iterable[TaskKey], wait: bool) -> TurnGranted:
        """Ask whether a failed task can be diagnosed now.

        Args:
            worker: has tested the task, and every part that it may.
            task: the task.
            after: the tasks whose reference it may be given. Its turn comes when they are tested, and those that
                failed are judged.
            wait: wait for that. Then every part must have been asked for.

        Returns:
            Whether it can, with the tasks that failed so far. It cannot if the turn has not come or the work has ended.
        """
        after = list(after)

        def come() -> bool:
            failed = self._failed()
            return all(self._is_tested(other, wait) for other in after) and all(
                self._is_settled(other) for other in after if other in failed
            )

        with self._changed:
            self._has_tested(worker)
            if wait:
                self._wait(come)
            if self._closed or not come():
                return TurnGranted(False)
            return TurnGranted(True, list(self._failed()))

    def is_judged(self, task: TaskKey) -> None:
        """A failed task will not be tested any more."""
        with self._changed:
            self._judged.add(task)
            self._changed.notify_all()

    def _is_ready(self, phase: str) -> bool:
        """Whether everything is judged that a phase builds on."""
        tested, failed = self._ready(phase)
        return tested and all(self._is_settled(task) for task in failed)

    def _has_tested(self, worker: object) -> None:
        """The worker is through with what it has taken."""
        self._testing.pop(worker, None)
        self._changed.notify_all()

    def _is_tested(self, task: TaskKey, all_taken: bool) -> bool:
        """Whether nobody is going to test a task any more; one that nobody takes has no tests."""
        taken = [part for part in (Part(task[0]), Part(*task)) if part in self._owners]
        return bool(taken or all_taken) and not any(self._testing.get(self._owners[part]) == part for part in taken)

    def _is_settled(self, task: TaskKey) -> bool:
        """Whether a failed task is judged, or nobody is left to test it."""
        return task in self._judged or not any(self.has(worker, *task) for worker in self._at_work)

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

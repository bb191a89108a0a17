"""Run phases in warm sessions: two of them share a phase's tasks, and a new save ends a run at once."""

from __future__ import annotations

import queue
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Iterable, Mapping

from ...course.phases import COURSE, Phase
from ...course.suites import count_tests
from ...grading.run import SuitesBroken
from ...grading.session_client import WarmSession
from ...results import Diagnosis, TestResult
from ...session_protocol import AllTested, Broken, Diagnosed, Ended, Event, Finished, Ready, TaskThrough, TriedAgain
from ...settings import jobs

SESSIONS = 2
"""Sessions that share a phase; KATA_JOBS in the environment sets another number."""


@dataclass
class Run:
    """One run of a phase, shared out over the sessions.

    Attributes:
        phase: the phase.
        target: the folder.
        forbidden: task to the message of the rule that it breaks; their tests are not run.
        kept: tasks that pass and that the last save has not touched; their tests are not run.
        rewritten: tasks whose own code the last save has changed; their tests come first.
        builds_on: tasks that are written and build on these; their verdict may be another now.
        source: what the phase's file held at the beginning.
        results: test to how it ended, as far as known.
        through: tasks of which all tests have been run.
        diagnoses: (phase id, task) to the misconceptions.
        tried_again: (phase id, task) to the neighbours that the reference took the place of, and the results with it.
        broken: why it could not be run; empty if it could.
    """

    phase: Phase
    target: Path
    forbidden: dict[str, str] = field(default_factory=dict)
    kept: frozenset[str] = frozenset()
    rewritten: frozenset[str] = frozenset()
    builds_on: frozenset[str] = frozenset()
    source: str | None = None
    results: dict[str, TestResult] = field(default_factory=dict)
    through: set[str] = field(default_factory=set)
    diagnoses: dict[tuple[str, str], Diagnosis] = field(default_factory=dict)
    tried_again: dict[tuple[str, str], tuple[list[str], list[TestResult]]] = field(default_factory=dict)
    broken: str = ""
    cancelled: bool = False
    testing: int = 0
    working: int = 0

    @property
    def tested(self) -> bool:
        """Whether all tests have been run; a diagnosis may still come."""
        return self.testing == 0

    @property
    def ended(self) -> bool:
        """Whether all sessions are done with it."""
        return self.working == 0


class Runner:
    """Warm sessions that run one phase at a time.

    Attributes:
        news: (run, event) pairs, in the order in which they came.
    """

    def __init__(self, seed: int = 0) -> None:
        self.news: queue.Queue[tuple[Run, Event]] = queue.Queue()
        count = jobs(SESSIONS)
        self._workers = [_Worker(self.news, seed) for _ in range(count)]
        self._seconds: dict[tuple[str, str], float] = {}
        for worker in self._workers:
            worker.start()

    def start(self, run: Run, first: Iterable[str] = ()) -> None:
        """Begin a run; the sessions take it up when they have ended the one before.

        Args:
            run: what to run.
            first: tests to run before the others.
        """
        first = list(first)
        shares = [share for share in self._share_out(run) if share]
        run.testing = run.working = len(shares)
        for worker, share in zip(self._workers, shares):
            worker.orders.put((run, share, first))

    def cancel(self, run: Run) -> None:
        """End a run at once; no more of its news matter."""
        run.cancelled = True
        for worker in self._workers:
            worker.cancel(run)

    def note(self, run: Run, event: Event) -> None:
        """Enter an event of ``news`` into its run."""
        if isinstance(event, Finished):
            result = event.result
            run.results[result.test] = result
            key = (run.phase.id, result.task)
            self._seconds[key] = self._seconds.get(key, 0.0) + result.seconds
        elif isinstance(event, TaskThrough):
            run.through.add(event.task)
        elif isinstance(event, AllTested):
            run.testing -= 1
        elif isinstance(event, Diagnosed) and event.ids:
            run.diagnoses[event.task] = Diagnosis(tuple(event.ids), event.unexplained)
        elif isinstance(event, TriedAgain):
            run.tried_again[event.task] = (event.replaced, event.results)
        elif isinstance(event, Broken):
            run.broken = event.message
        elif isinstance(event, Ended):
            run.working -= 1
            run.testing = min(run.testing, run.working)

    @property
    def ready(self) -> bool:
        """Whether the sessions have started."""
        return all(worker.ready for worker in self._workers)

    def close(self) -> None:
        """End all sessions."""
        for worker in self._workers:
            worker.stop()
        for worker in self._workers:
            worker.join(timeout=10.0)

    def _share_out(self, run: Run) -> list[list[str]]:
        """The tasks of the phase, shared so that all sessions take about as long."""
        left_out = {*run.forbidden, *run.kept}
        counts = {task: count for task, count in count_tests(run.phase).items() if task not in left_out}
        known = {task: self._seconds.get((run.phase.id, task), 0.0) for task in counts}
        weights: Mapping[str, float] = known if all(known.values()) else counts
        for task in counts:  # only the run that comes next counts
            self._seconds.pop((run.phase.id, task), None)
        shares: list[list[str]] = [[] for _ in self._workers]
        for task in sorted(counts, key=lambda task: (task not in run.rewritten, -weights[task])):
            min(shares, key=lambda share: sum(weights[other] for other in share)).append(task)
        return shares


class _Worker(threading.Thread):
    """One session, with the thread that listens to it."""

    def __init__(self, news: queue.Queue[tuple[Run, Event]], seed: int) -> None:
        super().__init__(daemon=True)
        self.orders: queue.Queue[tuple[Run, list[str], list[str]] | None] = queue.Queue()
        self._news = news
        self._seed = seed
        self._lock = threading.Lock()
        self._current: Run | None = None
        self._stopped = False
        self.ready = False
        self._session = WarmSession(COURSE, seed)

    def run(self) -> None:
        """Carry out orders until told to stop."""
        while True:
            order = self.orders.get()
            if order is None or self._stopped:
                break
            self._carry_out(*order)

    def _carry_out(self, run: Run, tasks: list[str], first: list[str]) -> None:
        try:
            with self._lock:
                events: Iterable[Event] = ()
                if not run.cancelled:
                    events = self._session.run(run.phase.id, run.target, tasks, first)
                self._current = run
            for event in events:
                if isinstance(event, Ready):
                    self.ready = True
                elif not isinstance(event, Ended):
                    self._news.put((run, event))
        except SuitesBroken as error:
            self._news.put((run, Broken(str(error))))
            self._begin_anew()
        finally:
            with self._lock:
                self._current = None
            self._news.put((run, Ended()))

    def _begin_anew(self) -> None:
        with self._lock:
            self._session.end()
            if not self._stopped:
                self.ready = False
                self._session = WarmSession(COURSE, self._seed)

    def cancel(self, run: Run) -> None:
        """End what is being done for this run."""
        with self._lock:
            if self._current is run:
                self._session.cancel()

    def stop(self) -> None:
        """End the session and the thread."""
        self._stopped = True
        self.orders.put(None)
        with self._lock:
            self._session.end()

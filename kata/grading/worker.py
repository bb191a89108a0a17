"""A worker: one session after another that runs suites, until all that was handed out to it is done.

A session that dies in a test (a crash, an exit) costs that test; a new one takes up the rest.
"""

from __future__ import annotations

import queue
from collections import Counter
from dataclasses import replace
from typing import Any

from ..results import ASSEMBLED, ERROR, Diagnosis, TestResult
from ..session_protocol import (
    Broken,
    Collected,
    CollectedTest,
    Confined,
    Diagnosed,
    Ended,
    Event,
    Finished,
    GradeParts,
    Judged,
    PartAsked,
    PartGranted,
    Running,
    TriedAgain,
    TurnAsked,
)  # fmt: skip
from .scheduler import Scheduler
from .session_client import Session, SuitesBroken, start_sessions

DEATHS_PER_PHASE = 2
"""After so many crashes in a phase the rest of the phase is not run."""


class Worker:
    """Take part after part from the scheduler and run its tests.

    Args:
        orders: what to run.
        scheduler: hands out the parts.
        session: a session that waits for orders.

    Attributes:
        done: the results so far, by test.
        total: how many tests there are, those of the six files together not counted.
        tests: these tests and the phases (ids) that they belong to.
        held: what the wall held back; None where there was none.
        diagnoses: (phase id, task) to the misconceptions that behave as the task does.
        tried_again: (phase id, task) to how the task ended with right neighbours.
    """

    def __init__(self, orders: GradeParts, scheduler: Scheduler, session: Session) -> None:
        self._orders = orders
        self._scheduler = scheduler
        self._session = session
        self._stopped = False
        self._collected: list[CollectedTest] = []
        self._running = ""
        self._deaths: Counter[str] = Counter()
        self.done: dict[str, TestResult] = {}
        self.total = 0
        self.tests: dict[str, str] = {}
        self.held: list[str] | None = None
        self.diagnoses: dict[tuple[str, str], Diagnosis] = {}
        self.tried_again: dict[tuple[str, str], TriedAgain] = {}

    def run(self, news: queue.Queue[Any]) -> None:
        """Run; put every result into ``news``, an exception if there is one, and None at the end."""
        try:
            while not self._run_session(news) and not self._stopped:
                for task in {(result.phase, result.task) for result in self.done.values()}:
                    self._scheduler.is_judged(task)  # what it has answered is lost, so nobody can diagnose it
                for result in self._after_death():
                    self.done[result.test] = result
                    news.put(result)
                self._session = start_sessions(1)[0]
        except Exception as error:
            news.put(error)
        finally:
            self._session.end()
        self._scheduler.leave(self)
        news.put(None)

    def _run_session(self, news: queue.Queue[Any]) -> bool:
        """Give the session its orders and follow it; whether it came to its end."""
        session, self._collected, self._running = self._session, [], ""
        session.send(replace(self._orders, done=sorted(self.done), scratch=str(session.scratch)))
        for event in session.events():
            if isinstance(event, Ended):
                return True  # no need to wait for torch to be taken down
            self._note(event, news)
        session.end()
        if not self._collected and not self._stopped:
            raise SuitesBroken(f"the process that runs the tests ended at its start\n{session.complaint()}")
        return False

    def _note(self, event: Event, news: queue.Queue[Any]) -> None:
        if isinstance(event, Running):
            self._running = event.test
        elif isinstance(event, Finished):
            self.done[event.result.test] = event.result
            news.put(event.result)
            if not self._orders.diagnose:
                self._scheduler.is_judged((event.result.phase, event.result.task))
        elif isinstance(event, PartAsked):
            self._session.send(PartGranted(self._scheduler.take(self, event.part)))
        elif isinstance(event, TurnAsked):
            self._session.send(self._scheduler.turn(self, event.task, event.after, event.wait))
        elif isinstance(event, Diagnosed):
            if event.ids:
                self.diagnoses[event.task] = Diagnosis(tuple(event.ids), event.unexplained)
        elif isinstance(event, Judged):
            self._scheduler.is_judged(event.task)
        elif isinstance(event, TriedAgain):
            self.tried_again[event.task] = event
        elif isinstance(event, Collected):
            self._collected = event.tests
            self.tests = self.tests or {test.test: test.phase for test in event.tests if test.phase != ASSEMBLED}
            self.total = len(self.tests)
        elif isinstance(event, Broken):
            if self.done:  # what was judged stays judged
                self._orders = replace(self._orders, diagnose=False)
                return
            raise SuitesBroken(f"{event.message}\n{self._session.complaint()}".strip())
        elif isinstance(event, Confined):
            self.held = event.held

    def _after_death(self) -> list[TestResult]:
        """The results that follow from the session having died: the running test's, perhaps its phase's.

        Raises:
            SuitesBroken: if it dies again and again between tests.
        """
        how = self._session.how_it_ended()
        waiting = [
            test
            for test in self._collected
            if test.test not in self.done and self._scheduler.has(self, test.phase, test.task)
        ]
        running = next((test for test in waiting if test.test == self._running), None)
        phase = running.phase if running else ""
        self._deaths[phase] += 1
        if running is None and self.done and self._orders.diagnose:
            self._orders = replace(self._orders, diagnose=False)  # it died in a second try or a diagnosis
            return []
        if running is None:
            if self._deaths[phase] >= DEATHS_PER_PHASE:
                raise SuitesBroken(f"{how} between two tests\n{self._session.complaint()}".strip())
            return []
        found = [_error(running, f"{how} during this test")]
        if self._deaths[phase] >= DEATHS_PER_PHASE:
            note = f"not run: the phase ended the process {DEATHS_PER_PHASE} times ({how})"
            found += [_error(test, note) for test in waiting if test.phase == phase and test is not running]
        return found

    def stop(self) -> None:
        """End the session that is running."""
        self._stopped = True
        self._session.end()


def _error(test: CollectedTest, message: str) -> TestResult:
    return TestResult(test.test, test.phase, test.task, test.core, ERROR, message)

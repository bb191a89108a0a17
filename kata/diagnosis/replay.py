"""The collected tests of suites, to be run again and again against one folder after another.

Inside the session: suites are imported and the guests' server is ready, so that a run costs little more than the
tests themselves. ``kata.grading.session_client`` is the way in from another process.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Callable, Iterable, Sequence

import pytest

from ..results import ASSEMBLED, ERROR, PASSED, TestResult, reported_output
from ..sandbox.errors import GuestDied, TestTimeout
from ..sandbox.host.recording import Recording
from ..source.neighbours import Neighbours
from ..testing import run_test
from ..testing.alarm import HOST_SECONDS, alarm
from ..testing.hanging import Hanging, Paces
from ..testing.outcome import Verdict
from ..testing.plugin import phase_of, task_of
from .comparison import Comparison, Diverged


class TestBench:
    """Run tests of a session against any folder.

    Args:
        kata: the session's ``KataPlugin``, with ``--wall``.
        items: the collected tests.
    """

    __test__ = False  # not a test class, whatever its name

    def __init__(self, kata: Any, items: Sequence[pytest.Function]) -> None:
        self._kata = kata
        self.items = list(items)
        self._hanging = Hanging()
        self._paces = Paces()
        self._target: Path = kata.target
        self.beat: Callable[[], None] = lambda: None
        """Called before every test that is run or repeated: whoever waits hears that something goes on."""

    def aim(self, target: Path, within: Path | None = None, neighbours: Neighbours | None = None) -> None:
        """Take the submission from ``target``, read anew, until further notice; arguments as for ``Guests.aim``."""
        self._kata.submission.aim(target, within, neighbours)
        self._hanging = Hanging()
        self._target = target

    def held(self) -> list[str]:
        """What the sandbox holds back from submissions."""
        return self._kata.submission.held() or []

    def tests(self, phase_id: str, tasks: Iterable[str] | None = None, first: Iterable[str] = ()) -> list[Any]:
        """The tests of a phase, those named in ``first`` at the beginning, in that order.

        Args:
            phase_id: the phase.
            tasks: names of the tasks; None for all.
            first: node ids of tests that are to come first.
        """
        wanted = None if tasks is None else set(tasks)
        places = {test: place for place, test in enumerate(first)}
        found = [
            item
            for item in self.items
            if getattr(phase_of(item), "id", ASSEMBLED) == phase_id and (wanted is None or task_of(item) in wanted)
        ]
        return sorted(found, key=lambda item: places.get(item.nodeid, len(places)))

    def run(self, item: pytest.Function, recording: Any = None) -> TestResult:
        """Run one test.

        Args:
            item: the test.
            recording: takes note of the answers (``sandbox.host.recording``).

        Raises:
            KeyboardInterrupt: if the run is to stop; what a submission raises never comes through.
            Diverged: from the recording.
        """
        task = task_of(item) or ""
        self.beat()
        started = time.perf_counter()
        phase = getattr(phase_of(item), "id", ASSEMBLED)
        refusal = self._hanging.refusal(task, phase)
        if refusal:
            return self._result(item, Verdict(ERROR, refusal), 0.0)
        self._kata.limit = self._hanging.limit(self._paces.limit(item.nodeid, self._kata.usual_limit()))
        error = self._error_of(item, recording)
        if isinstance(error, TestTimeout):
            self._hanging.note(task, time.perf_counter() - started)
        verdict = run_test.verdict_on(error, self._target)
        seconds = time.perf_counter() - started
        self._hanging.note_any(phase, seconds)
        if verdict.state == PASSED:
            self._paces.note(item.nodeid, seconds)
        return self._result(item, verdict, seconds)

    def behaves_as(self, item: pytest.Function, result: TestResult, recording: Recording) -> bool:
        """Whether the folder that this is aimed at answers in a test as was recorded with another one.

        The recorded requests are repeated: that is faster than the test, which draws, computes and compares. Where
        a test failed and an answer differs by rounding the test is run as well, because it may look closer.

        Args:
            item: the test.
            result: how it ended with the other folder.
            recording: what was said then.

        Raises:
            KeyboardInterrupt: if the run is to stop.
        """
        repeated, rerun = Comparison(recording), Comparison(recording)
        try:
            self._repeat(item, recording, repeated)
            if repeated.exact or (repeated.at_end and result.state == PASSED):
                return True
            return self.run(item, rerun).state == result.state and rerun.at_end
        except (Diverged, TestTimeout, GuestDied):
            return False

    def passes_too(self, item: pytest.Function, recording: Recording) -> bool:
        """Whether the folder that this is aimed at passes a test that another one passed, with what was said then.

        Raises:
            KeyboardInterrupt: if the run is to stop.
        """
        repeated = Comparison(recording)
        try:
            self._repeat(item, recording, repeated)
            if repeated.at_end:
                return True
        except Diverged:
            pass
        except (TestTimeout, GuestDied):
            return False
        return self.run(item).state == PASSED

    def _repeat(self, item: pytest.Function, recording: Recording, comparison: Comparison) -> None:
        phase = phase_of(item)
        self.beat()
        self._kata.submission.repeat(phase.id if phase else "", recording, self._kata.limit, comparison)

    def _error_of(self, item: pytest.Function, recording: Any) -> BaseException | None:
        try:
            with alarm(self._kata.limit + HOST_SECONDS if self._kata.limit else 0.0):
                run_test.call(item, self._kata, run_test.fresh_arguments(item, self._kata), recording)
        except (KeyboardInterrupt, Diverged):
            raise
        except BaseException as error:  # as pytest does
            return error
        return None

    def _result(self, item: pytest.Function, verdict: Verdict, seconds: float) -> TestResult:
        return TestResult(
            test=item.nodeid,
            phase=getattr(phase_of(item), "id", ASSEMBLED),
            task=task_of(item) or "",
            core=item.get_closest_marker("core") is not None,
            state=verdict.state,
            message=verdict.message,
            seconds=seconds,
            output=reported_output(self._kata.submission.take_output()),
            broke=verdict.broke,
        )

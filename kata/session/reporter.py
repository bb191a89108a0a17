"""A pytest plugin that reports every test to the process that grades, one line of JSON each."""

from __future__ import annotations

import time
from typing import Any, TextIO, TypeVar

import pytest

from ..course.dependencies import builds_on
from ..results import ASSEMBLED, ERROR, TestResult, reported_output
from ..sandbox import fast_start
from ..session_protocol import (
    Broken,
    Busy,
    Collected,
    CollectedTest,
    Confined,
    Event,
    Finished,
    GradeParts,
    Part,
    PartAsked,
    PartGranted,
    Running,
    TurnAsked,
    TurnGranted,
    decode_order,
    encode,
)  # fmt: skip
from ..testing.outcome import Verdict
from ..testing.plugin import phase_of, session_of, task_of, tests_of

M = TypeVar("M")

BEAT = 5.0
"""Seconds after which a session that works without a result says so."""


class _Teller:
    """Tells events, one line of JSON each."""

    def __init__(self, channel: TextIO) -> None:
        self._channel = channel
        self._told_at = time.monotonic()

    def send(self, event: Event) -> None:
        """Write one line."""
        self._told_at = time.monotonic()
        self._channel.write(encode(event) + "\n")
        self._channel.flush()

    def beat(self) -> None:
        """Say now and then that there is something at work: a session that is silent for long is ended."""
        if time.monotonic() - self._told_at > BEAT:
            self.send(Busy())

    def pytest_internalerror(self, excrepr: object) -> None:
        """pytest itself failed; what it says would go to a screen that nobody sees."""
        self.send(Broken(str(excrepr)[-1500:]))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.send(Broken(str(report.longrepr)[-1500:]))


class WarmReporter(_Teller):
    """A pytest plugin that collects the suites, then runs them as further orders say (``serve``)."""

    def __init__(self, channel: TextIO, orders: TextIO) -> None:
        super().__init__(channel)
        self._orders = orders

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        if session.testsfailed:
            return None
        fast_start.freeze_and_enable_gc()
        from ..diagnosis.replay import TestBench
        from .serve import serve

        kata = session_of(session.config)
        bench = TestBench(kata, tests_of(session))
        bench.beat = self.beat
        serve(bench, self._orders, self.send)
        return True


class Reporter(_Teller):
    """A pytest plugin that asks for every part whether to run it, and reports every test as it happens."""

    def __init__(self, channel: TextIO, orders: GradeParts, answers: TextIO) -> None:
        super().__init__(channel)
        self._orders = orders
        self._answers = answers
        self._tests: dict[str, CollectedTest] = {}
        self._reports: dict[str, TestResult] = {}
        self._recordings: dict[str, Any] = {}
        self._bench: Any = None
        self._check: Any = None
        self._diagnoses: Any = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Keep what the submission answers, for the diagnosis."""
        if self._orders.diagnose:
            session_of(session.config).recording_of = self._record

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        """Run what nobody else has begun: other sessions work on the same orders."""
        if session.testsfailed:
            return None
        fast_start.freeze_and_enable_gc()
        before: Any = None
        for phase, task in self._orders.parts:
            if before not in (None, builds_on(phase)):
                self._diagnose(session, wait=True)  # its guests hold references: what failed so far is judged first
            before = builds_on(phase)
            if self._run_part(session, phase, task):
                self._diagnose(session, wait=False)
        self._diagnose(session, wait=True)
        self._run_part(session, ASSEMBLED, None)
        return True

    def _run_part(self, session: pytest.Session, phase: str, task: str | None) -> bool:
        """Run the tests of a part, if nobody else does."""
        items = [
            item
            for item in session.items
            if self._tests[item.nodeid].phase == phase and task in (None, self._tests[item.nodeid].task)
        ]
        answer = self._ask(PartAsked(Part(phase, task)), PartGranted) if items else None
        if answer is None or not answer.granted:
            return False
        for item, following in zip(items, [*items[1:], None]):
            session.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if self._orders.diagnose:
            self._blame_machine(session, [item.nodeid for item in items])
        return True

    def _blame_machine(self, session: pytest.Session, tests: list[str]) -> None:
        """Put the reference through tests that broke; correct what was told of those in which it fails as well."""
        broke = [self._reports[test] for test in tests if test in self._reports and self._reports[test].broke]
        if not broke:
            return
        if self._check is None:
            from .reference_check import ReferenceCheck

            self._check = ReferenceCheck(self._test_bench(session), self._orders.alone)
        for result in self._check.not_gradable(broke):
            self._reports[result.test] = result
            self.send(Finished(result))
        self._test_bench(session).aim(session_of(session.config).target)

    def _test_bench(self, session: pytest.Session) -> Any:
        if self._bench is None:
            from ..diagnosis.replay import TestBench

            self._bench = TestBench(session_of(session.config), tests_of(session))
            self._bench.beat = self.beat
        return self._bench

    def _ask(self, event: Event, kind: type[M]) -> M | None:
        """Tell an event and wait for the answer; None if the grader is gone."""
        self.send(event)
        return decode_order(self._answers.readline(), kind)

    def _ask_turn(self, event: TurnAsked) -> TurnGranted:
        return self._ask(event, TurnGranted) or TurnGranted(False)

    def _diagnose(self, session: pytest.Session, wait: bool) -> None:
        """Name the mistakes in what was run here: those whose turn has come, or with ``wait`` all."""
        if not self._reports or not self._orders.diagnose:
            return
        kata = session_of(session.config)
        if self._diagnoses is None:
            from ..diagnosis.diagnose import Diagnoses

            self._diagnoses = Diagnoses(
                self._test_bench(session),
                kata.target,
                self._reports,
                self._recordings,
                self.send,
                self._ask_turn,
                not_run=self._orders.leave_out,
            )
        if self._diagnoses.make(wait):
            self._bench.aim(kata.target)

    def _record(self, item: pytest.Function) -> Any:
        from ..sandbox.host.recording import Recording

        return self._recordings.setdefault(item.nodeid, Recording())

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Say what the wall held back, before it is taken down."""
        kata = session_of(session.config)
        submission = kata.started_submission
        held = submission.held() if submission is not None else None
        if held is not None:
            self.send(Confined(held))

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        done = set(self._orders.done)
        left_out = set(self._orders.leave_out)
        kept = []
        for item in items:
            phase, task = phase_of(item), task_of(item)
            key = (phase.id if phase else ASSEMBLED, task or "")
            if item.nodeid not in done and key not in left_out:
                self._tests[item.nodeid] = CollectedTest(item.nodeid, *key, item.get_closest_marker("core") is not None)
                kept.append(item)
        items[:] = kept
        self.send(Collected(list(self._tests.values())))

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.send(Running(nodeid))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        name = report.nodeid
        test = self._tests[name]
        verdict = Verdict.read_from(report) or Verdict(ERROR, "nothing was said of this test")
        previous = self._reports.get(name)
        if report.when == "teardown" and previous is not None:
            if report.passed or previous.state != "passed":
                self.send(Finished(previous))
                return
        elif report.when == "setup" and report.passed:
            return
        seconds = report.duration + (previous.seconds if previous else 0.0)
        output = reported_output(getattr(report, "kata_output", ""))
        self._reports[name] = TestResult(
            name, test.phase, test.task, test.core, verdict.state, verdict.message, seconds, output, verdict.broke
        )
        if report.when == "teardown":
            self.send(Finished(self._reports[name]))

"""The process that runs the suites: pytest inside, one line of JSON a test to the process that grades.

Started by ``running`` as ``python -m kata.session``. It reads its orders from standard input. What the
submission prints goes nowhere: the lines travel over what was standard output when the process began.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any, TextIO

import pytest

from .course import COURSE, PROJECT
from .results import ASSEMBLED, TestResult


class Reporter:
    """A pytest plugin that leaves out what was not ordered and reports the rest as it happens."""

    def __init__(self, channel: TextIO, orders: dict[str, Any]) -> None:
        self._channel = channel
        self._orders = orders
        self._all_passed = True
        self._tests: dict[str, tuple[str, str, bool]] = {}
        self._reports: dict[str, TestResult] = {}

    def send(self, event: str, **data: Any) -> None:
        """Write one line."""
        self._channel.write(json.dumps({"event": event, **data}) + "\n")
        self._channel.flush()

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.send("broken", message=str(report.longrepr))

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        from .pytest_plugin import phase_of, task_of

        done = set(self._orders["done"])
        left_out = {tuple(pair) for pair in self._orders["leave_out"]}
        kept = []
        for item in items:
            phase, task = phase_of(item), task_of(item)
            described = (phase.id if phase else ASSEMBLED, task or "", item.get_closest_marker("core") is not None)
            if item.nodeid not in done and described[:2] not in left_out:
                self._tests[item.nodeid] = described
                kept.append(item)
        items[:] = sorted(kept, key=lambda item: self._tests[item.nodeid][0] == ASSEMBLED)
        self._all_passed = self._orders["all_passed"]
        self.send(
            "collected",
            tests=[
                {"test": name, "phase": phase, "task": task, "core": core}
                for name, (phase, task, core) in self._tests.items()
            ],
        )

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> bool | None:
        assembled = self._tests[item.nodeid][0] == ASSEMBLED
        if assembled and not self._all_passed and self._orders["assembled"] != "always":
            return True  # handled: not run
        self.send("start", test=item.nodeid)
        return None

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        name = report.nodeid
        phase, task, core = self._tests[name]
        verdict = report.kata_verdict
        previous = self._reports.get(name)
        if report.when == "teardown" and previous is not None:
            if report.passed or previous.state != "passed":
                self.send("result", **previous.as_dict())
                self._all_passed = self._all_passed and previous.state == "passed"
                return
        elif report.when == "setup" and report.passed:
            return
        seconds = report.duration + (previous.seconds if previous else 0.0)
        self._reports[name] = TestResult(name, phase, task, core, verdict.state, verdict.message, seconds)
        if report.when == "teardown":
            self._all_passed = False
            self.send("result", **self._reports[name].as_dict())


def main() -> None:
    """Run what was ordered, then say so."""
    channel = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (1, 2):
        os.dup2(nowhere, descriptor)
    orders = json.loads(sys.stdin.read())
    os.dup2(nowhere, 0)
    wanted = set(orders["phases"])
    suites = [path for phase in COURSE if phase.id in wanted for path in phase.suite()]
    if orders["assembled"] != "never":
        suites.append(PROJECT / "tests" / "test_assembled.py")
    reporter = Reporter(channel, orders)
    arguments = [
        f"--rootdir={PROJECT}",
        f"--config-file={PROJECT / 'pyproject.toml'}",
        "--assert=plain",
        "--quiet",
        "-p", "pytest_timeout",
        "-p", "no:cacheprovider",
        "-p", "no:doctest",
        "-p", "no:junitxml",
        f"--target={orders['target']}",
        f"--seed={orders['seed']}",
        *map(str, suites),
    ]  # fmt: skip
    status = pytest.main(arguments, plugins=[reporter])
    if status in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED):
        reporter.send("end")
    else:
        reporter.send("broken", message=f"pytest ended with {pytest.ExitCode(status).name}")


if __name__ == "__main__":
    main()

"""A job: one session after another that runs suites, until all that was handed out to it is done.

A session that dies in a test (a crash, an exit) costs that test; a new one takes up the rest.
"""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from pathlib import Path
from typing import Any, Iterable

from . import verdicts
from .course import PROJECT
from .desk import Desk
from .isolation.scratch import remove
from .processes import SuitesBroken, describe_exit, end_process, session_environment
from .results import ASSEMBLED, TestResult

SILENCE = 120.0
"""Seconds without any news after which the process counts as hanging; a test has its own, shorter limit."""

DEATHS_PER_PHASE = 2
"""After so many crashes in a phase the rest of the phase is not run."""


class Job:
    """Take part after part from the desk and run its tests, by one process after another.

    Args:
        orders: what to run: ``phases`` (ids, in the order in which they are asked for), ``target``, ``seed``,
            ``leave_out`` ((phase id, task) pairs), ``assembled`` (whether the six files together are tried at the
            end), ``diagnose``.
        wall: run the submission in guest processes.
        desk: hands out the phases.

    Attributes:
        done: the results so far, by test.
        total: how many tests there are, those of the six files together not counted.
        held: what the wall held back; None where there was none.
        diagnoses: (phase id, task) to the id of the misconception that behaves as the task does.
    """

    def __init__(self, orders: dict[str, Any], wall: bool, desk: Desk) -> None:
        self._orders = orders
        self._wall = wall
        self._desk = desk
        self._attempt: _Attempt | None = None
        self._stopped = False
        self.done: dict[str, TestResult] = {}
        self.total = 0
        self.held: list[str] | None = None
        self.diagnoses: dict[tuple[str, str], str] = {}

    def run(self, news: queue.Queue[Any]) -> None:
        """Run; put every result into ``news``, an exception if there is one, and None at the end."""
        try:
            deaths: Counter[str] = Counter()
            while not self._stopped:
                self._attempt = _Attempt(self._orders, self._wall, self.done)
                for event in self._attempt.events():
                    self._note(event, news)
                if self._attempt.finished:
                    break
                taken = {phase for phase in [*self._orders["phases"], ASSEMBLED] if self._desk.has(self, phase)}
                for result in self._attempt.after_death(taken, deaths):
                    self.done[result.test] = result
                    news.put(result)
        except Exception as error:
            news.put(error)
        self._desk.leave(self)
        news.put(None)

    def _note(self, event: dict[str, Any], news: queue.Queue[Any]) -> None:
        kind = event.pop("event")
        if kind == "result":
            result = TestResult(**event)
            self.done[result.test] = result
            news.put(result)
        elif kind == "ask":
            self._attempt.answer(self._desk.take(self, event["phase"]))
        elif kind == "collected":
            self.total = self.total or sum(test["phase"] != ASSEMBLED for test in event["tests"])
        elif kind == "broken":
            raise SuitesBroken(f"{event['message']}\n{self._attempt.complaint()}".strip())
        elif kind == "wall":
            self.held = event["held"]
        elif kind == "diagnosis":
            self.diagnoses[event["phase"], event["task"]] = event["id"]

    def stop(self) -> None:
        """End the process that is running."""
        self._stopped = True
        if self._attempt is not None:
            self._attempt.stop()


class _Attempt:
    """One life of the process that runs the suites."""

    def __init__(self, orders: dict[str, Any], wall: bool, done: dict[str, TestResult]) -> None:
        self._orders = orders
        self._wall = wall
        self._done = set(done)
        self._process: subprocess.Popen[bytes] | None = None
        self._collected: list[dict[str, Any]] = []
        self._running = ""
        self.finished = False
        self._how_it_died = ""
        self._complaints: list[bytes] = []

    def complaint(self) -> str:
        """The end of what the process wrote to its standard error."""
        return b"".join(self._complaints).decode("utf-8", "replace").strip()[-2000:]

    def events(self) -> Iterable[dict[str, Any]]:
        """Start the process and yield what it reports until it ends."""
        scratch = tempfile.mkdtemp(prefix="kata-")
        process = self._process = subprocess.Popen(
            [sys.executable, "-m", "kata.session", *(["--wall"] if self._wall else [])],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**session_environment(), "TMPDIR": scratch},
            start_new_session=True,
        )
        lines: queue.Queue[bytes | None] = queue.Queue()
        threading.Thread(target=_read_lines, args=(process.stdout, lines), daemon=True).start()
        listener = threading.Thread(target=_read_all, args=(process.stderr, self._complaints), daemon=True)
        listener.start()
        try:
            self._send({**self._orders, "done": sorted(self._done)})
            while True:
                try:
                    line = lines.get(timeout=SILENCE)
                except queue.Empty:
                    self._how_it_died = f"no answer for {SILENCE:g} s, and interrupting it did not help"
                    return
                if line is None:
                    break
                event = _decode(line)
                if event is not None:
                    self._note(event)
                    yield event
                if self.finished:
                    return  # no need to wait for torch to be taken down
            process.wait(timeout=SILENCE)
        finally:
            end_process(process)
            remove(Path(scratch))
        listener.join(timeout=1.0)
        self._how_it_died = describe_exit(process.returncode)
        if not self._collected:
            raise SuitesBroken(f"the process that runs the tests ended at its start\n{self.complaint()}")

    def stop(self) -> None:
        """End the process, if it runs."""
        if self._process is not None and self._process.poll() is None:
            end_process(self._process)

    def answer(self, may: bool) -> None:
        """Tell the process whether it may run what it asked for."""
        self._send(may)

    def _send(self, data: Any) -> None:
        try:
            self._process.stdin.write(json.dumps(data).encode() + b"\n")
            self._process.stdin.flush()
        except OSError:  # it died; its end says why
            pass

    def _note(self, event: dict[str, Any]) -> None:
        if event["event"] == "collected":
            self._collected = event["tests"]
        elif event["event"] == "start":
            self._running = event["test"]
        elif event["event"] == "result":
            self._done.add(event["test"])
        elif event["event"] == "end":
            self.finished = True

    def after_death(self, taken: set[str], deaths: Counter[str]) -> list[TestResult]:
        """The results that follow from the process having died: the running test's, perhaps its phase's.

        Args:
            taken: the phases that were handed out to it.
            deaths: how often a process died, by phase; this death is added.

        Raises:
            SuitesBroken: if it dies again and again between tests.
        """
        waiting = [test for test in self._collected if test["test"] not in self._done and test["phase"] in taken]
        running = next((test for test in waiting if test["test"] == self._running), None)
        phase = running["phase"] if running else ""
        deaths[phase] += 1
        if running is None:
            if deaths[phase] >= DEATHS_PER_PHASE:
                raise SuitesBroken(f"{self._how_it_died} between two tests\n{self.complaint()}".strip())
            return []
        found = [_error(running, f"{self._how_it_died} during this test")]
        if deaths[phase] >= DEATHS_PER_PHASE:
            note = f"not run: the phase ended the process {DEATHS_PER_PHASE} times ({self._how_it_died})"
            found += [_error(test, note) for test in waiting if test["phase"] == phase and test is not running]
        return found


def _error(test: dict[str, Any], message: str) -> TestResult:
    return TestResult(test["test"], test["phase"], test["task"], test["core"], verdicts.ERROR, message)


def _read_lines(stream: Any, lines: queue.Queue[bytes | None]) -> None:
    for line in stream:
        lines.put(line)
    lines.put(None)


def _read_all(stream: Any, chunks: list[bytes]) -> None:
    """Keep the beginning of a stream and read the rest, so that nobody waits for a reader."""
    chunks.append(stream.read(100_000))
    while stream.read(100_000):
        pass


def _decode(line: bytes) -> dict[str, Any] | None:
    """One event; None for a line that is none (a submission may write to any descriptor it finds)."""
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) and isinstance(event.get("event"), str) else None

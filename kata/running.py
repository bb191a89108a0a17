"""Run suites in a process of their own and collect the results, whatever happens to that process.

If it dies in a test (a crash, an exit), that test is an error and a new process takes up the rest.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Callable, Iterable

from . import verdicts
from .course import PROJECT, Phase
from .isolation.scratch import remove
from .results import Results, TestResult
from .suites import count_tests

MAX_JOBS = 4
"""Processes that work side by side at most; KATA_JOBS in the environment sets another number."""

SILENCE = 120.0
"""Seconds without any news after which the process counts as hanging; a test has its own, shorter limit."""

DEATHS_PER_PHASE = 2
"""After so many crashes in a phase the rest of the phase is not run."""

NEVER, IF_ALL_PASS, ALWAYS = "never", "if-all-pass", "always"


class SuitesBroken(Exception):
    """The suites themselves could not be run; no fault of the submission."""


@dataclass(frozen=True)
class Plan:
    """What to run.

    Attributes:
        phases: the phases under test.
        target: the folder they come from.
        seed: seed of all random draws.
        leave_out: (phase id, task) pairs whose tests are not run.
        assembled: whether to run the learner's six files together: NEVER, IF_ALL_PASS or ALWAYS.
        wall: run the submission in guest processes.
    """

    phases: tuple[Phase, ...]
    target: Path
    seed: int
    leave_out: frozenset[tuple[str, str]] = frozenset()
    assembled: str = NEVER
    wall: bool = True


def run(plan: Plan, on_result: Callable[[TestResult, int], None] = lambda result, total: None) -> Results:
    """Run the plan to its end.

    The phases are shared out over a few processes that work side by side; the six files together come last, if all
    tests of the phases pass (or in any case, if so ordered).

    Args:
        plan: what to run.
        on_result: called after every test with its result and the number of tests in all.

    Raises:
        SuitesBroken: if the suites cannot be collected.
    """
    results = Results()
    jobs = [_Job(replace(plan, phases=phases, assembled=NEVER)) for phases in _share_out(plan.phases)]
    _work_side_by_side(jobs, on_result)
    for job in jobs:
        results.tests += list(job.done.values())
        results.diagnoses.update(job.diagnoses)
    alone = plan.assembled == ALWAYS
    if alone or (plan.assembled == IF_ALL_PASS and all(test.state == verdicts.PASSED for test in results.tests)):
        job = _Job(replace(plan, phases=(), assembled=ALWAYS))
        _work_side_by_side([job], on_result)
        broken = [result for result in job.done.values() if result.state != verdicts.PASSED]
        results.assembled = bool(job.done) and not broken
        results.assembled_message = broken[0].message if broken else ""
        jobs.append(job)
    held = [set(job.held) for job in jobs if job.held is not None]
    results.held = sorted(set.intersection(*held)) if held else None
    return results


def _share_out(phases: tuple[Phase, ...]) -> list[tuple[Phase, ...]]:
    """Share phases out over processes, so that all have about as many tests."""
    wanted = int(os.environ.get("KATA_JOBS", "0")) or min(os.cpu_count() or 1, MAX_JOBS)
    shares: list[list[Phase]] = [[] for _ in range(min(wanted, len(phases)))]
    sizes = {phase.id: sum(count_tests(phase).values()) for phase in phases}
    for phase in sorted(phases, key=lambda phase: -sizes[phase.id]):
        min(shares, key=lambda share: sum(sizes[other.id] for other in share)).append(phase)
    return [tuple(sorted(share, key=lambda phase: phase.number)) for share in shares]


def _work_side_by_side(jobs: list[_Job], on_result: Callable[[TestResult, int], None]) -> None:
    """Run jobs in threads; results are told in this thread, one after another."""
    news: queue.Queue[Any] = queue.Queue()
    threads = [threading.Thread(target=job.run, args=(news,), daemon=True) for job in jobs]
    for thread in threads:
        thread.start()
    try:
        at_work = len(jobs)
        while at_work:
            item = news.get()
            if item is None:
                at_work -= 1
            elif isinstance(item, Exception):
                raise item
            else:
                on_result(item, sum(job.total for job in jobs))
    finally:  # after an interruption too: nothing is left running
        for job in jobs:
            job.stop()
        for thread in threads:
            thread.join(timeout=10.0)


class _Job:
    """Some of the phases, run to their end by one process after another.

    Attributes:
        done: the results so far, by test.
        total: how many tests there are.
        held: what the wall held back; None where there was none.
        diagnoses: (phase id, task) to the id of the misconception that behaves as the task does.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
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
                self._attempt = _Attempt(self._plan, self.done)
                for event in self._attempt.events():
                    self._note(event, news)
                if self._attempt.finished:
                    break
                for result in self._attempt.after_death(deaths):
                    self.done[result.test] = result
                    news.put(result)
        except Exception as error:
            news.put(error)
        news.put(None)

    def _note(self, event: dict[str, Any], news: queue.Queue[Any]) -> None:
        kind = event.pop("event")
        if kind == "result":
            result = TestResult(**event)
            self.done[result.test] = result
            news.put(result)
        elif kind == "collected":
            self.total = self.total or len(event["tests"])
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

    def __init__(self, plan: Plan, done: dict[str, TestResult]) -> None:
        self._plan = plan
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
            [sys.executable, "-m", "kata.session", *(["--wall"] if self._plan.wall else [])],
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
            _send(process, self._orders())
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
        self._how_it_died = _describe_exit(process.returncode)
        if not self._collected:
            raise SuitesBroken(f"the process that runs the tests ended at its start\n{self.complaint()}")

    def stop(self) -> None:
        """End the process, if it runs."""
        if self._process is not None and self._process.poll() is None:
            end_process(self._process)

    def _orders(self) -> dict[str, Any]:
        return {
            "phases": [phase.id for phase in self._plan.phases],
            "target": str(self._plan.target),
            "seed": self._plan.seed,
            "leave_out": sorted(self._plan.leave_out),
            "done": sorted(self._done),
            "assembled": self._plan.assembled == ALWAYS,
            "diagnose": self._plan.wall,
        }

    def _note(self, event: dict[str, Any]) -> None:
        if event["event"] == "collected":
            self._collected = event["tests"]
        elif event["event"] == "start":
            self._running = event["test"]
        elif event["event"] == "result":
            self._done.add(event["test"])
        elif event["event"] == "end":
            self.finished = True

    def after_death(self, deaths: Counter[str]) -> list[TestResult]:
        """The results that follow from the process having died: the running test's, perhaps its phase's."""
        waiting = [test for test in self._collected if test["test"] not in self._done]
        if not waiting:
            self.finished = True
            return []
        running = next((test for test in waiting if test["test"] == self._running), waiting[0])
        phase = running["phase"]
        deaths[phase] += 1
        found = [_error(running, f"{self._how_it_died} during this test")]
        if deaths[phase] >= DEATHS_PER_PHASE:
            note = f"not run: the phase ended the process {DEATHS_PER_PHASE} times ({self._how_it_died})"
            found += [_error(test, note) for test in waiting if test["phase"] == phase and test is not running]
        return found


def _error(test: dict[str, Any], message: str) -> TestResult:
    return TestResult(test["test"], test["phase"], test["task"], test["core"], verdicts.ERROR, message)


KEPT = (
    "HOME", "KATA_TEST_TIMEOUT", "KATA_WALL_START", "KATA_WITHOUT", "LANG", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH",
    "PATH", "PYTHONHOME", "PYTHONPATH", "PYTHONUTF8", "SYSTEMROOT", "USERPROFILE",
    "VIRTUAL_ENV",
)  # fmt: skip
"""Variables of the user's environment that the process needs; the others are none of a submission's business."""


def session_environment() -> dict[str, str]:
    """The environment of a process that runs suites."""
    environment = {name: os.environ[name] for name in os.environ if name in KEPT or name.startswith("LC_")}
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    environment["OMP_NUM_THREADS"] = "1"
    return environment


def _send(process: subprocess.Popen[bytes], orders: dict[str, Any]) -> None:
    try:
        process.stdin.write(json.dumps(orders).encode())
        process.stdin.close()
    except OSError:  # it died already; its end says why
        pass


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


def end_process(process: subprocess.Popen[bytes]) -> None:
    """End the process and everything it started."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    elif process.poll() is None:
        process.kill()
    process.wait()


def _describe_exit(code: int) -> str:
    if code < 0:
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        return f"the process crashed ({name})"
    return f"the process ended early (exit status {code})"

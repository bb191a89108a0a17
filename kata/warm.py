"""A session that stays: suites collected, torch imported, server forked, ready to run a phase at once.

``WarmSession`` is the side of the process that asks (it needs no torch). ``serve`` is the other side, called inside
pytest by ``kata.session --warm``: orders come as lines of JSON, events go back as lines of JSON. A running
order is cancelled by SIGINT, which the one that asks sends once it knows that the order has begun.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from pathlib import Path
from typing import Any, Callable, Iterator, Sequence, TextIO

from . import interrupts, verdicts
from .course import DEFAULT_TARGET, PROJECT, Phase
from .isolation.scratch import remove
from .processes import SuitesBroken, end_process, session_environment
from .results import TestResult

LOST = (verdicts.FAILED, verdicts.ERROR, verdicts.TODO)


class WarmSession:
    """Start a warm session; give it orders.

    Args:
        phases: whose suites it collects.
        seed: seed of all random draws.
        assembled: collect the suite of the six files together as well (``run`` with ``results.ASSEMBLED``).
    """

    def __init__(self, phases: Sequence[Phase], seed: int = 0, assembled: bool = False) -> None:
        self._scratch = tempfile.mkdtemp(prefix="kata-")
        self._lock = threading.Lock()
        self._ordered = self._begun = self._cancelled = False
        self._process = subprocess.Popen(
            [sys.executable, "-m", "kata.session", "--warm"],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**session_environment(), "TMPDIR": self._scratch},
            start_new_session=True,
        )
        wanted = [phase.id for phase in phases]
        self._send({"phases": wanted, "target": str(DEFAULT_TARGET), "seed": seed, "assembled": assembled})

    def run(
        self,
        phase_id: str,
        target: Path,
        tasks: Sequence[str] | None = None,
        first: Sequence[str] = (),
        stop_at_loss: bool = False,
        diagnose: bool = True,
    ) -> Iterator[dict[str, Any]]:
        """Order the tests of a phase.

        The events are ``result``, ``through`` (after the last test of a task), ``tested`` (after the last of all),
        ``diagnosis``, and at last ``end``.

        Args:
            phase_id: one of the phases of this session.
            target: the folder it is taken from, read anew.
            tasks: names of the tasks to run; None for all.
            first: node ids of the tests to run first.
            stop_at_loss: end with the first test that does not pass.
            diagnose: look for a known misconception in every task that fails.

        Raises:
            SuitesBroken: if the session ended, or could not collect the suites.
        """
        order = {
            "phase": phase_id,
            "target": str(target.resolve()),
            "tasks": None if tasks is None else list(tasks),
            "first": list(first),
            "stop_at_loss": stop_at_loss,
            "diagnose": diagnose,
        }
        with self._lock:
            self._ordered, self._begun, self._cancelled = True, False, False
        self._send(order)
        return self._events_of_order()

    def _events_of_order(self) -> Iterator[dict[str, Any]]:
        for event in self.events():
            if event["event"] == "begun":
                self._note_begin()
                continue
            if event["event"] == "end":
                with self._lock:
                    self._ordered = self._begun = False
            yield event
            if event["event"] == "end":
                return

    def events(self) -> Iterator[dict[str, Any]]:
        """What the session tells, one event after another; ``ready`` comes once, after its start.

        Raises:
            SuitesBroken: when it has ended.
        """
        for line in self._process.stdout:
            try:
                event = json.loads(line)
            except ValueError:  # it was ended in the middle of a line
                break
            if event["event"] == "pid":
                continue
            if event["event"] == "broken":
                raise SuitesBroken(event["message"])
            yield event
        raise SuitesBroken("the process that runs the tests ended")

    def cancel(self) -> None:
        """End the order that was given last, if it has not ended; its ``end`` event says so. From any thread."""
        with self._lock:
            self._cancelled = self._ordered
            if self._begun:
                self._interrupt()

    def _note_begin(self) -> None:
        """The order has begun: from now on it can be interrupted, and is if that was wished for before."""
        with self._lock:
            self._begun = True
            if self._cancelled:
                self._interrupt()

    def _interrupt(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._process.pid, signal.SIGINT)

    def close(self) -> None:
        """End the session and all that belongs to it, at once. From any thread, and as often as you like."""
        with self._lock:
            # The server of the guests notices that its host is gone, and ends them and itself.
            if self._process.poll() is None:
                end_process(self._process)
            with contextlib.suppress(OSError):
                self._process.stdin.close()
            remove(Path(self._scratch))

    def _send(self, order: dict[str, Any]) -> None:
        try:
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            self._process.stdin.flush()
        except (OSError, ValueError):  # its end of the pipe is gone, or ours is closed
            raise SuitesBroken("the process that runs the tests ended") from None

    def __enter__(self) -> WarmSession:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def serve(bench: Any, orders: TextIO, send: Callable[..., None]) -> None:
    """Carry out orders until there are no more.

    Args:
        bench: a ``Workbench``.
        orders: lines of JSON.
        send: ``send(event, **data)`` tells the one that asks.
    """
    interrupts.install()
    send("ready", tests=len(bench.items))
    for line in orders:
        cancelled = False
        try:
            with interrupts.allowed():
                send("begun")
                _carry_out(bench, json.loads(line), send)
        except KeyboardInterrupt:
            cancelled = True
        send("end", cancelled=cancelled)


def _carry_out(bench: Any, order: dict[str, Any], send: Callable[..., None]) -> None:
    from .diagnosis import Diagnoses
    from .isolation.transcript import Recording
    from .pytest_plugin import task_of

    bench.aim(Path(order["target"]))
    results: dict[str, TestResult] = {}
    recordings: dict[str, Any] = {}
    items = bench.tests(order["phase"], order["tasks"], order["first"])
    left = Counter(task_of(item) for item in items)
    for item in items:
        recordings[item.nodeid] = Recording()
        result = results[item.nodeid] = bench.run(item, recordings[item.nodeid])
        with interrupts.held_back():
            send("result", **result.as_dict())
        left[task_of(item)] -= 1
        if not left[task_of(item)]:
            send("through", task=task_of(item))
        if order["stop_at_loss"] and result.state in LOST:
            return
    send("tested")
    if order["diagnose"]:
        Diagnoses(bench, results, recordings, send).make()

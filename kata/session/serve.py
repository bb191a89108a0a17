"""Carry out orders one after another: suites stay collected, so that a run costs only its tests."""

from __future__ import annotations

import queue
import threading
from collections import Counter
from pathlib import Path
from typing import Any, Callable, Iterator, TextIO

from ..course.phases import COURSE
from ..results import ERROR, FAILED, TODO, TestResult
from ..sandbox import interrupts
from ..session_protocol import (
    AllTested,
    Begun,
    Cancel,
    Confined,
    Ended,
    Event,
    Finished,
    Ready,
    RunTests,
    TaskThrough,
    WrittenOut,
    decode_order,
)  # fmt: skip

LOST = (FAILED, ERROR, TODO)


def serve(bench: Any, orders: TextIO, send: Callable[[Event], None]) -> None:
    """Carry out orders until there are no more.

    Args:
        bench: a ``TestBench``.
        orders: ``RunTests``, a line each.
        send: tells the grader an event.
    """
    interrupts.install()
    send(Ready(len(bench.items)))
    for line in _listen(orders):
        cancelled = False
        try:
            with interrupts.allowed():
                send(Begun())
                order = decode_order(line, RunTests)
                if order is not None:
                    _carry_out(bench, order, send)
                    send(Confined(bench.held()))
        except KeyboardInterrupt:
            cancelled = True
        send(Ended(cancelled))


def _listen(orders: TextIO) -> Iterator[str]:
    """The lines of the orders. A ``Cancel`` is none of them: it interrupts what is being carried out, at once."""
    lines: queue.Queue[str | None] = queue.Queue()

    def read() -> None:
        for line in orders:
            if decode_order(line, Cancel) is None:
                lines.put(line)
            else:
                interrupts.interrupt_main()
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    return iter(lines.get, None)


def _written_out(test: str, recording: Any, target: str) -> WrittenOut:
    from .repro import CannotWrite, script_of

    try:
        return WrittenOut(test, *script_of(recording, test, target))
    except CannotWrite as error:
        return WrittenOut(test, reason=str(error))
    except Exception as error:  # the answers are the submission's: whatever they confuse in there
        return WrittenOut(test, reason=f"its answers make no script: {type(error).__name__}")


def _carry_out(bench: Any, order: RunTests, send: Callable[[Event], None]) -> None:
    from ..diagnosis.diagnose import Diagnoses
    from ..sandbox.host.recording import Recording
    from ..testing.plugin import task_of
    from .reference_check import ReferenceCheck

    bench.aim(Path(order.target))
    results: dict[str, TestResult] = {}
    recordings: dict[str, Any] = {}
    items = bench.tests(order.phase, order.tasks, order.first)
    left = Counter(task_of(item) for item in items)
    for item in items:
        recordings[item.nodeid] = Recording()
        result = results[item.nodeid] = bench.run(item, recordings[item.nodeid])
        with interrupts.held_back():
            send(Finished(result))
        left[task_of(item)] -= 1
        if not left[task_of(item)]:
            send(TaskThrough(task_of(item) or ""))
        if order.write_out and result.state in LOST:
            send(_written_out(result.test, recordings[item.nodeid], order.target))
        if order.stop_at_loss and result.state in LOST:
            return
    send(AllTested())
    if order.diagnose:
        for result in ReferenceCheck(bench).not_gradable(list(results.values())):
            results[result.test] = result
            with interrupts.held_back():
                send(Finished(result))
        # Of tasks that are not run here nobody knows whether they are right.
        others = [(phase.id, task.name) for phase in COURSE for task in phase.tasks if task.name not in left]
        Diagnoses(bench, Path(order.target), results, recordings, send, not_run=others).make()

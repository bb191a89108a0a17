"""Carry out orders one after another: suites stay collected, so that a run costs only its tests."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any, Callable, TextIO

from ..results import ERROR, FAILED, TODO, TestResult
from ..sandbox import interrupts

LOST = (FAILED, ERROR, TODO)


def serve(bench: Any, orders: TextIO, send: Callable[..., None]) -> None:
    """Carry out orders until there are no more.

    Args:
        bench: a ``TestBench``.
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
    from ..diagnosis.diagnose import Diagnoses
    from ..sandbox.host.recording import Recording
    from ..testing.plugin import task_of

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

"""From a save to the verdict on the screen, against ``import torch``: ``python -m benchmarks.watch [SAVES]``.

``watch`` runs in a pseudo-terminal, as a user has it. Each save changes the code of one task of a solved phase, the
tasks taking turns, as someone works who goes through the phase: ``watch`` runs that task's tests again, then those of
what builds on it. The verdict is there when the task's state is; "and on all" when the line with the next step has
come, after the state of every task of the phase.
"""

from __future__ import annotations

import ast
import statistics
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.timing import IMPORT_TORCH, in_turns, seconds, table
from kata.course.phases import COURSE, REFERENCE
from selftest.submissions import make_target
from selftest.terminal import Terminal

SAVES = 30
BASE = "import torch"


def main() -> None:
    """Run and print."""
    saves = int(sys.argv[1]) if len(sys.argv) > 1 else SAVES
    medians = in_turns({BASE: IMPORT_TORCH}, 3)
    imports = [medians[BASE]]
    goals = {}
    with tempfile.TemporaryDirectory() as folder:
        target = make_target(Path(folder) / "mine")
        for phase in COURSE:
            source = (REFERENCE / phase.file).read_text(encoding="utf-8")
            with Terminal(["watch", str(phase.number), "--target", target]) as terminal:
                terminal.wait_for("Next: ")
                taken, on_all = [], []
                for turn in range(saves + 2):
                    task = phase.tasks[turn % len(phase.tasks)].name
                    source = _worked_on(source, task)
                    started = time.perf_counter()
                    (target / phase.file).write_text(source, encoding="utf-8")
                    seen = terminal.wait_for(rf"[✓✗] {task} .*\n")
                    first = time.perf_counter() - started
                    if "Next: " not in seen:
                        terminal.wait_for("Next: .*\n")
                    if turn > 1:  # the first save waits for torch
                        taken.append(first)
                        on_all.append(time.perf_counter() - started)
                    time.sleep(0.2)
                terminal.press("q")
                terminal.end()
            imports.append(seconds(IMPORT_TORCH))
            name = f"phase {phase.number}: save to verdict"
            medians[name] = statistics.median(taken)
            goals[name] = 2.0 if phase.number == 6 else 0.6
            medians[f"phase {phase.number}: and on all"] = statistics.median(on_all)
    medians[BASE] = statistics.median(imports)
    print(table(medians, BASE, goals))


def _worked_on(source: str, task: str) -> str:
    """The source with one more statement, which does nothing, in the first function of a task."""
    found = next(node for node in ast.parse(source).body if getattr(node, "name", "") == task)
    body = next(node for node in ast.walk(found) if isinstance(node, ast.FunctionDef)).body
    lines = source.splitlines(keepends=True)
    lines.insert(body[-1].lineno - 1, " " * body[-1].col_offset + "pass\n")
    return "".join(lines)


if __name__ == "__main__":
    main()

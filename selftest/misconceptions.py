"""Prove the suites by the catalogue: each misconception loses points where it should, and is named.

``python -m selftest.misconceptions [ID|TASK|PHASE ...] [--seeds 0,1,2] [--thorough] [--write-also] [--jobs N]`` prints
a table. That a mistake costs no other task anything is looked at under the first seed; with ``--thorough`` under all of
them. ``--write-also`` writes down which other tasks lost points under every seed (``also.json``, ``docs/mistakes.md``).
"""

from __future__ import annotations

import argparse
import ast
import json
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Iterator, Mapping, Sequence

from kata.course.phases import COURSE, REFERENCE
from kata.diagnosis.misconceptions import ALSO, Misconception, also, catalogue
from kata.diagnosis.misconceptions.__main__ import write as write_table
from kata.grading.session_client import WarmSession
from kata.python_source import syntax_tree
from kata.results import PASSED
from kata.session_protocol import Diagnosed, TriedAgain
from selftest.session_events import results_of

SEEDS = (0, 1, 2, 3, 4, 5)
NAMED = 0.95
"""Share of the misconceptions that must be named; two that behave alike are not."""

ROW = "{:44} {:8} {:30} {}"


@dataclass
class Finding:
    """What the suites say of one misconception.

    Attributes:
        misconception: which one.
        escaped: seeds under which its own task, or one of ``also``, lost nothing; or its own with right neighbours.
        spilled: (seed, task) where a task lost points that should not have; one of ``also`` with right neighbours.
        lost: (seed, task) where a task lost points.
        named: id of the diagnosis under the first seed; empty if there was none.
        diagnosed: whether a diagnosis was asked for.
    """

    misconception: Misconception
    escaped: list[tuple[int, str]] = field(default_factory=list)
    spilled: list[tuple[int, str]] = field(default_factory=list)
    lost: set[tuple[int, str]] = field(default_factory=set)
    named: str = ""
    diagnosed: bool = False

    @property
    def caught(self) -> bool:
        """Whether it loses what it should, and nothing else, under every seed."""
        return not self.escaped and not self.spilled


def affected_tasks(misconception: Misconception) -> list[str]:
    """The tasks whose code reaches a definition that the misconception changes; the others cannot lose by it."""
    phase = misconception.phase
    before = _definitions((REFERENCE / phase.file).read_text(encoding="utf-8"))
    after = _definitions(misconception.source())
    changed = {name for name in {*before, *after} if before.get(name) != after.get(name)}
    if "" in changed:  # something outside of all definitions
        return [task.name for task in phase.tasks]
    while True:
        users = {name for name, code in after.items() if any(word in changed for word in _words(code))}
        if users <= changed:
            return [task.name for task in phase.tasks if task.name in changed]
        changed |= users


def _definitions(source: str) -> dict[str, str]:
    """Name to code of everything at the top of a module; under ``""`` the rest."""
    found = {"": ""}
    tree = syntax_tree(source)
    for node in tree.body:
        name = node.name if isinstance(node, (ast.FunctionDef, ast.ClassDef)) else ""
        found[name] = found.get(name, "") + ast.dump(node)
    return found


def _words(code: str) -> set[str]:
    return {part.split("'")[0] for part in code.split("id='")[1:]}


def prove(
    wanted: Sequence[Misconception],
    seed: int,
    diagnose: bool,
    everywhere: bool,
    telling: Mapping[tuple[str, str], Sequence[str]] = MappingProxyType({}),
) -> Iterator[tuple[str, dict[str, list[str]], str, list[str]]]:
    """Try misconceptions under one seed.

    Args:
        wanted: the misconceptions.
        seed: seed of all random draws.
        diagnose: whether to ask for the diagnosis, too.
        everywhere: whether to try the tasks that should not lose anything, too.
        telling: (id, task) to tests that failed under another seed: they are run first.

    Yields:
        The id, the tests that were lost by task (the first alone where nobody asked for more), the diagnosis, the
        tasks that pass with right neighbours.
    """
    phases = [phase for phase in COURSE if any(entry.phase == phase for entry in wanted)]
    with tempfile.TemporaryDirectory(prefix="misconceptions-") as folder, WarmSession(phases, seed) as session:
        for entry in wanted:
            phase = entry.phase
            target = entry.write(Path(folder) / entry.id)
            lost, named, repaired = {}, "", []
            for task in affected_tasks(entry) if everywhere else (entry.task, *entry.also):
                asked = diagnose and task in (entry.task, *entry.also)
                first = telling.get((entry.id, task), ())
                events = list(session.run(phase.id, target, [task], first, stop_at_loss=not asked, diagnose=asked))
                lost[task] = [result.test for result in results_of(events) if result.state != PASSED]
                again = [event for event in events if isinstance(event, TriedAgain)]
                if again and all(result.state == PASSED for result in again[0].results):
                    repaired.append(task)
                if task == entry.task:
                    named = next((event.id for event in events if isinstance(event, Diagnosed)), "")
            yield entry.id, lost, named, repaired


def find(
    wanted: Sequence[Misconception], seeds: Sequence[int], jobs: int = 2, thorough: bool = False, one_in: int = 1
) -> list[Finding]:
    """Try misconceptions under all seeds; the first seed also asks for the diagnosis, and tries the other tasks.

    Args:
        wanted: which ones.
        seeds: seeds of all random draws.
        jobs: how many at a time.
        thorough: try the other tasks under every seed.
        one_in: under the seeds after the first try one in so many.
    """
    findings = {entry.id: Finding(entry) for entry in wanted}
    telling: dict[tuple[str, str], list[str]] = {}

    def carry_out(share: Sequence[Misconception], seed: int, first: bool) -> None:
        for name, lost, named, repaired in prove(share, seed, first, first or thorough, telling):
            finding = findings[name]
            entry = finding.misconception
            expected = {entry.task, *entry.also}
            finding.escaped += [(seed, task) for task in expected if not lost.get(task)]
            finding.spilled += [(seed, task) for task in lost if lost[task] and task not in expected]
            finding.lost |= {(seed, task) for task in lost if lost[task]}
            telling.update({(name, task): tests for task, tests in lost.items() if tests})
            if first:
                finding.named, finding.diagnosed = named, True
                finding.escaped += [(seed, entry.task)] * (entry.task in repaired)
                finding.spilled += [(seed, task) for task in entry.also if lost[task] and task not in repaired]

    for number, seed in enumerate(seeds):
        tried = wanted[::one_in] if number else wanted
        shares = [share for share in (tried[start::jobs] for start in range(jobs)) if share]
        with ThreadPoolExecutor(jobs) as pool:
            list(pool.map(carry_out, shares, [seed] * len(shares), [number == 0] * len(shares)))
    return list(findings.values())


def write_also(findings: Sequence[Finding], seeds: Sequence[int], path: Path = ALSO) -> None:
    """Write down which other tasks lost points under every seed, by each of the misconceptions that were tried."""
    known = {entry.id for entry in catalogue()}
    told = {name: tasks for name, tasks in also().items() if name in known}
    for finding in findings:
        entry = finding.misconception
        others = [task.name for task in entry.phase.tasks if task.name != entry.task]
        told[entry.id] = [task for task in others if all((seed, task) in finding.lost for seed in seeds)]
    lines = [f"  {json.dumps(name)}: {json.dumps(told[name])}" for name in sorted(told) if told[name]]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def table(findings: Sequence[Finding]) -> str:
    """The findings as lines of text, with a summary."""
    lines = [ROW.format("misconception", "caught", "task", "named")]
    for finding in findings:
        entry = finding.misconception
        caught = "yes" if finding.caught else "NO"
        named = "yes" if finding.named == entry.id else f"NO: {finding.named or 'not named'}"
        lines.append(ROW.format(entry.id, caught, entry.task, named if finding.diagnosed else "-"))
        lines += [f"    lost nothing in {task} under seed {seed}" for seed, task in sorted(finding.escaped)]
        lines += [f"    lost points in {task} under seed {seed}" for seed, task in sorted(finding.spilled)]
    own = sum(finding.named == finding.misconception.id for finding in findings)
    other = sum(finding.named not in ("", finding.misconception.id) for finding in findings)
    caught = sum(finding.caught for finding in findings)
    lines.append(f"{len(findings)} known, {caught} caught, {own} named with their own id, {other} with another's")
    return "\n".join(lines)


def chosen(words: Sequence[str]) -> list[Misconception]:
    """The misconceptions that ids, tasks, phase numbers or phase ids name; all if there are none.

    Raises:
        KeyError: if a word names nothing.
    """
    if not words:
        return list(catalogue())
    found = []
    for word in words:
        named = [
            entry
            for entry in catalogue()
            if word in (entry.id, entry.task, str(entry.phase.number), f"phase{entry.phase.number}", entry.phase.id)
        ]
        if not named:
            raise KeyError(f"{word!r} is no misconception, task or phase that has any")
        found += named
    return list(dict.fromkeys(found))


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; return 1 if a misconception escapes, spills over or is named wrongly, or too many are not."""
    parser = argparse.ArgumentParser(prog="python -m selftest.misconceptions", description=__doc__)
    parser.add_argument("which", nargs="*", metavar="ID|TASK|PHASE", help="which misconceptions (default: all)")
    parser.add_argument("--seeds", default=",".join(map(str, SEEDS)), help="seeds, with commas between them")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="how many at a time (default: 2)")
    parser.add_argument("--thorough", action="store_true", help="try all tasks that a mistake reaches under all seeds")
    parser.add_argument("--write-also", action="store_true", help="write down which other tasks lose points")
    options = parser.parse_args(arguments)
    try:
        wanted = chosen(options.which)
    except KeyError as error:
        parser.error(error.args[0])
    started = time.monotonic()
    seeds = [int(seed) for seed in options.seeds.split(",")]
    findings = find(wanted, seeds, options.jobs, options.thorough or options.write_also)
    print(table(findings))
    print(f"{time.monotonic() - started:.0f} s")
    if options.write_also:
        write_also(findings, seeds)
        also.cache_clear()
        write_table()
    return 0 if holds(findings) else 1


def holds(findings: Sequence[Finding]) -> bool:
    """Whether all are caught, none is named wrongly, and nearly all that were diagnosed are named."""
    diagnosed = [finding for finding in findings if finding.diagnosed]
    named = [finding for finding in diagnosed if finding.named]
    right = [finding for finding in named if finding.named == finding.misconception.id]
    return all(finding.caught for finding in findings) and named == right and len(right) >= NAMED * len(diagnosed)


if __name__ == "__main__":
    sys.exit(main())

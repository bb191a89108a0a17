"""Is it the code, or this machine? A test that ended otherwise than by a check is put to the reference as well.

An exception, a crash, a time-out or an empty answer may come from the machine: a torch that lacks a kernel, too little
memory, a driver. If the reference fails in the same test of the same session, nothing is told of the submission.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, Iterable

from ..course.edition import has_reference
from ..course.phases import COURSE, REFERENCE
from ..results import ASSEMBLED, ERROR, PASSED, TestResult

MESSAGE = (
    "the reference fails here too, so it is this machine and not your code: run `python grader.py doctor`"
    " (the reference: {message})"
)


DIED = re.compile(r"no answer after |no process |the process |the code (ended|ends|raises) ")
"""How a message begins that tells of a guest which ended or did not answer. Another guest may have seen to that."""


class ReferenceCheck:
    """Put the reference through tests, each once.

    Args:
        bench: a ``TestBench``; afterwards it may be aimed at the reference.
        alone: no other guest runs beside this session's. Else the reference is not believed that it takes too long, or
            that there is no process to be had for it: a submission at work elsewhere can bring that about.
    """

    def __init__(self, bench: Any, alone: bool = False) -> None:
        self._bench, self._alone = bench, alone
        self._known: dict[str, TestResult] = {}
        self._items = {item.nodeid: item for item in bench.items}

    def not_gradable(self, results: Iterable[TestResult]) -> list[TestResult]:
        """Those results of a submission that this machine is to blame for, as they are to be reported.

        Tests of a task that end alike have one cause: the reference takes the others only if it fails in the first.
        """
        alike: dict[tuple[str, str, str], list[TestResult]] = {}
        for result in results:
            if result.broke and not result.not_gradable and _is_there(result.phase):
                kind = re.sub(r"\W*[\d.]+\W*", "", result.message)
                alike.setdefault((result.phase, result.task, kind), []).append(result)
        if not alike:
            return []
        self._bench.aim(REFERENCE)
        return [
            replace(
                result,
                state=ERROR,
                message=MESSAGE.format(message=self._reference(result).message),
                output="",
                not_gradable=True,
            )
            for same in alike.values()
            if self._fails(same[0])
            for result in same
            if self._fails(result)
        ]

    def _fails(self, result: TestResult) -> bool:
        """Whether the reference was seen to fail; where it was not run, because others took too long, nobody knows."""
        told = self._reference(result)
        if told.state == ERROR and (not told.broke or (DIED.match(told.message) and not self._alone)):
            return False
        return told.state != PASSED

    def _reference(self, result: TestResult) -> TestResult:
        if result.test not in self._known:
            self._known[result.test] = self._bench.run(self._items[result.test])
        return self._known[result.test]


def _is_there(phase_id: str) -> bool:
    """Whether this copy of the project has the reference that a test needs."""
    return all(has_reference(phase) for phase in COURSE if phase_id in (phase.id, ASSEMBLED))

"""Try known mistakes on the tests of a task: which of them behaves as the submission did?

Twice, if need be. At first a candidate must answer as was recorded in every test. Code that is right in another way
than the solution answers otherwise here and there (a buffer that is stored or not, parameters made in another order).
So if no candidate does, one is enough that answers as recorded in the tests that failed, and passes the others.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Iterable, Mapping

from ..results import FAILED, PASSED, TestResult
from ..sandbox.host.recording import Recording
from .comparison import has_a_crash
from .misconceptions import Misconception
from .replay import TestBench

TELLS_APART = {FAILED: 0.75, PASSED: 0.06}
"""How likely a test of that state tells a misconception from the submission, as a guess before the first try."""


class _Tests:
    """The tests of a task, those first that are likely to refuse a candidate soon.

    Nearly every candidate is out after a test or two. Which these are is learned from one candidate for the next.

    Args:
        items: the tests.
        results: test to how it ended with the submission.
    """

    def __init__(self, items: Iterable[Any], results: Mapping[str, TestResult]) -> None:
        self._items = list(items)
        self._seconds = {item.nodeid: results[item.nodeid].seconds for item in self._items}
        self._refused = {item.nodeid: TELLS_APART[results[item.nodeid].state] for item in self._items}
        self._tried = dict.fromkeys(self._refused, 1)

    def in_order(self, most: int | None = None) -> list[Any]:
        """All tests, or as many of the first."""
        return sorted(self._items, key=self._seconds_per_refusal)[:most]

    def note(self, item: Any, refused: bool) -> None:
        """Remember what a test said of a candidate."""
        self._tried[item.nodeid] += 1
        self._refused[item.nodeid] += refused

    def _seconds_per_refusal(self, item: Any) -> float:
        return self._seconds[item.nodeid] * self._tried[item.nodeid] / self._refused[item.nodeid]


class Candidates:
    """Candidates, tried one after another.

    Args:
        bench: runs the tests; afterwards it is aimed at some candidate.
        items: the tests that are compared.
        results: test to how it ended with the submission.
        recordings: test to what the submission answered in it.
        folder: takes the candidates' files.
    """

    def __init__(
        self,
        bench: TestBench,
        items: Iterable[Any],
        results: Mapping[str, TestResult],
        recordings: Mapping[str, Recording],
        folder: Path,
    ) -> None:
        self._bench = bench
        self._results, self._recordings = results, recordings
        self._folder = folder
        self._tests = _Tests(items, results)
        self._written: dict[str, Path] = {}
        self._alike: set[tuple[str, str]] = set()
        self._fails_otherwise: set[str] = set()

    def answers_alike(self, candidate: Misconception, most: int | None = None) -> bool:
        """Whether a candidate answers as was recorded, in all tests or in ``most`` of them."""
        self._aim(candidate)
        return all(self._is_alike(candidate, item) for item in self._tests.in_order(most))

    def fails_alike(self, candidate: Misconception) -> bool:
        """Whether a candidate answers as was recorded where the submission failed, and passes where it passed."""
        if candidate.id in self._fails_otherwise:
            return False
        self._aim(candidate)
        left = [item for item in self._tests.in_order() if (candidate.id, item.nodeid) not in self._alike]
        failed = [item for item in left if self._results[item.nodeid].state == FAILED]
        passed = [item for item in left if self._results[item.nodeid].state == PASSED]
        return all(self._is_alike(candidate, item) for item in failed) and all(
            self._bench.passes_too(item, self._recordings[item.nodeid]) for item in passed
        )

    @property
    def failed(self) -> list[str]:
        """The tests that the submission failed."""
        return [item.nodeid for item in self._tests.in_order() if self._results[item.nodeid].state == FAILED]

    @property
    def failed_by_values(self) -> set[str]:
        """Those of them in which nothing but the code itself raised an exception."""
        return {name for name in self.failed if not has_a_crash(self._recordings[name])}

    def passes_the_rest(self, candidate: Misconception) -> bool:
        """Whether a candidate passes what the submission passed."""
        self._aim(candidate)
        passed = [item for item in self._tests.in_order() if self._results[item.nodeid].state == PASSED]
        return all(
            (candidate.id, item.nodeid) in self._alike or self._bench.passes_too(item, self._recordings[item.nodeid])
            for item in passed
        )

    def explained(self, candidate: Misconception) -> set[str]:
        """The tests that the submission failed and that a candidate answers as was recorded."""
        self._aim(candidate)
        items = [item for item in self._tests.in_order() if self._results[item.nodeid].state == FAILED]
        return {
            item.nodeid
            for item in items
            if (candidate.id, item.nodeid) in self._alike or self._is_alike(candidate, item)
        }

    def _aim(self, candidate: Misconception) -> None:
        if candidate.id not in self._written:
            self._written[candidate.id] = candidate.write(self._folder / candidate.id)
        self._bench.aim(self._written[candidate.id], within=self._folder)

    def _is_alike(self, candidate: Misconception, item: Any) -> bool:
        result = self._results[item.nodeid]
        alike = self._bench.behaves_as(item, result, self._recordings[item.nodeid])
        self._tests.note(item, refused=not alike)
        if alike:
            self._alike.add((candidate.id, item.nodeid))
        elif result.state == FAILED:
            self._fails_otherwise.add(candidate.id)
        return alike

"""What endless loops may cost: each test learns from those before it that ran out of time."""

from __future__ import annotations

from collections import Counter, defaultdict

TIMEOUTS_PER_TASK = 2
"""After so many tests of a task have run out of time, its other tests are not run."""

PATIENCE = {1: 10.0, 3: 5.0}
"""After so many tests of a submission have run out of time, the next ones get at most so many seconds."""

ENOUGH, TIMES_SLOWER = 10.0, 50.0
"""Where a test has passed before, it has at least so many seconds, and so many times what it took the last time."""

MOST_SECONDS = 90.0
"""After so many seconds in tests that ran out of time, no further test of the submission is run in this session."""


SECONDS_PER_PHASE = 600.0
"""After so much time in a phase, its other tests are not run."""


class Hanging:
    """The tests of one submission that ran out of time, and the time that all have taken, in one session."""

    def __init__(self) -> None:
        self._by_task: Counter[str] = Counter()
        self._by_phase: defaultdict[str, float] = defaultdict(float)
        self._seconds = 0.0

    def note_any(self, phase: str, seconds: float) -> None:
        """A test of a phase took so many seconds, however it ended."""
        self._by_phase[phase] += seconds

    def note(self, task: str, seconds: float) -> None:
        """A test of a task ran out of time after so many seconds."""
        self._by_task[task] += 1
        self._seconds += seconds

    def limit(self, usual: float) -> float:
        """Seconds that the next test may take; 0 for no limit, as in ``usual``."""
        hung = sum(self._by_task.values())
        return min([usual, *(seconds for tests, seconds in PATIENCE.items() if hung >= tests)]) if usual else 0.0

    def refusal(self, task: str, phase: str = "") -> str:
        """Why no further test of a task, or of a phase, is run; empty if one is."""
        if self._by_task[task] >= TIMEOUTS_PER_TASK:
            return f"not run: {TIMEOUTS_PER_TASK} tests of {task} ran out of time already"
        if self._seconds >= MOST_SECONDS:
            tests, first = sum(self._by_task.values()), next(iter(self._by_task))
            return f"not run: {tests} tests ran out of time already, the first of them one of {first}"
        if self._by_phase[phase] > SECONDS_PER_PHASE:
            return f"not run: the phase has taken more than {SECONDS_PER_PHASE:g} s already"
        return ""


class Paces:
    """What each test took when it passed, in a session that tests one submission after another.

    A test that has passed in a tenth of a second need not be waited for as long as one of which nothing is known.
    """

    def __init__(self) -> None:
        self._latest: dict[str, float] = {}

    def note(self, test: str, seconds: float) -> None:
        """A test passed."""
        self._latest[test] = seconds

    def limit(self, test: str, usual: float) -> float:
        """Seconds that a test may take, at most ``usual``; 0 for no limit, as there."""
        if test not in self._latest:
            return usual
        return min(usual, max(ENOUGH, TIMES_SLOWER * self._latest[test]))

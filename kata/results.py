"""What running the suites gives, before it is scored: plain data that crosses processes as JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

ASSEMBLED = "assembled"
"""Stands for the phase of a test of the assembled suite."""


@dataclass(frozen=True)
class TestResult:
    """How one test ended.

    Attributes:
        test: pytest's name of the test (node id).
        phase: id of its phase, or ``ASSEMBLED``.
        task: name of its task; empty in the assembled suite.
        core: whether the task earns nothing without this test.
        state: one of ``verdicts.STATES``.
        message: what a learner reads; empty where it passed.
        seconds: how long it took.
        output: what the submission printed meanwhile, cut to size.
    """

    __test__ = False  # not a test class, whatever its name

    test: str
    phase: str
    task: str
    core: bool
    state: str
    message: str = ""
    seconds: float = 0.0
    output: str = ""

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


@dataclass
class Results:
    """Everything a run gave.

    Attributes:
        tests: the results, in the order of the suites.
        assembled: whether the learner's six files work together; None if that was not tried.
        assembled_message: why they do not.
        held: what the wall held back; None where there was no wall.
        diagnoses: (phase id, task) to the id of the misconception that behaves as the task does.
    """

    tests: list[TestResult] = field(default_factory=list)
    assembled: bool | None = None
    assembled_message: str = ""
    held: list[str] | None = None
    diagnoses: dict[tuple[str, str], str] = field(default_factory=dict)

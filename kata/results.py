"""What running the suites gives, before it is scored: plain data that crosses processes as JSON."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from typing import Any

ASSEMBLED = "assembled"
"""Stands for the phase of a test of the assembled suite."""


PASSED, TODO, FAILED, ERROR, FORBIDDEN = "passed", "todo", "failed", "error", "forbidden"
STATES = (PASSED, TODO, FAILED, ERROR, FORBIDDEN)

MAX_LINES, MAX_CHARS = 8, 900


@dataclass(frozen=True)
class TestResult:
    """How one test ended.

    Attributes:
        test: pytest's name of the test (node id).
        phase: id of its phase, or ``ASSEMBLED``.
        task: name of its task; empty in the assembled suite.
        core: whether the task earns nothing without this test.
        state: one of ``STATES``.
        message: what a learner reads; empty where it passed.
        seconds: how long it took.
        output: what the submission printed meanwhile, cut to size.
        broke: whether it ended otherwise than by a check: by an exception, a crash, a time-out.
        not_gradable: whether the reference fails as well, so that this machine is to blame.
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
    broke: bool = False
    not_gradable: bool = False

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Diagnosis:
    """What is known to be wrong with a task.

    Attributes:
        ids: the misconceptions that it shows.
        unexplained: how many of its failing tests these do not explain.
    """

    ids: tuple[str, ...] = ()
    unexplained: int = 0


@dataclass
class Results:
    """Everything a run gave.

    Attributes:
        tests: the results, in the order of the suites.
        assembled: whether the learner's six files work together; None if that was not tried.
        assembled_message: why they do not.
        held: what the wall held back; None where there was no wall.
        diagnoses: (phase id, task) to the misconceptions that behave as the task does.
        tried_again: (phase id, task) to the neighbours whose place the reference took, and the results with it.
    """

    tests: list[TestResult] = field(default_factory=list)
    assembled: bool | None = None
    assembled_message: str = ""
    held: list[str] | None = None
    diagnoses: dict[tuple[str, str], Diagnosis] = field(default_factory=dict)
    tried_again: dict[tuple[str, str], tuple[list[str], list[TestResult]]] = field(default_factory=dict)


def shorten(text: str) -> str:
    """Cut a message to what fits under a task in the report, without control characters."""
    lines = [printable(line) for line in text.strip()[: 4 * MAX_CHARS].splitlines()]
    if len(lines) > MAX_LINES:
        lines = [*lines[: MAX_LINES - 1], "..."]
    text = "\n".join(lines)
    return text if len(text) <= MAX_CHARS else text[: MAX_CHARS - 3] + "..."


COMMAND = re.compile(
    r"(?:(?<=\s)|^)::"
    r"|::(?=(?:add|debug|echo|end|error|group|internal|notice|remove|save|set|stop|warning)[\w-]*(?: .*)?::)",
    re.IGNORECASE,
)
"""How a command of GitHub's begins; a line may be wrapped anywhere, so that it comes to stand at the beginning."""

SERVICE_MESSAGE = re.compile(r"##(?=\w*\[)")
"""How a command of Azure's (``##vso[``), TeamCity's or GitHub's older ones begins, anywhere in a line."""


def printable(line: str) -> str:
    """A line without control characters: nothing in it moves a cursor, colours a screen or speaks to a CI system."""
    line = "".join(c if c.isprintable() else " " for c in line)
    line = re.sub(":{3,}", lambda colons: " ".join(colons.group()), line)
    return COMMAND.sub(": :", SERVICE_MESSAGE.sub("# #", line))


OUTPUT_REPORTED = 2000
"""Characters of what a test printed that go into the report."""


def reported_output(text: str) -> str:
    """What a submission printed, cut to size and without control characters."""
    return "\n".join(printable(line) for line in text[:OUTPUT_REPORTED].splitlines())

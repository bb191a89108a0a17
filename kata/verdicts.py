"""What became of one test: a state and one readable paragraph, made from the exception that ended it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Iterable

from .loading import MissingName, SubmissionError
from .tracebacks import where

PASSED, TODO, FAILED, ERROR, FORBIDDEN = "passed", "todo", "failed", "error", "forbidden"
STATES = (PASSED, TODO, FAILED, ERROR, FORBIDDEN)

MAX_LINES, MAX_CHARS = 8, 900


class TestTimeout(BaseException):
    """A test ran out of time. Not an ``Exception``, so that a submission's ``except`` does not swallow it."""

    __test__ = False  # not a test class, whatever its name


class GuestDied(BaseException):
    """The process that runs the submission ended, or answered nonsense, in the middle of a test."""


class Forbidden(Exception):
    """A task uses what the rules forbid; its tests are not run."""


class NotRun(Exception):
    """A test was left out because its task has run out of time too often already."""


@dataclass(frozen=True)
class Verdict:
    """How a test ended.

    Attributes:
        state: one of ``STATES``.
        message: what a learner reads; empty where the test passed.
    """

    state: str
    message: str


def judge(error: BaseException | None, sources: Iterable[Path]) -> Verdict:
    """Turn the exception that ended a test (None: it passed) into a verdict.

    Args:
        error: the exception.
        sources: folders of the code under test; the message points at the last line in one of them.
    """
    if error is None:
        return Verdict(PASSED, "")
    error = _original(error)
    place = where(error, sources)
    if isinstance(error, Forbidden):
        return Verdict(FORBIDDEN, shorten(str(error)))
    if isinstance(error, NotImplementedError) and _is_unfinished(error, place):
        return Verdict(TODO, shorten(str(error)) or f"raises NotImplementedError{place}")
    if isinstance(error, (SubmissionError, NotRun)):
        return Verdict(ERROR, shorten(str(error)))
    if isinstance(error, MissingName):
        return Verdict(FAILED, shorten(str(error)))
    if isinstance(error, GuestDied):
        return Verdict(ERROR, shorten(str(error)))
    if isinstance(error, TestTimeout):
        return Verdict(ERROR, shorten(f"{error}{place}. Is there an endless loop?"))
    if isinstance(error, (SystemExit, GeneratorExit, KeyboardInterrupt)):
        return Verdict(ERROR, shorten(f"the code ends the program with {type(error).__name__}{place}"))
    if isinstance(error, AssertionError) and not place:
        return Verdict(FAILED, shorten(str(error)) or "a check failed without a message")
    if isinstance(error, (MemoryError, RecursionError)):
        return Verdict(ERROR, shorten(f"{type(error).__name__}{place}: {_text_of(error)}"))
    return Verdict(FAILED, shorten(f"raises {type(error).__name__}{place}: {_text_of(error)}"))


def _original(error: BaseException) -> BaseException:
    """The first failure behind what hypothesis makes of a test that fails only sometimes."""
    seen = 0
    while type(error).__name__ in ("FlakyFailure", "ExceptionGroup", "BaseExceptionGroup") and seen < 10:
        inner = getattr(error, "exceptions", ())
        if not inner:
            break
        error, seen = inner[0], seen + 1
    if type(error).__name__.startswith("Flaky"):
        return AssertionError("the same input gives different results from one call to the next")
    return error


def _is_unfinished(error: NotImplementedError, place: str) -> bool:
    """Whether it is a stub's; torch raises the same kind where it has no kernel for a dtype."""
    return _text_of(error).startswith("Phase ") or "raise NotImplementedError" in place


def _text_of(error: BaseException) -> str:
    try:
        return str(error) or "(no message)"
    except Exception:  # a submission may raise an exception that cannot be printed
        return "(its message cannot be printed)"


def shorten(text: str) -> str:
    """Cut a message to what fits under a task in the report, without control characters."""
    lines = [printable(line) for line in text.strip().splitlines()]
    if len(lines) > MAX_LINES:
        lines = [*lines[: MAX_LINES - 1], "..."]
    text = "\n".join(lines)
    return text if len(text) <= MAX_CHARS else text[: MAX_CHARS - 3] + "..."


def printable(line: str) -> str:
    """A line without control characters: nothing in it moves a cursor, colours a screen or speaks to a CI system."""
    line = "".join(c if c.isprintable() else " " for c in line).replace("##[", "## [")
    return line.replace("::", ": :", 1) if line.lstrip().startswith("::") else line

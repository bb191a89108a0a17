"""What became of one test: a state and one readable paragraph, made from the exception that ended it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Iterable

from ..results import ERROR, FAILED, FORBIDDEN, PASSED, TODO, shorten
from ..sandbox.errors import GuestDied, TestTimeout
from ..sandbox.loader import MissingName, SubmissionError
from ..sandbox.tracebacks import called_from, where
from ..source.rules import RuleBroken


class NotRun(Exception):
    """A test was left out because its task has run out of time too often already."""


@dataclass(frozen=True)
class Verdict:
    """How a test ended.

    Attributes:
        state: one of ``results.STATES``.
        message: what a learner reads; empty where the test passed.
        broke: whether it ended otherwise than by a check.
    """

    state: str
    message: str
    broke: bool = False

    def write_on(self, report: Any) -> None:
        """Keep it on pytest's report of the test, as plain data: pytest-xdist sends reports to another process."""
        report.kata_verdict = asdict(self)

    @staticmethod
    def read_from(report: Any) -> Verdict | None:
        """The verdict that ``write_on`` has kept; None for a test that is not of a suite."""
        told = getattr(report, "kata_verdict", None)
        return None if told is None else Verdict(**told)


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
    if isinstance(error, RuleBroken):
        return Verdict(FORBIDDEN, shorten(str(error)))
    if isinstance(error, NotImplementedError) and _is_unfinished(error, place):
        return Verdict(TODO, shorten(str(error)) or f"raises NotImplementedError{place}")
    if isinstance(error, (SubmissionError, NotRun)):
        return Verdict(ERROR, shorten(str(error)), broke=True)
    if isinstance(error, MissingName):
        return Verdict(FAILED, shorten(str(error)))
    if isinstance(error, GuestDied):
        return Verdict(ERROR, shorten(str(error)), broke=True)
    if isinstance(error, TestTimeout):
        return Verdict(ERROR, shorten(f"{error}{place}. Is there an endless loop?"), broke=True)
    if isinstance(error, (SystemExit, GeneratorExit, KeyboardInterrupt)):
        return Verdict(ERROR, shorten(f"the code ends the program with {type(error).__name__}{place}"), broke=True)
    if isinstance(error, AssertionError) and not place:
        return Verdict(FAILED, shorten(str(error)) or "a check failed without a message")
    if isinstance(error, (MemoryError, RecursionError)):
        return Verdict(ERROR, shorten(f"{type(error).__name__}{place}: {_text_of(error)}"), broke=True)
    told = f"raises {type(error).__name__}{place}: {_text_of(error)}"
    return Verdict(FAILED, shorten("\n".join([told, *_circumstances(error, sources)])), broke=True)


def _circumstances(error: BaseException, sources: Iterable[Path]) -> list[str]:
    """Lines about an exception: what the test had called, from where it was called wrongly, what was to be raised."""
    lines = []
    expected, call = (getattr(error, f"kata_{name}", "") for name in ("expected", "call"))
    if expected:
        lines.append(f"  expected: {expected}")
    caller = called_from(error, sources)
    if caller:
        lines.append(f"  called at {caller}")
    if call:
        lines.append(f"  the test's call: {call}")
    return lines


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

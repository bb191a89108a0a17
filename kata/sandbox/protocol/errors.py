"""Exceptions of the guest, as the host raises them."""

from __future__ import annotations

import builtins
from typing import Any

from ...source.rules import RuleBroken
from ..errors import GuestDied
from ..loader import MissingName, SubmissionError

MAX_NAMES, MAX_NAME, MAX_MESSAGE = 20, 200, 4000


def rebuild(told: Any) -> BaseException:
    """The exception that a guest tells of, as the nearest builtin one."""
    try:
        if not isinstance(told, dict) or not isinstance(told["names"], list):
            raise TypeError
        names = [str(name)[:MAX_NAME] for name in told["names"][:MAX_NAMES]]
        message, place = str(told["message"])[:MAX_MESSAGE], str(told["where"])[:MAX_MESSAGE]
    except (TypeError, KeyError):
        return GuestDied("the process that runs the submission answers nonsense about an exception")
    error: BaseException
    if names[:1] == ["SubmissionError"]:
        error = SubmissionError(message)
    elif names[:1] == ["MissingName"]:
        error = MissingName(message)
    elif names[:1] == ["ForbiddenPrimitive"]:
        error = RuleBroken(f"{message}{place}")
    elif "KeyboardInterrupt" in names:
        error = GuestDied(f"the code raises KeyboardInterrupt{place}")
    elif "StopIteration" in names or "StopAsyncIteration" in names:  # would end a loop of the test's in silence
        error = RuntimeError(f"{names[0]}: {message}")
    else:
        kinds = (getattr(builtins, name, None) for name in names)
        kind = next((k for k in kinds if isinstance(k, type) and issubclass(k, BaseException)), BaseException)
        if kind is BaseException:
            error = GuestDied(f"the code raises {names[0] if names else 'something'}{place}: {message}")
        elif not issubclass(kind, Exception):  # SystemExit, GeneratorExit: here it would end more than this test
            error = GuestDied(f"the code ends the program with {kind.__name__}{place}")
        else:
            if kind.__name__ != names[0]:
                message = f"{names[0]}: {message}"
            try:
                error = kind(message)
            except Exception:  # some exceptions want other arguments
                error = Exception(f"{kind.__name__}: {message}")
    error.__dict__.update(kata_where=place, kata_called_from=str(told.get("called_from", "")))
    return error

"""Standard streams, whatever they are: a terminal, a pipe, a notebook's, ``io.StringIO``, any object with ``write``."""

from __future__ import annotations

import sys
from typing import Any

from .signs import ERRORS


def tolerate() -> None:
    """Let output show a plain sign where its encoding lacks the usual one, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=ERRORS)


def write_utf8(text: str) -> None:
    """Write to standard output in UTF-8, whatever encoding it has: a program reads this."""
    binary = getattr(sys.stdout, "buffer", None)
    if binary is None:  # one that takes text alone
        sys.stdout.write(text)
        return
    sys.stdout.flush()
    binary.write(text.encode("utf-8", "replace"))
    binary.flush()


def is_terminal(stream: Any) -> bool:
    """Whether a person sits at the other end; a stream that is missing, closed or cannot tell is none."""
    try:
        return bool(stream.isatty())
    except (AttributeError, ValueError):
        return False

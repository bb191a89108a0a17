"""Python source as a syntax tree, in one thread at a time."""

from __future__ import annotations

import ast
import threading
import warnings

_one_at_a_time = threading.Lock()


def syntax_tree(source: bytes | str) -> ast.Module:
    """The syntax tree of a source text.

    Python 3.11 may raise a SystemError where two threads parse at once (its depth counters are shared), so that all of
    the project parses here.

    Raises:
        RecursionError, MemoryError, SyntaxError, ValueError: as ``ast.parse``.
    """
    with _one_at_a_time, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python quotes the line it warns of, control codes and all
        return ast.parse(source)

"""Which of the tests that failed says most about the cause.

A test that many mistakes fail, in the same way, says little: the formula is wrong, but why? ``telling.json`` holds, for
every test and every way to fail it, how many of the known mistakes of its task fail it so. It is measured:
``python -m selftest.telling`` writes it.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Sequence

from ..results import TestResult

TELLING = Path(__file__).parent / "telling.json"
"""Test to way of failing it to the number of known mistakes."""

WAYS = (
    ("raises", re.compile(r"^raises ")),
    ("type", re.compile(r" instead of |is an? \w+, expected|returns (None|an? )|returned a")),
    ("shape", re.compile(r": wrong shape$")),
    ("dtype", re.compile(r": wrong dtype$")),
    ("not finite", re.compile(r" is (NaN|infinite)")),
    ("NaN", re.compile(r"\(some are NaN\)")),
    ("no gradient", re.compile(r"gets no gradient|carries no gradient")),
    ("gradient", re.compile(r"^the gradient of")),
    ("values", re.compile(r"wrong value|values wrong")),
)
"""How a message's first line says in which way a test failed."""

NO_EXCEPTION = re.compile(r" returned normally$")
"""An exception that the contract asks for did not come: that is not why a plain formula is wrong."""

WORTH = 2
"""A later test is shown first if so many times fewer known mistakes fail it in that way."""


def name_of(test: str) -> str:
    """``test_phase1_embedding.py::test_shift_by_zero`` for a test's node id, without its cases."""
    return test.split("[")[0].rsplit("/", 1)[-1]


def way_of(message: str) -> str:
    """In which way a test failed, in a word."""
    first = message.split("\n", 1)[0]
    return next((way for way, pattern in WAYS if pattern.search(first)), "other")


def most_telling(failed: Sequence[TestResult]) -> TestResult:
    """The test to show first: the first that failed, unless another one tells the causes apart much better.

    A crash stays first: it is the same wherever it shows. So does a way of failing that no known mistake has. While a
    core test fails, which costs all points, a missing exception is not what is told.
    """
    if any(result.core for result in failed):
        failed = [result for result in failed if not NO_EXCEPTION.search(result.message.split("\n", 1)[0])] or failed
    first, known = failed[0], _known()

    def mistakes(result: TestResult) -> int:
        return known.get(name_of(result.test), {}).get(way_of(result.message), 0)

    if way_of(first.message) == "raises" or not mistakes(first):
        return first
    best = min((result for result in failed if mistakes(result)), key=mistakes)
    return best if mistakes(best) * WORTH <= mistakes(first) else first


@lru_cache(maxsize=None)
def _known() -> dict[str, dict[str, int]]:
    return json.loads(TELLING.read_text(encoding="utf-8")) if TELLING.is_file() else {}

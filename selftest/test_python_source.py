"""All of the project parses Python at one place, in one thread at a time."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

from kata.course.phases import PROJECT
from kata.python_source import syntax_tree
from selftest.submissions import solution


def test_threads_that_parse_at_once_do_no_harm():
    text = solution(4) + solution(6)
    with ThreadPoolExecutor(8) as pool:
        trees = list(pool.map(lambda _: len(syntax_tree(text).body), range(200)))
    assert len(set(trees)) == 1


def test_nothing_else_parses():
    here = PROJECT / "kata" / "python_source.py"
    for path in (PROJECT / "kata").rglob("*.py"):
        if path != here:
            assert not re.search(r"\bast\.parse\(", path.read_text(encoding="utf-8")), path

"""Call one test of a suite with a submission, and judge what came of it.

pytest runs every test once. A diagnosis, ``watch`` and the selftests run tests again and again in the same process,
against other folders, without pytest's protocol around them: both ways come through here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ..course.phases import phase_of_suite
from ..results import ERROR
from .in_process import generator_for, seed_for
from .outcome import Verdict, judge


def fresh_arguments(item: pytest.Function, kata: Any) -> dict[str, Any]:
    """What the suites' fixtures and parameters give a test, made anew.

    Args:
        item: the test.
        kata: the session's ``KataPlugin``.
    """
    given = dict(item.callspec.params) if hasattr(item, "callspec") else {}
    for name in item._fixtureinfo.argnames:
        if name in given:
            continue
        if name == "gen":
            given[name] = generator_for(kata.seed, item.name)
        elif name == "in_guest":
            given[name] = kata.submission.in_guest
        elif name == "manual_seed":
            given[name] = kata.submission.seed
        elif name in kata.fixtures:
            given[name] = kata.provide(kata.fixtures[name], item.path)
        else:
            raise LookupError(f"{item.nodeid} wants the fixture {name!r}, which is none of kata's")
    return given


def call(item: pytest.Function, kata: Any, arguments: dict[str, Any], recording: Any = None) -> None:
    """Call a test; what it raises comes through.

    Args:
        item: the test.
        kata: the session's ``KataPlugin``.
        arguments: the test's arguments by name.
        recording: takes note of the guest's answers (``sandbox.host.recording``); None for nothing.
    """
    kata.submission.recording = recording
    _call(item, kata, arguments, writes_back=True)
    if kata.submission.changed_inputs:
        # The test may have judged by inputs that the code had changed: it must hold for the ones it gave, too.
        _call(item, kata, arguments, writes_back=False)


def _call(item: pytest.Function, kata: Any, arguments: dict[str, Any], writes_back: bool) -> None:
    phase = phase_of_suite(item.path)
    # A seed of its own: what the code draws has nothing to do with what the test draws.
    seed = seed_for(kata.seed, f"submission {item.name}")
    kata.submission.begin(phase.id if phase else "", seed, kata.limit, writes_back)
    try:
        item.obj(**arguments)
    finally:
        changed = kata.submission.end()
    if changed:
        raise AssertionError(f"the code changes a global setting of torch and leaves it changed: {changed}")


def verdict_on(error: BaseException | None, target: Path) -> Verdict:
    """The verdict on a test that raised ``error`` (None: it passed)."""
    if isinstance(error, pytest.skip.Exception):
        return Verdict(ERROR, f"the test was skipped: {error}")
    return judge(error, [target])

"""Which phases this copy of the project hands out, and of which it holds the reference solution.

The whole project hands out everything. A student edition, made by ``python grader.py release``, says in
``edition.json`` what it holds; the stubs, which the whole project makes from the solutions, lie in ``stubs/`` there.
"""

from __future__ import annotations

import functools
import json

from .phases import COURSE, DEFAULT_TARGET, PROJECT, REFERENCE, STUBS, Phase
from .stubs import make_stub

EDITION = PROJECT / "edition.json"


class NoStub(Exception):
    """Neither the solution of a phase nor its stub is here; the message says what is missing."""


@functools.lru_cache(maxsize=None)
def handed_out() -> tuple[Phase, ...]:
    """The phases that this copy hands out, in their order."""
    try:
        told = json.loads(EDITION.read_text(encoding="utf-8"))["phases"]
    except FileNotFoundError:
        return COURSE
    return tuple(phase for phase in COURSE if phase.id in told)


def is_student_edition() -> bool:
    """Whether this copy was made by ``release``."""
    return EDITION.is_file()


def has_reference(phase: Phase) -> bool:
    """Whether the solution of a phase is here."""
    return (REFERENCE / phase.file).is_file()


def stub_of(phase: Phase) -> str:
    """The stub of a phase.

    Raises:
        NoStub: if this copy holds neither the solution nor the stub.
    """
    if has_reference(phase):
        return make_stub(phase, (REFERENCE / phase.file).read_text(encoding="utf-8"))
    try:
        return (STUBS / phase.file).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise NoStub(f"neither solutions/{phase.file} nor stubs/{phase.file} is here") from None


def add_missing_stubs() -> list[Phase]:
    """Put the stubs that are handed out and not there yet into a student edition's exercises; which these were.

    So an edition can be unpacked over an earlier one without touching what was written there.
    """
    added = []
    for phase in handed_out() if is_student_edition() else ():
        path = DEFAULT_TARGET / phase.file
        if not path.exists() and not path.is_symlink():
            path.parent.mkdir(exist_ok=True)
            path.write_text(stub_of(phase), encoding="utf-8")
            added.append(phase)
    return added

"""Which phases another one is tested with: those that it imports, and those that its suite asks for.

Read from the reference and the suites, so that a guest is given the reference of these phases and of no other.
"""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path
from typing import Iterator

from .phases import COURSE, REFERENCE, Phase


@functools.lru_cache(maxsize=None)
def builds_on(phase_id: str, reference: Path = REFERENCE) -> tuple[str, ...]:
    """Ids of the phases whose reference a phase is tested with, in the order of the course; for no phase, none.

    A phase whose reference is not there is left out: it comes from the submission, like a file of the learner's own.
    """
    phases = {phase.id: phase for phase in COURSE}
    found: set[str] = set()
    waiting = [*_imported(reference / phases[phase_id].file), *_asked_for(phases[phase_id])] if phase_id else []
    while waiting:
        other = waiting.pop()
        if other in phases and other != phase_id and other not in found and (reference / phases[other].file).is_file():
            found.add(other)
            waiting += _imported(reference / phases[other].file)
    return tuple(phase.id for phase in COURSE if phase.id in found)


def _imported(path: Path) -> Iterator[str]:
    """Names of the modules that a file imports from its own folder."""
    if path.is_file():
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.ImportFrom) and node.level == 1:
                yield from [node.module.split(".")[0]] if node.module else (alias.name for alias in node.names)


def _asked_for(phase: Phase) -> Iterator[str]:
    """Ids of the phases whose fixtures the tests of a phase take."""
    fixtures = {f"phase{other.number}": other.id for other in COURSE}
    for path in phase.suite():
        yield from (fixtures[name] for name in set(re.findall(r"\bphase\d\b", path.read_text(encoding="utf-8"))))

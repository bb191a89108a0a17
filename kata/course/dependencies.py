"""Which phases another one is tested with: those that it imports, and those that its suite asks for.

Read from the reference and the suites, so that a guest is given the reference of these phases and of no other.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Iterator

from .phases import COURSE, REFERENCE, STUBS, Phase

_RELATIVE_IMPORT = re.compile(r"^from \.(\w*) import +(.+)", re.MULTILINE)
"""A line such as ``from .phase2_attention import MultiHeadAttention``, or ``from . import phase2_attention``."""


def builds_on(phase_id: str, reference: Path = REFERENCE) -> tuple[str, ...]:
    """Ids of the phases whose reference a phase is tested with, in the order of the course; for no phase, none.

    A phase whose reference is not there is left out: it comes from the submission, like a file of the learner's own.
    """
    return tuple(other.id for other in _needed(phase_id, reference) if (reference / other.file).is_file())


def without_reference(phase_id: str, reference: Path = REFERENCE) -> tuple[Phase, ...]:
    """The phases that a phase builds on and whose reference is not here: it is tested with the learner's own."""
    return tuple(other for other in _needed(phase_id, reference) if not (reference / other.file).is_file())


@functools.lru_cache(maxsize=None)
def _needed(phase_id: str, reference: Path) -> tuple[Phase, ...]:
    phases = {phase.id: phase for phase in COURSE}
    found: set[str] = set()
    waiting = [*_imported(phases[phase_id], reference), *_asked_for(phases[phase_id])] if phase_id else []
    while waiting:
        other = waiting.pop()
        if other in phases and other != phase_id and other not in found:
            found.add(other)
            waiting += _imported(phases[other], reference)
    return tuple(phase for phase in COURSE if phase.id in found)


def _imported(phase: Phase, reference: Path) -> Iterator[str]:
    """Names of the modules that a phase imports from its own folder: its solution, or else its stub."""
    path = next((folder / phase.file for folder in (reference, STUBS) if (folder / phase.file).is_file()), None)
    text = path.read_text(encoding="utf-8", errors="replace") if path else ""
    for module, names in _RELATIVE_IMPORT.findall(text):
        yield from [module] if module else re.findall(r"\w+", names)


def _asked_for(phase: Phase) -> Iterator[str]:
    """Ids of the phases whose fixtures the tests of a phase take."""
    fixtures = {f"phase{other.number}": other.id for other in COURSE}
    for path in phase.suite():
        yield from (fixtures[name] for name in set(re.findall(r"\bphase\d\b", path.read_text(encoding="utf-8"))))

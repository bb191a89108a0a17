"""Right answers in other styles, which the suites must never reject: ``<phase id>/<name>.py``, whole files of a phase.

The first line of each is a docstring that says what it does differently.
"""

from __future__ import annotations

import ast
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator, Sequence

from kata.course.phases import COURSE, REFERENCE, Phase
from kata.grading.session_client import WarmSession
from kata.results import ASSEMBLED, PASSED
from kata.source.rules import forbidden_tasks
from selftest.session_events import results_of

HERE = Path(__file__).resolve().parent
SEEDS = (0, 1, 2, 3, 4, 5)


@dataclass(frozen=True)
class Variant:
    """One right answer.

    Attributes:
        phase: the phase that it solves.
        path: its file.
    """

    phase: Phase
    path: Path

    @property
    def name(self) -> str:
        """The file's name without the ending."""
        return self.path.stem

    @property
    def about(self) -> str:
        """What it does differently."""
        return ast.get_docstring(ast.parse(self.path.read_bytes())) or ""

    def build(self, folder: Path) -> Path:
        """Make a target folder: the solutions, with this file for its phase."""
        folder.mkdir(parents=True)
        for phase in COURSE:
            shutil.copy(self.path if phase == self.phase else REFERENCE / phase.file, folder / phase.file)
        return folder


def variants() -> list[Variant]:
    """All variants, by phase and name."""
    return [Variant(phase, path) for phase in COURSE for path in sorted((HERE / phase.id).glob("*.py"))]


def chosen(words: Sequence[str]) -> list[Variant]:
    """The variants that names, phase numbers or phase ids name; all if there are none.

    Raises:
        KeyError: if a word names nothing.
    """
    if not words:
        return variants()
    found = []
    for word in words:
        named = [v for v in variants() if word in (v.name, v.phase.id, str(v.phase.number), f"phase{v.phase.number}")]
        if not named:
            raise KeyError(f"{word!r} is no variant, and no phase that has any")
        found += named
    return list(dict.fromkeys(found))


def complaints(wanted: Sequence[Variant], seed: int, together: bool) -> Iterator[tuple[Variant, list[str]]]:
    """Grade variants behind the wall; yield each with what was not passed.

    Args:
        wanted: the variants.
        seed: seed of all random draws.
        together: also train and decode with the six files together.
    """
    phases = [phase for phase in COURSE if any(variant.phase == phase for variant in wanted)]
    with tempfile.TemporaryDirectory(prefix="variants-") as folder, WarmSession(phases, seed, together) as session:
        for variant in wanted:
            phase = variant.phase
            target = variant.build(Path(folder) / phase.id / variant.name)
            wrong = [f"{task}: {message}" for task, message in forbidden_tasks(phase, target).items()]
            for part in (phase.id, ASSEMBLED) if together else (phase.id,):
                results = results_of(session.run(part, target, diagnose=False))
                if not results:
                    wrong.append(f"seed {seed}: no test was run in {part}")
                wrong += [
                    f"seed {seed}: {result.test.split('::')[-1]}: {result.message}"
                    for result in results
                    if result.state != PASSED
                ]
            yield variant, wrong

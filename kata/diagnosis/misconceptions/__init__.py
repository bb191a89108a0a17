"""The catalogue of misconceptions: mistakes that people make, each as a small patch of the reference solution.

It serves twice. A failing test is replayed against the misconceptions of its task, and equal behaviour names the
mistake (``kata.diagnosis.diagnose``). And it proves the suites: each misconception must lose points (``selftest``).

``phase<N>_<subject>.py`` holds a tuple ``CATALOGUE``; a new file is found by its name.
"""

from __future__ import annotations

import pkgutil
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from pathlib import Path

from ...course.phases import COURSE, REFERENCE, Phase


@dataclass(frozen=True)
class Misconception:
    """One mistake.

    Attributes:
        id: lower case, words joined by hyphens; unique in the catalogue.
        task: the task whose code it is in.
        edits: pairs (find, replace) applied to the solution of the task's phase; each ``find`` stands in it once.
        en, ja: what the code does now, what the paper does, and why it matters; two to four sentences.
        lesson: the anchor in the phase's lesson where this is explained.
        also: other tasks of the phase that lose points with it, because they use this one.
    """

    id: str
    task: str
    edits: tuple[tuple[str, str], ...]
    en: str
    ja: str
    lesson: str
    also: tuple[str, ...] = ()

    @property
    def phase(self) -> Phase:
        """The phase of its task."""
        return next(phase for phase in COURSE if any(task.name == self.task for task in phase.tasks))

    def source(self) -> str:
        """The solution of the phase with this mistake in it.

        Raises:
            ValueError: if a text to be replaced does not stand in the solution exactly once.
        """
        text = (REFERENCE / self.phase.file).read_text(encoding="utf-8")
        for find, replace in self.edits:
            if text.count(find) != 1:
                raise ValueError(f"{self.id}: {find!r} stands {text.count(find)} times in {self.phase.file}, not once")
            text = text.replace(find, replace)
        return text

    def write(self, folder: Path) -> Path:
        """Make ``folder``, a target that holds the phase with this mistake; the other phases are the reference's."""
        folder.mkdir()
        (folder / self.phase.file).write_text(self.source(), encoding="utf-8")
        return folder

    def explanation(self, lang: str) -> str:
        """What to tell a learner, with the place in the lesson."""
        told, pointer = (self.ja, "解説: {}") if lang == "ja" else (self.en, " See {}.")
        return told + pointer.format(f"{self.phase.lesson(lang)}#{self.lesson}")


@lru_cache(maxsize=None)
def catalogue() -> tuple[Misconception, ...]:
    """All misconceptions, by phase."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name.startswith("phase"))
    return tuple(entry for name in names for entry in import_module(f"{__name__}.{name}").CATALOGUE)


def of_task(task: str) -> list[Misconception]:
    """The misconceptions that a task can lose points by; its own come first."""
    own = [entry for entry in catalogue() if entry.task == task]
    return own + [entry for entry in catalogue() if task in entry.also]


def by_id(misconception_id: str) -> Misconception:
    """The misconception with this id.

    Raises:
        KeyError: if there is none.
    """
    return {entry.id: entry for entry in catalogue()}[misconception_id]

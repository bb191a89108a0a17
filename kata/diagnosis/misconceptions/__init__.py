r"""The catalogue of misconceptions: mistakes that people make, each as a small patch of the reference solution.

It serves twice. A failing test is replayed against the misconceptions of its task, and equal behaviour names the
mistake (``kata.diagnosis.diagnose``). And it proves the suites: each misconception must lose points (``selftest``).

``phase<N>_<task>.py`` holds a tuple ``CATALOGUE`` of the mistakes in one task; a new file is found by its name. An
entry says what to find in the task's code (private helpers that it alone uses included) and what to put there::

    Misconception(
        id="layer-norm-over-time",
        task="LayerNorm",
        edits=(
            ("x.mean(dim=-1, keepdim=True)", "x.mean(dim=-2, keepdim=True)"),
            ("x.var(dim=-1, unbiased=False, keepdim=True)", "x.var(dim=-2, unbiased=False, keepdim=True)"),
        ),
        en=..., ja=..., lesson="layer-norm",
    )

Found is a syntax tree: an expression, or statements that follow each other. Layout and comments do not matter, and the
solution may call its local variables otherwise. It must stand there exactly once. ``...`` as a statement holds any
statements, which stand in the replacement where that says ``...``::

    ("with _evaluation_mode(model):\n    ...", "model.eval()\nwith torch.no_grad():\n    ...")

Nothing as a replacement takes statements away. Local variables of the solution that a replacement names must stand in
what is found, too (``...`` helps to reach them), so that they can be renamed with it. A tuple ``FITTED`` beside
``CATALOGUE`` holds families whose value is read off what a submission answers (``fitted``). Which other tasks lose
points by a mistake stands in ``also.json``; ``python -m selftest.misconceptions --write-also ID`` writes it, and with
it the table of all entries, ``docs/mistakes.md`` (``python -m kata.diagnosis.misconceptions`` writes that alone).
"""

from __future__ import annotations

import json
import pkgutil
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any, Mapping, Sequence

from ...course.edition import has_reference
from ...course.phases import COURSE, REFERENCE, Phase
from . import patch
from .fitted import Fitted

ALSO = Path(__file__).parent / "also.json"
"""Misconception's id to the other tasks of its phase that lose points with it, because they use its task."""


@dataclass(frozen=True)
class Misconception:
    """One mistake.

    Attributes:
        id: lower case, words joined by hyphens; unique in the catalogue.
        task: the task whose code it is in.
        edits: pairs (find, replace) applied to the task's solution; the form is told at the top.
        en, ja: what the code does now, what the paper does, and why it matters; two to four sentences.
        lesson: the anchor in the phase's lesson where this is explained.
        met: where it was seen in other people's code, or in a question about such code: addresses.
        fitted: whether it is one of a family with a value; a diagnosis makes those itself, with the value it finds.
    """

    id: str
    task: str
    edits: tuple[tuple[str, str], ...]
    en: str
    ja: str
    lesson: str
    met: tuple[str, ...] = ()
    fitted: bool = False

    @property
    def phase(self) -> Phase:
        """The phase of its task."""
        return next(phase for phase in COURSE if any(task.name == self.task for task in phase.tasks))

    @property
    def also(self) -> tuple[str, ...]:
        """Other tasks of the phase that lose points with it, because they use this one."""
        return tuple(also().get(self.id, ()))

    def source(self) -> str:
        """The solution of the phase with this mistake in it.

        Raises:
            ValueError: if what an edit looks for does not stand in the task once.
        """
        solution = (REFERENCE / self.phase.file).read_text(encoding="utf-8")
        try:
            return patch.apply(solution, self.task, self.edits)
        except ValueError as error:
            raise ValueError(f"{self.id}: {error} ({self.phase.file})") from None

    def write(self, folder: Path) -> Path:
        """Make ``folder``, a target that holds the phase with this mistake; the other phases are the reference's."""
        folder.mkdir()
        (folder / self.phase.file).write_text(self.source(), encoding="utf-8")
        return folder

    def explanation(self, lang: str) -> str:
        """What to tell a learner, with the place in the lesson."""
        told, pointer = (self.ja, "解説: {}") if lang == "ja" else (self.en, " See {}.")
        return told + pointer.format(f"{self.phase.lesson(lang)}#{self.lesson}")


def family(
    id: str,
    task: str,
    values: Mapping[str, str],
    edits: Sequence[tuple[str, str]],
    en: str,
    ja: str,
    lesson: str,
    met: tuple[str, ...] = (),
) -> tuple[Misconception, ...]:
    """One mistake for each value that it is made with; the explanation says the value that was found.

    Args:
        id, edits, en, ja: as in ``Misconception``, with ``{value}`` where the value stands.
        task, lesson, met: as in ``Misconception``.
        values: name of the value in the id to the code that stands for it.
    """
    return tuple(
        Misconception(
            id=id.replace("{value}", name),
            task=task,
            edits=tuple((find.replace("{value}", code), new.replace("{value}", code)) for find, new in edits),
            en=en.replace("{value}", code),
            ja=ja.replace("{value}", code),
            lesson=lesson,
            met=met,
        )
        for name, code in values.items()
    )


def with_value(family: Fitted, value: str) -> Misconception:
    """The mistake of a family with a value; its id is ``<id of the family>=<value>``.

    Raises:
        ValueError: if there is no such value.
    """
    filled = family.filled(value)
    return Misconception(
        id=f"{family.id}={value}",
        task=family.task,
        edits=tuple((find, filled(new)) for find, new in family.edits),
        en=filled(family.en),
        ja=filled(family.ja),
        lesson=family.lesson,
        met=family.met,
        fitted=True,
    )


@lru_cache(maxsize=None)
def also() -> dict[str, list[str]]:
    """What ``also.json`` holds."""
    return json.loads(ALSO.read_text(encoding="utf-8"))


@lru_cache(maxsize=None)
def catalogue() -> tuple[Misconception, ...]:
    """All misconceptions, by phase; in a student edition, of the phases whose solutions it holds.

    A family whose value is fitted is there with its samples.
    """
    entries: list[Misconception] = []
    for module in _modules():
        entries += module.CATALOGUE
        entries += [with_value(family, value) for family in getattr(module, "FITTED", ()) for value in family.samples]
    return tuple(entry for entry in entries if has_reference(entry.phase))  # a patch needs something to patch


@lru_cache(maxsize=None)
def fitted_families() -> Mapping[str, Fitted]:
    """Id to family of all whose value is fitted."""
    return {family.id: family for module in _modules() for family in getattr(module, "FITTED", ())}


def _modules() -> list[Any]:
    names = sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name.startswith("phase"))
    return [import_module(f"{__name__}.{name}") for name in names]


def of_task(task: str) -> list[Misconception]:
    """The misconceptions that a task can lose points by; its own come first."""
    own = [entry for entry in catalogue() if entry.task == task]
    return own + [entry for entry in catalogue() if task in entry.also]


def by_id(misconception_id: str) -> Misconception:
    """The misconception with this id.

    Raises:
        KeyError: if there is none.
    """
    family, _, value = misconception_id.partition("=")
    if not value:
        return {entry.id: entry for entry in catalogue()}[misconception_id]
    try:
        return with_value(fitted_families()[family], value)
    except ValueError as error:
        raise KeyError(str(error)) from None

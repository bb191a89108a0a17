"""``check("split_heads")``: grade a task, a phase or the whole course from Python, and show the report there."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from ..course.edition import add_missing_stubs, handed_out
from ..course.phases import COURSE, DEFAULT_TARGET, PROJECT, Phase, find_phase
from ..grading.grade import grade
from ..grading.scoring import Report
from ..grading.session_client import SuitesBroken
from ..grading.warm_grade import grade_in, grade_task
from ..i18n import LANGUAGES, choose
from ..reports import html, terminal
from ..results import PASSED
from ..source.files import Folder
from ..source.progress import is_untouched
from ..source.tree import line_of
from ..streams import tolerate
from .commands import in_notebook
from .warm import Warm

WIDTH = 100

NO_SUCH_TASK = (
    "there is no task or phase {what!r}; the tasks are {tasks}",
    "{what!r} という課題もフェーズもありません。課題は {tasks} です",
)


@dataclass
class Preferences:
    """What a notebook has chosen with ``%kata``, and what ``check`` takes unless it is told otherwise.

    Attributes:
        lang: ``"en"`` or ``"ja"``.
        target: the folder to grade.
        warm: the session that a notebook keeps; None in a script.
    """

    lang: str = "en"
    target: Path = field(default=DEFAULT_TARGET)
    warm: Warm | None = None

    @property
    def folder(self) -> str:
        """The target as a report calls it."""
        return self.target.name if self.target.parent == PROJECT else str(self.target)


PREFERENCES = Preferences()


@dataclass(frozen=True)
class Checked:
    """What ``check`` found. It has been shown already, so that a notebook shows it no second time."""

    report: Report

    @property
    def score(self) -> float:
        """Points earned."""
        return self.report.score

    @property
    def max_score(self) -> float:
        """Points possible."""
        return self.report.max_score

    def __bool__(self) -> bool:
        return all(task.state == PASSED for phase in self.report.phases for task in phase.tasks)

    def __repr__(self) -> str:
        return f"<{self.score:g} of {self.max_score:g} points>"

    def _ipython_display_(self) -> None:
        """IPython's way to show a value."""


def check(what: str | int | None, target: str | Path | None, seed: int, lang: str | None) -> Checked:
    """As ``kata.check``, which documents it."""
    lang = PREFERENCES.lang if lang is None else lang
    if lang not in LANGUAGES:
        raise ValueError(f"there is no language {lang!r}; the languages are {', '.join(LANGUAGES)}")
    phase, task = (None, None) if what is None else find(what, lang)
    folder, name = _folder(target)
    if phase is None:
        report = grade(folder, handed_out(), seed, lang, name=name)
    elif task is None:
        report = _check_phase(phase, folder, name, lang, seed)
    else:
        report = check_task(phase, task, folder, name, lang, seed)
    show(report, folder, lang)
    return Checked(report)


def find(what: str | int, lang: str = "en") -> tuple[Phase, str | None]:
    """The phase, and the task if one is meant.

    Raises:
        ValueError: if there is neither; the message lists the tasks.
    """
    for phase in COURSE:
        if any(task.name == what for task in phase.tasks):
            return phase, str(what)
    try:
        return find_phase(str(what)), None
    except KeyError:
        tasks = ", ".join(task.name for phase in COURSE for task in phase.tasks)
        raise ValueError(choose(NO_SUCH_TASK, lang).format(what=what, tasks=tasks)) from None


def _folder(target: str | Path | None) -> tuple[Path, str]:
    """The folder to grade, and how the report calls it."""
    if target is None:
        add_missing_stubs()
        return PREFERENCES.target, PREFERENCES.folder
    folder = Path(target) if Path(target).is_dir() else PROJECT / target
    if not folder.is_dir():
        raise ValueError(
            f"there is no folder {os.fspath(target)!r}; it should hold {COURSE[0].file} and the other phases"
        )
    return folder.resolve(), str(target)


def check_task(phase: Phase, task: str, target: Path, name: str, lang: str, seed: int = 0) -> Report:
    """Grade one task: in the session that the notebook keeps, or in one that is started for it and ends afterwards.

    Raises:
        SuitesBroken: if the suites cannot be run.
    """
    kept = PREFERENCES.warm
    if kept is not None and kept.seed == seed:
        with contextlib.suppress(SuitesBroken), kept.ending_on_trouble():  # one that has died gets a successor
            return grade_task(kept.of, target, phase, task, seed, lang, name)
    own = Warm(seed)
    try:
        return grade_task(own.of, target, phase, task, seed, lang, name)
    finally:
        own.end()


def _check_phase(phase: Phase, target: Path, name: str, lang: str, seed: int) -> Report:
    kept = PREFERENCES.warm
    if kept is not None and kept.seed == seed and not is_untouched(phase, target):
        with contextlib.suppress(SuitesBroken), kept.ending_on_trouble():
            return grade_in(kept.of(phase), target, (phase,), seed, lang, name)
    return grade(target, (phase,), seed, lang, name=name)


@dataclass(frozen=True)
class Shown:
    """A report for the eye: HTML where it can be shown, else text."""

    html: str
    text: str

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """IPython's way to show a value."""
        return {"text/html": self.html, "text/plain": self.text}


def show(report: Report, target: Path, lang: str) -> None:
    """Show a report: in a notebook as HTML, elsewhere as text on standard output."""
    if shell() is not None:
        from IPython.display import display

        page = in_notebook(html.render(report, lang), target == PREFERENCES.target, escape)
        display(Shown(page, _as_text(report, target, lang)))
        return
    tolerate()
    _print(report, Console(highlight=False), target, lang)


def shell() -> Any:
    """IPython's shell, if this runs in one."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None and hasattr(ipython, "get_ipython") else None


def _as_text(report: Report, target: Path, lang: str) -> str:
    written = io.StringIO()
    console = Console(file=written, width=WIDTH, highlight=False, force_jupyter=False, force_terminal=False)
    _print(report, console, target, lang)
    return in_notebook(written.getvalue().rstrip("\n"), target == PREFERENCES.target)


def _print(report: Report, console: Console, target: Path, lang: str) -> None:
    """The terminal's report; of one task its row, what was found, and where it stands."""
    if len(report.phases) > 1 or len(report.phases[0].tasks) > 1:
        terminal.show(report, console, target, lang)
        return
    phase, [task] = report.phases[0].phase, report.phases[0].tasks
    width = min(console.width, WIDTH)
    folder = Folder(target, report.target)
    lines = terminal.task_rows(task, lang, width)
    lines += [line for part in terminal.findings(task, lang, width, folder) for line in part]
    if task.state != PASSED:
        place = folder.place(phase.file, line_of(target / phase.file, task.name))
        lines.append(Text(f"    {place}", style="dim"))
    for line in lines:
        console.print(line, soft_wrap=True)

"""The report in the terminal: a bar a phase, a row a task, the total, and one next step."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import NamedTuple, Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from ..course.dependencies import without_reference
from ..course.edition import has_reference
from ..course.messages import in_language
from ..course.phases import COURSE, DEFAULT_TARGET, PROJECT
from ..grading.grade import next_task
from ..grading.scoring import Report, TaskScore
from ..i18n import text
from ..line_breaking import pad, wrap
from ..results import ERROR, FAILED, FORBIDDEN, PASSED, TODO
from ..signs import sign
from ..source.files import Folder, from_here
from ..source.tree import line_of
from . import welcome
from .findings import file_error, mistakes, waits_for

MARKS = {
    PASSED: ("✓", "green"),
    FAILED: ("✗", "red"),
    ERROR: ("!", "red"),
    FORBIDDEN: ("⊘", "magenta"),
    TODO: ("·", "dim"),
}
BAR, SHORT_BAR = 20, 14
ROOMY = 87
"""Columns from which on a long bar leaves room for every title."""

WIDTH = 100
INDENT = 6
PRINTED = 5
"""Lines of a submission's own output that are shown."""


def show(report: Report, console: Console, target: Path, lang: str = "en", verbose: bool = False) -> None:
    """Print the report.

    Args:
        report: what to print.
        console: where; its width is used up to ``WIDTH`` columns.
        target: the folder that was graded.
        lang: ``"en"`` or ``"ja"``.
        verbose: name every test that did not pass, and say how long each phase took.
    """
    if welcome.nothing_written(report):
        welcome.show(report, console, target, lang)
        return
    width = min(console.width, WIDTH)
    folder = Folder(target, report.target)

    def say(lines: Sequence[Text]) -> None:
        for line in lines:
            console.print(line, soft_wrap=True)

    console.print()
    console.print(
        Text("Transformer Kata", style="bold"),
        Text("  " + text("header", lang, target=report.target, seed=report.seed), style="dim"),
        sep="",
    )
    explained: dict[str, str] = {}
    for phase in report.phases:
        console.print()
        rows = heading(phase.phase.title(lang), f"{phase.phase.number} ", phase.score, phase.gradable, width)
        own = ", ".join(str(other.number) for other in without_reference(phase.phase.id))
        if own and any(task.state != TODO for task in phase.tasks):
            rows.append(Text(text("own_phases", lang, numbers=own), style="dim"))
        broken = file_error(phase)
        rows += _indented(folder.in_message(in_language(broken, lang)), width)
        for task in phase.tasks:
            rows += task_rows(task, lang, width)
            if not broken:
                rows += [line for part in findings(task, lang, width, folder, explained) for line in part]
            rows += _lost_tests(task, lang, width, folder) if verbose else []
        if verbose and phase.seconds:
            rows.append(Text("  " + text("seconds", lang, seconds=phase.seconds), style="dim"))
        say(rows)
    console.print()
    say(heading(text("total", lang), "", report.score, report.gradable, width, style="bold"))
    if report.not_gradable:
        told = text("not_gradable", lang, count=report.not_gradable, points=report.points_not_gradable)
        console.print(Text(told, style="yellow"), soft_wrap=True)
    if report.assembled is not None:
        console.print(text("assembled_yes" if report.assembled else "assembled_no", lang), markup=False)
        if not report.assembled:
            say(_indented(folder.in_message(in_language(report.assembled_message, lang)), width))
    console.print()
    for number, line in enumerate(next_step(report, target, lang)):
        console.print(Text(line, style="bold" if number == 0 else ""), soft_wrap=True)
    for line in after_the_pass(report, target, lang):
        console.print(Text(line), soft_wrap=True)


def show_total(report: Report, console: Console, target: Path, lang: str = "en") -> None:
    """Print the total and the next step, nothing else. Arguments as for ``show``."""
    for line in heading(text("total", lang), "", report.score, report.gradable, min(console.width, WIDTH), "bold"):
        console.print(line, soft_wrap=True)
    console.print(Text(next_step(report, target, lang)[0], style="bold"), soft_wrap=True)


def _lost_tests(task: TaskScore, lang: str, width: int, folder: Folder) -> list[Text]:
    """Every test that did not pass, as pytest calls it, and what it says first."""
    lines = []
    for test in task.tests:
        if test.state == PASSED or task.state in (PASSED, TODO):
            continue
        mark, style = MARKS[test.state]
        lines.append(Text.assemble((" " * INDENT + sign(mark) + " ", style), test.test))
        first = folder.in_message(in_language(test.message, lang)).strip().partition("\n")[0]
        lines += [Text("  ") + line for line in _indented(first, width - 2, style="dim")]
    return lines


def heading(
    title: str, number: str, score: float, max_score: float, width: int, style: str = "", points: str = ""
) -> list[Text]:
    """``1 Title ....... ██████████  62.5 / 100`` across the whole width; a title that does not fit is broken.

    Args:
        title, number: what stands on the left.
        score, max_score: fill the bar.
        width: columns.
        style: of title and points; the title alone is bold without.
        points: what stands on the right, if not the score.
    """
    size = BAR if width >= ROOMY else SHORT_BAR
    filled = int(size * score / max_score) if max_score else 0
    told = points or f"{score:g} / {max_score:g}"
    right = Text.assemble(("█" * filled, "green"), ("░" * (size - filled), "dim"), (f" {told:>13}", style))
    room = max(10, width - right.cell_len - 1)
    first, *rest = wrap(title, room - len(number))
    lines = [Text.assemble((pad(number + first, room) + " ", style or "bold"), right)]
    return [*lines, *(Text(" " * len(number) + line, style=style or "bold") for line in rest)]


def task_rows(task: TaskScore, lang: str, width: int) -> list[Text]:
    """``  ✓ split_heads      7/7 tests   15 / 15``; the stub that it waits for, below if that does not fit beside."""
    mark, style = MARKS[task.state]
    tests = text("tests", lang, passed=task.passed, total=task.total) if task.state != TODO else text("todo", lang)
    points = f"{task.score:g} / {task.gradable:g}"
    right = pad(tests, 18) + f" {points:>13}"
    room = width - cell_len(right) - 5
    if room < cell_len(task.name):  # a narrow screen
        right = f"{tests}  {points}"
        room = max(cell_len(task.name), width - cell_len(right) - 5)
    row = Text.assemble((f"{sign(mark):>3} ", style), task.name)
    below = []
    reason = waits_for(task, lang)
    if reason:
        if cell_len(task.name) + 2 + cell_len(reason) <= room:
            row.append("  " + reason, style="dim")
        else:
            below = _indented(reason, width, style="dim")
    row.append(" " * (4 + room + 1 - row.cell_len))
    row.append(right[: len(tests)], style=style)
    return [row.append(right[len(tests) :]), *below]


class Findings(NamedTuple):
    """What stands below a task, in lines that are not broken any more.

    Attributes:
        given: the neighbours it was passed with.
        message: what is said about the first test that did not pass.
        mistakes: the known mistakes.
        output: what the submission printed.
    """

    given: list[Text]
    message: list[Text]
    mistakes: list[Text]
    output: list[Text]


def findings(
    task: TaskScore, lang: str, width: int, folder: Folder | None = None, explained: dict[str, str] | None = None
) -> Findings:
    """What stands below a task: the neighbours it was passed with; if it did not pass, message, known mistake, output.

    Args:
        task: its verdict.
        lang: ``"en"`` or ``"ja"``.
        width: columns of a line.
        folder: how the files that a message names are called from here.
        explained: as for ``mistakes``.
    """
    given = _indented(given_line(task, lang), width, style="dim") if task.passed_given else []
    if task.state in (PASSED, TODO):
        return Findings(given, [], [], [])
    message = in_language(task.message, lang)
    message = folder.in_message(message) if folder else message
    named = [folder.in_message(mistake) if folder else mistake for mistake in mistakes(task, lang, explained)]
    told = [line for mistake in named for line in _indented(mistake, width, style="yellow")]
    output: list[Text] = []
    if task.output:
        printed = [text("printed", lang), *("  " + line for line in task.output.splitlines()[:PRINTED])]
        output = _indented("\n".join(printed), width, style="dim")
    return Findings(given, _indented(message or "?", width), told, output)


def given_line(task: TaskScore, lang: str) -> str:
    """``right, given a right `split_heads```."""
    return text("passed_given", lang, names=", ".join(f"`{name}`" for name in task.passed_given))


def _indented(message: str, width: int, style: str = "") -> list[Text]:
    """A message below its task; a line that is too long goes on under its own beginning."""
    lines = []
    for line in message.splitlines():
        content = line.lstrip()
        indent = INDENT + len(line) - len(content)
        for part in wrap(content, max(20, width - indent), hanging=2):
            lines.append(Text(" " * indent + part, style=style))
    return lines


def next_step(report: Report, target: Path, lang: str = "en") -> list[str]:
    """What to do now: one line, and where it helps a second and a third."""
    found = next_task(report)
    # With "=": pytest takes a folder after a space for one to collect tests from, and looks for its settings there.
    option = "" if target == DEFAULT_TARGET else f" --target={shlex.quote(report.target)}"
    if found is None:
        if report.not_gradable:
            return [text("next_doctor", lang)]
        if report.assembled is False:
            return [text("next_assemble", lang, target=option)]
        return [text("next_done" if len(report.phases) == len(COURSE) else "next_other", lang, target=option)]
    phase, task, state = found
    broken = next((file_error(score) for score in report.phases if score.phase == phase), "")
    if broken:
        at = re.match(r"(.+?\.py):(\d+) ", broken)
        place = Folder(target, report.target).place(phase.file, int(at[2]) if at else None)
        if at is not None and Path(at[1]).name != phase.file:  # a file that it imports
            place = at[0].strip()
        return [text("next_mend", lang, place=place)]
    line = line_of(target / phase.file, task)
    place = Folder(target, report.target).place(phase.file, line)
    lines = [text("next_implement" if state == TODO else "next_fix", lang, task=task, place=place)]
    if (PROJECT / phase.lesson(lang)).is_file():
        lines.append(text("lesson", lang, lesson=from_here(PROJECT / phase.lesson(lang))))
    if state != TODO:
        lines.append(text("details", lang, task=task, target=option))
    if state == FAILED:
        lines.append(text("repro", lang, task=task, target=option))
    return lines


def after_the_pass(report: Report, target: Path, lang: str = "en") -> list[str]:
    """What one phase that passes leaves to look at, or all of them; nothing otherwise."""
    scores = [task.state == PASSED for phase in report.phases for task in phase.tasks]
    option = "" if target == DEFAULT_TARGET else f" --target={shlex.quote(report.target)}"
    option += "" if lang == "en" else f" --lang {lang}"
    if not all(scores) or report.not_gradable:
        return []
    if len(report.phases) == len(COURSE):
        return [text("keep", lang, option=option)] if report.assembled else []
    if len(report.phases) > 1:
        return []
    phase = report.phases[0].phase
    lines = [text("see", lang, number=phase.number, option=option)]
    lessons = [PROJECT / each.lesson(lang) for each in (phase, COURSE[phase.number % len(COURSE)])]
    if lessons[0].is_file():
        lines.append(text("questions", lang, place=f"{from_here(lessons[0])}#questions"))
    if has_reference(phase):
        lines.append(text("compare", lang, number=phase.number, option=option))
    if lessons[1].is_file() and phase != COURSE[-1]:
        lines.append(text("next_lesson", lang, lesson=from_here(lessons[1])))
    return lines


def progress_line(done: int, total: int, lang: str) -> str:
    """What is shown while the tests run; those of the six files together come on top of ``total``."""
    return text("running", lang, done=min(done, total), total=total) if total else text("starting", lang)

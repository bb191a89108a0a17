"""The report in the terminal: a bar a phase, a row a task, the total, and one next step."""

from __future__ import annotations

import shlex
from pathlib import Path

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..course.dependencies import without_reference
from ..course.phases import COURSE, DEFAULT_TARGET, PROJECT
from ..grading.grade import next_task
from ..grading.scoring import Report, TaskScore
from ..i18n import text
from ..line_breaking import wrap
from ..results import ERROR, FAILED, FORBIDDEN, PASSED, TODO
from ..signs import sign
from ..source.tree import line_of
from . import welcome
from .findings import mistakes
from .messages import in_language

MARKS = {
    PASSED: ("✓", "green"),
    FAILED: ("✗", "red"),
    ERROR: ("!", "red"),
    FORBIDDEN: ("⊘", "magenta"),
    TODO: ("·", "dim"),
}
BAR = 20
WIDTH = 100
NARROW = 80
INDENT = 6
PRINTED = 5
"""Lines of a submission's own output that are shown."""


def show(report: Report, console: Console, target: Path, lang: str = "en") -> None:
    """Print the report.

    Args:
        report: what to print.
        console: where; its width is used up to ``WIDTH`` columns.
        target: the folder that was graded.
        lang: ``"en"`` or ``"ja"``.
    """
    if welcome.nothing_written(report):
        welcome.show(report, console, target, lang)
        return
    width = min(console.width, WIDTH)
    console.print()
    console.print(
        Text("Transformer Kata", style="bold"),
        Text("  " + text("header", lang, target=report.target, seed=report.seed), style="dim"),
        sep="",
    )
    for phase in report.phases:
        console.print()
        console.print(
            heading(
                phase.phase.title(lang),
                f"{phase.phase.number} ",
                phase.score,
                phase.gradable,
                width,
            )
        )
        own = ", ".join(str(other.number) for other in without_reference(phase.phase.id))
        if own and any(task.state != TODO for task in phase.tasks):
            console.print(Text(text("own_phases", lang, numbers=own), style="dim"), soft_wrap=True)
        for task in phase.tasks:
            console.print(task_row(task, lang, width))
            print_findings(task, console, lang, width)
    console.print()
    console.print(heading(text("total", lang), "", report.score, report.gradable, width, style="bold"))
    if report.not_gradable:
        told = text("not_gradable", lang, count=report.not_gradable, points=report.points_not_gradable)
        console.print(Text(told, style="yellow"), soft_wrap=True)
    if report.assembled is not None:
        console.print(text("assembled_yes" if report.assembled else "assembled_no", lang), markup=False)
        if not report.assembled:
            print_indented(console, report.assembled_message, width)
    console.print()
    for number, line in enumerate(next_step(report, target, lang)):
        console.print(Text(line, style="bold" if number == 0 else ""), soft_wrap=True)


def heading(title: str, number: str, score: float, max_score: float, width: int, style: str = "") -> Table:
    """``1 Title ....... ██████████  62.5 / 100`` across the whole width."""
    table = Table.grid(expand=False, padding=(0, 1))
    table.width = width
    table.add_column(ratio=1, overflow="ellipsis", no_wrap=True)
    table.add_column(width=BAR)
    table.add_column(width=13, justify="right", no_wrap=True)
    filled = int(BAR * score / max_score) if max_score else 0
    bar = Text("█" * filled, style="green") + Text("░" * (BAR - filled), style="dim")
    table.add_row(Text(number + title, style=style or "bold"), bar, Text(f"{score:g} / {max_score:g}", style=style))
    return table


def task_row(task: TaskScore, lang: str, width: int) -> Table:
    """``  ✓ split_heads      7/7 tests   15 / 15``."""
    mark, style = MARKS[task.state]
    mark = sign(mark)
    table = Table.grid(expand=False, padding=(0, 1))
    table.width = width
    table.add_column(width=3, justify="right")
    table.add_column(ratio=1, overflow="ellipsis", no_wrap=True)
    table.add_column(width=18, no_wrap=True)
    table.add_column(width=13, justify="right", no_wrap=True)
    name = Text(task.name)
    unfinished = task.message.split(": ", 1)[-1] if task.state == TODO else task.name
    if unfinished != task.name:
        name += Text("  " + text("waits_for", lang, name=unfinished), style="dim")
    tests = text("tests", lang, passed=task.passed, total=task.total) if task.state != TODO else text("todo", lang)
    table.add_row(
        Text(mark, style=style),
        name,
        Text(tests, style=style),
        f"{task.score:g} / {task.gradable:g}",
    )
    return table


def print_findings(task: TaskScore, console: Console, lang: str, width: int) -> None:
    """Below a task: the neighbours it was passed with; if it did not pass, the message, the known mistake, output."""
    if task.passed_given:
        print_indented(console, given_line(task, lang), width, style="dim")
    if task.state in (PASSED, TODO):
        return
    print_indented(console, in_language(task.message, lang) or "?", width)
    for told in mistakes(task, lang):
        print_indented(console, told, width, style="yellow")
    if task.output:
        printed = [text("printed", lang), *("  " + line for line in task.output.splitlines()[:PRINTED])]
        print_indented(console, "\n".join(printed), width, style="dim")


def given_line(task: TaskScore, lang: str) -> str:
    """``right, given a right `split_heads```."""
    return text("passed_given", lang, names=", ".join(f"`{name}`" for name in task.passed_given))


def print_indented(console: Console, message: str, width: int, style: str = "") -> None:
    """Print a message below its task; a line that is too long goes on under its own beginning."""
    for line in message.splitlines():
        content = line.lstrip()
        indent = INDENT + len(line) - len(content)
        for part in wrap(content, max(20, width - indent), hanging=2):
            console.print(Text(" " * indent + part, style=style), soft_wrap=True)


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
    line = line_of(target / phase.file, task)
    folder = report.target.rstrip("/")
    lines = [one_line("next_implement" if state == TODO else "next_fix", lang, task, folder, phase.file, line)]
    if (PROJECT / phase.lesson(lang)).is_file():
        lines.append(text("lesson", lang, lesson=phase.lesson(lang)))
    if state != TODO:
        lines.append(text("details", lang, task=task, target=option))
    return lines


def one_line(key: str, lang: str, task: str, folder: str, file: str, line: int | None) -> str:
    """What to write or to repair, and where; without the folder if it would not fit into a line."""
    for place in (f"{folder}/{file}", file):
        sentence = text(key, lang, task=task, place=place + (f":{line}" if line else ""))
        if cell_len(sentence) < NARROW:
            break
    return sentence


def progress_line(done: int, total: int, lang: str) -> str:
    """What is shown while the tests run."""
    return text("running", lang, done=done, total=total) if total else text("starting", lang)

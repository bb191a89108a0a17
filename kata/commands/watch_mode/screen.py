"""The page of ``watch``: the task at hand with its message, the other tasks in a line, the course in a bar."""

from __future__ import annotations

import difflib
import time
import tokenize
from dataclasses import dataclass
from pathlib import Path
from typing import Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from ...course.edition import has_reference
from ...course.phases import COURSE, DEFAULT_TARGET, PROJECT, REFERENCE, Phase
from ...grading.scoring import PhaseScore, TaskScore
from ...i18n import choose, text
from ...line_breaking import wrap
from ...reports import terminal
from ...results import ERROR, PASSED, TODO, printable
from ...signs import sign
from ...source.files import Folder, from_here
from ...source.tree import line_of, line_of_error, parse_source
from .pages import Pages
from .scoreboard import Scoreboard, task_at_hand
from .sentences import SENTENCES

BAR = 29
ROWS = 2
"""So many rewritten tasks at most get a row of their own; more stand among the others."""

CUTS = (
    ("greeting", 0),
    ("notes_air", 0),
    ("output", 0),
    ("air", 0),
    ("bar_air", 0),
    ("keys", 0),
    ("lesson", 0),
    ("message", 4),
    ("others", 0),
    ("heading", 0),
    ("rows", 0),
    ("message", 2),
    ("notes_end", 0),
    ("bar", 0),
    ("ways", 0),
    ("mistakes", 4),
    ("message", 1),
    ("mistakes", 1),
    ("back", 0),
)
"""What makes room on a small screen, first things first, and how many lines of it stay."""


@dataclass(frozen=True)
class View:
    """What is known of a phase at this moment.

    Attributes:
        phase: the phase.
        score: the verdict, as far as it is there; None if nothing is known.
        pending: tasks whose verdict is still to come.
        before: the verdict before the last save, for these.
        rewritten: tasks that the last save has changed.
        unwritten: of the pending ones those that are still a stub.
        status: what is going on; None once the verdict is there.
        style: of the status.
    """

    phase: Phase
    score: PhaseScore | None = None
    pending: frozenset[str] = frozenset()
    before: PhaseScore | None = None
    rewritten: frozenset[str] = frozenset()
    unwritten: frozenset[str] = frozenset()
    status: str | None = None
    style: str = "dim"


class Screen:
    """The page of ``watch`` on a console.

    Args:
        console: where.
        folder: the folder that is watched.
        lang: ``"en"`` or ``"ja"``.
        scoreboard: where the learner stands.

    Attributes:
        notes: lines above the verdict, which a key has asked for.
    """

    def __init__(self, console: Console, folder: Folder, lang: str, scoreboard: Scoreboard) -> None:
        self.pages = Pages(console)
        self.lang = lang
        self.notes: list[Text] = []
        self._folder = folder
        self._scoreboard = scoreboard
        self._greeting = self.say("watching", "bold", folder=folder.called)
        self._overview: list[Text] | None = None
        self._headline: tuple[str, str] | None = None
        self._warning: list[Text] = []
        self._has_verdict = True  # what a shell left is worth keeping, too

    def say(self, what: str, style: str = "", **values: object) -> list[Text]:
        """One sentence in lines."""
        return self._fill(choose(SENTENCES[what], self.lang).format(**values), style)

    def begin(self, why: str, phase: Phase, warning: Sequence[Text] = ()) -> None:
        """A new verdict begins: its headline says when, why and of which file."""
        words = choose(SENTENCES[why], self.lang).format(number=phase.number)
        if self._headline:
            self._greeting = []
        self._headline = f"── {time.strftime('%H:%M:%S')} · {words} ", f"· {self._folder.place(phase.file)} "
        self._warning, self.notes = list(warning), []

    def _head(self, width: int) -> list[Text]:
        """The headline as a rule across the page, and what is amiss with the file."""
        if not self._headline:
            return []
        line = "".join(self._headline)
        if cell_len(line) >= width:  # the line with the next step names the file again
            line = self._headline[0]
        return [Text(line + "─" * max(0, width - cell_len(line) - 1), style="cyan"), *self._warning]

    def show(self, view: View, keep: bool = False) -> None:
        """Show the page.

        Args:
            view: what is known.
            keep: a page with a verdict, or with what a key has asked for, scrolls away and is not overwritten.
        """
        passing = view.status is not None and not self.notes
        self.pages.show(self._page(view), keep=keep and self._has_verdict, passing=passing)
        self._has_verdict = not passing

    def _page(self, view: View) -> list[Text]:
        """All lines, few enough for the screen unless a key has asked for more."""
        width = min(self.pages.width, terminal.WIDTH)
        parts: dict[str, list[Text]] = {"greeting": self._within(self._greeting), "head": self._head(width)}
        if self.notes:
            parts.update(notes_air=[Text()], notes=self._within(self.notes), notes_end=[Text()])
        at_hand = self._at_hand(view)
        rows = self._rows(view, at_hand, width)
        parts["heading"] = self._heading(view, width)
        parts["others"] = self._others(view, {at_hand.name if at_hand else "", *rows}, width)
        parts["air"] = [Text()]
        parts["rows"] = [line for lines in rows.values() for line in lines]
        if at_hand is not None:
            parts.update(self._findings(view, at_hand, width))
        parts["bar_air"] = [Text()] if at_hand is not None or rows else []
        parts["bar"] = [self._bar(view.phase if view.status is not None else None)]
        if view.status is not None:
            parts["next"] = self._fill(view.status, view.style)
        else:
            parts.update(self._next_step(view.phase, at_hand))
            which = "back" if self.notes else "keys"
            parts[which] = self.say(which, "dim")
        self._cut(parts)
        return [line for lines in parts.values() for line in lines]

    def _cut(self, parts: dict[str, list[Text]]) -> None:
        """Take away what does not fit on the screen, the least important lines first."""
        for name, least in CUTS:
            over = sum(self.pages.rows(lines) for lines in parts.values()) - self.pages.room
            lines = parts.get(name, [])
            if over <= 0:
                return
            if len(lines) <= least:
                continue
            kept = max(least, len(lines) - over - 1) if least or name == "output" else 0
            parts[name] = lines[:kept]
            if kept:
                last = lines[kept - 1].copy()
                last.truncate(max(1, self.pages.width - 2))
                parts[name][-1] = last + Text(" …", style="dim")

    # -- pieces of a page --

    def _at_hand(self, view: View) -> TaskScore | None:
        """The task that the page is about."""
        score = view.before if view.pending else view.score
        if view.pending and view.score is not None:
            settled = [task for task in view.score.tasks if task.name in view.rewritten - view.pending]
            failing = [task for task in settled if task.state not in (PASSED, TODO)]
            if failing:
                return failing[0]
            if settled and score is not None:  # what has passed meanwhile is not at hand any more
                now = {task.name: task for task in settled}
                tasks = tuple(now.get(task.name, task) for task in score.tasks)
                return task_at_hand(PhaseScore(score.phase, tasks))
        return task_at_hand(score, view.rewritten) if score is not None else None

    def _findings(self, view: View, at_hand: TaskScore, width: int) -> dict[str, list[Text]]:
        """Row, message, known mistakes and output of the task at hand; dim if they are from before the last save."""
        found = terminal.findings(at_hand, self.lang, width, self._folder)
        parts = {"message": found.message, "mistakes": found.mistakes, "output": found.output}
        still_to_do = at_hand.state == TODO and at_hand.name in view.unwritten
        if at_hand.name in view.pending and not still_to_do:
            return {
                "row": [self._row_before(at_hand)],
                **{name: [Text(line.plain, style="dim") for line in part] for name, part in parts.items()},
            }
        names = self._scoreboard.not_passed_below(view.phase, at_hand)
        if names:
            parts["mistakes"] += self._indented("uses", names=choose((", ", "、"), self.lang).join(names))
        return {"row": terminal.task_rows(at_hand, self.lang, width), **parts}

    def _rows(self, view: View, at_hand: TaskScore | None, width: int) -> dict[str, list[Text]]:
        """A row for each task that was just rewritten and is not the one at hand."""
        names = view.rewritten - {at_hand.name if at_hand else ""}
        if view.score is None or len(names) > ROWS:
            return {}
        before = {task.name: task for task in view.before.tasks} if view.before else {}
        rows: dict[str, list[Text]] = {}
        for task in view.score.tasks:
            if task.name in names - view.pending:
                found = terminal.findings(task, self.lang, width)
                rows[task.name] = [*terminal.task_rows(task, self.lang, width), *found.given]
            elif task.name in names and task.name in before:
                rows[task.name] = [self._row_before(before[task.name])]
        return rows

    def _row_before(self, task: TaskScore) -> Text:
        """How a task ended before the last save, while the new verdict is awaited."""
        state = f"{task.passed}/{task.total}" if task.state != TODO else text("todo", self.lang)
        told = choose(SENTENCES["before"], self.lang).format(state=state)
        return Text(f"{sign('…'):>3} {task.name}  {told}", style="dim")

    def _within(self, lines: list[Text]) -> list[Text]:
        """Lines that were made for another width, or are code of the solution, broken where they do not fit."""
        width, fitting = self.pages.width, []
        for line in lines:
            if line.cell_len <= width:
                fitting.append(line)
                continue
            hanging = min(width // 2, len(line.plain) - len(line.plain.lstrip("+- ")) + 4)
            first, *rest = line.wrap(self.pages.console, width - hanging)
            fitting += [first, *(Text(" " * hanging) + part for part in rest)]
        return fitting

    def _heading(self, view: View, width: int) -> list[Text]:
        number, title = f"{view.phase.number} ", view.phase.title(self.lang)
        score = view.score if not view.pending else None
        if score is None:
            return [Text(line, style="bold") for line in wrap(number + title, width, hanging=2)]
        return terminal.heading(title, number, score.score, score.gradable, width)

    def _others(self, view: View, own_rows: set[str], width: int) -> list[Text]:
        """The tasks without a row of their own, side by side; those passed with a right neighbour below them."""
        lines = self._flow(view.phase, view.score, view.pending, own_rows, width, view.unwritten)
        if view.status is None and self._scoreboard.nothing_written(view.phase):
            lines = self.say("untouched", number=view.phase.number) + lines
        for task in view.score.tasks if view.score else ():
            if task.passed_given and task.name not in {*view.pending, *own_rows}:
                given = f"{task.name}: {terminal.given_line(task, self.lang)}"
                lines += [Text(" " * 4 + part, style="dim") for part in wrap(given, max(20, width - 4), hanging=2)]
        return lines

    def _flow(
        self,
        phase: Phase,
        score: PhaseScore | None,
        pending: frozenset[str],
        left_out: set[str],
        width: int,
        unwritten: frozenset[str] = frozenset(),
    ) -> list[Text]:
        """``✓ split_heads  ✓ merge_heads  · MultiHeadAttention`` in as many lines as it takes."""
        known = {task.name: task for task in score.tasks} if score else {}
        lines = [Text("  ")]
        for task in phase.tasks:
            if task.name in left_out:
                continue
            found = known.get(task.name)
            if task.name in pending or found is None:
                mark = "…" if task.name in pending - unwritten else "·"
                piece = Text(f"{sign(mark)} {task.name}", style="dim")
            else:
                mark, style = terminal.MARKS[found.state]
                piece = Text.assemble((f"{sign(mark)} ", style), (task.name, "dim" if found.state == TODO else ""))
                if found.state not in (PASSED, TODO):
                    piece.append(f" {found.passed}/{found.total}", style=style)
            if lines[-1].cell_len + 2 + piece.cell_len > width and lines[-1].plain.strip():
                lines.append(Text("  "))
            lines[-1] += piece if not lines[-1].plain.strip() else Text("  ") + piece
        return [line for line in lines if line.plain.strip()]

    def _bar(self, at_work: Phase | None) -> Text:
        """A bar over all tasks of the course."""
        passed, total = self._scoreboard.passed(at_work)
        filled = BAR * passed // total
        words = choose(SENTENCES["course"], self.lang).format(passed=passed, total=total)
        return Text.assemble(("█" * filled, "green"), ("░" * (BAR - filled), "dim"), "  " + words)

    def _next_step(self, phase: Phase, at_hand: TaskScore | None) -> dict[str, list[Text]]:
        """What to open, which task, which lesson; what there is to do once a phase is complete."""
        score = self._scoreboard.of(phase)
        if score is not None and len({task.message for task in score.tasks if task.state == ERROR}) == 1:
            path = self._folder.path / phase.file  # a file that cannot be read: no task is to blame
            if all(task.state == ERROR for task in score.tasks):
                place = self._folder.place(phase.file, line_of_error(path))
                return {"next": self._fill(choose(SENTENCES["next_file"], self.lang).format(place=place), "bold")}
        if at_hand is not None:
            line = line_of(self._folder.path / phase.file, at_hand.name)
            key = "next_implement" if at_hand.state == TODO else "next_fix"
            sentence = text(key, self.lang, task=at_hand.name, place=self._folder.place(phase.file, line))
            lesson = self.lesson(phase, f"task-{at_hand.name}")
            below = self.say("lesson", "dim", lesson=lesson) if lesson else []
            return {"next": self._fill(sentence, "bold"), "lesson": below}
        if len(self._scoreboard.passed_tasks(phase)) < len(phase.tasks):
            return {"next": self._fill(text("next_doctor", self.lang), "bold") if score else []}
        ways, onward = self._after_the_pass(phase)
        return {"ways": ways, "next": onward}

    def _after_the_pass(self, phase: Phase) -> tuple[list[Text], list[Text]]:
        """What there is to look at in a complete phase, and where to go from there."""
        option = "" if self._folder.path == DEFAULT_TARGET else f" --target={self._folder.called}"
        language = "" if self.lang == "en" else f" --lang {self.lang}"
        command = f"python grader.py show {phase.number}{option}{language}"
        ways = self._key("s", "compare") if has_reference(phase) else []
        ways += self._key("p", "pictures", command=command)
        questions = self.lesson(phase, "questions")
        if questions:
            ways += self._indented("questions", columns=2, place=questions)
        lines = [*self.say("complete", "", number=phase.number), *ways]
        passed, total = self._scoreboard.passed()
        if passed == total:
            commands = {"grade": "", "train": " train reverse", "keep": " certificate"}
            values = {name: f"python grader.py{what}{option}{language}" for name, what in commands.items()}
            return lines, self.say("next_done", "bold", **values)
        later = COURSE[phase.number % len(COURSE)]
        lesson = self.lesson(later)
        if not lesson:
            return lines, self.say("next_open", "bold")
        return lines, self.say("next_lesson", "bold", number=later.number, lesson=lesson)

    def lesson(self, phase: Phase, anchor: str = "") -> str:
        """Where the lesson of a phase is, from here; empty if there is none."""
        path = PROJECT / phase.lesson(self.lang)
        return from_here(path) + (f"#{anchor}" if anchor else "") if path.is_file() else ""

    def _key(self, key: str, what: str, **values: object) -> list[Text]:
        first, *rest = self._indented(what, columns=4, **values)
        return [Text.assemble("  ", (key, "bold"), first.plain[3:]), *rest]

    def _indented(self, what: str, columns: int = terminal.INDENT, **values: object) -> list[Text]:
        sentence = choose(SENTENCES[what], self.lang).format(**values)
        width = max(20, min(self.pages.width, terminal.WIDTH) - columns)
        return [Text(" " * columns + line) for line in wrap(sentence, width, hanging=2)]

    def _fill(self, sentence: str, style: str) -> list[Text]:
        return [Text(line, style=style) for line in wrap(sentence, max(20, self.pages.width - 1), hanging=2)]

    # -- what keys ask for --

    def overview(self, current: Phase) -> None:
        """All phases and tasks, as far as their state is known."""
        width = min(self.pages.width, terminal.WIDTH)
        lines: list[Text] = []
        for phase in COURSE:
            score = self._scoreboard.of(phase) or self._scoreboard.before(phase)
            number = f"{sign('▸') if phase == current else ' '}{phase.number} "
            if score is None:
                lines.append(Text(number + phase.title(self.lang), style="bold"))
                lines[-1].append("  " + choose(SENTENCES["not_graded"], self.lang), style="dim")
            else:
                lines += terminal.heading(phase.title(self.lang), number, score.score, score.gradable, width)
            lines += [Text("  ") + line for line in self._flow(phase, score, frozenset(), set(), width - 2)]
        self.notes = self._overview = lines

    def adapt(self, current: Phase) -> None:
        """The terminal has another size: lay out the overview anew, if it is what is shown."""
        if self.notes and self.notes is self._overview:
            self.overview(current)

    def solution(self, phase: Phase, task: str, more: bool) -> None:
        """How the solution of a task differs from what the learner wrote."""
        if not has_reference(phase):
            self.notes = self.say("diff_none")
            return
        mine = _source_of(self._folder.path / phase.file, task)
        theirs = _source_of(REFERENCE / phase.file, task)
        lines = list(difflib.unified_diff(mine, theirs, lineterm="", n=2))[2:]
        self.notes = self.say("diff" if lines else "diff_same", "bold", task=task)
        self.notes += [Text(line, style={"-": "red", "+": "green", "@": "cyan"}.get(line[:1], "")) for line in lines]
        if more:
            self.notes += self.say("diff_more", "dim")


def _source_of(path: Path, task: str) -> list[str]:
    """The lines of a task's definition, as they can be printed."""
    tree = parse_source(path)
    if tree is None:
        return []
    try:
        with tokenize.open(path) as stream:  # in the encoding that the file names
            source = stream.read().split("\n")
    except (OSError, SyntaxError, ValueError):
        return []
    for node in tree.body:
        if getattr(node, "name", None) == task:
            return [printable(line) for line in source[node.lineno - 1 : node.end_lineno]]
    return []

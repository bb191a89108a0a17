"""What goes on between saves, keys, runs and the screen. All of it in one thread; runs send news."""

from __future__ import annotations

import io
import itertools
import os
import queue
import subprocess
import sys
import threading
import time
from pathlib import Path

from rich.console import Console
from rich.text import Text

from ...course.phases import COURSE, DEFAULT_TARGET, PROJECT, Phase
from ...i18n import choose, text
from ...results import FAILED, PASSED
from ...source.files import Folder
from ...source.progress import unfinished_tasks
from ...source.tree import line_of
from .. import hint
from . import editor
from .keys import lent_terminal, read_key
from .polling import Polling
from .runner import Run, Runner
from .scoreboard import Scoreboard, task_at_hand
from .screen import Screen, View
from .sentences import SENTENCES

LOOK = 0.05
"""Seconds between two looks at the files; also how long a key waits at most."""

LOOKS_FOR_NEW = 20
"""So many looks apart the folder is searched for helper files that were not there before."""

ONE_REPORT = 1.0
"""Seconds within which two saves of a phase give one report: the second takes the first one's place."""

LONG, SLOW = 1.0, 8.0
"""Seconds after which a run counts its tests on the screen, and without the end of a test after which it may hang."""


class Watcher:
    """Grades what is saved and answers keys.

    Args:
        console: where to say things.
        target, name: the folder and how the user calls it.
        lang: ``"en"`` or ``"ja"``.
        phase: where to begin; None for the first phase in which something is to do.
    """

    def __init__(self, console: Console, target: Path, name: str, lang: str, phase: Phase | None) -> None:
        self._lang = lang
        self._target, self._folder = target, Folder(target, name)
        self._scoreboard = Scoreboard(target, lang)
        self._screen = Screen(console, self._folder, lang, self._scoreboard)
        self._polling = Polling([target / each.file for each in COURSE])
        self._begin_with = phase
        self._current = phase or COURSE[0]
        self._runner = Runner()
        self._run: Run | None = None
        self._in_sight = False
        self._waiting: list[tuple[Phase, bool]] = []
        self._told = self._told_early = False
        self._started = self._counted = self._heard = self._starting = 0.0
        self._last_rewritten: frozenset[str] = frozenset()
        self._saved_at = -ONE_REPORT
        self._broken = ""
        self._shown_solution = ""
        self._all_asked = False
        self._pictures: queue.Queue[str] = queue.Queue()
        self._drawing: subprocess.Popen[str] | None = None

    def loop(self) -> None:
        """Until q is pressed."""
        for phase in COURSE:  # untouched stubs are known at once
            if self._scoreboard.prepare(phase) is not None and phase != self._begin_with:
                self._waiting.append((phase, False))
        if self._begin_with is None:
            self._current = next((p for p in COURSE if len(self._scoreboard.passed_tasks(p)) < len(p.tasks)), COURSE[0])
            self._waiting = [entry for entry in self._waiting if entry[0] != self._current]
        self._grade(self._current, "phase")
        for look in itertools.count():
            try:
                key = read_key(LOOK)
            except EOFError:
                return
            if key == "q":
                return
            if key:
                self._press(key)
            if look % LOOKS_FOR_NEW == 0:
                self._polling.add(self._target.glob("*.py"))
            for path in self._polling.changed():
                self._saved(path)
            self._hear()
            if self._screen.pages.resized():
                self._screen.adapt(self._current)
                self._show()

    def close(self) -> None:
        """End all that runs."""
        if self._drawing is not None and self._drawing.poll() is None:
            self._drawing.kill()
            self._drawing.wait()
        self._runner.close()
        for line in self._screen.say("bye", "dim"):
            self._screen.pages.console.print(line)

    # -- the screen --

    def _show(self, keep: bool = False) -> None:
        """Show what is known of the phase in sight."""
        phase = self._current
        run = self._run if self._in_sight and not self._told else None
        before, every = self._scoreboard.before(phase), frozenset(task.name for task in phase.tasks)
        if self._broken:
            view = View(phase, None, every, before, status=self._broken, style="red")
        elif run is not None:
            settled = run.kept | set(run.forbidden) | (run.rewritten if self._told_early else frozenset())
            so_far, status, style = self._scoreboard.so_far(run), *self._status(run)
            unwritten = frozenset(unfinished_tasks(phase, self._target)) - settled
            view = View(phase, so_far, every - settled, before, run.rewritten, unwritten, status, style)
        elif self._scoreboard.of(phase) is None:  # it waits for its turn
            view = View(phase, None, every, before, status=choose(SENTENCES["grading_all"], self._lang))
        else:
            going_on = choose(SENTENCES["grading_all"], self._lang) if self._all_asked else None
            view = View(phase, self._scoreboard.of(phase), rewritten=self._last_rewritten, status=going_on)
        self._screen.show(view, keep)

    def _status(self, run: Run) -> tuple[str, str]:
        """What a run is doing, and how that looks."""
        now = time.monotonic()
        if not self._runner.ready:
            self._starting = now
        seconds, silent = now - self._started, now - max(self._heard, self._started, self._starting)

        def say(what: str, **values: object) -> str:
            return choose(SENTENCES[what], self._lang).format(**values)

        if not run.tested and silent > SLOW:
            return say("slow", seconds=silent, done=len(run.results)), "yellow"
        if not self._runner.ready:
            return say("starting"), "dim"
        building = [task.name for task in run.phase.tasks if task.name in run.builds_on - run.through]
        if self._told_early and building and not run.tested:
            return say("builds_on", tasks=choose((", ", "、"), self._lang).join(building)), "dim"
        if run.tested and any(result.state == FAILED for result in run.results.values()):  # a crash has no name
            return say("naming"), "dim"
        if seconds > LONG:
            return say("running_long", done=len(run.results), seconds=seconds), "dim"
        return say("running"), "dim"

    # -- what happens --

    def _saved(self, path: Path) -> None:
        phase = next((phase for phase in COURSE if phase.file == path.name), self._current)
        if phase.file == path.name:
            self._scoreboard.without(phase)
        else:  # a helper file of the learner's may serve any phase: the one in sight is graded anew
            for each in COURSE:
                self._scoreboard.without(each, results=True)
        now = time.monotonic()
        again = phase == self._current and now - self._saved_at < ONE_REPORT and not self._screen.notes
        self._current, self._saved_at = phase, now
        self._shown_solution, self._all_asked = "", False
        warning: list[Text] = []
        if not (self._target / phase.file).exists():
            option = "" if self._target == DEFAULT_TARGET else f" --target {self._folder.called}"
            language = "" if self._lang == "en" else f" --lang {self._lang}"
            reset = f"python grader.py reset {phase.number}{option}{language}"
            warning = self._screen.say("gone", "red", file=self._folder.place(phase.file), reset=reset)
        self._grade(phase, "saved", warning, keep=not again)

    def _grade(self, phase: Phase, why: str, warning: list[Text] | None = None, keep: bool = True) -> None:
        """Run a phase in sight of the user; whatever is running makes room."""
        if self._run is not None:
            if not self._in_sight and self._run.phase != phase:
                self._waiting.insert(0, (self._run.phase, False))
            self._runner.cancel(self._run)
        self._waiting = [entry for entry in self._waiting if entry[0] != phase]
        self._last_rewritten = frozenset()
        self._screen.begin(why, phase, warning or [])
        self._begin(phase, in_sight=True, keep=keep)

    def _begin(self, phase: Phase, in_sight: bool, keep: bool = False) -> None:
        run = self._scoreboard.prepare(phase)
        self._in_sight, self._told, self._told_early = in_sight, False, False
        self._broken = ""
        self._run = run
        if run is None:
            if in_sight:
                self._show(keep)
            return
        self._started = self._counted = time.monotonic()
        self._runner.start(run, self._scoreboard.first_tests(run))
        if in_sight and not run.ended:
            self._show(keep)
            keep = False
        if run.ended:  # nothing is to be run: a comment has changed
            self._go_on(run, keep)

    def _hear(self) -> None:
        """Take in what the runs have to say, then what pictures have been drawn."""
        while True:
            try:
                run, event = self._runner.news.get_nowait()
            except queue.Empty:
                break
            self._runner.note(run, event)
            self._heard = time.monotonic()
            if run is self._run and not run.cancelled:
                self._go_on(run)
        if self._run is not None and self._in_sight and not self._told:
            self._count(time.monotonic())
        if self._run is None and self._waiting:
            self._begin(*self._waiting.pop(0))
        if not self._pictures.empty():
            self._screen.notes = [Text(line) for line in self._pictures.get_nowait().splitlines()]
            self._show(keep=True)

    def _count(self, now: float) -> None:
        """Count the tests of a long run on the screen: every second, or once where a page cannot be overwritten."""
        pages = self._screen.pages
        every = LONG if pages.can_turn else SLOW
        if now - self._counted > every and (pages.can_turn or self._counted == self._started) and pages.fits:
            self._counted = now
            self._show()

    def _go_on(self, run: Run, keep: bool = False) -> None:
        """The run that is at work has news."""
        if run.broken and run.ended:
            self._broken = text("broken", self._lang, why=run.broken)
            self._run = None
            self._show()
            return
        if self._in_sight and not self._told_early and run.rewritten and run.rewritten <= run.through:
            self._told_early = True
            if not (run.tested and all(task.state == PASSED for task in self._scoreboard.so_far(run).tasks)):
                self._show()  # what was saved need not wait for what builds on it, nor for a name of its mistake
        if run.tested and not self._told:
            score = self._scoreboard.score(run)
            # A second try and a diagnosis take a moment more, and belong to the verdict.
            if run.ended or all(task.state == PASSED for task in score.tasks):
                self._tell(run, keep)
        if run.ended:
            self._run = None
            if self._all_asked and not self._waiting:
                self._all_asked = False
                self._screen.overview(self._current)
                self._show(keep=True)
            elif not self._in_sight and self._screen.pages.can_turn and self._screen.pages.fits:
                self._show()  # the bar has grown, it may be

    def _tell(self, run: Run, keep: bool) -> None:
        self._told = True
        self._scoreboard.tell(run.phase)
        self._last_rewritten = run.rewritten
        if self._in_sight:
            self._show(keep)

    # -- keys --

    def _press(self, key: str) -> None:
        action = {
            "h": self._hint,
            "o": self._open,
            "l": self._list,
            "n": self._next_phase,
            "a": self._grade_all,
            "s": self._solution,
            "p": self._draw,
            "\n": self._grade_again,
            "\r": self._grade_again,
            " ": lambda: self._note([]),
            "\x1b": lambda: self._note([]),
        }.get(key)
        if action is not None:
            action()
        elif key.isprintable():
            self._note([*self._screen.say("unknown_key", "dim", key=key), *self._screen.say("keys", "dim")])

    def _note(self, lines: list[Text]) -> None:
        """Show what a key has asked for above the verdict."""
        self._screen.notes, asked = lines, bool(self._screen.notes)
        self._show(keep=bool(lines) or asked)

    def _hint(self) -> None:
        phase = self._current
        score = self._scoreboard.of(phase)
        graded = score is not None and (self._run is None or not self._in_sight or self._told)
        known = score if graded else self._scoreboard.before(phase)
        at_hand = task_at_hand(known) if known is not None else None
        unwritten = unfinished_tasks(phase, self._target) if known is None else []
        if at_hand is None and not unwritten:
            self._note(self._screen.say("no_hint" if graded else "hint_later", number=phase.number))
            return
        paper = Console(
            file=io.StringIO(), width=self._screen.pages.width, force_terminal=True, highlight=False, soft_wrap=True
        )
        task = at_hand.name if at_hand is not None else unwritten[0]
        hint.show(phase, task, self._folder, self._lang, paper, paper)
        assert isinstance(paper.file, io.StringIO)
        self._note([Text.from_ansi(line) for line in paper.file.getvalue().strip("\n").splitlines()])

    def _open(self) -> None:
        """The file at the task at hand, in the learner's editor."""
        phase = self._current
        score = self._scoreboard.of(phase) or self._scoreboard.before(phase)
        at_hand = task_at_hand(score) if score is not None else None
        path = self._target / phase.file
        line = line_of(path, at_hand.name if at_hand is not None else phase.tasks[0].name) or 1
        place = self._folder.place(phase.file, line)
        try:
            command, in_terminal = editor.command_for(path, line)
            if in_terminal:
                with lent_terminal():
                    editor.start(command, in_terminal)
            else:
                editor.start(command, in_terminal)
        except editor.NoEditor as error:
            named = str(error)
            self._note(self._screen.say("bad_editor" if named else "no_editor", "yellow", editor=named, place=place))
        else:
            self._note(self._screen.say("opened", "dim", place=place))

    def _list(self) -> None:
        self._screen.overview(self._current)
        self._show(keep=True)

    def _grade_again(self) -> None:
        self._scoreboard.without(self._current, results=True)
        self._grade(self._current, "phase")

    def _next_phase(self) -> None:
        self._current = COURSE[self._current.number % len(COURSE)]
        self._shown_solution = ""
        self._grade(self._current, "phase")

    def _grade_all(self) -> None:
        if self._run is not None:
            self._runner.cancel(self._run)
            self._run = None
        for phase in COURSE:
            self._scoreboard.without(phase, results=True)
        self._waiting = [(phase, False) for phase in COURSE if self._scoreboard.prepare(phase) is not None]
        self._all_asked = bool(self._waiting)
        if not self._waiting:
            self._screen.overview(self._current)
        self._show(keep=True)

    def _solution(self) -> None:
        passed = self._scoreboard.passed_tasks(self._current)
        if not passed:
            self._note(self._screen.say("not_passed"))
            return
        at = passed.index(self._shown_solution) + 1 if self._shown_solution in passed else 0
        self._shown_solution = passed[at % len(passed)]
        self._screen.solution(self._current, self._shown_solution, more=len(passed) > 1)
        self._show(keep=True)

    def _draw(self) -> None:
        """Pictures of the phase, drawn by a process of its own: torch is not wanted here."""
        if self._drawing is not None and self._drawing.poll() is None:
            return
        self._note(self._screen.say("busy", "dim"))
        command = [sys.executable, str(PROJECT / "grader.py"), "show", str(self._current.number)]
        command += ["--target", str(self._target), "--lang", self._lang]
        process = self._drawing = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            env={**os.environ, "PYTHONUTF8": "1"},
        )
        threading.Thread(target=lambda: self._pictures.put(process.communicate()[0].rstrip()), daemon=True).start()

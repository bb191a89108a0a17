"""``python grader.py watch [PHASE]``: save, and the verdict is there."""

from __future__ import annotations

import argparse
import contextlib
import itertools
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Iterator, Sequence

from rich.console import Console

from .. import commands
from ..course.phases import COURSE, DEFAULT_TARGET, PROJECT, Phase
from ..i18n import LANGUAGES, choose
from ..results import PASSED
from .options import GRADED, INTERRUPTED, USAGE, find_target, phase_option
from .watch_mode.keys import read_key, single_keys
from .watch_mode.polling import Polling
from .watch_mode.runner import Run, Runner
from .watch_mode.scoreboard import Scoreboard
from .watch_mode.screen import SENTENCES, Screen

LOOK = 0.05
"""Seconds between two looks at the files; also how long a key waits at most."""

LOOKS_FOR_NEW = 20
"""So many looks apart the folder is searched for helper files that were not there before."""

SLOW = 8.0
"""Seconds after which a run that has not ended is mentioned."""

EXAMPLES = """\
examples:
  python grader.py watch                    begin where something is left to do
  python grader.py watch 3                  begin with phase 3
  python grader.py watch --lang ja          in Japanese

keys: h hint, l list, n next phase, a grade all, s solution of a task that passes, p pictures, Enter again, q quit
"""


def make_parser() -> argparse.ArgumentParser:
    """The options of ``watch``."""
    parser = argparse.ArgumentParser(
        prog="python grader.py watch",
        description="Grade a phase anew whenever you save its file.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("phase", nargs="?", type=phase_option, metavar="PHASE", help="1 to 6, or a name")
    parser.add_argument("--target", default=None, metavar="DIR", help="folder to watch (default: exercises)")
    parser.add_argument("--lang", choices=LANGUAGES, default="en", help="language")
    return parser


def main(arguments: Sequence[str]) -> int:
    """Watch until told to stop; return the exit status."""
    parser = make_parser()
    options = parser.parse_args(arguments)
    target, name = find_target(options.target, parser)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        print(choose(SENTENCES["no_terminal"], options.lang), file=sys.stderr)
        return USAGE
    console = Console(highlight=False)
    with _terminated_like_an_exit():
        watcher = Watcher(Screen(console, target, name, options.lang), target, name, options.phase)
        try:
            with single_keys():
                watcher.loop()
            return GRADED
        except KeyboardInterrupt:
            return INTERRUPTED
        finally:
            watcher.close()


@contextlib.contextmanager
def _terminated_like_an_exit() -> Iterator[None]:
    """SIGTERM and the end of the terminal unwind the program, so that everything is put back in order."""

    def leave(number: int, frame: Any) -> None:
        raise SystemExit(128 + number)

    numbers = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = [signal.signal(number, leave) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before):
            signal.signal(number, handler)


class Watcher:
    """What goes on between saves, keys, runs and the screen. All of it in one thread; runs send news.

    Args:
        screen: says things.
        target, name: the folder and how the user calls it.
        phase: where to begin; None for the first phase in which something is to do.
    """

    def __init__(self, screen: Screen, target: Path, name: str, phase: Phase | None) -> None:
        self._screen = screen
        self._target, self._name = target, name
        self._scoreboard = Scoreboard(target, screen.lang)
        self._polling = Polling([target / each.file for each in COURSE])
        self._begin_with = phase
        self._current = phase or COURSE[0]
        self._runner = Runner()
        self._run: Run | None = None
        self._in_sight = False
        self._waiting: list[tuple[Phase, bool]] = []
        self._told = self._told_early = self._slow = False
        self._started = 0.0
        self._shown_solution = ""
        self._all_asked = False
        self._pictures: queue.Queue[str] = queue.Queue()
        self._drawing: subprocess.Popen[str] | None = None

    def loop(self) -> None:
        """Until q is pressed."""
        self._screen.console.print()
        self._screen.say("watching", style="bold", folder=self._name.rstrip("/"))
        self._screen.say("keys", style="dim")
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

    def close(self) -> None:
        """End all that runs."""
        if self._drawing is not None and self._drawing.poll() is None:
            self._drawing.kill()
            self._drawing.wait()
        self._runner.close()
        self._screen.console.print()
        self._screen.say("bye", style="dim")

    # -- what happens --

    def _saved(self, path: Path) -> None:
        phase = next((phase for phase in COURSE if phase.file == path.name), self._current)
        if phase.file == path.name:
            self._scoreboard.without(phase)
        else:  # a helper file of the learner's may serve any phase: the one in sight is graded anew
            for each in COURSE:
                self._scoreboard.without(each, results=True)
        self._current = phase
        self._shown_solution = ""
        if not (self._target / phase.file).exists():
            self._screen.rule("phase", phase)
            file = f"{self._name.rstrip('/')}/{phase.file}"
            option = "" if self._target == DEFAULT_TARGET else f" --target {self._name}"
            self._screen.say("gone", style="red", file=file, reset=f"python grader.py reset {phase.number}{option}")
        self._grade(phase, "saved")

    def _grade(self, phase: Phase, why: str) -> None:
        """Run a phase in sight of the user; whatever is running makes room."""
        if self._run is not None:
            if not self._in_sight and self._run.phase != phase:
                self._waiting.insert(0, (self._run.phase, False))
            self._runner.cancel(self._run)
        self._waiting = [entry for entry in self._waiting if entry[0] != phase]
        self._screen.rule(why, phase)
        self._begin(phase, in_sight=True)

    def _begin(self, phase: Phase, in_sight: bool) -> None:
        run = self._scoreboard.prepare(phase)
        self._in_sight, self._told, self._told_early, self._slow = in_sight, False, False, False
        self._run = run
        if run is None:
            if in_sight:
                self._screen.say("untouched", number=phase.number)
                self._screen.progress(self._scoreboard)
                self._screen.next_step(phase, self._scoreboard)
            return
        self._started = time.monotonic()
        self._runner.start(run, self._scoreboard.first_tests(run))
        if run.ended:  # nothing is to be run: a comment has changed
            self._go_on(run)

    def _hear(self) -> None:
        """Take in what the runs have to say, then what pictures have been drawn."""
        while True:
            try:
                run, event = self._runner.news.get_nowait()
            except queue.Empty:
                break
            self._runner.note(run, event)
            if run is self._run and not run.cancelled:
                self._go_on(run)
        if self._run is not None and self._in_sight and not self._run.tested and not self._slow:
            seconds = time.monotonic() - self._started
            if seconds > SLOW and self._runner.ready:
                self._slow = True
                self._screen.say("slow", style="yellow", seconds=seconds, done=len(self._run.results))
        if self._run is None and self._waiting:
            self._begin(*self._waiting.pop(0))
        with contextlib.suppress(queue.Empty):
            self._screen.console.print(self._pictures.get_nowait(), markup=False, soft_wrap=True)

    def _go_on(self, run: Run) -> None:
        """The run that is at work has news."""
        if run.broken and run.ended:
            self._screen.say("broken", style="red", why=run.broken)
            self._run = None
            return
        if self._in_sight and not self._told_early and run.rewritten and run.rewritten <= run.through:
            self._told_early = True
            if not run.tested:  # what was saved need not wait for what builds on it
                self._screen.early(self._scoreboard.so_far(run), run)
        if run.tested and not self._told:
            score = self._scoreboard.score(run)
            # A second try and a diagnosis take a moment more, and belong to the verdict.
            if run.ended or all(task.state == PASSED for task in score.tasks):
                self._tell(run)
        if run.ended:
            if not self._told:
                self._scoreboard.score(run)
                self._tell(run)
            self._run = None
            if self._all_asked and not self._waiting:
                self._all_asked = False
                self._screen.overview(self._scoreboard, self._current)
                self._screen.next_step(self._current, self._scoreboard)

    def _tell(self, run: Run) -> None:
        self._told = True
        score = self._scoreboard.of(run.phase)
        if self._in_sight and score is not None:
            self._screen.verdict(score, self._scoreboard)

    # -- keys --

    def _press(self, key: str) -> None:
        action = {
            "h": self._hint,
            "l": lambda: self._screen.overview(self._scoreboard, self._current),
            "n": self._next_phase,
            "a": self._grade_all,
            "s": self._solution,
            "p": self._draw,
            "\n": self._grade_again,
            "\r": self._grade_again,
        }.get(key)
        if action is None:
            if key.isprintable() and not key.isspace():
                self._screen.say("unknown_key", style="dim", key=key)
            self._screen.say("keys", style="dim")
            return
        action()

    def _hint(self) -> None:
        task = self._scoreboard.first_open(self._current)
        option = ["--target", str(self._target)] if self._target != DEFAULT_TARGET else []
        with contextlib.suppress(SystemExit):
            commands.run("hint", [str(self._current.number), task, "--lang", self._screen.lang, *option])

    def _grade_again(self) -> None:
        self._scoreboard.without(self._current, results=True)
        self._grade(self._current, "phase")

    def _next_phase(self) -> None:
        self._current = COURSE[self._current.number % len(COURSE)]
        self._shown_solution = ""
        self._grade(self._current, "phase")

    def _grade_all(self) -> None:
        self._screen.say("grading_all", style="dim")
        if self._run is not None:
            self._runner.cancel(self._run)
            self._run = None
        for phase in COURSE:
            self._scoreboard.without(phase, results=True)
        self._waiting = [(phase, False) for phase in COURSE if self._scoreboard.prepare(phase) is not None]
        self._all_asked = bool(self._waiting)
        if not self._waiting:
            self._screen.overview(self._scoreboard, self._current)
            self._screen.next_step(self._current, self._scoreboard)

    def _solution(self) -> None:
        passed = self._scoreboard.passed_tasks(self._current)
        if not passed:
            self._screen.say("not_passed")
            return
        at = passed.index(self._shown_solution) + 1 if self._shown_solution in passed else 0
        self._shown_solution = passed[at % len(passed)]
        self._screen.solution(self._current, self._shown_solution, more=len(passed) > 1)

    def _draw(self) -> None:
        """Pictures of the phase, drawn by a process of its own: torch is not wanted here."""
        if self._drawing is not None and self._drawing.poll() is None:
            return
        self._screen.say("busy", style="dim")
        command = [sys.executable, str(PROJECT / "grader.py"), "show", str(self._current.number)]
        command += ["--target", str(self._target), "--lang", self._screen.lang]
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

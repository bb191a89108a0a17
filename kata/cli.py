"""The command line of the grader."""

from __future__ import annotations

import argparse
import functools
import os
import re
import shutil
import sys
import time
import traceback
from pathlib import Path
from types import TracebackType
from typing import Callable, Sequence

from rich.console import Console

from . import __version__, commands
from .commands import completion
from .commands.help_text import in_japanese, laid_out
from .commands.options import (
    GRADED,
    INTERRUPTED,
    MACHINE,
    UNDER,
    USAGE,
    Parser,
    did_you_mean,
    find_target,
    language_of,
    percent_option,
    phase_option,
    said,
)  # fmt: skip
from .course.edition import handed_out
from .course.phases import COURSE, Phase
from .grading import run as running
from .grading.grade import grade
from .grading.scoring import Report
from .i18n import LANGUAGES, text
from .reports import gradescope, json_report, junit, markdown, terminal
from .results import TestResult, printable
from .sandbox.confinement import _libc
from .settings import BadSetting, seed_option
from .streams import tolerate, write_utf8

PROGRESS = 10.0
"""Seconds between two lines of progress where standard output is no terminal."""

EXAMPLES = """\
examples:
  python grader.py                          grade all six phases of exercises/
  python grader.py 2                        grade phase 2 alone
  python grader.py --target solutions       grade another folder
  python grader.py --json report.json       write a report for programs (- is standard output)
  python grader.py --fail-under 80          exit status 1 under 80 percent
  python grader.py 2 -v                     name every test that did not pass
"""


def make_parser() -> Parser:
    """The options of ``python grader.py``."""
    parser = Parser(
        prog="python grader.py",
        description="Grade the exercises of Transformer Kata.",
        epilog=EXAMPLES + _list_of_commands(),
    )
    parser.add_argument(
        "phases", nargs="*", type=phase_option, metavar="PHASE", help="1 to 6, or a name (default: all)"
    )
    parser.add_argument("--target", default=None, metavar="DIR", help="folder to grade (default: exercises)")
    parser.add_argument(
        "--seed", type=seed_option, default=0, metavar="N|random", help="seed of random draws (default: 0)"
    )
    parser.add_argument("--assembled", action="store_true", help="also try the six files together, passed or not")
    parser.add_argument("--json", metavar="FILE", help="write the report as JSON; - is standard output (everywhere)")
    parser.add_argument("--gradescope", metavar="FILE", help="write Gradescope's results.json")
    parser.add_argument("--junit", metavar="FILE", help="write JUnit XML")
    parser.add_argument("--markdown", metavar="FILE", help="write Markdown")
    parser.add_argument(
        "--fail-under", type=percent_option, default=None, metavar="PCT", help="exit 1 under this percentage"
    )
    detail = parser.add_mutually_exclusive_group()
    detail.add_argument("-q", "--quiet", action="store_true", help="print the total and the next step, nothing else")
    detail.add_argument(
        "-v", "--verbose", action="store_true", help="name every test that did not pass, and the seconds of each phase"
    )
    parser.add_argument("--lang", choices=LANGUAGES, default="en", help="language of the report")
    parser.add_argument("--version", action="version", version=f"Transformer Kata {__version__}")
    return parser


def _list_of_commands() -> str:
    """The commands, a line each, for ``--help``."""
    if not commands.COMMANDS:
        return ""
    width = max(map(len, commands.COMMANDS))
    lines = [f"  python grader.py {name:{width}}  {about}" for name, about in commands.COMMANDS.items()]
    return "\n".join(["\ncommands (each has a --help of its own):", *lines, ""])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command, or grade and report; return the exit status."""
    tolerate()
    _libc.shield_this_process()  # what it writes is the verdict; where Landlock is missing, guests would get at it
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        if "_ARGCOMPLETE" in os.environ:  # a shell asks what may come next
            completion.complete(make_parser())
        if arguments and arguments[0] in commands.COMMANDS:
            return commands.run(arguments[0], arguments[1:])
        if arguments and re.match("(?!phase)[A-Za-z]", arguments[0]):
            _refuse_command(arguments)
        return _grade_and_report(arguments)
    except BadSetting as error:
        print(said(str(error), language_of(arguments)), file=sys.stderr)
        return USAGE


def tell_exception(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Write a traceback; what a submission says in it speaks to no terminal."""
    for line in "".join(traceback.format_exception(kind, error, trace)).splitlines():
        print(printable(line), file=sys.stderr)


def _refuse_command(arguments: Sequence[str]) -> None:
    """End with the commands that there are, and the one that may have been meant."""
    parser, word = make_parser(), arguments[0]
    parser.speak(language_of(arguments))
    listed = _list_of_commands() if parser.lang == "en" else in_japanese(_list_of_commands())
    meant = did_you_mean(word, [*commands.COMMANDS, *(phase.id for phase in COURSE)])
    listed = "\n".join(laid_out(listed, shutil.get_terminal_size().columns - 2))
    parser.error(f"{word!r} is neither a command nor a phase{meant}\n{listed}")


def _grade_and_report(arguments: Sequence[str]) -> int:
    parser = make_parser()
    options = parser.parse_args(arguments)
    target, name = find_target(options.target, parser)
    outputs = _outputs(options, parser)
    quiet = any(path is None for path, _, _ in outputs)
    console = Console(stderr=quiet, highlight=False, soft_wrap=False)
    phases = tuple(phase for phase in COURSE if phase in (options.phases or handed_out()))
    try:
        report = _grade_with_progress(options, target, name, phases, console)
    except running.SuitesBroken as error:
        console.print(text("broken", options.lang, why=error), markup=False, style="red")
        return USAGE
    except KeyboardInterrupt:
        console.print(text("interrupted", options.lang), markup=False)
        return INTERRUPTED
    done = []
    for path, option, render in outputs:  # before the terminal's: a reader may stop in the middle of that
        what = f"{option} -" if path is None else str(path)
        done.append(_try(what, functools.partial(_write, path, render, report), console))
    if not quiet:
        done.append(_try("the terminal's report", lambda: _show(report, console, target, options), console))
    if not all(done):
        return USAGE
    if report.not_gradable:
        return MACHINE
    under = options.fail_under is not None and report.percent < options.fail_under
    return UNDER if under else GRADED


def _show(report: Report, console: Console, target: Path, options: argparse.Namespace) -> None:
    if options.quiet:
        terminal.show_total(report, console, target, options.lang)
    else:
        terminal.show(report, console, target, options.lang, options.verbose)


Render = Callable[[Report], str]


def _outputs(options: argparse.Namespace, parser: argparse.ArgumentParser) -> list[tuple[Path | None, str, Render]]:
    """Files to write (None: standard output), for which option, and how.

    A folder that is not there is found out before an hour of grading.
    """
    renders: list[tuple[str | None, str, Render]] = [
        (options.json, "--json", json_report.render),
        (options.gradescope, "--gradescope", lambda report: gradescope.render(report, options.lang)),
        (options.junit, "--junit", lambda report: junit.render(report, options.lang)),
        (options.markdown, "--markdown", lambda report: markdown.render(report, options.lang)),
    ]
    to_stdout = [option for given, option, _ in renders if given == "-"]
    if len(to_stdout) > 1:
        parser.error(f"{' - and '.join(to_stdout)} -: only one report can be standard output")
    found: list[tuple[Path | None, str, Render]] = []
    for given, option, render in renders:
        if given is None:
            continue
        if given == "-":
            found.append((None, option, render))
            continue
        path = Path(given)
        if path.is_dir():
            parser.error(f"{option} {given}: is a folder, name a file")
        if not path.absolute().parent.is_dir():
            parser.error(f"{option} {given}: there is no folder {path.absolute().parent}")
        found.append((path, option, render))
    return found


def _try(what: str, write: Callable[[], object], console: Console) -> bool:
    """Write one report; if that fails it is said, and the others are written all the same."""
    try:
        write()
    except Exception as error:
        reason = getattr(error, "strerror", None) or f"{type(error).__name__}: {error}"
        console.print(printable(f"{what} could not be written: {reason}"), markup=False, style="red")
        return False
    return True


def _write(path: Path | None, render: Render, report: Report) -> None:
    """Into a file or to standard output; always UTF-8, whatever the terminal is: a program reads this."""
    content = render(report)
    if path is None:
        write_utf8(content)
    else:
        path.write_bytes(content.encode("utf-8", "replace"))


def _grade_with_progress(
    options: argparse.Namespace, target: Path, name: str, phases: tuple[Phase, ...], console: Console
) -> Report:
    done = 0

    def grade_it(on_result: Callable[[TestResult, int], None]) -> Report:
        return grade(target, phases, options.seed, options.lang, options.assembled, on_result, name)

    if options.quiet:
        return grade_it(lambda result, total: None)
    if not console.is_terminal:
        return grade_it(_LinesNowAndThen(options.lang).note)
    with console.status(terminal.progress_line(0, 0, options.lang)) as status:

        def on_result(result: TestResult, total: int) -> None:
            nonlocal done
            done += 1
            status.update(terminal.progress_line(done, total, options.lang))

        return grade_it(on_result)


class _LinesNowAndThen:
    """Progress for a log: a line on standard error after some seconds, and again; none where the work is short."""

    def __init__(self, lang: str) -> None:
        self._lang = lang
        self._done, self._told_at = 0, time.monotonic()

    def note(self, result: TestResult, total: int) -> None:
        """A test has ended."""
        self._done += 1
        if time.monotonic() - self._told_at >= PROGRESS:
            self._told_at = time.monotonic()
            print(terminal.progress_line(self._done, total, self._lang), file=sys.stderr, flush=True)

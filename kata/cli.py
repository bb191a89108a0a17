"""The command line of the grader."""

from __future__ import annotations

import argparse
import random
import sys
from pathlib import Path
from typing import Callable, Sequence

from rich.console import Console

from . import __version__, running
from .course import COURSE, PROJECT, Phase, find_phase
from .grading import grade
from .reports import gradescope, json_report, junit, markdown, terminal
from .results import TestResult
from .scoring import Report
from .texts import LANGUAGES, text

GRADED, UNDER, USAGE, INTERRUPTED = 0, 1, 2, 130

EXAMPLES = """\
examples:
  python grader.py                          grade all six phases of exercises/
  python grader.py 2                        grade phase 2 alone
  python grader.py --target solutions       grade another folder
  python grader.py --json report.json       write a report for programs (- is standard output)
  python grader.py --fail-under 80          exit status 1 under 80 percent
"""


def seed_option(text_: str) -> int:
    """``"7"`` or ``"random"`` to a number."""
    if text_ == "random":
        return random.SystemRandom().randrange(1, 2**31)
    try:
        seed = int(text_)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text_!r} is neither a whole number nor `random`") from None
    if seed < 0:
        raise argparse.ArgumentTypeError(f"{text_} is negative; seeds count from 0")
    return seed


def percent_option(text_: str) -> float:
    """A number from 0 to 100."""
    try:
        value = float(text_)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text_!r} is not a number") from None
    if not 0 <= value <= 100:
        raise argparse.ArgumentTypeError(f"{text_} is not a percentage from 0 to 100")
    return value


def phase_option(text_: str) -> Phase:
    """A phase by number or name."""
    try:
        return find_phase(text_)
    except KeyError as error:
        raise argparse.ArgumentTypeError(error.args[0]) from None


def make_parser() -> argparse.ArgumentParser:
    """The options of ``python grader.py``."""
    parser = argparse.ArgumentParser(
        prog="python grader.py",
        description="Grade the exercises of Transformer Kata.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "phases", nargs="*", type=phase_option, metavar="PHASE", help="1 to 6, or a name (default: all)"
    )
    parser.add_argument("--target", default=None, metavar="DIR", help="folder to grade (default: exercises)")
    parser.add_argument(
        "--seed", type=seed_option, default=0, metavar="N|random", help="seed of random draws (default: 0)"
    )
    parser.add_argument("--assembled", action="store_true", help="also try the six files together, passed or not")
    parser.add_argument("--json", metavar="FILE", help="write the report as JSON; - is standard output")
    parser.add_argument("--gradescope", metavar="FILE", help="write Gradescope's results.json")
    parser.add_argument("--junit", metavar="FILE", help="write JUnit XML")
    parser.add_argument("--markdown", metavar="FILE", help="write Markdown")
    parser.add_argument(
        "--fail-under", type=percent_option, default=None, metavar="PCT", help="exit 1 under this percentage"
    )
    parser.add_argument("--lang", choices=LANGUAGES, default="en", help="language of the report")
    parser.add_argument("--version", action="version", version=f"Transformer Kata {__version__}")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Grade and report; return the exit status."""
    for stream in (sys.stdout, sys.stderr):  # a terminal that lacks a character shows another
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    parser = make_parser()
    options = parser.parse_args(arguments)
    target, name = _find_target(options.target, parser)
    outputs = _outputs(options, parser)
    quiet = options.json == "-"
    console = Console(stderr=quiet, highlight=False, soft_wrap=False)
    phases = tuple(phase for phase in COURSE if not options.phases or phase in options.phases)
    try:
        report = _grade_with_progress(options, target, name, phases, console)
    except running.SuitesBroken as error:
        console.print(f"The suites could not be run: {error}", markup=False, style="red")
        return USAGE
    except KeyboardInterrupt:
        console.print(text("interrupted", options.lang), markup=False)
        return INTERRUPTED
    if not quiet:
        terminal.show(report, console, target, options.lang)
    for path, render in outputs:
        if not _write(path, render(report), console):
            return USAGE
    if quiet:
        # Always UTF-8, whatever the terminal is: a program reads this.
        sys.stdout.flush()
        sys.stdout.buffer.write(json_report.render(report).encode("utf-8"))
        sys.stdout.flush()
    under = options.fail_under is not None and report.percent < options.fail_under
    return UNDER if under else GRADED


def _find_target(given: str | None, parser: argparse.ArgumentParser) -> tuple[Path, str]:
    """The folder to grade and how to call it: as given, or the project's own of that name."""
    name = given or "exercises"
    here = Path(name)
    target = here if given is not None and here.exists() else PROJECT / name
    if not target.exists():
        parser.error(f"--target {name}: there is no such folder; it should hold {COURSE[0].file} and the other phases")
    if not target.is_dir():
        parser.error(f"--target {name}: is a file, not a folder; name the folder that holds {COURSE[0].file}")
    return target.resolve(), name


def _outputs(
    options: argparse.Namespace, parser: argparse.ArgumentParser
) -> list[tuple[Path, Callable[[Report], str]]]:
    """Files to write and how; a folder that is not there is found out before an hour of grading."""
    renders: list[tuple[str | None, str, Callable[[Report], str]]] = [
        (None if options.json == "-" else options.json, "--json", json_report.render),
        (options.gradescope, "--gradescope", gradescope.render),
        (options.junit, "--junit", junit.render),
        (options.markdown, "--markdown", lambda report: markdown.render(report, options.lang)),
    ]
    found = []
    for given, option, render in renders:
        if given is None:
            continue
        path = Path(given)
        if path.is_dir():
            parser.error(f"{option} {given}: is a folder, name a file")
        if not path.absolute().parent.is_dir():
            parser.error(f"{option} {given}: there is no folder {path.absolute().parent}")
        found.append((path, render))
    return found


def _write(path: Path, content: str, console: Console) -> bool:
    try:
        path.write_text(content, encoding="utf-8")
    except OSError as error:
        console.print(f"{path} could not be written: {error.strerror or error}", markup=False, style="red")
        return False
    return True


def _grade_with_progress(
    options: argparse.Namespace, target: Path, name: str, phases: tuple[Phase, ...], console: Console
) -> Report:
    done = 0

    def grade_it(on_result: Callable[[TestResult, int], None]) -> Report:
        return grade(target, phases, options.seed, options.lang, options.assembled, on_result, name)

    if not console.is_terminal:
        return grade_it(lambda result, total: None)
    with console.status(terminal.progress_line(0, 0, options.lang)) as status:

        def on_result(result: TestResult, total: int) -> None:
            nonlocal done
            done += 1
            status.update(terminal.progress_line(done, total, options.lang))

        return grade_it(on_result)

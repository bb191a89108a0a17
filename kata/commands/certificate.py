"""``python grader.py certificate``: once everything passes, a page to keep with the learner's own curves and maps."""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import time
from pathlib import Path
from typing import Sequence

from rich.console import Console

from .. import commands
from ..course.edition import handed_out
from ..course.phases import COURSE, PROJECT, Phase
from ..grading.grade import grade
from ..grading.run import SuitesBroken
from ..grading.scoring import Report
from ..i18n import LANGUAGES, choose, text
from ..reports import certificate, terminal
from ..settings import seed_option
from ..source.files import from_here
from .options import GRADED, INTERRUPTED, UNDER, USAGE, Parser, find_target

EXAMPLES = """\
examples:
  python grader.py certificate                    grade everything, then write pictures/certificate.html
  python grader.py certificate --name "Your name"  with a name on it
"""

SENTENCES = {
    "grading": ("Grading all six phases ...", "六つのフェーズを採点しています ..."),
    "drawing": ("Drawing what your code does ...", "コードの動きを図にしています ..."),
    "not_yet": ("The page is for all points. Not there yet:", "ページを作れるのは満点になってからです。現在:"),
    "whole": (
        "The page is for the whole course, and this edition does not hold all six phases.",
        "このページは全フェーズがそろってから作れます。この配布版には六つのフェーズがそろっていません。",
    ),
    "undrawn": ("Not drawn: {reason}", "描けなかった図: {reason}"),
    "done": ("{place} is yours to keep.", "{place} を作りました。記念にどうぞ。"),
    "unwritten": ("{place} could not be written: {reason}", "{place} に書き込めませんでした: {reason}"),
}


def make_parser() -> Parser:
    """The options of ``certificate``."""
    parser = Parser(
        prog="python grader.py certificate",
        description="Once all six phases have all points, write a page to keep: your curves, maps, times and versions.",
        epilog=EXAMPLES,
    )
    parser.add_argument("--name", default="", metavar="NAME", help="name to put on the page (default: none)")
    parser.add_argument("--target", default=None, metavar="DIR", help="folder to grade (default: exercises)")
    parser.add_argument(
        "--seed", type=seed_option, default=0, metavar="N|random", help="seed of random draws (default: 0)"
    )
    parser.add_argument(
        "--into", type=Path, default=None, metavar="DIR", help="folder to write to (default: pictures, in the project)"
    )
    parser.add_argument("--lang", choices=LANGUAGES, default="en", help="language of the page")
    return parser


def main(arguments: Sequence[str]) -> int:
    """Grade, draw and write; return 0 if the page is there, 1 if points are missing, 2 for bad usage."""
    parser = make_parser()
    options = parser.parse_args(arguments)
    target, name = find_target(options.target, parser)
    into = PROJECT / "pictures" if options.into is None else options.into
    if into.exists() and not into.is_dir():
        parser.error(f"--into {options.into}: is a file, not a folder")
    console = Console(highlight=False)

    def say(key: str, **values: object) -> None:
        console.print(choose(SENTENCES[key], options.lang).format(**values), markup=False, soft_wrap=True)

    if len(handed_out()) < len(COURSE):
        say("whole")
        return USAGE
    try:
        say("grading")
        report = grade(target, COURSE, options.seed, options.lang, name=name)
        if report.score < report.max_score or not report.assembled:
            say("not_yet")
            terminal.show_total(report, console, target, options.lang)
            return UNDER
        say("drawing")
        pictures, undrawn = _draw(target, into, options.lang)
    except SuitesBroken as error:
        console.print(text("broken", options.lang, why=error), markup=False, style="red")
        return USAGE
    except KeyboardInterrupt:
        return INTERRUPTED
    for reason in undrawn:
        say("undrawn", reason=reason)
    path = into / "certificate.html"
    try:
        _write(path, report, pictures, options)
    except OSError as error:
        say("unwritten", place=from_here(path), reason=error.strerror or error)
        return UNDER
    say("done", place=from_here(path))
    return GRADED


def _write(path: Path, report: Report, pictures: list[tuple[Phase, Path]], options: argparse.Namespace) -> None:
    page = certificate.render(
        report, pictures, trainings(), time.strftime("%Y-%m-%d"), options.lang, options.name.strip()
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8")


def _draw(target: Path, into: Path, lang: str) -> tuple[list[tuple[Phase, Path]], list[str]]:
    """What ``show`` draws of every phase, anew; and what it says of pictures that it could not draw."""
    pictures: list[tuple[Phase, Path]] = []
    undrawn: list[str] = []
    began = time.time() - 2.0  # coarse clocks of file systems
    for phase in COURSE:
        if phase == COURSE[-1] and not trainings():
            continue
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            command = [str(phase.number), "--target", str(target), "--into", str(into), "--lang", lang]
            command += ["--in-terminal", "no"]
            status = commands.run("show", command)
        if status == INTERRUPTED:
            raise KeyboardInterrupt
        drawn = sorted((into / f"phase{phase.number}").glob("*.png"))
        pictures += [(phase, path) for path in drawn if path.stat().st_mtime >= began]
        undrawn += [line for line in said.getvalue().splitlines() if status and not line.endswith((".png", ".html"))]
        if status == USAGE:  # no matplotlib
            break
    return pictures, undrawn


def trainings(runs: Path = PROJECT / ".kata" / "runs") -> list[certificate.Training]:
    """The last training of every toy, as far as it got."""
    found = []
    for path in sorted(runs.glob("*/history.json")):
        try:
            history = json.loads(path.read_text(encoding="utf-8"))
            last, seconds = history["validations"][-1], history.get("seconds")
            seconds = None if seconds is None else float(seconds)
            found.append(certificate.Training(str(history["toy"]), int(last["step"]), float(last["exact"]), seconds))
        except (OSError, ValueError, LookupError, TypeError):  # stopped before it was measured, or damaged
            continue
    return found

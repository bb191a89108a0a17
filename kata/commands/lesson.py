"""``python grader.py lesson PHASE [TASK]``: open the lesson's page if the site is built, else say where its text is."""

from __future__ import annotations

import sys
import webbrowser
from pathlib import Path
from typing import Sequence

from rich.console import Console

from ..course.phases import PROJECT, Phase
from ..i18n import LANGUAGES, choose
from ..source.files import from_here
from ..streams import is_terminal
from .options import GRADED, Parser, check_task, phase_option

SITE = PROJECT / "site_build" / "html"
"""Where ``python -m site_build`` puts the pages."""

SENTENCES = {
    "place": ("Lesson: {place}", "レッスン: {place}"),
    "old": (
        "The lesson has changed since that page was built. Build it anew: python -m site_build",
        "このページを作った後でレッスンが変わりました。作り直すには: python -m site_build",
    ),
    "build": (
        "With figures to touch, in a browser: {command}",
        "動かせる図の付いたページをブラウザで読むには: {command}",
    ),
}

EXAMPLES = """\
examples:
  python grader.py lesson 2                 the lesson of phase 2
  python grader.py lesson 2 split_heads     where it speaks of this task
  python grader.py lesson 2 --lang ja       in Japanese
"""


def make_parser() -> Parser:
    """The options of ``lesson``."""
    parser = Parser(
        prog="python grader.py lesson",
        description="Open the lesson of a phase in a browser if the site is built, else say where its text is.",
        epilog=EXAMPLES,
    )
    parser.add_argument("phase", type=phase_option, metavar="PHASE", help="1 to 6, or a name")
    parser.add_argument("task", nargs="?", metavar="TASK", help="a task of it (default: the beginning)")
    parser.add_argument("--lang", choices=LANGUAGES, default="en", help="language of the lesson")
    return parser


def page_of(phase: Phase, lang: str) -> Path:
    """The built page of a lesson, whether it is there or not."""
    return SITE / ("ja" if lang == "ja" else "") / "lessons" / f"{phase.id}.html"


def at_a_terminal() -> bool:
    """Whether a person reads the output."""
    return is_terminal(sys.stdout)


def main(arguments: Sequence[str]) -> int:
    """Open the page, or name the file; return the exit status."""
    parser = make_parser()
    options = parser.parse_args(arguments)
    phase: Phase = options.phase
    check_task(phase, options.task, parser)
    console = Console(highlight=False)

    def say(name: str, **values: object) -> None:
        console.print(choose(SENTENCES[name], options.lang).format(**values), markup=False, soft_wrap=True)

    page = page_of(phase, options.lang)
    if not page.is_file():
        place = from_here(PROJECT / phase.lesson(options.lang))
        say("place", place=place + ("" if options.task is None else f"#task-{options.task}"))
        if SITE.parent.is_dir():  # a student edition holds no site
            say("build", command="python -m pip install -r requirements-site.txt && python -m site_build")
        return GRADED
    address = page.as_uri() + ("" if options.task is None else f"#task-{options.task}")
    say("place", place=address)
    if page.stat().st_mtime < (PROJECT / phase.lesson(options.lang)).stat().st_mtime:
        say("old")
    if at_a_terminal():  # a script that reads this wants the address, not a browser
        webbrowser.open(address)
    return GRADED

"""``python grader.py release DIR``: make an edition for students, without the solutions of what is handed out."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Sequence

from rich.console import Console

from ..course.phases import COURSE, Phase
from ..course.release import CannotRelease, release
from ..i18n import LANGUAGES, choose
from .options import GRADED, USAGE, Parser

EXAMPLES = """\
examples:
  python grader.py release ../week1 --phases 1-3          hand out the first three phases, without any solution
  python grader.py release ../week5 --phases 4 --reference 1-3  hand out phase 4, with the solutions of the first three
  python grader.py release ../week1 --phases 1-4          bring an earlier edition up to date; its exercises/ stays

An edition made with --no-exercises can be unpacked over an earlier one: what a student wrote is not touched, and the
grader adds the stubs that are missing.
"""

DONE = (
    "{folder} holds phases {phases}, with {reference}. Next: look at it, then put it into a repository of its own.",
    "{folder} に、フェーズ {phases} ({reference}) を書き出しました。"
    "中身を確かめてから、専用のリポジトリに入れてください。",
)
WITH = ("the solutions of {phases}", "解答はフェーズ {phases}")
WITHOUT = ("no solutions", "解答なし")


def phases_option(text: str) -> tuple[Phase, ...]:
    """``1-3``, ``2`` or ``1,4-6``; ``none`` for no phase."""
    if text == "none":
        return ()
    numbers: set[int] = set()
    try:
        for part in text.split(","):
            first, _, last = part.partition("-")
            numbers |= set(range(int(first), int(last or first) + 1))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}: name phases as 1-3, 2 or 1,4-6") from None
    wrong = sorted(numbers - {phase.number for phase in COURSE})
    if wrong or not numbers:
        raise argparse.ArgumentTypeError(f"{text!r}: there is no phase {wrong[0] if wrong else text}; they are 1 to 6")
    return tuple(phase for phase in COURSE if phase.number in numbers)


def make_parser() -> Parser:
    """The options of ``release``."""
    parser = Parser(
        prog="python grader.py release",
        description="Make a student edition: stubs, suites, lessons and grader, without git history and solutions.",
        epilog=EXAMPLES,
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help="a new folder, or an earlier edition")
    parser.add_argument("--phases", type=phases_option, default=COURSE, help="what is handed out (default: all)")
    parser.add_argument(
        "--reference", type=phases_option, default=None, metavar="PHASES|none",
        help="whose solutions come along (default: those of the phases before the first one handed out)",
    )  # fmt: skip
    parser.add_argument("--no-exercises", action="store_true", help="write no stubs into exercises/")
    parser.add_argument("--lang", choices=LANGUAGES, default="en", help="language of the messages")
    return parser


def main(arguments: Sequence[str]) -> int:
    """Release and say so; return the exit status."""
    parser = make_parser()
    options = parser.parse_args(arguments)
    phases: tuple[Phase, ...] = options.phases
    reference = options.reference
    if reference is None:
        reference = tuple(phase for phase in COURSE if phases and phase.number < phases[0].number)
    if not phases:
        parser.error("--phases none: an edition hands out at least one phase")
    console = Console(highlight=False)
    try:
        release(options.folder, phases, reference, exercises=not options.no_exercises)
    except (CannotRelease, OSError) as error:
        console.print(str(error), markup=False, style="red", soft_wrap=True)
        return USAGE
    come_along = (
        choose(WITH, options.lang).format(phases=_named(reference)) if reference else choose(WITHOUT, options.lang)
    )
    done = choose(DONE, options.lang).format(folder=options.folder, phases=_named(phases), reference=come_along)
    console.print(done, markup=False, style="bold", soft_wrap=True)
    return GRADED


def _named(phases: Sequence[Phase]) -> str:
    return ", ".join(str(phase.number) for phase in phases)

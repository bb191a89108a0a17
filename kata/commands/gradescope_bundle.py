"""``python grader.py gradescope-bundle FILE.zip``: an autograder to upload to Gradescope."""

from __future__ import annotations

from pathlib import Path
from typing import Sequence

from rich.console import Console

from ..classroom.bundle import Settings, write_bundle
from ..course.edition import handed_out
from ..course.phases import Phase
from ..course.release import CannotRelease
from ..i18n import LANGUAGES, choose
from ..settings import seed_option
from .options import GRADED, USAGE, Parser
from .release import phases_option

VISIBILITIES = ("visible", "after_due_date", "after_published", "hidden")

EXAMPLES = """\
examples:
  python grader.py gradescope-bundle autograder.zip                    all phases, 600 points
  python grader.py gradescope-bundle autograder.zip --phases 1-3 --seed random  300 points
  python grader.py gradescope-bundle autograder.zip --visibility hidden

Upload the archive under "Configure Autograder". A student hands in the files, a folder or an archive; of a file that is
missing nothing is graded. What the machine there does not confine stands in an entry that students do not see.
"""

DONE = (
    '{file}: upload it under "Configure Autograder", and set the assignment to {points} points.',
    "{file} を “Configure Autograder” にアップロードし、課題の配点を {points} 点にしてください。",
)


def make_parser() -> Parser:
    """The options of ``gradescope-bundle``."""
    parser = Parser(
        prog="python grader.py gradescope-bundle",
        description="Make an autograder to upload to Gradescope.",
        epilog=EXAMPLES,
    )
    add = parser.add_argument
    add("file", type=Path, metavar="FILE.zip", help="the archive to write")
    add("--phases", type=phases_option, default=None, help="what is graded (default: all)")
    add("--seed", type=seed_option, default=0, metavar="N|random", help="seed of random draws, one for all students")
    when = f"when students see their results: {', '.join(VISIBILITIES)}"
    add("--visibility", choices=VISIBILITIES, default="visible", metavar="WHEN", help=when)
    add("--time-limit", type=float, default=Settings.time_limit, metavar="S", help="seconds for a submission")
    add("--without-solutions", action="store_true", help="pack a student edition of the phases: no mistake is named")
    add("--lang", choices=LANGUAGES, default="en", help="language that students read")
    return parser


def main(arguments: Sequence[str]) -> int:
    """Write the bundle and say what to do with it; return the exit status."""
    parser = make_parser()
    options = parser.parse_args(arguments)
    phases: tuple[Phase, ...] = handed_out() if options.phases is None else options.phases
    if not phases:
        parser.error("--phases none: a bundle grades at least one phase")
    if options.file.is_dir():
        parser.error(f"{options.file}: is a folder, name a file")
    if not options.file.absolute().parent.is_dir():
        parser.error(f"{options.file}: there is no folder {options.file.absolute().parent}")
    if options.time_limit <= 0:
        parser.error(f"--time-limit {options.time_limit:g}: more than 0 seconds")
    names = tuple(phase.id for phase in phases)
    settings = Settings(names, options.seed, options.lang, options.visibility, options.time_limit)
    console = Console(highlight=False)
    try:
        write_bundle(options.file, settings, options.without_solutions)
    except (CannotRelease, OSError) as error:
        console.print(str(error), markup=False, style="red", soft_wrap=True)
        return USAGE
    points = sum(phase.max_score for phase in phases)
    done = choose(DONE, options.lang).format(file=options.file, points=points)
    console.print(done, markup=False, style="bold", soft_wrap=True)
    return GRADED

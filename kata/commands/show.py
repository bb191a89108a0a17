"""``python grader.py show PHASE``: draw pictures of a phase with the learner's own code.

The code runs in this process, without the wall: nothing is judged here, the learner looks at what it does.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import webbrowser
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Sequence

from ..course.messages import in_language
from ..course.phases import COURSE, PROJECT, REFERENCE, Phase
from ..i18n import LANGUAGES, choose
from ..sandbox.loader import package_for
from ..source.files import display_path
from ..source.tree import line_of
from .options import GRADED, INTERRUPTED, UNDER, USAGE, Parser, find_target, phase_option

if TYPE_CHECKING:
    from ..pictures.picture import Picture

NO_MATPLOTLIB = (
    "show needs matplotlib: run `python -m pip install -r requirements.txt`",
    "show には matplotlib が必要です。`python -m pip install -r requirements.txt` を実行してください。",
)
TODO = ("{file}: {task} is still to do ({place})", "{file}: {task} がまだ書かれていません ({place})")
TODO_UNNAMED = ("{file}: not written yet{place}", "{file}: まだ書かれていません{place}")
NOT_DRAWN = ("{file}: {message}", "{file}: {message}")
UNDRAWABLE = (
    "{file}: matplotlib cannot draw these numbers ({error}); are they far too large?",
    "{file}: この数値は matplotlib で描けません ({error})。値が大きすぎませんか。",
)
NOT_WRITTEN = ("{path} could not be written: {reason}", "{path} に書き込めませんでした: {reason}")
STOPPED = ("interrupted", "中断しました。")
PAGE = ("All pictures with their captions: {page}", "すべての図と説明: {page}")
NO_PAGE = ("There is no picture yet to show on a page.", "ページに載せる図がまだありません。")
ALL = "all"

EXAMPLES = """\
examples:
  python grader.py show 2                   draw the pictures of phase 2
  python grader.py show 2 --open            and look at all that were drawn, in a browser
  python grader.py show all --lang ja       every phase, in Japanese
"""


def make_parser() -> Parser:
    """The options of ``python grader.py show``."""
    parser = Parser(
        prog="python grader.py show",
        description="Draw pictures of a phase with your own code, and write a page with all that were drawn. Phase 6 "
        "shows your last trainings.",
        epilog=EXAMPLES,
    )
    parser.add_argument("phase", type=_phase_or_all, metavar="PHASE", help="1 to 6, or a name; all for every phase")
    parser.add_argument("--open", action="store_true", help="open the page of all pictures in a browser")
    parser.add_argument(
        "--in-terminal",
        choices=("auto", "kitty", "iterm2", "sixel", "no"),
        default="auto",
        help="print the pictures themselves by this protocol (default: where the terminal can)",
    )
    parser.add_argument("--target", default=None, metavar="DIR", help="folder of the code (default: exercises)")
    parser.add_argument(
        "--into", default=None, metavar="DIR", help="folder to write to (default: pictures, in the project)"
    )
    parser.add_argument("--lang", choices=LANGUAGES, default="en", help="language of the pictures")
    return parser


def main(arguments: Sequence[str]) -> int:
    """Draw; return 0 if every picture was drawn, 1 if not, 2 for bad usage."""
    parser = make_parser()
    options = parser.parse_args(arguments)
    target, _ = find_target(options.target, parser)
    into = PROJECT / "pictures" if options.into is None else Path(options.into)
    if into.exists() and not into.is_dir():
        parser.error(f"--into {options.into}: is a file, not a folder")
    try:
        from ..pictures import fonts
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "matplotlib":
            raise
        print(choose(NO_MATPLOTLIB, options.lang))
        return USAGE
    advice = fonts.advice(options.lang)
    if advice:
        print(advice)
    from ..pictures import page, terminal

    protocol = terminal.supported(options.in_terminal)
    phases = COURSE if options.phase is None else (options.phase,)
    drawn, folder = True, into
    try:
        for phase in phases:
            folder = into / f"phase{phase.number}"
            before = _times(folder)
            drawn = _draw(phase, target, folder, options.lang) and drawn
            if protocol != terminal.NONE:
                for path in page.files(into, phase):
                    if _times(folder).get(path) != before.get(path):
                        sys.stdout.write(terminal.drawn(path, protocol, shutil.get_terminal_size().columns))
                        print(_said(path))
        folder = into
        written = page.write(into, options.lang)
    except KeyboardInterrupt:
        print(choose(STOPPED, options.lang))
        return INTERRUPTED
    except OSError as error:
        print(choose(NOT_WRITTEN, options.lang).format(path=_said(folder), reason=error.strerror or error))
        return UNDER
    if written is not None:
        print(choose(PAGE, options.lang).format(page=_said(written)))
        if options.open:
            webbrowser.open(written.resolve().as_uri())
    elif options.open:
        print(choose(NO_PAGE, options.lang))
    return GRADED if drawn else UNDER


def _phase_or_all(text: str) -> Phase | None:
    """A phase by number or name; None for all of them."""
    return None if text == ALL else phase_option(text)


def _times(folder: Path) -> dict[Path, int]:
    """When each picture was written."""
    return {path: path.stat().st_mtime_ns for path in folder.glob("*.png")}


def _draw(phase: Phase, target: Path, folder: Path, lang: str) -> bool:
    """Draw a phase; return whether there was something to draw and all of it was drawn."""
    if phase.number == 6:
        from ..pictures import phase6

        return phase6.draw_last_runs(folder, lang, print, _said)
    return draw_phase(phase, target, folder, lang)


def draw_phase(phase: Phase, target: Path, folder: Path, lang: str) -> bool:
    """Draw all pictures of a phase; print a path or a reason for each. Return whether all were drawn.

    Raises:
        OSError: if a picture cannot be written.
    """
    import torch

    from ..pictures import style
    from ..pictures.picture import finite
    from ..sandbox.guest.global_state import GlobalState
    from ..testing.in_process import PhaseUnderTest

    pictures: tuple[Picture, ...] = import_module(f"kata.pictures.phase{phase.number}").PICTURES
    torch.set_num_threads(1)  # steady; the models are small
    package = package_for(phase.id, target, REFERENCE)
    state = GlobalState()
    drawn = 0
    try:
        for picture in pictures:
            path = folder / f"{picture.name}.png"
            state.begin(0)
            try:
                data = finite(picture.data(PhaseUnderTest(package, phase.id)))
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # also SystemExit: a learner's code ends nothing here
                print(_reason(error, phase, target, path.name, lang))
                continue
            finally:
                state.end()
            try:
                with style.look(lang):
                    style.save(picture.draw(data, lang), path)
            except OSError:
                raise
            except Exception as error:  # numbers beyond what an axis can show
                print(choose(UNDRAWABLE, lang).format(file=path.name, error=type(error).__name__))
                continue
            print(_said(path))
            drawn += 1
    finally:
        package.close()
    return drawn == len(pictures)


def _reason(error: BaseException, phase: Phase, target: Path, file: str, lang: str) -> str:
    """One line that says why a picture was not drawn."""
    from ..pictures.picture import UnusableAnswer
    from ..results import TODO as UNFINISHED
    from ..results import printable
    from ..sandbox.tracebacks import where
    from ..testing.outcome import judge

    if isinstance(error, UnusableAnswer):
        return choose(NOT_DRAWN, lang).format(file=file, message=error)
    verdict = judge(error, [target])
    if verdict.state != UNFINISHED:
        message = printable(" ".join(in_language(verdict.message, lang).split()))
        return choose(NOT_DRAWN, lang).format(file=file, message=message)
    named = re.match(r"Phase \d+: (\w+)", str(error))
    path = target / phase.file
    line = line_of(path, named.group(1)) if named else None
    if named and line:
        place = f"{display_path(path)}:{line}"
        return choose(TODO, lang).format(file=file, task=named.group(1), place=place)
    return choose(TODO_UNNAMED, lang).format(file=file, place=where(error, [target]))


def _said(path: Path) -> str:
    """A path as short as it can be said from here."""
    relative: Any = os.path.relpath(path) if path.is_absolute() else str(path)
    return str(path) if relative.startswith(os.pardir) else relative

"""``python grader.py reset PHASE [TASK]``: bring a stub back, and keep what was there."""

from __future__ import annotations

from typing import Sequence

from rich.console import Console

from ..course.phases import Phase
from ..i18n import LANGUAGES, choose
from ..source.files import Folder
from ..source.reset import CannotReset, Reset, reset
from ..source.tree import line_of
from .options import GRADED, USAGE, Parser, check_task, find_target, phase_option

EXAMPLES = """\
examples:
  python grader.py reset 2                  bring back the whole file of phase 2
  python grader.py reset 2 split_heads      bring back one task, leave the others as they are

What was in the file is kept below .kata/kept/ in the same folder, with date and time in its name.
"""

DONE = ("{place} is the stub again.", "{place} をスタブに戻しました。")
KEPT = ("What was there is kept in {copy}", "元の内容は {copy} に残してあります。")
NOTHING = ("{place} is the stub already: nothing was changed.", "{place} はスタブのままです。何も変えていません。")
REASONS = {
    "syntax": (
        "{file} is not valid Python ({detail}), so {task} cannot be found in it. Nothing was changed.\n"
        "Mend that line, or bring back the whole file: python grader.py reset {phase}{target}",
        "{file} は Python として読めないため ({detail})、{task} の位置が分かりません。何も変えていません。\n"
        "その行を直すか、ファイル全体を戻してください: python grader.py reset {phase}{target}",
    ),
    "kind": (
        "{file} is not an ordinary file. Nothing was changed: move it away, then reset again.",
        "{file} は通常のファイルではありません。何も変えていません。別の場所へ移してから、もう一度実行してください。",
    ),
    "reference": (
        "{folder} holds the solutions, from which the stubs are made: it is not reset. Name another folder.",
        "{folder} は解答のフォルダで、スタブはここから作られます。戻せません。別のフォルダを指定してください。",
    ),
    "stub": (
        "{file} was not reset: {detail}. Nothing was changed. Fetch the project, or the edition, again.",
        "{file} は戻せません ({detail})。何も変えていません。プロジェクトか配布版をもう一度取得してください。",
    ),
    "disk": (
        "{file} was not reset ({detail}). Nothing was changed.",
        "{file} を戻せませんでした ({detail})。何も変えていません。",
    ),
}


def make_parser() -> Parser:
    """The options of ``reset``."""
    parser = Parser(
        prog="python grader.py reset",
        description="Bring back the stub of a phase, or of one of its tasks. Nothing that you wrote is lost.",
        epilog=EXAMPLES,
    )
    parser.add_argument("phase", type=phase_option, metavar="PHASE", help="1 to 6, or a name")
    parser.add_argument("task", nargs="?", metavar="TASK", help="a task of the phase (default: the whole file)")
    parser.add_argument("--target", default=None, metavar="DIR", help="folder of the file (default: exercises)")
    parser.add_argument("--lang", choices=LANGUAGES, default="en", help="language of the messages")
    return parser


def main(arguments: Sequence[str]) -> int:
    """Reset and say so; return the exit status."""
    parser = make_parser()
    options = parser.parse_args(arguments)
    phase: Phase = options.phase
    check_task(phase, options.task, parser)
    target, name = find_target(options.target, parser)
    folder = Folder(target, name).called
    file = f"{folder}/{phase.file}"
    console = Console(highlight=False)

    def say(sentence: tuple[str, str], style: str = "", **values: object) -> None:
        console.print(choose(sentence, options.lang).format(**values), markup=False, style=style, soft_wrap=True)

    try:
        done = reset(phase, target, options.task)
    except CannotReset as error:
        option = "" if options.target is None else f" --target {options.target}"
        values = {"file": file, "folder": folder, "task": options.task, "phase": phase.number, "target": option}
        say(REASONS[error.reason], style="red", detail=error.detail, **values)
        return USAGE
    if not done.changed:
        say(NOTHING, place=_place(file, done, options.task))
        return GRADED
    say(DONE, style="bold", place=_place(file, done, options.task))
    if done.kept is not None:
        say(KEPT, copy=f"{folder}/{done.kept.relative_to(target).as_posix()}")
    return GRADED


def _place(file: str, done: Reset, task: str | None) -> str:
    """``exercises/phase2_attention.py:68 split_heads``, or the file alone."""
    return file if task is None else f"{file}:{line_of(done.path, task)} {task}"

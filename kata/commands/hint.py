"""``python grader.py hint PHASE [TASK]``: the next hint of a task, read from its lesson; one more each time."""

from __future__ import annotations

import re
import shlex
import warnings
from pathlib import Path
from typing import Sequence

from rich.console import Console
from rich.text import Text

from ..course import lessons
from ..course.messages import in_language
from ..course.phases import DEFAULT_TARGET, PROJECT, Phase
from ..i18n import LANGUAGES, TEXTS, choose
from ..line_breaking import wrap
from ..sandbox.loader import explain_import_failure
from ..source.files import Folder, complaint_about, from_here
from ..source.progress import unfinished_tasks
from ..source.tree import line_of
from . import hint_state
from .options import GRADED, INTERRUPTED, USAGE, Parser, check_task, find_target, phase_option

WIDTH = 100
INDENT = 4

SENTENCES: dict[str, tuple[str, str]] = {
    "heading": ("hint {number} of {total}", "ヒント {number}/{total}"),
    "at": ("Your code: {place}", "あなたのコード: {place}"),
    "explained": ("Explained in {lesson}", "解説: {lesson}"),
    "trace": (
        "See it step by step: python grader.py trace {phase} {task}{option}",
        "一歩ずつ見るには: python grader.py trace {phase} {task}{option} --lang ja",
    ),
    "more": ("Another hint: ask again.", "次のヒントは、もう一度尋ねると表示します。"),
    "last": (
        "That was the last hint. The lesson says why it works: {lesson}",
        "ヒントはこれで最後です。なぜそうなるかはレッスンにあります: {lesson}",
    ),
    "no_more": (
        "All {total} hints of {task} have been shown; here is the last one again. --again shows them all.",
        "{task} のヒント {total} 個はすべて表示しました。最後の一つをもう一度示します。--again で全部を読み返せます。",
    ),
    "none_yet": (
        "No hint of {task} has been shown yet: ask without --again.",
        "{task} のヒントはまだ表示していません。--again なしで尋ねてください。",
    ),
    "missing": (
        "There is no hint for {task}: {lesson} does not have it.",
        "{task} のヒントがありません。{lesson} に載っていません。",
    ),
    "no_lesson": ("The lesson {lesson} cannot be read: {why}", "レッスン {lesson} を読めません: {why}"),
    "unreadable": (
        "{why}\nRepair that first, or name a task: python grader.py hint {phase} {task}",
        "{why}\n先にそこを直すか、課題の名前を付けてください: python grader.py hint {phase} {task} --lang ja",
    ),
    "grading": (
        "Every task of phase {phase} has code; grading it to find the one that needs a hint ...",
        "フェーズ {phase} はすべての課題にコードがあります。どの課題にヒントが要るか、採点して調べています ...",
    ),
    "all_pass": (
        "All tasks of phase {phase} pass: no hint is needed. The questions at the end of {lesson} go further.",
        "フェーズ {phase} の課題はすべて合格で、ヒントは要りません。{lesson} の問いで、もう一歩考えてみましょう。",
    ),
    "broken": TEXTS["broken"],
    "interrupted": ("Interrupted.", "中断しました。"),
    "not_kept": (
        "Note: {file} cannot be written, so the next call will show this hint again.",
        "注意: {file} に書き込めないため、次回も同じヒントを表示します。",
    ),
}

EXAMPLES = """examples:
  python grader.py hint 2                   the next hint of the first unfinished task of phase 2
  python grader.py hint 2 split_heads       of this task; ask again for the next one
  python grader.py hint 2 split_heads --again  the ones you have seen
"""


def make_parser() -> Parser:
    """The options of ``python grader.py hint``."""
    parser = Parser(
        prog="python grader.py hint",
        description="Show the next hint of a task; one more each time you ask, from a nudge to nearly the code.",
        epilog=EXAMPLES,
    )
    parser.add_argument("phase", type=phase_option, metavar="PHASE", help="1 to 6, or a name")
    parser.add_argument("task", nargs="?", metavar="TASK", help="a task of it (default: the first unfinished one)")
    parser.add_argument("--again", action="store_true", help="show the hints that have been shown, and no new one")
    parser.add_argument("--target", default=None, metavar="DIR", help="folder you work in (default: exercises)")
    parser.add_argument("--lang", choices=LANGUAGES, default="en", help="language of the hint")
    return parser


def main(arguments: Sequence[str]) -> int:
    """Show a hint; return the exit status."""
    parser = make_parser()
    options = parser.parse_args(arguments)
    target, name = find_target(options.target, parser)
    phase: Phase = options.phase
    check_task(phase, options.task, parser)
    console = Console(highlight=False, soft_wrap=True)
    try:
        task, status = (options.task, GRADED) if options.task else _find_task(phase, target, options.lang, console)
        if task is None:
            return status
        errors = Console(stderr=True, soft_wrap=True)
        return show(phase, task, Folder(target, name), options.lang, console, errors, options.again)
    except KeyboardInterrupt:
        _say(console, "interrupted", options.lang)
        return INTERRUPTED


def _find_task(phase: Phase, target: Path, lang: str, console: Console) -> tuple[str | None, int]:
    """The first task of the phase that is not done, or None and the exit status."""
    why = _why_unreadable(target / phase.file)
    if why:
        first = phase.tasks[0].name
        _say(
            Console(stderr=True, soft_wrap=True),
            "unreadable",
            lang,
            why=in_language(why, lang),
            phase=phase.number,
            task=first,
        )
        return None, USAGE
    unfinished = unfinished_tasks(phase, target)
    if unfinished:
        return unfinished[0], GRADED
    return _grade(phase, target, lang, console)


def _grade(phase: Phase, target: Path, lang: str, console: Console) -> tuple[str | None, int]:
    """The first task that the suite finds wrong, or None and the exit status."""
    from ..grading import run as running
    from ..grading.grade import grade, next_task

    _say(Console(stderr=True, soft_wrap=True), "grading", lang, phase=phase.number)
    try:
        found = next_task(grade(target, (phase,), lang=lang))
    except running.SuitesBroken as error:
        _say(Console(stderr=True, soft_wrap=True), "broken", lang, why=error)
        return None, USAGE
    if found is None:
        _say(console, "all_pass", lang, phase=phase.number, lesson=phase.lesson(lang))
        return None, GRADED
    return found[1], GRADED


def _why_unreadable(path: Path) -> str:
    """Why a learner's file is no Python; empty if it is."""
    complaint = complaint_about(path)
    if complaint:
        return complaint
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python quotes the line it warns of, control codes and all
            compile(path.read_bytes(), str(path), "exec", dont_inherit=True)
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return explain_import_failure(error, path)
    return ""


def show(
    phase: Phase, task: str, folder: Folder, lang: str, console: Console, errors: Console, again: bool = False
) -> int:
    """Show the next hint of a task and remember that; return the exit status.

    Args:
        phase, task: of what.
        folder: where the learner works.
        lang: ``"en"`` or ``"ja"``.
        console, errors: where to, what is amiss apart.
        again: show the hints that have been shown, and no new one.
    """
    try:
        hints = lessons.hints(phase, task, lang)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        _say(errors, "no_lesson", lang, lesson=phase.lesson(lang), why=why)
        return USAGE
    if not hints:
        _say(errors, "missing", lang, task=task, lesson=phase.lesson(lang))
        return USAGE
    seen = min(hint_state.shown(folder.path, phase, task), len(hints))
    lesson = from_here(PROJECT / lessons.anchor(phase, task, lang))
    if again:
        if seen == 0:
            _say(console, "none_yet", lang, task=task)
            return GRADED
        for number in range(1, seen + 1):
            _print_hint(hints, number, task, lang, console)
        _say(console, "explained", lang, lesson=lesson)
        return GRADED

    number = min(seen + 1, len(hints))
    if seen == len(hints):
        _say(console, "no_more", lang, total=len(hints), task=task)
    _print_hint(hints, number, task, lang, console)
    option = "" if folder.path == DEFAULT_TARGET else f" --target={shlex.quote(folder.called)}"
    _say(console, "trace", lang, phase=phase.number, task=task, option=option)
    _say(console, "at", lang, place=folder.place(phase.file, line_of(folder.path / phase.file, task)))
    if number < len(hints):
        _say(console, "explained", lang, lesson=lesson)
        _say(console, "more", lang)
    else:
        _say(console, "last", lang, lesson=lesson)
    if number > seen and not hint_state.remember(folder.path, phase, task, number):
        _say(errors, "not_kept", lang, file=hint_state.STATE)
    return GRADED


def _print_hint(hints: list[str], number: int, task: str, lang: str, console: Console) -> None:
    """One hint under its heading: paragraphs filled, code as it stands."""
    heading = choose(SENTENCES["heading"], lang).format(number=number, total=len(hints))
    console.print()
    console.print(Text.assemble((task, "bold"), ("  " + heading, "dim")))
    console.print()
    width = max(20, min(console.width, WIDTH) - INDENT)
    in_code = False
    for line in hints[number - 1].splitlines():
        if line.strip().startswith("```"):
            in_code = not in_code
            continue
        if in_code:
            console.print(Text(" " * (INDENT + 2) + line, style="cyan"))
            continue
        plain = re.sub(r"\$(`[^`]*`)\$", r"\1", line)
        bullet = re.match(r"\s*(?:[-*]|\d+\.)\s+", plain)
        hang = len(bullet.group()) if bullet else 0
        for at, part in enumerate(wrap(plain[hang:], width - hang) or [""]):
            lead = bullet.group() if bullet and at == 0 else " " * hang
            console.print(_with_code(" " * INDENT + lead + part) if part else "")
    console.print()


def _with_code(line: str) -> Text:
    """The line with what stands in backticks in colour; the backticks stay, a copy of the text keeps its sense."""
    text = Text(line)
    text.highlight_regex(r"`[^`]+`", "cyan")
    return text


def _say(console: Console, key: str, lang: str, **values: object) -> None:
    console.print(choose(SENTENCES[key], lang).format(**values), markup=False)

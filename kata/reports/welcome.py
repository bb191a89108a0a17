"""What someone sees who has not written anything yet: what this is, what there is to do and where to begin."""

from __future__ import annotations

from pathlib import Path

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from ..course.edition import handed_out
from ..course.phases import DEFAULT_TARGET, PROJECT
from ..grading.scoring import Report
from ..i18n import choose
from ..line_breaking import pad, wrap
from ..results import TODO
from ..source.files import Folder, from_here
from ..source.tree import line_of

WIDTH = 80

ABOUT = (
    'You are about to write the Transformer of "Attention Is All You Need" (Vaswani et al., 2017) yourself: six '
    "files with functions and classes that only raise NotImplementedError, PyTorch's primitives, and tests that say "
    "what is wrong, where, and why it matters. At the end your own code trains a small model and decodes with it.",
    "論文 “Attention Is All You Need” (Vaswani ら、2017) の Transformer を、自分の手で書いていきます。"
    "六つのファイルには、NotImplementedError を送出するだけの関数とクラスが並んでいます。"
    "使うのは PyTorch の基本部品だけです。"
    "何が違うのか、どこで食い違うのか、なぜそれが大切なのかは、テストが教えてくれます。"
    "最後には、あなた自身のコードが小さなモデルを学習し、復号します。",
)
SIZE = ("{tasks} tasks, {points} points", "課題 {tasks} 個、{points} 点")
TOTAL = ("{phases} phases, {tasks} tasks, {points} points", "全 {phases} フェーズ、課題 {tasks} 個、{points} 点")
NEXT = ("Next: write {task} in {place}", "次の一歩: {place} の {task} を書く")
LESSON = ("Read first", "まず読む")
WATCH = ("A verdict whenever you save", "保存するたびに判定")
HINT = ("A hint when you are stuck", "行き詰まったらヒント")
TASKS = ("The tasks of phase {number}", "フェーズ {number} の課題一覧")


def nothing_written(report: Report) -> bool:
    """Whether this is the report of someone who has not begun: all six phases, and every task is to do."""
    tasks = [task for phase in report.phases for task in phase.tasks]
    begun = any(task.state != TODO for task in tasks) or report.assembled_message
    return len(report.phases) == len(handed_out()) and not begun


def show(report: Report, console: Console, target: Path, lang: str = "en") -> None:
    """Print the welcome.

    Args:
        report: a report for which ``nothing_written`` holds.
        console: where; its width is used up to ``WIDTH`` columns.
        target: the folder that was graded.
        lang: ``"en"`` or ``"ja"``.
    """
    width = min(console.width, WIDTH)

    def say(line: str = "", style: str = "") -> None:
        console.print(Text(line, style=style), soft_wrap=True)

    say()
    say("Transformer Kata", style="bold")
    say()
    for line in wrap(choose(ABOUT, lang), width):
        say(line)
    say()
    for phase in handed_out():
        size = choose(SIZE, lang).format(tasks=len(phase.tasks), points=phase.max_score)
        say(pad(f"{phase.number} {phase.title(lang)}", width - cell_len(size)) + size)
    total = choose(TOTAL, lang).format(
        phases=len(handed_out()),
        tasks=sum(len(phase.tasks) for phase in handed_out()),
        points=sum(phase.max_score for phase in handed_out()),
    )
    say(" " * (width - cell_len(total)) + total)
    say()

    phase, task = handed_out()[0], handed_out()[0].tasks[0].name
    number = line_of(target / phase.file, task)
    place = Folder(target, report.target).place(phase.file, number)
    say(choose(NEXT, lang).format(task=task, place=place), style="bold")
    language = "" if lang == "en" else f" --lang {lang}"
    option = "" if target == DEFAULT_TARGET else f" --target {report.target}"
    ways = {
        WATCH: f"python grader.py watch{option}{language}",
        HINT: f"python grader.py hint {phase.number}{language}",
        TASKS: f"python grader.py {phase.number}{option}{language}",
    }
    if (PROJECT / phase.lesson(lang)).is_file():
        ways = {LESSON: from_here(PROJECT / phase.lesson(lang)), **ways}
    named = [(choose(what, lang).format(number=phase.number), how) for what, how in ways.items()]
    widest = max(cell_len(what) for what, _ in named)
    for what, how in named:
        say(f"{pad(what, widest + 2)}{how}")

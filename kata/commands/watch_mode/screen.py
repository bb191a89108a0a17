"""What ``watch`` says. It only ever adds lines at the end, so that nothing scrolled away is lost."""

from __future__ import annotations

import difflib
import time
from pathlib import Path

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from ...course.edition import has_reference
from ...course.phases import COURSE, PROJECT, REFERENCE, Phase
from ...grading.scoring import PhaseScore
from ...i18n import choose
from ...line_breaking import wrap
from ...reports import terminal
from ...results import PASSED, TODO
from ...source.tree import line_of, parse_source
from .runner import Run
from .scoreboard import Scoreboard

SENTENCES: dict[str, tuple[str, str]] = {
    "watching": (
        "Watching {folder}: save a file, and its phase is graded.",
        "{folder} を見ています。ファイルを保存すると、そのフェーズを採点します。",
    ),
    "starting": ("starting torch ...", "torch を起動中 ..."),
    "saved": ("phase {number} saved", "フェーズ {number} を保存しました"),
    "phase": ("phase {number}", "フェーズ {number}"),
    "again": ("grading phase {number} ...", "フェーズ {number} を採点中 ..."),
    "slow": (
        "still running ({seconds:.0f} s, {done} tests done). Is there an endless loop? Save again, or q.",
        "まだ実行中です ({seconds:.0f} 秒、終わったテスト {done} 個)。無限ループかもしれません。"
        "もう一度保存するか、q で終了できます。",
    ),
    "builds_on": ("and what builds on it: {tasks} ...", "これを使う課題も実行中: {tasks} ..."),
    "gone": (
        "{file} is gone: put it back, or run {reset}",
        "{file} がありません。元に戻すか、{reset} を実行してください。",
    ),
    "broken": ("The suites could not be run: {why}", "テストを実行できませんでした: {why}"),
    "untouched": ("Nothing is written yet in phase {number}.", "フェーズ {number} はまだ何も書かれていません。"),
    "course": ("{passed} of {total} tasks", "課題 {total} 個のうち {passed} 個"),
    "next_phase": (
        "Next: phase {number} is complete; press n for the next one",
        "次の一歩: フェーズ {number} は完成です。n で次のフェーズへ",
    ),
    "next_done": (
        "Everything passes. Next: python grader.py (your six files together), then python grader.py train reverse",
        "すべて合格です。次の一歩: python grader.py (六つのファイルを合わせて)、続いて python grader.py train reverse",
    ),
    "lesson": ("lesson {lesson}", "レッスン {lesson}"),
    "keys": (
        "h hint · l list · n next phase · a grade all · s solution · p pictures · q quit",
        "h ヒント・l 一覧・n 次のフェーズ・a 全採点・s 解答との差分・p 図・q 終了",
    ),
    "not_passed": (
        "The solution is shown once a task of this phase has passed.",
        "解答との差分は、このフェーズの課題が合格してから見られます。",
    ),
    "diff": ("{task}: yours (-) and the solution (+)", "{task}: あなたのコード (-) と解答 (+)"),
    "diff_none": (
        "This edition does not hold the solution of this phase.",
        "この配布版には、このフェーズの解答は入っていません。",
    ),
    "diff_same": ("{task}: yours is the solution, line by line", "{task}: 解答と一行も違いません"),
    "diff_more": ("s again: the next task that has passed", "もう一度 s: 合格した次の課題"),
    "unknown_key": ("{key} is no key here.", "{key} に割り当てはありません。"),
    "not_graded": ("not graded yet", "未採点"),
    "grading_all": ("grading all phases ...", "全フェーズを採点中 ..."),
    "bye": ("Nothing is watched any more.", "監視を終わります。"),
    "busy": ("drawing pictures ...", "図を描いています ..."),
    "no_terminal": (
        "watch needs a terminal: keys and screen. In a pipe or in CI run python grader.py.",
        "watch には端末 (キー入力と画面) が必要です。パイプや CI では python grader.py を実行してください。",
    ),
}

BAR = 29


class Screen:
    """The words of ``watch`` on a console.

    Args:
        console: where.
        target: the folder that is watched.
        name: how the user calls it.
        lang: ``"en"`` or ``"ja"``.
    """

    def __init__(self, console: Console, target: Path, name: str, lang: str) -> None:
        self.console = console
        self._target = target
        self._name = name.rstrip("/")
        self.lang = lang

    def say(self, what: str, style: str = "", **values: object) -> None:
        """One sentence."""
        sentence = choose(SENTENCES[what], self.lang).format(**values)
        for line in wrap(sentence, max(20, self.console.width - 1), hanging=2):
            self.console.print(Text(line, style=style), soft_wrap=True)

    def rule(self, key: str, phase: Phase) -> None:
        """A line across the screen where a new verdict begins."""
        words = choose(SENTENCES[key], self.lang).format(number=phase.number)
        line = f"── {time.strftime('%H:%M:%S')} · {words} · {self._name}/{phase.file} "
        width = min(self.console.width, terminal.WIDTH)
        self.console.print()
        self.console.print(Text(line + "─" * max(0, width - cell_len(line) - 1), style="cyan"), soft_wrap=True)

    def verdict(self, score: PhaseScore, scoreboard: Scoreboard) -> None:
        """The state of every task of a phase, the first failure, the way through the course, the next step."""
        width = min(self.console.width, terminal.WIDTH)
        phase = score.phase
        heading = terminal.heading(phase.title(self.lang), f"{phase.number} ", score.score, score.max_score, width)
        self.console.print(heading)
        told = False
        for task in score.tasks:
            self.console.print(terminal.task_row(task, self.lang, width))
            if task.passed_given:
                terminal.print_findings(task, self.console, self.lang, width)
            if not told and task.state not in (PASSED, TODO):
                terminal.print_findings(task, self.console, self.lang, width)
                told = True
        self.progress(scoreboard)
        self.next_step(phase, scoreboard)

    def early(self, so_far: PhaseScore, run: Run) -> None:
        """The state of the tasks that were rewritten, and which ones are still being run."""
        width = min(self.console.width, terminal.WIDTH)
        for task in so_far.tasks:
            if task.name in run.rewritten:
                self.console.print(terminal.task_row(task, self.lang, width))
        others = [task.name for task in run.phase.tasks if task.name not in run.rewritten | run.kept]
        self.say("builds_on", style="dim", tasks=choose((", ", "、"), self.lang).join(others))

    def progress(self, scoreboard: Scoreboard) -> None:
        """A bar over all tasks of the course."""
        passed, total = scoreboard.passed()
        filled = BAR * passed // total
        bar = Text("█" * filled, style="green") + Text("░" * (BAR - filled), style="dim")
        words = choose(SENTENCES["course"], self.lang).format(passed=passed, total=total)
        self.console.print()
        self.console.print(bar + Text(f"  {words}"), soft_wrap=True)

    def next_step(self, phase: Phase, scoreboard: Scoreboard) -> None:
        """One line: what to open, which task, which lesson."""
        passed, total = scoreboard.passed()
        if passed == total:
            self.say("next_done", style="bold")
            return
        if len(scoreboard.passed_tasks(phase)) == len(phase.tasks):
            self.say("next_phase", style="bold", number=phase.number)
            return
        task = scoreboard.first_open(phase)
        line = line_of(self._target / phase.file, task)
        score = scoreboard.of(phase)
        state = next((found.state for found in score.tasks if found.name == task), TODO) if score else TODO
        key = "next_implement" if state == TODO else "next_fix"
        sentence = terminal.one_line(key, self.lang, task, self._name, phase.file, line)
        self.console.print(Text(sentence, style="bold"), soft_wrap=True)
        if (PROJECT / phase.lesson(self.lang)).is_file():
            self.say("lesson", style="dim", lesson=f"{phase.lesson(self.lang)}#task-{task}")

    def overview(self, scoreboard: Scoreboard, current: Phase) -> None:
        """All phases and tasks, as far as their state is known."""
        width = min(self.console.width, terminal.WIDTH)
        for phase in COURSE:
            score = scoreboard.of(phase)
            mark = "▸" if phase == current else " "
            self.console.print()
            if score is None:
                words = choose(SENTENCES["not_graded"], self.lang)
                heading = Text(f"{mark}{phase.number} {phase.title(self.lang)}  ", style="bold")
                self.console.print(heading + Text(words, style="dim"), soft_wrap=True)
                for unknown in phase.tasks:
                    self.console.print(Text(f"  · {unknown.name}"), soft_wrap=True)
                continue
            title = f"{mark}{phase.number} "
            self.console.print(terminal.heading(phase.title(self.lang), title, score.score, score.max_score, width))
            for task in score.tasks:
                self.console.print(terminal.task_row(task, self.lang, width))
        self.progress(scoreboard)

    def solution(self, phase: Phase, task: str, more: bool) -> None:
        """How the solution of a task differs from what the learner wrote."""
        if not has_reference(phase):
            self.say("diff_none", style="dim")
            return
        mine = _source_of(self._target / phase.file, task)
        theirs = _source_of(REFERENCE / phase.file, task)
        lines = list(difflib.unified_diff(mine, theirs, lineterm="", n=2))[2:]
        self.console.print()
        self.say("diff" if lines else "diff_same", style="bold", task=task)
        for line in lines:
            style = {"-": "red", "+": "green", "@": "cyan"}.get(line[:1], "")
            self.console.print(Text(line, style=style), soft_wrap=True)
        if more:
            self.say("diff_more", style="dim")


def _source_of(path: Path, task: str) -> list[str]:
    """The lines of a task's definition."""
    tree = parse_source(path)
    text = path.read_text(encoding="utf-8-sig").splitlines()
    for node in tree.body if tree else []:
        if getattr(node, "name", None) == task:
            return text[node.lineno - 1 : node.end_lineno]
    return []

"""The magics of a notebook: ``%%task``, ``%hint``, ``%trace``, ``%show``, ``%kata``."""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
import tempfile
from html import escape
from pathlib import Path
from typing import Any

from IPython.core.magic import Magics, cell_magic, line_magic, magics_class
from IPython.display import Image, display

from ..course.phases import COURSE, DEFAULT_TARGET, PROJECT, REFERENCE, Phase
from ..grading.scoring import Report
from ..grading.session_client import SuitesBroken
from ..i18n import LANGUAGES, TEXTS, choose
from ..results import ERROR, FORBIDDEN
from ..sandbox.loader import SubmissionError, VirtualPackage, package_for
from ..source.placing import CannotPlace, Placed, put
from .check import PREFERENCES, Shown, check_task, find, show
from .commands import GRADER, in_notebook
from .warm import Warm

SENTENCES: dict[str, tuple[str, str]] = {
    "cell": (
        "The cell is not valid Python{line}: {detail}. {file} was not changed.",
        "セルは Python として読めません{line}: {detail}。{file} は変えていません。",
    ),
    "no_task": (
        "The cell does not define {task}. {file} was not changed.",
        "セルに {task} の定義がありません。{file} は変えていません。",
    ),
    "other_task": (
        "The cell defines {detail}{line}, which is a task of its own: begin that cell with %%task {detail}. "
        "{file} was not changed.",
        "セルは別の課題 {detail} を定義しています{line}。そのセルは %%task {detail} で始めてください。"
        "{file} は変えていません。",
    ),
    "file": (
        "{file} is not valid Python ({detail}), so {task} cannot be put into it. Nothing was changed. Mend that place, "
        "or bring the stub back: {grader} reset {phase}",
        "{file} は Python として読めないため ({detail})、{task} を入れられません。何も変えていません。"
        "そこを直すか、スタブに戻してください: {grader} reset {phase}",
    ),
    "missing": (
        "There is no {file}. Bring the stub back: {grader} reset {phase}",
        "{file} がありません。スタブに戻してください: {grader} reset {phase}",
    ),
    "reference": (
        "{folder} holds the solutions: nothing is put there. Name another folder: %kata --target DIR",
        "{folder} は解答のフォルダです。書き込みません。別のフォルダを指定してください: %kata --target DIR",
    ),
    "disk": (
        "{file} could not be written ({detail}). It is as it was.",
        "{file} に書き込めませんでした ({detail})。元のままです。",
    ),
    "line": (" (line {line})", " ({line} 行目)"),
    "placed": ("{names} in {place}", "{place} に {names}"),
    "kept": ("before: {copy}", "変更前: {copy}"),
    "yours": (
        "This cell is still the stub, but {place} holds code of yours: that was graded, and left as it is.",
        "このセルはスタブのままですが、{place} にはあなたのコードがあります。それを採点し、ファイルは変えていません。",
    ),
    "one_task": (
        "%%task takes the name of one task, for instance: %%task {task}",
        "%%task には課題の名前を一つ付けます。例: %%task {task}",
    ),
    "broken": TEXTS["broken"],
    "interrupted": (
        "Interrupted: the code is in {place}, but was not graded.",
        "中断しました。コードは {place} にありますが、採点していません。",
    ),
    "stopped": ("Interrupted.", "中断しました。"),
    "usage": (
        "%kata [en|ja] [--target DIR]; now: {lang}, {target}",
        "%kata [en|ja] [--target フォルダ]。現在: {lang}、{target}",
    ),
}


@magics_class
class KataMagics(Magics):
    """What a notebook's cells call. A session stays for the phase that is worked on, so that a cell costs its tests."""

    def __init__(self, shell: Any) -> None:
        super().__init__(shell)
        self._package: VirtualPackage | None = None
        if PREFERENCES.warm is None:
            PREFERENCES.warm = Warm()
            atexit.register(PREFERENCES.warm.end)

    @cell_magic
    def task(self, line: str, cell: str) -> None:
        """``%%task split_heads``: put the cell into the phase's file and grade that task alone."""
        try:
            phase, task = find(line.strip() or COURSE[0].id, PREFERENCES.lang)
        except ValueError as error:
            _say(str(error), wrong=True)
            return
        if task is None:
            _say(_text("one_task", task=phase.tasks[0].name), wrong=True)
            return
        try:
            placed = put(phase, PREFERENCES.target, task, cell)
        except CannotPlace as error:
            _say(_refusal(error, phase, task), wrong=True)
            return
        report = self._grade(phase, task, placed)
        if report is not None:
            show(report, PREFERENCES.target, PREFERENCES.lang)
            _say(_what_was_done(placed))
            self._define(phase, report, placed)

    def _grade(self, phase: Phase, task: str, placed: Placed) -> Report | None:
        """The report on one task; None if there is none, which has been said."""
        target, name, lang = PREFERENCES.target, PREFERENCES.folder, PREFERENCES.lang
        try:
            return check_task(phase, task, target, name, lang)
        except SuitesBroken as error:
            _say(_text("broken", why=error), wrong=True)
        except KeyboardInterrupt:
            _say(_text("interrupted", place=_place(placed)), wrong=True)
        return None

    def _define(self, phase: Phase, report: Report, placed: Placed) -> None:
        """Define in the notebook what the file defines now, then run what the cell holds besides.

        The names come from the file, so that what is tried out here is what was graded. A file that may not even
        import is left alone: it could hang.
        """
        if report.phases[0].tasks[0].state in (ERROR, FORBIDDEN):
            return
        if self._package is not None:
            self._package.close()
        self._package = package_for(phase.id, PREFERENCES.target, REFERENCE)
        try:
            module = self._package.load(phase.id)
        except SubmissionError as error:
            _say(str(error), wrong=True)
            return
        self.shell.push({name: getattr(module, name) for name in placed.names if hasattr(module, name)})
        if placed.rest:
            self.shell.run_cell(placed.rest)

    @line_magic
    def hint(self, line: str) -> None:
        """``%hint split_heads``: the next hint, as ``python grader.py hint``; ``%hint 2`` for a phase."""
        self._tell("hint", line)

    @line_magic
    def trace(self, line: str) -> None:
        """``%trace split_heads``: the lesson's worked example through your code, as ``python grader.py trace``."""
        self._tell("trace", line)

    def _tell(self, command: str, line: str) -> None:
        """Print what a command of the grader says about a task or a phase."""
        words = line.split()
        try:
            phase, task = find(words[0] if words else "", PREFERENCES.lang)
        except ValueError as error:
            _say(str(error), wrong=True)
            return
        arguments = [str(phase.number), *([task] if task else []), *words[1:], *_target_option()]
        print(_grader(command, *arguments).strip("\n"))

    @line_magic
    def show(self, line: str) -> None:
        """``%show 2``: pictures of a phase, drawn with your own code."""
        try:
            phase, _ = find(line.strip(), PREFERENCES.lang)
        except ValueError as error:
            _say(str(error), wrong=True)
            return
        with tempfile.TemporaryDirectory(prefix="kata-") as folder:
            try:
                said = _grader("show", str(phase.number), "--into", folder, *_target_option())
            except KeyboardInterrupt:  # pictures are drawn without a time limit: an endless loop is stopped by hand
                _say(_text("stopped"), wrong=True)
                return
            drawn = sorted(Path(folder).rglob("*.png"), key=lambda path: path.stat().st_mtime)
            for path in drawn:
                display(Image(data=path.read_bytes(), format="png", width=900, alt=path.stem))
        left = [line for line in said.splitlines() if line.strip() and folder not in line]  # reasons, not paths
        if left:
            print("\n".join(left))

    @line_magic
    def kata(self, line: str) -> None:
        """``%kata ja``: language of the reports. ``%kata --target DIR``: the folder to work in."""
        words = line.split()
        while words:
            word = words.pop(0)
            if word in LANGUAGES:
                PREFERENCES.lang = word
            elif word == "--target" and words and (PROJECT / words[0]).is_dir():
                PREFERENCES.target = (PROJECT / words.pop(0)).resolve()
            else:
                _say(_text("usage", lang=PREFERENCES.lang, target=PREFERENCES.target), wrong=True)
                return


def _text(key: str, **values: object) -> str:
    return choose(SENTENCES[key], PREFERENCES.lang).format(**values)


def _refusal(error: CannotPlace, phase: Phase, task: str) -> str:
    line = "" if error.line is None else _text("line", line=error.line + 1)  # the magic's own line is the first
    return _text(
        error.reason,
        detail=error.detail,
        line=line,
        task=task,
        phase=phase.number,
        file=f"{PREFERENCES.folder}/{phase.file}",
        folder=PREFERENCES.folder,
        grader=GRADER,
    )


def _place(placed: Placed) -> str:
    return f"{PREFERENCES.folder}/{placed.path.name}:{placed.line}"


def _what_was_done(placed: Placed) -> str:
    """Where the code stands, and where the file is kept as it was before."""
    if placed.yours:
        return _text("yours", place=_place(placed))
    told = _text("placed", names=", ".join(placed.names), place=_place(placed))
    if placed.kept is not None:
        kept = placed.kept.relative_to(PREFERENCES.target).as_posix()
        told += " · " + _text("kept", copy=f"{PREFERENCES.folder}/{kept}")
    return told


def _say(sentence: str, wrong: bool = False) -> None:
    sentence = in_notebook(sentence)
    style = "border-left:3px solid #e5534b;padding-left:.6em" if wrong else "opacity:.7;font-size:90%"
    display(Shown(f'<div lang="{PREFERENCES.lang}" style="{style}">{escape(sentence)}</div>', sentence))


def _target_option() -> list[str]:
    return [] if PREFERENCES.target == DEFAULT_TARGET else ["--target", str(PREFERENCES.target)]


def _grader(*arguments: str) -> str:
    """What a command of the grader prints, naming a notebook's commands.

    It runs in a process of its own, because it may import torch and take its time.
    """
    done = subprocess.run(
        [sys.executable, str(PROJECT / "grader.py"), *arguments, "--lang", PREFERENCES.lang],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        env={**os.environ, "PYTHONUTF8": "1", "COLUMNS": "100", "FORCE_COLOR": "1"},
        check=False,
    )
    return in_notebook(done.stdout)

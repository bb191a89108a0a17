"""The commands that the grader's texts name, as a notebook has them: ``%hint 2`` for ``python grader.py hint 2``."""

from __future__ import annotations

import re
import sys
from typing import Callable

from ..commands import COMMANDS
from ..course.phases import COURSE, PROJECT

MAGICS = ("hint", "trace", "show")
IN_A_TERMINAL = ("watch",)
"""Commands that need keys and a screen: they stay as they are."""

GRADER = f'!"{sys.executable}" "{PROJECT / "grader.py"}"'
PYTEST = f'!cd "{PROJECT}" && "{sys.executable}" -m pytest'

_PALE = re.compile(r"(\x1b\[(?:[0-9];)*)36(?=[;m])")
"""A terminal's cyan: notebooks draw it too pale to be read on a white page. Blue takes its place."""

_TASKS = "|".join(task.name for phase in COURSE for task in phase.tasks)
_VALUE = r"'[^']*'|[\w./~-]*[\w/]"
_TOLD = re.compile(
    rf"python grader\.py(?: (?P<command>{'|'.join(COMMANDS)})\b)?(?: (?P<phase>[1-6])\b)?(?: (?P<task>{_TASKS})\b)?"
    rf"(?P<options>(?: (?:--(?:lang|target)[ =](?:{_VALUE})|--[a-z][a-z-]*(?:=(?:{_VALUE}))?))*)",
    re.ASCII,
)


def in_notebook(text: str, own: bool = True, written: Callable[[str], str] = str) -> str:
    """A text of the grader that names a notebook's commands: magics, ``check``, and the shell's behind ``!``.

    Args:
        text: what the grader says.
        own: it is about the folder that the notebook works in, which magics and ``check`` use without being told.
        written: how a command is put into such a text; ``html.escape`` for HTML.
    """

    def told(match: re.Match[str]) -> str:
        command, phase, task, options = match.group("command", "phase", "task", "options")
        if command in IN_A_TERMINAL:
            return match.group()
        rest = re.sub(rf" --lang[ =]\w+{f'| --target[ =](?:{_VALUE})' if own else ''}", "", options)
        if command in MAGICS and (phase or task) and "--target" not in rest:
            return f"%{command} {task or phase}{rest}"
        if command is None and task is None and not rest:
            return f"check({phase or ''})"
        return written(GRADER) + match.group()[len("python grader.py") :]

    text = _PALE.sub(r"\g<1>34", text)
    return _TOLD.sub(told, text).replace("python -m pytest", written(PYTEST))

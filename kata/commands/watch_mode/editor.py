"""Open a file at a line in the learner's editor."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Mapping

WINDOW = {
    **dict.fromkeys(("code", "code-insiders", "codium", "cursor", "windsurf", "positron"), ("-g", "{file}:{line}")),
    **dict.fromkeys(("subl", "sublime_text", "atom", "zed", "mate"), ("{file}:{line}",)),
    **dict.fromkeys(("gedit", "xed", "pluma", "gvim", "mvim", "gnome-text-editor"), ("+{line}", "{file}")),
    **dict.fromkeys(("pycharm", "charm", "idea", "kate", "kwrite"), ("--line", "{line}", "{file}")),
    **dict.fromkeys(("notepad++",), ("-n{line}", "{file}")),
    **dict.fromkeys(("notepad", "open", "xdg-open", "start"), ("{file}",)),
}
"""Editors with a window of their own, and how they are told where to go: the terminal stays with ``watch``."""

COLON = ("hx", "helix")
"""Editors in the terminal that take ``file:line``; the others take ``+line file``."""


class NoEditor(Exception):
    """No editor is known, or it cannot be started; the message says which one."""


def command_for(file: Path, line: int, environment: Mapping[str, str] = os.environ) -> tuple[list[str], bool]:
    """The command that opens a file at a line, and whether it needs the terminal.

    ``$VISUAL`` comes first, then ``$EDITOR``; in the terminal of VS Code that editor is the one, if neither is set.

    Raises:
        NoEditor: if none of these is set, or what is set is not installed.
    """
    told = environment.get("VISUAL", "").strip() or environment.get("EDITOR", "").strip()
    if not told and environment.get("TERM_PROGRAM") == "vscode":
        told = "code"
    if not told:
        raise NoEditor("")
    try:
        program, *options = [word.strip('"') for word in shlex.split(told, posix=os.name != "nt")]
    except ValueError:
        program, options = told, []
    found = shutil.which(program, path=environment.get("PATH"))
    if found is None:
        raise NoEditor(program)
    name = Path(program).stem if os.name == "nt" else Path(program).name
    places = WINDOW.get(name) or (("{file}:{line}",) if name in COLON else ("+{line}", "{file}"))
    options = [option for option in options if option not in places]  # VISUAL="code -g" says it already
    return [found, *options, *(place.format(file=file, line=line) for place in places)], name not in WINDOW


def start(command: list[str], in_terminal: bool) -> None:
    """Run an editor: one in the terminal to its end, one with a window beside this program.

    Raises:
        NoEditor: if it cannot be started.
    """
    try:
        if in_terminal:
            subprocess.run(command, check=False)
        else:
            subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    except OSError as error:
        raise NoEditor(f"{command[0]} ({error.strerror})") from None

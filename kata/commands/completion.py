"""Completion in a shell, by argcomplete where it is installed: commands, phases, tasks, options, folders."""

from __future__ import annotations

import argparse
import os
import sys
from importlib import import_module
from typing import Any

from ..course.phases import COURSE, Phase
from . import COMMANDS, MODULES


def complete(parser: argparse.ArgumentParser) -> None:
    """Answer a shell that asks what may come next, and end. Without argcomplete nothing is known.

    Args:
        parser: of ``python grader.py`` itself.
    """
    try:
        import argcomplete
    except ImportError:
        sys.exit(0)
    first = int(os.environ["_ARGCOMPLETE"])  # the word, counted from 1, that stands for the program
    words = os.environ.get("COMP_LINE", "")[: int(os.environ.get("COMP_POINT", 0))].split(" ")
    command = words[first] if len(words) > first + 1 else ""
    if command in COMMANDS:
        parser = import_module(f"kata.commands.{MODULES.get(command, command)}").make_parser()
        os.environ["_ARGCOMPLETE"] = str(first + 1)
    for action in parser._actions:
        completer = {"phase": _phases, "phases": _phases, "task": _tasks, "target": argcomplete.DirectoriesCompleter()}
        if action.dest in completer:
            action.completer = completer[action.dest]  # type: ignore[attr-defined]
        if action.dest == "phases":
            action.completer = _commands_and_phases if len(words) == first + 1 else _phases  # type: ignore[attr-defined]
    argcomplete.autocomplete(parser)


def _phases(**ignored: Any) -> list[str]:
    return [name for phase in COURSE for name in (str(phase.number), phase.id)]


def _commands_and_phases(**ignored: Any) -> list[str]:
    return [*COMMANDS, *_phases()]


def _tasks(parsed_args: argparse.Namespace, **ignored: Any) -> list[str]:
    phase = getattr(parsed_args, "phase", None)
    return [task.name for task in phase.tasks] if isinstance(phase, Phase) else []

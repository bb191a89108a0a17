"""The commands after ``python grader.py``, ``COMMANDS``. One module each.

A command's module has ``main(arguments) -> int``, which parses its own options and returns the exit status. It is
imported only when it is asked for, so that no command waits for another's imports.
"""

from __future__ import annotations

from importlib import import_module
from typing import Sequence

COMMANDS: dict[str, str] = {
    "watch": "grade a phase anew whenever you save it",
    "hint": "show the next hint of a task",
    "lesson": "open the lesson of a phase",
    "reset": "bring a stub back, and keep what you wrote",
    "trace": "run the lesson's worked example through your code, step by step",
    "show": "draw pictures of a phase with your own code",
    "train": "train your Transformer on a toy task",
    "repro": "write the call in which a task fails as a short script",
    "solutions": "read the solution of a phase that has passed",
    "certificate": "once everything passes: a page to keep",
    "doctor": "look at this machine: does grading work here?",
    "class": "grade a class, and see what it has not understood",
    "release": "make an edition for students, without solutions",
    "gradescope-bundle": "make an autograder to upload to Gradescope",
}
"""Name to one line of help, in the order in which ``--help`` lists them."""


MODULES = {"class": "class_report", "gradescope-bundle": "gradescope_bundle"}
"""Where a command's name cannot be that of its module."""


def run(name: str, arguments: Sequence[str]) -> int:
    """Run the command ``name``; return its exit status."""
    return int(import_module(f"kata.commands.{MODULES.get(name, name)}").main(arguments))

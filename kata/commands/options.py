"""What the command lines have in common: reading a phase, a percentage, a target folder; exit statuses."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ..course.edition import add_missing_stubs
from ..course.phases import COURSE, PROJECT, Phase, find_phase

GRADED, UNDER, USAGE, MACHINE, INTERRUPTED = 0, 1, 2, 3, 130
"""Exit statuses: graded (at or over the limit), under it, bad usage, a machine that breaks the reference, Ctrl-C."""


def percent_option(text: str) -> float:
    """A number from 0 to 100."""
    try:
        value = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
    if not 0 <= value <= 100:
        raise argparse.ArgumentTypeError(f"{text} is not a percentage from 0 to 100")
    return value


def phase_option(text: str) -> Phase:
    """A phase by number or name."""
    try:
        return find_phase(text)
    except KeyError as error:
        raise argparse.ArgumentTypeError(error.args[0]) from None


def find_target(given: str | None, parser: argparse.ArgumentParser) -> tuple[Path, str]:
    """The folder to work on and how to call it: as given, or the project's own of that name."""
    name = given or "exercises"
    here = Path(name)
    target = here if given is not None and here.exists() else PROJECT / name
    if target is not here and given is not None and target.exists() and PROJECT.resolve() != Path.cwd():
        print(f"There is no {given} here; this is about {target}", file=sys.stderr)
    if given is None:
        for phase in add_missing_stubs():
            print(f"{name}/{phase.file} is new: its stub was added", file=sys.stderr)
    if not target.exists():
        parser.error(f"--target {name}: there is no such folder; it should hold {COURSE[0].file} and the other phases")
    if not target.is_dir():
        parser.error(f"--target {name}: is a file, not a folder; name the folder that holds {COURSE[0].file}")
    return target.resolve(), name

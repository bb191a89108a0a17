"""What the course needs and a hosted notebook lacks. Standard library alone: it runs before anything is installed."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from ..course.phases import PROJECT

REQUIREMENTS = PROJECT / "requirements.txt"


def missing(requirements: Path = REQUIREMENTS) -> list[str]:
    """The lines of a requirements file whose package cannot be imported here.

    A package is taken to be imported under its own name, with ``_`` for ``-``: so it is with all that the course needs.
    """
    lines = [line.strip() for line in requirements.read_text(encoding="utf-8").splitlines()]
    named = [(re.match(r"[\w.-]+", line), line) for line in lines if line and not line.startswith(("#", "-"))]
    return [line for match, line in named if match and find_spec(match.group().replace("-", "_")) is None]


def is_hosted() -> bool:
    """Whether this notebook runs in Colab, on a machine that is nobody's own."""
    return "google.colab" in sys.modules


def install_what_is_missing() -> None:
    """In Colab, install the packages that it lacks and leave the others as they are; elsewhere say how.

    Raises:
        ModuleNotFoundError: on a machine of somebody's own, if something is missing; the message holds the command.
    """
    lines = missing()
    if not lines:
        return
    if not is_hosted():
        names = ", ".join(dict.fromkeys(re.split(r"[<>=!~; ]", line)[0] for line in lines))
        command = f'"{sys.executable}" -m pip install -r "{REQUIREMENTS}"'
        raise ModuleNotFoundError(f"The course needs {names}. Run this in a terminal, then this cell again: {command}")
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", *lines], check=True)
    importlib.invalidate_caches()

"""Make a student edition: stubs, suites, lessons and machinery, without the solutions of what is handed out."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Sequence

from .edition import has_reference, stub_of
from .phases import COURSE, PROJECT, REFERENCE, Phase

FILES = ("README.md", "README.ja.md", "CHANGELOG.md", "LICENSE", "conftest.py", "grader.py", "pyproject.toml")
DOCS = ("architecture.md", "platforms.md", "updating.md", "updating.ja.md")
FOLDERS = ("kata", "lessons", "notebooks", "tests")
LEFT_OUT = ("__pycache__", "*.pyc", "measured")
CATALOGUE = (Path("kata", "diagnosis", "misconceptions"), Path("kata", "diagnosis", "fits"))
MARKED = re.compile(r"<!-- whole project -->\n.*?<!-- /whole project -->\n\n?", re.DOTALL)
"""What of the README makes sense in the whole project only."""


class CannotRelease(Exception):
    """The folder cannot take an edition; the message says why."""


def release(folder: Path, phases: Sequence[Phase], reference: Sequence[Phase], exercises: bool = True) -> None:
    """Write an edition into a folder.

    A folder that holds an earlier edition is brought up to date: what lies in its ``exercises/`` stays as it is, and
    stubs that are new come in.

    Args:
        folder: where; a new or empty folder, or an earlier edition.
        phases: the phases that are handed out.
        reference: the phases whose solutions come along.
        exercises: whether to write stubs into ``exercises/``; without, the grader adds those that are missing.

    Raises:
        CannotRelease: if the folder holds something else, or a solution is missing here.
    """
    if folder.exists() and not folder.is_dir():
        raise CannotRelease(f"{folder} is a file: name a folder")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / "edition.json").is_file():
        raise CannotRelease(f"{folder} is not empty and holds no earlier edition: name a new folder")
    missing = [phase.file for phase in {*phases, *reference} if not has_reference(phase)]
    if missing:
        raise CannotRelease(f"an edition is made from the solutions, and {', '.join(sorted(missing))} is not here")
    folder.mkdir(parents=True, exist_ok=True)
    for name in (*FOLDERS, "solutions", "stubs"):  # what an earlier edition had and this one has not goes
        shutil.rmtree(folder / name, ignore_errors=True)
    _copy_project(folder, phases, reference)
    (folder / "stubs").mkdir()
    (folder / "solutions").mkdir()
    shutil.copy(REFERENCE / "__init__.py", folder / "solutions")
    for phase in phases:
        (folder / "stubs" / phase.file).write_text(stub_of(phase), encoding="utf-8")
    for phase in reference:
        shutil.copy(REFERENCE / phase.file, folder / "solutions")
    (folder / "exercises").mkdir(exist_ok=True)
    if not (folder / "exercises" / "__init__.py").exists():
        shutil.copy(PROJECT / "exercises" / "__init__.py", folder / "exercises")
    for phase in phases if exercises else ():
        if not (folder / "exercises" / phase.file).exists():
            shutil.copy(folder / "stubs" / phase.file, folder / "exercises")
    told = {"phases": [phase.id for phase in phases], "reference": [phase.id for phase in reference]}
    (folder / "edition.json").write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")


def _copy_project(folder: Path, phases: Sequence[Phase], reference: Sequence[Phase]) -> None:
    for name in (*FILES, *(path.name for path in sorted(PROJECT.glob("requirements*.txt")))):
        if (PROJECT / name).is_file() and name != "requirements-dev.txt":
            text = (PROJECT / name).read_text(encoding="utf-8")
            (folder / name).write_text(MARKED.sub("", text) if name.endswith(".md") else text, encoding="utf-8")
    (folder / "docs").mkdir(exist_ok=True)
    for name in DOCS:
        if (PROJECT / "docs" / name).is_file():
            shutil.copy(PROJECT / "docs" / name, folder / "docs")
    shutil.copytree(PROJECT / "docs" / "pictures", folder / "docs" / "pictures", dirs_exist_ok=True)
    for name in FOLDERS:
        shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns(*LEFT_OUT))
    for path in [*(folder / "lessons" / "figures").glob("*.py"), *(folder / "notebooks").glob("*.py")]:
        path.unlink()  # they draw with the solutions, or make what is here already
    for path in (folder / "notebooks").glob("*/*.ipynb"):
        _without_badge(path)
    handed_out = {path.name for phase in phases for path in phase.suite()}
    for path in (folder / "tests").glob("test_*.py"):
        whole = path.name == "test_assembled.py" and len(phases) == len(COURSE)
        if path.name not in handed_out and not whole:
            path.unlink()
    known = {f"phase{phase.number}" for phase in reference}
    for part in CATALOGUE:
        for path in (folder / part).glob("phase*.py"):  # patches and formulas spell the solutions out
            if path.name[: len("phase1")] not in known:
                path.unlink()


def _without_badge(notebook: Path) -> None:
    """Take Colab's badge out: it leads to the whole project, and so to the solutions."""
    made = json.loads(notebook.read_text(encoding="utf-8"))
    made["cells"] = [cell for cell in made["cells"] if cell["id"] != "badge"]
    notebook.write_text(json.dumps(made, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")

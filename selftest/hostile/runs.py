"""Grade one hostile submission in a copy of the project, and see what it did to the world."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kata.course.phases import PROJECT
from kata.sandbox.confinement import _libc
from selftest.grader_runs import environment

from . import cases, exports

SECONDS = 150.0
"""A run that takes longer counts as hanging."""

COPIED = ("kata", "tests", "solutions", "exercises", "grader.py", "conftest.py", "pyproject.toml")
CACHE = ".hypothesis"
"""Hypothesis's own notes on the constants in the sources; it may write them."""

PROGRESS = re.compile(rb"^grading \.\.\. \d+/\d+ tests\r?\n", re.MULTILINE)
"""Lines that tell how far a long grade has come."""


@dataclass
class Outcome:
    """What a run came to: the verdict in a few words, and what is wrong with it."""

    case: cases.Case
    got: str = ""
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)


def adopt_orphans() -> None:
    """Have processes that lose their parent come to this one, so that none is left unseen."""
    with contextlib.suppress(OSError):
        _libc.prctl(_libc.PR_SET_CHILD_SUBREAPER, 1)


def run(name: str) -> Outcome:
    """Grade one submission as a user would."""
    outcome = Outcome(cases.read(name))
    base = Path(tempfile.mkdtemp(prefix="hostile-"))
    start = time.monotonic()
    try:
        _run(outcome, base)
    except Exception as error:
        outcome.wrong.append(f"{type(error).__name__}: {error}")
    finally:
        outcome.seconds = time.monotonic() - start
        shutil.rmtree(base, ignore_errors=True)
    return outcome


def _run(outcome: Outcome, base: Path) -> None:
    case = outcome.case
    project = _copy_project(base / "project")
    target = case.build(base / "mine", project)
    before = _fingerprint(project)
    (base / "work").mkdir()
    (base / "tmp").mkdir()
    files = [part for option, name in exports.FILES.items() for part in (option, name)]
    numbers = [str(case.phase.number), str(case.control.number)]
    command = [
        sys.executable,
        str(project / "grader.py"),
        *numbers,
        "--target",
        str(target),
        "--seed",
        case.seed,
        *files,
    ]
    limit = {"KATA_TEST_TIMEOUT": str(case.limit)} if case.limit else {}
    variables = environment(KATA_HOSTILE_SECRET="do not tell", TMPDIR=str(base / "tmp"), **limit)
    process = subprocess.Popen(
        command,
        cwd=base / "work",
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        out, err = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        outcome.wrong.append(f"the grader hangs for {SECONDS:g} s")
        return
    finally:
        left = _end_orphans()
    if left:
        outcome.wrong.append(f"processes were left: {', '.join(left)}")
    if process.returncode != 0:
        outcome.wrong.append(f"exit status {process.returncode}: {err.decode()[-300:]}{out.decode()[-300:]}")
        return
    complaints = PROGRESS.sub(b"", err)
    if complaints:
        outcome.wrong.append(f"the grader complains: {complaints.decode()[-300:]}")
    if _fingerprint(project) != before:
        outcome.wrong.append("files of the project were changed")
    if list((base / "tmp").iterdir()):
        outcome.wrong.append(f"temporary files were left: {[path.name for path in (base / 'tmp').iterdir()]}")
    report = json.loads((base / "work" / "report.json").read_text(encoding="utf-8"))
    outcome.wrong += _judge(outcome, report)
    outcome.wrong += exports.complaints(base / "work", out.decode())


def _judge(outcome: Outcome, report: dict[str, Any]) -> list[str]:
    """Compare a report with what is expected."""
    case, wrong = outcome.case, []
    attacked, control = (
        next(phase for phase in report["phases"] if phase["phase"] == number)
        for number in (case.phase.number, case.control.number)
    )
    states = {task["state"] for task in attacked["tasks"]} - {"passed"}
    outcome.got = f"{'/'.join(sorted(states)) or 'passed'} {attacked['score']:g}"
    if control["score"] != control["max_score"]:
        first = next(task for task in control["tasks"] if task["state"] != "passed")
        wrong.append(f"phase {control['phase']} is harmed ({first['message']})")
    if case.score is not None and attacked["score"] != case.score:
        wrong.append(f"score {attacked['score']:g}")
    if case.below is not None and not attacked["score"] < case.below:
        wrong.append(f"score {attacked['score']:g}")
    for task in attacked["tasks"]:
        expected = case.states.get(task["name"], ("passed",))
        if task["state"] not in expected:
            wrong.append(f"{task['name']} is {task['state']} ({task['message'][:200]!r})")
    messages = "\n".join(task["message"] for task in attacked["tasks"])
    wrong += [f"no message says {word!r}, but {messages[:200]!r}" for word in case.says if word not in messages]
    return wrong


def _copy_project(folder: Path) -> Path:
    """A copy of what the grader needs, so that an attack that succeeds hurts nobody."""
    folder.mkdir()
    for name in COPIED:
        if (PROJECT / name).is_dir():
            shutil.copytree(PROJECT / name, folder / name)
        else:
            shutil.copy2(PROJECT / name, folder)
    if (PROJECT / CACHE).is_dir():
        shutil.copytree(PROJECT / CACHE, folder / CACHE)
    return folder


def _fingerprint(folder: Path) -> str:
    """Changes if any file below a folder does, or if one comes or goes."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if CACHE in path.parts:
            continue
        digest.update(f"{path} {path.lstat().st_mode}".encode())
        if path.is_file():
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _end_orphans() -> list[str]:
    """End processes that outlived the grader; return their names."""
    found: dict[int, str] = {}
    listing = Path(f"/proc/self/task/{os.getpid()}/children")
    for attempt in range(40):
        try:
            children = [int(pid) for pid in listing.read_text().split()]
        except OSError:
            return []
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        if not children:
            break
        time.sleep(0.05)
        if attempt < 10:  # what was just killed needs a moment to be gone
            continue
        for pid in children:
            with contextlib.suppress(OSError):
                found[pid] = Path(f"/proc/{pid}/comm").read_text().strip()
                os.kill(pid, signal.SIGKILL)
    return sorted(found.values())

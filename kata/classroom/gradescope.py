"""What a bundle does on Gradescope with one upload: find the phases in it, grade them, write ``results.json``.

Gradescope starts it as root. The grader then runs as a user who may change neither itself nor the results: it gets the
phases as files of its own and gives the report through a pipe. There are results in any case.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Sequence

from ..course.edition import handed_out
from ..course.phases import COURSE, PROJECT, Phase
from ..grading.run import MAX_JOBS
from ..i18n import choose
from ..reports.gradescope import for_the_instructor
from ..results import printable
from .bundle import SETTINGS, Settings
from .submissions import Submission, find_one

QUOTA = Path("/sys/fs/cgroup/cpu.max")
GRADED = (0, 1, 3)
"""How a grader exits that has come to its end: docs/instructors.md."""

NOBODY = 65534
"""The user and group that own nothing."""

SENTENCES = {
    "nothing": ("Nothing could be graded: {problem}", "採点できるものがありません: {problem}"),
    "others": ("this assignment does not grade {files}", "{files} は、この課題の採点対象ではありません"),
    "hand_in": (
        "Hand in one or more of {files}: the files themselves, in a folder or in an archive.",
        "{files} のうち一つ以上を、ファイルのまま、フォルダごと、またはアーカイブで提出してください。",
    ),
    "graded": ("Graded: {files}.", "採点したもの: {files}。"),
    "missing": ("Not handed in: {files} ({points} points).", "提出されていないもの: {files} ({points} 点分)。"),
    "failed": (
        "The submission could not be graded. This is not about your code alone: ask your instructor.",
        "提出物を採点できませんでした。コードだけの問題とは限りません。教員に問い合わせてください。",
    ),
    "too_long": (
        "Grading took longer than {seconds:g} s and was ended. Is there an endless loop?",
        "採点に {seconds:g} 秒以上かかったため打ち切りました。無限ループがありませんか。",
    ),
    "as_root": (
        "The grader ran as root, because {interpreter} cannot be run by other users.",
        "{interpreter} をほかのユーザーが実行できないため、採点は root で行いました。",
    ),
}


def main(arguments: Sequence[str]) -> int:
    """Grade ``AUTOGRADER/submission`` into ``AUTOGRADER/results/results.json``."""
    autograder = Path(arguments[0])
    told = json.loads((autograder / "source" / SETTINGS).read_text(encoding="utf-8"))
    settings = Settings(**{**told, "phases": tuple(told["phases"])})
    try:
        results = grade_upload(find_one(autograder / "submission"), settings)
    except Exception as error:  # whatever was uploaded: without results Gradescope tells nobody anything
        told = choose(SENTENCES["failed"], settings.lang)
        results = _no_results([told], printable(f"{type(error).__name__}: {error}"), settings.lang)
    folder = autograder / "results"
    folder.mkdir(exist_ok=True)
    text = json.dumps(results, ensure_ascii=False, indent=2) + "\n"
    (folder / "results.json").write_text(text, encoding="utf-8", errors="backslashreplace")
    return 0


def grade_upload(submission: Submission, settings: Settings) -> dict[str, Any]:
    """The results of an upload, as Gradescope wants them."""

    def say(key: str, **values: Any) -> str:
        return choose(SENTENCES[key], settings.lang).format(**values)

    wanted = [phase for phase in COURSE if phase.id in settings.phases and phase in handed_out()]
    here = [phase for phase in wanted if phase.file in submission.files]
    if not here:
        problem = submission.problem or say("others", files=", ".join(sorted(submission.files)))
        lines = [say("nothing", problem=problem), say("hand_in", files=_files(wanted))]
        return _no_results(lines, "", settings.lang)
    lines = [say("graded", files=_files(here))]
    missing = [phase for phase in wanted if phase not in here]
    if missing:
        lines.append(say("missing", files=_files(missing), points=sum(phase.max_score for phase in missing)))
    user = _unprivileged()
    complaint = say("as_root", interpreter=sys.executable) if user is None and _is_root() else ""
    try:
        out, err = _run_grader(submission, here, settings, user)
    except subprocess.TimeoutExpired:
        return _no_results([*lines, say("too_long", seconds=settings.time_limit)], complaint, settings.lang)
    print(err)
    try:
        results: dict[str, Any] = json.loads(out)
        for_instructor = results["tests"][-1]
    except (ValueError, LookupError):
        return _no_results([*lines, say("failed")], f"{err}\n{complaint}", settings.lang)
    for_instructor["output"] += f"\n{complaint}" if complaint else ""
    results["output"] = "\n".join(filter(None, [*lines, results["output"]]))
    results["visibility"] = settings.visibility
    return results


def _no_results(lines: Sequence[str], complaint: str, lang: str) -> dict[str, Any]:
    return {
        "score": 0.0,
        "output_format": "text",
        "output": "\n".join(lines),
        "tests": [for_the_instructor(complaint, lang)] if complaint else [],
    }


def _files(phases: Sequence[Phase]) -> str:
    return ", ".join(phase.file for phase in phases)


def _run_grader(
    submission: Submission, phases: Sequence[Phase], settings: Settings, user: int | None
) -> tuple[bytes, str]:
    """Run the grader on the files of a submission, as another user if there is one to be.

    Returns:
        Its standard output, the results, and its standard error.

    Raises:
        subprocess.TimeoutExpired: if it took too long; it has ended then.
    """
    folder = Path(tempfile.mkdtemp(prefix="kata-upload-"))
    try:
        target = folder / "submission"
        target.mkdir()
        for name, content in submission.files.items():
            (target / name).write_bytes(content)
        if user is not None:
            for path in [folder, target, *target.iterdir()]:
                os.chown(path, user, user)
        command = [sys.executable, str(PROJECT / "grader.py"), *(str(phase.number) for phase in phases)]
        command += [f"--target={target}", f"--seed={settings.seed}", f"--lang={settings.lang}", "--gradescope=-"]
        environment = {"KATA_JOBS": str(cores(QUOTA)), **os.environ, "HOME": str(folder), "TMPDIR": str(folder)}
        # Not pipes: after a time-out something may still hold them open.
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            run = subprocess.run(
                command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=err, check=False,
                timeout=settings.time_limit, preexec_fn=None if user is None else lambda: _become(user),
            )  # fmt: skip
            out.seek(0)
            err.seek(0)
            # Of a grader that something has ended, what stands there may be anybody's.
            said = out.read() if run.returncode in GRADED else b""
            return said, err.read().decode("utf-8", "replace")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def cores(quota: Path) -> int:
    """How many sessions the container has processor time for: it may see all cores of its machine.

    Args:
        quota: the file in which Linux tells microseconds of a period, and the period (control groups, version 2).
    """
    try:
        allowed, period = quota.read_text(encoding="ascii").split()
        return max(1, int(allowed) // int(period))
    except (OSError, ValueError):  # none, or "max"
        return min(os.cpu_count() or 1, MAX_JOBS)


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _unprivileged() -> int | None:
    """The user that the grader is to be: None if this one has no choice, or if no other can run Python here."""
    if not _is_root():
        return None
    command = [sys.executable, "-c", "import kata, numpy, rich"]
    try:
        subprocess.run(
            command, cwd=PROJECT, preexec_fn=lambda: _become(NOBODY), stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, check=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    return NOBODY


def _become(user: int) -> None:
    os.setgroups([])
    os.setgid(user)
    os.setuid(user)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

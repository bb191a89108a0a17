"""Grade submissions side by side, here or on a cluster: files go in as bytes, a report comes out as plain data."""

from __future__ import annotations

import tempfile
import threading
import time
from concurrent.futures import Executor, Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator, Sequence

from ..course.phases import COURSE, Phase
from ..grading.session_client import SuitesBroken, WarmSession
from ..grading.warm_grade import Cache, grade_in
from ..reports import json_report, markdown
from . import likeness, records
from .records import Record
from .submissions import Submission


@dataclass(frozen=True)
class Settings:
    """How a class is graded: the same for all.

    Attributes:
        phases: ids of the phases.
        seed: seed of all random draws.
        lang: language of the reports.
        time_limit: seconds for a submission; None for no limit beyond that of the tests.
    """

    phases: tuple[str, ...]
    seed: int = 0
    lang: str = "en"
    time_limit: float | None = None

    def of_course(self) -> tuple[Phase, ...]:
        """The phases themselves."""
        return tuple(phase for phase in COURSE if phase.id in self.phases)


_here = threading.local()
_graded = Cache()
_all: list[WarmSession] = []


def _session(settings: Settings, anew: bool = False) -> WarmSession:
    """The warm session of this thread; ``anew`` in place of one that died."""
    key = (settings.phases, settings.seed)
    known = getattr(_here, "session", None)
    if known is not None and (anew or known.has_ended or _here.key != key):
        known.end()
        known = None
    if known is None:
        phases = settings.of_course()
        known = _here.session = WarmSession(phases, settings.seed, records.whole_course(phases))
        _here.key = key
        _all.append(known)
    return known


def end_sessions() -> None:
    """End the sessions of all threads of this process."""
    while _all:
        _all.pop().end()


def grade_files(name: str, files: dict[str, bytes], settings: Settings) -> Record:
    """Grade one submission; whatever happens, there is a record of it.

    Args:
        name: of the submission.
        files: file name to content.
        settings: how it is graded.
    """
    phases = settings.of_course()
    started = time.monotonic()
    report, problem, text = None, "", ""
    with tempfile.TemporaryDirectory(prefix="kata-class-") as folder:
        target = Path(folder) / "handed-in"
        target.mkdir()
        for file, content in files.items():
            (target / file).write_bytes(content)
        for attempt in (1, 2):
            try:
                session = _session(settings, anew=attempt == 2)
                found = grade_in(
                    session, target, phases, settings.seed, settings.lang, name, settings.time_limit, _graded
                )
                report, text, problem = json_report.as_dict(found), markdown.render(found, settings.lang), ""
                break
            except SuitesBroken as error:
                problem = f"the session that ran the tests ended: {str(error).splitlines()[0]}"
    return {
        "name": name,
        "digest": records.digest(files, settings.seed, phases),
        "seconds": round(time.monotonic() - started, 1),
        "report": report,
        "markdown": text,
        "problem": problem,
        "shapes": likeness.shapes(files, phases),
    }


def grade_all(submissions: Sequence[Submission], settings: Settings, executor: Executor) -> Iterator[Record]:
    """Grade submissions on an executor; a record each, in the order in which they are done."""
    work: dict[Future[Any], Submission] = {}
    try:
        for submission in submissions:
            if submission.problem:
                yield failed(submission, submission.problem)
            else:
                work[executor.submit(grade_files, submission.name, submission.files, settings)] = submission
        for done in as_completed(work):
            try:
                yield done.result()
            except Exception as error:  # a lost worker of a cluster, a full disk: the others go on
                yield failed(work[done], f"it could not be graded ({type(error).__name__}: {error})")
    finally:
        for future in work:
            future.cancel()


def failed(submission: Submission, problem: str) -> Record:
    """The record of a submission that was not graded."""
    return {
        "name": submission.name, "digest": "", "seconds": 0.0, "report": None, "markdown": "", "problem": problem,
        "shapes": {},
    }  # fmt: skip


def local_executor(count: int) -> Executor:
    """Threads of this process; each follows a warm session of its own."""
    return ThreadPoolExecutor(count, thread_name_prefix="class")

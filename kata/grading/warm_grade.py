"""Grade one folder after another in a session that stays: torch is imported and the suites are collected once."""

from __future__ import annotations

import contextlib
import hashlib
import tempfile
import threading
import unicodedata
from dataclasses import replace
from pathlib import Path
from typing import Callable, Iterator

from ..course.dependencies import builds_on
from ..course.phases import COURSE, Phase
from ..results import ASSEMBLED, ERROR, PASSED, Diagnosis, Results, TestResult
from ..session_protocol import Confined, Diagnosed, Finished, TriedAgain
from ..source.progress import is_untouched, untouched_tasks
from .grade import forbidden_in, make_report
from .scoring import Report
from .session_client import WarmSession


class Cache:
    """What parts gave that were graded before, so that a file which several have handed in is graded once."""

    def __init__(self) -> None:
        self._known: dict[str, Results] = {}

    def get(self, key: str) -> Results | None:
        """The results under a key; None if there are none."""
        return self._known.get(key)

    def put(self, key: str, results: Results) -> None:
        """Keep results; not those with an error, which may be the machine's."""
        if results.tests and not any(result.state == ERROR for result in results.tests):
            self._known[key] = results


def _files_of(part: str, target: Path) -> dict[str, bytes]:
    """All files that a part is graded with: nothing else of the folder is there then, so its results follow from these.

    They are its own file, files that are no phase, and phases that one of them names and that no reference stands for;
    for the six files together, all.
    """
    files = {path.name: path.read_bytes() for path in sorted(target.iterdir())}
    others = {phase.file: phase.id for phase in COURSE if phase.id != part and part != ASSEMBLED}
    kept = {name: content for name, content in files.items() if name not in others}
    own = {name: id_ for name, id_ in others.items() if name in files and id_ not in builds_on(part)}
    for _ in own:  # one names the next
        texts = [unicodedata.normalize("NFKC", content.decode("utf-8", "replace")) for content in kept.values()]
        named = [name for name, id_ in own.items() if any(id_ in text for text in texts)]  # as Python reads names
        kept.update({name: files[name] for name in named})
    return kept


def _key(part: str, files: dict[str, bytes], seed: int, tasks: list[str] | None = None) -> str:
    """Changes with all that the results of a part depend on."""
    told = hashlib.sha256(f"{part} {seed} {tasks}".encode())
    for name, content in sorted(files.items()):
        told.update(f"{name} {len(content)} ".encode("utf-8", "surrogateescape") + content)
    return told.hexdigest()


@contextlib.contextmanager
def _folder_of(files: dict[str, bytes], name: str) -> Iterator[Path]:
    """A folder of this name with these files and no others."""
    with tempfile.TemporaryDirectory(prefix="kata-part-") as place:
        folder = Path(place) / name
        folder.mkdir()
        for file, content in files.items():
            (folder / file).write_bytes(content)
        yield folder


def grade_in(
    session: WarmSession,
    target: Path,
    phases: tuple[Phase, ...] = COURSE,
    seed: int = 0,
    lang: str = "en",
    name: str | None = None,
    time_limit: float | None = None,
    cache: Cache | None = None,
) -> Report:
    """Grade phases of a folder, as ``grade.grade`` does.

    Args:
        session: one of these phases and this seed, with ``assembled`` where all phases are graded.
        target, phases, seed, lang, name: as for ``grade.grade``.
        time_limit: seconds after which the rest is not run; None for no limit beyond that of the tests.
        cache: results of other folders of the same name, which hold Python files alone; None for none.

    Raises:
        SuitesBroken: if the session ended.
    """
    results = Results()
    over = threading.Event()

    def stop() -> None:
        over.set()
        session.cancel()

    def collect(part: str, tasks: list[str] | None) -> Results:
        if cache is None:
            return _collect(session, part, target, tasks)
        files = _files_of(part, target)
        key = _key(part, files, seed, tasks)
        found = cache.get(key)
        if found is None:
            with _folder_of(files, target.name) as folder:
                found = _collect(session, part, folder, tasks)
            if not over.is_set():
                cache.put(key, found)
        return found

    timer = threading.Timer(time_limit, stop) if time_limit else None
    if timer is not None:
        timer.start()
    try:
        untouched = {phase.id for phase in phases if is_untouched(phase, target)}
        active = [phase for phase in phases if phase.id not in untouched]
        forbidden = {phase.id: forbidden_in(phase, target, lang) for phase in active}
        # A phase is judged before any guest holds its reference.
        for phase in sorted(active, key=lambda phase: len(builds_on(phase.id))):
            tasks = [task.name for task in phase.tasks if task.name not in forbidden[phase.id]]
            if not over.is_set():
                found = collect(phase.id, tasks)
                results.tests += found.tests
                results.diagnoses.update(found.diagnoses)
                results.tried_again.update(found.tried_again)
                results.held = found.held if found.held is not None else results.held
        complete = len(active) == len(COURSE) and not any(forbidden.values()) and not over.is_set()
        if complete and all(result.state == PASSED for result in results.tests):
            together = collect(ASSEMBLED, None)
            broken = [result for result in together.tests if result.state != PASSED]
            results.assembled = bool(together.tests) and not broken
            results.assembled_message = broken[0].message if broken else ""
    finally:
        if timer is not None:
            timer.cancel()
    return make_report(phases, target, seed, lang, results, untouched, forbidden, name)


def grade_task(
    session: Callable[[Phase], WarmSession],
    target: Path,
    phase: Phase,
    task: str,
    seed: int = 0,
    lang: str = "en",
    name: str | None = None,
) -> Report:
    """Grade one task alone; if it fails, it is tried again with the reference of the tasks that it builds on.

    Args:
        session: gives a session of the phase and this seed; asked only if there is something to run.
        target, seed, lang, name: as for ``grade.grade``.
        phase, task: the task.

    Returns:
        A report with one phase, which holds this task alone.

    Raises:
        SuitesBroken: if the session ended.
    """
    alone = replace(phase, tasks=(phase.task(task),))
    untouched = {phase.id} if task in untouched_tasks(phase, target) else set()
    broken = {} if untouched else forbidden_in(phase, target, lang)
    results = Results()
    if not untouched and task not in broken:
        results = _collect(session(phase), phase.id, target, [task])
    forbidden = {phase.id: {task: broken[task]} if task in broken else {}}
    return make_report((alone,), target, seed, lang, results, untouched, forbidden, name)


def _collect(session: WarmSession, part: str, target: Path, tasks: list[str] | None) -> Results:
    """Run the tests of a phase, or of the six files together."""
    results = Results()
    found: dict[str, TestResult] = {}
    for event in session.run(part, target, tasks):
        if isinstance(event, Finished):
            found[event.result.test] = event.result
        elif isinstance(event, Diagnosed) and event.ids:
            results.diagnoses[event.task] = Diagnosis(tuple(event.ids), event.unexplained)
        elif isinstance(event, TriedAgain):
            results.tried_again[event.task] = (event.replaced, event.results)
        elif isinstance(event, Confined):
            results.held = event.held
    results.tests += found.values()
    return results

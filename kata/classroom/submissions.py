"""Find submissions as they come out of Moodle, Canvas, Gradescope, a folder of clones or a pile of files."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Callable, Mapping, Sequence, TypeVar

from ..course.phases import COURSE
from ..results import printable
from ..source.files import complaint_about
from .archives import ARCHIVES, SKIPPED, Unreadable, files_below, members_apart, read_sources

P = TypeVar("P", Path, PurePosixPath)

PHASE_FILES = {phase.file: phase for phase in COURSE}
MOST_ARCHIVES = 20
"""Archives of one student that are looked into."""

LONGEST_NAME = 200
"""Bytes of the name of a file; file systems take 255."""


@dataclass(frozen=True)
class Submission:
    """What one student handed in.

    Attributes:
        name: as the folder, the archive or the single files are called, as far as that can be printed.
        files: file name to content, of the six phases and of helper files beside them.
        problem: why it could not be read; then there are no files.
    """

    name: str
    files: dict[str, bytes] = field(default_factory=dict)
    problem: str = ""


def find(folder: Path) -> list[Submission]:
    """Everything in a folder that is a submission, by name; what cannot be read is there with the reason."""
    single: dict[str, dict[str, bytes]] = {}
    found: list[Submission] = []
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.name in SKIPPED:
            continue
        if path.name.lower().endswith(ARCHIVES):
            found.append(_guarded(_without_ending(path.name), partial(_from_archive, path)))
        elif path.is_dir():
            found.append(_guarded(path.name, partial(_from_folder, path)))
        elif path.suffix == ".py":
            student, file = _split_name(path.name)
            complaint = complaint_about(path)
            if complaint or not student:
                found.append(Submission(path.name, problem=complaint or f"{path.name} names no student"))
            else:
                try:
                    single.setdefault(student, {})[file] = path.read_bytes()
                except OSError as error:
                    found.append(Submission(path.name, problem=f"{path.name} cannot be read ({error.strerror})"))
    found += [Submission(student, files) for student, files in single.items()]
    return sorted(_with_names(found), key=lambda submission: submission.name)


def _with_names(found: list[Submission]) -> list[Submission]:
    """The submissions under names that can be printed and written, each another one."""
    named: dict[str, Submission] = {}
    for submission in found:
        name, number = printable(submission.name), 1
        while name in named:
            number += 1
            name = f"{printable(submission.name)} ({number})"
        named[name] = replace(submission, name=name, problem=printable(submission.problem))
    return list(named.values())


def find_one(folder: Path) -> Submission:
    """What one student has handed in: phases in a folder or somewhere below it, an archive, files under other names."""
    return _with_names([_find_one(folder)])[0]


def _find_one(folder: Path) -> Submission:
    found = _guarded(folder.name, partial(_from_folder, folder))
    below = files_below(folder)
    archives = [path for path in below if path.name.lower().endswith(ARCHIVES)]
    for path in archives[:MOST_ARCHIVES] if found.problem else ():
        found = _guarded(path.name, partial(_from_archive, path))
        if found.files:
            break
    if found.files:
        return found
    known = [(path, _split_name(path.name)[1]) for path in below if path.suffix == ".py"]
    complaints = {path: complaint_about(path) for path, file in known if file in PHASE_FILES}
    paths = {file: path for path, file in known if complaints.get(path) == ""}
    files = {file: path.read_bytes() for file, path in paths.items()}
    if files or complaints:
        return Submission(folder.name, files, "" if files else next(iter(complaints.values())))
    return found


def _guarded(name: str, read: Callable[[], dict[str, bytes]]) -> Submission:
    """What ``read`` finds, or why it found nothing: one broken submission never loses the batch."""
    try:
        files = read()
    except Unreadable as error:
        return Submission(name, problem=f"{name} cannot be read ({error})")
    except Exception as error:  # a folder that changes, a disk that fails
        return Submission(name, problem=f"{name} cannot be read ({type(error).__name__}: {error})")
    if not files:
        return Submission(name, problem=f"{name} holds none of {', '.join(PHASE_FILES)}")
    return Submission(name, files)


def _from_folder(folder: Path) -> dict[str, bytes]:
    """The phases of a folder, or of the folder somewhere below it that holds most of them."""
    places: dict[Path, list[Path]] = {}
    for path in files_below(folder):
        if _is_source(path) and not complaint_about(path):
            places.setdefault(path.parent, []).append(path)
    here = _best({place: [path.name for path in paths] for place, paths in places.items()})
    return read_sources(places[here]) if here is not None else {}


def _from_archive(path: Path) -> dict[str, bytes]:
    """As for a folder; nothing is unpacked to the disk."""
    places: dict[PurePosixPath, dict[str, bytes]] = {}
    for name, content in members_apart(path):
        place = PurePosixPath(name)
        if _is_source(place) and not set(SKIPPED) & set(place.parts):
            places.setdefault(place.parent, {})[place.name] = content
    here = _best({place: list(files) for place, files in places.items()})
    return places[here] if here is not None else {}


def _is_source(path: PurePosixPath | Path) -> bool:
    """Whether a file may be Python that another file imports, and can be written anywhere."""
    return path.suffix == ".py" and path.stem.isidentifier() and len(path.name.encode()) <= LONGEST_NAME


def _best(places: Mapping[P, Sequence[str]]) -> P | None:
    """The place with most phases; of several the one that is called ``exercises``, then the one nearest to the top."""
    counted = {place: sum(name in PHASE_FILES for name in names) for place, names in places.items()}
    known = [place for place, count in counted.items() if count]
    order = [(-counted[place], place.name != "exercises", len(place.parts), str(place)) for place in known]
    return known[order.index(min(order))] if known else None


def _split_name(name: str) -> tuple[str, str]:
    """``surname_123_phase2_attention.py`` as (``surname_123``, ``phase2_attention.py``); the second may have ``-1``."""
    for file in PHASE_FILES:
        match = re.fullmatch(rf"(.*?)[ _.-]*{file[:-3]}(?:[ _-]?\(?\d+\)?)?\.py", name)
        if match:
            return match.group(1), file
    return "", name


def _without_ending(name: str) -> str:
    ending = max((known for known in ARCHIVES if name.lower().endswith(known)), key=len)
    return name[: -len(ending)]

"""Find submissions as they come out of Moodle, Canvas, Gradescope, a folder of clones or a pile of files."""

from __future__ import annotations

import io
import re
import tarfile
import zipfile
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Callable, Iterator, Mapping, Sequence, TypeVar

from ..course.phases import COURSE
from ..source.files import MAX_SOURCE, complaint_about

P = TypeVar("P", Path, PurePosixPath)

ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
MOST_FILES = 2000
"""Entries of an archive that are looked at; one with more holds something else."""

PHASE_FILES = {phase.file: phase for phase in COURSE}
SKIPPED = (".git", "__pycache__", "__MACOSX", ".kata", "node_modules", ".venv", "venv")


@dataclass(frozen=True)
class Submission:
    """What one student handed in.

    Attributes:
        name: as the folder, the archive or the single files are called.
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
                single.setdefault(student, {})[file] = path.read_bytes()
    found += [Submission(student, files) for student, files in single.items()]
    return sorted(found, key=lambda submission: submission.name)


def find_one(folder: Path) -> Submission:
    """What one student has handed in: phases in a folder or somewhere below it, an archive, files under other names."""
    found = _guarded(folder.name, partial(_from_folder, folder))
    archives = (path for path in sorted(folder.rglob("*")) if path.name.lower().endswith(ARCHIVES))
    for path in archives if found.problem else ():
        found = _guarded(path.name, partial(_from_archive, path))
        if found.files:
            break
    if found.files:
        return found
    known = [(path, _split_name(path.name)[1]) for path in sorted(folder.rglob("*.py"))]
    files = {file: path.read_bytes() for path, file in known if file in PHASE_FILES and not complaint_about(path)}
    complaints = [complaint_about(path) for path, file in known if file in PHASE_FILES and complaint_about(path)]
    if files or complaints:
        return Submission(folder.name, files, "" if files else complaints[0])
    return found


def _guarded(name: str, read: Callable[[], dict[str, bytes]]) -> Submission:
    """What ``read`` finds, or why it found nothing: one broken submission never loses the batch."""
    try:
        files = read()
    except (OSError, ValueError, EOFError, RuntimeError, tarfile.TarError, zipfile.BadZipFile) as error:
        return Submission(name, problem=f"{name} cannot be read ({type(error).__name__}: {error})")
    if not files:
        return Submission(name, problem=f"{name} holds none of {', '.join(PHASE_FILES)}")
    return Submission(name, files)


def _from_folder(folder: Path) -> dict[str, bytes]:
    """The phases of a folder, or of the folder somewhere below it that holds most of them."""
    places: dict[Path, list[Path]] = {}
    for path in sorted(folder.rglob("*.py")):
        if not set(SKIPPED) & set(path.relative_to(folder).parts) and not complaint_about(path):
            places.setdefault(path.parent, []).append(path)
    here = _best({place: [path.name for path in paths] for place, paths in places.items()})
    return {path.name: path.read_bytes() for path in places.get(here, [])} if here is not None else {}


def _from_archive(path: Path) -> dict[str, bytes]:
    """As for a folder; nothing is unpacked to the disk."""
    places: dict[PurePosixPath, dict[str, bytes]] = {}
    for name, content in _members(path):
        place = PurePosixPath(name)
        if place.suffix == ".py" and not set(SKIPPED) & set(place.parts):
            places.setdefault(place.parent, {})[place.name] = content
    here = _best({place: list(files) for place, files in places.items()})
    return places[here] if here is not None else {}


def _members(path: Path) -> Iterator[tuple[str, bytes]]:
    """Ordinary files of an archive that are small enough to be source."""
    if path.name.lower().endswith(".zip"):
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist()[:MOST_FILES]:
                if info.filename.endswith(".py") and info.file_size <= MAX_SOURCE:
                    yield info.filename, archive.read(info)
    else:
        with tarfile.open(path) as archive:
            for number, member in enumerate(archive):
                if number >= MOST_FILES:
                    break
                stream = archive.extractfile(member) if member.isfile() and member.size <= MAX_SOURCE else None
                if member.name.endswith(".py"):
                    yield member.name, (stream or io.BytesIO()).read()


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

"""Read what strangers have packed, or put into folders, within bounds: an archive may lie about everything in it.

Archives are read in a process of their own (``python -m kata.classroom.archives FILE``), whose time and memory are
limited: those who wrote Python's readers of them did not think of every archive.
"""

from __future__ import annotations

import bz2
import contextlib
import gzip
import json
import lzma
import os
import subprocess
import sys
import tarfile
import zipfile
from collections import deque
from pathlib import Path
from typing import IO, Any, Iterator, Sequence

from ..course.phases import PROJECT
from ..source.files import MAX_SOURCE

ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
MOST_FILES = 2000
"""Entries of an archive that are looked at; one with more holds something else."""

MOST_SOURCE = 16 * 2**20
"""Bytes of all Python files of an archive or a folder."""

SECONDS, PATIENCE, MEMORY = 20, 300.0, 2**30
"""Of the processor, and of the clock on a busy machine, and bytes, that reading one archive may take."""

MOST_AT_ONCE = 4 * 2**20
"""Bytes that an archive's own tables may take."""

MOST_IN_ALL = 2**29
"""Bytes to which an archive may unfold until what is looked for has come."""

MOST_ENTRIES, MOST_DEPTH = 50_000, 12
"""Of a folder: what lies further in, or comes later, is not looked at."""

SKIPPED = (".git", "__pycache__", "__MACOSX", ".kata", "node_modules", ".venv", "venv")


class Unreadable(ValueError):
    """Why an archive cannot be read, or a folder holds too much."""


def members_apart(path: Path) -> list[tuple[str, bytes]]:
    """``members``, read in another process.

    Raises:
        Unreadable: with the reason.
    """
    if path.is_symlink() or not path.is_file():
        raise Unreadable("it is a link, or not an ordinary file")
    command = [sys.executable, "-m", __name__, str(path.absolute())]
    try:
        run = subprocess.run(command, cwd=PROJECT, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        raise Unreadable("it takes too long to read") from None
    if run.returncode != 0:
        said = run.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        raise Unreadable(said[0] if run.returncode == 1 and said else "it takes too long, or too much memory, to read")
    table, _, contents = run.stdout.partition(b"\n")
    found, start = [], 0
    for name, size in json.loads(table):
        found.append((name, contents[start : start + size]))
        start += size
    return found


def main(arguments: list[str]) -> int:
    """Write what ``members`` finds to standard output: names and sizes in JSON, then the contents."""
    with contextlib.suppress(ImportError, ValueError, OSError):  # Windows has no such limits
        import resource

        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    try:
        found = list(members(Path(arguments[0])))
    except Exception as error:  # of zlib, lzma, struct, ...: whatever a broken archive makes of its reader
        kind = "" if type(error) is ValueError else f"{type(error).__name__}: "
        print(" ".join(f"{kind}{error}".split()).encode("ascii", "backslashreplace").decode(), file=sys.stderr)
        return 1
    table = json.dumps([[name, len(content)] for name, content in found])
    sys.stdout.buffer.write(table.encode() + b"\n" + b"".join(content for _, content in found))
    return 0


def members(path: Path) -> Iterator[tuple[str, bytes]]:
    """Python files of an archive that are small enough to be source; links come empty.

    Raises:
        ValueError: if the archive asks for too much memory or time.
        Exception: of many kinds, if it is broken.
    """
    left = MOST_SOURCE
    for name, content in _members(path):
        left -= len(content)
        if left < 0:
            raise ValueError(f"the archive holds more than {MOST_SOURCE >> 20} MiB of Python")
        yield name, content


def _members(path: Path) -> Iterator[tuple[str, bytes]]:
    with open(path, "rb") as file:
        if path.name.lower().endswith(".zip"):
            with zipfile.ZipFile(_Bounded(file)) as archive:
                for info in archive.infolist()[:MOST_FILES]:
                    if info.filename.endswith(".py") and info.file_size <= MAX_SOURCE:
                        yield info.filename, _content(archive, info)
        else:
            with tarfile.open(fileobj=_Bounded(_unfolded(file)), mode="r:") as archive:  # type: ignore[call-overload]
                for number, member in enumerate(archive):
                    if number >= MOST_FILES:
                        break
                    if member.name.endswith(".py"):
                        stream = archive.extractfile(member) if member.isfile() and member.size <= MAX_SOURCE else None
                        yield member.name, stream.read() if stream else b""


def _content(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):  # the others cannot be read in pieces
        raise ValueError(f"{info.filename} is packed in a way that is not read here: pack it as zip usually does")
    with archive.open(info) as stream:
        content = stream.read(MAX_SOURCE + 1)  # its size stands there as well, but anything may stand there
    if len(content) > MAX_SOURCE:
        raise ValueError(f"{info.filename} is larger than it says")
    return content


def _unfolded(file: IO[bytes]) -> Any:
    """The stream that a file packs."""
    begins = file.read(6)
    file.seek(0)
    for magic, opened in ((b"\x1f\x8b", gzip.open), (b"BZh", bz2.open), (b"\xfd7zXZ\0", lzma.open)):
        if begins.startswith(magic):
            return opened(file)
    return file


class _Bounded:
    """A stream that gives little at once and not too much in all."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.tell = stream.tell
        self.close = stream.close
        self.name = ""

    def read(self, size: int | None = -1) -> bytes:
        wanted = MOST_AT_ONCE + 1 if size is None or size < 0 else size
        data = self._stream.read(min(wanted, MOST_AT_ONCE + 1))
        if len(data) > MOST_AT_ONCE:
            raise ValueError("the archive asks for too much memory")
        self._look(self.tell())
        return data

    def seek(self, offset: int, whence: int = 0) -> int:
        self._look(offset)
        return int(self._stream.seek(offset, whence))

    @staticmethod
    def _look(position: int) -> None:
        if position > MOST_IN_ALL:
            raise ValueError(f"the archive unfolds to more than {MOST_IN_ALL >> 20} MiB")

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True


def files_below(folder: Path) -> list[Path]:
    """Files in a folder and below it, those near to the top first; links to folders are not followed.

    What is too deep, too many or closed is passed over.
    """
    found: list[Path] = []
    entries = 0
    waiting = deque([(folder, 0)])
    while waiting:
        place, depth = waiting.popleft()
        try:
            here = sorted(os.scandir(place), key=lambda entry: entry.name)
        except OSError:
            continue
        for entry in here:
            entries += 1
            if entries > MOST_ENTRIES:
                return found
            try:
                is_folder = entry.is_dir(follow_symlinks=False)
            except OSError:
                continue
            if not is_folder:
                found.append(Path(entry.path))
            elif depth < MOST_DEPTH and entry.name not in SKIPPED:
                waiting.append((Path(entry.path), depth + 1))
    return found


def read_sources(paths: Sequence[Path]) -> dict[str, bytes]:
    """Name to content of source files.

    Raises:
        Unreadable: if they are too many, or too much together.
    """
    if len(paths) > MOST_FILES or sum(path.stat().st_size for path in paths) > MOST_SOURCE:
        raise Unreadable(f"it holds more than {MOST_SOURCE >> 20} MiB or {MOST_FILES} files of Python")
    return {path.name: path.read_bytes() for path in paths}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

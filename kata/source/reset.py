"""Bring a stub back into a learner's file. What was there is kept as a dated copy; nothing is overwritten."""

from __future__ import annotations

import ast
import contextlib
import io
import os
import re
import shutil
import tempfile
import time
import tokenize
from dataclasses import dataclass
from pathlib import Path

from ..course.edition import NoStub, stub_of
from ..course.phases import REFERENCE, Phase
from ..python_source import syntax_tree

KEPT = Path(".kata", "kept")
"""Where copies go, below the folder of the exercises; git ignores it."""


class CannotReset(Exception):
    """Nothing was changed.

    Attributes:
        reason: ``"syntax"`` (one task was asked for, but the file is not valid Python), ``"kind"`` (it is no ordinary
            file), ``"reference"`` (the folder is the one that stubs are made from) or ``"disk"`` (reading or writing
            failed).
        detail: what Python or the system says.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True)
class Reset:
    """What was done.

    Attributes:
        path: the learner's file.
        changed: whether it was not the stub already.
        kept: the copy of what was there; None if there was nothing to keep.
    """

    path: Path
    changed: bool
    kept: Path | None = None


def reset(phase: Phase, target: Path, task: str | None = None) -> Reset:
    """Bring back the stub of a phase, or of one of its tasks only.

    Args:
        phase: the phase.
        target: the folder with the learner's files.
        task: a task of the phase; None for the whole file.

    Raises:
        CannotReset: if it was not done; the file is as it was.
    """
    path = target / phase.file
    if is_same(target, REFERENCE) or is_same(path, REFERENCE / phase.file):
        raise CannotReset("reference")
    if os.path.lexists(path) and not path.is_file():
        raise CannotReset("kind")
    try:
        stub = stub_of(phase)
    except NoStub as error:
        raise CannotReset("stub", str(error)) from None
    try:
        before = path.read_bytes() if path.is_file() else None
        if before is None:
            after = stub.encode("utf-8")
        elif task is None:
            after = with_newlines_of(before, stub).encode("utf-8")
        else:
            after = _with_task_reset(before, stub, task)
        if after == before:
            return Reset(path, changed=False)
        kept = keep(path, before) if before is not None and before.strip() else None
        write_atomically(path, after)
    except OSError as error:
        raise CannotReset("disk", str(error)) from None
    return Reset(path, changed=True, kept=kept)


def is_same(path: Path, other: Path) -> bool:
    """Whether two names stand for one file or folder: by a link, or on a disk that takes capitals for small letters."""
    try:
        return path.samefile(other)
    except OSError:
        return False


def keep(path: Path, content: bytes) -> Path:
    """Write a dated copy of a file's content below ``KEPT``; never over an earlier one."""
    folder = path.parent / KEPT
    folder.mkdir(parents=True, exist_ok=True)
    dated = f"{path.stem}-{time.strftime('%Y-%m-%d-%H%M%S')}"
    number = 1
    while True:
        copy = folder / (f"{dated}{path.suffix}" if number == 1 else f"{dated}-{number}{path.suffix}")
        try:
            with open(copy, "xb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            return copy
        except FileExistsError:
            number += 1


def write_atomically(path: Path, content: bytes) -> None:
    """Replace a file's content as a whole, or leave the file as it is; a link goes on pointing where it does."""
    path = Path(os.path.realpath(path))
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with open(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        if path.exists():
            shutil.copymode(path, temporary)
        else:
            os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def with_newlines_of(content: bytes, text: str) -> str:
    """``text`` with the line ends that a file has."""
    return text.replace("\n", "\r\n") if b"\r\n" in content else text


def split_lines(text: str) -> list[str]:
    """Lines with their ends, as Python's parser counts them; ``str.splitlines`` would also split at form feeds."""
    return re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+", text)


def read_source(content: bytes) -> tuple[ast.Module, str, str]:
    """A file's syntax tree, text and encoding.

    Raises:
        CannotReset: if the file is not valid Python.
    """
    try:
        encoding = tokenize.detect_encoding(io.BytesIO(content).readline)[0]
        return syntax_tree(content), content.decode(encoding), encoding
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = f"line {error.lineno}: " if isinstance(error, SyntaxError) and error.lineno else ""
        raise CannotReset("syntax", line + (getattr(error, "msg", "") or str(error))) from None


def _with_task_reset(content: bytes, stub: str, task: str) -> bytes:
    """A file's content in which one task is the stub again and all else is as it was.

    Raises:
        CannotReset: if the file is not valid Python.
    """
    tree, text, encoding = read_source(content)
    lines = split_lines(text)
    [(first, last)] = places(syntax_tree(stub), task)
    wanted = with_newlines_of(content, "\n".join(stub.splitlines()[first - 1 : last]) + "\n")
    found = places(tree, task)
    for number, (first, last) in reversed(list(enumerate(found))):
        # Of several definitions the first becomes the stub, so that none is left that hides it.
        lines[first - 1 : last] = [wanted] if number == 0 else []
    if not found:
        if lines and not lines[-1].endswith(("\n", "\r")):
            lines[-1] += "\n"
        lines += [with_newlines_of(content, "\n\n") + wanted]
    return "".join(lines).encode(encoding)


def span(node: ast.stmt) -> tuple[int, int]:
    """First and last line of a statement, decorators included."""
    decorators = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)]), node.end_lineno or node.lineno


def places(tree: ast.Module, name: str) -> list[tuple[int, int]]:
    """First and last lines of the definitions of ``name`` at the top of a module, decorators included."""
    return [
        span(node)
        for node in tree.body
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and node.name == name
    ]

"""Where in a submission's code an exception came from."""

from __future__ import annotations

import contextlib
import dis
import linecache
import traceback
from pathlib import Path
from types import FrameType
from typing import Any, Iterable, Iterator

from ..course.phases import COURSE
from ..source.files import display_path

TASKS = frozenset(task.name for phase in COURSE for task in phase.tasks)

METHODS = frozenset(("__init__", "forward", "encode", "decode", "step", "state_dict", "load_state_dict"))
"""The methods that the contract asks for: code of every style has them."""

MAX_CALLS = 20


def where(error: BaseException, folders: Iterable[Path]) -> str:
    """`` at phase2_attention.py:53, in forward (`return x`)`` for the last frame in one of the folders, or ``""``.

    An exception that came from another process brings its place along as ``kata_where``.
    """
    brought = getattr(error, "kata_where", None)
    if brought is not None:
        return brought
    frames = _frames_in(error, folders)
    return f" at {_place(*frames[-1])}" if frames else ""


def called_from(error: BaseException, folders: Iterable[Path]) -> str:
    """Where the learner's code called the function in which an exception came; ``""`` if it did not.

    An exception that came from another process brings it along as ``kata_called_from``.
    """
    brought = getattr(error, "kata_called_from", None)
    if brought is not None:
        return brought
    frames = _frames_in(error, folders)
    return _place(*frames[-2]) if len(frames) > 1 and frames[-2][2] != frames[-1][2] else ""


def _frames_in(error: BaseException, folders: Iterable[Path]) -> list[tuple[str, int, str]]:
    """File, line and function of the frames in some folders that an exception passed, outermost first."""
    roots = [str(folder) for folder in folders]
    frames = ((frame.f_code, line) for frame, line in traceback.walk_tb(error.__traceback__))
    return [
        (code.co_filename, line, code.co_name)
        for code, line in frames
        if any(code.co_filename.startswith(root) for root in roots)
    ]


def _place(filename: str, line: int, function: str) -> str:
    code = linecache.getline(filename, line).strip()
    quoted = f" (`{code}`)" if code else ""
    return f"{display_path(Path(filename))}:{line}, in {function}{quoted}"


def origin(error: BaseException, package: str) -> dict[str, Any]:
    """Where an exception came from, in terms that code of every style shares.

    Args:
        error: the exception.
        package: name of the package whose modules are the phases.

    Returns:
        ``calls``: the functions and methods of the contract that were running, outermost first, each method of a
        part with the part's name: ``["DecoderLayer.forward", "cross_attention: MultiHeadAttention.forward"]``.
        ``raised``: whether a ``raise`` or ``assert`` of the phases' own code raised it, in words of its own.
    """
    calls: list[str] = []
    outer, raised = None, False
    for frame, last in ((entry.tb_frame, entry.tb_lasti) for entry in _entries(error)):
        inside = str(frame.f_globals.get("__name__", "")).startswith(package + ".")
        raised = inside and frame.f_code.co_code[last] == dis.opmap["RAISE_VARARGS"]
        if not inside:
            continue
        name, owner = _contract_name(frame)
        if not name:
            continue
        part = _name_of_part(outer, owner)
        calls.append(f"{part}: {name}" if part else name)
        outer = owner if owner is not None else outer
    return {"calls": calls[:MAX_CALLS], "raised": raised}


def _entries(error: BaseException) -> Iterator[Any]:
    entry = error.__traceback__
    while entry is not None:
        yield entry
        entry = entry.tb_next


def _contract_name(frame: FrameType) -> tuple[str, Any]:
    """What the contract calls the function that a frame runs, and the object whose method it is; else ``""``."""
    code = frame.f_code
    if code.co_name in TASKS:
        return code.co_name, None
    if code.co_name in METHODS and code.co_argcount:
        owner = frame.f_locals.get(code.co_varnames[0])
        kind = next((kind.__name__ for kind in type(owner).__mro__ if kind.__name__ in TASKS), "")
        if kind:
            return f"{kind}.{code.co_name}", owner
    return "", None


def _name_of_part(whole: Any, part: Any) -> str:
    """What a module calls another one that is in it, as ``layers.0``; ``""`` if it is not in it."""
    waiting = [("", whole, 0)]
    while waiting:
        name, module, depth = waiting.pop()
        if module is part and name:
            return name
        children: Any = {}
        with contextlib.suppress(Exception):  # a learner's object may have no attributes at all
            children = vars(module).get("_modules") or {}
        if isinstance(children, dict) and depth < 3:
            waiting += [(f"{name}.{key}" if name else str(key), child, depth + 1) for key, child in children.items()]
    return ""

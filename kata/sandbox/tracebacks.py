"""Where in a submission's code an exception came from."""

from __future__ import annotations

import linecache
import traceback
from pathlib import Path
from typing import Iterable

from ..source.files import display_path


def where(error: BaseException, folders: Iterable[Path]) -> str:
    """`` at phase2_attention.py:53, in forward (`return x`)`` for the last frame in one of the folders, or ``""``.

    An exception that came from another process brings its place along as ``kata_where``.
    """
    brought = getattr(error, "kata_where", None)
    if brought is not None:
        return brought
    roots = [str(folder) for folder in folders]
    found = None
    for frame, line in traceback.walk_tb(error.__traceback__):
        filename = frame.f_code.co_filename
        if any(filename.startswith(root) for root in roots):
            found = (filename, line, frame.f_code.co_name)
    if found is None:
        return ""
    filename, line, function = found
    code = linecache.getline(filename, line).strip()
    quoted = f" (`{code}`)" if code else ""
    return f" at {display_path(Path(filename))}:{line}, in {function}{quoted}"

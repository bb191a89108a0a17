"""The reference as a guest gets it: compiled code, without a file, without source, without lines."""

from __future__ import annotations

import ast
import base64
import functools
import marshal
from pathlib import Path
from typing import Any

from ...python_source import syntax_tree
from ...source.neighbours import Neighbours

PLACE = {"lineno": 1, "end_lineno": 1, "col_offset": 0, "end_col_offset": 0}
"""Where every part of the reference claims to stand."""


@functools.lru_cache(maxsize=None)
def compiled(path: Path) -> str:
    """A phase of the reference as code in base 64 for ``loader.VirtualPackage``; Python's version must be the same."""
    return _compiled(path.read_bytes(), path.stem)


def substitutes(neighbours: Neighbours) -> dict[str, Any]:
    """The reference of some tasks of a phase as the fields of ``loader.Substitutes``, the code in base 64."""
    code = _compiled(neighbours.source.encode(), neighbours.phase)
    return {"phase": neighbours.phase, "names": neighbours.names, "code": code, "shared": neighbours.shared}


def _compiled(source: bytes, name: str) -> str:
    """Code in base 64.

    Every instruction claims to stand in line 1 of a file that is not there: a submission that walks through frames
    finds neither the source nor the folder. What the code does can still be read from its instructions.
    """
    tree = syntax_tree(source)
    for node in ast.walk(tree):
        for attribute, value in PLACE.items():
            if hasattr(node, attribute):
                setattr(node, attribute, value)
    code = compile(tree, f"<reference {name}>", "exec", dont_inherit=True)
    return base64.b64encode(marshal.dumps(code)).decode()

"""The reference as a guest gets it: compiled code, without a file, without source, without lines."""

from __future__ import annotations

import ast
import base64
import functools
import marshal
from pathlib import Path


@functools.lru_cache(maxsize=None)
def compiled(path: Path) -> str:
    """A phase of the reference as code in base 64 for ``loader.VirtualPackage``; Python's version must be the same.

    Every instruction claims to stand in line 1 of a file that is not there: a submission that walks through frames
    finds neither the source nor the folder. What the code does can still be read from its instructions.
    """
    tree = ast.parse(path.read_bytes())
    for node in ast.walk(tree):
        if hasattr(node, "lineno"):
            node.lineno = node.end_lineno = 1
            node.col_offset = node.end_col_offset = 0
    code = compile(tree, f"<reference {path.stem}>", "exec", dont_inherit=True)
    return base64.b64encode(marshal.dumps(code)).decode()

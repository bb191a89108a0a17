"""Find where a task is defined in a learner's file."""

from __future__ import annotations

import ast
from pathlib import Path

from .sources import parse_source


def line_of(path: Path, name: str) -> int | None:
    """Line of the function or class ``name`` at the top level of ``path``; None if it is not to be found."""
    tree = parse_source(path)
    for node in tree.body if tree else []:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name == name:
            return node.lineno
    return None

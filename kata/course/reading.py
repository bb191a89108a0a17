"""A solution as a reading edition: the code alone, without docstrings."""

from __future__ import annotations

import ast

from ..python_source import syntax_tree


def code_alone(source: str) -> str:
    """A source text without its docstrings; comments and all else stay as they are."""
    lines = source.splitlines()
    nodes = [
        node for node in ast.walk(syntax_tree(source)) if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))
    ]
    for node in sorted(nodes, key=lambda node: getattr(node, "lineno", 0), reverse=True):
        if ast.get_docstring(node, clean=False) is None:
            continue
        docstring = node.body[0]
        first, end = docstring.lineno - 1, docstring.end_lineno or docstring.lineno
        if len(node.body) > 1:  # the empty line goes with it
            while not lines[end].strip():
                end += 1
        lines[first:end] = [] if len(node.body) > 1 else [" " * docstring.col_offset + "..."]
    return "\n".join(lines) + "\n"

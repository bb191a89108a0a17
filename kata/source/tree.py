"""A submission's source text as a syntax tree that is safe to walk through."""

from __future__ import annotations

import ast
from pathlib import Path

from ..python_source import syntax_tree
from .files import complaint_about

MAX_NODES = 100_000
"""Nodes of a syntax tree. A phase's solution has four thousand; a check that looks at each takes a second or two."""

MAX_NESTING = 200
"""Levels of a syntax tree. People need about thirty; far more, and whoever follows names or prints a part of the tree
runs out of stack, which ends Python 3.8 as a whole."""

MAX_BITS = 4096
"""Of a whole number. Python does not write one of many more in digits, so whoever prints a tree with it fails."""


class NestedTooDeeply(RecursionError):
    """Python may be able to run it, but nobody can look into it."""


class TooMuch(NestedTooDeeply):
    """More code than anybody looks through, however flat it is."""


def parse(source: bytes | str) -> ast.Module:
    """The syntax tree of a source text.

    Raises:
        NestedTooDeeply: if it has more levels than ``MAX_NESTING``, more nodes than ``MAX_NODES``, or a number of more
            bits than ``MAX_BITS``.
        SyntaxError, ValueError: if it is no Python.
    """
    try:
        tree = syntax_tree(source)
    except (RecursionError, MemoryError) as error:
        raise NestedTooDeeply(str(error)) from None
    level: list[ast.AST] = [tree]
    nodes = 0
    for _ in range(MAX_NESTING):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        nodes += len(level)
        if nodes > MAX_NODES:
            raise TooMuch(f"more than {MAX_NODES} nodes")
        if any(isinstance(node, ast.Constant) and _is_huge(node.value) for node in level):
            raise TooMuch(f"a number of more than {MAX_BITS} bits")
        if not level:
            return tree
    raise NestedTooDeeply(f"more than {MAX_NESTING} levels")


def _is_huge(value: object) -> bool:
    return isinstance(value, int) and value.bit_length() > MAX_BITS


def read(path: Path) -> ast.Module | NestedTooDeeply | None:
    """The syntax tree of a file; an error for one nested too deeply; None for one that Python cannot read either."""
    if complaint_about(path):  # a pipe would never come to its end
        return None
    try:
        return parse(path.read_bytes())
    except NestedTooDeeply as error:
        return error
    except (OSError, SyntaxError, ValueError):
        return None


def parse_source(path: Path) -> ast.Module | None:
    """The syntax tree of a submission's file; None for one that cannot be read (its import or the rules say why)."""
    tree = read(path)
    return tree if isinstance(tree, ast.Module) else None


def line_of(path: Path, name: str) -> int | None:
    """Line of the function or class ``name`` at the top level of ``path``; None if it is not to be found."""
    tree = parse_source(path)
    for node in tree.body if tree else []:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name == name:
            return node.lineno
    return None


def line_of_error(path: Path) -> int | None:
    """Line at which Python cannot read a file; None if it can, or cannot say."""
    if complaint_about(path):
        return None
    try:
        syntax_tree(path.read_bytes())
    except SyntaxError as error:
        return error.lineno
    except (OSError, ValueError, RecursionError, MemoryError):
        return None
    return None

"""Throw-away target folders: copies of stubs and solutions, broken on purpose."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Mapping

from kata.course.phases import COURSE, REFERENCE, Phase
from kata.python_source import syntax_tree


def phase(number: int) -> Phase:
    """The phase with this number."""
    return COURSE[number - 1]


def solution(number: int) -> str:
    """Source of a solved phase."""
    return (REFERENCE / phase(number).file).read_text(encoding="utf-8")


def make_target(folder: Path, solved: tuple[int, ...] = ()) -> Path:
    """Fill a folder with the stubs of all phases, some of them solved.

    Args:
        folder: where; it is made if it is not there.
        solved: numbers of the phases to take from the solutions.
    """
    from kata.course.stubs import make_stub

    folder.mkdir(parents=True, exist_ok=True)
    for number in range(1, len(COURSE) + 1):
        source = solution(number)
        text = source if number in solved else make_stub(phase(number), source)
        (folder / phase(number).file).write_text(text, encoding="utf-8")
    return folder


def with_bodies(source: str, bodies: Mapping[str, str]) -> str:
    """Replace what functions do.

    Args:
        source: source of a module.
        bodies: name of a function, or ``Class.method``, to the statements it is to hold (not indented).
    """
    lines = source.splitlines()
    places = {name: _find(syntax_tree(source), name) for name in bodies}
    for name in sorted(bodies, key=lambda name: -places[name].lineno):
        node = places[name]
        first = node.body[1] if _is_docstring(node.body[0]) and len(node.body) > 1 else node.body[0]
        indent = " " * first.col_offset
        lines[first.lineno - 1 : node.end_lineno] = [indent + line for line in bodies[name].splitlines()]
    return "\n".join(lines) + "\n"


def replaced(source: str, old: str, new: str) -> str:
    """Replace a text that stands in the source exactly once."""
    assert source.count(old) == 1, f"{old!r} stands {source.count(old)} times in the source"
    return source.replace(old, new)


def _find(tree: ast.Module, name: str) -> ast.FunctionDef:
    found: ast.AST = tree
    for part in name.split("."):
        found = next(node for node in found.body if getattr(node, "name", None) == part)
    return found


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)

"""Tell from the source alone whether a phase is still the stub: then there is nothing to run."""

from __future__ import annotations

import ast
from pathlib import Path

from ..course.phases import Phase
from .tree import parse_source


def is_untouched(phase: Phase, target: Path) -> bool:
    """Whether the phase's file defines its tasks by ``raise NotImplementedError`` alone, and nothing else.

    Comments, docstrings, imports and the given pieces do not matter. In doubt the answer is no: then the
    suite runs and finds out.
    """
    tree = parse_source(target / phase.file)
    if tree is None:
        return False
    todo = {task.name for task in phase.tasks}
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name in todo and not node.decorator_list:
            if not is_stub(node):
                return False
            todo.discard(node.name)
        elif isinstance(node, ast.ClassDef) and node.name in phase.given:
            continue
        elif not isinstance(node, (ast.Import, ast.ImportFrom)) and not _is_docstring(node):
            return False
    return not todo


def unfinished_tasks(phase: Phase, target: Path) -> list[str]:
    """The tasks in which some function still does nothing but ``raise NotImplementedError``.

    Told from the source alone, at once; none if the file is no Python. Tasks with code may still be wrong.
    """
    tree = parse_source(target / phase.file)
    unfinished = {
        node.name
        for node in (tree.body if tree else [])
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and _has_stub(node)
    }
    return [task.name for task in phase.tasks if task.name in unfinished]


def untouched_tasks(phase: Phase, target: Path) -> list[str]:
    """The tasks of which nothing is written: every function of theirs is still the stub's."""
    tree = parse_source(target / phase.file)
    last = {
        node.name: node for node in (tree.body if tree else []) if isinstance(node, (ast.FunctionDef, ast.ClassDef))
    }
    return [task.name for task in phase.tasks if task.name in last and is_stub(last[task.name])]


def _has_stub(node: ast.FunctionDef | ast.ClassDef) -> bool:
    return any(isinstance(part, ast.FunctionDef) and is_stub(part) for part in ast.walk(node))


def unfinished(phase: Phase, target: Path) -> list[str]:
    """Names of the phase's tasks that still hold the stub's ``raise NotImplementedError("Phase ...")``."""
    tree = parse_source(target / phase.file)
    todo = {
        node.name
        for node in (tree.body if tree else [])
        if isinstance(node, (ast.FunctionDef, ast.ClassDef))
        and any(isinstance(part, ast.Raise) and _says_to_do(ast.dump(part)) for part in ast.walk(node))
    }
    return [task.name for task in phase.tasks if task.name in todo]


def _says_to_do(statement: str) -> bool:
    return "NotImplementedError" in statement and "'Phase " in statement


def is_stub(node: ast.stmt) -> bool:
    """Whether a function, or every method of a class, does nothing but ``raise NotImplementedError``."""
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return False
    body = [statement for statement in node.body if not _is_docstring(statement)]
    if isinstance(node, ast.ClassDef):
        return bool(body) and all(isinstance(part, ast.FunctionDef) and is_stub(part) for part in body)
    return len(body) == 1 and isinstance(body[0], ast.Raise) and "NotImplementedError" in ast.dump(body[0])


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)

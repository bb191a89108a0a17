"""What the suites hold, read from their source: how many tests a task has.

The grader needs the numbers for untouched stubs too, for which it starts neither torch nor pytest.
"""

from __future__ import annotations

import ast

from .course import Phase


def count_tests(phase: Phase) -> dict[str, int]:
    """Number of tests of every task of a phase, in the order of the course.

    A parametrised test counts once: it passes if all its cases do.
    """
    counts = {task.name: 0 for task in phase.tasks}
    for path in phase.suite():
        body = ast.parse(path.read_bytes()).body
        names = {
            node.targets[0].id: node.value
            for node in body
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        }
        for node in body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test"):
                task = _task_of(node, names)
                if task in counts:
                    counts[task] += 1
    return counts


def _task_of(node: ast.FunctionDef, names: dict[str, ast.expr]) -> str | None:
    """The task that a test's marker names.

    Args:
        node: the test.
        names: what the names at the top of its module stand for: marker and task may be given by name.
    """
    for decorator in node.decorator_list:
        call = _meaning(decorator, names)
        if isinstance(call, ast.Call) and _dotted(call.func) == "pytest.mark.task":
            return ast.literal_eval(_meaning(call.args[0], names))
    return None


def _meaning(node: ast.expr, names: dict[str, ast.expr]) -> ast.expr:
    """What an expression stands for, if it is a name given at the top of the module."""
    return names.get(node.id, node) if isinstance(node, ast.Name) else node


def _dotted(node: ast.AST) -> str:
    """``a.b.c`` of an attribute access."""
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""

"""What the suites hold, read from their source: how many tests a task has.

The grader needs the numbers for untouched stubs too, for which it starts neither torch nor pytest.
"""

from __future__ import annotations

import ast

from .course import Phase


def count_tests(phase: Phase) -> dict[str, int]:
    """Number of tests of every task of a phase, in the order of the course."""
    counts = {task.name: 0 for task in phase.tasks}
    for path in phase.suite():
        for node in ast.parse(path.read_bytes()).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test"):
                task, cases = _decorations(node)
                if task in counts:
                    counts[task] += cases
    return counts


def _decorations(node: ast.FunctionDef) -> tuple[str | None, int]:
    """The task that a test's marker names, and how many cases its parametrisations make."""
    task, cases = None, 1
    for decorator in node.decorator_list:
        if not isinstance(decorator, ast.Call):
            continue
        name = _dotted(decorator.func)
        if name == "pytest.mark.task":
            task = ast.literal_eval(decorator.args[0])
        elif name == "pytest.mark.parametrize":
            cases *= len(decorator.args[1].elts)
    return task, cases


def _dotted(node: ast.AST) -> str:
    """``a.b.c`` of an attribute access."""
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""

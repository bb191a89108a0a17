"""What the suites hold, read from their source: how many tests a task has, and which other tasks they call.

The grader needs the numbers for untouched stubs too, for which it starts neither torch nor pytest.
"""

from __future__ import annotations

import ast
import functools

from ..python_source import syntax_tree
from .phases import Phase


@functools.lru_cache(maxsize=None)
def count_tests(phase: Phase) -> dict[str, int]:
    """Number of tests of every task of a phase, in the order of the course.

    A parametrised test counts once: it passes if all its cases do.
    """
    counts = {task.name: 0 for task in phase.tasks}
    for path in phase.suite():
        body = syntax_tree(path.read_bytes()).body
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


@functools.lru_cache(maxsize=None)
def tasks_used(phase: Phase) -> dict[str, set[str]]:
    """For every task, the names of the phase that its tests call: tasks, itself included, and given pieces.

    A test that builds on another part of the submission (the layers of an encoder, say) depends on that part too.
    What cannot be told from the source counts as all of them.
    """
    used = {task.name: {task.name} for task in phase.tasks}
    every = {*used, *phase.given}
    for path in phase.suite():
        body = syntax_tree(path.read_bytes()).body
        functions = {node.name: node for node in body if isinstance(node, ast.FunctionDef)}
        names = {
            node.targets[0].id: node.value
            for node in body
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        }
        for node in functions.values():
            task = _task_of(node, names) if node.name.startswith("test") else None
            if task in used:
                used[task] |= _uses(node, f"phase{phase.number}", functions, every)
    return used


def _uses(start: ast.FunctionDef, module: str, functions: dict[str, ast.FunctionDef], every: set[str]) -> set[str]:
    """The names of ``every`` that a function, and what it calls in its own file, takes from the fixture ``module``."""
    found: set[str] = set()
    seen, waiting = {start.name}, [start]
    while waiting:
        function = waiting.pop()
        known: set[int] = set()  # places of the fixture's name that are understood
        for node in ast.walk(function):
            if isinstance(node, ast.Attribute) and _dotted(node.value) == module:
                found |= {node.attr} & every
                known.add(id(node.value))
            elif isinstance(node, ast.Call) and _dotted(node.func) in functions:
                known |= {id(argument) for argument in node.args}
        for node in ast.walk(function):
            if isinstance(node, ast.Name) and node.id == module and id(node) not in known:
                return set(every)
            name = node.id if isinstance(node, ast.Name) else getattr(node, "arg", None)  # a fixture comes as argument
            if name in functions and name not in seen:
                seen.add(name)
                waiting.append(functions[name])
    return found

"""Derive the stub of a phase from its solution: same signatures and docstrings, nothing of the answer.

``python -m kata.course.stubs`` writes all six stubs into a folder. A maintainer edits a solution, then runs it; a
learner never needs it. Kept are the module's docstring, its imports, the given pieces (``course.Phase.given``)
and the signature and docstring of every task with its public methods; dropped are bodies and private helpers.
"""

from __future__ import annotations

import argparse
import ast
import re
from pathlib import Path

from ..python_source import syntax_tree
from .phases import COURSE, DEFAULT_TARGET, REFERENCE, Phase


def make_stub(phase: Phase, solution: str) -> str:
    """Return the source of the stub.

    Args:
        phase: which phase it is.
        solution: source of its solution.
    """
    lines = solution.splitlines()
    names = {task.name for task in phase.tasks}
    head: list[str] = []
    definitions: list[str] = []
    previous_end = 0
    for node in syntax_tree(solution).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            if node.name in names:
                definitions.append(_stub_of(node, lines, f"Phase {phase.number}: {node.name}", ""))
            elif node.name in phase.given:
                definitions.append(_text(node, lines))
        elif isinstance(node, (ast.Import, ast.ImportFrom)) or _is_docstring(node):
            if previous_end and node.lineno > previous_end + 1:
                head.append("")
            head.append(_text(node, lines))
            previous_end = node.end_lineno or node.lineno
    body = "\n\n\n".join(definitions)
    head = [line for line in (_without_unused(line, body) for line in head) if line is not None]
    return "\n\n\n".join(["\n".join(head), body]) + "\n"


def _without_unused(line: str, body: str) -> str | None:
    """Drop from an import of typing or contextlib what the answer alone needs; None if nothing is left."""
    for module in ("typing", "contextlib"):
        start = f"from {module} import "
        if line.startswith(start):
            used = [name for name in line[len(start) :].split(", ") if re.search(rf"\b{name}\b", body)]
            return start + ", ".join(used) if used else None
    return line


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _text(node: ast.stmt, lines: list[str]) -> str:
    """The source of a statement, with its decorators."""
    first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
    return "\n".join(lines[first - 1 : node.end_lineno])


def _stub_of(node: ast.FunctionDef | ast.ClassDef, lines: list[str], message: str, indent: str) -> str:
    """Signature, docstring and ``raise NotImplementedError``; a class keeps its public methods so."""
    inner = indent + "    "
    docstring = node.body[0]
    if not _is_docstring(docstring):
        raise ValueError(f"{node.name} needs a docstring")
    text = "\n".join(lines[node.lineno - 1 : docstring.end_lineno])
    if isinstance(node, ast.FunctionDef):
        return f'{text}\n{inner}raise NotImplementedError("{message}")'
    methods = [
        _stub_of(method, lines, message, inner)
        for method in node.body
        if isinstance(method, ast.FunctionDef) and (method.name == "__init__" or not method.name.startswith("_"))
    ]
    return "\n\n".join([text, *methods])


def main(arguments: list[str] | None = None) -> None:
    """Write the six stubs."""
    parser = argparse.ArgumentParser(prog="python -m kata.course.stubs", description="Write the stubs of all phases.")
    parser.add_argument("--into", type=Path, default=DEFAULT_TARGET, metavar="DIR", help="folder to write to")
    parser.add_argument("--force", action="store_true", help="overwrite files that are there already")
    options = parser.parse_args(arguments)
    options.into.mkdir(parents=True, exist_ok=True)
    for phase in COURSE:
        path = options.into / phase.file
        if path.exists() and not options.force:
            parser.error(f"{path} is there already; --force overwrites it (your work in it would be lost)")
        path.write_text(make_stub(phase, (REFERENCE / phase.file).read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()

"""What a learner who knows the answers would write into a notebook's cells."""

from __future__ import annotations

import ast

from kata.course.phases import Phase
from kata.source.reset import span
from selftest.submissions import solution


def solution_cells(phase: Phase) -> dict[str, str]:
    """Task to the source of its cell: imports that the stub lacks, helpers that no earlier cell has, the solution."""
    text = solution(phase.number)
    lines = text.splitlines()
    tree = ast.parse(text)

    def source(node: ast.stmt) -> str:
        first, last = span(node)
        return "\n".join(lines[first - 1 : last])

    extra = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
    tasks = {task.name for task in phase.tasks}
    named = {node.name: node for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    helpers = {name: node for name, node in named.items() if name not in tasks and name not in phase.given}
    cells: dict[str, str] = {}
    for name in (task.name for task in phase.tasks):
        mentioned = {part.id for part in ast.walk(named[name]) if isinstance(part, ast.Name)}
        own = [helpers.pop(helper) for helper in sorted(mentioned & set(helpers))]
        head = [source(node) for node in extra] if not cells else []
        cells[name] = "\n\n\n".join(
            ["\n".join(head)] * bool(head) + [source(node) for node in own] + [source(named[name])]
        )
    assert not helpers, f"no task uses {set(helpers)}"
    return {name: cell + "\n" for name, cell in cells.items()}

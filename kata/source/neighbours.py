"""Which earlier tasks of its file a task builds on, and the reference's code of them alone."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path
from typing import Iterable

from ..course.phases import REFERENCE, Phase
from ..course.suites import tasks_used
from ..python_source import syntax_tree
from .tree import parse_source

Definition = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True)
class Neighbours:
    """Reference code that takes the place of tasks while another task of the phase is tried.

    Attributes:
        phase: id of the phase.
        names: the tasks.
        source: Python source that defines them and what they build on.
        shared: names that it takes from the file under test: pieces that are ready in the stub.
    """

    phase: str
    names: tuple[str, ...]
    source: str
    shared: tuple[str, ...]


def neighbours_of(phase: Phase, task: str, target: Path) -> list[str]:
    """The earlier tasks of the phase that a task's code, or its tests, build on, in the order of the course.

    Earlier ones alone: two tasks that are written in terms of each other cannot both be right by the other's reference.
    """
    order = [known.name for known in phase.tasks]
    earlier = order[: order.index(task)]
    tree = parse_source(target / phase.file)
    used = set(tasks_used(phase)[task]) | (_reached(tree, [task]) if tree else set())
    return [name for name in earlier if name in used]


def come_along(phase: Phase, names: Iterable[str]) -> list[str]:
    """The tasks whose reference a guest holds that is given the reference of some, in the order of the course."""
    held = set(names)
    path = REFERENCE / phase.file
    if held and path.is_file():
        held |= _reached(syntax_tree(path.read_bytes()), held)
    return [task.name for task in phase.tasks if task.name in held]


def references(phase: Phase, names: Iterable[str]) -> Neighbours:
    """The reference's code of some tasks of a phase, and of nothing else but what they build on."""
    path = REFERENCE / phase.file
    text = path.read_text(encoding="utf-8")
    tree = syntax_tree(text)
    names = tuple(names)
    kept = {*names, *_reached(tree, names), *phase.given}
    lines = text.splitlines()
    for node in tree.body:
        if isinstance(node, Definition) and node.name not in kept:
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            lines[first - 1 : node.end_lineno] = [""] * (node.end_lineno + 1 - first)  # type: ignore[operator]
    return Neighbours(phase.id, names, "\n".join(lines) + "\n", phase.given)


def _reached(tree: ast.Module, start: Iterable[str]) -> set[str]:
    """What the definitions at the top of a module refer to, over other such definitions too."""
    mentioned: dict[str, list[set[str]]] = {}  # the names of one statement once, however much it binds
    for node in tree.body:
        names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
        if isinstance(node, Definition):
            mentioned.setdefault(node.name, []).append(names)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for name in (target.id for target in targets if isinstance(target, ast.Name)):
                mentioned.setdefault(name, []).append(names)
    found: set[str] = set()
    waiting = list(start)
    while waiting:
        for names in mentioned.get(waiting.pop(), []):
            new = names - found
            found |= new
            waiting += new
            names.clear()  # looked at
    return found

"""What a save has changed: the tasks whose tests may end otherwise than before.

A task needs to be tested again if its own function or class has changed, or one that it uses, or one that its tests
use. Where that cannot be told from the source, everything is tested again.
"""

from __future__ import annotations

import ast
import functools
from collections import defaultdict
from typing import NamedTuple

from ..course.phases import Phase
from ..course.suites import tasks_used
from .tree import NestedTooDeeply, parse

REFLECTION = frozenset(
    ("__dict__", "__file__", "__import__", "builtins", "compile", "eval", "exec", "gc", "globals", "importlib", "io")
    + ("inspect", "linecache", "locals", "open", "os", "pathlib", "sys", "tokenize", "vars")
)
"""Names with which code can reach other code, or read its own file, without naming what it reaches."""


class Change(NamedTuple):
    """What lies between two sources of a phase.

    Attributes:
        rewritten: the tasks whose own function or class differs; none where that cannot be told.
        affected: the tasks whose tests may end otherwise now.
    """

    rewritten: frozenset[str]
    affected: frozenset[str]


def compare(phase: Phase, before: str, after: str) -> Change:
    """What a save has changed.

    Args:
        phase: the phase.
        before, after: the source of its file.
    """
    every = frozenset(task.name for task in phase.tasks)
    old, new = _read(before), _read(after)
    if old is None or new is None or old.rest != new.rest:
        return Change(frozenset(), every)
    touched = {name for name in {*old.parts, *new.parts} if old.parts.get(name) != new.parts.get(name)}
    rewritten = every & touched
    for source in (old, new):
        touched = source.users_of(touched)
    return Change(rewritten, frozenset(task for task, used in tasks_used(phase).items() if used & touched))


class _Source:
    """A source taken apart.

    Attributes:
        parts: name of a function, class or variable at the top of the file to what defines it.
        rest: all other statements.
    """

    def __init__(self, body: list[ast.stmt]) -> None:
        self.parts: dict[str, str] = {}
        self._names: dict[str, set[str]] = {}
        rest: list[str] = []
        for node in body:
            name = _defined(node)
            if name is None or name in self.parts:
                rest.append(ast.dump(node))
            else:
                self.parts[name] = ast.dump(node)
                self._names[name] = _names_in(node)
        self.rest = rest
        variables = {_defined(node) for node in body if isinstance(node, (ast.Assign, ast.AnnAssign))}
        self._users: dict[str, set[str]] = defaultdict(set)
        for user, names in self._names.items():
            for name in names & set(self._names):
                self._users[name].add(user)
                if name in variables:  # may be written to as well: what one puts there another one finds
                    self._users[user].add(name)

    def users_of(self, names: set[str]) -> set[str]:
        """These names and all that use them, directly or not."""
        found, waiting = set(names), list(names)
        while waiting:
            for user in self._users.get(waiting.pop(), set()) - found:
                found.add(user)
                waiting.append(user)
        return found


@functools.lru_cache(maxsize=8)
def _read(source: str) -> _Source | None:
    """None for what is no Python, or may reach anything from anywhere."""
    try:
        tree = parse(source)
    except (SyntaxError, ValueError, NestedTooDeeply):
        return None
    if _reflects(tree) or any(isinstance(node, (ast.Global, ast.Delete)) for node in ast.walk(tree)):
        return None
    return _Source([node for node in tree.body if not _is_docstring(node)])


def _reflects(tree: ast.Module) -> bool:
    """Whether the code may reach other code without naming it; ``model.eval()`` is no such way."""
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    names |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr.startswith("__")}
    names |= {node.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.alias)}
    names |= {str(node.module).split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    return bool(names & REFLECTION)


def _defined(node: ast.stmt) -> str | None:
    """The one name that a statement defines; None for anything else."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return node.name
    targets: list[ast.expr] = []
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AnnAssign):
        targets = [node.target]
    return targets[0].id if len(targets) == 1 and isinstance(targets[0], ast.Name) else None


def _names_in(node: ast.AST) -> set[str]:
    """Every name that occurs in a piece of code, as an attribute and in strings too."""
    found: set[str] = set()
    for child in ast.walk(node):
        if isinstance(child, ast.Name):
            found.add(child.id)
        elif isinstance(child, ast.alias):
            found |= {child.name, child.asname or ""}
        elif isinstance(child, ast.Attribute):  # of this very file, it may be, imported by its name
            found.add(child.attr)
        elif isinstance(child, ast.Constant) and isinstance(child.value, str):
            found.add(child.value)
    return found


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)

"""Blocks of names in a file, and which block a name belongs to."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(eq=False)
class Scope:
    """One block of names: the module, a function, a class or a comprehension.

    Attributes:
        parent: the block around it.
        kind: type of the node that opens it; methods do not see the names of a class, ``:=`` passes over a
            comprehension.
        bindings: name to what is bound to it: a dotted name, an expression, or None for anything else.
        elsewhere: names that ``global`` and ``nonlocal`` declare to live further out.
    """

    parent: Scope | None = None
    kind: type[ast.AST] = ast.Module
    bindings: dict[str, list[str | ast.expr | None]] = field(default_factory=dict)
    elsewhere: set[str] = field(default_factory=set)

    def bind(self, name: str, value: str | ast.expr | None) -> None:
        """Note one more thing that ``name`` may stand for."""
        scope = self
        while name in scope.elsewhere and scope.parent is not None:
            scope = scope.parent
        scope.bindings.setdefault(name, []).append(value)

    def find(self, name: str) -> Scope | None:
        """The block whose ``name`` is meant here, or None."""
        scope: Scope | None = self
        while scope is not None and (name not in scope.bindings or (scope.kind is ast.ClassDef and scope is not self)):
            scope = scope.parent
        return scope

"""What the names in a file stand for: ``nn.LayerNorm`` is ``torch.nn.LayerNorm``, found without running anything.

Names are followed through imports, aliases, scopes, ``getattr`` with a text written out, and through the other
files of the folder that a phase imports.
"""

from __future__ import annotations

import ast
import builtins
from collections import defaultdict, deque
from pathlib import Path
from typing import Tuple

from ...course.phases import COURSE
from ..tree import NestedTooDeeply, parse_source
from .fixpoint import Family
from .scopes import COMPREHENSIONS, FUNCTIONS, Scope

PHASE_IDS = {phase.id for phase in COURSE}
BUILTINS = {*dir(builtins), "__builtins__"}
IN_EVERY_PHASE = {"torch": "torch", "nn": "torch.nn", "F": "torch.nn.functional"}
"""What a phase's module may be asked for besides its tasks; the phase may come from another folder than the file."""

MAX_MEANINGS = 200
"""Dotted names that one variable may stand for. In honest code it is one or two."""

STEPS_PER_NODE = 5
"""What reading one node costs, in steps of the budget: it is parsed, counted, entered and judged."""

MAX_DOTS = 12
"""Dots in a dotted name that is still followed: `x = x.T` would make them longer and longer."""

Variable = Tuple[Scope, str]


class Names:
    """The names of one file.

    Args:
        tree: its syntax tree.
        folder: where the files lie that it imports relatively.
        family: the files of the folder that were read already.

    Raises:
        NestedTooDeeply: if a variable may stand for more than anybody can follow.
    """

    def __init__(self, tree: ast.Module, folder: Path, family: Family | None = None) -> None:
        self._folder = folder
        self._family = Family() if family is None else family
        self.siblings: dict[str, None] = {}
        """Names of the files beside this one that it imports."""
        self._module = Scope()
        self._scopes: dict[ast.AST, Scope] = {}
        self._stars: list[tuple[int, str]] = []
        self._defined: set[str] = set()
        self._last_line: dict[str, int] = {}
        self._names_of: dict[ast.AST, list[ast.Name]] = {}
        self._meanings: dict[Variable, set[str]] = defaultdict(set)
        self.plain: set[ast.AST] = set()
        """Expressions that stand where a module may stand: before a dot, in an alias, in ``getattr``."""
        waiting: list[tuple[ast.AST, Scope]] = [(tree, self._module)]
        while waiting:
            node, scope = waiting.pop()
            self._family.spend(STEPS_PER_NODE)
            waiting.extend(self._enter(node, scope))
        self._users = self._users_of_variables()
        self._has_news = True
        self._family.add(self)
        self._family.settle()

    def resolve(self, node: ast.AST) -> set[str]:
        """Dotted names that an expression may stand for; builtins are ``builtins.eval``."""
        names = self._resolve(node)
        self._family.spend(1 + len(names))
        return names

    def _resolve(self, node: ast.AST) -> set[str]:
        if isinstance(node, ast.Name):
            return self._resolve_name(node)
        if isinstance(node, ast.Attribute):
            return self._expand({f"{name}.{node.attr}" for name in self.resolve(node.value)})
        if isinstance(node, ast.NamedExpr):
            return self.resolve(node.value)
        if isinstance(node, ast.IfExp):
            return self.resolve(node.body) | self.resolve(node.orelse)
        if isinstance(node, ast.BoolOp):
            return {name for value in node.values for name in self.resolve(value)}
        if isinstance(node, ast.Call) and len(node.args) >= 2 and "builtins.getattr" in self.resolve(node.func):
            attribute = constant_text(node.args[1])
            if attribute is not None:
                return self._expand({f"{name}.{attribute}" for name in self.resolve(node.args[0])})
        return set()

    def is_certain(self, node: ast.AST) -> bool:
        """Whether an expression stands for what ``resolve`` says and for nothing else (no variable of that name)."""
        while isinstance(node, ast.Attribute):
            node = node.value
        if not isinstance(node, ast.Name):
            return True
        scope = self._scopes[node].find(node.id)
        bindings = scope.bindings[node.id] if scope else []
        self._family.spend(len(bindings))
        return all(isinstance(value, str) or (value is not None and self.resolve(value)) for value in bindings)

    def is_defined_here(self, node: ast.AST) -> bool:
        """Whether an expression is the name of a function or class at the top of this file."""
        return isinstance(node, ast.Name) and node.id in self._defined

    # -- reading the tree --

    def _enter(self, node: ast.AST, scope: Scope) -> list[tuple[ast.AST, Scope]]:
        """Note what one node binds; return its children, each with the block it stands in."""
        self._scopes[node] = scope
        inner: list[ast.AST] = []
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            inner = [*node.body] if isinstance(node.body, list) else [node.body]
        elif isinstance(node, COMPREHENSIONS):
            inner = list(ast.iter_child_nodes(node))
        self._bind(node, scope)
        if not inner:
            return [(child, scope) for child in ast.iter_child_nodes(node)]
        block = Scope(scope, type(node))
        for statement in inner:
            for part in ast.walk(statement):
                self._family.spend(1)
                if isinstance(part, (ast.Global, ast.Nonlocal)):
                    block.elsewhere.update(part.names)
        if isinstance(node, FUNCTIONS):
            arguments = node.args
            every = [*getattr(arguments, "posonlyargs", []), *arguments.args, *arguments.kwonlyargs]
            for argument in (*every, arguments.vararg, arguments.kwarg):
                if argument is not None:
                    block.bind(argument.arg, None)
        within = {id(child) for child in inner}
        outer = [(child, scope) for child in ast.iter_child_nodes(node) if id(child) not in within]
        return [*outer, *((child, block) for child in inner)]

    def _bind(self, node: ast.AST, scope: Scope) -> None:
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.split(".")[0]
                scope.bind(alias.asname or top, alias.name if alias.asname else top)
                self._note_line(alias.asname or top, node, scope)
        elif isinstance(node, ast.ImportFrom):
            self._bind_import_from(node, scope)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            scope.bind(node.name, None)
            self._note_line(node.name, node, scope)
            if scope is self._module:
                self._defined.add(node.name)
        elif isinstance(node, ast.Assign):
            if scope.kind is not ast.ClassDef and all(isinstance(target, ast.Name) for target in node.targets):
                self.plain.add(node.value)
            for target in node.targets:
                self._bind_target(target, node.value, scope)
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            self._bind_target(node.target, node.value, scope)
        elif isinstance(node, ast.NamedExpr):
            while scope.kind in COMPREHENSIONS and scope.parent is not None:
                scope = scope.parent
            self._bind_target(node.target, node.value, scope)
        elif isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension, ast.AugAssign)):
            self._bind_target(node.target, None, scope)
        elif isinstance(node, ast.withitem) and node.optional_vars is not None:
            self._bind_target(node.optional_vars, None, scope)
        elif type(node).__name__ in ("ExceptHandler", "MatchAs", "MatchStar"):  # Python 3.8 has no match
            name = getattr(node, "name", None)
            if name:
                scope.bind(name, None)
        elif isinstance(node, ast.Attribute):
            self.plain.add(node.value)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("getattr", "hasattr"):
            self.plain.update(node.args[:1])

    def _bind_import_from(self, node: ast.ImportFrom, scope: Scope) -> None:
        if node.level > 1:
            return
        module = ("." if node.level else "") + (node.module or "")
        for alias in node.names:
            if node.level:
                self.siblings.setdefault((node.module or alias.name).split(".")[0], None)
            if alias.name == "*":
                self._stars.append((node.lineno, module))
            else:
                joint = "" if module == "." else "."
                scope.bind(alias.asname or alias.name, f"{module}{joint}{alias.name}")
                self._note_line(alias.asname or alias.name, node, scope)

    def _note_line(self, name: str, node: ast.stmt, scope: Scope) -> None:
        if scope is self._module:
            self._last_line[name] = max(node.lineno, self._last_line.get(name, 0))

    def _bind_target(self, target: ast.AST, value: ast.expr | None, scope: Scope) -> None:
        if isinstance(target, ast.Name):
            scope.bind(target.id, value)
        elif isinstance(target, (ast.Tuple, ast.List)):
            values = value.elts if isinstance(value, (ast.Tuple, ast.List)) else []
            pairs = len(values) == len(target.elts)
            for number, part in enumerate(target.elts):
                self._bind_target(part, values[number] if pairs else None, scope)
        elif isinstance(target, ast.Starred):
            self._bind_target(target.value, None, scope)

    # -- following names --

    def _users_of_variables(self) -> dict[Variable, list[Variable]]:
        """Variable to those that something is bound to in which it occurs."""
        users: dict[Variable, list[Variable]] = {}
        if self._stars:  # any name may come from there
            names = (node.id for node in self._scopes if isinstance(node, ast.Name))
            users.update(((self._module, name), []) for name in names)
        for scope in dict.fromkeys([self._module, *self._scopes.values()]):
            for name, values in scope.bindings.items():
                users.setdefault((scope, name), [])
                for part in (part for value in values if isinstance(value, ast.AST) for part in self._names_in(value)):
                    home = self._scopes[part].find(part.id)
                    if home is not None:
                        users.setdefault((home, part.id), []).append((scope, name))
        return users

    def _names_in(self, value: ast.AST) -> list[ast.Name]:
        """The names in an expression; many variables may be bound to the same one."""
        if value not in self._names_of:
            self._names_of[value] = [part for part in ast.walk(value) if isinstance(part, ast.Name)]
        found = self._names_of[value]
        self._family.spend(1 + len(found))
        return found

    def settle(self) -> bool:
        """Find out what every variable may stand for, as far as the other files tell; return whether that is news."""
        waiting = deque(self._users)
        queued = set(waiting)
        news, self._has_news = self._has_news, False
        while waiting:
            variable = waiting.popleft()
            queued.discard(variable)
            known = self._meanings[variable]
            found = {name for name in self._bound_to(variable) - known if name.count(".") <= MAX_DOTS}
            known |= found
            if len(known) > MAX_MEANINGS:
                raise NestedTooDeeply(f"{variable[1]} may stand for more than {MAX_MEANINGS} things")
            if found:
                news = True
                self._family.spend(len(self._users[variable]))
                waiting.extend(user for user in dict.fromkeys(self._users[variable]) if user not in queued)
                queued.update(self._users[variable])
        return news

    def _bound_to(self, variable: Variable) -> set[str]:
        scope, name = variable
        self._family.spend(1 + len(self._stars) + len(scope.bindings.get(name, ())))
        found: set[str] = set()
        if scope is self._module:
            # What `import *` brings holds unless the file defines the name itself further down.
            stars = {f"{module}.{name}" for line, module in self._stars if self._last_line.get(name, 0) < line}
            found |= self._expand(stars)
        for value in scope.bindings.get(name, ()):
            if isinstance(value, str):
                found |= self._expand({value})
            elif value is not None:
                found |= self.resolve(value)
        return found

    def _resolve_name(self, node: ast.Name) -> set[str]:
        scope = self._scopes[node].find(node.id)
        builtin = {f"builtins.{node.id}"} if scope is None and node.id in BUILTINS else set()
        return builtin | self._meanings.get((scope or self._module, node.id), set())

    def _expand(self, names: set[str]) -> set[str]:
        """Replace ``.helper.nn.Linear`` by what ``nn`` stands for in the file ``helper.py``."""
        expanded = set()
        for name in names:
            if not name.startswith("."):
                expanded.add(name)
                continue
            sibling, _, attribute = name[1:].partition(".")
            if not attribute:
                expanded.add(name)
                continue
            found = self._ask(sibling, attribute)
            if sibling in PHASE_IDS and attribute in IN_EVERY_PHASE:
                found = found | {IN_EVERY_PHASE[attribute]}
            expanded |= found
        return expanded

    def _ask(self, sibling: str, name: str) -> set[str]:
        """What ``name`` stands for at the top of another file of the folder, as far as that is known."""
        known = self._family.by_name
        if sibling not in known:
            known[sibling] = None  # a file that is being read knows nothing yet
            path = self._folder / f"{sibling}.py"
            self._family.budget.spend_on(path)
            tree = parse_source(path)
            if tree:
                known[sibling] = Names(tree, self._folder, self._family)
        names = known[sibling]
        return names.at_top(name) if names else set()

    def at_top(self, name: str) -> set[str]:
        """What ``name`` stands for at the top of this file, as far as that is known."""
        variable = (self._module, name)
        if variable not in self._users:
            self._users[variable] = []
            self._has_news = True
            self._family.settle()
        return self._meanings[variable]


def constant_text(node: ast.AST) -> str | None:
    """The text of a string literal, or of literals joined by ``+``; None for anything computed."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        parts = [constant_text(part) for part in node.values]
        known = [part for part in parts if part is not None]
        return "".join(known) if len(known) == len(parts) else None
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = constant_text(node.left), constant_text(node.right)
        return None if left is None or right is None else left + right
    return None

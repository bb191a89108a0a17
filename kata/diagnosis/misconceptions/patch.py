"""Put a mistake into a solution: find statements or an expression by their syntax trees, and put others in their place.

Layout, comments and docstrings of the solution do not matter, and its local variables may be renamed: what is found
tells which name stands for which, and the replacement takes the names over. All else of the text stays as it is.
"""

from __future__ import annotations

import ast
import builtins
import threading
from dataclasses import dataclass
from functools import lru_cache
from textwrap import dedent
from typing import Any, Iterator, Mapping, Sequence, Union

from ...python_source import syntax_tree

PARSING = threading.Lock()
"""Python 3.11 may fail with a SystemError where two threads parse at once."""

Node = Union[ast.expr, ast.stmt]

UNPARENTHESISED = (ast.Name, ast.Constant, ast.Call, ast.Attribute, ast.Subscript, ast.List, ast.ListComp)
"""Expressions that need no parentheses, wherever they stand."""


@dataclass(frozen=True)
class Match:
    """How a pattern fits: which name of the solution stands for which of the pattern's, and what its gaps hold."""

    names: Mapping[str, str]
    held: tuple[tuple[ast.stmt, ...], ...] = ()


@dataclass(frozen=True)
class Place:
    """Where an edit goes: the statements, or the one expression, that it replaces."""

    function: Scope
    nodes: tuple[Node, ...]
    match: Match


class Scope:
    """A function or method of the solution, whose local variables a pattern may call otherwise.

    Args:
        function: its definition.
        fixed: names of the module.
    """

    def __init__(self, function: ast.FunctionDef, fixed: frozenset[str]) -> None:
        self.function = function
        arguments = {node.arg for node in ast.walk(function.args) if isinstance(node, ast.arg)}
        named = {name for node in ast.walk(function) if (name := _name(node)) is not None}
        self.local = {name for node in ast.walk(function) if (name := _bound(node)) is not None} - arguments
        self.known = named | fixed

    def expressions(self, pattern: ast.expr, names: Mapping[str, str]) -> Iterator[Place]:
        """Where an expression stands; texts with values in them (f-strings) are not looked into."""
        for node in _walk(self.function):
            if isinstance(node, ast.expr):
                for match in self._match(pattern, node, Match(names)):
                    yield Place(self, (node,), match)

    def statements(self, pattern: Sequence[ast.stmt], names: Mapping[str, str]) -> Iterator[Place]:
        """Where statements stand, one after another in one block."""
        for block in _blocks(self.function):
            for start in range(len(block)):
                longest = len(block) if any(map(_is_gap, pattern)) else start + len(pattern)
                for end in range(start + 1, longest + 1):
                    for match in self._match_all(pattern, block[start:end], Match(names)):
                        yield Place(self, tuple(block[start:end]), match)

    def _match(self, pattern: Any, node: Any, match: Match) -> Iterator[Match]:
        """Every way in which a node fits a pattern."""
        if isinstance(pattern, list) and isinstance(node, list):
            yield from self._match_all(pattern, node, match)
        elif type(pattern) is not type(node):
            return
        elif not isinstance(pattern, ast.AST):
            if pattern == node:
                yield match
        else:
            name, own = _name(pattern), _name(node)
            if name is not None and own is not None:
                if match.names.get(name) != own and not self._may_stand_for(own, name, match.names):
                    return
                match = Match({**match.names, name: own}, match.held)
            fields = [field for field in pattern._fields if field not in ("id", "arg", "kind", "type_comment")]
            if isinstance(pattern, ast.keyword):
                fields.append("arg")
            yield from self._match_all([getattr(pattern, f) for f in fields], [getattr(node, f) for f in fields], match)

    def _match_all(self, pattern: Sequence[Any], nodes: Sequence[Any], match: Match) -> Iterator[Match]:
        """Every way in which a sequence fits another, in which ``...`` holds any number of statements."""
        if not pattern:
            if not nodes:
                yield match
        elif _is_gap(pattern[0]):
            for count in range(len(nodes) + 1):
                held = Match(match.names, (*match.held, tuple(nodes[:count])))
                yield from self._match_all(pattern[1:], nodes[count:], held)
        elif nodes:
            for further in self._match(pattern[0], nodes[0], match):
                yield from self._match_all(pattern[1:], nodes[1:], further)

    def _may_stand_for(self, name: str, other: str, names: Mapping[str, str]) -> bool:
        """Whether ``name`` can be what a pattern calls ``other``: the same, or a local variable for an unknown name."""
        if other in names or name in names.values():
            return False
        return name == other or (other not in self.known and name in self.local)


def apply(source: str, task: str, edits: Sequence[tuple[str, str]]) -> str:
    """Put replacements in the place of what stands in a task's code.

    Args:
        source: text of a solution.
        task: name of the function or class; the private helpers that it alone uses belong to it.
        edits: pairs (find, replace), see ``Misconception``.

    Raises:
        ValueError: if something to be replaced does not stand there once; the message says what was looked for. Or if
            a replacement has gaps without a counterpart, or names a local variable that nothing found names.
    """
    scopes = _scopes(source, task)
    found = list(_places(list(edits), scopes, {}))
    if len(found) != 1:
        counted = [(find, len(list(_places([(find, new)], scopes, {})))) for find, new in edits]
        find, count = next(((find, count) for find, count in counted if count != 1), (edits[0][0], len(found)))
        raise ValueError(f"{dedent(find).strip()!r} stands {count} times in {task}, not once")
    text = _Text(source)
    splices = []
    for place, (find, new) in zip(found[0], edits):
        names: dict[str, str] = {}
        for other in found[0]:
            names.update(other.match.names if other.function is place.function else {})
        unquoted = {name for _, _, name in _names(_parse(new))} & place.function.local - set(names)
        if unquoted:
            raise ValueError(
                f"the replacement of {dedent(find).strip()!r} names {', '.join(sorted(unquoted))}, local in the "
                "solution, which nothing that is looked for names"
            )
        splices.append((*text.span(place.nodes), _render(new, names, place, text)))
    return text.spliced(splices)


def _places(
    edits: Sequence[tuple[str, str]], scopes: Sequence[Scope], names: Mapping[Scope, Mapping[str, str]]
) -> Iterator[list[Place]]:
    """Every way to place all edits so that the names of a function's local variables agree."""
    if not edits:
        yield []
        return
    find, new = edits[0]
    pattern = _parse(find)
    for scope in scopes:
        known = names.get(scope, {})
        sought, given = _expression(pattern), _expression(_parse(new))
        for place in scope.expressions(sought, known) if sought and given else scope.statements(pattern.body, known):
            for rest in _places(edits[1:], scopes, {**names, scope: place.match.names}):
                yield [place, *rest]


def _render(new: str, names: Mapping[str, str], place: Place, text: _Text) -> str:
    """The replacement's text, in the solution's names and indented for its place."""
    tree = _parse(new)
    first = place.nodes[0]
    lines = dedent(new).strip().splitlines() or ["pass"]
    for line, column, name in sorted(_names(tree), reverse=True):
        code = lines[line - 1]
        lines[line - 1] = code[:column] + names.get(name, name) + code[column + len(name) :]
    if isinstance(first, ast.expr):
        bare = isinstance(_expression(tree), UNPARENTHESISED) and not isinstance(first, ast.GeneratorExp)
        return "\n".join(lines) if bare else "({})".format("\n".join(lines))
    gaps = [node for node in ast.walk(tree) if isinstance(node, ast.Expr) and _is_gap(node)]
    gaps.sort(key=lambda gap: -gap.lineno)
    if len(gaps) not in (0, len(place.match.held)):
        raise ValueError(f"{len(gaps)} gaps (...) are to be filled with what {len(place.match.held)} hold")
    for gap, held in zip(gaps, reversed(place.match.held)):
        lines[gap.lineno - 1 : gap.lineno] = [" " * gap.col_offset + line for line in text.lines(held)]
    return "\n".join(" " * first.col_offset + line if line.strip() else "" for line in lines).strip()


class _Text:
    """A source text; syntax trees count its columns in bytes."""

    def __init__(self, source: str) -> None:
        self._bytes = source.encode()
        self._starts = [0]
        for line in self._bytes.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))

    def span(self, nodes: Sequence[Node]) -> tuple[int, int]:
        """Where nodes that follow each other begin and end."""
        first, last = nodes[0], nodes[-1]
        assert last.end_lineno is not None
        assert last.end_col_offset is not None
        end = self._starts[last.end_lineno - 1] + last.end_col_offset
        return self._starts[first.lineno - 1] + first.col_offset, end

    def lines(self, statements: Sequence[ast.stmt]) -> list[str]:
        """Statements that follow each other as they are written, not indented; ``pass`` if there are none."""
        if not statements:
            return ["pass"]
        start, end = self.span(statements)
        return dedent(self._bytes[start - statements[0].col_offset : end].decode()).splitlines()

    def spliced(self, splices: Sequence[tuple[int, int, str]]) -> str:
        """The text with others in place of some spans.

        Raises:
            ValueError: if spans overlap.
        """
        changed, later = self._bytes, len(self._bytes)
        for start, end, new in sorted(splices, reverse=True):
            if end > later:
                raise ValueError("two of its edits overlap")
            changed, later = changed[:start] + new.encode() + changed[end:], start
        return changed.decode()


@lru_cache(maxsize=32)
def _scopes(source: str, task: str) -> list[Scope]:
    """The functions of a task: itself or its methods, and the private helpers that it alone uses."""
    with PARSING:
        tree = syntax_tree(source)
    definitions = {node.name: node for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    if task not in definitions:
        raise ValueError(f"there is no {task}")
    public = {name: _reached(name, definitions) for name in definitions if not name.startswith("_")}
    others = {helper for name, reached in public.items() if name != task for helper in reached}
    wanted = [name for name in public[task] if name not in others]
    imported = {
        (alias.asname or alias.name).split(".")[0]
        for node in tree.body
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    }
    fixed = frozenset({*definitions, *imported, *dir(builtins)})
    found = [definitions[name] for name in wanted]
    parts = [part for node in found for part in (node.body if isinstance(node, ast.ClassDef) else [node])]
    return [Scope(part, fixed) for part in parts if isinstance(part, ast.FunctionDef)]


def _reached(name: str, definitions: Mapping[str, ast.AST]) -> list[str]:
    """A definition and the private helpers that it uses, directly or not."""
    reached = [name]
    for one in reached:  # grows on the way
        used = {node.id for node in ast.walk(definitions[one]) if isinstance(node, ast.Name)}
        reached += sorted(word for word in used & set(definitions) if word.startswith("_") and word not in reached)
    return reached


@lru_cache(maxsize=None)
def _parse(code: str) -> ast.Module:
    with PARSING:
        return syntax_tree(dedent(code).strip())


def _expression(tree: ast.Module) -> ast.expr | None:
    """The expression that is all of a tree; None if it is something else."""
    only = tree.body[0] if len(tree.body) == 1 else None
    return only.value if isinstance(only, ast.Expr) and not _is_gap(only) else None


def _is_gap(node: Any) -> bool:
    """Whether a node is the statement ``...``."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and node.value.value is Ellipsis


def _name(node: ast.AST) -> str | None:
    """The name that a node stands for, if it is a variable or an argument."""
    return node.id if isinstance(node, ast.Name) else node.arg if isinstance(node, ast.arg) else None


def _bound(node: ast.AST) -> str | None:
    """The name that a node binds."""
    return None if isinstance(getattr(node, "ctx", None), ast.Load) else _name(node)


def _names(tree: ast.AST) -> Iterator[tuple[int, int, str]]:
    """Line, column and name of all variables and arguments."""
    for node in _walk(tree):
        if isinstance(node, ast.Name):
            yield node.lineno, node.col_offset, node.id
        elif isinstance(node, ast.arg):
            yield node.lineno, node.col_offset, node.arg


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    """Every node below, but those in f-strings: before Python 3.12 these do not say where they stand."""
    yield node
    if not isinstance(node, ast.JoinedStr):
        for child in ast.iter_child_nodes(node):
            yield from _walk(child)


def _blocks(node: ast.AST) -> Iterator[list[ast.stmt]]:
    """All lists of statements below a node."""
    for below in ast.walk(node):
        for field in ("body", "orelse", "finalbody"):
            block = getattr(below, field, None)
            if isinstance(block, list) and block:
                yield block

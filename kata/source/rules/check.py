"""Find in a submission's source what ``table`` forbids, without running it."""

from __future__ import annotations

import ast
import functools
import re
import sys
import sysconfig
from dataclasses import dataclass
from fnmatch import translate
from pathlib import Path
from typing import Iterator

from ...course.dependencies import builds_on
from ...course.phases import Phase
from ..files import display_path
from ..tree import NestedTooDeeply, TooMuch, parse_source, read
from . import table
from .fixpoint import Budget, Family
from .resolve import Names, constant_text


@dataclass(frozen=True)
class Finding:
    """One use of something forbidden.

    Attributes:
        path: the file.
        line: its line.
        what: what is used there.
        rule: the rule it breaks.
    """

    path: Path
    line: int
    what: str
    rule: table.Rule

    def message(self, lang: str = "en") -> str:
        """One sentence that names file, line and rule."""
        if lang == "ja":
            return f"{display_path(self.path)}:{self.line} が {self.what} を使っています。{self.rule.ja}"
        return f"{display_path(self.path)}:{self.line} uses {self.what}: {self.rule.en}"


def forbidden_tasks(phase: Phase, target: Path, lang: str = "en") -> dict[str, str]:
    """The tasks of a phase that break a rule, each with the message of its first finding.

    A finding inside the function or class of a task concerns that task; one anywhere else (an import at the
    top, a helper, another file that the phase imports) concerns all tasks of the phase. So does an import of a module
    that no exercise needs, wherever it stands: what one task brings in, another one can be handed.
    """
    path = target / phase.file
    spans = _task_spans(phase, path)
    messages: dict[str, str] = {}
    for finding in check_phase(phase, target):
        inside = [
            task
            for task, (first, last) in spans.items()
            if finding.path == path and first <= finding.line <= last and not finding.what.startswith("`import ")
        ]
        for task in inside or [task.name for task in phase.tasks]:
            messages.setdefault(task, finding.message(lang))
    return messages


def check_phase(phase: Phase, target: Path) -> list[Finding]:
    """All findings in a phase's file and in the files of the target that it imports, by line.

    The phases that it builds on come from the reference when it is tested: they are not looked at.
    """
    given = builds_on(phase.id)
    budget = Budget()
    findings: list[Finding] = []
    seen: set[Path] = set()
    waiting = [target / phase.file]
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        try:
            budget.spend_on(path)
            tree = read(path)
            if tree is None:
                continue
            if isinstance(tree, NestedTooDeeply):
                raise tree
            checker = _Checker(path, tree, budget)
            findings.extend(sorted(checker.findings(), key=lambda finding: finding.line))
            waiting.extend(target / f"{name}.py" for name in checker.names.siblings if name not in given)
        except TooMuch:
            findings.append(Finding(path, 1, "more code than can be looked through", table.DYNAMIC))
            break  # it concerns all tasks
        except RecursionError:  # Python may run what nobody can look into
            findings.append(Finding(path, 1, "an expression nested too deeply to be read", table.DYNAMIC))
    return findings


def _task_spans(phase: Phase, path: Path) -> dict[str, tuple[int, int]]:
    """First and last line of every task's definition."""
    tree = parse_source(path)
    names = {task.name for task in phase.tasks}
    spans = {}
    for node in tree.body if tree else []:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name in names:
            spans[node.name] = (
                min([node.lineno, *(d.lineno for d in node.decorator_list)]),
                node.end_lineno or node.lineno,
            )
    return spans


class _Checker:
    """One file and which of its lines break a rule."""

    def __init__(self, path: Path, tree: ast.Module, budget: Budget) -> None:
        self._path = path
        self._tree = tree
        self.names = Names(tree, path.parent, Family(budget))
        nodes = [node for node in ast.walk(tree) if isinstance(node, (ast.Name, ast.Attribute))]
        self._subclasses_cross_entropy = any(
            _smoothing_call(name) is not None
            for node in ast.walk(tree)
            if isinstance(node, ast.ClassDef)
            for base in node.bases
            for name in self.names.resolve(base)
        )
        self._uses_cross_entropy = any(_smoothing_call(name) for node in nodes for name in self.names.resolve(node))

    def findings(self) -> Iterator[Finding]:
        """Every finding, at most one a line and rule."""
        seen: set[tuple[int, str]] = set()
        for node in ast.walk(self._tree):
            for what, rule in self._judge(node):
                line = getattr(node, "lineno", 1)
                if (line, rule.id) not in seen:
                    seen.add((line, rule.id))
                    yield Finding(self._path, line, what, rule)

    def _judge(self, node: ast.AST) -> Iterator[tuple[str, table.Rule]]:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from self._judge_import(alias.name)
        elif isinstance(node, ast.ImportFrom):
            yield from self._judge_import_from(node)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name in table.OF_MEMORY:
            yield f"{node.name}()", table.DYNAMIC
        elif isinstance(node, ast.Constant) and node.value in table.OF_MEMORY:
            yield repr(node.value), table.DYNAMIC
        elif isinstance(node, (ast.Attribute, ast.Name)):
            yield from self._judge_names(self.names.resolve(node))
            yield from self._judge_expression(node)
        elif isinstance(node, ast.Call):
            yield from self._judge_names(self.names.resolve(node))
            yield from self._judge_call(node)
            yield from self._judge_smoothing(node)

    # -- imports --

    def _judge_import(self, module: str) -> Iterator[tuple[str, table.Rule]]:
        top = module.split(".")[0]
        if top in table.PROJECT_PACKAGES:
            yield f"`import {module}`", table.ANSWERS
        elif top in table.HIDING_MODULES:
            yield f"`import {module}`", table.DYNAMIC
        elif top not in table.ALLOWED_LIBRARIES and top not in STANDARD_LIBRARY:
            yield f"`import {module}`", table.LIBRARIES
        else:
            yield from self._judge_names({module})

    def _judge_import_from(self, node: ast.ImportFrom) -> Iterator[tuple[str, table.Rule]]:
        if node.level > 1:
            yield f"`from {'.' * node.level}{node.module or ''} import ...`", table.ANSWERS
        elif node.level == 0 and node.module:
            found = list(self._judge_import(node.module))
            yield from found
            if not found:
                yield from self._judge_names({f"{node.module}.{alias.name}" for alias in node.names})

    # -- names --

    def _judge_names(self, names: set[str]) -> Iterator[tuple[str, table.Rule]]:
        for name in sorted(names):
            yield from _broken_by(name)

    def _judge_expression(self, node: ast.Attribute | ast.Name) -> Iterator[tuple[str, table.Rule]]:
        if isinstance(node, ast.Attribute) and node.attr in table.HIDING_ATTRIBUTES:
            yield f".{node.attr}", table.DYNAMIC
        if isinstance(node, ast.Name) and node.id in table.OF_MEMORY:
            yield node.id, table.DYNAMIC
        if isinstance(node.ctx, ast.Load) and node not in self.names.plain and self.names.is_certain(node):
            for name in sorted(self.names.resolve(node)):
                if name in table.MODULES:
                    yield f"the module {name} as a value", table.DYNAMIC
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and node.attr == "label_smoothing":
            own = isinstance(node.value, ast.Name) and node.value.id == "self"
            if self._uses_cross_entropy and not (own and not self._subclasses_cross_entropy):
                yield "label_smoothing", table.LABEL_SMOOTHING

    # -- calls --

    def _judge_call(self, node: ast.Call) -> Iterator[tuple[str, table.Rule]]:
        functions = self.names.resolve(node.func)
        if "builtins.getattr" in functions:
            attribute = constant_text(node.args[1]) if len(node.args) > 1 else None
            if attribute in table.HIDING_ATTRIBUTES:
                yield f".{attribute}", table.DYNAMIC
            if any(isinstance(argument, ast.Starred) for argument in node.args):
                yield "getattr() with arguments that are not written out", table.DYNAMIC
            elif attribute is None and node.args and any(_is_torch(n) for n in self.names.resolve(node.args[0])):
                yield "getattr() of torch with a computed name", table.DYNAMIC
        if "builtins.vars" in functions:
            named = self.names.resolve(node.args[0]) if node.args else set()
            if not node.args or any(_is_module(name) for name in named):
                yield "vars()" if not node.args else "vars() of a module", table.DYNAMIC
        if "operator.attrgetter" in functions or "operator.methodcaller" in functions:
            for argument in node.args[: 1 if "operator.methodcaller" in functions else None]:
                attribute = constant_text(argument)
                if attribute is None:
                    yield "attrgetter() with a computed name", table.DYNAMIC
                else:
                    yield from self._judge_names({f"torch.{attribute}", f"torch.nn.{attribute}"})

    def _judge_smoothing(self, node: ast.Call) -> Iterator[tuple[str, table.Rule]]:
        functions = self.names.resolve(node.func)
        arguments = node.args
        if "functools.partial" in functions or "functools.partialmethod" in functions:
            functions = self.names.resolve(arguments[0]) if arguments else set()
            arguments = arguments[1:]
        for name in sorted(functions):
            positions = _smoothing_call(name)
            if positions is None:
                continue
            starred = any(isinstance(argument, ast.Starred) for argument in arguments)
            if starred or len(arguments) >= positions or any(keyword.arg is None for keyword in node.keywords):
                yield f"{name} with its smoothing", table.LABEL_SMOOTHING
        if any(keyword.arg == "label_smoothing" for keyword in node.keywords) and (
            any(_is_torch(name) for name in functions)
            or (self._uses_cross_entropy and not self.names.is_defined_here(node.func))
        ):
            yield "label_smoothing=", table.LABEL_SMOOTHING
        if "builtins.setattr" in functions and len(node.args) > 1 and self._uses_cross_entropy:
            attribute = constant_text(node.args[1])
            if attribute == "label_smoothing":
                yield "label_smoothing", table.LABEL_SMOOTHING


@functools.lru_cache(maxsize=100_000)
def _broken_by(name: str) -> tuple[tuple[str, table.Rule], ...]:
    """The rules that a dotted name breaks, each with what the name is called in a message."""
    name = _canonical(name)
    root, *parts = name.split(".")
    hides = _is_module(root) and (parts[:1] == ["__dict__"] or not {*parts}.isdisjoint(table.HIDING_MODULES))
    broken = [rule for rule in table.RULES if _matches(name, rule.names) and not _matches(name, rule.allowed)]
    told = name[len("builtins.") :] if name.startswith("builtins.") else name
    return (*([(name, table.DYNAMIC)] if hides else []), *((told, rule) for rule in broken))


def _canonical(name: str) -> str:
    """``torch.nn.functional.torch.nn`` as ``torch.nn``, ``os.sys.modules`` as ``sys.modules``: modules hold others."""
    if not _is_module(name.split(".")[0]):
        return name
    for root in (".torch.", ".sys."):
        if root in name:
            return root[1:] + name.rpartition(root)[2]
    return name


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return _pattern(patterns).match(name) is not None


@functools.lru_cache(maxsize=None)
def _pattern(patterns: tuple[str, ...]) -> re.Pattern[str]:
    """What matches any of them, or nothing if there are none."""
    return re.compile("|".join(translate(pattern) for pattern in patterns) or r"(?!)")


def _is_module(root: str) -> bool:
    """Whether a dotted name that begins so is one of a module that is not the submission's own."""
    return root in STANDARD_LIBRARY or root in table.ALLOWED_LIBRARIES


def _is_torch(name: str) -> bool:
    return name.split(".")[0] == "torch"


def _smoothing_call(name: str) -> int | None:
    """How many positional arguments of a loss of torch's include its ``label_smoothing``; None for anything else."""
    return table.SMOOTHING_CALLS.get(name.split(".")[-1]) if _is_torch(name) else None


def _standard_library() -> frozenset[str]:
    """Names of the standard library's modules; Python lists them from 3.10 on."""
    known = getattr(sys, "stdlib_module_names", None)
    if known is not None:
        return frozenset(known)
    folder = Path(sysconfig.get_paths()["stdlib"])
    files = [*folder.iterdir(), *folder.glob("lib-dynload/*")]
    return frozenset(sys.builtin_module_names) | {path.name.split(".")[0] for path in files}


STANDARD_LIBRARY = _standard_library()

"""Find in a submission's source what ``table`` forbids, without running it."""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Iterator

from ..course import COURSE, Phase
from ..loading import display_path
from . import table

PHASE_IDS = {phase.id for phase in COURSE}

# sys.stdlib_module_names is there from Python 3.10 on; before that, what the check cannot tell apart is let pass.
STANDARD_LIBRARY = getattr(sys, "stdlib_module_names", None)
KNOWN_FOREIGN = {
    "accelerate", "einops", "fairseq", "flash_attn", "flax", "haiku", "jax", "keras", "lightning", "onmt", "opt_einsum",
    "pytorch_lightning", "scipy", "sklearn", "tensorflow", "timm", "torchtext", "torchvision", "transformers", "triton",
    "x_transformers", "xformers",
}  # fmt: skip


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
            return f"{display_path(self.path)} の {self.line} 行目が {self.what} を使っています。{self.rule.ja}"
        return f"{display_path(self.path)}, line {self.line}, uses {self.what}: {self.rule.en}"


def forbidden_tasks(phase: Phase, target: Path, lang: str = "en") -> dict[str, str]:
    """The tasks of a phase that break a rule, each with the message of its first finding.

    A finding inside the function or class of a task concerns that task; one anywhere else (an import at the
    top, a helper, another file that the phase imports) concerns all tasks of the phase.
    """
    path = target / phase.file
    spans = _task_spans(phase, path)
    messages: dict[str, str] = {}
    for finding in check_phase(phase, target):
        inside = [
            task for task, (first, last) in spans.items() if finding.path == path and first <= finding.line <= last
        ]
        for task in inside or [task.name for task in phase.tasks]:
            messages.setdefault(task, finding.message(lang))
    return messages


def check_phase(phase: Phase, target: Path) -> list[Finding]:
    """All findings in a phase's file and in the helper files of the target that it imports, by line."""
    findings: list[Finding] = []
    seen: set[Path] = set()
    waiting = [target / phase.file]
    while waiting:
        path = waiting.pop()
        tree = _parse(path)
        if path in seen or tree is None:
            continue
        seen.add(path)
        findings.extend(sorted(_Checker(path, tree).findings(), key=lambda finding: finding.line))
        waiting.extend(target / f"{name}.py" for name in _helpers(tree))
    return findings


def _parse(path: Path) -> ast.Module | None:
    """The syntax tree, or None for a file that Python cannot read: its import says why."""
    try:
        return ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _task_spans(phase: Phase, path: Path) -> dict[str, tuple[int, int]]:
    """First and last line of every task's definition."""
    tree = _parse(path)
    names = {task.name for task in phase.tasks}
    spans = {}
    for node in tree.body if tree else []:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name in names:
            spans[node.name] = (min([node.lineno, *(d.lineno for d in node.decorator_list)]), node.end_lineno)
    return spans


def _helpers(tree: ast.Module) -> Iterator[str]:
    """Names of modules beside the phase that it imports and that are no phases."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level == 1:
            names = [node.module.split(".")[0]] if node.module else [alias.name for alias in node.names]
            yield from (name for name in names if name not in PHASE_IDS)


class _Checker:
    """One file: what its names stand for, and which of its lines break a rule."""

    def __init__(self, path: Path, tree: ast.Module) -> None:
        self._path = path
        self._tree = tree
        self._names: dict[str, set[str]] = {}
        self._stars: list[str] = []
        self._collect_imports()
        for _ in range(3):  # aliases of aliases: `n = nn; m = n`
            self._collect_aliases()

    def findings(self) -> Iterator[Finding]:
        """Every finding, at most one a line and rule."""
        seen: set[tuple[int, str]] = set()
        for node in ast.walk(self._tree):
            for what, rule in self._judge(node):
                if (node.lineno, rule.id) not in seen:
                    seen.add((node.lineno, rule.id))
                    yield Finding(self._path, node.lineno, what, rule)

    # -- what names stand for --

    def _collect_imports(self) -> None:
        for node in ast.walk(self._tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    bound = alias.asname or alias.name.split(".")[0]
                    self._names.setdefault(bound, set()).add(alias.name if alias.asname else bound)
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                for alias in node.names:
                    if alias.name == "*":
                        self._stars.append(node.module)
                    else:
                        name = f"{node.module}.{alias.name}"
                        self._names.setdefault(alias.asname or alias.name, set()).add(name)
        # `from torch.nn import *` binds LayerNorm, unless the file defines a name like it.
        self._defined = {n.name for n in ast.walk(self._tree) if isinstance(n, (ast.FunctionDef, ast.ClassDef))}

    def _collect_aliases(self) -> None:
        for node in ast.walk(self._tree):
            if isinstance(node, ast.Assign):
                pairs = [(target, node.value) for target in node.targets]
            elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)) and node.value is not None:
                pairs = [(node.target, node.value)]
            else:
                continue
            for target, value in pairs:
                if isinstance(target, ast.Name):
                    self._names.setdefault(target.id, set()).update(self._resolve(value))

    def _resolve(self, node: ast.AST) -> set[str]:
        """Dotted names that an expression may stand for: ``nn.LayerNorm`` is ``torch.nn.LayerNorm``."""
        if isinstance(node, ast.Name):
            names = set(self._names.get(node.id, ()))
            if node.id not in self._defined:
                names.update(f"{module}.{node.id}" for module in self._stars)
            return names
        if isinstance(node, ast.Attribute):
            return {f"{name}.{node.attr}" for name in self._resolve(node.value)}
        if isinstance(node, ast.Call) and self._is_builtin(node.func, "getattr") and len(node.args) >= 2:
            attribute = _constant_text(node.args[1])
            if attribute is not None:
                return {f"{name}.{attribute}" for name in self._resolve(node.args[0])}
        return set()

    def _is_builtin(self, node: ast.AST, *names: str) -> bool:
        return isinstance(node, ast.Name) and node.id in names and node.id not in self._defined

    # -- the rules --

    def _judge(self, node: ast.AST) -> Iterator[tuple[str, table.Rule]]:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from self._judge_import(alias.name)
        elif isinstance(node, ast.ImportFrom):
            yield from self._judge_import_from(node)
        elif isinstance(node, (ast.Attribute, ast.Name)):
            yield from self._judge_names(self._resolve(node))
        elif isinstance(node, ast.Call):
            yield from self._judge_names(self._resolve(node))
            yield from self._judge_call(node)

    def _judge_import(self, module: str) -> Iterator[tuple[str, table.Rule]]:
        top = module.split(".")[0]
        if top in table.PROJECT_PACKAGES:
            yield f"`import {module}`", table.ANSWERS
        elif top not in table.ALLOWED_LIBRARIES and not _is_standard(top):
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

    def _judge_names(self, names: set[str]) -> Iterator[tuple[str, table.Rule]]:
        for name in sorted(names):
            for rule in table.RULES:
                if name not in rule.allowed and any(fnmatchcase(name, pattern) for pattern in rule.names):
                    yield name, rule
            if name.endswith(".__dict__") and name.startswith("torch"):
                yield name, table.DYNAMIC

    def _judge_call(self, node: ast.Call) -> Iterator[tuple[str, table.Rule]]:
        for builtin in table.DYNAMIC_CALLS:
            if self._is_builtin(node.func, builtin):
                yield f"{builtin}()", table.DYNAMIC
        on_torch = bool(node.args) and any(name.split(".")[0] == "torch" for name in self._resolve(node.args[0]))
        if on_torch and self._is_builtin(node.func, "vars"):
            yield "vars() of torch", table.DYNAMIC
        if on_torch and self._is_builtin(node.func, "getattr") and _constant_text(node.args[1]) is None:
            yield "getattr() of torch with a computed name", table.DYNAMIC
        if any(keyword.arg == "label_smoothing" for keyword in node.keywords) and (
            any(name.startswith("torch.") or name == "functools.partial" for name in self._resolve(node.func))
        ):
            yield "label_smoothing=", table.LABEL_SMOOTHING
        for name in self._resolve(node.func):
            if name not in table.SMOOTHING_CALLS:
                continue
            if len(node.args) >= table.SMOOTHING_CALLS[name] or any(k.arg is None for k in node.keywords):
                yield f"{name} with its smoothing", table.LABEL_SMOOTHING


def _constant_text(node: ast.AST) -> str | None:
    """The text of a string literal, or of literals joined by ``+``; None for anything computed."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _constant_text(node.left), _constant_text(node.right)
        return None if left is None or right is None else left + right
    return None


def _is_standard(module: str) -> bool:
    if STANDARD_LIBRARY is None:
        return module not in KNOWN_FOREIGN
    return module in STANDARD_LIBRARY

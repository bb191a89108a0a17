"""The contract of every task, sentence by sentence, and the tests that hold the code to it.

A test quotes the sentences that it holds the code to: ``@pytest.mark.holds("still keeps two digits")``. ``python -m
kata.course.contract`` writes the table, ``docs/contract.md``; a selftest says which sentence has no test.
"""

from __future__ import annotations

import ast
import re
from textwrap import dedent
from typing import Iterator

from ..python_source import syntax_tree
from .phases import COURSE, PROJECT, REFERENCE, Phase

TABLE = PROJECT / "docs" / "contract.md"

EXPLAINS = (
    "Phase 1: input embedding", "Phase 2: scaled", "Phase 3: layer", "Phase 4: encoder", "Phase 5: masks",
    "Phase 6: training", "Paper 3.1, 3.3 and 5.4", "Conventions: ``B`` batch", "Your own earlier phases are the parts",
    "``memory`` is the encoder's output", "``d_model`` is the width of the model",
    "optimizer: holds the model's parameters", "Among equals any choice is right",
)  # fmt: skip
"""Sentences that name things, or allow something: there is nothing to test."""

HEADINGS = re.compile(r"^(Args|Attributes|Returns|Raises):$")
SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z`(])")


def contract_of(phase: Phase) -> dict[str, list[str]]:
    """Task to the sentences of its docstrings; under ``""`` those of the phase, which hold for all its tasks."""
    tree = syntax_tree((REFERENCE / phase.file).read_text(encoding="utf-8"))
    definitions = {node.name: node for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    found = {"": list(_sentences(ast.get_docstring(tree) or ""))}
    for task in phase.tasks:
        node = definitions[task.name]
        parts = node.body if isinstance(node, ast.ClassDef) else []
        methods = [part for part in parts if isinstance(part, ast.FunctionDef) and _is_public(part.name)]
        docs = [ast.get_docstring(one) or "" for one in (node, *methods)]
        found[task.name] = [sentence for doc in docs for sentence in _sentences(doc)]
    return found


def _is_public(name: str) -> bool:
    return not name.startswith("_") or name == "__init__"


def _sentences(doc: str) -> Iterator[str]:
    """The sentences of a docstring; a formula belongs to the sentence that it follows."""
    for part in _parts(doc):
        yield from SENTENCE.split(part)


def _parts(doc: str) -> Iterator[str]:
    """Paragraphs, and the items of its lists (arguments, attributes, exceptions) one by one."""
    part: list[str] = []
    indent = 0
    for line in dedent(doc).splitlines():
        depth = len(line) - len(line.lstrip())
        ends = not line.strip() and not (part and part[-1].endswith("::"))
        item = (
            re.match(r"\s*(?:[\w, ]+: |\* )", line) and depth <= max(indent, 4) and not line.lstrip().startswith("``")
        )
        if ends or HEADINGS.match(line.strip()) or item:
            if part:
                yield " ".join(part)
            part = []
        if line.strip() and not HEADINGS.match(line.strip()):
            part.append(line.strip())
            indent = depth
    if part:
        yield " ".join(part)


def quotes_of(phase: Phase) -> dict[str, list[tuple[str, str]]]:
    """Task to what its tests quote: pairs (quote, test)."""
    found: dict[str, list[tuple[str, str]]] = {task.name: [] for task in phase.tasks}
    for path in phase.suite():
        tree = syntax_tree(path.read_text(encoding="utf-8"))
        constants = {
            target.id: node.value.value
            for node in tree.body
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in tree.body:
            if isinstance(node, ast.FunctionDef):
                marks = {mark: arguments for mark, arguments in map(_mark, node.decorator_list) if mark}
                if "task" not in marks:
                    continue
                task = marks["task"][0]
                name = constants.get(task.id) if isinstance(task, ast.Name) else getattr(task, "value", None)
                quotes = [getattr(quote, "value", "") for quote in marks.get("holds", [])]
                found.setdefault(str(name), []).extend((quote, node.name) for quote in quotes)
    return found


def _mark(decorator: ast.expr) -> tuple[str, list[ast.expr]]:
    """Name and arguments of a marker of pytest's; an empty name for any other decorator."""
    call = decorator.func if isinstance(decorator, ast.Call) else decorator
    is_mark = isinstance(call, ast.Attribute) and isinstance(call.value, ast.Attribute) and call.value.attr == "mark"
    arguments = decorator.args if isinstance(decorator, ast.Call) else []
    return (call.attr, arguments) if is_mark and isinstance(call, ast.Attribute) else ("", [])


def tests_of_sentences(phase: Phase) -> list[tuple[str, str, list[str]]]:
    """Task, sentence and the tests that quote it, for every sentence of a phase that asks for something."""
    quotes = quotes_of(phase)
    everywhere = [pair for pairs in quotes.values() for pair in pairs]
    rows = []
    for task, sentences in contract_of(phase).items():
        for sentence in sentences:
            if not any(known in sentence for known in EXPLAINS):
                told = [test for quote, test in (quotes[task] if task else everywhere) if quote in sentence]
                rows.append((task, sentence, list(dict.fromkeys(told))))
    return rows


def table() -> str:
    """The text of ``docs/contract.md``."""
    lines = [
        "# The contract and its tests",
        "",
        "Written by `python -m kata.course.contract` from the docstrings of the solutions, which are those of the",
        "stubs, and from the `holds` markers of the suites: edit those, not this file. Every sentence that asks for",
        "something has a test that quotes it; other tests may hold the code to it as well.",
        "",
    ]
    for phase in COURSE:
        lines += [f"## Phase {phase.number}: {phase.title_en}", "", "| task | sentence | tests |", "|---|---|---|"]
        for task, sentence, tests in tests_of_sentences(phase):
            told = re.sub(r"^:: |\s+", " ", sentence.replace("|", "\\|")).strip()
            named = "<br>".join(f"`{test}`" for test in tests)
            lines.append(f"| {f'`{task}`' if task else 'all'} | {told} | {named} |")
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    TABLE.write_text(table(), encoding="utf-8")

"""The catalogue's patches survive edits of a solution; where they do not, they say what they looked for."""

from __future__ import annotations

import ast
import io
import subprocess
import sys
import tokenize
from functools import lru_cache
from itertools import chain

import pytest

from kata.course.phases import COURSE
from kata.diagnosis.misconceptions import catalogue
from kata.diagnosis.misconceptions.patch import apply
from selftest.submissions import solution

SOURCE = '''
def attend(query, key):
    """Attend."""
    d_k = query.size(-1)  # width
    scores = query @ key / d_k
    for step in range(3):
        scores = _soften(
            scores,
            step,
        )
    if d_k > 3:
        scores = scores + 1
    return scores * 2


def _soften(scores, by):
    return scores - by
'''


def formatted(source, width):
    ruff = [sys.executable, "-m", "ruff", "format", "--isolated", "--line-length", str(width), "-"]
    run = subprocess.run(ruff, input=source.encode(), capture_output=True, check=False)
    if b"No module named ruff" in run.stderr:
        pytest.skip("ruff is not installed")
    assert run.returncode == 0, run.stderr
    return run.stdout.decode()


def without_comments(source):
    lines = source.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            lines[token.start[0] - 1] = lines[token.start[0] - 1][: token.start[1]].rstrip()
    return "\n".join(lines) + "\n"


def without_docstrings(source):
    lines = source.splitlines()
    for node in docstrings(ast.parse(source)):
        lines[node.lineno - 1 : node.end_lineno] = [""] * (node.end_lineno - node.lineno + 1)
        lines[node.lineno - 1] = " " * node.col_offset + "pass"
    return "\n".join(lines) + "\n"


def docstrings(tree):
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.FunctionDef, ast.ClassDef)) and ast.get_docstring(node) is not None:
            yield node.body[0]


def with_other_local_names(source):
    """Every local variable gets another name; those in f-strings keep theirs (Python 3.8 misplaces them)."""
    lines = source.splitlines()
    found = set()
    for function in functions(ast.parse(source)):
        kept = {node.id for text in texts(function) for node in ast.walk(text) if isinstance(node, ast.Name)}
        renamed = local_names(function) - kept
        found |= {(place, name) for place, name in places(function) if name in renamed}
    for (line, column), name in sorted(found, reverse=True):
        text = lines[line - 1]
        assert text[column:].startswith(name)
        lines[line - 1] = f"{text[:column]}its_{name}{text[column + len(name) :]}"
    return "\n".join(lines) + "\n"


def functions(tree):
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]


def texts(tree):
    return [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]


def places(function):
    for node in ast.walk(function):
        if isinstance(node, ast.Name):
            yield (node.lineno, node.col_offset), node.id
        elif isinstance(node, ast.arg):
            yield (node.lineno, node.col_offset), node.arg


def local_names(function):
    stored = {n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    lambdas = chain.from_iterable(n.args.args for n in ast.walk(function) if isinstance(n, ast.Lambda))
    return (stored | {argument.arg for argument in lambdas}) - {argument.arg for argument in function.args.args}


@lru_cache(maxsize=None)
def meaning(source):
    """What a source does: its tree without docstrings, local variables numbered as they come."""
    tree = ast.parse(source)
    for node in docstrings(tree):
        node.value = ast.Constant(None)
    for function in functions(tree):
        local = local_names(function)
        numbers = {}
        for node in ast.walk(function):
            field = {ast.Name: "id", ast.arg: "arg"}.get(type(node))
            if field and getattr(node, field) in local:
                setattr(node, field, f"local{numbers.setdefault(getattr(node, field), len(numbers))}")
    for node in ast.walk(tree):
        if isinstance(getattr(node, "body", None), list):
            node.body = [one for one in node.body if not is_nothing(one)] or [ast.Pass()]
    return ast.dump(tree)


@lru_cache(maxsize=None)
def meaning_of(entry):
    return meaning(entry.source())


def is_nothing(node):
    return isinstance(node, ast.Pass) or (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and node.value.value is None
    )


EDITS = {
    "88 columns": lambda source: formatted(source, 88),
    "100 columns": lambda source: formatted(source, 100),
    "no comments": without_comments,
    "no docstrings": without_docstrings,
    "other names": with_other_local_names,
    "all together": lambda source: with_other_local_names(formatted(without_docstrings(without_comments(source)), 79)),
}


@pytest.mark.parametrize("phase", COURSE, ids=lambda phase: phase.id)
@pytest.mark.parametrize("name", EDITS)
def test_a_solution_can_be_edited_and_every_mistake_still_be_made(phase, name):
    before = solution(phase.number)
    after = EDITS[name](before)
    assert meaning(after) == meaning(before)
    for entry in catalogue():
        if entry.phase == phase:
            assert meaning(apply(after, entry.task, entry.edits)) == meaning_of(entry), entry.id
            assert meaning_of(entry) != meaning(before), entry.id


@pytest.mark.parametrize("name", EDITS)
def test_these_edits_change_solutions(name):
    assert any(EDITS[name](solution(phase.number)) != solution(phase.number) for phase in COURSE)


@pytest.mark.parametrize(
    ("find", "replacement", "expected"),
    [
        ("d_k", "1", "'d_k' stands 2 times in attend, not once"),
        ("query / key", "1", "'query / key' stands 0 times"),
        ("nothing = 1", "", "'nothing = 1' stands 0 times"),
        ("return scores * 2", "return scores * 2 + d_k", "names d_k, local in the solution"),
        ("query.size(-1)", "query.size(-1) + step", "names step, local in the solution"),
        ("if d_k > 3:\n    ...", "...\n...", r"2 gaps \(...\) are to be filled with what 1 hold"),
    ],
)
def test_what_does_not_stand_in_the_solution_once_is_told(find, replacement, expected):
    with pytest.raises(ValueError, match=expected):
        apply(SOURCE, "attend", [(find, replacement)])


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        ([("d_k = query.size(-1)", "d_k = query.size(-2)")], ("query.size(-1)", "query.size(-2)")),
        ([("scores + 1", "scores - 1 - 2")], ("scores + 1", "(scores - 1 - 2)")),
        ([("width = query.size(-1)", "width = 1")], ("query.size(-1)  #", "1  #")),  # what the solution calls d_k
        ([("scores = scores + 1", "")], ("scores = scores + 1", "pass")),
        ([("scores - by", "scores")], ("scores - by", "scores")),  # in the helper
        (
            [("scores = _soften(scores, step)", "if step:\n    scores = _soften(step, scores)")],
            (
                "scores = _soften(\n            scores,\n            step,\n        )",
                "if step:\n            scores = _soften(step, scores)",
            ),
        ),
        (
            [("x = query.size(-1)\n...\nif x > 3:\n    ...", "x = query.size(-1)\n...\nif x < 3:\n    ...")],
            ("d_k > 3", "d_k < 3"),
        ),
    ],
)
def test_a_replacement_is_put_where_it_belongs(edits, expected):
    right = SOURCE.replace("  # width", "") if "\n..." in edits[0][0] else SOURCE
    changed = apply(right, "attend", edits)
    assert meaning(changed) == meaning(right.replace(*expected))
    assert "pass" not in expected or "pass" in changed


def test_names_of_two_edits_agree():
    edits = [("width = query.size(-1)", "width = 1"), ("width > 3", "width > 4")]
    assert "d_k > 4" in apply(SOURCE, "attend", edits)
    with pytest.raises(ValueError, match="not once"):
        apply(SOURCE, "attend", [("width = query.size(-1)", "width = 1"), ("step = step + 1", "")])


def test_edits_that_overlap_are_refused():
    with pytest.raises(ValueError, match="overlap"):
        apply(SOURCE, "attend", [("scores = scores + 1", ""), ("scores + 1", "scores")])

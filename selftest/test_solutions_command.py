"""``python grader.py solutions``: the code alone, and only to those who have passed or ask for it anyway."""

from __future__ import annotations

import ast

import pytest

from kata.commands import solutions
from kata.course.phases import COURSE
from kata.course.reading import code_alone
from selftest.grader_runs import run_grader
from selftest.submissions import make_target, solution


def without_docstrings(source):
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or ast.parse("...").body
    return ast.dump(tree)


@pytest.mark.parametrize("phase", COURSE, ids=lambda phase: phase.id)
def test_the_reading_edition_is_the_code_without_docstrings(phase, capsys):
    assert solutions.main([str(phase.number), "--anyway"]) == 0
    read = capsys.readouterr().out
    assert ast.dump(ast.parse(read)) == without_docstrings(solution(phase.number))
    assert '"""' not in read
    assert f"solutions/{phase.file}" in read.splitlines()[0]


def test_comments_stay_and_a_body_is_never_empty():
    function = 'def f():\n    """Text."""\n\n    return 1  # one\n'
    source = f'"""Top."""\n\nimport math\n\n\n{function}\n\nclass Own(Exception):\n    """."""\n'
    alone = "import math\n\n\ndef f():\n    return 1  # one\n\n\nclass Own(Exception):\n    ...\n"
    assert code_alone(source) == alone


@pytest.mark.parametrize(("lang", "told"), [("en", "Not passed yet: split_heads. "), ("ja", "未合格: split_heads。")])
def test_a_phase_that_has_not_passed_keeps_its_solution(tmp_path, lang, told):
    target = make_target(tmp_path / "mine", solved=(1, 2))
    wrong = (target / COURSE[1].file).read_text(encoding="utf-8").replace("x.transpose(1, 2)  # (B, h", "x  # (B, h")
    (target / COURSE[1].file).write_text(wrong, encoding="utf-8")
    run = run_grader("solutions", "2", "--target", target, "--lang", lang)
    assert (run.status, run.out) == (1, "")
    assert told in run.err
    assert "--anyway" in run.err


def test_whoever_has_passed_reads_it(tmp_path):
    run = run_grader("solutions", "2", "--target", make_target(tmp_path / "mine", solved=(2,)))
    assert run.status == 0
    assert "def merge_heads(x: Tensor) -> Tensor:\n    batch, num_heads" in run.out


def test_an_edition_without_the_solution_says_so(monkeypatch, capsys):
    monkeypatch.setattr(solutions, "has_reference", lambda phase: False)
    assert solutions.main(["2", "--anyway", "--lang", "ja"]) == 2
    captured = capsys.readouterr()
    assert (captured.out, "フェーズ 2" in captured.err) == ("", True)

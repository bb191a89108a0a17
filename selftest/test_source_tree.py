"""A submission's source text that is nested too deeply is never walked through, whatever asks for it."""

import ast

import pytest

from kata.source.changes import compare
from kata.source.progress import unfinished
from kata.source.tree import MAX_NESTING, NestedTooDeeply, parse, parse_source, read
from selftest.grader_runs import run_grader
from selftest.submissions import make_target, phase

DEEP = "def deep(x):\n    raise NotImplementedError(x" + ".z" * 1400 + ")\n"


def levels(count):
    """An expression whose tree has so many levels, those of the module and of the statement included."""
    return "x" + ".z" * (count - 4)


def test_as_many_levels_as_are_allowed_are_read():
    tree = parse(levels(MAX_NESTING))
    assert ast.dump(tree) == ast.dump(ast.parse(levels(MAX_NESTING)))


def test_one_level_more_is_refused():
    with pytest.raises(NestedTooDeeply):
        parse(levels(MAX_NESTING + 1))


@pytest.mark.parametrize("source", ["x" + ".z" * 100_000, "(" * 5000 + ")" * 5000, "-" * 100_000 + "1"])
def test_what_is_too_much_for_pythons_parser_is_refused_too(source):
    with pytest.raises((NestedTooDeeply, SyntaxError)):
        parse(source)


def test_a_file_nested_too_deeply_is_told_from_one_that_is_no_python(tmp_path):
    path = tmp_path / "file.py"
    path.write_text(DEEP, encoding="utf-8")
    assert isinstance(read(path), NestedTooDeeply)
    assert parse_source(path) is None
    path.write_text("def broken(:\n", encoding="utf-8")
    assert read(path) is None


def test_nobody_trips_over_it(tmp_path):
    target = make_target(tmp_path / "deep")
    path = target / phase(2).file
    before = path.read_text(encoding="utf-8")
    path.write_text(before + DEEP, encoding="utf-8")
    assert unfinished(phase(2), target) == []
    assert compare(phase(2), before, before + DEEP) == compare(phase(2), before, "def broken(:\n")
    run = run_grader("2", "--target", target, "--json", "-")
    assert {task["state"] for task in run.report["phases"][0]["tasks"]} == {"forbidden"}
    assert "nested too deeply" in run.report["phases"][0]["tasks"][0]["message"]
    trained = run_grader("train", "copy", "--target", target, "--steps", "1")
    assert trained.status != 0
    assert "Traceback" not in trained.out + trained.err

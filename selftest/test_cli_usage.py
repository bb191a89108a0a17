"""The grader's command line: what it accepts, what it refuses, and its exit status.

Untouched stubs are graded without starting torch, so most of this costs little.
"""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from kata import cli
from kata.course.phases import COURSE
from selftest.grader_runs import run_grader, scores_of, tasks_of
from selftest.submissions import make_target

ALL_TASKS = [task.name for phase in COURSE for task in phase.tasks]


@pytest.fixture(scope="module")
def stubs(tmp_path_factory):
    return make_target(tmp_path_factory.mktemp("course") / "stubs")


@pytest.fixture(scope="module")
def untouched(stubs):
    """All six phases of untouched stubs, as JSON on standard output."""
    return run_grader("--target", stubs, "--json", "-")


def test_untouched_stubs_score_exactly_nothing_and_every_task_is_to_do(untouched):
    report = untouched.report
    assert untouched.status == 0
    assert (report["score"], report["max_score"]) == (0.0, 600.0)
    assert report["assembled"] is False
    assert scores_of(report) == dict.fromkeys(range(1, 7), 0.0)
    assert list(tasks_of(report)) == ALL_TASKS
    for task in tasks_of(report).values():
        assert (task["state"], task["score"], task["passed"]) == ("todo", 0.0, 0)
        assert task["total"] > 0


def test_json_on_standard_output_stands_there_alone(untouched):
    assert untouched.out.startswith("{")
    assert untouched.out.endswith("}\n")
    assert untouched.err == ""


@pytest.mark.parametrize("names", [("2",), ("phase2",), ("phase2_attention",), ("5", "2"), ("2", "phase2_attention")])
def test_phases_are_named_by_number_or_name_and_graded_in_order(names, stubs):
    run = run_grader(*names, "--target", stubs, "--json", "-")
    assert run.status == 0
    assert list(scores_of(run.report)) == ([2, 5] if "5" in names else [2])


def test_it_works_from_any_folder(stubs, tmp_path):
    assert run_grader("2", "--json", "-", cwd=tmp_path).report["target"] == "exercises"
    run = run_grader("2", "--target", "stubs", "--json", "out.json", cwd=stubs.parent)
    assert run.status == 0
    assert "stubs/phase2_attention.py:" in run.out
    assert (stubs.parent / "out.json").is_file()


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["7"], "'7'"),
        (["phase9_dreams"], "phase9_dreams"),
        (["2", "nonsense"], "nonsense"),
        (["--seed", "x"], "'x'"),
        (["--seed", "-1"], "-1"),
        (["--seed", "1.5"], "1.5"),
        (["--fail-under", "x"], "'x'"),
        (["--fail-under", "101"], "101"),
        (["--fail-under", "-1"], "-1"),
        (["--fail-under", "nan"], "nan"),
        (["--lang", "fr"], "fr"),
        (["--target", "no_such_folder"], "no_such_folder"),
        (["--target", "grader.py"], "grader.py"),
        (["--json", "no_such_folder/report.json"], "no_such_folder"),
        (["--junit", "no_such_folder/report.xml"], "no_such_folder"),
        (["--markdown", "tests"], "tests"),
        (["--gradescope", "grader.py/report.json"], "grader.py"),
        (["--no-such-option"], "--no-such-option"),
    ],
    ids=" ".join,
)
def test_bad_usage_is_status_2_and_the_message_names_what_was_wrong(arguments, named):
    run = run_grader(*arguments)
    assert run.status == 2
    assert run.out == ""
    assert named in run.err
    assert "usage: python grader.py" in run.err
    assert "Traceback" not in run.err


def test_an_unknown_phase_is_answered_with_the_ones_there_are():
    assert all(phase.id in run_grader("7").err for phase in COURSE)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a file that cannot be written")
def test_a_report_that_cannot_be_written_is_status_2_and_says_so(stubs):
    run = run_grader("2", "--target", stubs, "--json", "/dev/full")
    assert run.status == 2
    assert "/dev/full" in run.out + run.err
    assert "Traceback" not in run.err


@pytest.mark.parametrize(("percent", "status"), [("0", 0), ("0.01", 1), ("100", 1)])
def test_fail_under_decides_the_exit_status(percent, status, stubs):
    assert run_grader("2", "--target", stubs, "--fail-under", percent).status == status


def test_the_report_names_every_task_and_one_next_step(stubs):
    for phase in COURSE:
        run = run_grader(phase.number, "--target", stubs)
        assert run.status == 0
        for task in phase.tasks:
            assert re.search(rf"^  · {task.name} +to do +0 / {task.points}$", run.out, re.MULTILINE)
        assert re.search(r"^Total .* 0 / 100$", run.out, re.MULTILINE)
        [step] = [line for line in run.out.splitlines() if line.startswith("Next: ")]
        assert step.startswith(f"Next: write {phase.tasks[0].name} in ")
        assert re.search(rf"{phase.id}\.py:\d+$", step)


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_in_a_pipe_there_are_no_control_codes_and_no_line_is_wider_than_100(lang, stubs):
    run = run_grader("2", "--target", stubs, "--lang", lang, COLUMNS="300")
    assert all(character.isprintable() or character == "\n" for character in run.out)
    assert all(len(line) <= 100 for line in run.out.splitlines() if not line.startswith(("Next", "次の一歩")))


def test_japanese_speaks_japanese(stubs):
    run = run_grader("2", "--target", stubs, "--lang", "ja", "--markdown", stubs.parent / "ja.md")
    for said in (run.out, (stubs.parent / "ja.md").read_text(encoding="utf-8")):
        assert COURSE[1].title("ja") in said
        assert "未着手" in said
        assert "to do" not in said
        assert "scaled_dot_product_attention" in said
    assert "次の一歩: " in run.out


def test_a_random_seed_is_reported(stubs):
    seeds = {run_grader("2", "--target", stubs, "--seed", "random", "--json", "-").report["seed"] for _ in range(2)}
    assert len(seeds) == 2
    assert run_grader("2", "--target", stubs, "--seed", "7", "--json", "-").report["seed"] == 7


def test_a_terminal_that_cannot_show_all_characters_is_no_reason_to_fail(stubs):
    run = run_grader("2", "--target", stubs, PYTHONUTF8="0", PYTHONIOENCODING="ascii", LC_ALL="C")
    assert (run.status, "Traceback" in run.err) == (0, False)
    run = run_grader("2", "--target", stubs, "--json", "-", "--lang", "ja", PYTHONIOENCODING="ascii")
    assert run.status == 0
    assert scores_of(run.report) == {2: 0.0}
    assert not run.report["trust"].isascii()


def test_several_reports_can_be_written_at_once(stubs, tmp_path):
    options = ["--json", tmp_path / "r.json", "--junit", tmp_path / "r.xml", "--markdown", tmp_path / "r.md"]
    run = run_grader("2", "--target", stubs, *options, "--gradescope", tmp_path / "g.json")
    assert run.status == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["g.json", "r.json", "r.md", "r.xml"]
    assert ElementTree.parse(tmp_path / "r.xml").getroot().tag == "testsuites"


@pytest.mark.parametrize(
    ("option", "beginning"), [("--markdown", "# Transformer Kata"), ("--junit", "<?xml"), ("--gradescope", "{")]
)
def test_every_report_can_be_standard_output_and_stands_there_alone(option, beginning, stubs):
    run = run_grader("2", "--target", stubs, option, "-")
    assert (run.status, run.err) == (0, "")
    assert run.out.startswith(beginning)
    assert "split_heads" in run.out
    assert "Next: " not in run.out


def test_two_reports_cannot_both_be_standard_output(stubs):
    run = run_grader("2", "--target", stubs, "--json", "-", "--markdown", "-")
    assert (run.status, run.out) == (2, "")
    assert "--json - and --markdown -" in run.err


def test_help_and_version_are_status_0():
    shown = run_grader("--help")
    assert shown.status == 0
    assert all(option in shown.out for option in ("--target", "--seed", "--json", "--fail-under", "--lang"))
    assert run_grader("--version").status == 0


def test_an_exception_speaks_to_no_terminal(capsys):
    try:
        raise ValueError("\x1b[31mred\x07")
    except ValueError as error:
        cli.tell_exception(type(error), error, error.__traceback__)
    said = capsys.readouterr().err
    assert said.splitlines()[-1] == "ValueError:  [31mred "
    assert "\x1b" not in said and "test_cli_usage.py" in said

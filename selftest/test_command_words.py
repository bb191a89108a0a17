"""The words of the command line: what is meant by a wrong one, how much is said, what a shell can complete."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from kata import cli
from kata.commands import COMMANDS, options
from kata.course.phases import COURSE, PROJECT
from kata.results import PASSED, TestResult
from selftest.grader_runs import environment, run_grader
from selftest.submissions import make_target, phase, solution, with_bodies

pytestmark = pytest.mark.timeout(120)

WRONG = {"TokenEmbedding.forward": "return self.embedding(tokens)"}


@pytest.fixture(scope="module")
def half_done(tmp_path_factory):
    """Phase 1 with one mistake, the rest stubs."""
    target = make_target(tmp_path_factory.mktemp("words") / "mine")
    (target / phase(1).file).write_text(with_bodies(solution(1), WRONG), encoding="utf-8")
    return target


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (["wach"], "watch"),
        (["HINTS"], "hint"),
        (["phase2_atention"], "phase2_attention"),
        (["2", "phase3_layer"], "phase3_layers"),
        (["--targt=x"], "--target"),
        (["hint", "2", "split_head"], "split_heads"),
        (["lesson", "4", "transformer"], "Transformer"),
        (["reset", "2", "mergeheads"], "merge_heads"),
        (["watch", "--lang", "jaa"], "ja"),
        (["train", "revers"], "reverse"),
        (["trace", "2", "splithead"], "split_heads"),
        (["repro", "split_head"], "split_heads"),
    ],
    ids=" ".join,
)
def test_what_was_meant_is_named(arguments, meant):
    run = run_grader(*arguments)
    assert (run.status, run.out) == (2, "")
    assert f"; did you mean {meant}?" in run.err


def test_an_unknown_command_is_answered_with_those_there_are():
    run = run_grader("xyzzy")
    assert run.status == 2
    assert "did you mean" not in run.err
    assert all(f"python grader.py {name} " in run.err for name in COMMANDS)


def test_a_task_in_place_of_a_phase_is_told_its_phase():
    assert "LayerNorm is a task: name its phase, which is 3" in run_grader("hint", "LayerNorm").err


def test_no_word_is_guessed_from_afar():
    assert options.did_you_mean("q", COMMANDS) == ""


def test_quiet_is_the_total_and_the_next_step(half_done):
    run = run_grader(1, "--target", half_done, "-q")
    assert run.status == 0
    total, step = run.out.splitlines()
    assert total.startswith("Total ")
    assert total.endswith("80 / 100")
    assert step.startswith("Next: repair TokenEmbedding in ")
    assert run.err == ""


def test_verbose_names_every_test_that_did_not_pass(half_done):
    plain, verbose = (run_grader(1, "--target", half_done, *option).out for option in ([], ["-v"]))
    assert "tests/test_phase1" not in plain
    named = [line for line in verbose.splitlines() if "✗ tests/test_phase1_modules.py::test_" in line]
    lost = next(line for line in verbose.splitlines() if " TokenEmbedding " in line).split()[2]
    passed, total = map(int, lost.split("/"))
    assert len({line.split("[")[0] for line in named}) == total - passed
    assert "tests of this phase: " in verbose
    assert "tests of this phase: " not in plain


def test_quiet_and_verbose_exclude_each_other():
    assert run_grader("-q", "-v").status == 2


def test_python_m_kata_is_the_same_program():
    done = subprocess.run(
        [sys.executable, "-m", "kata", "--version"], cwd=PROJECT, env=environment(), capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, run_grader("--version").out)


def test_long_work_tells_lines_on_standard_error_and_short_work_none(monkeypatch, capsys):
    result = TestResult("t", COURSE[0].id, "train", False, PASSED)
    lines = cli._LinesNowAndThen("en")
    lines.note(result, 40)
    assert capsys.readouterr().err == ""
    now = time.monotonic()
    for seconds, expected in (
        (9.0, ""),
        (12.0, "grading ... 3/40 tests\n"),
        (15.0, ""),
        (23.0, "grading ... 5/40 tests\n"),
    ):
        monkeypatch.setattr(cli.time, "monotonic", lambda at=now + seconds: at)
        lines.note(result, 40)
        out, err = capsys.readouterr()
        assert (out, err) == ("", expected)


def completions(line, program="python grader.py", folder=PROJECT):
    """What argcomplete answers a shell."""
    pytest.importorskip("argcomplete")
    before = len(program.split())
    answer = folder / "answer"
    done = subprocess.run(
        [sys.executable, *([str(PROJECT / "grader.py")] if program.endswith(".py") else ["-m", "kata"])],
        cwd=PROJECT,
        env=environment(
            COMP_LINE=line,
            COMP_POINT=str(len(line)),
            _ARGCOMPLETE=str(before),
            _ARGCOMPLETE_IFS="\n",
            _ARGCOMPLETE_STDOUT_FILENAME=str(answer),
        ),
        capture_output=True,
        text=True,
    )
    assert done.stdout == ""
    return {word.strip() for word in answer.read_text().split("\n")}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("python grader.py wa", {"watch"}),
        ("python grader.py sol", {"solutions"}),
        ("python grader.py phase2", {"phase2_attention"}),
        ("python grader.py hint 2 spl", {"split_heads"}),
        ("python grader.py reset phase3_layers L", {"LayerNorm"}),
        ("python grader.py watch --la", {"--lang"}),
        ("python grader.py watch --lang ", {"en", "ja"}),
        ("python grader.py --fail", {"--fail-under"}),
    ],
)
def test_a_shell_completes_commands_phases_tasks_and_options(line, expected, tmp_path):
    assert completions(line, folder=tmp_path) == expected


def test_it_completes_the_module_as_well(tmp_path):
    assert completions("python -m kata hint 1 Tok", "python -m kata", tmp_path) == {"TokenEmbedding"}


def test_both_programs_say_that_they_can_be_completed():
    for path in (PROJECT / "grader.py", PROJECT / "kata" / "__main__.py"):
        assert b"PYTHON_ARGCOMPLETE_OK" in path.read_bytes()[:1024]

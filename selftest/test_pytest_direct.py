"""Plain ``python -m pytest``, as a learner runs it to see the details of one task."""

from __future__ import annotations

import re
import shlex

import pytest

from selftest.grader_runs import run_grader, run_pytest
from selftest.submissions import make_target, phase, solution, with_bodies

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def target(tmp_path_factory):
    """Stubs, but for one task that gives a wrong answer and a phase that is no Python."""
    folder = make_target(tmp_path_factory.mktemp("direct") / "mine")
    source = with_bodies(
        (folder / phase(1).file).read_text(encoding="utf-8"),
        {"position_shift_matrix": "return torch.eye(d_model)"},
    )
    (folder / phase(1).file).write_text(source, encoding="utf-8")
    (folder / phase(2).file).write_text(solution(2) + "\ndef broken(:\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def run(target):
    suites = [*phase(1).suite(), *phase(2).suite()]
    return run_pytest(f"--target={target}", "--seed", "random", "-m", "core", *suites)


def test_a_stub_is_to_do_and_a_wrong_answer_fails(run):
    assert run.status == 1
    assert re.search(r"\b[1-9]\d* failed\b", run.out)
    assert re.search(r"\b[1-9]\d* todo\b", run.out)
    assert "passed" not in run.out
    assert "INTERNALERROR" not in run.out + run.err


def test_a_syntax_error_is_a_failure_of_its_tests_and_no_collection_error(run):
    assert "phase2_attention.py:" in run.out
    assert "not valid Python" in run.out
    assert "error" not in run.out.splitlines()[-1]


def test_the_message_of_a_failure_is_a_paragraph_and_no_traceback(run):
    assert "position_shift_matrix(3, 6) @ PE[pos]" in run.out
    assert "Traceback" not in run.out
    assert "def test_" not in run.out


def test_the_header_says_what_is_under_test_and_with_which_seed(run):
    [header] = [line for line in run.out.splitlines() if line.startswith("kata: ")]
    assert re.search(r"target mine, seed [1-9]\d*$", header)


@pytest.mark.proof
def test_one_task_can_be_run_alone(target):
    run = run_pytest(f"--target={target}", "--task", "sinusoidal_encoding", "--wall", *phase(1).suite())
    assert run.status == 1
    assert "deselected" in run.out
    assert re.search(r"\b[1-9]\d* todo\b", run.out)
    assert "failed" not in run.out


@pytest.mark.proof
def test_the_command_that_the_report_prints_shows_the_failed_tests_wherever_the_folder_is(tmp_path):
    target = make_target(tmp_path / "mine")
    source = with_bodies(solution(1), {"position_shift_matrix": "return torch.eye(d_model)"})
    (target / phase(1).file).write_text(source, encoding="utf-8")
    report = run_grader("1", "--target", target)
    [command] = re.findall(r"^Details: python -m pytest (.*)$", report.out, re.MULTILINE)
    run = run_pytest(*shlex.split(command))
    assert run.status == 1
    assert re.search(r"\b[1-9]\d* failed\b", run.out)
    assert "selftest" not in run.out


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--task", "no_such_task"], "no_such_task"),
        (["--target", "no_such_folder"], "no_such_folder"),
        (["--seed", "soon"], "soon"),
    ],
    ids=["task", "target", "seed"],
)
def test_bad_usage_names_what_was_wrong(arguments, named):
    run = run_pytest(*arguments, *phase(1).suite())
    assert run.status == 4
    assert named in run.err
    assert "Traceback" not in run.err


@pytest.mark.proof
def test_all_six_phases_pass_in_one_process_as_the_learners_own_stack(tmp_path):
    target = make_target(tmp_path / "mine", solved=(1, 2, 3, 4, 5, 6))
    suites = [path for number in range(1, 7) for path in phase(number).suite()]
    run = run_pytest("--target", target, "--assembled", *suites, timeout=280)
    assert run.status == 0, run.out[-3000:]


@pytest.mark.timeout(120)
def test_a_time_out_ends_the_test_and_not_pytest_while_it_makes_the_report(tmp_path):
    target = make_target(tmp_path / "mine")
    source = with_bodies(solution(2), {"split_heads": "while True:\n    pass"})
    (target / "phase2_attention.py").write_text(source, encoding="utf-8")
    slow = "import time\n\nimport pytest\n\n\n@pytest.hookimpl(tryfirst=True)\n"
    slow += "def pytest_runtest_makereport(call):\n    if call.excinfo:\n        time.sleep(1.5)\n"
    (tmp_path / "slow_reports.py").write_text(slow, encoding="utf-8")
    run = run_pytest(
        f"--target={target}",
        "--timeout=2",
        "-p",
        "slow_reports",
        "--task",
        "split_heads",
        "-x",
        PYTHONPATH=str(tmp_path),
    )
    assert "INTERNALERROR" not in run.out + run.err
    assert "no answer after 2 s" in run.out


SLOW_REPORT = """
import time

def pytest_runtest_makereport(item, call):
    time.sleep(2.0 if call.when == "call" else 0.0)
"""


def test_the_limit_of_a_test_does_not_ring_while_pytest_draws_its_report(tmp_path):
    (tmp_path / "slow_report.py").write_text(SLOW_REPORT, encoding="utf-8")
    (tmp_path / "test_quick.py").write_text("def test_quick():\n    pass\n", encoding="utf-8")
    arguments = ["-p", "kata.testing.plugin", "-p", "slow_report", "--timeout=1.5", tmp_path / "test_quick.py"]
    run = run_pytest(*arguments, PYTHONPATH=str(tmp_path))
    assert "INTERNALERROR" not in run.out + run.err
    assert run.status == 0, run.out

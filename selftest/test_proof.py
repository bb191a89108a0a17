"""Long proofs about the whole course; run by continuous integration with ``-m proof``."""

from __future__ import annotations

import pytest

from kata.course.phases import COURSE, DEFAULT_TARGET, REFERENCE
from kata.course.stubs import make_stub
from selftest.grader_runs import run_grader, scores_of, tasks_of
from selftest.submissions import make_target

pytestmark = [pytest.mark.proof, pytest.mark.timeout(600)]

SOLVED = {phase.number: 100.0 for phase in COURSE}


@pytest.mark.parametrize("seed", (0, 3, 13))
def test_the_solutions_score_everything_at_every_seed(seed):
    run = run_grader("--target", "solutions", "--seed", seed, "--json", "-", "--fail-under", "100", timeout=500)
    lost = {name: task["message"] for name, task in tasks_of(run.report).items() if task["state"] != "passed"}
    assert lost == {}
    assert scores_of(run.report) == SOLVED
    assert (run.report["score"], run.report["assembled"], run.status) == (600.0, True, 0)


def test_the_solutions_pass_from_any_folder(tmp_path):
    target = make_target(tmp_path / "someone", solved=tuple(SOLVED))
    run = run_grader("--target", target, "--json", "-", timeout=500)
    assert (run.report["score"], run.report["assembled"]) == (600.0, True)


def test_the_exercises_of_the_repository_are_the_untouched_stubs():
    for phase in COURSE:
        expected = make_stub(phase, (REFERENCE / phase.file).read_text(encoding="utf-8"))
        assert (DEFAULT_TARGET / phase.file).read_bytes() == expected.encode()
    run = run_grader("--json", "-", "--fail-under", "0.01")
    assert run.status == 1
    assert run.report["score"] == 0.0
    assert {task["state"] for task in tasks_of(run.report).values()} == {"todo"}


def test_stubs_that_were_touched_but_not_solved_score_nothing_either(tmp_path):
    target = make_target(tmp_path / "touched")
    for phase in COURSE:  # one line more, and the suites really run
        with (target / phase.file).open("a", encoding="utf-8") as file:
            file.write("\nnote = 1\n")
    run = run_grader("--target", target, "--json", "-", "--assembled", timeout=500)
    assert run.status == 0
    assert (run.report["score"], run.report["assembled"]) == (0.0, False)
    assert {name: task["message"] for name, task in tasks_of(run.report).items() if task["state"] != "todo"} == {}

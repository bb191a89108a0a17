"""Endless loops cost little: tests learn from those that ran out of time, and every report is written."""

from __future__ import annotations

import json
import re

import pytest

from kata.course.phases import COURSE
from kata.grading.session_client import WarmSession
from kata.testing.hanging import (
    ENOUGH,
    MOST_SECONDS,
    PATIENCE,
    SECONDS_PER_PHASE,
    TIMEOUTS_PER_TASK,
    TIMES_SLOWER,
    Hanging,
    Paces,
)
from selftest.grader_runs import run_grader
from selftest.session_events import results_of
from selftest.submissions import make_target, solution, with_bodies


def test_a_task_that_ran_out_of_time_twice_is_done_with():
    hanging = Hanging()
    assert not hanging.refusal("split_heads")
    for _ in range(TIMEOUTS_PER_TASK):
        hanging.note("split_heads", 1.0)
    assert "split_heads" in hanging.refusal("split_heads")
    assert not hanging.refusal("merge_heads")


def test_the_limit_falls_with_the_tests_that_ran_out_of_time_and_never_rises():
    hanging = Hanging()
    assert hanging.limit(30.0) == 30.0
    for number in range(1, 6):
        hanging.note(f"task {number}", 1.0)
        allowed = min([30.0, *(seconds for tests, seconds in PATIENCE.items() if number >= tests)])
        assert hanging.limit(30.0) == allowed
    assert hanging.limit(2.0) == 2.0  # a shorter limit of the user's stays
    assert hanging.limit(0.0) == 0.0  # as does none


def test_a_phase_that_has_taken_too_long_is_done_with_though_nothing_ran_out_of_time():
    hanging = Hanging()
    for _ in range(3):
        assert not hanging.refusal("split_heads", COURSE[1].id)
        hanging.note_any(COURSE[1].id, SECONDS_PER_PHASE / 2.5)
    assert "the phase has taken" in hanging.refusal("split_heads", COURSE[1].id)
    assert not hanging.refusal("LayerNorm", COURSE[2].id)


def test_after_too_much_time_nothing_is_run():
    hanging = Hanging()
    hanging.note("split_heads", MOST_SECONDS)
    assert "split_heads" in hanging.refusal("merge_heads")


def test_a_test_that_has_passed_before_is_not_waited_for_as_long():
    paces = Paces()
    assert paces.limit("fast", 30.0) == 30.0  # nothing is known of it
    paces.note("fast", 5.0)  # the first one imports what the next ones find
    paces.note("fast", 0.1)
    paces.note("slow", 0.4)
    assert paces.limit("fast", 30.0) == ENOUGH < 30.0
    assert paces.limit("slow", 30.0) == TIMES_SLOWER * 0.4
    assert paces.limit("slow", 2.0) == 2.0  # a shorter limit of the user's stays
    assert paces.limit("fast", 0.0) == 0.0  # as does none


@pytest.mark.timeout(240)
def test_a_warm_session_has_seen_the_test_pass_and_waits_less(tmp_path, monkeypatch):
    monkeypatch.setenv("KATA_TEST_TIMEOUT", "100")
    target = make_target(tmp_path / "mine", solved=[1])
    with WarmSession(COURSE[:1]) as session:
        for _ in range(2):  # the first time it imports what it needs
            results = results_of(session.run(COURSE[0].id, target, ["position_shift_matrix"], diagnose=False))
            assert {result.state for result in results} == {"passed"}
        source = with_bodies(solution(1), {"position_shift_matrix": "while True:\n    pass"})
        (target / COURSE[0].file).write_text(source, encoding="utf-8")
        results = results_of(session.run(COURSE[0].id, target, ["position_shift_matrix"], diagnose=False))
        assert sum("no answer after" in result.message for result in results) == TIMEOUTS_PER_TASK
        assert not any("no answer after 100 s" in result.message for result in results)


@pytest.mark.timeout(120)
def test_in_a_warm_session_a_loop_has_its_limit_and_the_next_submission_begins_anew(tmp_path, monkeypatch):
    monkeypatch.setenv("KATA_TEST_TIMEOUT", "3")
    target = make_target(tmp_path / "mine")
    source = with_bodies(solution(1), {"sinusoidal_encoding": "while True:\n    pass"})
    (target / COURSE[0].file).write_text(source, encoding="utf-8")
    with WarmSession(COURSE[:1]) as session:
        results = results_of(session.run(COURSE[0].id, target, ["sinusoidal_encoding"], diagnose=False))
        assert {result.state for result in results} == {"error"}
        assert sum("no answer after 3 s" in result.message for result in results) == TIMEOUTS_PER_TASK
        (target / COURSE[0].file).write_text(solution(1), encoding="utf-8")
        results = results_of(session.run(COURSE[0].id, target, ["sinusoidal_encoding"], diagnose=False))
        assert {result.state for result in results} == {"passed"}


@pytest.mark.proof
@pytest.mark.timeout(400)
def test_every_function_hangs_and_every_report_is_written(tmp_path):
    target = make_target(tmp_path / "mine")
    for phase in COURSE:
        source = (target / phase.file).read_text(encoding="utf-8")
        loops = re.sub(r"^( *)raise NotImplementedError\(.*\)$", r"\1while True:\n\1    pass", source, flags=re.M)
        (target / phase.file).write_text(loops, encoding="utf-8")
    files = {"--json": "r.json", "--markdown": "r.md", "--junit": "r.xml", "--gradescope": "g.json"}
    options = [part for option, name in files.items() for part in (option, tmp_path / name)]
    assert run_grader("--target", target, *options, timeout=380).status == 0
    report = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    assert report["score"] == 0.0
    assert {task["state"] for phase in report["phases"] for task in phase["tasks"]} == {"error"}
    assert all((tmp_path / name).stat().st_size > 500 for name in files.values())

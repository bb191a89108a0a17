"""The commands that a report tells to run are about the folder that was graded."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from kata.course.phases import COURSE, DEFAULT_TARGET
from kata.grading.grade import next_task
from kata.grading.scoring import PhaseScore, Report, TaskScore
from kata.reports.terminal import next_step

LANGS = ("en", "ja")


def report_of(target, phases=COURSE, state="passed"):
    scores = [
        PhaseScore(phase, tuple(TaskScore(task.name, state, 0.0, task.points, 0, 1, "no") for task in phase.tasks))
        for phase in phases
    ]
    return Report(target=target, seed=0, phases=tuple(scores))


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize(
    ("target", "name", "option"),
    [
        (DEFAULT_TARGET, "exercises", ""),
        (Path("/elsewhere/mine"), "../mine", " --target=../mine"),
        (Path("/elsewhere/a b"), "../a b", " --target='../a b'"),
    ],
)
def test_a_command_names_any_other_folder_than_the_exercises(lang, target, name, option):
    everything = report_of(name)
    language = "" if lang == "en" else " --lang ja"
    [step] = next_step(replace(everything, assembled=False), target, lang)
    assert f"`python -m pytest{option} tests/test_assembled.py`" in step
    [step] = next_step(report_of(name, COURSE[:1]), target, lang)
    assert f"`python grader.py{option}{language}`" in step
    *_, step, script = next_step(report_of(name, state="failed"), target, lang)
    assert step.endswith(f"python -m pytest --task sinusoidal_encoding{option}")
    assert script.endswith(f"python grader.py repro sinusoidal_encoding{option}{language}")


@pytest.mark.parametrize("lang", LANGS)
def test_who_has_done_everything_needs_no_command(lang):
    [step] = next_step(replace(report_of("mine"), assembled=True), Path("/mine"), lang)
    assert "python" not in step


def test_what_is_written_and_fails_comes_before_what_is_to_do():
    report = report_of("mine", COURSE[:2], state="todo")
    first, second = report.phases
    failing = replace(second.tasks[1], state="failed")
    report = replace(report, phases=(first, replace(second, tasks=(second.tasks[0], failing, *second.tasks[2:]))))
    assert next_task(report) == (COURSE[1], failing.name, "failed")
    assert next_task(report_of("mine", COURSE[:2], state="todo"))[1] == COURSE[0].tasks[0].name

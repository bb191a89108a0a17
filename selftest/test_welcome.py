"""What someone sees who has not written anything yet, and how text is broken into lines."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest
from rich.cells import cell_len
from rich.console import Console

from kata.course.phases import COURSE
from kata.grading.grade import grade
from kata.line_breaking import CLOSING, OPENING, wrap
from kata.reports import terminal
from kata.reports.welcome import ABOUT
from kata.source.tree import line_of
from selftest.submissions import make_target


@pytest.fixture(scope="module")
def stubs(tmp_path_factory):
    return make_target(tmp_path_factory.mktemp("welcome") / "exercises")


def shown(report, target, lang="en", width=80, **options):
    console = Console(file=io.StringIO(), width=width, highlight=False, **options)
    terminal.show(report, console, target, lang)
    return console.file.getvalue()


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_untouched_stubs_are_welcomed_on_one_screen(lang, stubs):
    said = shown(grade(stubs), stubs, lang)
    assert len(said.splitlines()) < 24
    assert all(cell_len(line) <= 80 for line in said.splitlines() if str(stubs) not in line)
    assert all(phase.title(lang) in said for phase in COURSE)
    assert not re.search("to do|未着手|0 / ", said)
    [step] = [line for line in said.splitlines() if line.startswith(("Next: ", "次の一歩: "))]
    assert "sinusoidal_encoding" in step
    line = line_of(stubs / COURSE[0].file, COURSE[0].tasks[0].name)
    assert f"exercises/phase1_embedding.py:{line}" in step
    assert "python grader.py watch" in said


def test_one_phase_alone_or_one_task_begun_is_a_report(stubs):
    assert "to do" in shown(grade(stubs, COURSE[:1]), stubs)
    report = grade(stubs)
    first = report.phases[0]
    begun = replace(first, tasks=(replace(first.tasks[0], state="failed", message="no"), *first.tasks[1:]))
    assert "to do" in shown(replace(report, phases=(begun, *report.phases[1:])), stubs)
    assert "to do" in shown(replace(report, assembled_message="no"), stubs)


def test_without_colour_there_are_no_colours(stubs):
    assert "\x1b[32m" not in shown(grade(stubs), stubs, force_terminal=True, no_color=True)


@pytest.mark.parametrize("width", [20, 40, 79])
@pytest.mark.parametrize("lang", [0, 1], ids=["en", "ja"])
@pytest.mark.parametrize("hanging", [0, 4])
def test_lines_are_broken_where_readers_expect_it(width, lang, hanging):
    lines = wrap(ABOUT[lang], width, hanging)
    assert all(cell_len(line) <= width for line in lines)
    assert all(line.startswith(" " * hanging) for line in lines[1:])
    assert all(line.strip()[0] not in CLOSING and line[-1] not in OPENING for line in lines)
    assert "".join(line.strip() for line in lines).replace(" ", "") == ABOUT[lang].replace(" ", "")
    if hanging == 0:
        assert any(cell_len(line) > width - 3 for line in lines)


def test_words_that_are_too_long_are_cut_and_nothing_is_lost():
    assert wrap("x" * 25, 10, hanging=2) == ["x" * 10, "  " + "x" * 8, "  " + "x" * 7]
    assert wrap("あ" * 7, 5) == ["ああ", "ああ", "ああ", "あ"]
    assert wrap("", 10) == [""]

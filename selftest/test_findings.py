"""Every report names the known mistake, not the terminal alone."""

from __future__ import annotations

import io
import json
from xml.etree import ElementTree

import pytest
from rich.console import Console

from kata.course.phases import COURSE
from kata.diagnosis.misconceptions import of_task
from kata.grading.scoring import PhaseScore, Report, TaskScore
from kata.reports import gradescope, junit, markdown, terminal
from kata.results import ERROR, FAILED, PASSED

KNOWN = of_task("split_heads")[0]


@pytest.fixture
def report():
    """Phase 2, with one task that shows a known mistake, leaves a test unexplained and has printed something."""
    tasks = tuple(
        TaskScore(
            task.name, FAILED, 0.0, task.points, 1, 7, "split_heads(x, 4): wrong shape", "here I am", (KNOWN.id,), 1
        )
        if task.name == KNOWN.task
        else TaskScore(task.name, FAILED, 0.0, task.points, 0, 7, "something else")
        for task in COURSE[1].tasks
    )
    return Report("mine", 0, (PhaseScore(COURSE[1], tasks),), None, "", "trust")


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_markdown_and_terminal_name_it_once(report, lang):
    console = Console(file=io.StringIO(), width=100)
    terminal.show(report, console, COURSE[1].suite()[0].parent, lang)
    for text in (console.file.getvalue(), markdown.render(report, lang)):
        assert text.count({"en": "Known mistake", "ja": "よくある間違い"}[lang]) == 1
    assert markdown.escape(KNOWN.explanation(lang)) in markdown.render(report, lang)


def test_gradescope_names_it_and_shows_what_was_printed(report):
    shown = json.loads(gradescope.render(report))["tests"][:-1]
    outputs = {test["name"].split(": ")[1]: test["output"] for test in shown}
    assert KNOWN.explanation("en") in outputs[KNOWN.task]
    assert "here I am" in outputs[KNOWN.task]
    assert sum("Known mistake" in output for output in outputs.values()) == 1


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_junit_names_it(report, lang):
    root = ElementTree.fromstring(junit.render(report, lang))
    texts = {case.get("name"): "".join(case.itertext()) for case in root.iter("testcase")}
    assert KNOWN.explanation(lang) in texts[KNOWN.task]
    assert {"en": "One more test", "ja": "ほかの 1 個のテスト"}[lang] in texts[KNOWN.task]


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_what_the_machine_does_not_confine_is_for_the_instructor_alone(report, lang):
    results = json.loads(gradescope.render(report, lang))
    assert [test["output"] for test in results["tests"] if test.get("visibility") == "hidden"] == ["trust"]
    shown = [test for test in results["tests"] if test.get("visibility") != "hidden"]
    assert "trust" not in json.dumps([results["output"], shown])
    assert "trust" not in markdown.render(report, lang)


@pytest.fixture
def blameless():
    """Phase 1: every task right, but for what fails on this machine whoever wrote it."""
    first, second, *others = COURSE[0].tasks
    message = "the reference fails here too"
    tasks = [TaskScore(first.name, ERROR, first.points / 2, first.points, 2, 4, message, not_gradable=2)]
    tasks += [TaskScore(second.name, ERROR, 0.0, second.points, 0, 4, message, not_gradable=4)]
    tasks += [TaskScore(task.name, PASSED, task.points, task.points, 4, 4) for task in others]
    return Report("mine", 0, (PhaseScore(COURSE[0], tuple(tasks)),))


@pytest.mark.parametrize(("lang", "said"), [("en", "wrong shape"), ("ja", "形が違います")])
def test_every_report_tells_the_message_in_its_language(report, lang, said):
    for text in (gradescope.render(report, lang), junit.render(report, lang), markdown.render(report, lang)):
        assert said in text


def test_points_that_nobody_can_earn_here_are_not_lost(blameless):
    lost = blameless.points_not_gradable
    assert lost == COURSE[0].tasks[0].points / 2 + COURSE[0].tasks[1].points
    results = json.loads(gradescope.render(blameless))
    assert results["score"] == 100.0  # of a fixed 100: the share of what can be graded
    assert f"({lost:g} points)" in results["output"]
    for test in results["tests"][:-1]:
        assert test["score"] == test["max_score"]
        assert test.get("status") != "failed"
    [suite] = ElementTree.fromstring(junit.render(blameless))
    assert (suite.get("failures"), suite.get("errors"), suite.get("skipped")) == ("0", "0", "2")
    assert [element.tag for case in suite for element in case] == ["skipped", "skipped"]
    told = markdown.render(blameless)
    assert told.startswith(f"# Transformer Kata: {100 - lost:g} / {100 - lost:g}\n")
    assert told.count("⚠️") == 2
    assert "The reference fails in them as well" in told


def test_what_is_wrong_beside_them_still_is(blameless):
    [phase] = blameless.phases
    wrong = TaskScore(phase.tasks[0].name, ERROR, 5.0, phase.tasks[0].max_score, 1, 4, "wrong", not_gradable=2)
    report = Report("mine", 0, (PhaseScore(phase.phase, (wrong, *phase.tasks[1:])),))
    results = json.loads(gradescope.render(report))
    assert results["score"] < 100.0
    assert results["tests"][0]["status"] == "failed"
    [suite] = ElementTree.fromstring(junit.render(report))
    assert (suite.get("errors"), suite.get("skipped")) == ("1", "1")

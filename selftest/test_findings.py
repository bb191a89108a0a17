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
from kata.results import FAILED

KNOWN = of_task("split_heads")[0]


@pytest.fixture
def report():
    """Phase 2, with one task that shows a known mistake, leaves a test unexplained and has printed something."""
    tasks = tuple(
        TaskScore(task.name, FAILED, 0.0, task.points, 1, 7, "wrong values", "here I am", (KNOWN.id,), 1)
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
    outputs = {test["name"].split(": ")[1]: test["output"] for test in json.loads(gradescope.render(report))["tests"]}
    assert KNOWN.explanation("en") in outputs[KNOWN.task]
    assert "here I am" in outputs[KNOWN.task]
    assert sum("Known mistake" in output for output in outputs.values()) == 1


def test_junit_names_it(report):
    root = ElementTree.fromstring(junit.render(report))
    texts = {case.get("name"): "".join(case.itertext()) for case in root.iter("testcase")}
    assert KNOWN.explanation("en") in texts[KNOWN.task]
    assert "One more test" in texts[KNOWN.task]

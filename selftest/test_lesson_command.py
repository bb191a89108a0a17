"""``python grader.py lesson``: the page if it is built, the Markdown if not; both exist and speak of the task."""

from __future__ import annotations

import os

import pytest

from kata.commands import lesson
from kata.course.phases import COURSE, PROJECT
from selftest.grader_runs import run_grader


@pytest.fixture
def site(tmp_path, monkeypatch):
    """An empty folder for the built site."""
    monkeypatch.setattr(lesson, "SITE", tmp_path / "html")
    return tmp_path / "html"


@pytest.fixture
def opened(monkeypatch):
    """Addresses that a browser was asked to open, at a terminal."""
    addresses: list[str] = []
    monkeypatch.setattr(lesson.webbrowser, "open", addresses.append)
    monkeypatch.setattr(lesson, "at_a_terminal", lambda: True)
    return addresses


def build(phase, lang, age=0.0):
    """A page that is ``age`` seconds older than its lesson."""
    page = lesson.page_of(phase, lang)
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text("<h1>lesson</h1>", encoding="utf-8")
    changed = (PROJECT / phase.lesson(lang)).stat().st_mtime
    os.utime(page, (changed - age, changed - age))
    return page


@pytest.mark.parametrize("lang", ["en", "ja"])
@pytest.mark.parametrize("phase", COURSE, ids=lambda phase: phase.id)
def test_without_a_site_the_markdown_is_named(site, opened, capsys, phase, lang):
    assert lesson.main([str(phase.number), phase.tasks[0].name, "--lang", lang]) == 0
    path, _, anchor = capsys.readouterr().out.splitlines()[0].split(": ")[1].partition("#")
    assert f'<a id="{anchor}"></a>' in (PROJECT / path).read_text(encoding="utf-8")
    assert opened == []


def test_where_no_site_can_be_built_none_is_promised(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(lesson, "SITE", tmp_path / "nothing" / "html")
    assert lesson.main(["2"]) == 0
    assert "site_build" not in capsys.readouterr().out


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_a_built_page_is_opened_at_the_task(site, opened, capsys, lang):
    page = build(COURSE[1], lang)
    assert lesson.main(["2", "split_heads", "--lang", lang]) == 0
    assert opened == [f"{page.as_uri()}#task-split_heads"]
    assert "site_build" not in capsys.readouterr().out.replace(page.as_uri(), "")


def test_a_page_older_than_its_lesson_is_told(site, opened, capsys):
    build(COURSE[1], "en", age=60)
    assert lesson.main(["2"]) == 0
    assert len(opened) == 1
    assert "python -m site_build" in capsys.readouterr().out


def test_no_browser_is_opened_for_a_script(site, capsys, monkeypatch):
    page = build(COURSE[1], "en")
    monkeypatch.setattr(lesson.webbrowser, "open", lambda address: pytest.fail("a browser was opened"))
    assert lesson.main(["2"]) == 0
    assert page.as_uri() in capsys.readouterr().out


def test_an_unknown_task_is_bad_usage():
    run = run_grader("lesson", "2", "split_head")
    assert run.status == 2
    assert "its tasks are" in run.err and "Traceback" not in run.err

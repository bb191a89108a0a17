"""What ``watch`` has on its page, without a terminal: which task is at hand, what makes room, which editor opens it."""

from __future__ import annotations

import io
import re

import pytest
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from kata.commands.watch_mode import editor
from kata.commands.watch_mode.pages import Pages
from kata.commands.watch_mode.scoreboard import Scoreboard, task_at_hand
from kata.commands.watch_mode.screen import Screen, View, _source_of
from kata.course.phases import COURSE
from kata.grading.scoring import PhaseScore, TaskScore, untouched_task
from kata.i18n import LANGUAGES
from kata.reports import terminal
from kata.results import ERROR, FAILED, PASSED, TODO
from kata.source.files import Folder
from selftest.submissions import make_target, phase, replaced, solution, with_bodies

PHASE = phase(2)
NAMES = [task.name for task in PHASE.tasks]
ATTENTION, SPLIT, MERGE, HEADS = NAMES
MESSAGE = "\n".join(f"line {number} of what is wrong, with quite a few words in it" for number in range(8))


def score_of(message="no", **states):
    """A score of phase 2: the named tasks have another state than PASSED."""
    tasks = []
    for task in PHASE.tasks:
        state = states.get(task.name, PASSED)
        passed = {PASSED: 8, TODO: 0}.get(state, 3)
        tasks.append(TaskScore(task.name, state, 0.0, task.points, passed, 8, "" if state == PASSED else message))
    return PhaseScore(PHASE, tuple(tasks))


@pytest.fixture
def target(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return make_target(tmp_path / "mine", solved=(2,))


def console(width=80, height=24):
    return Console(file=io.StringIO(), width=width, height=height, force_terminal=True, highlight=False)


def screen_of(target, lang="en", width=80, height=24):
    found = Screen(console(width, height), Folder(target, target.name), lang, Scoreboard(target, lang))
    found.begin("saved", PHASE)
    return found


def lines_of(screen, view):
    return [line.plain for line in screen._page(view)]


# -- which task is at hand --


def test_what_was_rewritten_and_fails_is_at_hand_then_what_fails_then_what_is_to_do():
    failing = score_of(**{SPLIT: FAILED, MERGE: FAILED, ATTENTION: TODO})
    assert task_at_hand(failing, {MERGE}).name == MERGE
    assert task_at_hand(failing, {ATTENTION}).name == SPLIT
    assert task_at_hand(score_of(**{ATTENTION: TODO, SPLIT: TODO}), {HEADS}).name == ATTENTION
    assert task_at_hand(score_of()) is None


def test_what_this_machine_fails_is_not_at_hand():
    tasks = [
        TaskScore(name, FAILED if name == SPLIT else PASSED, 0.0, 15, 6, 8, "no", not_gradable=2) for name in NAMES
    ]
    assert task_at_hand(PhaseScore(PHASE, tuple(tasks))) is None


# -- what stands on the page --


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("size", [(80, 24), (60, 20), (120, 40), (40, 16)])
def test_the_verdict_fits_on_the_screen_whatever_its_size(lang, size, target):
    screen = screen_of(target, lang, *size)
    task = TaskScore(ATTENTION, FAILED, 0.0, 40, 3, 8, MESSAGE, "printed\n" * 9, ("attention-not-scaled",), 3)
    score = PhaseScore(PHASE, (task, *score_of(**{HEADS: TODO}).tasks[1:]))
    lines = screen._page(View(PHASE, score))
    assert screen.pages.rows(lines) <= size[1] - 1
    text = "\n".join(line.plain for line in lines)
    assert f"✗ {ATTENTION}" in text
    assert "line 0 of what is wrong" in text
    assert re.search("Next:|次の一歩:", text)


def test_what_a_key_asked_for_leaves_the_verdict_on_the_screen(target):
    screen = screen_of(target)
    screen.overview(PHASE)
    lines = screen._page(View(PHASE, score_of(MESSAGE, **{SPLIT: FAILED})))
    assert screen.pages.rows(lines) <= 23
    shown = "\n".join(line.plain for line in lines)
    assert "beam_search" in shown
    assert "line 0 of what is wrong" in shown
    assert "space: back" in shown


def test_the_overview_is_laid_out_anew_when_the_terminal_has_another_width(target):
    screen = screen_of(target, "en", 80, 40)
    screen.overview(PHASE)
    for width in (60, 80):
        screen.pages.console.width = width
        screen.adapt(PHASE)
        assert max(line.cell_len for line in screen.notes if line.plain.startswith("    ")) <= width
    screen.notes = screen.say("unknown_key", key="x")
    screen.adapt(PHASE)
    assert len(screen.notes) == 1


def test_while_a_run_goes_on_the_verdict_before_is_marked_as_such(target):
    screen = screen_of(target)
    before = score_of("the old message", **{SPLIT: FAILED})
    view = View(PHASE, score_of(), frozenset({SPLIT, HEADS}), before, frozenset({SPLIT}), status="grading ...")
    lines = lines_of(screen, view)
    assert any(line.strip() == f"… {SPLIT}  before this save: 3/8" for line in lines)
    assert any("the old message" in line for line in lines)
    assert any(f"✓ {MERGE}" in line and f"… {HEADS}" in line for line in lines)
    assert not any(line.startswith("Next: ") for line in lines)


def test_a_stub_is_to_do_and_not_awaited(target):
    view = View(PHASE, score_of(), frozenset({MERGE, HEADS}), score_of(), unwritten=frozenset({HEADS}), status="...")
    shown = "\n".join(lines_of(screen_of(target), view))
    assert f"· {HEADS}" in shown
    assert f"… {MERGE}" in shown


def test_a_stub_at_hand_is_to_do_while_another_task_is_graded(target):
    before = score_of(**{ATTENTION: TODO})
    unwritten = frozenset({ATTENTION})
    view = View(PHASE, before, frozenset({ATTENTION, SPLIT}), before, frozenset({SPLIT}), unwritten, "grading ...")
    lines = lines_of(screen_of(target), view)
    assert any(re.fullmatch(rf"  · {ATTENTION} +to do +0 / 40", line) for line in lines)
    failing = View(PHASE, before, view.pending, score_of("old", **{ATTENTION: FAILED}), unwritten=unwritten, status=".")
    assert any(f"{ATTENTION}  before this save: 3/8" in line for line in lines_of(screen_of(target), failing))


def test_a_task_that_passed_and_is_rewritten_keeps_its_verdict_while_it_is_graded(target):
    rewritten = frozenset({MERGE})
    for before in (score_of(), score_of(**{HEADS: TODO})):
        view = View(PHASE, score_of(), rewritten, before, rewritten, frozenset({HEADS}), "grading ...")
        lines = lines_of(screen_of(target), view)
        assert f"  … {MERGE}  before this save: 8/8" in lines
        assert not any(f"… {MERGE}" in line for line in lines if "before this save" not in line)


def test_headline_and_notes_follow_the_width_of_the_terminal(target):
    screen = screen_of(target)
    screen.notes = [Text("+" + " " * 8 + "word " * 13), Text("short")]
    for width in (80, 50):
        screen.pages.console.width = width
        lines = lines_of(screen, View(PHASE, score_of(**{SPLIT: FAILED})))
        assert all(len(line) <= width for line in lines if "word" in line or "Watching" in line)
        assert [len(line) for line in lines if line.startswith("── ")] == [width - 1]
        assert "short" in lines


def test_the_bar_does_not_fall_while_everything_is_graded_anew(target):
    scoreboard = Scoreboard(target, "en")
    scoreboard._scores[PHASE.id] = score_of()
    scoreboard.tell(PHASE)
    scoreboard.without(PHASE, results=True)
    assert scoreboard.passed()[0] == 4
    scoreboard._scores[PHASE.id] = score_of(**{SPLIT: FAILED})
    assert scoreboard.passed()[0] == 3


@pytest.mark.parametrize("size", [(80, 24), (60, 20), (40, 16)])
def test_with_a_hint_the_page_names_the_way_back_and_no_line_goes_on_in_the_next(size, target):
    screen = screen_of(target, "en", *size)
    wide = "x" * (size[0] - 7)
    score = score_of(f"{wide}\n{wide}\n{wide}\n{wide}", **{SPLIT: FAILED})
    for count in range(3, size[1] - 8):
        screen.notes = screen.say("unknown_key", key="x") * count
        lines = lines_of(screen, View(PHASE, score))
        assert "space: back to the verdict" in lines
        assert all(len(line) <= size[0] for line in lines if line.endswith("…"))


def test_a_file_that_is_no_python_is_what_has_to_be_repaired(target):
    (target / PHASE.file).write_text("x = 1\ndef split_heads(:\n", encoding="utf-8")
    screen = screen_of(target)
    view = View(PHASE, score_of("not valid Python", **dict.fromkeys(NAMES, ERROR)))
    screen._scoreboard._scores[PHASE.id] = view.score
    [step] = [line for line in lines_of(screen, view) if line.startswith("Next: ")]
    assert step.endswith(f"{PHASE.file}:2")
    assert ATTENTION not in step


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_complete_phase_says_what_is_left_to_look_at(lang, target):
    screen = screen_of(target, lang)
    screen._scoreboard._scores[PHASE.id] = score_of()
    text = "\n".join(lines_of(screen, View(PHASE, score_of())))
    for named in (
        "grader.py show 2",
        f"lessons/{lang}/phase2_attention.md#questions",
        f"lessons/{lang}/phase3_layers.md",
    ):
        assert named in text.replace("\n    ", "").replace("\n      ", "")
    assert re.search(r"^  s ", text, re.MULTILINE)
    assert "\n\n\n" not in text
    screen.overview(PHASE)
    assert any(line.startswith(("space:", "スペース")) for line in lines_of(screen, View(PHASE, score_of())))
    for each in COURSE:
        tasks = tuple(TaskScore(task.name, PASSED, task.points, task.points, 8, 8) for task in each.tasks)
        screen._scoreboard._scores[each.id] = PhaseScore(each, tasks)
    screen.overview(PHASE)
    lines = lines_of(screen, View(PHASE, score_of()))
    assert len(lines) <= 23
    assert "grader.py certificate" in " ".join(" ".join(lines).split())
    assert any(line.startswith(("space:", "スペース")) for line in lines)


# -- which neighbours are to blame --


def test_a_task_that_could_not_be_tried_with_right_neighbours_names_those_that_do_not_pass(target):
    scoreboard = Scoreboard(target, "en")
    scoreboard._scores[PHASE.id] = score = score_of(**{SPLIT: FAILED, HEADS: FAILED})
    heads = score.tasks[-1]
    assert scoreboard.not_passed_below(PHASE, heads) == [SPLIT]
    scoreboard._tried_again[PHASE.id] = {HEADS}
    assert scoreboard.not_passed_below(PHASE, heads) == []


def test_only_what_is_written_builds_on_what_was_saved(target):
    scoreboard = Scoreboard(target, "en")
    todo = {
        "MultiHeadAttention.__init__": "super().__init__()\nself.cut = split_heads",
        "MultiHeadAttention.forward": 'raise NotImplementedError("Phase 2: MultiHeadAttention")',
    }
    for source, expected in ((solution(2), {HEADS}), (with_bodies(solution(2), todo), set())):
        scoreboard._known[PHASE.id] = (source, [])
        changed = replaced(source, f"def {SPLIT}(x", f"def {SPLIT}(y")
        (target / PHASE.file).write_text(changed, encoding="utf-8")
        run = scoreboard.prepare(PHASE)
        assert (run.rewritten, run.builds_on) == ({SPLIT}, expected)


# -- nothing is cut --


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("width", [50, 60, 80, 100])
def test_titles_and_reasons_are_whole(lang, width):
    for each in COURSE:
        rows = terminal.heading(each.title(lang), f"{each.number} ", 12.5, 100, width)
        assert all(row.cell_len <= width for row in rows)
        told = "".join(row.plain for row in rows)
        words = re.sub(r"[█░\s]|12.5 / 100", "", told)
        assert words == f"{each.number}{each.title(lang)}".replace(" ", "")
        if width >= 80:
            assert len(rows) == 1
        for task in each.tasks:
            waiting = TaskScore(task.name, TODO, 0.0, task.points, 0, 12, f"Phase {each.number}: {each.tasks[0].name}")
            rows = terminal.task_rows(waiting, lang, width)
            assert all(row.cell_len <= width for row in rows)
            text = "".join(row.plain for row in rows)
            assert task.name in text
            assert each.tasks[0].name in text
            assert "…" not in text


def test_a_row_of_the_report_keeps_its_form():
    task = untouched_task(PHASE.tasks[0], 29, 2)
    [row] = terminal.task_rows(task, "en", 80)
    assert re.fullmatch(rf"  · {ATTENTION} +to do +0 / 40", row.plain)
    assert cell_len(row.plain) == 80


def test_a_colour_is_the_mark_s_and_does_not_run_over_the_line(target):
    failed = score_of(**{SPLIT: FAILED})
    rows = [*terminal.task_rows(failed.tasks[1], "en", 80), *terminal.heading("title", "2 ", 30, 100, 80)]
    rows += [*screen_of(target)._flow(PHASE, failed, frozenset(), set(), 80), screen_of(target)._bar(None)]
    for row in rows:
        assert str(row.style) == ""  # what a line begins with would colour all of it
    coloured = [row.plain[span.start : span.end].strip() for row in rows for span in row.spans if span.style]
    assert {"✗", "3/8 tests", "✓", "3/8", "2 title"} <= set(coloured)
    assert not {SPLIT, MERGE, "30 / 100"} & set(coloured)


# -- pages --


def test_a_page_overwrites_or_scrolls_away_and_a_plain_terminal_gets_lines():
    paper = console()
    pages = Pages(paper)
    pages.show([Text("one")])
    first = paper.file.getvalue()
    assert first.startswith("\n" * 23 + "\x1b[1;1H\x1b[2K")  # what the shell left scrolls away
    pages.show([Text("two")], keep=False)
    assert not paper.file.getvalue()[len(first) :].startswith("\n")
    pages.show([Text("x")] * 24)
    assert not pages.fits
    plain = Console(file=io.StringIO(), width=80, height=24)
    pages = Pages(plain)
    pages.show([Text("one"), Text("grading")], passing=True)
    pages.show([Text("one"), Text("two")])
    assert plain.file.getvalue() == "grading\n\none\ntwo\n"


# -- the editor --


@pytest.mark.parametrize(
    ("environment", "expected", "in_terminal"),
    [
        ({"VISUAL": "code"}, ["code", "-g", "f.py:7"], False),
        ({"VISUAL": "code -g --reuse-window"}, ["code", "--reuse-window", "-g", "f.py:7"], False),
        ({"EDITOR": "vim"}, ["vim", "+7", "f.py"], True),
        ({"EDITOR": "hx"}, ["hx", "f.py:7"], True),
        ({"VISUAL": "subl", "EDITOR": "vim"}, ["subl", "f.py:7"], False),
        ({"TERM_PROGRAM": "vscode"}, ["code", "-g", "f.py:7"], False),
        ({"EDITOR": "'my editor' -x"}, ["my editor", "-x", "+7", "f.py"], True),
    ],
)
def test_editors_are_told_the_line_in_their_own_way(environment, expected, in_terminal, monkeypatch):
    monkeypatch.setattr(editor.shutil, "which", lambda program, path=None: program)
    assert editor.command_for("f.py", 7, environment) == (expected, in_terminal)


@pytest.mark.parametrize(("environment", "named"), [({}, ""), ({"VISUAL": "no-such-editor"}, "no-such-editor")])
def test_no_editor_is_said(environment, named):
    with pytest.raises(editor.NoEditor, match=f"^{named}$"):
        editor.command_for("f.py", 7, environment)


# -- what files are called --


def test_a_message_names_files_as_one_would_open_them(tmp_path, monkeypatch):
    (tmp_path / "deep" / "mine").mkdir(parents=True)
    message = "raises ValueError at mine/phase2_attention.py:7, in f. See lessons/en/phase2_attention.md#masks."
    monkeypatch.chdir(tmp_path)
    folder = Folder(tmp_path / "deep" / "mine", "deep/mine/")
    assert folder.in_message(message).startswith("raises ValueError at deep/mine/phase2_attention.py:7, in f. See /")
    assert folder.place("phase2_attention.py", 7) == "deep/mine/phase2_attention.py:7"
    monkeypatch.chdir(tmp_path / "deep")
    assert Folder(tmp_path / "deep" / "mine", "exercises").place("a.py") == "mine/a.py"
    monkeypatch.chdir(tmp_path / "deep" / "mine")
    assert Folder(tmp_path / "deep" / "mine", "../mine").place("a.py") == "../mine/a.py"
    assert Folder(tmp_path / "other", "other").place("a.py") == f"{tmp_path}/other/a.py"


def test_what_a_source_holds_is_shown_without_control_codes_in_its_own_encoding(tmp_path):
    path = tmp_path / COURSE[1].file
    path.write_bytes(b"# -*- coding: latin-1 -*-\ndef split_heads(x, n):\n    return x  # \xe9\x1b[2J\x9b31m\n")
    assert _source_of(path, "split_heads") == ["def split_heads(x, n):", "    return x  # \u00e9 [2J 31m"]
    path.write_bytes(b"\xff")
    assert _source_of(path, "split_heads") == []

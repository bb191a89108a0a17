"""Where the encoding of the terminal lacks a sign, a plain one stands: never a question mark, never a traceback."""

from __future__ import annotations

import sys
import unicodedata

import pytest

from kata.course.phases import PROJECT
from kata.signs import ERRORS, PLAIN
from selftest.grader_runs import run_grader
from selftest.submissions import make_target, solution, with_bodies

pytestmark = pytest.mark.timeout(240)

ENCODINGS = ("ascii", "cp1252", "cp932")
IN_FILES_ALONE = {"kata/reports/markdown.py"}
"""What these say is written to files, in UTF-8."""

WRONG = with_bodies(solution(2), {"split_heads": "return x.reshape(len(x), num_heads, -1, x.size(-1) // num_heads)"})


def spoken(encoding):
    """Every character in what the kata says (sources, suites, hints), apart from Japanese where there is none of it."""
    for path in sorted(PROJECT.glob("*/**/*")):
        name = path.relative_to(PROJECT).as_posix()
        shown = name.startswith(("kata/", "tests/", "lessons/en/", "lessons/ja/")) and path.suffix in (".py", ".md")
        if shown and name not in IN_FILES_ALONE:
            for character in set(path.read_text(encoding="utf-8")):
                if encoding == "cp932" or unicodedata.east_asian_width(character) not in "WF":
                    yield character, name


def say(encoding, *arguments, status=0):
    """What a command says on a terminal with this encoding; nothing in it was lost."""
    run = run_grader(*arguments, PYTHONIOENCODING=encoding, PYTHONUTF8="0", encoding=encoding)
    assert run.status == status, run.err
    said = run.out + run.err
    assert "Traceback" not in said
    assert "?" not in said
    return said


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_sign_has_a_plain_form(encoding):
    lacking = {
        (sign, where) for sign, where in spoken(encoding) if sign != "?" and b"?" in sign.encode(encoding, ERRORS)
    }
    assert lacking == set()


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_plain_forms_say_the_same(encoding):
    assert b"?" not in "".join(PLAIN).encode(encoding, ERRORS)
    assert "\u2801\u2802".encode(encoding, ERRORS) == b"**"
    assert "\U0001f600".encode(encoding, ERRORS) == b"?"


def test_plain_forms_in_ascii():
    assert "a ≠ b, 1 ± ε, ½, √π, é, ┌─┐".encode("ascii", ERRORS) == b"a != b, 1 +- epsilon, 1/2, sqrtpi, e, +-+"


@pytest.mark.parametrize("encoding, lang", [("ascii", "en"), ("cp932", "ja")])
def test_a_report_of_a_mistake_has_plain_signs(encoding, lang, tmp_path):
    target = make_target(tmp_path / "mine")
    (target / "phase2_attention.py").write_text(WRONG, encoding="utf-8")
    told = say(encoding, 2, "--target", target, "--lang", lang)
    assert "ok merge_heads" in told
    assert "x split_heads" in told
    assert "####" in told


@pytest.mark.proof
@pytest.mark.parametrize("encoding, lang", [("ascii", "en"), ("cp932", "ja")])
@pytest.mark.parametrize("command", ["show", "train", "class", "hint", "doctor"])
def test_a_command_has_plain_signs(encoding, lang, command, tmp_path):
    mine = make_target(tmp_path / "class" / "mine")
    (mine / "phase2_attention.py").write_text(WRONG, encoding="utf-8")
    pictures = ["--into", tmp_path / "pictures"]
    arguments = {
        "show": [2, "--target", "solutions", *pictures],
        "train": ["reverse", "--target", "solutions", "--steps", 2, "--runs", tmp_path / "runs", *pictures],
        "class": [tmp_path / "class", "--phases", 2, "--into", tmp_path / "results"],
        "hint": [2, "--target", mine],
        "doctor": [],
    }
    assert say(encoding, command, *arguments[command], "--lang", lang)


@pytest.mark.proof
@pytest.mark.skipif(sys.platform == "win32", reason="there is no pseudo-terminal")
@pytest.mark.parametrize("encoding, lang", [("ascii", "en"), ("cp932", "ja")])
def test_watch_has_plain_signs(encoding, lang, tmp_path):
    from selftest.terminal import CODES, Terminal

    target = make_target(tmp_path / "mine")
    (target / "phase2_attention.py").write_text(WRONG, encoding="utf-8")
    arguments = ["watch", 2, "--target", target, "--lang", lang]
    with Terminal(arguments, PYTHONIOENCODING=encoding, PYTHONUTF8="0") as terminal:
        terminal.wait_for("x split_heads")
        terminal.press("l")
        terminal.wait_for("beam_search")
        terminal.press("q")
        assert terminal.end() == 0
        assert "?" not in CODES.sub("", terminal.said)

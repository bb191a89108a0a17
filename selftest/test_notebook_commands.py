"""What the grader says in a notebook names commands that a notebook has."""

from __future__ import annotations

import re
from html import escape

import pytest

from kata.commands import hint
from kata.i18n import LANGUAGES, TEXTS, choose
from kata.notebook.commands import GRADER, PYTEST, in_notebook
from kata.pictures import phase6
from kata.session import reference_check

FILLED = {"phase": 2, "number": 2, "task": "split_heads", "toy": "reverse", "target": " --target=mine"}
FILLED["option"] = FILLED["target"]
TERMINAL = re.compile(r"python grader\.py(?! watch)|python -m pytest")
"""A command that only a terminal has. Watching needs one."""


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("See it: python grader.py trace 2 split_heads", "See it: %trace split_heads"),
        ("見るには: python grader.py trace 2 split_heads --lang ja", "見るには: %trace split_heads"),
        ("python grader.py hint 2 split_heads --target='my own' --again", "%hint split_heads --again"),
        ("Compare (python grader.py show 2 --target mine).", "Compare (%show 2)."),
        ("`python grader.py 2 --lang ja` で", "`check(2)` で"),
        ("Go on with `python grader.py --target=mine`.", "Go on with `check()`."),
        ("Run `python grader.py doctor` now", f"Run `{GRADER} doctor` now"),
        ("python grader.py train reverse --lang ja で", f"{GRADER} train reverse --lang ja で"),
        ("python grader.py repro split_heads", f"{GRADER} repro split_heads"),
        ("or s in python grader.py watch 2", "or s in python grader.py watch 2"),
        ("python -m pytest --task split_heads", f"{PYTEST} --task split_heads"),
    ],
)
def test_a_command_becomes_a_notebooks(said, shown):
    assert in_notebook(said) == shown


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_sentence_that_a_notebook_shows_names_a_notebooks_commands(lang):
    sentences = [choose(pair, lang) for pair in (*TEXTS.values(), *hint.SENTENCES.values())]
    sentences += [choose(pair, lang) for pair in vars(phase6).values() if isinstance(pair, tuple)]
    sentences.append(reference_check.MESSAGE)
    naming = [sentence for sentence in sentences if "grader.py" in sentence or "pytest" in sentence]
    assert len(naming) > 10
    for sentence in naming:
        said = re.sub(r"\{(\w+)[^}]*\}", lambda match: str(FILLED.get(match.group(1), "x")), sentence)
        shown = in_notebook(said)
        assert not TERMINAL.search(shown) and " --lang ja" not in re.sub(r'!".*', "", shown), shown


def test_about_another_folder_the_folder_is_named():
    said = "python grader.py trace 2 split_heads --target mine"
    assert in_notebook(said, own=False) == f"{GRADER} trace 2 split_heads --target mine"
    assert in_notebook("python grader.py 2 --target=mine", own=False) == f"{GRADER} 2 --target=mine"
    assert in_notebook("python grader.py hint 2", own=False) == "%hint 2"


def test_in_html_a_command_is_escaped():
    assert in_notebook("python -m pytest -x", True, escape) == f"{escape(PYTEST)} -x"


def test_no_colour_is_too_pale_for_a_white_page():
    said = "\x1b[36mx\x1b[0m \x1b[1;36my\x1b[0m \x1b[38;5;36mz"
    assert in_notebook(said) == "\x1b[34mx\x1b[0m \x1b[1;34my\x1b[0m \x1b[38;5;36mz"

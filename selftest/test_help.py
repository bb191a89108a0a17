"""``--help`` of every command: in both languages, complete, and within 80 columns."""

from __future__ import annotations

from importlib import import_module

import pytest
from rich.cells import cell_len

from kata import cli
from kata.commands import COMMANDS, MODULES
from kata.commands.help_in_japanese import JAPANESE, OF_PYTHON
from kata.commands.help_text import sentences
from selftest.grader_runs import run_grader

NAMES = ("", *COMMANDS)


def parser_of(name):
    return import_module(f"kata.commands.{MODULES.get(name, name)}" if name else "kata.cli").make_parser()


def said(name):
    parser = parser_of(name)
    texts = [parser.description, parser.epilog, *(action.help for action in parser._actions)]
    return [sentence for text in texts for sentence in sentences(text or "")]


def test_every_sentence_has_a_japanese_one_and_none_is_left_over():
    used = {sentence for name in NAMES for sentence in said(name)}
    assert used - set(JAPANESE) == set()
    assert set(JAPANESE) - used - set(OF_PYTHON) == set()


@pytest.mark.parametrize("name", NAMES)
def test_every_option_and_command_is_explained(name):
    parser = parser_of(name)
    assert parser.description and parser.epilog
    assert all(action.help for action in parser._actions)


@pytest.mark.parametrize("lang", ["en", "ja"])
@pytest.mark.parametrize("name", NAMES)
def test_no_line_is_wider_than_the_terminal(name, lang, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit) as ended:
        cli.main([*([name] if name else []), "--help", "--lang", lang])
    assert ended.value.code == 0
    out = capsys.readouterr().out
    assert [line for line in out.splitlines() if cell_len(line) > 80] == []
    for sentence in said(name):
        shown = JAPANESE[sentence] if lang == "ja" else sentence
        assert "".join(shown.split()) in "".join(out.split()), shown
    if lang == "ja":
        assert "usage" not in out and "show this" not in out


def test_the_language_may_stand_on_either_side_and_in_one_word():
    for arguments in (["--lang", "ja", "--help"], ["--lang=ja", "-h"]):
        run = run_grader("hint", *arguments)
        assert run.status == 0 and "課題の次のヒントを表示します" in run.out
    assert "課題" not in run_grader("hint", "--help").out

"""The layout of ``--help``, and its Japanese.

A help text consists of paragraphs, and of rows: an indented command, two spaces or more, and what it does.
"""

from __future__ import annotations

import argparse
import itertools
import re
from typing import Any, Iterator

from rich.cells import cell_len

from ..line_breaking import wrap
from .help_in_japanese import JAPANESE

ROW = re.compile(r"(\s+\S+(?: \S+)*)(\s{2,})(\S.*)")
USAGE = "usage: "
NARROW = 30
"""Columns beside a command that are too few for what it does: that goes below the command then."""

BELOW = 6
"""Columns by which it is indented there."""


class HelpFormatter(argparse.HelpFormatter):
    """Breaks lines at the width of the terminal, where a wide character is two columns; rows stand in two columns."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "\n".join(indent + line for line in laid_out(text, width))

    def _split_lines(self, text: str, width: int) -> list[str]:
        return wrap(" ".join(text.split()), width)


class JapaneseHelpFormatter(HelpFormatter):
    """The same with a Japanese word for "usage", which is a column wider."""

    def _format_usage(self, usage: Any, actions: Any, groups: Any, prefix: Any) -> str:
        first, *others = super()._format_usage(usage, actions, groups, USAGE).split("\n")
        return "\n".join([first.replace(USAGE, JAPANESE[USAGE], 1), *(f" {line}" if line else "" for line in others)])


def laid_out(text: str, width: int) -> list[str]:
    """The lines of a help text on a terminal of so many columns."""
    lines: list[str] = []
    for are_rows, blocks in itertools.groupby(_blocks(text), lambda block: ROW.fullmatch(block) is not None):
        if are_rows:
            lines += _rows(list(blocks), width)
        else:
            lines += (line for block in blocks for line in (wrap(block, width) if block[:1].strip() else [block]))
    return lines


def in_japanese(text: str) -> str:
    """A help text in Japanese; what has no translation, a command alone, stays."""
    lines = []
    for block in _blocks(text):
        row = ROW.fullmatch(block)
        lines.append(f"{row[1]}  {JAPANESE.get(row[3], row[3])}" if row else JAPANESE.get(block, block))
    return "\n".join(lines)


def sentences(text: str) -> Iterator[str]:
    """What of a help text is to be translated: its paragraphs, and what its rows say of their commands."""
    for block in _blocks(text):
        row = ROW.fullmatch(block)
        if row:
            yield row[3]
        elif block.strip() and not block[0].isspace():
            yield block


def _blocks(text: str) -> Iterator[str]:
    """Paragraphs, each as one line; every indented line, heading and empty line for itself."""
    paragraph: list[str] = []
    for line in [*text.splitlines(), ""]:
        alone = not line.strip() or line[0].isspace()
        if paragraph and (alone or paragraph[-1].endswith(":")):
            yield " ".join(paragraph)
            paragraph = []
        if alone:
            yield line
        else:
            paragraph.append(line)


def _rows(blocks: list[str], width: int) -> list[str]:
    """Commands on the left, what they do on the right; where that has too few columns, below the command."""
    rows = [(row[1], row[3]) for row in map(ROW.fullmatch, blocks) if row]
    column = max(len(command) for command, _ in rows) + 2
    if width - column < NARROW and any(column + cell_len(told) > width for _, told in rows):
        return [line for command, told in rows for line in (command, *_indented(told, BELOW, width))]
    return [
        (command if number == 0 else "").ljust(column) + line.strip()
        for command, told in rows
        for number, line in enumerate(_indented(told, column, width))
    ]


def _indented(told: str, column: int, width: int) -> list[str]:
    return [" " * column + line for line in wrap(told, width - column)]

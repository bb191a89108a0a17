"""Break text into lines for a terminal, English and Japanese alike.

Japanese has no spaces to break at: a line may end after any wide character, but none begins with a closing mark.
Where there is a better place shortly before, after a mark or where a word begins after kana, the line ends there.
"""

from __future__ import annotations

import re

from rich.cells import cell_len

MARKS = "、。，．・：；？！…）」』】〉》”’,.:;?!)]}"
CLOSING = MARKS + "ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ"
"""What does not begin a line."""

OPENING = "（「『【〈《“‘([{"
"""What does not end a line."""

MOST_BLANKS = 8
"""As many as may set something in columns; more are one."""

FILE = re.compile(r"[^\s/]*/[^\s]*\.(?:py|md|html|png)(?![^\s,.:;#)])")
"""A way to a file at the beginning of a line: whole, a terminal opens it."""

EARLIER = 6
"""A line may end before its last sixth for the sake of a better place."""

_WIDE = r"[\u1100-\u115f\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff00-\uffef]"
_PIECE = re.compile(rf"\s+|{_WIDE}|(?:(?!{_WIDE})\S)+")


def wrap(text: str, width: int, hanging: int = 0) -> list[str]:
    """Break one paragraph into lines of at most ``width`` columns; a word that is longer is cut, a file's name is not.

    Args:
        text: the paragraph, without line breaks.
        width: columns of a line.
        hanging: columns by which the lines after the first are indented.
    """
    lines: list[str] = []
    units: list[str] = []
    line = ""
    for unit in _units(text):
        if line.strip() and cell_len((line + unit).rstrip()) > width:
            moved = _better_end(units, unit, width)
            lines.append(line[: len(line) - len(moved)].rstrip())
            line, units = " " * hanging + moved, [moved] if moved else []
        line += unit if line.strip() else unit.lstrip()
        units.append(unit)
        while cell_len(line.rstrip()) > width and not FILE.match(line.strip()):
            indent = len(line) - len(line.lstrip())
            head = _cut(line, width, indent)
            lines.append(head.rstrip())
            line = " " * hanging + line[len(head) :].lstrip()  # shorter than before: it has lost at least a character
            units = [line.lstrip()]
    return [*lines, line.rstrip()] if line.strip() or not lines else lines


def _better_end(units: list[str], after: str, width: int) -> str:
    """What of the end of a full line goes to the next one with ``after``, so that the line ends at a better place."""
    moved = ""
    for place in range(len(units), 1, -1):
        before = units[place - 1]
        if before[-1] in f"{MARKS} " or (_is_kana(before[-1]) and not _is_kana((moved + after)[0])):
            return moved
        moved = before + moved
        if cell_len(moved) * EARLIER > width:
            break
    return ""


def _is_kana(character: str) -> bool:
    """Whether it is hiragana, with which Japanese words end, and seldom begin."""
    return "\u3041" <= character <= "\u309f"


def _cut(line: str, width: int, indent: int) -> str:
    """The beginning of a line that is too long, cut where a line may end if there is such a place at all.

    It holds something beside its ``indent``, even if that does not fit.
    """
    longest = _fitting(line, width).rstrip()
    for end in range(min(len(longest), len(line) - 1), indent, -1):
        if line[end] not in CLOSING and line[end - 1] not in OPENING:
            return line[:end]
    return longest if len(longest) > indent else line[: indent + 1]


def _fitting(line: str, width: int) -> str:
    """As many characters of a line as have room in so many columns."""
    columns = 0
    for place, character in enumerate(line):
        columns += cell_len(character)
        if columns > width:
            return line[:place]
    return line


def _units(text: str) -> list[str]:
    """What stays together on a line: a word or a wide character, with its marks and the space after it."""
    units: list[str] = []
    for piece in _PIECE.findall(text):
        if piece.isspace() and len(piece) > MOST_BLANKS:
            piece = " "
        if units and (piece.isspace() or piece[0] in CLOSING or units[-1].rstrip()[-1:] in {*OPENING}):
            units[-1] += piece
        else:
            units.append(piece)
    return units


def pad(text: str, width: int) -> str:
    """``text`` and as many spaces as fill ``width`` columns."""
    return text + " " * max(0, width - cell_len(text))

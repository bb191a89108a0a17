"""Fill lines of a terminal with English and Japanese: the latter breaks anywhere, but not before a full stop."""

from __future__ import annotations

import re

from rich.cells import cell_len

_NOT_FIRST = "。、，．）」』】〉》！？：；ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ・…)]},.!?:;"
_NOT_LAST = "（「『【〈《([{"
_WIDE = r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]"
_PIECE = re.compile(rf"\s+|{_WIDE}|(?:(?!{_WIDE})\S)+")


def wrap(text: str, width: int) -> list[str]:
    """Break one paragraph into lines of at most ``width`` columns; a longer word stands alone."""
    lines: list[str] = []
    line = ""
    for piece in _unbreakable(text):
        if line.strip() and cell_len((line + piece).rstrip()) > width:
            lines.append(line.rstrip())
            line = ""
        line += piece if line else piece.lstrip()
    return [*lines, line.rstrip()] if line.strip() else lines


def _unbreakable(text: str) -> list[str]:
    """Pieces between which a line may break."""
    pieces: list[str] = []
    for piece in _PIECE.findall(text):
        while piece[0] in _NOT_FIRST and pieces and pieces[-1].isspace():
            piece = pieces.pop() + piece
        if pieces and (piece.lstrip()[:1] in [*_NOT_FIRST] or pieces[-1].rstrip()[-1:] in [*_NOT_LAST]):
            pieces[-1] += piece
        else:
            pieces.append(piece)
    return pieces

"""Signs for terminals whose encoding lacks the usual ones (ASCII, cp1252, cp932): plain ones, never question marks."""

from __future__ import annotations

import codecs
import sys
import unicodedata

PLAIN = {
    "✓": "ok", "✗": "x", "⊘": "-", "·": ".", "•": "*", "▸": ">", "█": "#", "░": ".", "─": "-", "│": "|", "…": "...",
    "“": '"', "”": '"', "‘": "'", "’": "'", "–": "-", "—": "-", "×": "x", "±": "+-", "→": "->", "←": "<-", "≤": "<=",
    "≥": ">=", "≠": "!=", "−": "-", "⁄": "/", "√": "sqrt", "‖": "||", "≈": "~",
}  # fmt: skip

ERRORS = "kata-signs"
"""Name of the error handler for streams: ``stream.reconfigure(errors=ERRORS)``."""


def output_encoding() -> str | None:
    """The encoding of standard output; None for one that takes every character, as a notebook's or ``io.StringIO``."""
    return getattr(sys.stdout, "encoding", None)


def sign(usual: str) -> str:
    """A sign, or its plain form if standard output cannot show it: where the width counts, as in a table."""
    encoding = output_encoding() or "utf-8"
    return usual if _fits(usual, encoding) else PLAIN.get(usual, "?")


def _fits(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except (UnicodeError, LookupError):
        return False
    return True


def plain(character: str) -> str:
    """A character in simpler ones: ``->`` for an arrow, ``sigma`` for a Greek letter, ``a`` for one with an accent."""
    if "\u2800" <= character <= "\u28ff":  # a turning wheel (Braille patterns) is no text
        return "*"
    if "\u2500" <= character <= "\u257f":  # lines of a table
        return PLAIN.get(character, "+")
    parts = unicodedata.normalize("NFKD", PLAIN.get(character, character))
    return "".join(PLAIN.get(part, _letter(part)) for part in parts if not unicodedata.combining(part))


def _letter(character: str) -> str:
    name = unicodedata.name(character, "")
    return name.split()[-1].lower() if name.startswith(("GREEK SMALL LETTER ", "GREEK CAPITAL LETTER ")) else character


def _plain(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    told = []
    for character in error.object[error.start : error.end]:
        simple = plain(character)
        told.append(simple if _fits(simple, error.encoding) else "?")
    return "".join(told), error.end


codecs.register_error(ERRORS, _plain)

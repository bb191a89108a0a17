"""What a failing test says, in the language of the reader.

The suites speak English. ``tests/messages.ja.json`` maps their sentences to Japanese ones; ``{}`` stands for whatever a
test puts in, which is looked up likewise (``{1}`` for the second of them, where the order differs).
"""

from __future__ import annotations

import json
import re
from functools import lru_cache

from ..course.phases import PROJECT

MESSAGES = PROJECT / "tests" / "messages.ja.json"

FRAME = (("expected: ", "期待した値: "), ("got:      ", "得られた値: "), ("look at: ", "見直すところ: "))
"""How the lines of a message begin that tell values, or what to look at."""

AFTER_AN_ERROR = (
    ("expected: a ", "求められている例外: "),
    ("called at ", "呼び出し元: "),
    ("the test's call: ", "テストでの呼び出し: "),
)
"""How the lines begin that tell how an exception came about."""

RAISED = re.compile(r"raises (\S+)(?: at (\S+, in [^\s:]+(?: \(`.+`\))?))?: (.+)")
"""An exception of the learner's code, as ``testing.outcome`` tells it."""


def in_language(message: str, lang: str) -> str:
    """A test's message in ``lang``; what is not ours (torch's words, a learner's values) stays as it is."""
    return message if lang == "en" else "\n".join(map(_line, message.splitlines()))


def _line(line: str) -> str:
    content = line.lstrip()
    indent = line[: len(line) - len(content)]
    for english, japanese in (*AFTER_AN_ERROR, *FRAME):
        if content.startswith(english):
            rest = content[len(english) :]
            if english == "expected: a ":
                told = translated(f"a {rest}")
                rest = rest if told == f"a {rest}" else told
            return indent + japanese + (translated(rest) if english == "look at: " else rest)
    raised = RAISED.fullmatch(content)
    if raised:
        kind, place, text = raised.groups()
        return f"{indent}{f'{place} で ' if place else ''}{kind} が送出されました: {text}"
    return indent + translated(content)


def translated(text: str) -> str:
    """The Japanese of a sentence or of a part of one; the text itself if the table does not have it."""
    exact, with_gaps = _table()
    if text in exact:
        return exact[text]
    for pieces, japanese in with_gaps:
        gaps = _gaps(text, pieces)
        if gaps is not None:
            return japanese.format(*map(translated, gaps))
    return text


def _gaps(text: str, pieces: list[str]) -> list[str] | None:
    """What stands between the pieces of a sentence, each gap as short as may be; None if it is another sentence.

    No regular expression: with several gaps it would try them all on a text that a submission chooses.
    """
    first, *middle, last = pieces
    if not text.startswith(first) or not text.endswith(last):
        return None
    gaps, place, end = [], len(first), len(text) - len(last)
    for piece in middle:
        at = text.find(piece, place + 1, end)
        if at < 0:
            return None
        gaps.append(text[place:at])
        place = at + len(piece)
    return [*gaps, text[place:end]] if place < end else None


@lru_cache(maxsize=1)
def _table() -> tuple[dict[str, str], list[tuple[list[str], str]]]:
    """Sentences without gaps, then those with gaps, the most specific first."""
    sentences: dict[str, str] = json.loads(MESSAGES.read_text(encoding="utf-8"))
    gaps = sorted((english for english in sentences if "{}" in english), key=lambda english: -len(english))
    with_gaps = [(english.split("{}"), sentences[english]) for english in gaps]
    return {english: sentences[english] for english in sentences if "{}" not in english}, with_gaps

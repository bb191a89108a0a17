"""What a failing test says, in the language of the reader.

The suites speak English. ``tests/messages.ja.json`` maps their sentences to Japanese ones; ``{}`` stands for whatever a
test puts in, which is looked up likewise (``{1}`` for the second of them, where the order differs).
"""

from __future__ import annotations

import json
import re
from functools import lru_cache

from ..i18n import SentenceTable
from .phases import PROJECT

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


IN = re.compile(r"(?<=\.py:)(\d+), in (?=\S)")
"""Between a place and the function that is there."""


def in_language(message: str, lang: str) -> str:
    """A test's message in ``lang``; what is not ours (torch's words, a learner's values) stays as it is."""
    if lang == "en":
        return message
    return "\n".join(IN.sub(r"\1 の ", _line(line)) for line in message.splitlines())


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
    return _table().translated(text)


@lru_cache(maxsize=1)
def _table() -> SentenceTable:
    return SentenceTable(json.loads(MESSAGES.read_text(encoding="utf-8")))

"""What the tests of the lessons' claims share: texts in both languages, and the numbers that experiments gave."""

from __future__ import annotations

import json

from kata.course.phases import COURSE, PROJECT
from selftest.lesson_text import LANGUAGES, lesson


def says(number: int, *sentences: str) -> None:
    """Assert that the lesson of a phase shows these pieces of text, in both languages."""
    for lang in LANGUAGES:
        text = lesson(COURSE[number - 1], lang).text
        for sentence in sentences:
            assert sentence in text, f"{lang}: {sentence}"


def measured(number: int) -> dict:
    path = PROJECT / "lessons" / "figures" / "measured" / f"phase{number}.json"
    return json.loads(path.read_text(encoding="utf-8"))

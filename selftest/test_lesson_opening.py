"""A lesson leads to its first task soon: an opening table, few words, and links to stub, ``watch`` and ``show``.

Every lesson has this form (an English one; a Japanese one has what is given after the stroke). After the title and the
line that begins with ``Paper:`` / ``論文:`` comes the opening. Its table names *every* ``##`` section that stands
before the first task, in order, with the minutes that it takes to read::

    <a id="start"></a>
    ## Where to start / ## どこから始めるか

    To write task 1, [`split_heads`](#task-split_heads), read these sections: / one sentence, with the same link

    | section | minutes | / | 節 | 分 |
    |---|---|
    | [What you build](#build) | 1 |
    | [The idea](#idea) | 2 |

A task stands right after the section that explains it, in the order of the course, as a ``###`` heading. Its first
paragraph says in a sentence or two what is to be written, the second is one line with stub, ``watch`` and ``show``;
then come the three hints as before. There is no section ``tasks`` any more::

    <a id="task-split_heads"></a>
    ### Task 2: `split_heads` / ### 課題 2: `split_heads`

    `(B, L, d_model)` to `(B, h, L, d_k)`.

    [Stub](../../exercises/phase2_attention.py) · `python grader.py watch 2` · `python grader.py trace 2 split_heads`
    · `python grader.py show 2`   (all on one line)
    / [スタブ](../../exercises/phase2_attention.py) · ...

    <details><summary>Hint 1</summary>
"""

from __future__ import annotations

import re

import pytest

from kata.course.phases import COURSE, Phase
from selftest.lesson_text import LANGUAGES, Lesson, count_words, lesson

WORDS_BEFORE_THE_FIRST_TASK = 600
ALL_WORDS = 31_132
"""Of the six English lessons with all that is in them, as ``wc -w`` counts."""

WORDS_A_MINUTE = 120
"""Slow, for a text with formulas and pictures. A table may differ by a minute."""

OPENING = {"en": ("Where to start", "| section | minutes |"), "ja": ("どこから始めるか", "| 節 | 分 |")}
STUB = {"en": "Stub", "ja": "スタブ"}
ROW = re.compile(r"^\| \[(.+)\]\(#([\w-]+)\) \| (\d+) \|$", re.MULTILINE)


def problems(phase: Phase, text: Lesson) -> list[str]:
    """What a lesson lacks of the form that is described above."""
    return [*_opening(phase, text), *(line for task in phase.tasks for line in _task(phase, task.name, text))]


def _opening(phase: Phase, text: Lesson) -> list[str]:
    sections, first = text.sections(), f"task-{phase.tasks[0].name}"
    anchors = list(sections)
    if "start" not in anchors or "tasks" in anchors or first not in anchors:
        return ["no opening, or the tasks in a section of their own"]
    found = []
    words = count_words(text.text[: text.text.index(f'<a id="{first}"></a>')], text.lang)
    if words > WORDS_BEFORE_THE_FIRST_TASK:
        found.append(f"{words} words before the first task")
    heading, head = OPENING[text.lang]
    if anchors[1] != "start" or f"\n## {heading}\n" not in sections["start"]:
        found.append(f"the first section is not {heading!r}")
    if head not in sections["start"] or f"[`{phase.tasks[0].name}`](#{first})" not in sections["start"]:
        found.append("the opening has no table, or no link to the first task")
    before = anchors[anchors.index("start") + 1 : anchors.index(first)]
    rows = ROW.findall(sections["start"])
    if [anchor for _, anchor, _ in rows] != before:
        found.append(f"the table does not name the sections before the first task: {before}")
    for title, anchor, minutes in rows:
        section = sections.get(anchor, "")
        if title not in section:
            found.append(f"section {anchor} has another title than {title!r}")
        if abs(int(minutes) - count_words(section, text.lang) / WORDS_A_MINUTE) > 1:
            found.append(f"{minutes} minutes for {count_words(section, text.lang)} words of {anchor}")
    return found


def _task(phase: Phase, task: str, text: Lesson) -> list[str]:
    section = text.sections().get(f"task-{task}", "")
    stub = f"[{STUB[text.lang]}](../../exercises/{phase.file})"
    commands = (f"watch {phase.number}", f"trace {phase.number} {task}", f"show {phase.number}")
    line = " · ".join([stub, *(f"`python grader.py {command}`" for command in commands)])
    return [] if f"\n\n{line}\n\n<details>" in section else [f"{task}: no line {line!r} before the hints"]


@pytest.mark.parametrize("phase", COURSE, ids=[phase.id for phase in COURSE])
@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_lesson_leads_to_its_first_task_soon(phase, lang):
    assert problems(phase, lesson(phase, lang)) == []


def test_the_lessons_do_not_grow():
    """What comes in, something less needed makes room for."""
    assert sum(len(lesson(phase, "en").text.split()) for phase in COURSE) <= ALL_WORDS


def test_a_japanese_text_counts_about_as_many_words_as_its_english_original():
    for phase in COURSE:
        english, japanese = (count_words(lesson(phase, lang).text, lang) for lang in LANGUAGES)
        assert abs(japanese / english - 1) < 0.08, f"phase {phase.number}: {english} and {japanese}"


def test_words_are_counted_as_a_reader_sees_them():
    page = (
        'A **bold** word, $`a + b`$, `x = 1`.\n\n```python\nnot_counted\n```\n<a id="h"></a>\n| [two words](#h) | 3 |\n'
    )
    assert count_words(page, "en") == 8
    assert count_words("位置を `pos` と書く。", "ja") == 4

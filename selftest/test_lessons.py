"""The lessons keep their form: complete, the same in both languages, with code that prints what they show."""

from __future__ import annotations

import contextlib
import io
import re
from collections import Counter

import pytest
import torch

from kata.course.phases import COURSE, PROJECT
from selftest.lesson_text import FRAME, LANGUAGES, TOPICS, Lesson, lesson

JAPANESE = r"[\u3041-\u30ff\u4e00-\u9fff]"

all_phases = pytest.mark.parametrize("phase", COURSE, ids=[phase.id for phase in COURSE])
both_languages = pytest.mark.parametrize("lang", LANGUAGES)


def dead_links(text: Lesson) -> list[str]:
    """Links of a page that lead to no file, or to no anchor in it; the web is not asked."""
    dead = []
    for target in text.links():
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        file = (PROJECT / text.path).parent / path if path else PROJECT / text.path
        if not file.exists() or (anchor and f'id="{anchor}"' not in file.read_text(encoding="utf-8")):
            dead.append(target)
    return dead


@all_phases
@both_languages
def test_every_section_is_there_and_each_anchor_once(phase, lang):
    text = lesson(phase, lang)
    wanted = {*FRAME, *TOPICS[phase.number], *(f"task-{task.name}" for task in phase.tasks)}
    found = Counter(text.anchors())
    assert wanted - set(found) == set()
    assert [anchor for anchor, times in found.items() if times > 1] == []
    assert text.text.startswith(f"# {'Phase' if lang == 'en' else 'フェーズ'} {phase.number}")


@all_phases
@both_languages
def test_every_heading_but_the_title_has_its_anchor_right_before_it(phase, lang):
    title, *rest = lesson(phase, lang).headings()
    assert title == ("#", "")
    assert all(depth in ("##", "###") and anchor for depth, anchor in rest)
    assert [anchor for _, anchor in rest] == lesson(phase, lang).anchors()


@all_phases
@both_languages
def test_the_tasks_stand_in_the_order_of_the_course_with_three_hints_each(phase, lang):
    text = lesson(phase, lang)
    hint, answer = ("Hint", "Answer") if lang == "en" else ("ヒント", "答え")
    sections = text.sections()
    assert [name[5:] for name in sections if name.startswith("task-")] == [task.name for task in phase.tasks]
    for number, task in enumerate(phase.tasks, 1):
        part = Lesson("", sections[f"task-{task.name}"])
        before = f"{'Task' if lang == 'en' else '課題'} {number}: "
        assert part.text.startswith(f"\n### {before}`{task.name}`\n")
        assert part.folded() == [(hint, "1"), (hint, "2"), (hint, "3")], task.name
    assert set(Lesson("", sections["questions"]).folded()) == {(answer, "")}
    assert text.text.count("<details>") == len(text.folded()), "a folded part lacks a blank line, or is never closed"


@all_phases
def test_both_languages_have_the_same_skeleton(phase):
    english, japanese = (lesson(phase, lang) for lang in LANGUAGES)
    assert english.headings() == japanese.headings()
    assert [number for _, number in english.folded()] == [number for _, number in japanese.folded()]
    assert [path for _, path in english.figures()] == [path for _, path in japanese.figures()]
    assert re.findall(r"^\|[-|]+\|$", english.text, re.MULTILINE) == re.findall(
        r"^\|[-|]+\|$", japanese.text, re.MULTILINE
    ), "tables differ in number or width"


@all_phases
def test_both_languages_have_the_same_formulas(phase):
    english, japanese = (lesson(phase, lang) for lang in LANGUAGES)
    assert english.blocks("math") == japanese.blocks("math")
    ours, theirs = english.inline_formulas(), japanese.inline_formulas()
    for anchor in ours:
        assert ours[anchor] == theirs[anchor], f"section {anchor!r}"


NAMES_IN_FORMULAS = {"model", "ff", "in", "out", "a b EOS"}
"""What a formula sets as text: indices that the paper has, and tokens."""


@all_phases
def test_formulas_hold_no_words_of_a_language(phase):
    text = lesson(phase, "ja").text
    assert set(re.findall(r"\\text\{([^}]*)\}", text)) <= NAMES_IN_FORMULAS


@all_phases
def test_both_languages_have_the_same_code(phase):
    english, japanese = (lesson(phase, lang) for lang in LANGUAGES)
    assert english.code_with_output() == japanese.code_with_output()


@all_phases
def test_the_python_blocks_print_what_the_lesson_shows(phase):
    dtype = torch.get_default_dtype()
    names: dict = {}
    with torch.random.fork_rng(devices=[]):
        for number, (code, shown) in enumerate(lesson(phase, "en").code_with_output(), 1):
            assert "solutions" not in code and "exercises" not in code, "a lesson needs torch alone"
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                exec(compile(code, f"{phase.id}, block {number}", "exec"), names)
            assert printed.getvalue() == shown, f"block {number}"
    assert torch.get_default_dtype() == dtype


@all_phases
@both_languages
def test_every_link_and_every_figure_leads_somewhere(phase, lang):
    text = lesson(phase, lang)
    folder = (PROJECT / text.path).parent
    for words, path in text.figures():
        assert words, f"{path} has no text for those who cannot see it"
        assert (folder / path).is_file(), path
        assert (folder / path).stat().st_size < 150_000, path
    assert dead_links(text) == []


@both_languages
def test_every_figure_in_the_folder_is_shown_by_a_lesson(lang):
    shown = {path for phase in COURSE for _, path in lesson(phase, lang).figures()}
    assert {f"figures/{file.name}" for file in (PROJECT / "lessons" / lang / "figures").iterdir()} == shown


@all_phases
@both_languages
def test_mathematics_is_written_so_that_github_renders_it(phase, lang):
    prose = re.sub(r"\$`.+?`\$", "", lesson(phase, lang).prose)
    assert re.findall(r"\$\S.*?\S\$|\\\(|\\\[", re.sub(r"`[^`]*`", "", prose)) == []
    for line in lesson(phase, lang).prose.splitlines():
        if line.startswith("|"):
            assert all("|" not in formula for formula in re.findall(r"\$`(.+?)`\$", line)), line


def bold_that_is_not(text: Lesson) -> list[str]:
    """Double asterisks that Markdown does not take as the writer meant them.

    They cannot open before, nor close after, a mark of punctuation with a letter on their other side; a backtick and a
    Japanese bracket are such marks. The next pair then turns the wrong words bold.
    """
    found = []
    for line in re.sub(r"\$`.+?`\$|`[^`\n]+`", lambda code: "`" * len(code[0]), text.prose).splitlines():
        for number, mark in enumerate(re.finditer(r"\*\*", line)):
            outer, inner = line[mark.start() - 1 : mark.start()], line[mark.end() : mark.end() + 1]
            if number % 2:
                outer, inner = inner, outer
            if not inner.strip() or (not inner.isalnum() and outer.isalnum()):
                found.append(line[max(0, mark.start() - 12) : mark.end() + 12])
    return found


@all_phases
@both_languages
def test_bold_words_are_bold(phase, lang):
    assert bold_that_is_not(lesson(phase, lang)) == []


@pytest.mark.parametrize("text", ["これは**「太字」**です。", "単語**（例）**は", "では**`x`** と", "a **word ** here"])
def test_bold_that_markdown_does_not_see_is_found(text):
    assert bold_that_is_not(Lesson("", text))


@all_phases
def test_japanese_uses_full_width_punctuation_and_no_japanese_stands_in_formulas(phase):
    text = lesson(phase, "ja")
    assert re.findall(rf".{{0,10}}{JAPANESE}[,.;!?](?:\s|$)", text.prose) == []
    assert "\u3000" not in text.text
    assert [formula for formula in text.blocks("math") if re.search(JAPANESE, formula)] == []
    answers = re.sub(r"<[^>]+>", "", text.prose)
    assert re.findall(r".{0,12}(?:である。|のだ。|した方が)", answers) == []


@pytest.mark.parametrize("name", ["README.md", "README.ja.md", "glossary.md"])
def test_the_index_and_the_glossary_lead_to_what_is_there(name):
    text = Lesson(f"lessons/{name}", (PROJECT / "lessons" / name).read_text(encoding="utf-8"))
    assert dead_links(text) == []
    if name != "glossary.md":
        lang = "ja" if name.endswith(".ja.md") else "en"
        assert {f"{lang}/{phase.id}.md" for phase in COURSE} <= set(text.links())


def test_the_glossary_has_each_term_once_and_its_japanese_is_what_the_lessons_say():
    text = (PROJECT / "lessons" / "glossary.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \| [^|]+ \| [^|]+ \| \[\d\].+ \|$", text, re.MULTILINE)
    terms = [english for english, _ in rows]
    assert len(terms) >= 80
    assert [term for term, times in Counter(terms).items() if times > 1] == []
    lessons = "".join(lesson(phase, "ja").text for phase in COURSE)
    unused = [japanese for _, japanese in rows if not any(word in lessons for word in japanese.split(" / "))]
    assert unused == []

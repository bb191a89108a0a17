"""Everything that a learner reads in Japanese uses one list of words: ``lessons/terms.ja.md``."""

from __future__ import annotations

import ast
import re

import pytest

from kata.course.phases import COURSE, PROJECT
from kata.diagnosis.misconceptions import catalogue
from selftest.lesson_text import lesson
from selftest.test_github_math import PAGES as EVERY_PAGE

TERMS = PROJECT / "lessons" / "terms.ja.md"
JAPANESE = re.compile(r"[\u3041-\u30ff\u4e00-\u9fff]")
PAGES = (
    "README.ja.md",
    "docs/updating.ja.md",
    "lessons/README.ja.md",
    "lessons/glossary.md",
    *(phase.lesson("ja") for phase in COURSE),
)

NOT_FOR_READING = ("kata/toys/en_ja/", "kata/line_breaking.py", "kata/pictures/style.py", "site_build/tests/")
"""A corpus to learn from, lists of characters that may not begin a line, and tests."""

CODE = re.compile(r"^```.*?^```$|\$`.+?`\$|`[^`\n]*`|\]\([^)\s]*\)|<a [^>]*>", re.DOTALL | re.MULTILINE)


def refused() -> list[tuple[str, str]]:
    """Each refused expression with the word to use in its place."""
    found = []
    for line in TERMS.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if len(cells) > 2:
            found += [(expression.replace(r"\|", "|"), cells[1]) for expression in re.findall(r"`([^`]+)`", cells[2])]
    return found


def glossed() -> dict[str, str]:
    """Each term to how it is written where it first appears."""
    rows = re.findall(r"^\| [^|]+ \| ([^|]+) \| .+ \| ([^|`]+ \([^|]+\)) \|$", TERMS.read_text(encoding="utf-8"), re.M)
    return dict(rows)


def prose(markdown: str) -> str:
    """A page without code, formulas, targets of links, and the list of works cited, which is in their language."""
    works = re.compile(r'^(?:<a id="references"></a>\n.+?(?=^<a id=)|論文: .+?$)', re.DOTALL | re.MULTILINE)
    return CODE.sub("``", works.sub("", markdown))


def read_by_a_learner() -> dict[str, str]:
    """Every Japanese text by where it stands: pages, diagnoses, screens, notebooks and pictures."""
    texts = {page: prose((PROJECT / page).read_text(encoding="utf-8")) for page in PAGES}
    rows = re.findall(r"^\| [^|]+ \| ([^|]+) \| [^|]+ \| ([^|]+) \|", texts["lessons/glossary.md"], re.MULTILINE)
    texts["lessons/glossary.md"] = "\n".join("|".join(row) for row in rows)
    for mistake in catalogue():
        texts[f"diagnosis {mistake.id}"] = CODE.sub("``", mistake.ja)
    folders = ("kata", "lessons/figures", "notebooks", "site_build")
    for path in [path for folder in folders for path in (PROJECT / folder).rglob("*.py")]:
        name = path.relative_to(PROJECT).as_posix()
        if name.startswith(NOT_FOR_READING) or "/misconceptions/" in name:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and JAPANESE.search(node.value):
                texts[f"{name}:{node.lineno}"] = CODE.sub("``", node.value)
    for path in (PROJECT / "site_build" / "figures").glob("*.js"):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            texts[f"site_build/figures/{path.name}:{number}"] = CODE.sub("``", line)
    return texts


def broken_sentences(markdown: str) -> list[str]:
    """Line breaks beside a Japanese letter within a paragraph: a browser shows each as a space."""
    lines = re.sub(r"^```.*?^```$|<!--.*?-->", "", markdown, flags=re.DOTALL | re.MULTILINE).splitlines()
    ends, begins = re.compile(r"\s*(?:$|[#|<])"), re.compile(r"\s*(?:$|[-*+>|#<]|\d+\. )")
    pairs = [(one, other) for one, other in zip(lines, lines[1:]) if not (ends.match(one) or begins.match(other))]
    return [
        f"{one[-12:]}⏎{other.strip()[:12]}" for one, other in pairs if JAPANESE.search(one[-2:] + other.strip()[:2])
    ]


def complaints(texts: dict[str, str]) -> list[str]:
    """Where a refused word stands, and what to write."""
    found = []
    for expression, word in refused():
        for place, text in texts.items():
            for match in re.finditer(expression, text):
                around = text[max(0, match.start() - 12) : match.end() + 12].replace("\n", " ")
                if JAPANESE.search(around):
                    found.append(f"{place}: {match[0]!r} in {around!r}: write {word}")
    return found


def test_no_refused_word_stands_in_what_a_learner_reads():
    assert complaints(read_by_a_learner()) == []


@pytest.mark.parametrize(
    ("planted", "word"),
    [
        ("この副層の出力です。", "サブ層"),
        ("行の softmax を取ります。", "ソフトマックス"),
        ("エンコーダーに渡します。", "エンコーダ"),
        ("Liu et al. (2020) によれば、", "ら"),
        ("だれが尋ねるか", "誰"),
    ],
)
def test_a_planted_word_is_found_and_the_right_one_named(planted, word):
    (complaint,) = complaints({"planted": planted})
    assert word in complaint.split("write ")[1]


def test_code_and_formulas_are_left_alone():
    page = "`softmax` の結果\n\n```text\nsoftmax の出力側\n```\n$`\\mathrm{softmax}(x)`$ です。\n"
    assert complaints({"planted": prose(page)}) == []


@pytest.mark.parametrize("page", EVERY_PAGE)
def test_no_japanese_sentence_of_a_page_is_broken_into_lines(page):
    assert broken_sentences((PROJECT / page).read_text(encoding="utf-8")) == []


def test_a_broken_sentence_is_found_and_lists_and_tables_are_not():
    lists = "- 一つ目。\n- 二つ目の\n  続き。\n\n| 列 |\n|---|\n"
    page = f"# 見出し\n文が\n続く。\n\n{lists}\n```\n図\n図\n```\n<!-- x -->\n文。\n"
    assert broken_sentences(page) == ["文が⏎続く。", "- 二つ目の⏎続き。"]


def test_a_term_is_explained_where_it_first_appears():
    text = "".join(prose(lesson(phase, "ja").text) for phase in COURSE).replace("*", "")
    assert len(glossed()) >= 4
    for term, written in glossed().items():
        start = text.index(term)
        assert text[start : start + len(written)] == written, text[start - 30 : start + 40]


def test_every_word_to_use_is_used():
    text = "".join(read_by_a_learner().values())
    rows = re.findall(r"^\| [^|]+ \| ([^|]+) \|", TERMS.read_text(encoding="utf-8").split("## 書き方")[0], re.M)[1:]
    unused = [word for row in rows for word in re.sub(r" \(.*?\)", "", row).split("、") if word not in text]
    assert [word for word in unused if word != "---"] == []

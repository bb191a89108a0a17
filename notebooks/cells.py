"""The cells of a phase's notebook, from its stub and its lesson.

A lesson has a fixed form (``selftest/test_lesson_opening.py``). Its parts come in the lesson's order: of every task the
first paragraph, links to the sections that explain it, and the stub; of every Python block before the last task the
block with the paragraph that leads to it; then the example by hand.
"""

from __future__ import annotations

import ast
import posixpath
import re
from pathlib import Path
from typing import Iterator, NamedTuple

from kata.course.edition import stub_of
from kata.course.phases import COURSE, PROJECT, Phase
from kata.i18n import choose
from kata.source.reset import span

from .publishing import absolute, colab, repository

HERE = Path(__file__).resolve().parent


class Cell(NamedTuple):
    """One cell: ``"markdown"`` or ``"code"``, its id and its source."""

    kind: str
    id: str
    source: str


class Section(NamedTuple):
    """A part of a lesson: its anchor, its heading and the text below."""

    anchor: str
    title: str
    text: str


BADGE = (
    "[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]({place})",
    "[![Colab で開く](https://colab.research.google.com/assets/colab-badge.svg)]({place})",
)

INTRODUCTION = (
    """\
{title}

The tasks of the [lesson]({lesson}), to be solved here. Run the first cell, then go from stub to stub:

- A cell that begins with `%%task` goes into `exercises/{file}` when you run it, and the tests of its task run. The \
rest of the file stays as it is, and what it held before is kept in `exercises/.kata/kept/`. Lines below the function \
or class (a call, a `print`) run here alone.
- `%hint {task}` in a cell of its own shows the next hint, one more each time; `%trace {task}` follows the lesson's \
worked example through your code.
- `%show {number}` draws what your code does; `check({number})` grades the whole phase.
- The stub again, with your code kept: `!{{sys.executable}} {{course}}/grader.py reset {number} {task}`""",
    """\
{title}

[レッスン]({lesson})の課題を、このノートブックの中で解きます。最初のセルを実行したら、スタブを一つずつ埋めていきましょう。

- `%%task` で始まるセルを実行すると、コードが `exercises/{file}` に入り、その課題のテストが走ります。\
ファイルのほかの部分は変わらず、元の内容は `exercises/.kata/kept/` に残ります。\
関数やクラスより下の行 (呼び出しや `print`) は、ここで実行するだけです。
- 別のセルで `%hint {task}` を実行すると、次のヒントが一つずつ出ます。\
`%trace {task}` は、レッスンの例題をあなたのコードで一歩ずつ計算します。
- `%show {number}` は自分のコードの働きを図にし、`check({number})` はフェーズ全体を採点します。
- スタブに戻すには (書いたコードは残ります): `!{{sys.executable}} {{course}}/grader.py reset {number} {task}`""",
)

SETUP = """\
# {comment}
{modules}
from pathlib import Path

places = [Path.cwd(), *Path.cwd().parents, Path("transformer-kata").resolve()]
{find}
if str(course) not in sys.path:
    sys.path.insert(0, str(course))
%load_ext kata.notebook
%kata {lang}

# {imports}
"""
FIND = """\
course = next((place for place in places if (place / "kata" / "notebook").is_dir()), None)
if course is None:
    raise FileNotFoundError("{not_found}")"""
FIND_OR_FETCH = """\
course = next((place for place in places if (place / "kata" / "notebook").is_dir()), places[-1])
if not course.is_dir():
    if "google.colab" not in sys.modules:
        raise FileNotFoundError("{not_found}")
    subprocess.run(["git", "clone", "--quiet", "--depth", "1", "{address}", str(course)], check=True)"""

COMMENT = (
    "Run this first. It finds the course; in Colab it installs what is missing there.",
    "最初に実行します。教材の場所を探し、Colab では足りないものだけを入れます。",
)
COMMENT_FETCH = (
    "Run this first. In Colab it fetches the course and installs what is missing there; elsewhere it finds the course.",
    "最初に実行します。Colab では教材を取得し、足りないものだけを入れます。ほかの環境では教材の場所を探します。",
)
NOT_FOUND = (
    "The course is not here: put this notebook back into its folder notebooks/{lang}, or clone the course's repository"
    " beside it, into a folder transformer-kata.",
    "教材が見つかりません。このノートブックを notebooks/{lang} に戻すか、"
    "教材のリポジトリをノートブックの隣の transformer-kata というフォルダにクローンしてください。",
)
NOT_FOUND_FETCH = (
    "The course is not here: put this notebook back into its folder notebooks/{lang}, or open it in Colab.",
    "教材が見つかりません。このノートブックを notebooks/{lang} に戻すか、Colab で開いてください。",
)
IMPORTS = ("What the examples of the lesson use:", "レッスンの例で使うもの:")
TASK = ("## Task {number}: `{name}`", "## 課題 {number}: `{name}`")
EXPLAINED = ("In the lesson: {links}", "レッスンの節: {links}")
COMMA = (", ", "、")
FROM = ("*From [{title}]({link}):*", "[{title}]({link})から:")
WHOLE = (
    "## The whole phase\n\nWhat your code does, in pictures; then the points of all tasks.",
    "## フェーズ全体\n\nコードの働きを図で見てから、全課題を採点します。",
)
NEXT = ("Next: [phase {number}]({file})", "次は[フェーズ {number}]({file})")
LAST = (
    "All six phases: `check()`. When they are full, they train a model: "
    "`!{sys.executable} {course}/grader.py train reverse`, then `%show 6`.",
    "六つのフェーズ全部の採点は `check()` です。すべて埋まったら、モデルを学習できます。"
    "`!{sys.executable} {course}/grader.py train reverse --lang ja` の後で `%show 6` を実行してください。",
)

_ANCHOR = re.compile(r'^<a id="([\w-]+)"></a>\n', re.MULTILINE)
_CODE = re.compile(r"^```python\n(.*?)^```$(?:\n\n```text\n.*?^```$)?", re.DOTALL | re.MULTILINE)
_STUB_LINK = re.compile(r"^\[(?:Stub|スタブ)\]\(.*$", re.MULTILINE)


def path_of(phase: Phase, lang: str) -> Path:
    """Where a notebook lies."""
    return HERE / lang / f"{phase.id}.ipynb"


def cells(phase: Phase, lang: str, published: str | None = None) -> list[Cell]:
    """The cells of a notebook, in order.

    Args:
        phase: its phase.
        lang: its language.
        published: address of the repository that Colab opens the notebook from: the first cell fetches the course from
            there, and links lead there. Without, the notebook is for a folder of the course, and bears Colab's badge
            where ``pyproject.toml`` knows the address.
    """
    made = _cells(phase, lang, published)
    if published is not None:
        made = [
            cell._replace(source=absolute(cell.source, lang, published)) if cell.kind == "markdown" else cell
            for cell in made
        ]
    place = colab(phase, lang, published or repository())
    return [Cell("markdown", "badge", choose(BADGE, lang).format(place=place)), *made] if place else made


def _cells(phase: Phase, lang: str, published: str | None) -> list[Cell]:
    lesson = (PROJECT / phase.lesson(lang)).read_text(encoding="utf-8")
    stub = stub_of(phase)
    introduction = choose(INTRODUCTION, lang).format(
        title=lesson.partition("\n")[0],
        lesson=f"../../{phase.lesson(lang)}",
        file=phase.file,
        task=phase.tasks[0].name,
        number=phase.number,
    )
    made = [Cell("markdown", "introduction", introduction), Cell("code", "setup", _setup(lesson, lang, published))]
    made += _of_lesson(phase, lang, lesson, stub)
    made.append(Cell("markdown", "whole", choose(WHOLE, lang)))
    if phase.number < len(COURSE):  # the last phase has pictures of trainings, and nothing has been trained yet
        made.append(Cell("code", "show", f"%show {phase.number}"))
    made.append(Cell("code", "check", f"check({phase.number})"))
    following = COURSE[phase.number] if phase.number < len(COURSE) else None
    if following is not None:
        end = choose(NEXT, lang).format(number=following.number, file=f"{following.id}.ipynb")
    else:
        end = choose(LAST, lang)
    return [*made, Cell("markdown", "next", end)]


def _setup(lesson: str, lang: str, published: str | None) -> str:
    """The first cell; it ends with the imports of all the lesson's Python blocks."""
    lines = [
        line for block in _CODE.findall(lesson) for line in block.splitlines() if re.match(r"(import|from) ", line)
    ]
    fetch = published is not None
    not_found = choose(NOT_FOUND_FETCH if fetch else NOT_FOUND, lang).format(lang=lang)
    head = SETUP.format(
        comment=choose(COMMENT_FETCH if fetch else COMMENT, lang),
        modules="import subprocess\nimport sys" if fetch else "import sys",
        find=(FIND_OR_FETCH if fetch else FIND).format(not_found=not_found, address=published),
        lang=lang,
        imports=choose(IMPORTS, lang),
    )
    return head + "\n".join(dict.fromkeys(lines))


def _sections(lesson: str) -> list[Section]:
    _, *parts = _ANCHOR.split(lesson)
    found = []
    for anchor, text in zip(parts[::2], parts[1::2]):
        heading, _, rest = text.partition("\n")
        found.append(Section(anchor, heading.lstrip("# "), rest))
    return found


def _of_lesson(phase: Phase, lang: str, lesson: str, stub: str) -> Iterator[Cell]:
    """What stands between the first cells and the last: tasks and examples."""
    sections = _sections(lesson)
    tasks = {f"task-{task.name}": task for task in phase.tasks}
    last = max(number for number, section in enumerate(sections) if section.anchor in tasks)
    explaining: list[Section] = []
    for section in sections[: last + 1]:
        if section.anchor in tasks:
            name = tasks[section.anchor].name
            yield Cell("markdown", f"{section.anchor}-text", _task_text(phase, lang, section, explaining))
            yield Cell("code", section.anchor, f"%%task {name}\n{_definition(stub, name)}")
            explaining = []
        elif section.anchor != "start":
            explaining.append(section)
        if section is not sections[last]:
            yield from _examples(phase, lang, section)
    by_hand = next(section for section in sections if section.anchor == "by-hand")
    yield from _whole_example(phase, lang, by_hand)


def _task_text(phase: Phase, lang: str, section: Section, explaining: list[Section]) -> str:
    number = [task.name for task in phase.tasks].index(section.anchor[len("task-") :]) + 1
    text = choose(TASK, lang).format(number=number, name=phase.tasks[number - 1].name)
    text += "\n\n" + _readable(_STUB_LINK.split(section.text)[0].strip(), phase, lang)
    links = [f"[{part.title}]({_link(phase, lang, part)})" for part in explaining or [section]]
    return text + "\n\n" + choose(EXPLAINED, lang).format(links=choose(COMMA, lang).join(links))


def _examples(phase: Phase, lang: str, section: Section) -> Iterator[Cell]:
    """The Python blocks of a section, each after the paragraph that leads to it."""
    for number, match in enumerate(_CODE.finditer(section.text), start=1):
        before = section.text[: match.start()].strip().split("\n\n")[-1]
        title = choose(FROM, lang).format(title=section.title, link=_link(phase, lang, section))
        yield Cell(
            "markdown", f"example-{section.anchor}-{number}-text", f"{title}\n\n{_readable(before, phase, lang)}"
        )
        yield Cell("code", f"example-{section.anchor}-{number}", match.group(1).rstrip())


def _whole_example(phase: Phase, lang: str, section: Section) -> Iterator[Cell]:
    """A section with its text, up to its last Python block."""
    before, end = f"## {section.title}\n", 0
    for number, match in enumerate(_CODE.finditer(section.text), start=1):
        text = before + section.text[end : match.start()]
        yield Cell("markdown", f"example-{section.anchor}-{number}-text", _readable(text.strip(), phase, lang))
        yield Cell("code", f"example-{section.anchor}-{number}", match.group(1).rstrip())
        before, end = "", match.end()


def _definition(stub: str, name: str) -> str:
    """The source of a task in the stub."""
    node = next(node for node in ast.parse(stub).body if getattr(node, "name", None) == name)
    first, last = span(node)
    return "\n".join(stub.splitlines()[first - 1 : last])


def _link(phase: Phase, lang: str, section: Section) -> str:
    return f"../../{phase.lesson(lang)}#{section.anchor}"


def _readable(text: str, phase: Phase, lang: str) -> str:
    """A lesson's Markdown as a notebook has it: other signs around formulas, links from another folder."""
    text = re.sub(r"^```math\n(.*?)^```$", r"$$\n\1$$", text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"\$`(.+?)`\$", r"$\1$", text)

    def moved(match: re.Match[str]) -> str:
        file, _, anchor = match.group(1).partition("#")
        if "://" in file:
            return match.group(0)
        place = posixpath.normpath(
            posixpath.join("../..", posixpath.dirname(phase.lesson(lang)), file or f"{phase.id}.md")
        )
        return f"]({place}#{anchor})" if anchor else f"]({place})"

    return re.sub(r"\]\(([^()\s]+)\)", moved, text)

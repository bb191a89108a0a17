"""``class.html``: the map of a class, one page without a request to anywhere; and a page a student."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any, Iterable, Sequence

from jinja2 import Environment
from markupsafe import Markup, escape

from ..course.messages import in_language
from ..course.phases import Phase
from ..diagnosis import misconceptions
from ..i18n import choose, text
from ..results import PASSED, TODO
from .likeness import alike
from .records import Record, mistakes_of

TEMPLATES = Path(__file__).parent / "templates"
MOST_MISTAKES = 12

SENTENCES = {
    "title": ("The map of the class", "クラスの地図"),
    "graded": ("{n} submissions graded, {failed} not", "採点 {n} 件、採点できなかったもの {failed} 件"),
    "mean": ("mean {mean} of {most} points", "平均 {mean} 点 (満点 {most} 点)"),
    "tasks": ("Tasks by students", "課題と学生"),
    "tasks_about": (
        "A column is a student, the strongest on the left; a row is a task. The bar says how many have passed it.",
        "列が学生 (左ほど点数が高い)、行が課題です。棒は、合格した人の割合を示します。",
    ),
    "mistakes": ("What to teach next: the most frequent known mistakes", "次に教えること: よくある間違い"),
    "no_mistakes": ("No known mistake was named.", "名前の付いた間違いはありませんでした。"),
    "stuck": ("Who is stuck where", "どこで止まっているか"),
    "stuck_about": (
        "The first task, in the order of the course, that a student has begun and not passed.",
        "着手したものの合格していない課題のうち、コースの順で最初のものです。",
    ),
    "alike": ("Alike but for names, comments and layout", "名前・コメント・書き方を除けば同じもの"),
    "alike_about": (
        "A reason to look, no proof. `solutions` is the reference.",
        "確認のきっかけであり、証拠ではありません。`solutions` は模範解答です。",
    ),
    "problems": ("Not graded", "採点できなかったもの"),
    "of": ("{n} of {all}", "{all} 人中 {n} 人"),
    "points": ("points", "点"),
    "passed": ("passed", "合格"),
    "failed": ("failed", "不合格"),
    "error": ("could not be judged", "判定できず"),
    "forbidden": ("breaks the rule", "規則違反"),
    "todo": ("to do", "未着手"),
}


def write_class(path: Path, records: Iterable[Record], phases: Sequence[Phase], lang: str, pages: str = "") -> None:
    """Write the map of the class.

    Args:
        path: the file.
        records: of all submissions.
        phases: that were graded.
        lang: ``"en"`` or ``"ja"``.
        pages: folder of the students' pages, as seen from the file; empty if there are none.
    """
    records = list(records)
    graded = [record for record in records if record["report"]]
    graded.sort(key=lambda record: (-record["report"]["score"], record["name"]))
    states = {record["name"]: _states(record) for record in graded}
    rows: list[dict[str, Any]] = [
        {
            "phase": phase,
            "task": task.name,
            "states": [states[record["name"]].get(task.name, TODO) for record in graded],
            "passed": sum(states[record["name"]].get(task.name) == PASSED for record in graded),
        }
        for phase in phases
        for task in phase.tasks
    ]
    counted = Counter(name for record in graded for name in mistakes_of(record))
    mistakes = [
        {"task": entry.task, "count": count, "text": entry.explanation(lang)}
        for name, count in counted.most_common(MOST_MISTAKES)
        for entry in [misconceptions.by_id(name)]
    ]
    stuck: dict[str, list[str]] = {}
    for record in graded:
        begun = [row["task"] for row in rows if states[record["name"]].get(row["task"]) not in (PASSED, TODO)]
        if begun:
            stuck.setdefault(begun[0], []).append(record["name"])
    scores = [record["report"]["score"] for record in graded]
    _render(
        "class.html",
        path,
        lang,
        records=graded,
        rows=rows,
        mistakes=mistakes,
        stuck=sorted(stuck.items(), key=lambda entry: -len(entry[1])),
        alike=alike({r["name"]: r["shapes"] for r in graded}, {r["name"]: _untouched(r) for r in graded}),
        problems=[record for record in records if not record["report"]],
        trust=sorted({record["report"]["trust"] for record in graded} - {"", text("trust_not_run", lang)}),
        mean=f"{sum(scores) / len(scores):.1f}" if scores else "-",
        most=sum(phase.max_score for phase in phases),
        pages=pages,
    )


def write_student(path: Path, record: Record, phases: Sequence[Phase], lang: str) -> None:
    """Write the page of one student."""
    _render("student.html", path, lang, record=record, titles={phase.number: phase.title(lang) for phase in phases})


def _render(template: str, path: Path, lang: str, **values: Any) -> None:
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["told"] = lambda message: in_language(message, lang)
    environment.filters["prose"] = _prose
    environment.filters["number"] = lambda value: f"{value:g}"
    style = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    say = {name: choose(pair, lang) for name, pair in SENTENCES.items()}
    page = environment.from_string((TEMPLATES / template).read_text(encoding="utf-8"))
    path.write_text(page.render(lang=lang, say=say, style=style, **values), encoding="utf-8")


def _prose(text: str) -> Markup:
    """A sentence in which code stands in backticks, as HTML."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def _states(record: Record) -> dict[str, str]:
    return {task["name"]: task["state"] for phase in record["report"]["phases"] for task in phase["tasks"]}


def _untouched(record: Record) -> set[str]:
    return {
        phase["id"] for phase in record["report"]["phases"] if all(task["state"] == TODO for task in phase["tasks"])
    }

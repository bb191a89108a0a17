"""The report as a piece of HTML for a notebook: it needs no style sheet and reads on a light and on a dark page."""

from __future__ import annotations

import re
from html import escape

from ..course.messages import in_language
from ..grading.scoring import PhaseScore, Report, TaskScore
from ..i18n import text
from ..results import ERROR, FAILED, FORBIDDEN, PASSED, TODO
from .findings import mistakes, waits_for
from .terminal import given_line

MARKS = {
    PASSED: ("✓", "#2da44e"),
    FAILED: ("✗", "#e5534b"),
    ERROR: ("!", "#e5534b"),
    FORBIDDEN: ("⊘", "#a371f7"),
    TODO: ("·", "#8b949e"),
}


def render(report: Report, lang: str = "en") -> str:
    """The report in ``"en"`` or ``"ja"``: phases and tasks, messages, known mistakes, what the code printed."""
    parts = [_phase(phase, lang) for phase in report.phases]
    if len(report.phases) > 1:
        parts.append(_bar(text("total", lang), report.score, report.gradable))
    if report.not_gradable:
        told = text("not_gradable", lang, count=report.not_gradable, points=report.points_not_gradable)
        parts.append(f"<p>{escape(told)}</p>")
    if report.assembled is not None:
        parts.append(f"<p>{escape(text('assembled_yes' if report.assembled else 'assembled_no', lang))}</p>")
        parts.append(_block(in_language(report.assembled_message, lang)) if report.assembled_message else "")
    return f'<div lang="{lang}" style="max-width:60em;line-height:1.5">{"".join(parts)}</div>'


def _phase(score: PhaseScore, lang: str) -> str:
    head = ""
    if len(score.tasks) > 1:
        head = _bar(f"{score.phase.number} {score.phase.title(lang)}", score.score, score.gradable)
    return head + "".join(_task(task, lang) for task in score.tasks)


def _bar(title: str, score: float, most: float) -> str:
    return (
        f'<div style="display:flex;justify-content:space-between;margin-top:.8em"><b>{escape(title)}</b>'
        f'<span><progress max="{most:g}" value="{score:g}" style="width:8em">{score:g}</progress> '
        f"{score:g} / {most:g}</span></div>"
    )


def _task(task: TaskScore, lang: str) -> str:
    mark, colour = MARKS[task.state]
    tests = text("todo", lang) if task.state == TODO else text("tests", lang, passed=task.passed, total=task.total)
    waiting = waits_for(task, lang)
    row = (
        f'<div style="display:flex;gap:1em"><span style="flex:1"><b style="color:{colour}">{mark}</b> '
        f"<code>{escape(task.name)}</code> {escape(waiting)}</span><span>{escape(tests)}</span>"
        f'<span style="min-width:5em;text-align:right">{task.score:g} / {task.gradable:g}</span></div>'
    )
    below = [_words(given_line(task, lang))] if task.passed_given else []
    if task.state not in (PASSED, TODO):
        below.append(_block(in_language(task.message, lang) or "?"))
        below += [_words(told) for told in mistakes(task, lang)]
        if task.output:
            printed = escape(text("printed", lang))
            below.append(f"<details open><summary>{printed}</summary>{_block(task.output)}</details>")
    inner = f'<div style="margin:.2em 0 .4em 1.2em">{"".join(below)}</div>' if below else ""
    return f'<div style="border-left:3px solid {colour};padding-left:.6em;margin:.3em 0">{row}{inner}</div>'


def _block(lines: str) -> str:
    style = "white-space:pre-wrap;word-break:normal;overflow-wrap:anywhere;margin:.2em 0;background:none"
    return f'<pre style="{style}">{escape(lines)}</pre>'


def _words(sentence: str) -> str:
    """A paragraph in which what stands in backticks is code."""
    words = re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(sentence))
    return f'<p style="margin:.3em 0">{words}</p>'

"""The report as Markdown, for a pull request or the summary of a CI job."""

from __future__ import annotations

import re

from ..course.messages import in_language
from ..grading.scoring import Report
from ..i18n import text
from ..results import ERROR, FAILED, FORBIDDEN, PASSED, TODO
from . import terminal
from .findings import mistakes

SYMBOLS = {
    PASSED: "✅",
    FAILED: "❌",
    ERROR: "💥",
    FORBIDDEN: "⛔",
    TODO: "⬜",
}
BLAMELESS = "⚠️"
"""In place of any of these: only this machine keeps the task from passing."""


def render(report: Report, lang: str = "en") -> str:
    """The report as Markdown text."""
    lines = [
        f"# Transformer Kata: {report.score:g} / {report.gradable:g}",
        "",
        escape(text("header", lang, target=report.target, seed=report.seed)),
        "",
    ]
    for phase in report.phases:
        lines += [
            f"## {phase.phase.number} {phase.phase.title(lang)}: {phase.score:g} / {phase.gradable:g}",
            "",
            "| | task | points | tests | |",
            "|---|---|---:|---:|---|",
        ]
        for task in phase.tasks:
            message = ""
            if task.state not in (PASSED, TODO):
                message = escape("\n".join([in_language(task.message, lang), *mistakes(task, lang)]))
            if task.passed_given:
                message = escape(terminal.given_line(task, lang))
            lines.append(
                f"| {BLAMELESS if task.blameless else SYMBOLS[task.state]} | `{task.name}` "
                f"| {task.score:g} / {task.gradable:g} | {task.passed}/{task.total} "
                f"| {text(task.state, lang)}{': ' if message else ''}{message} |"
            )
        lines.append("")
    if report.not_gradable:
        told = text("not_gradable", lang, count=report.not_gradable, points=report.points_not_gradable)
        lines += [escape(told), ""]
    if report.assembled is not None:
        lines += [text("assembled_yes" if report.assembled else "assembled_no", lang), ""]
    return "\n".join(lines)


def escape(message: str) -> str:
    """Make any text safe inside a table cell: nothing in it is read as Markdown, HTML, link, mention or CI command."""
    message = message.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    message = re.sub(r"([\\`*_{}\[\]()#+!|~])", r"\\\1", message)
    message = message.replace("::", ":&#58;").replace("://", ":&#47;&#47;").replace("@", "&#64;&#8203;")
    message = re.sub(r"(?i)\bwww\.", lambda match: match.group()[:3] + "&#46;", message)
    return message.replace("\n", "<br>")

"""The report as Markdown, for a pull request or the summary of a CI job."""

from __future__ import annotations

import re

from ..grading.scoring import Report
from ..i18n import text
from ..results import ERROR, FAILED, FORBIDDEN, PASSED, TODO
from . import terminal
from .findings import mistakes
from .messages import in_language

SYMBOLS = {
    PASSED: "✅",
    FAILED: "❌",
    ERROR: "💥",
    FORBIDDEN: "⛔",
    TODO: "⬜",
}


def render(report: Report, lang: str = "en") -> str:
    """The report as Markdown text."""
    lines = [
        f"# Transformer Kata: {report.score:g} / {report.max_score:g}",
        "",
        escape(text("header", lang, target=report.target, seed=report.seed)),
        "",
    ]
    for phase in report.phases:
        lines += [
            f"## {phase.phase.number} {phase.phase.title(lang)}: {phase.score:g} / {phase.max_score:g}",
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
                f"| {SYMBOLS[task.state]} | `{task.name}` | {task.score:g} / {task.max_score:g} "
                f"| {task.passed}/{task.total} | {text(task.state, lang)}{': ' if message else ''}{message} |"
            )
        lines.append("")
    if report.assembled is not None:
        lines += [text("assembled_yes" if report.assembled else "assembled_no", lang), ""]
    lines.append(f"_{escape(report.trust)}_")
    return "\n".join(lines) + "\n"


def escape(message: str) -> str:
    """Make any text safe inside a table cell: nothing in it is read as Markdown, HTML, link, mention or CI command."""
    message = message.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    message = re.sub(r"([\\`*_{}\[\]()#+!|~])", r"\\\1", message)
    message = message.replace("::", ":&#58;").replace("://", ":&#47;&#47;").replace("@", "&#64;")
    return message.replace("\n", "<br>")

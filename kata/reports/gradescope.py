"""The report as Gradescope's ``results.json``: one entry a task."""

from __future__ import annotations

import json

from ..grading.scoring import Report, TaskScore
from ..i18n import text
from ..results import PASSED
from . import terminal
from .findings import mistakes


def _said(task: TaskScore) -> list[str]:
    """What a student reads of a task: the message, the known mistakes, what the code printed."""
    if task.passed_given:
        return [terminal.given_line(task, "en")]
    printed = [text("printed", "en"), *("  " + line for line in task.output.splitlines())] if task.output else []
    return [task.message, *mistakes(task, "en"), *printed]


def render(report: Report) -> str:
    """The report as JSON text."""
    tests = [
        {
            "number": f"{phase.phase.number}.{number}",
            "name": f"{phase.phase.id}: {task.name}",
            "score": task.score,
            "max_score": float(task.max_score),
            "status": "passed" if task.state == PASSED else "failed",
            "output_format": "text",
            "output": "\n".join(filter(None, [f"{task.state}, {task.passed}/{task.total} tests", *_said(task)])),
        }
        for phase in report.phases
        for number, task in enumerate(phase.tasks, start=1)
    ]
    whole = {
        "score": report.score,
        "output_format": "text",
        "output": report.trust,
        "execution_time": round(sum(phase.seconds for phase in report.phases)),
        "visibility": "visible",
        "tests": tests,
    }
    return json.dumps(whole, ensure_ascii=False, indent=2) + "\n"

"""The report as Gradescope's ``results.json``: one entry a task."""

from __future__ import annotations

import json

from ..grading.scoring import Report, TaskScore
from ..results import PASSED
from . import terminal


def _said(task: TaskScore) -> list[str]:
    return [terminal.given_line(task, "en")] if task.passed_given else [task.message]


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

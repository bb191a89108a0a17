"""The report as Gradescope's ``results.json``: one entry a task, and one that the instructor alone sees.

The format: https://gradescope-autograders.readthedocs.io/en/latest/specs/
"""

from __future__ import annotations

import json
from typing import Any

from ..course.messages import in_language
from ..grading.scoring import PhaseScore, Report, TaskScore
from ..i18n import text
from ..results import PASSED
from . import terminal
from .findings import mistakes

VISIBLE, HIDDEN = "visible", "hidden"


def render(report: Report, lang: str = "en") -> str:
    """The report as JSON text."""
    tests = [
        _test(phase, f"{phase.phase.number}.{number}", task, lang)
        for phase in report.phases
        for number, task in enumerate(phase.tasks, start=1)
    ]
    whole = {
        "score": score(report),
        "output_format": "text",
        "output": "\n".join(_summary(report, lang)),
        "execution_time": round(report.seconds, 1),
        "visibility": VISIBLE,
        "tests": [*tests, for_the_instructor(report.trust, lang)],
        "extra_data": {"seed": report.seed, "assembled": report.assembled, "not_gradable": report.points_not_gradable},
    }
    return json.dumps(whole, ensure_ascii=False, indent=2) + "\n"


def score(report: Report) -> float:
    """The points; where some cannot be earned on this machine, the share of the others of all points."""
    return round(report.percent / 100 * report.max_score, 2) if report.not_gradable else report.score


def for_the_instructor(told: str, lang: str) -> dict[str, Any]:
    """An entry that no student sees. It is worth nothing: hidden entries with points would hide the total as well."""
    return {
        "name": text("for_the_instructor", lang),
        "score": 0.0,
        "max_score": 0.0,
        "status": "passed",
        "output_format": "text",
        "output": told,
        "visibility": HIDDEN,
    }


def _summary(report: Report, lang: str) -> list[str]:
    """What is said of the whole submission."""
    lines = []
    if report.not_gradable:
        lines.append(text("not_gradable", lang, count=report.not_gradable, points=report.points_not_gradable))
        lines.append(text("share_of_the_rest", lang))
    if report.assembled is not None:
        lines.append(text("assembled_yes" if report.assembled else "assembled_no", lang))
        lines += [] if report.assembled else [in_language(report.assembled_message, lang)]
    return lines


def _test(phase: PhaseScore, number: str, task: TaskScore, lang: str) -> dict[str, Any]:
    entry = {
        "number": number,
        "name": f"{phase.phase.id}: {task.name}",
        "score": task.score,
        "max_score": task.gradable,
        "status": "passed" if task.state == PASSED else "failed",
        "output_format": "text",
        "output": "\n".join(filter(None, _said(task, lang))),
        "tags": [phase.phase.id, task.state, *task.diagnoses],
        "extra_data": {
            "state": task.state,
            "passed": task.passed,
            "total": task.total,
            "diagnoses": list(task.diagnoses),
            "execution_time": round(task.seconds, 3),
        },
    }
    if task.blameless:
        del entry["status"]  # neither: Gradescope goes by the points
    return entry


def _said(task: TaskScore, lang: str) -> list[str]:
    """What a student reads of a task: state, message, known mistakes, what the code printed, how long it took."""
    tests = text("tests", lang, passed=task.passed, total=task.total)
    told = [f"{text(task.state, lang)}, {tests}, {task.seconds:.1f} s"]
    if task.passed_given:
        return [*told, terminal.given_line(task, lang)]
    printed = [text("printed", lang), *("  " + line for line in task.output.splitlines())] if task.output else []
    return [*told, in_language(task.message, lang), *mistakes(task, lang), *printed]

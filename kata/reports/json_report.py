"""The report as JSON, version 1 of the grader's contract."""

from __future__ import annotations

import json
from typing import Any

from ..course.dependencies import without_reference
from ..diagnosis import misconceptions
from ..grading.scoring import PhaseScore, Report, TaskScore
from ..i18n import LANGUAGES

VERSION = 1


def render(report: Report) -> str:
    """The report as JSON text."""
    return json.dumps(as_dict(report), ensure_ascii=False, indent=2) + "\n"


def as_dict(report: Report) -> dict[str, Any]:
    """The report as plain data."""
    return {
        "version": VERSION,
        "target": report.target,
        "seed": report.seed,
        "score": report.score,
        "max_score": report.max_score,
        "assembled": bool(report.assembled),
        "trust": report.trust,
        "phases": [_phase(phase) for phase in report.phases],
    }


def _phase(score: PhaseScore) -> dict[str, Any]:
    return {
        "phase": score.phase.number,
        "id": score.phase.id,
        "score": score.score,
        "max_score": score.max_score,
        "seconds": round(score.seconds, 3),
        "tested_with_own": [other.id for other in without_reference(score.phase.id)],
        "tasks": [_task(task) for task in score.tasks],
    }


def _task(task: TaskScore) -> dict[str, Any]:
    return {
        "name": task.name,
        "state": task.state,
        "score": task.score,
        "max_score": float(task.max_score),
        "passed": task.passed,
        "total": task.total,
        "message": task.message,
        "diagnosis": _diagnosis(task.diagnosis),
        "diagnoses": [_diagnosis(known) for known in task.diagnoses],
        "passed_given": list(task.passed_given),
        "not_gradable": task.not_gradable,
        "points_not_gradable": task.points_not_gradable,
    }


def _diagnosis(misconception_id: str) -> dict[str, str] | None:
    if not misconception_id:
        return None
    found = misconceptions.by_id(misconception_id)
    return {"id": found.id, **{lang: found.explanation(lang) for lang in LANGUAGES}}

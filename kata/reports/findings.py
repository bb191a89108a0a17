"""The known mistakes of a task, in the words that every report uses."""

from __future__ import annotations

from ..diagnosis import misconceptions
from ..grading.scoring import TaskScore
from ..i18n import text
from ..results import TODO


def mistakes(task: TaskScore, lang: str) -> list[str]:
    """A sentence for each known mistake that was named, and one for the tests that these do not explain."""
    told = [f"{text('diagnosis', lang)} {misconceptions.by_id(known).explanation(lang)}" for known in task.diagnoses]
    if told and task.unexplained:
        told.append(text("unexplained_one" if task.unexplained == 1 else "unexplained", lang, count=task.unexplained))
    return told


def waits_for(task: TaskScore, lang: str) -> str:
    """Of a task that is to do because another one is: the words that name that one; else empty."""
    name = task.message.split(": ", 1)[-1] if task.state == TODO else task.name
    return "" if name == task.name else text("waits_for", lang, name=name)

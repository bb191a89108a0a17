"""What reports say of the tasks of a phase, in words that all of them use: known mistakes, a file that is not read."""

from __future__ import annotations

from ..diagnosis import misconceptions
from ..grading.scoring import PhaseScore, TaskScore
from ..i18n import text
from ..results import ERROR, TODO


def mistakes(task: TaskScore, lang: str, explained: dict[str, str] | None = None) -> list[str]:
    """A sentence for each known mistake that was named, and one for the tests that these do not explain.

    Args:
        task: its verdict.
        lang: ``"en"`` or ``"ja"``.
        explained: mistake to the task above where it was explained; what is explained here is added.
    """
    above = {} if explained is None else explained
    told = []
    for known in task.diagnoses:
        same = text("same_mistake", lang, task=above[known]) if known in above else ""
        told.append(f"{text('diagnosis', lang)} {same or misconceptions.by_id(known).explanation(lang)}")
        above.setdefault(known, task.name)
    if told and task.unexplained:
        told.append(text("unexplained_one" if task.unexplained == 1 else "unexplained", lang, count=task.unexplained))
    return told


def waits_for(task: TaskScore, lang: str) -> str:
    """Of a task that is to do because another one is: the words that name that one; else empty."""
    name = task.message.split(": ", 1)[-1] if task.state == TODO else task.name
    return "" if name == task.name else text("waits_for", lang, name=name)


def file_error(phase: PhaseScore) -> str:
    """Why the file of a phase could not be loaded at all, which every task of it says; empty if it could."""
    told = {task.message for task in phase.tasks if task.state == ERROR}
    untested = all(task.state in (ERROR, TODO) and not task.passed for task in phase.tasks)
    count = sum(task.state == ERROR for task in phase.tasks)
    return told.pop() if untested and count > 1 and len(told) == 1 else ""

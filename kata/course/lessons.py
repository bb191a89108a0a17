"""What a program reads from a lesson: its hints.

A lesson is Markdown in a fixed form. A task's section begins with ``<a id="task-split_heads"></a>`` and ends where the
next anchor or heading of the same depth begins; its hints are folded, from a nudge to nearly the code::

    <details><summary>Hint 1</summary>

    text

    </details>
"""

from __future__ import annotations

import re

from .phases import PROJECT, Phase

_HINT = re.compile(r"<details><summary>(?:Hint|ヒント) *\d+</summary>\n(.*?)</details>", re.DOTALL)


def hints(phase: Phase, task: str, lang: str) -> list[str]:
    """The hints of a task in its lesson, in order, as Markdown.

    Args:
        phase: the phase of the task.
        task: its name.
        lang: ``"en"`` or ``"ja"``.

    Returns:
        The texts; none if the lesson does not have the task.

    Raises:
        OSError: if the lesson cannot be read.
    """
    return [found.strip() for found in _HINT.findall(_section(phase, task, lang))]


def anchor(phase: Phase, task: str, lang: str) -> str:
    """Where the lesson speaks of a task: ``lessons/en/phase2_attention.md#task-split_heads``."""
    return f"{phase.lesson(lang)}#task-{task}"


def _section(phase: Phase, task: str, lang: str) -> str:
    """The part of the lesson that belongs to one task; empty if there is none."""
    text = (PROJECT / phase.lesson(lang)).read_text(encoding="utf-8")
    _, found, rest = text.partition(f'<a id="task-{task}"></a>')
    return re.split(r'^<a id="', rest, maxsplit=1, flags=re.MULTILINE)[0] if found else ""

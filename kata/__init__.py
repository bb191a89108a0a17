"""The machinery of Transformer Kata: course map, loading, running, rules, scoring and reports.

``from kata import check`` grades from a script or a notebook: ``check("split_heads")``, ``check(2)``, ``check()``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from .notebook.check import Checked

__version__ = "0.2.0"


def check(
    what: str | int | None = None, *, target: str | Path | None = None, seed: int = 0, lang: str | None = None
) -> Checked:
    """Grade and show the report, in a script, a notebook or an interpreter.

    Args:
        what: a task (``"split_heads"``), a phase (``2``, ``"phase2_attention"``), or None for the whole course.
        target: folder to grade; None for ``exercises`` of the project.
        seed: seed of all random draws.
        lang: ``"en"`` or ``"ja"``; None for that of the notebook, else English.

    Returns:
        What came of it: true if everything passed; ``.score``, ``.max_score`` and ``.report`` say more.

    Raises:
        ValueError: if there is no such task, phase, language or folder; the message lists the ones there are.
    """
    from .notebook.check import check as run

    return run(what, target, seed, lang)

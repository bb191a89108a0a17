"""Pictures of phase 6: the last training of every toy, as ``train`` has left it in ``.kata/runs``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable

from ..course.phases import PROJECT
from ..i18n import choose
from . import fonts, training

RUNS = PROJECT / ".kata" / "runs"
"""Folder of the last trainings: ``<toy>/history.json`` and ``<toy>/attention.json``."""

NOTHING_TRAINED = (
    "Nothing was trained yet: `python grader.py train reverse` trains a model, and then there is something to draw.",
    "まだ学習していません。`python grader.py train reverse` でモデルを学習すると、図を描けるようになります。",
)
UNREADABLE = (
    "{file} cannot be drawn ({reason}): train again with `python grader.py train {toy}`",
    "{file} から図を描けません ({reason})。`python grader.py train {toy}` でもう一度学習してください。",
)


def draw_last_runs(
    folder: Path, lang: str, tell: Callable[[str], None], said: Callable[[Path], str], runs: Path | None = None
) -> bool:
    """Draw curves and alignment of the last training of every toy.

    Args:
        folder: where to write ``<toy>_curves.png`` and ``<toy>_alignment.png``.
        lang: ``"en"`` or ``"ja"``.
        tell: is given a line for every picture, or the reason why there is none.
        said: how to call a path.
        runs: folder of the trainings; None is the project's.

    Returns:
        Whether there was something to draw and all of it was drawn.

    Raises:
        OSError: if a picture cannot be written.
    """
    runs = RUNS if runs is None else runs
    toys = sorted(path for path in runs.iterdir() if (path / "history.json").is_file()) if runs.is_dir() else []
    if not toys:
        tell(choose(NOTHING_TRAINED, lang))
        return False
    drawn = True
    for toy in toys:
        todo = (
            ("history.json", "curves", training.draw_history),
            ("attention.json", "alignment", training.draw_alignment),
        )
        for name, picture, draw in todo:
            source = toy / name
            if name == "attention.json" and not source.exists():  # a training that was stopped early has none
                continue
            try:
                content = json.loads(source.read_text(encoding="utf-8"))
                path = folder / f"{toy.name}_{picture}.png"
                draw(content, path, lang)
            except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
                reason = f"{type(error).__name__}: {error}"
                tell(choose(UNREADABLE, lang).format(file=said(source), reason=reason, toy=toy.name))
                drawn = False
                continue
            tell(said(path))
            _advise(content, lang, tell)
    return drawn


def _advise(content: dict[str, Any], lang: str, tell: Callable[[str], None]) -> None:
    """Say what to install if the tokens of a picture have no glyphs; Japanese labels were spoken of before."""
    tokens = [*content.get("source", ()), *content.get("output", ())]
    advice = fonts.advice(lang, tokens) if lang == "en" else ""
    if advice:
        tell(advice)

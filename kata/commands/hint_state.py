"""How many hints of each task have been shown: a small file that git ignores.

It is a convenience. A file that is missing, broken or not writable costs at most that the hints begin anew.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from ..course.phases import PROJECT, Phase

STATE = PROJECT / ".kata" / "hints.json"


def shown(target: Path, phase: Phase, task: str) -> int:
    """How many hints of a task have been shown for a target folder."""
    count = _read().get(_key(target, phase, task), 0)
    return count if isinstance(count, int) and not isinstance(count, bool) and count > 0 else 0


def remember(target: Path, phase: Phase, task: str, count: int) -> bool:
    """Note that the first ``count`` hints of a task have been shown; whether it could be written down."""
    state = {**_read(), _key(target, phase, task): count}
    text = json.dumps(state, indent=1, sort_keys=True) + "\n"
    unfinished = STATE.with_name(f"{STATE.name}.{os.getpid()}")
    try:
        STATE.parent.mkdir(exist_ok=True)
        unfinished.write_text(text, encoding="utf-8")
        os.replace(unfinished, STATE)
    except OSError:
        return False
    return True


def _key(target: Path, phase: Phase, task: str) -> str:
    """``exercises/phase2_attention/split_heads``; the whole path for a folder outside the project."""
    target = target.resolve()
    folder = target.relative_to(PROJECT) if PROJECT in target.parents else target
    return f"{folder.as_posix()}/{phase.id}/{task}"


def _read() -> dict[str, Any]:
    try:
        state = json.loads(STATE.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return state if isinstance(state, dict) else {}

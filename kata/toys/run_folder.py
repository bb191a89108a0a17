"""What a training leaves behind: ``history.json``, ``checkpoint.pt`` and ``attention.json`` in a folder of its own."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any, Callable

import torch

from ..course.phases import PROJECT

RUNS = PROJECT / ".kata" / "runs"
"""Folder of the last trainings, one folder a toy."""


class NoCheckpoint(Exception):
    """There is no checkpoint, or none that can be read."""


class RunFolder:
    """The folder of one toy's last training.

    Args:
        runs: folder of all trainings.
        toy: name of the toy.
    """

    def __init__(self, runs: Path, toy: str) -> None:
        self.path = runs / toy
        self._kept = runs.parent / "old-runs"

    def set_aside(self) -> Path | None:
        """Move an older training out of the way; return where to, None if there was none.

        Raises:
            OSError: if it cannot be moved.
        """
        if not self.path.is_dir() or not any(self.path.iterdir()):
            return None
        self._kept.mkdir(parents=True, exist_ok=True)
        name = f"{self.path.name}-{time.strftime('%Y%m%d-%H%M%S')}"
        kept, number = self._kept / name, 1
        while kept.exists():
            number += 1
            kept = self._kept / f"{name}-{number}"
        os.replace(self.path, kept)
        return kept

    def write_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Replace the checkpoint, all at once."""
        self._replace("checkpoint.pt", lambda path: torch.save(checkpoint, path))

    def read_checkpoint(self) -> dict[str, Any]:
        """The checkpoint; only tensors and plain values are read, no code.

        Raises:
            NoCheckpoint: if there is none, or what is there cannot be read.
        """
        path = self.path / "checkpoint.pt"
        if not path.is_file():
            raise NoCheckpoint(f"{path} is missing")
        try:
            checkpoint = torch.load(path, map_location="cpu", weights_only=True)
            if checkpoint["version"] != 1:
                raise ValueError(f"version {checkpoint['version']}")
        except Exception as error:  # a damaged file raises nearly anything
            reason = " ".join(str(error).split())[:200]
            raise NoCheckpoint(f"{path} cannot be read: {type(error).__name__} {reason}") from error
        return checkpoint

    def write_json(self, name: str, content: dict[str, Any]) -> None:
        """Replace ``history.json`` or ``attention.json``, all at once."""
        text = json.dumps(content, ensure_ascii=False)
        self._replace(name, lambda path: path.write_text(text, encoding="utf-8"))

    def read_history(self) -> dict[str, Any]:
        """The history; an empty one if it is missing or damaged."""
        try:
            history = json.loads((self.path / "history.json").read_text(encoding="utf-8"))
            return history if isinstance(history["steps"], list) and isinstance(history["validations"], list) else {}
        except (OSError, ValueError, KeyError, TypeError):
            return {}

    def _replace(self, name: str, write: Callable[[Path], Any]) -> None:
        self.path.mkdir(parents=True, exist_ok=True)
        draft = self.path / f".{name}.{os.getpid()}"
        try:
            write(draft)
            os.replace(draft, self.path / name)
        finally:
            if draft.exists():
                draft.unlink()

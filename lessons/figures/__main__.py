"""Write the figures of the lessons: ``python -m lessons.figures [--measure] [PHASE ...]``.

``--measure`` runs the experiments anew first (minutes) and rewrites ``lessons/figures/measured/``.
"""

from __future__ import annotations

import argparse
import importlib
import json
from pathlib import Path
from typing import Any

import torch

from .drawing import LESSONS, draw

MEASURED = Path(__file__).resolve().parent / "measured"
"""Folder of the numbers that the experiments gave."""


def phases() -> list[int]:
    """The phases that have a module of figures."""
    here = Path(__file__).resolve().parent
    return [number for number in range(1, 7) if (here / f"phase{number}.py").exists()]


def load(number: int) -> tuple[Any, dict[str, Any]]:
    """The module of one phase and its measured numbers."""
    path = MEASURED / f"phase{number}.json"
    measured = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return importlib.import_module(f"lessons.figures.phase{number}"), measured


def drawn(number: int) -> dict[Path, str]:
    """Every figure of one phase: where it belongs, and its SVG text."""
    module, measured = load(number)
    return {
        LESSONS / lang / "figures" / f"{name}.svg": draw(function, measured, lang)
        for name, function in module.FIGURES.items()
        for lang in ("en", "ja")
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m lessons.figures", description="Write the figures of the lessons.")
    parser.add_argument("phase", nargs="*", type=int, default=[], help="these phases alone: 1 to 6")
    parser.add_argument("--measure", action="store_true", help="run the experiments anew first (minutes)")
    options = parser.parse_args()
    torch.set_num_threads(1)
    for number in options.phase or phases():
        if options.measure:
            measured = load(number)[0].measure()
            MEASURED.mkdir(exist_ok=True)
            text = json.dumps(measured, separators=(",", ":"))
            (MEASURED / f"phase{number}.json").write_text(text + "\n", encoding="utf-8")
        for path, text in drawn(number).items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            print(path.relative_to(LESSONS.parent))


if __name__ == "__main__":
    main()

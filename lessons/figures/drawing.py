"""What all figures share: look, language and a way to write SVG files that come out the same every time."""

from __future__ import annotations

import io
import logging
import re
import warnings
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from kata.i18n import choose

LESSONS = Path(__file__).resolve().parent.parent
"""The folder of the lessons; the figures of a language are in ``<lang>/figures``."""

BLUE, ORANGE, GREEN, PURPLE, GREY = "#1f6fb4", "#d95f02", "#1b8a5a", "#7a4fa3", "#7f7f7f"
"""Colours that stay apart in print and for colour-blind readers."""

FONTS = "'DejaVu Sans', 'Noto Sans CJK JP', 'Hiragino Sans', 'Yu Gothic', Meiryo, sans-serif"
"""Text stays text in the files; the reader's own fonts show it."""

STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "transformer-kata",
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10,
    "legend.frameon": False,
    "figure.facecolor": "white",
    "mathtext.fontset": "dejavusans",
}


def draw(function: Any, measured: dict[str, Any], lang: str) -> str:
    """Draw one figure in ``"en"`` or ``"ja"`` and return it as SVG text."""
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
    with mpl.rc_context(STYLE), warnings.catch_warnings():
        # The font that measures text has no Japanese glyphs; the reader's has.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure = function(measured, lang)
        stream = io.StringIO()
        figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    text = re.sub(r"'DejaVu Sans'(, [^;\"]*)?(?=[;\"])", FONTS, stream.getvalue())
    return re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE)


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of a size in inches, laid out without overlaps."""
    return Figure(figsize=(width, height), layout="constrained")


def axes(figure: Figure, xlabel: tuple[str, str], ylabel: tuple[str, str], lang: str, position: Any = 111) -> Any:
    """One plot with labels in the figure's language; a label is a pair (English, Japanese)."""
    plot = figure.add_subplot(position)
    plot.set_xlabel(choose(xlabel, lang))
    plot.set_ylabel(choose(ylabel, lang))
    return plot

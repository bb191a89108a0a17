"""One look for all pictures: sizes, colours, title above, caption below, PNG files of the Agg backend.

Everything is drawn on ``matplotlib.figure.Figure`` directly, never through pyplot: no window, no global figure, and the
settings hold inside ``look`` alone.
"""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Iterator, Sequence

import numpy as np
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import Colormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from rich.cells import cell_len

from ..i18n import choose
from ..line_breaking import wrap
from . import fonts
from .picture import caption as caption_of

WIDTH = 10.0
"""Width of every picture in inches; a point is 1.4 pixels when it is shown 1000 pixels wide."""

DPI = 150

CHARACTERS_PER_LINE = 132
"""How many Latin characters of a caption fit into a line; a Japanese one counts twice."""

BLUE, ORANGE, GREEN, VERMILION, PURPLE, SKY, BLACK = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#D55E00",
    "#CC79A7",
    "#56B4E9",
    "#222222",
)
"""Okabe and Ito's colours, which people with any kind of colour vision tell apart."""

COLOURS = (BLUE, VERMILION, GREEN, ORANGE, PURPLE, SKY)
MARKERS = ("o", "s", "^", "D", "v", "P")
LINES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)))
"""Lines differ by colour and by these, so that a print in grey can be read too."""

SEQUENTIAL = "viridis"
DIVERGING = "RdBu_r"
GREY = "#666666"

_SETTINGS: dict[str, Any] = {
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.labelsize": 10,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": False,
    "axes.axisbelow": True,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.7,
    "legend.frameon": False,
    "legend.fontsize": 9.5,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "lines.linewidth": 1.8,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
}


@contextmanager
def look(lang: str) -> Iterator[None]:
    """Inside, figures are made in the look of the kata; odd values and lacking glyphs are no reason to warn."""
    settings = {**_SETTINGS, "font.family": fonts.families(lang)}
    with style.context(["default", settings]), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        yield


def new_figure(height: float, title: str, caption: str) -> Figure:
    """An empty figure with its title above and its caption below; axes find room in between.

    Args:
        height: inches for the axes.
        title: one line.
        caption: what to see in the picture; it is broken into lines here.
    """
    lines = wrap(caption, CHARACTERS_PER_LINE)
    above, below = 0.5, 0.22 * len(lines) + 0.22
    total = above + height + below
    figure = Figure(figsize=(WIDTH, total), dpi=DPI)
    FigureCanvasAgg(figure)
    figure.set_layout_engine("constrained", rect=(0.008, below / total, 0.984, height / total))
    figure.text(0.012, 1 - 0.14 / total, title, fontsize=15, va="top")
    figure.text(0.012, 0.12 / total, "\n".join(lines), fontsize=10, color="#444444", va="bottom", linespacing=1.45)
    figure.set_label(f"{title}\n{caption}")
    figure.set_gid("ja" if any("\u3040" <= letter <= "\u30ff" for letter in caption) else "en")
    return figure


def save(figure: Figure, path: Path) -> None:
    """Write a figure as PNG; its title and caption go along as text for those who cannot see it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    title, _, caption = str(figure.get_label()).partition("\n")
    words = {"Title": title, "Description": caption, "Language": figure.get_gid() or "en", "Software": None}
    figure.savefig(path, format="png", metadata=words)


def heat_map(
    axes: Axes,
    values: np.ndarray,
    low: float | None,
    high: float | None,
    colours: str | Colormap = SEQUENTIAL,
    rows: Sequence[str] | None = None,
    columns: Sequence[str] | None = None,
    rotated: bool | None = None,
) -> Any:
    """Draw a matrix, row 0 on top, with thin lines between few cells and the names of rows and columns.

    Names of columns are ``rotated``, or not; None rotates the long ones.
    """
    image = axes.imshow(values, cmap=colours, vmin=low, vmax=high, aspect="auto", interpolation="nearest")
    axes.spines[:].set_visible(False)
    if max(values.shape) <= 40:
        axes.set_xticks(np.arange(values.shape[1] + 1) - 0.5, minor=True)
        axes.set_yticks(np.arange(values.shape[0] + 1) - 0.5, minor=True)
        axes.grid(which="minor", color="white", linewidth=0.8)
        axes.tick_params(which="minor", length=0)
    if columns is not None:
        axes.set_xticks(range(len(columns)), columns)
        for label in axes.get_xticklabels():
            if rotated or rotated is None and cell_len(label.get_text()) > (3 if len(columns) > 8 else 5):
                label.set_rotation(90)
    if rows is not None:
        axes.set_yticks(range(len(rows)), rows)
    axes.tick_params(length=0)
    return image


def outline(axes: Axes, cells: np.ndarray) -> None:
    """Frame the cells of a heat map where ``cells`` is True: what is not allowed to be anything but empty."""
    for row, column in zip(*np.nonzero(cells)):
        frame = Rectangle((column - 0.44, row - 0.44), 0.88, 0.88, fill=False, edgecolor=VERMILION, linewidth=1.1)
        axes.add_patch(frame)


def tell(figure_caption: Sequence[Any], data: Any, lang: str, **values: object) -> str:
    """A caption of sentences and claims, in the language that can be drawn."""
    return caption_of(figure_caption, data, fonts.drawable(lang), **values)


def note(axes: Axes, text: str) -> None:
    """Say in the middle of empty axes why they are empty."""
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color=GREY, wrap=True)


def of(pair: tuple[str, str], lang: str, /, **values: object) -> str:
    """One sentence of a pair, in the language that can be drawn, with its values filled in."""
    return choose(pair, fonts.drawable(lang)).format(**values)

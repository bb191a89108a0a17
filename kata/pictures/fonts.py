"""Find a font with Japanese glyphs; matplotlib's own has none."""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Iterable

from matplotlib import font_manager
from rich.cells import cell_len

from ..i18n import choose

LATIN = "DejaVu Sans"
"""The font that matplotlib ships."""

PACKAGE = "matplotlib_fontja"
"""Ships a Japanese font in its folder ``fonts``."""

ADVICE = (
    "No font with Japanese glyphs was found: {what}. `python -m pip install matplotlib-fontja` brings one.",
    "日本語のフォントが見つからないため、{what}。`python -m pip install matplotlib-fontja` で入ります。",
)
LABELS_IN_ENGLISH = ("the pictures are labelled in English", "図の説明は英語になります")
TOKENS_UNREADABLE = ("Japanese tokens show as boxes", "日本語のトークンは四角で表示されます")


@lru_cache(maxsize=None)
def japanese_family() -> str | None:
    """Name of a font family with Japanese glyphs, made known to matplotlib; None if it is not installed."""
    # Looked up, not imported: importing the package changes the fonts of the whole process.
    spec = find_spec(PACKAGE)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        for path in sorted(Path(folder, "fonts").glob("*.ttf")):
            font_manager.fontManager.addfont(str(path))
            return font_manager.FontProperties(fname=str(path)).get_name()
    return None


def families(lang: str) -> list[str]:
    """Font families for a picture in ``lang``: what the first lacks, the next one draws."""
    japanese = japanese_family()
    if japanese is None:
        return [LATIN]
    return [japanese, LATIN] if lang == "ja" else [LATIN, japanese]


def drawable(lang: str) -> str:
    """The language that can be drawn: ``lang``, or ``"en"`` where no font has its glyphs."""
    return "en" if lang == "ja" and japanese_family() is None else lang


def advice(lang: str, tokens: Iterable[str] = ()) -> str:
    """One line that says what to install for Japanese labels or ``tokens``; empty if nothing is lacking."""
    if japanese_family() is not None:
        return ""
    if lang == "ja":
        return choose(ADVICE, lang).format(what=choose(LABELS_IN_ENGLISH, lang))
    if any(cell_len(token) > len(token) for token in tokens):
        return choose(ADVICE, lang).format(what=choose(TOKENS_UNREADABLE, lang))
    return ""

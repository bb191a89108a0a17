"""The README's picture of ``watch`` shows what ``watch`` shows."""

from __future__ import annotations

import html
import re

import pytest

from site_build.places import LANGUAGES, PROJECT

pytestmark = [pytest.mark.proof, pytest.mark.timeout(400)]


def lines_of(svg: str) -> list[str]:
    """The text of a picture, line by line."""
    lines: dict[str, str] = {}
    for y, text in re.findall(r'<text[^>]* y="([\d.]+)"[^>]*>([^<]*)</text>', svg):
        lines[y] = lines.get(y, "") + html.unescape(text).replace("\N{NO-BREAK SPACE}", " ")
    return [line.rstrip() for line in lines.values()]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_picture_is_what_watch_shows_today(tools, lang):
    from site_build.watch_picture import picture, screen

    kept = (PROJECT / "docs" / "pictures" / f"watch.{lang}.svg").read_text(encoding="utf-8")
    assert lines_of(kept) == lines_of(picture(screen(lang), lang)), "draw it anew: python -m site_build.watch_picture"
    readme = (PROJECT / ("README.ja.md" if lang == "ja" else "README.md")).read_text(encoding="utf-8")
    [told] = re.findall(rf"!\[([^\]]*)\]\(docs/pictures/watch\.{lang}\.svg\)", readme)
    shown = " ".join(lines_of(kept))
    for name in ("scaled_dot_product_attention", "split_heads", "merge_heads"):
        assert name in told and name in shown
    for number in re.findall(r"\d+", told):
        assert number in re.findall(r"\d+", shown), f"the picture shows no {number}"

"""Figures that can be moved keep their place when lessons are rewritten. ``site_build/tests`` tests the site itself."""

from __future__ import annotations

import pytest

from kata.course.phases import PROJECT
from site_build.pages import FIGURES, SECTIONS, Site, convert, sources


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_every_figure_has_its_place_in_the_lessons(lang):
    site = Site(lang, [])
    for name in sources(lang):
        convert((PROJECT / name).read_text(encoding="utf-8"), name, site)
    assert site.placed == FIGURES.keys() | SECTIONS.keys()

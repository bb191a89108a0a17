"""The figures of the lessons are what their script draws from the measured numbers."""

from __future__ import annotations

import re
from base64 import b64decode
from importlib import metadata
from io import BytesIO

import pytest

from kata.course.phases import COURSE, PROJECT

mpl = pytest.importorskip("matplotlib")

from lessons.figures.__main__ import drawn, load  # noqa: E402
from lessons.figures.drawing import LESSONS, draw  # noqa: E402
from selftest.lesson_text import LANGUAGES, lesson  # noqa: E402

PINNED = re.search(r"^matplotlib==([\d.]+)", (PROJECT / "requirements.txt").read_text(encoding="utf-8"), re.MULTILINE)
NUMBER = re.compile(r"-?\d+\.?\d*(?:e-?\d+)?")
IMAGE = re.compile(r"data:image/png;base64,\s*([A-Za-z0-9+/=\s]+)")

numbers = pytest.mark.parametrize("number", [phase.number for phase in COURSE])
needs_the_pinned_matplotlib = pytest.mark.skipif(
    PINNED is None or metadata.version("matplotlib") != PINNED[1],
    reason="another version of matplotlib lays figures out differently",
)


def same_picture(drawn_text: str, kept_text: str) -> None:
    """Assert that two SVG files are the same up to the rounding of another processor."""
    new_images, old_images = IMAGE.findall(drawn_text), IMAGE.findall(kept_text)
    new_text, old_text = IMAGE.sub("", drawn_text), IMAGE.sub("", kept_text)
    new_text, old_text = (re.sub(r'(id="|#|clip-path="url\(#)\w+', r"\1", text) for text in (new_text, old_text))
    assert NUMBER.sub("0", new_text) == NUMBER.sub("0", old_text)
    for new, old in zip(NUMBER.findall(new_text), NUMBER.findall(old_text)):
        assert float(new) == pytest.approx(float(old), abs=0.3, rel=0.01)
    assert len(new_images) == len(old_images)
    for new, old in zip(new_images, old_images):
        ours, theirs = (mpl.image.imread(BytesIO(b64decode(data))) for data in (new, old))
        assert ours.shape == theirs.shape
        assert abs(ours - theirs).max() < 0.03


@numbers
def test_the_script_draws_exactly_the_figures_that_the_lesson_shows(number):
    names = {f"figures/{name}.svg" for name in load(number)[0].FIGURES}
    for lang in LANGUAGES:
        assert {path for _, path in lesson(COURSE[number - 1], lang).figures()} == names


@numbers
@needs_the_pinned_matplotlib
def test_a_figure_comes_out_the_same_again(number):
    module, measured = load(number)
    name, function = next(iter(module.FIGURES.items()))
    kept = (LESSONS / "ja" / "figures" / f"{name}.svg").read_text(encoding="utf-8")
    same_picture(draw(function, measured, "ja"), kept)


@pytest.mark.proof
@pytest.mark.timeout(120)
@numbers
@needs_the_pinned_matplotlib
def test_every_figure_comes_out_the_same_again(number):
    for path, text in drawn(number).items():
        same_picture(text, path.read_text(encoding="utf-8"))

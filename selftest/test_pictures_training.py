"""Pictures of a training are drawn in both languages, from whatever a training leaves behind."""

from __future__ import annotations

import math

import numpy as np
import pytest
from rich.cells import cell_len

from kata.line_breaking import wrap
from kata.pictures import fonts, style, training
from selftest.png import assert_shows_something, pixels

HISTORY = {
    "toy": "reverse",
    "seed": 0,
    "device": "cpu",
    "steps": [{"step": n, "loss": 3 / n, "lr": 1e-3, "tokens_per_second": 100.0} for n in range(1, 101)],
    "validations": [{"step": n, "loss": 3 / n, "exact": n / 100, "bleu": None, "samples": []} for n in (50, 100)],
}
ATTENTION = {
    "source": ["this", "is", "an", "apple", "<eos>"],
    "output": ["これ", "は", "りんご", "です", "。", "<eos>"],
    "weights": np.eye(6, 5)[None].repeat(4, axis=0).tolist(),
    "layer": 2,
}


@pytest.fixture(scope="module")
def english(tmp_path_factory):
    """The English picture of the curves; drawing one takes half a second."""
    path = tmp_path_factory.mktemp("pictures") / "new" / "history.png"
    training.draw_history(HISTORY, path, "en")
    return path


def test_curves_are_drawn_in_a_folder_that_is_made(english):
    assert_shows_something(english)


def test_japanese_tokens_are_drawn(tmp_path):
    training.draw_alignment(ATTENTION, tmp_path / "attention.png", "ja")
    assert_shows_something(tmp_path / "attention.png")


@pytest.mark.proof
@pytest.mark.parametrize("lang", ["en", "ja"])
@pytest.mark.parametrize("heads", [1, 3, 8])
def test_alignments_of_any_number_of_heads_and_tokens_are_drawn(heads, lang, tmp_path):
    for length in (1, 40):
        weights = np.full((heads, length, 5), 0.2).tolist()
        attention = {**ATTENTION, "output": ["りんご"] * length, "weights": weights}
        training.draw_alignment(attention, tmp_path / "attention.png", lang)
        assert_shows_something(tmp_path / "attention.png")


def test_other_measurements_give_another_picture(english, tmp_path):
    better = [{**row, "exact": 1.0, "bleu": 99.0} for row in HISTORY["validations"]]
    training.draw_history({**HISTORY, "validations": better}, tmp_path / "b.png", "en")
    assert not np.array_equal(pixels(english), pixels(tmp_path / "b.png"))


@pytest.mark.parametrize(
    "steps", [[], [{"step": 1, "loss": math.nan, "lr": 1e-3}]], ids=["nothing was measured", "a loss that is NaN"]
)
def test_a_training_that_ended_early_is_drawn_too(steps, tmp_path):
    training.draw_history({**HISTORY, "steps": steps, "validations": []}, tmp_path / "history.png", "en")
    assert_shows_something(tmp_path / "history.png")


def test_weights_that_do_not_fit_the_tokens_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"\(4, 6, 5\) for 6 output and 4 source tokens"):
        training.draw_alignment({**ATTENTION, "source": ATTENTION["source"][:4]}, tmp_path / "a.png", "en")


def test_the_font_has_japanese_glyphs():
    from matplotlib import font_manager

    family = fonts.japanese_family()
    assert family is not None, "requirements.txt brings a font"
    font = font_manager.get_font(font_manager.findfont(family))
    assert all(font.get_char_index(ord(character)) for character in "注意機構トークンりんご、。「」（）食")


def test_without_such_a_font_labels_are_english_and_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setattr(fonts, "japanese_family", lambda: None)
    assert fonts.drawable("ja") == "en"
    assert "matplotlib-fontja" in fonts.advice("ja")
    assert "matplotlib-fontja" in fonts.advice("en", ["the", "りんご"])
    assert fonts.advice("en", ["the", "apple"]) == ""
    assert style.of(training.LOSS, "ja") == training.LOSS[0]
    assert fonts.families("ja") == [fonts.LATIN]


def test_nothing_is_advised_where_the_font_is_there():
    assert fonts.advice("ja", ["りんご"]) == fonts.advice("en", ["りんご"]) == ""


@pytest.mark.parametrize("text", [training.CURVES_CAPTION, training.ALIGNMENT_CAPTION])
def test_captions_are_broken_into_lines_that_fit(text):
    for lang in (0, 1):
        lines = wrap(text[lang], 60)
        assert len(lines) > 3
        assert all(40 <= cell_len(line) <= 62 for line in lines[:-1])
        assert (" " if lang == 0 else "").join(lines).replace(" ", "") == text[lang].replace(" ", "")
        assert not any(line.startswith(("。", "、", "」", "ー")) for line in lines)

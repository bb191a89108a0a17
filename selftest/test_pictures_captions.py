"""A caption asserts nothing that its picture does not show."""

from __future__ import annotations

from importlib import import_module

import numpy as np
import pytest

from kata.diagnosis.misconceptions import by_id
from kata.pictures import phase2, phase4, phase5_batches, style
from kata.pictures.picture import NOT_SO, Claim
from selftest.test_pictures_data import MISTAKES, data_of, right

# Mistake of the catalogue: picture, what stands under the right one, what stands there instead.
SHOWN_FALSE = {
    "encoding-positions-from-one": ("encoding", "Row 0 is 0, 1, 0, 1, ...", "NOT SO: Row 0"),
    "encoding-exponent-halved": ("clock", "turns the hand clockwise by the same", "NOT SO: Each"),
    "shift-backwards": ("shift", "They do.", "They do not."),
    "embedding-not-scaled": ("size", "It does.", "It does not."),
    "mask-ignored": ("heads", "They are grey, exactly 0", "Not all of them are grey"),
    "mask-after-the-softmax": ("heads", "Every row adds up to 1.", "Not every row adds up to 1"),
    "attention-not-scaled": ("saturation", "keep the same spread", "NOT SO: Divided by"),
    "split-by-view-alone": ("split", "split_heads gives the first head", "NOT SO: split_heads"),
    "add-and-norm-without-residual": ("depth", "AddAndNorm keeps the sizes", "NOT SO: AddAndNorm"),
    "layer-norm-affine-forgotten": ("norm", "Right: with gain 2", "NOT SO: Right"),
    "feed-forward-without-relu": ("relu", "bends where a unit sets in", "NOT SO: The network"),
    "encoder-one-layer-many-times": ("parameters", "Every bar ends at its mark.", "Not every bar ends at its mark."),
    "decoder-self-mask-forgotten": ("causality", "never an earlier one", "a leak from the future"),
    "look-ahead-shows-the-next-token": ("masks", "The look-ahead mask is the same", "NOT SO: The look"),
    "decoder-mask-without-padding": ("masks", "The decoder mask is both", "NOT SO: The decoder"),
    "batch-target-not-shifted": ("batch", "tgt_in starts with <bos>", "NOT SO: tgt_in"),
    "batch-count-with-padding": ("batch", "num_tokens counts the cells", "NOT SO: num_tokens"),
    "loss-padding-counts": ("smoothing", "Rows of <pad> are empty", "NOT SO: Rows"),
    "noam-grows-with-d-model": ("noam", "a wider model gets a smaller rate", "NOT SO: Right"),
    "scheduler-one-step-behind": ("scheduler", "They all do.", "They do not all"),
}  # fmt: skip


def caption_of(picture, data, lang="en"):
    with style.look(lang):
        return picture.draw(data, lang).get_label().partition("\n")[2]


@pytest.mark.parametrize("name", MISTAKES)
def test_with_right_code_every_claim_holds(name):
    picture, data = right(name)
    captions = {key: value for key, value in vars(import_module(picture.draw.__module__)).items() if "_CAPTION" in key}
    claims = [part for parts in captions.values() for part in parts if isinstance(part, Claim)]
    assert claims
    caption = caption_of(picture, data)
    assert NOT_SO[0].partition(":")[0] not in caption
    falsely = [claim.instead[0] for claim in claims if claim.instead is not None and claim.instead[0]]
    assert not [words for words in falsely if words in caption]


@pytest.mark.parametrize("mistake", SHOWN_FALSE)
def test_what_a_mistake_makes_false_is_not_said(mistake, tmp_path):
    name, true, false = SHOWN_FALSE[mistake]
    false = false.replace("NOT SO", "Not so here, and it should be")
    picture, data = right(name)
    said = caption_of(picture, data)
    assert true in said and false not in said
    entry = by_id(mistake)
    wrong = caption_of(picture, data_of(picture, entry.phase.number, entry.write(tmp_path / "mine")))
    assert false in wrong
    assert true not in wrong.replace(false, "") or false.startswith("Not so here")


def test_the_japanese_caption_tells_the_same(tmp_path):
    entry = by_id("mask-ignored")
    picture = right("heads")[0]
    data = data_of(picture, 2, entry.write(tmp_path / "mine"))
    said = caption_of(picture, data, "ja")
    assert "灰色 (ちょうど 0) でないマスがあります" in said and "残ったキーに重みが配り直されています" not in said


def frames(figure):
    """Numbers of outlined cells, one for each axes that has any."""
    found = [sum(patch.get_fill() is False for patch in axes.patches) for axes in figure.axes]
    return [count for count in found if count]


@pytest.mark.parametrize("mistake", ["", "mask-ignored"])
def test_forbidden_cells_are_outlined_whether_they_are_empty_or_not(mistake, tmp_path):
    picture, data = right("heads")
    if mistake:
        data = data_of(picture, 2, by_id(mistake).write(tmp_path / "mine"))
    with style.look("en"):
        counts = frames(picture.draw(data, "en"))
    # Eight queries: two columns of padding; a triangle of 28; and both: three cells of padding are not in the future.
    assert counts == [16] * 4 + [28] * 4 + [31] * 4
    assert bool(phase2._leaks(data).any()) == bool(mistake)


def test_outlines_of_the_other_pictures_are_where_nothing_may_be():
    with style.look("en"):
        counts = frames(right("causality")[0].draw(right("causality")[1], "en"))
    assert counts == [12, 21, 14]
    for name in ("memory", "target", "source"):
        assert not (right("causality")[1][name][phase4.FORBIDDEN[name]] >= phase4.UNCHANGED).any()
    data = right("masks")[1]
    with style.look("en"):
        counts = frames(right("masks")[0].draw(data, "en"))
    assert counts == [5, 15, *[int((~mask).sum()) for mask in phase5_batches._decoder_masks(data)]]


def test_claims_follow_the_data_and_not_the_code():
    data = dict(right("heads")[1])
    data["weights"] = data["weights"].copy()
    data["weights"][1, 0, 0, -1] = 1e-12
    assert "Not all of them are grey" in caption_of(right("heads")[0], data)
    assert np.isclose(data["weights"].sum(axis=-1), 1, atol=1e-5).all()

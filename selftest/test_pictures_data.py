"""What the pictures of a phase show is computed from the learner's code: a mistake in it changes the data."""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module

import numpy as np
import pytest
import torch

from kata.course.phases import REFERENCE
from kata.pictures import style
from kata.pictures.picture import UnusableAnswer, array_of, finite, frozen, number_of, pair_of
from kata.sandbox.loader import package_for
from selftest.png import pixels
from selftest.submissions import make_target, phase, replaced, solution

MISTAKES = {
    # picture: (phase, which arrays must differ, text of the solution, what stands there instead)
    "encoding": (1, "table", "/ d_model  # (d_model / 2), is 2i", "/ (2 * d_model)  #"),
    "distance": (1, "products", "10000.0**exponent", "100.0**exponent"),
    "clock": (1, "hands", "encoding[:, 0::2] = torch.sin(angle)", "encoding[:, 0::2] = torch.cos(angle)"),
    "shift": (1, "matrix after", "matrix[even, even + 1] = torch.sin", "matrix[even, even + 1] = -torch.sin"),
    "size": (1, "embedding", " * math.sqrt(self.d_model)", ""),
    "heads": (2, "weights", "scores = scores.masked_fill(~mask", "scores.masked_fill(~mask"),
    "saturation": (2, "largest gradient weights", "key.transpose(-2, -1) / math.sqrt(d_k)", "key.transpose(-2, -1)"),
    "split": (
        2,
        "heads",
        "x = x.reshape(batch, length, num_heads, d_model // num_heads)  # (B, L, h, d_k)\n    return x.transpose(1, 2)",
        "return x.reshape(batch, num_heads, length, d_model // num_heads)",
    ),
    "depth": (3, "gradients", "self.norm(x + self.dropout(sublayer_output))", "self.norm(sublayer_output)"),
    "norm": (3, "after affine", "unbiased=False, ", ""),
    "relu": (3, "output", "torch.relu(self.linear1(x))", "self.linear1(x)"),
    "parameters": (
        4,
        "counted",
        "[EncoderLayer(d_model, num_heads, d_ff, dropout) for _ in range(num_layers)]",
        "[EncoderLayer(d_model, num_heads, d_ff, dropout)] * num_layers",
    ),
    "causality": (4, "target", "self.self_attention(x, x, x, self_mask)", "self.self_attention(x, x, x, None)"),
    "masks": (5, "look_ahead decoder", "device=device).tril()", "device=device).tril(1)"),
    "batch": (5, "tgt_in", "[[bos_id, *tgt_ids] for", "[[*tgt_ids, eos_id] for"),
    "smoothing": (5, "targets sentence losses", "self.smoothing * log_probs.mean", "self.smoothing * log_probs.sum"),
    "noam": (5, "warmups widths", "factor * d_model**-0.5 * min", "factor * min"),
    "scheduler": (5, "rates", "self._set_step(1)", "self._set_step(2)"),
}


@lru_cache(maxsize=None)
def right(name):
    """The picture and its data for the solution."""
    number = MISTAKES[name][0]
    module = import_module(f"kata.pictures.phase{number}")
    picture = next(picture for picture in module.PICTURES if picture.name == name)
    return picture, data_of(picture, number, REFERENCE)


def data_of(picture, number, folder):
    torch.set_num_threads(1)
    package = package_for(phase(number).id, folder, REFERENCE)
    try:
        return finite(picture.data(package.load(phase(number).id)))
    finally:
        package.close()


def test_every_picture_has_a_mistake_that_it_must_show():
    numbers = range(1, 6)
    names = [picture.name for n in numbers for picture in import_module(f"kata.pictures.phase{n}").PICTURES]
    assert names == list(MISTAKES)


@pytest.mark.parametrize("name", MISTAKES)
def test_a_wrong_implementation_changes_what_the_picture_shows(name, tmp_path):
    number, changed, find, replace = MISTAKES[name]
    picture, expected = right(name)
    wrong = replaced(solution(number), find, replace)
    (tmp_path / phase(number).file).write_text(wrong, encoding="utf-8")
    seen = data_of(picture, number, tmp_path)
    assert {key: values.shape for key, values in seen.items()} == {key: v.shape for key, v in expected.items()}
    for key in changed.split():
        difference = np.abs(seen[key] - expected[key]).max()
        assert difference > 1e-3 * np.abs(expected[key]).max(), f"{key} of {name} is hardly different"


@pytest.mark.parametrize("name", [name for name in MISTAKES if name not in ("depth", "causality", "parameters")])
def test_the_same_code_gives_the_same_data(name):
    picture, expected = right(name)
    again = data_of(picture, MISTAKES[name][0], REFERENCE)
    assert all(np.array_equal(again[key], values) for key, values in expected.items())


def test_other_data_gives_another_picture(tmp_path):
    picture, data = right("batch")
    for name, shown in (("a", data), ("b", {**data, "tgt_in": data["tgt_out"]})):
        with style.look("en"):
            style.save(picture.draw(shown, "en"), tmp_path / f"{name}.png")
    assert not np.array_equal(pixels(tmp_path / "a.png"), pixels(tmp_path / "b.png"))


def test_the_right_data_is_what_the_captions_say():
    products = right("distance")[1]["products"]
    assert np.allclose(np.diag(products), 32, atol=1e-4)
    assert np.allclose(products[25, 5:45], products[75, 55:95], atol=1e-4)
    assert np.allclose(np.linalg.norm(right("clock")[1]["hands"], axis=-1), 1, atol=1e-6)
    shift = right("shift")[1]
    assert np.allclose(shift["after"], shift["wanted"], atol=1e-5)
    weights = right("heads")[1]["weights"]
    assert np.allclose(weights.sum(axis=-1), 1, atol=1e-5)
    assert (weights[1, :, :, -2:] == 0).all()
    assert (weights[2][:, np.triu(np.ones((8, 8), dtype=bool), 1)] == 0).all()
    parameters = right("parameters")[1]
    assert np.array_equal(parameters["counted"], parameters["expected"])
    assert parameters["counted"].sum() == 63_082_496
    target = right("causality")[1]["target"]
    assert (target[np.tril_indices(7, -1)] < 1e-9).all()
    assert (target[np.triu_indices(7)] > 1e-3).all()
    depth = right("depth")[1]
    assert depth["activations"][0, -1] < 1e-6 < 0.99 < depth["activations"][3].min()
    assert depth["gradients"][0, 0] < 1e-6 < 0.5 < depth["gradients"][3, 0] < 3
    assert np.allclose(right("smoothing")[1]["targets"][1], 0.1 / 8 + 0.9 * (np.arange(8) == 5))
    scheduler = right("scheduler")[1]
    assert np.allclose(scheduler["rates"], scheduler["formula"])


@pytest.mark.parametrize("number", range(1, 6))
def test_stubs_are_told_from_mistakes(number, tmp_path):
    folder = make_target(tmp_path / "stubs")
    for picture in import_module(f"kata.pictures.phase{number}").PICTURES:
        with pytest.raises(NotImplementedError, match=f"^Phase {number}: "):
            data_of(picture, number, folder)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: array_of(None, (2, 3), "f(x)"), r"f\(x\) returned None, not a tensor"),
        (lambda: array_of([1.0], (1,), "f(x)"), r"f\(x\) returned a list, not a tensor"),
        (lambda: array_of(torch.zeros(3, 2), (2, 3), "f(x)"), r"a tensor of shape \(3, 2\), not \(2, 3\)"),
        (lambda: array_of(torch.zeros(2, dtype=torch.complex64), (2,), "f(x)"), "complex numbers"),
        (lambda: number_of("7", "f(x)"), r"f\(x\) returned a str, not a number"),
        (lambda: pair_of(torch.zeros(2), "f(x)"), r"f\(x\) returned a Tensor, not a pair \(output, weights\)"),
        (lambda: finite(frozen(w=np.array([0.0, np.nan, np.inf]))), r"there is NaN and infinity .*\(w: 2 of 3\)"),
    ],
)
def test_an_answer_that_cannot_be_drawn_is_described(call, message):
    with pytest.raises(UnusableAnswer, match=message):
        call()

"""The figures that can be moved: each is moved by the keyboard, and its numbers are those of ``solutions/``."""

from __future__ import annotations

import base64
import colorsys
import json
import math
import re

import numpy as np
import pytest
import torch

from kata.toys.vocabulary import BOS_ID, EOS_ID, PAD_ID
from lessons.figures.drawing import BLUE, GREEN, ORANGE
from site_build.pages import FIGURES, SECTIONS
from site_build.places import HERE
from solutions.phase1_embedding import position_shift_matrix, sinusoidal_encoding
from solutions.phase2_attention import scaled_dot_product_attention
from solutions.phase4_transformer import Transformer
from solutions.phase5_mechanics import (
    LabelSmoothingLoss,
    decoder_mask,
    look_ahead_mask,
    noam_learning_rate,
    padding_mask,
)
from solutions.phase6_training import beam_search, greedy_decode, length_penalty

pytestmark = [pytest.mark.proof, pytest.mark.timeout(400)]

PAGE = {
    "clock": "phase1_embedding",
    "query": "phase2_attention",
    "softmax": "phase2_attention",
    "depth": "phase3_layers",
    "masks": "phase5_mechanics",
    "smoothing": "phase5_mechanics",
    "noam": "phase5_mechanics",
    "beam": "phase6_training",
    "heads": "phase6_training",
}


def close(got, expected, tolerance=1e-6):
    """Whether two arrays of numbers are equal within rounding (the reference computes in float32)."""
    np.testing.assert_allclose(np.asarray(got, dtype=float), np.asarray(expected, dtype=float), tolerance, tolerance)


class Shown:
    """One figure on its page, as a reader finds it."""

    def __init__(self, tab, name: str) -> None:
        self.tab, self.place = tab, tab.locator(f'.figure[data-figure="{name}"]')
        self.place.scroll_into_view_if_needed()

    def control(self, name: str):
        return self.place.locator(f'[data-control="{name}"]')

    def press(self, name: str, key: str, times: int = 1) -> float:
        """Move a slider by the keyboard; return its value."""
        self.control(name).focus()
        for _ in range(times):
            self.tab.keyboard.press(key)
        return float(self.control(name).input_value())

    def value(self, name: str):
        """The unrounded value of an output."""
        return json.loads(self.place.locator(f'[data-output="{name}"]').get_attribute("data-value"))

    def text(self, name: str) -> str:
        return self.place.locator(f'[data-output="{name}"]').inner_text()


@pytest.fixture
def show(open_tab):
    """A function that opens the page of a figure."""
    return lambda name, lang="en": Shown(open_tab(f"{'ja/' if lang == 'ja' else ''}lessons/{PAGE[name]}.html"), name)


def test_every_figure_has_a_page_here():
    assert PAGE.keys() == FIGURES.keys() | SECTIONS.keys()


STATIC = """place => {
    let above = place;
    while (!above.querySelector("img")) above = above.previousElementSibling;
    const picture = above.querySelector("img");
    return [picture.src, picture.alt, picture.naturalWidth];
}"""


@pytest.mark.parametrize("lang", ["en", "ja"])
@pytest.mark.parametrize("name", PAGE)
def test_figure_stands_below_its_static_picture_and_says_what_to_try(show, name, lang):
    figure = show(name, lang)
    place = figure.place
    above = place.evaluate(STATIC)
    assert FIGURES.get(name, f"{name}.{lang}.svg") in above[0] and above[1] and above[2] > 0
    sentence = place.locator(".figure-try").inner_text()
    assert sentence.startswith("試してみよう" if lang == "ja" else "Try:")
    for control in place.locator("input, select").all():
        assert control.evaluate("control => control.labels[0].textContent.trim()"), "a control without a label"
    for drawing in place.locator("svg").all():
        assert drawing.get_attribute("aria-label")


def test_without_scripts_the_static_pictures_are_there(browser, address):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}lessons/phase5_mechanics.html")
    assert page.locator(".figure").first.is_hidden()
    assert page.locator('img[src$="phase5_noam.svg"]').is_visible()
    context.close()


def test_clock(show):
    figure = show("clock")
    for width in (8, 32):
        for position, offset in ((0, 0), (7, 3), (40, -20)):
            encoding = figure.tab.evaluate(f"Kata.clock.encoding({position}, {width})")
            close(encoding, sinusoidal_encoding(position + 1, width)[position])
            close(figure.tab.evaluate(f"Kata.clock.shift({offset}, {width})"), position_shift_matrix(offset, width))
    offset = int(figure.press("offset", "ArrowRight", 3))
    before = figure.value("matrix")
    position = int(figure.press("position", "ArrowRight", 4))
    assert (position, offset) == (7, 5)
    assert figure.value("matrix") == before, "the shift does not depend on the position"
    close(before, position_shift_matrix(offset, 8))
    close(figure.value("rows")[1], sinusoidal_encoding(13, 8)[12])
    assert figure.value("gap") < 1e-12


def test_softmax(show):
    figure = show("softmax")
    figure.press("factor", "ArrowRight", 6)  # 2 ** 3
    score = figure.press("score1", "ArrowLeft", 5)
    scores = torch.tensor([2.0, score, 0.0, -1.0], dtype=torch.float64) * 8
    weights = torch.softmax(scores, dim=0)
    jacobian = torch.autograd.functional.jacobian(lambda s: torch.softmax(s, dim=0), scores)
    close(figure.value("weights"), weights)
    close(figure.value("jacobian"), jacobian)
    close(figure.value("norm"), jacobian.norm())
    close(figure.value("greatest"), weights.max())


def test_query(show):
    figure = show("query")
    keys, values = (torch.tensor(figure.tab.evaluate(f"Kata.query.{name}")).double() for name in ("KEYS", "VALUES"))

    def compare():
        at = [float(figure.control(name).input_value()) for name in ("x", "y")]
        output, weights = scaled_dot_product_attention(torch.tensor([at]).double(), keys, values)
        close(figure.value("weights")[1], weights[0])
        close(figure.value("output"), output[0])
        return at

    figure.press("x", "ArrowLeft", 4)
    figure.press("y", "ArrowRight", 7)
    assert compare() == [0.6, 1.3]
    drawing = figure.place.locator("svg")
    drawing.scroll_into_view_if_needed()
    box = drawing.bounding_box()
    figure.tab.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.5)
    figure.tab.mouse.down()
    figure.tab.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + box["height"] * 0.75)
    figure.tab.mouse.up()
    at = compare()
    assert abs(at[0] + 1.5) <= 0.1 and abs(at[1] + 1.5) <= 0.1


def test_a_finger_drags_the_query_taps_it_elsewhere_and_scrolls_the_page(open_tab):
    tab = open_tab("lessons/phase2_attention.html", viewport={"width": 390, "height": 800}, has_touch=True)
    figure = Shown(tab, "query")
    drawing = figure.place.locator("svg")
    drawing.evaluate("drawing => drawing.scrollIntoView({block: 'center'})")
    tab.wait_for_timeout(300)
    touch = tab.context.new_cdp_session(tab)

    def at():
        return [float(figure.control(name).input_value()) for name in ("x", "y")]

    def swipe(x: float, y: float) -> float:
        """Move a finger down by a quarter of the drawing; return how far the page has scrolled."""
        box, before = drawing.bounding_box(), tab.evaluate("scrollY")
        point = {"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"]}
        for kind, part in (("touchStart", 0), *(("touchMove", i / 16) for i in range(1, 17))):
            moved = {**point, "y": point["y"] + part * box["height"] / 4}
            touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [moved]})
            tab.wait_for_timeout(16)
        touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        tab.wait_for_timeout(300)
        return tab.evaluate("scrollY") - before

    (x, y), width = at(), drawing.bounding_box()["width"]
    assert abs(swipe((x + 3) / 6, (3 - y) / 6)) < 1, "the page scrolls below a query that is dragged"
    assert at()[0] == x and abs(at()[1] - (y - 1.5)) <= 0.2, "a finger drags the query down"
    before = at()
    assert swipe(0.9, 0.1) < -0.1 * width and at() == before, "elsewhere a finger scrolls the page"
    drawing.tap(position={"x": 0.25 * width, "y": 0.25 * width})
    assert all(abs(value - wanted) <= 0.1 for value, wanted in zip(at(), (-1.5, 1.5))), "a tap brings the query there"


@pytest.mark.parametrize("lang", ["en", "ja"])
@pytest.mark.parametrize("name", PAGE)
def test_a_control_is_called_by_its_label_alone(show, name, lang):
    """As a screen reader says it: the value beside a slider is not part of its name, but its value."""
    figure = show(name, lang)
    for control in figure.place.locator("input, select").all():
        label = control.evaluate("control => control.closest('label').querySelector('span').textContent")
        role = {"range": "slider", "text": "textbox"}.get(control.get_attribute("type"), "combobox")
        assert figure.place.get_by_role(role, name=label, exact=True).count() == 1, label


def test_depth(show):
    from site_build.export import DEPTH, GAINS, depth

    figure = show("depth")
    fresh = depth()
    for kind in ("plain", "residual", "post"):
        for gain in GAINS:
            stored = figure.tab.evaluate(f"Kata.data.depth.{kind}['{gain:g}']")
            for quantity in ("size", "gradient"):
                close(stored[quantity], fresh[kind][f"{gain:g}"][quantity], 2e-3)
    figure.control("gain").select_option("0.5")
    figure.control("quantity").select_option("size")
    layer = int(figure.press("depth", "ArrowLeft", 4))
    assert layer == DEPTH - 4
    for kind in ("plain", "residual", "post"):
        close(figure.value(kind), fresh[kind]["0.5"]["size"][layer], 2e-3)


def test_depth_has_the_colours_of_its_static_picture(show):
    def hue(red, green, blue):
        return 360 * colorsys.rgb_to_hsv(red / 255, green / 255, blue / 255)[0]

    figure = show("depth")
    for number, (kind, static) in enumerate({"plain": ORANGE, "residual": BLUE, "post": GREEN}.items()):
        word = figure.place.locator(".figure-number").filter(has=figure.tab.locator(f'[data-output="{kind}"]'))
        curve = figure.place.locator(".curve").nth(number)
        for place, name in ((word.locator("span").first, "color"), (curve, "stroke")):
            seen = place.evaluate(f"one => getComputedStyle(one).{name}")
            off = hue(*map(int, re.findall(r"\d+", seen)[:3])) - hue(*bytes.fromhex(static[1:]))
            assert abs(off) < 20, f"{kind}: {seen}, in the static picture {static}"


def test_masks(show):
    figure = show("masks")
    figure.control("first").fill("one two")
    figure.control("second").fill("one two three  one five")
    rows = [[1, 2, 0, 0, 0], [1, 2, 3, 1, 4]]
    assert figure.tab.evaluate("Kata.masks.tokens(['one two', 'one two three  one five']).ids") == rows
    tokens = torch.tensor(rows)
    expected = {
        "padding": padding_mask(tokens, 0).expand(2, 1, 5, 5),
        "lookAhead": look_ahead_mask(5).expand(2, 1, 5, 5),
        "decoder": decoder_mask(tokens, 0),
    }
    for name, mask in expected.items():
        figure.control("mask").select_option(name)
        for n in range(2):
            assert figure.value(f"mask{n}") == mask[n, 0].int().tolist()
        assert figure.value("share") == int(mask.sum())


def test_masks_of_nothing_typed(show):
    figure = show("masks")
    figure.control("first").fill("")
    figure.control("second").fill("  ")
    assert figure.value("mask0") == [[0]]


def test_smoothing(show):
    figure = show("smoothing")
    eps = figure.press("eps", "ArrowRight", 100)
    vocabulary = int(figure.press("V", "ArrowLeft", 3))
    lead = figure.press("lead", "ArrowRight", 9)
    logits = torch.zeros(1, 1, vocabulary, dtype=torch.float64)
    logits[..., 1] = lead
    loss = LabelSmoothingLoss(pad_id=0, smoothing=eps)
    close(figure.value("loss"), loss(logits, torch.tensor([[1]])))
    best = torch.tensor(figure.value("best"), dtype=torch.float64, requires_grad=True)
    at_best = loss(torch.stack([best * 0, best, *[best * 0] * (vocabulary - 2)])[None, None], torch.tensor([[1]]))
    close(figure.value("floor"), at_best.detach())
    (slope,) = torch.autograd.grad(at_best, [best])
    assert abs(slope) < 1e-9, "the loss still falls at what the figure calls best"
    close(figure.value("right") + (vocabulary - 1) * figure.value("other"), 1.0)


def test_noam(show):
    figure = show("noam")
    width = int(figure.press("width", "ArrowLeft", 4))
    warmup = int(figure.press("warmup", "ArrowLeft", 4))
    factor = figure.press("factor", "ArrowRight", 5)
    seen = []
    for key in ("Home", "ArrowRight", "PageUp", "PageUp", "PageUp"):
        seen.append(int(figure.press("step", key)))
        close(figure.value("rate"), noam_learning_rate(seen[-1], width, warmup, factor), 1e-12)
    assert seen[:2] == [1, 2] and seen[-1] > warmup, "both sides of the peak"
    assert (width, warmup, factor) == (256, 2000, 1.5)
    close(figure.value("peak"), max(noam_learning_rate(at, width, warmup, factor) for at in range(1, 20_001)), 1e-12)


class Table(torch.nn.Module):
    """A model whose next token depends on the last one alone, as ``beam.js`` has it."""

    def __init__(self, probabilities) -> None:
        super().__init__()
        self.log = torch.tensor(probabilities, dtype=torch.float64).log()

    def encode(self, src, src_mask):
        return torch.zeros(src.size(0), src.size(1), 1, dtype=torch.float64)

    def decode(self, tgt, memory, tgt_mask, src_mask):
        return torch.nn.functional.one_hot(tgt, len(self.log)).double()

    def output_projection(self, hidden):
        return hidden @ self.log


def test_beam(show):
    figure = show("beam")
    table = figure.tab.evaluate("Kata.beam.NEXT")
    close([sum(row) for row in table], [1.0] * len(table), 1e-9)
    model = Table(table)
    source = torch.zeros(1, 1, dtype=torch.int64)
    for size in (1, 2, 3, 4):
        for alpha in (0.0, 0.3, 0.6, 1.5):
            found = figure.tab.evaluate(f"Kata.beam.search({size}, {alpha}).ranked")
            expected = beam_search(model, source, None, 0, 1, 5, size, alpha)
            assert [one["tokens"] for one in found] == [list(one.tokens) for one in expected], (size, alpha)
            close([one["score"] for one in found], [one.score for one in expected])
    answers = []
    for keys in ((), ("size", "ArrowLeft", 1)):
        if keys:
            figure.press(*keys)
        while figure.control("next").is_enabled():
            figure.control("next").focus()
            figure.tab.keyboard.press("Enter")
        answers.append(figure.value("answer"))
        for row in figure.value("ranking"):
            close(row[2], length_penalty(row[1], 0.6))
    assert answers[0] != answers[1], "a wider beam finds another answer: that is what the figure shows"
    figure.control("back").click()
    assert figure.value("answer") is None


@pytest.fixture(scope="module")
def trained():
    """The exported model, loaded into the reference, and the file's data."""
    text = (HERE / "figures" / "data_heads.js").read_text(encoding="utf-8")
    data = json.loads(text[text.index("{") : text.rindex(";")])
    weights = {
        name: torch.tensor(
            np.frombuffer(base64.b64decode(one["half"]), dtype="<f2").astype(np.float64).reshape(one["shape"])
        )
        for name, one in data["weights"].items()
    }
    width, d_ff = weights["encoder.layers.0.feed_forward.linear2.weight"].shape
    model = Transformer(
        len(data["source"]), len(data["target"]), width, data["num_heads"], 1, d_ff, dropout=0.0
    ).double()
    missing, unexpected = model.load_state_dict(weights, strict=False)
    assert set(missing) <= {"positional_encoding.pe"} and not unexpected
    model.positional_encoding.pe = sinusoidal_encoding(5000, width).double().view_as(model.positional_encoding.pe)
    return model.eval(), data


def test_heads(show, trained):
    model, data = trained
    figure = show("heads")
    seen = {}
    for name, module in (
        ("encoder", model.encoder.layers[0].self_attention),
        ("decoder", model.decoder.layers[0].self_attention),
        ("cross", model.decoder.layers[0].cross_attention),
    ):
        module.register_forward_hook(lambda module, inputs, output, name=name: seen.update({name: output[1]}))
    right = 0
    sentences = data["sentences"][::3]
    for source, target in sentences:
        src = torch.tensor([[*source, EOS_ID]])
        answer = greedy_decode(model, src, None, BOS_ID, EOS_ID, PAD_ID, 30)[0].tolist()
        with torch.no_grad():
            tgt = torch.tensor([[BOS_ID, *answer][: len(answer)]])
            logits = model(src, tgt, None, look_ahead_mask(len(answer)))
        found = figure.tab.evaluate(f"Kata.model.translate({source})")
        assert found["answer"] == answer
        close(found["logits"], logits[0], 1e-4)
        for name, weights in seen.items():
            close(found[name], weights[0], 1e-5)
        right += answer == [*target, EOS_ID]
    assert right >= 0.8 * len(sentences), "the exported model does not translate"
    figure.control("sentence").select_option("5")
    figure.control("which").select_option("encoder")
    head = int(figure.press("head", "ArrowRight", 2))
    expected = figure.tab.evaluate(f"Kata.model.translate({data['sentences'][5][0]}).encoder")[head - 1]
    close(figure.value("weights"), expected)
    assert math.isclose(sum(figure.value("weights")[0]), 1.0, rel_tol=1e-9)
    japanese = "".join(data["target"][token] for token in data["sentences"][5][1])
    assert japanese in figure.text("answer")

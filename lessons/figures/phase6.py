"""Figures of phase 6: loss curves to read, a beam search, exposure bias, attention maps of the toy tasks."""

from __future__ import annotations

from typing import Any

import torch
from matplotlib.figure import Figure
from torch import Tensor

from kata.course.phases import PROJECT
from kata.i18n import choose
from kata.toys.learner import Learner
from kata.toys.registry import TOYS as CORPORA
from kata.toys.training import Training
from solutions.phase6_training import greedy_decode

from . import convergence
from .drawing import BLUE, GREEN, GREY, ORANGE, PURPLE, axes, new_figure
from .toys import (
    BOS,
    EOS,
    FIRST_LETTER,
    LONGEST,
    PAD,
    TOYS,
    Recipe,
    fresh_pairs,
    measure_run,
    no_shift,
    see_everything,
    to_batch,
    train_model,
)


def cross_attention(model: Any, src: list[int], tgt: list[int]) -> list[list[float]]:
    """The weights of the cross-attention in that head which looks most at the letters of ``tgt``: a row a target token.

    Args:
        model: a trained model.
        src, tgt: a word without repeated letters, and what becomes of it: the same letters.
    """
    seen: list[Tensor] = []
    handle = model.decoder.layers[-1].cross_attention.register_forward_hook(
        lambda module, inputs, output: seen.append(output[1])
    )
    batch = to_batch([(src, tgt)])
    with torch.no_grad():
        model(batch.src, batch.tgt_in, batch.src_mask, batch.tgt_mask)
    handle.remove()
    heads = seen[0][0]  # (h, L_tgt, L_src)
    on_the_letter = heads[:, range(len(tgt)), [src.index(letter) for letter in tgt]]
    head = on_the_letter.mean(dim=1).argmax()
    return [[round(weight, 3) for weight in row] for row in heads[head].tolist()]


def measure_exposure(model: Any) -> dict[str, Any]:
    """How often the next letter is right: after a right prefix, and after the model's own first mistake."""
    pairs = [pair for pair in fresh_pairs("reverse", 4000, seed=7) if len(pair[0]) == LONGEST]
    batch = to_batch(pairs)
    with torch.no_grad():
        logits = model(batch.src, batch.tgt_in, batch.src_mask, batch.tgt_mask)
    forced = logits.argmax(dim=-1) == batch.tgt_out
    rows = greedy_decode(model, batch.src, batch.src_mask, BOS, EOS, PAD, LONGEST + 1)
    rows = torch.nn.functional.pad(rows, (0, LONGEST + 1 - rows.size(1)), value=PAD)
    free = rows == batch.tgt_out
    clean_before = torch.cat([torch.ones_like(free[:, :1]), free.cumprod(dim=1)[:, :-1].bool()], dim=1)
    return {
        "words": len(pairs),
        "forced": [round(value, 4) for value in forced.double().mean(dim=0).tolist()],
        "free": [round(value, 4) for value in free.double().mean(dim=0).tolist()],
        "after_right": round(float(free[clean_before].double().mean()), 4),
        "after_mistake": round(float(free[~clean_before].double().mean()), 4),
        "forced_exact": round(float(forced.all(dim=1).double().mean()), 4),
        "free_exact": round(float(free.all(dim=1).double().mean()), 4),
    }


WORD = [7, 4, 12, 9, 3, 6]
HALF_TRAINED = 130
"""Steps after which a model still makes mistakes."""


RUNS = {
    "healthy": Recipe(),
    "too_high": Recipe(rate=6e-2),
    "too_low": Recipe(rate=3e-5),
    "leak": Recipe(spoil=see_everything),
    "no_shift": Recipe(spoil=no_shift),
}
"""The trainings whose loss curves are to be read."""
MAP_STEPS = 600


def measure_maps() -> dict[str, Any]:
    """The cross-attention of a model of each toy, for one word."""
    models = {toy: train_model(Recipe(toy=toy, steps=MAP_STEPS))[0] for toy in TOYS}
    return {toy: cross_attention(model, WORD, TOYS[toy](WORD)) for toy, model in models.items()}


def measure_en_ja() -> dict[str, float]:
    """What ``python grader.py train en-ja --target solutions`` ends with."""
    toy, learner = CORPORA["en-ja"], Learner(PROJECT / "solutions")
    try:
        training = Training(learner, toy, toy.corpus(0), seed=0, device="cpu")
        training.run(toy.steps, lambda: False, lambda entry: None, lambda entry: None)
    finally:
        learner.close()
    last = training.history["validations"][-1]
    return {"steps": toy.steps, "sentences": toy.held_pairs, "exact": last["exact"], "withheld": last["withheld"]}


def measure() -> dict[str, Any]:
    """Train healthy and spoiled models, half-train one for the exposure bias, look into the toys."""
    return {
        "curves": {name: measure_run(recipe) for name, recipe in RUNS.items()},
        "exposure": measure_exposure(train_model(Recipe(steps=HALF_TRAINED))[0]),
        "maps": measure_maps(),
        "en_ja": measure_en_ja(),
        **convergence.measure(),
    }


COLOURS = {"healthy": BLUE, "too_low": GREEN, "too_high": PURPLE, "leak": ORANGE, "no_shift": GREY}
CURVES = {
    "healthy": ("healthy", "正常"),
    "too_low": ("rate too low", "学習率が低すぎる"),
    "too_high": ("rate too high", "学習率が高すぎる"),
    "leak": ("no look-ahead mask", "先読みマスクなし"),
    "no_shift": ("no shift", "ずらしなし"),
}


def curves(measured: dict[str, Any], lang: str) -> Figure:
    """The losses of five trainings."""
    figure = new_figure(7.2, 3.9)
    plot = axes(figure, ("step", "ステップ"), ("loss (nats per token)", "損失 (1 トークンあたり nat)"), lang)
    for name, label in CURVES.items():
        losses = measured["curves"][name]["losses"]
        plot.plot(range(1, len(losses) + 1), losses, color=COLOURS[name], linewidth=1.2, label=choose(label, lang))
    for height, text in ((0.5372, "0.537"), (2.1158, "2.116")):
        plot.axhline(height, color=GREY, linewidth=0.9, linestyle="--")
        plot.text(Recipe.steps, height - 0.05, text, ha="right", va="top", color=GREY)
    plot.set_ylim(0, 4)
    plot.legend(ncol=2, loc="upper right")
    return figure


def exposure(measured: dict[str, Any], lang: str) -> Figure:
    """Accuracy by position, with the right prefix and with the model's own."""
    found = measured["exposure"]
    figure = new_figure(7.2, 3.2)
    plot = axes(figure, ("position", "位置"), ("right tokens (%)", "正解の割合 (%)"), lang)
    places = range(1, len(found["forced"]) + 1)
    labels = (
        ("forced", BLUE, ("right prefix given (teacher forcing)", "正しい接頭辞を与える (教師強制)")),
        ("free", ORANGE, ("own prefix (greedy)", "自分の接頭辞 (貪欲法)")),
    )
    for name, colour, label in labels:
        percent = [100 * value for value in found[name]]
        plot.plot(places, percent, "o-", color=colour, markersize=4, label=choose(label, lang))
    plot.set_xticks(list(places))
    plot.set_ylim(0, 102)
    plot.legend(loc="lower left")
    return figure


def maps(measured: dict[str, Any], lang: str) -> Figure:
    """Cross-attention of three toys."""
    figure = new_figure(7.6, 3.2)
    letters = [chr(ord("a") + token - FIRST_LETTER) for token in WORD]
    for number, toy in enumerate(TOYS):
        plot = axes(figure, ("source", "原文"), ("predicted", "予測するトークン"), lang, 131 + number)
        plot.set_title(toy)
        weights = torch.tensor(measured["maps"][toy])
        plot.imshow(weights, cmap="Blues", vmin=0, vmax=1, interpolation="none")
        answer = [chr(ord("a") + token - FIRST_LETTER) for token in TOYS[toy](WORD)]
        plot.set_xticks(range(len(WORD) + 1), [*letters, "EOS"])
        plot.set_yticks(range(len(WORD) + 1), [*answer, "EOS"])
        plot.tick_params(length=0)
    return figure


STEP = {"": (0.55, 0.42, 0.03), "a": (0.15, 0.80, 0.05), "b": (0.06, 0.04, 0.90)}
STEP.update({"ab": (0.85, 0.05, 0.10), "aba": (0.06, 0.04, 0.90)})
"""The probabilities of a, b and E (for EOS) after each prefix that the beam of two extends."""


def beam(measured: dict[str, Any], lang: str) -> Figure:
    """The tree that the lesson works out, level by level."""
    figure = new_figure(7.8, 4.6)
    plot = figure.add_subplot(111)
    plot.axis("off")
    heights = {"": 0.0, "a": 2.2, "b": -2.2, "E": -4.2}
    heights.update({"aa": 1.4, "ab": 3.0, "aE": 0.4, "ba": -1.4, "bb": -2.4, "bE": -3.4})
    heights.update({"aba": 3.9, "abb": 2.9, "abE": 1.9, "abaa": 3.9, "abab": 2.9, "abaE": 4.9})
    live, collected = {"a", "b", "ab", "aba", "abaa"}, {"bE", "abE", "abaE"}
    totals = {"": 1.0}
    for prefix, chances in STEP.items():
        for token, chance in zip("abE", chances):
            name = prefix + token
            totals[name] = totals[prefix] * chance
            kept = name in live or name in collected
            colour = BLUE if name in live else GREEN if name in collected else GREY
            start, end = (len(prefix) * 2.2, heights[prefix]), (len(name) * 2.2, heights[name])
            plot.plot(*zip(start, end), color=colour, linewidth=2 if kept else 1, zorder=1)
            middle = (start[0] * 0.4 + end[0] * 0.6, start[1] * 0.4 + end[1] * 0.6)
            white = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}
            plot.text(*middle, f"{chance:g}", ha="center", va="center", fontsize=8, color=colour, bbox=white)
            box = {"facecolor": "white", "edgecolor": colour, "boxstyle": "round,pad=0.25", "linewidth": 1.4}
            text = f"{' '.join(name)}  {totals[name]:.3g}"
            plot.text(*end, text, ha="left", va="center", fontsize=9, color="black" if kept else GREY, bbox=box)
    plot.text(0, 0, "BOS", ha="right", va="center", fontsize=9, bbox={"facecolor": "white", "edgecolor": BLUE})
    for step in range(1, 5):
        title = choose((f"step {step}", f"ステップ {step}"), lang)
        plot.text(step * 2.2 + 0.4, 5.9, title, ha="center", color=GREY)
    plot.set_xlim(-0.6, 10.3)
    plot.set_ylim(-4.7, 6.2)
    return figure


FIGURES = {
    "phase6_convergence": convergence.convergence,
    "phase6_beam": beam,
    "phase6_curves": curves,
    "phase6_exposure": exposure,
    "phase6_maps": maps,
}

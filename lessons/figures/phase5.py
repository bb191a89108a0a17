"""Figures of phase 5: masks, the Noam schedule, label smoothing, and a training without warm-up."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import torch
from matplotlib.figure import Figure

from kata.i18n import choose
from solutions.phase5_mechanics import (
    LabelSmoothingLoss,
    decoder_mask,
    look_ahead_mask,
    noam_learning_rate,
    padding_mask,
)
from solutions.phase6_training import evaluate

from .drawing import BLUE, GREEN, GREY, ORANGE, PURPLE, axes, new_figure
from .phase4 import draw_mask
from .toys import PAD, VOCAB, Recipe, exact_match, fresh_pairs, measure_run, to_batch, train_model

DEEP = Recipe(layers=6, d_model=32, steps=200, rate=3e-3)
SEEDS = (0, 1, 2)


def confidence(model: Any, pairs: list[Any]) -> float:
    """The mean probability that the model gives to its most probable token."""
    batch = to_batch(pairs)
    with torch.no_grad():
        logits = model(batch.src, batch.tgt_in, batch.src_mask, batch.tgt_mask)
    return float(logits.softmax(dim=-1).amax(dim=-1)[batch.tgt_out != PAD].mean())


def measure_smoothing(smoothing: float) -> dict[str, float]:
    """Train with one epsilon; measure without any."""
    model, _ = train_model(Recipe(smoothing=smoothing))
    pairs = fresh_pairs("reverse")
    plain = evaluate(model, [to_batch(pairs)], LabelSmoothingLoss(PAD, 0.0))
    return {
        "loss": round(plain.loss, 4),
        "perplexity": round(math.exp(plain.loss), 4),
        "accuracy": round(plain.token_accuracy, 4),
        "exact": round(exact_match(model, pairs), 4),
        "confidence": round(confidence(model, pairs), 4),
    }


def measure() -> dict[str, Any]:
    """Train a deep model with and without warm-up, a shallow one with three strengths of smoothing."""
    warmups = {"warmup": 100, "none": 0}
    runs = {
        name: [measure_run(replace(DEEP, warmup=warmup, seed=seed)) for seed in SEEDS]
        for name, warmup in warmups.items()
    }
    return {"warmup": runs, "smoothing": {str(eps): measure_smoothing(eps) for eps in (0.0, 0.1, 0.3)}}


def masks(measured: dict[str, Any], lang: str) -> Figure:
    """Padding mask, look-ahead mask and both, for a row of three real tokens and two of padding."""
    figure = new_figure(7.4, 2.9)
    tokens = torch.tensor([[1, 8, 9, 0, 0]])
    words = ["BOS", "8", "9", "pad", "pad"]
    panels = (
        ("padding_mask", padding_mask(tokens, 0)[0, 0].expand(5, 5), GREEN),
        ("look_ahead_mask", look_ahead_mask(5)[0, 0], PURPLE),
        ("decoder_mask", decoder_mask(tokens, 0)[0, 0], BLUE),
    )
    for number, (title, allowed, colour) in enumerate(panels):
        plot = axes(figure, ("key", "キー"), ("query", "クエリ"), lang, 131 + number)
        plot.set_title(title)
        draw_mask(plot, allowed, colour)
        plot.set_xticks(range(5), words, rotation=60)
        plot.set_yticks(range(5), words)
    return figure


def smoothing(measured: dict[str, Any], lang: str) -> Figure:
    """The loss of one position over the probability of the right token, for three epsilons."""
    figure = new_figure(7.2, 3.6)
    label = ("probability of the right token", "正解トークンの確率")
    plot = axes(figure, label, ("loss (nats)", "損失 (nat)"), lang)
    right = torch.linspace(0.02, 0.9995, 400, dtype=torch.float64)
    for eps, colour in ((0.0, GREY), (0.1, BLUE), (0.2, ORANGE)):
        wrong = (1 - right) / (VOCAB - 1)
        high, low = 1 - eps + eps / VOCAB, eps / VOCAB
        loss = -high * right.log() - (VOCAB - 1) * low * wrong.log()
        plot.plot(right, loss, color=colour, label=f"ε = {eps:g}")
        if eps:
            lowest = -high * math.log(high) - (VOCAB - 1) * low * math.log(low)
            plot.plot([high], [lowest], "o", color=colour, markersize=5)
            plot.text(high, lowest + 0.12, f"{lowest:.3f}", color=colour, ha="center")
    plot.set_ylim(0, 4)
    plot.set_xlim(0, 1.005)
    plot.legend()
    return figure


def noam(measured: dict[str, Any], lang: str) -> Figure:
    """The learning rate of three settings over 20,000 steps."""
    figure = new_figure(7.2, 3.4)
    plot = axes(figure, ("step", "ステップ"), ("learning rate (× 10⁻⁴)", "学習率 (× 10⁻⁴)"), lang)
    steps = list(range(1, 20001, 50))
    for width, warmup, colour in ((512, 4000, BLUE), (512, 8000, GREEN), (1024, 4000, ORANGE)):
        rates = [1e4 * noam_learning_rate(step, width, warmup) for step in steps]
        plot.plot(steps, rates, color=colour, label=f"d_model = {width}, warmup = {warmup}")
        plot.plot([warmup], [1e4 * noam_learning_rate(warmup, width, warmup)], "o", color=colour, markersize=4)
    plot.set_ylim(bottom=0)
    plot.legend()
    return figure


def warmup(measured: dict[str, Any], lang: str) -> Figure:
    """Loss of the deep model with and without warm-up, three starts each."""
    figure = new_figure(7.2, 3.6)
    plot = axes(figure, ("step", "ステップ"), ("loss (nats per token)", "損失 (1 トークンあたり nat)"), lang)
    labels = {
        "warmup": (BLUE, ("100 steps of warm-up", "ウォームアップ 100 ステップ")),
        "none": (ORANGE, ("no warm-up", "ウォームアップなし")),
    }
    for name, (colour, label) in labels.items():
        for number, run in enumerate(measured["warmup"][name]):
            text = choose(label, lang) if number == 0 else None
            losses = smoothed(run["losses"])
            plot.plot(range(1, len(losses) + 1), losses, color=colour, linewidth=1.2, label=text)
    plot.axhline(2.1158, color=GREY, linewidth=0.9, linestyle="--")
    plot.text(1, 2.1158 - 0.03, "2.116", ha="left", va="top", color=GREY)
    plot.set_ylim(0.4, 3.4)
    plot.legend()
    return figure


def smoothed(losses: list[float], window: int = 5) -> list[float]:
    """The mean of the last few losses at every step, so that a curve can be read."""
    parts = [losses[max(0, end - window) : end] for end in range(1, len(losses) + 1)]
    return [sum(part) / len(part) for part in parts]


FIGURES = {
    "phase5_masks": masks,
    "phase5_smoothing": smoothing,
    "phase5_noam": noam,
    "phase5_warmup": warmup,
}

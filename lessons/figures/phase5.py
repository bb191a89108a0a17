"""Figures of phase 5: masks, the Noam schedule, label smoothing, padding, and a training without warm-up."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from itertools import islice
from typing import Any

import torch
from matplotlib.figure import Figure

from kata.i18n import choose
from kata.toys.batches import training_batches
from kata.toys.registry import TOYS
from kata.toys.vocabulary import Vocabulary
from solutions.phase4_transformer import Transformer
from solutions.phase5_mechanics import (
    LabelSmoothingLoss,
    decoder_mask,
    look_ahead_mask,
    make_batch,
    noam_learning_rate,
    padding_mask,
)
from solutions.phase6_training import evaluate

from .drawing import BLUE, GREEN, GREY, ORANGE, PURPLE, axes, new_figure
from .phase4 import draw_mask
from .toys import BOS, EOS, PAD, VOCAB, Recipe, exact_match, fresh_pairs, measure_run, to_batch, train_model

DEEP = Recipe(layers=6, d_model=32, steps=600, rate=3e-3)
SEEDS = (0, 1, 2)
ARMS = {"warmup": DEEP, "none": replace(DEEP, warmup=0), "low": replace(DEEP, warmup=0, rate=1e-3)}
"""With a warm-up, without one, and without one at a third of the rate."""


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


def share_of_padding(group: int) -> float:
    """Of all places in an epoch of the toy ``en-ja``, source and target, with pairs sorted within ``group`` batches."""
    corpus = TOYS["en-ja"].corpus(0)
    pairs = [(range(len(src) + 1), range(len(tgt) + 1)) for src, tgt in corpus.train]
    real = places = 0
    for batch in islice(training_batches(pairs, 64, seed=0, group=group), -(-len(pairs) // 64)):
        for side in (0, 1):
            lengths = [len(pair[side]) for pair in batch]
            real += sum(lengths)
            places += len(lengths) * max(lengths)
    return round(1 - real / places, 4)


def seconds_a_sentence(groups: tuple[int, ...], batches: int = 60) -> list[float]:
    """Processor time of forward and backward pass for each way to batch; the ways take turns on a noisy machine."""
    toy = TOYS["en-ja"]
    corpus = toy.corpus(0)
    source = Vocabulary.of(src for src, _ in corpus.pairs())
    target = Vocabulary.of(tgt for _, tgt in corpus.pairs())
    pairs = [(source.encode(src), target.encode(tgt)) for src, tgt in corpus.train]
    torch.manual_seed(0)
    model = Transformer(len(source), len(target), toy.d_model, toy.num_heads, toy.num_layers, toy.d_ff, max_len=64)
    loss_fn = LabelSmoothingLoss(PAD)
    feeds = [training_batches(pairs, 64, seed=0, group=group) for group in groups]
    seconds, sentences = [0.0] * len(groups), [0] * len(groups)
    for _ in range(batches):
        for way, feed in enumerate(feeds):
            chosen = next(feed)
            batch = make_batch(chosen, PAD, BOS, EOS)
            started = time.process_time()
            loss_fn(model(batch.src, batch.tgt_in, batch.src_mask, batch.tgt_mask), batch.tgt_out).backward()
            seconds[way] += time.process_time() - started
            sentences[way] += len(chosen)
    return [total / count for total, count in zip(seconds, sentences)]


def measure_padding() -> dict[str, float]:
    """What batches by length save on the toy ``en-ja``."""
    mixed, sorted_ = seconds_a_sentence((1, 20))
    return {"mixed": share_of_padding(1), "sorted": share_of_padding(20), "time": round(mixed / sorted_, 1)}


def measure() -> dict[str, Any]:
    """Train a deep model with and without warm-up, a shallow one with three strengths of smoothing; count padding."""
    return {
        "warmup": {name: [measure_run(replace(arm, seed=seed)) for seed in SEEDS] for name, arm in ARMS.items()},
        "smoothing": {str(eps): measure_smoothing(eps) for eps in (0.0, 0.1, 0.3)},
        "padding": measure_padding(),
    }


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
    """Loss of the deep model with and without warm-up and at a lower rate, three starts each."""
    figure = new_figure(7.2, 3.6)
    plot = axes(figure, ("step", "ステップ"), ("loss (nats per token)", "損失 (1 トークンあたり nat)"), lang)
    labels = {
        "warmup": (BLUE, ("100 steps of warm-up, highest rate 3e-3", "ウォームアップ 100 ステップ、最大の学習率 3e-3")),
        "none": (ORANGE, ("no warm-up, highest rate 3e-3", "ウォームアップなし、最大の学習率 3e-3")),
        "low": (GREEN, ("no warm-up, highest rate 1e-3", "ウォームアップなし、最大の学習率 1e-3")),
    }
    for name, (colour, label) in labels.items():
        for number, run in enumerate(measured["warmup"][name]):
            text = choose(label, lang) if number == 0 else None
            losses = smoothed(run["losses"], window=10)
            plot.plot(range(1, len(losses) + 1), losses, color=colour, linewidth=1.2, label=text)
    plot.axhline(2.1158, color=GREY, linewidth=0.9, linestyle="--")
    label = choose(("2.116: without reading the source", "2.116: 原文を読まずに届く値"), lang)
    plot.text(600, 2.1158 + 0.02, label, ha="right", va="bottom", color=GREY, fontsize=8)
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

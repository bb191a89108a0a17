"""Figures of phase 2: saturation of the softmax, the split, heads, time; phase2_flow has the drawings."""

from __future__ import annotations

import json
import math
from typing import Any

import torch
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor, nn

from kata.i18n import choose
from solutions.phase1_embedding import sinusoidal_encoding
from solutions.phase2_attention import MultiHeadAttention, split_heads

from .drawing import BLUE, GREEN, GREY, ORANGE, PURPLE, axes, new_figure
from .phase2_flow import backward, flow, mask, one_step, subspaces
from .timing import CPU, RESULTS

WIDTHS = (1, 4, 16, 64, 256, 1024)
KEYS = 32
RATES = (3e-4, 1e-3, 3e-3, 1e-2)
SCALED, UNSCALED = ("divided by √d_k", "√d_k で割る"), ("not divided", "割らない")


def saturation() -> dict[str, list[float]]:
    """Variance of a dot product, greatest weight and norm of the softmax's Jacobian, for each width in WIDTHS."""
    generator = torch.Generator().manual_seed(0)
    found: dict[str, list[float]] = {}
    for d_k in WIDTHS:
        query, key = torch.randn(2, 20000, d_k, generator=generator)
        note(found, "variance", (query * key).sum(dim=1).var())
        query = torch.randn(500, 1, d_k, generator=generator)
        key = torch.randn(500, KEYS, d_k, generator=generator)
        scores = (query @ key.transpose(1, 2)).squeeze(1)
        for name, divisor in (("unscaled", 1.0), ("scaled", math.sqrt(d_k))):
            weights = torch.softmax(scores / divisor, dim=-1)
            jacobian = torch.diag_embed(weights) - weights.unsqueeze(2) * weights.unsqueeze(1)
            note(found, f"{name}_greatest", weights.max(dim=-1)[0].mean())
            note(found, f"{name}_jacobian", jacobian.flatten(1).norm(dim=1).mean())
    return found


def note(found: dict[str, list[float]], name: str, value: Tensor) -> None:
    """Append a number to a list of results, rounded."""
    found.setdefault(name, []).append(round(value.item(), 4))


def learn_lookup(scaled: bool, rate: float, width: int = 256, slots: int = 16, steps: int = 200) -> list[float]:
    """Loss of every step while two projections learn to find, of 16 keys, the one that the query resembles."""
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(1)
    w_q, w_k = nn.Linear(width, width, bias=False), nn.Linear(width, width, bias=False)
    for layer in (w_q, w_k):
        nn.init.xavier_uniform_(layer.weight)
    optimizer = torch.optim.Adam([w_q.weight, w_k.weight], lr=rate)
    rows = torch.arange(32)
    losses = []
    for _ in range(steps):
        key = torch.randn(32, slots, width, generator=generator)
        wanted = torch.randint(slots, (32,), generator=generator)
        query = key[rows, wanted].unsqueeze(1) + 0.5 * torch.randn(32, 1, width, generator=generator)
        value = torch.randn(32, slots, 8, generator=generator)
        scores = w_q(query) @ w_k(key).transpose(1, 2)
        if scaled:
            scores = scores / math.sqrt(width)
        found = (torch.softmax(scores, dim=-1) @ value).squeeze(1)
        loss = ((found - value[rows, wanted]) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(round(loss.item(), 4))
    return losses


def learn_neighbours(heads: int, width: int = 16, length: int = 10, steps: int = 800) -> list[float]:
    """Loss of every step while one attention layer learns to give the left and the right neighbour, in that order."""
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(1)
    layer = MultiHeadAttention(2 * width, heads)
    optimizer = torch.optim.Adam(layer.parameters(), lr=3e-3)
    places = sinusoidal_encoding(length, width).expand(64, length, width)
    losses = []
    for _ in range(steps):
        words = torch.randn(64, length, width, generator=generator)
        x = torch.cat([words, places], dim=-1)
        output = layer(x, x, x)[0][:, 1:-1]
        loss = ((output - torch.cat([words[:, :-2], words[:, 2:]], dim=-1)) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(round(loss.item(), 4))
    return losses


def mean_of_last(losses: list[float], count: int = 20) -> float:
    """Mean of the last losses of a run."""
    return round(sum(losses[-count:]) / count, 4)


def measure() -> dict[str, Any]:
    """Statistics of scores and weights, and two small trainings."""
    lookups = {(name, rate): learn_lookup(name == "scaled", rate) for name in ("scaled", "unscaled") for rate in RATES}
    neighbours = {str(heads): learn_neighbours(heads) for heads in (1, 2, 4)}
    return {
        "saturation": saturation(),
        "lookup": {name: lookups[name, 1e-3] for name in ("scaled", "unscaled")},
        "lookup_at_rates": {
            name: [mean_of_last(lookups[name, rate]) for rate in RATES] for name in ("scaled", "unscaled")
        },
        "heads": {heads: losses[::4] for heads, losses in neighbours.items()},
        "heads_at_the_end": {heads: mean_of_last(losses) for heads, losses in neighbours.items()},
    }


def softmax_saturation(measured: dict[str, Any], lang: str) -> Figure:
    """Greatest weight and norm of the Jacobian over d_k, with and without the scale."""
    figure = new_figure(7.2, 3.3)
    titles = {
        "greatest": ("greatest of 32 weights, mean", "32 個の重みの最大値 (平均)"),
        "jacobian": ("norm of the softmax's Jacobian, mean", "ソフトマックスのヤコビ行列のノルム (平均)"),
    }
    for place, (kind, title) in enumerate(titles.items()):
        plot = axes(figure, ("d_k", "d_k"), ("", ""), lang, 121 + place)
        plot.set_title(choose(title, lang))
        for name, colour, label in (("scaled", BLUE, SCALED), ("unscaled", ORANGE, UNSCALED)):
            numbers = measured["saturation"][f"{name}_{kind}"]
            plot.plot(WIDTHS, numbers, marker="o", markersize=4, color=colour, label=choose(label, lang))
        plot.set_xscale("log", base=2)
        plot.set_xticks(WIDTHS, [str(width) for width in WIDTHS])
        plot.minorticks_off()
        plot.set_ylim(bottom=0)
        if place == 0:
            plot.legend(loc="upper left")
    return figure


def parallel(measured: dict[str, Any], lang: str) -> Figure:
    """Time for all positions at once and for one after another, over the length."""
    timed = json.loads(RESULTS.read_text(encoding="utf-8"))
    figure = new_figure(7.2, 3.3)
    plot = axes(figure, ("positions L", "位置の数 L"), ("milliseconds", "ミリ秒"), lang)
    ways = (
        ("one_after_another", ("one after another", "一つずつ"), "--"),
        ("all_at_once", ("all at once", "一度に"), "-"),
    )
    for found, colour in zip(timed["devices"], (BLUE, GREEN)):
        for way, label, line in ways:
            name = f"{choose(label, lang)} ({choose(CPU, lang) if found['name'] == CPU[0] else found['name']})"
            plot.plot(timed["lengths"], found[way], color=colour, linestyle=line, marker="o", markersize=3, label=name)
    plot.set_xscale("log", base=2)
    plot.set_yscale("log")
    plot.set_xticks(timed["lengths"], [str(length) for length in timed["lengths"]])
    plot.minorticks_off()
    plot.legend(loc="upper left")
    return figure


def heads(measured: dict[str, Any], lang: str) -> Figure:
    """Loss of the neighbours with one, two and four heads, and the floor for one."""
    figure = new_figure(7.2, 3.3)
    plot = axes(figure, ("step", "ステップ"), ("mean squared error", "平均二乗誤差"), lang)
    labels = {
        "1": (ORANGE, ("1 head", "1 ヘッド")),
        "2": (BLUE, ("2 heads", "2 ヘッド")),
        "4": (GREEN, ("4 heads", "4 ヘッド")),
    }
    for count, (colour, label) in labels.items():
        losses = measured["heads"][count]
        plot.plot(range(1, 4 * len(losses), 4), losses, color=colour, label=choose(label, lang), linewidth=1.4)
    plot.axhline(0.5, color=GREY, linewidth=1, linestyle="--")
    plot.text(
        800, 0.47, choose(("floor of one head: 0.5", "1 ヘッドの下限: 0.5"), lang), ha="right", va="top", color=GREY
    )
    plot.set_ylim(bottom=0)
    plot.legend(loc="upper right")
    return figure


def split(measured: dict[str, Any], lang: str) -> Figure:
    """Where the numbers of three positions go: the right split, and a view alone."""
    x = torch.arange(12).reshape(1, 3, 4)
    parts = (
        (("x, (L, d_model)", "x、(L, d_model)"), x),
        (("split_heads: by features", "split_heads: 特徴で分ける"), split_heads(x, 2)[0]),
        (("view(B, h, L, d_k) alone: wrong", "view(B, h, L, d_k) だけ: 誤り"), x.reshape(2, 3, 2)),
    )
    figure = new_figure(7.2, 2.7)
    for place, (title, blocks) in enumerate(parts):
        plot = figure.add_subplot(1, 3, place + 1)
        plot.set_title(choose(title, lang), fontsize=9)
        left = 0.0
        for head, block in enumerate(blocks):
            for row, numbers in enumerate(block.tolist()):
                for column, number in enumerate(numbers):
                    corner = (left + column, -row - 1)
                    colour = (BLUE, ORANGE, PURPLE)[number // 4]
                    plot.add_patch(Rectangle(corner, 1, 1, facecolor=colour, edgecolor="white"))
                    plot.text(corner[0] + 0.5, corner[1] + 0.5, str(number), ha="center", va="center", color="white")
            if len(blocks) > 1:
                name = choose((f"head {head}", f"ヘッド {head}"), lang)
                plot.text(left + block.shape[1] / 2, -3.2, name, ha="center", va="top", fontsize=9)
            left += block.shape[1] + 0.3
        plot.set_xlim(-0.6, 4.9)
        plot.set_ylim(-3.8, 0.2)
        plot.set_aspect("equal")
        plot.axis("off")
    return figure


FIGURES = {
    "phase2_flow": flow,
    "phase2_mask": mask,
    "phase2_saturation": softmax_saturation,
    "phase2_split": split,
    "phase2_subspaces": subspaces,
    "phase2_heads": heads,
    "phase2_parallel": parallel,
    "phase2_backward": backward,
    "phase2_one_step": one_step,
}

"""Drawings of phase 2: data on its way through a head, a mask on scores, two subspaces, gradients on the way back."""

from __future__ import annotations

import math
from typing import Any

import torch
from matplotlib import colormaps
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Rectangle
from torch import Tensor

from kata.i18n import choose

from .drawing import BLUE, GREEN, GREY, ORANGE, PURPLE, axes, new_figure


def blank(figure: Figure, position: Any = 111) -> Any:
    """A plot without axes, with as much height as width for one unit."""
    plot = figure.add_subplot(position)
    plot.set_aspect("equal")
    plot.axis("off")
    return plot


def cells(plot: Any, left: float, top: float, values: Tensor, colours: str, title: str, numbers: bool = False) -> None:
    """A matrix as coloured cells of one unit, its title above it; ``nan`` is drawn grey, with minus infinity in it."""
    rows, columns = values.shape
    for row in range(rows):
        for column in range(columns):
            value = values[row, column].item()
            forbidden = math.isnan(value)
            low, high = (0.0, 1.3) if colours == "Blues" else (-3.0, 3.0)
            face = "#d9d9d9" if forbidden else colormaps[colours]((value - low) / (high - low))
            plot.add_patch(Rectangle((left + column, top - row - 1), 1, 1, facecolor=face, edgecolor="white"))
            if numbers:
                text = "−∞" if forbidden else f"{value:.{2 if colours == 'Blues' else 1}f}".replace("-", "−")
                dark = sum(part * of for part, of in zip((0.299, 0.587, 0.114), to_rgb(face))) < 0.5
                ink = "white" if dark else "black"
                plot.text(left + column + 0.5, top - row - 0.5, text, ha="center", va="center", fontsize=8, color=ink)
    plot.text(left + columns / 2, top + 0.3, title, ha="center", va="bottom", fontsize=8.5)


def arrow(plot: Any, start: tuple[float, float], end: tuple[float, float], label: str = "", above: float = 0.3) -> None:
    """An arrow, with a word over its middle."""
    plot.add_patch(FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=9, color=GREY, linewidth=1.1))
    middle = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2 + above
    plot.text(*middle, label, ha="center", va="bottom", fontsize=8, color="#444444")


def flow(measured: dict[str, Any], lang: str) -> Figure:
    """One head of one sequence, with the shapes of the lesson's table."""
    generator = torch.Generator().manual_seed(4)
    asked, read = (torch.randn(rows, 8, generator=generator) for rows in (3, 5))
    w_q, w_k, w_v = (torch.randn(8, 2, generator=generator) / 8**0.5 for _ in range(3))
    query, key, value = asked @ w_q, read @ w_k, read @ w_v
    scores = query @ key.T / 2**0.5
    weights = torch.softmax(scores, dim=-1)
    figure = new_figure(7.2, 4.1)
    plot = blank(figure)
    cells(plot, 0, 0, asked, "RdBu_r", choose(("query (3, 8)", "クエリの入力 (3, 8)"), lang))
    cells(plot, 0, -7, read, "RdBu_r", choose(("key and value (5, 8)", "キーとバリューの入力 (5, 8)"), lang))
    cells(plot, 12, 0, query, "RdBu_r", "q (3, 2)")
    cells(plot, 12, -7, key, "RdBu_r", "k (5, 2)")
    cells(plot, 12, -14.5, value, "RdBu_r", "v (5, 2)")
    cells(plot, 18, 0, scores, "RdBu_r", choose(("scores (3, 5)", "スコア (3, 5)"), lang))
    cells(plot, 27.5, 0, weights, "Blues", choose(("weights (3, 5)", "重み (3, 5)"), lang))
    cells(plot, 36.5, 0, weights @ value, "RdBu_r", choose(("output (3, 2)", "出力 (3, 2)"), lang))
    arrow(plot, (8.2, -1.5), (11.8, -1.5), "w_q")
    arrow(plot, (8.2, -9.5), (11.8, -9.5), "w_k")
    arrow(plot, (8.2, -11.5), (11.8, -16.5), "w_v", above=-1.6)
    arrow(plot, (14.2, -1.5), (17.8, -1.5))
    arrow(plot, (14.2, -9.5), (20.3, -3.2), "q kᵀ / √2", above=-2.6)
    arrow(plot, (23.2, -1.5), (27.3, -1.5), choose(("softmax", "ソフト\nマックス"), lang))
    arrow(plot, (32.7, -1.5), (36.3, -1.5))
    arrow(plot, (14.2, -17), (37.3, -3.2), choose(("weights times v", "重みと v の積"), lang), above=-2.2)
    plot.set_xlim(-0.5, 40.5)
    plot.set_ylim(-20, 2)
    return figure


def mask(measured: dict[str, Any], lang: str) -> Figure:
    """Scores, a mask that hides the future and the last key, the scores with minus infinity, and the weights."""
    scores = torch.tensor([[0.4, 1.2, -0.3, 0.8], [1.5, 0.2, 0.9, -1.0], [0.1, 1.1, 0.6, 2.0], [-0.5, 0.7, 1.3, 0.3]])
    allowed = torch.ones(4, 4, dtype=torch.bool).tril()
    allowed[:, 3] = False
    hidden = scores.masked_fill(~allowed, math.nan)
    weights = torch.softmax(scores.masked_fill(~allowed, -math.inf), dim=-1)
    figure = new_figure(7.2, 2.1)
    plot = blank(figure)
    cells(plot, 0, 0, scores, "RdBu_r", choose(("scores", "スコア"), lang), numbers=True)
    for row in range(4):
        for column in range(4):
            colour = BLUE if allowed[row, column] else "#d9d9d9"
            plot.add_patch(Rectangle((6 + column, -row - 1), 1, 1, facecolor=colour, edgecolor="white"))
    plot.text(8, 0.3, choose(("mask: blue is True", "マスク: 青が True"), lang), ha="center", va="bottom", fontsize=8.5)
    cells(plot, 12, 0, hidden, "RdBu_r", choose(("forbidden: −∞", "禁止: −∞"), lang), numbers=True)
    cells(plot, 18, 0, weights, "Blues", choose(("weights", "重み"), lang), numbers=True)
    for left in (4.25, 10.25, 16.25):
        arrow(plot, (left, -2), (left + 1.5, -2))
    plot.set_xlim(-0.2, 22.2)
    plot.set_ylim(-4.2, 1.2)
    return figure


WORDS = (
    (("walk", "歩く"), -1, -1),
    (("walked", "歩いた"), -1, 1),
    (("run", "走る"), 1, -1),
    (("ran", "走った"), 1, 1),
)
"""Words by meaning and by tense: two things a vector may say of them."""


def subspaces(measured: dict[str, Any], lang: str) -> Figure:
    """Four words in the plane, and what two heads of width 1 see of them: the tense alone, or the meaning alone."""
    angle = math.radians(25)
    heads = (
        (("head 0: tense", "ヘッド 0: 時制"), GREEN, torch.tensor([-math.sin(angle), math.cos(angle)])),
        (("head 1: meaning", "ヘッド 1: 意味"), ORANGE, torch.tensor([math.cos(angle), math.sin(angle)])),
    )
    tense, meaning = heads[0][2], heads[1][2]
    points = [(choose(word, lang), 1.5 * said * meaning + when * tense) for word, said, when in WORDS]
    figure = new_figure(7.2, 3.2)
    plot = blank(figure, 121)
    for name, colour, axis in heads:
        end = 2.3 * axis
        plot.plot([-end[0], end[0]], [-end[1], end[1]], color=colour, linewidth=1.2, linestyle="--")
        plot.text(*(1.12 * end).tolist(), choose(name, lang), color=colour, ha="center", va="center", fontsize=9)
    for (word, point), colour in zip(points, (BLUE, BLUE, PURPLE, PURPLE)):
        plot.plot(*point.tolist(), marker="o", color=colour)
        plot.text(point[0] + 0.12, point[1] - 0.08, word, va="top", fontsize=9)
    plot.set_xlim(-2.9, 3.3)
    plot.set_ylim(-2.3, 2.8)
    plot = figure.add_subplot(122)
    plot.axis("off")
    for height, (name, colour, axis) in zip((1, 0), heads):
        plot.plot([-2, 2], [height, height], color=colour, linewidth=1.2)
        plot.text(-2, height + 0.36, choose(name, lang), color=colour, fontsize=9)
        places: dict[float, list[str]] = {}
        for word, point in points:
            places.setdefault(round(float(point @ axis), 2), []).append(word)
        for place, words in places.items():
            plot.plot([place], [height], marker="o", color=colour)
            plot.text(place, height - 0.12, choose((", ", "、"), lang).join(words), ha="center", va="top", fontsize=9)
    plot.set_xlim(-2.6, 2.6)
    plot.set_ylim(-0.5, 1.6)
    return figure


def hand_example() -> dict[str, Tensor]:
    """The lesson's attention of two tokens and width 2, and by autograd the gradient of everything in it."""
    x = torch.eye(2, requires_grad=True)
    w_q = torch.tensor([[0.0, 1.0], [2**0.5 * math.log(3), 0.0]], requires_grad=True)
    w_k, w_v = torch.eye(2, requires_grad=True), torch.tensor([[4.0, 0.0], [2.0, 8.0]], requires_grad=True)
    found = {"X": x, "Q": x @ w_q, "K": x @ w_k, "V": x @ w_v}
    found["S"] = found["Q"] @ found["K"].T / 2**0.5
    allowed = torch.tensor([[True, False], [True, True]])
    found["A"] = torch.softmax(found["S"].masked_fill(~allowed, torch.finfo(torch.float32).min), dim=-1)
    found["O"] = found["A"] @ found["V"]
    found["loss"] = ((found["O"] - torch.tensor([[3.0, 0.0], [2.5, 4.0]])) ** 2).sum() / 2
    for value in list(found.values())[1:]:
        value.retain_grad()
    found["loss"].backward()
    return found


def backward(measured: dict[str, Any], lang: str) -> Figure:
    """The example's graph: values in blue on the way to the loss, gradients in orange on the way back."""
    found = hand_example()
    figure = new_figure(7.2, 3.7)
    plot = blank(figure)
    places = {"X": (0, 0), "Q": (6, 4.4), "K": (6, 0), "V": (6, -4.4), "S": (12, 2.2), "A": (18, 2.2), "O": (24, 0)}

    def shown(matrix: Tensor) -> str:
        rows = ("  ".join(f"{number + 0.0:.2f}" for number in row) for row in matrix.tolist())
        return "\n".join(rows).replace("-", "−").replace("inf", "∞")

    values = {**found, "S": found["S"].masked_fill(torch.ones(2, 2).triu(1).bool(), -math.inf)}
    for name, (left, height) in places.items():
        plot.add_patch(Rectangle((left - 1.9, height - 1.75), 3.8, 3.5, facecolor="#f6f8fa", edgecolor=GREY))
        plot.text(left - 1.75, height + 1.6, name, va="top", fontsize=9, fontweight="bold")
        plot.text(left, height + 0.72, shown(values[name]), ha="center", va="center", fontsize=7.5, color=BLUE)
        plot.text(left, height - 0.9, shown(found[name].grad), ha="center", va="center", fontsize=7.5, color=ORANGE)
    for start, end in (("X", "Q"), ("X", "K"), ("X", "V"), ("Q", "S"), ("K", "S"), ("S", "A"), ("A", "O"), ("V", "O")):
        (left, low), (right, high) = places[start], places[end]
        arrow(plot, (left + 1.9, low), (right - 1.9, high))
    plot.text(28.2, 0, f"loss\n{found['loss'].item():.0f}" if lang == "en" else "損失\n3", ha="center", va="center")
    arrow(plot, (25.9, 0), (27.3, 0))
    legend = choose(("blue: value · orange: gradient", "青: 値、橙: 勾配"), lang)
    plot.text(12, -5.4, legend, ha="left", va="center", fontsize=8.5, color="#444444")
    plot.set_xlim(-2.2, 29.4)
    plot.set_ylim(-6.5, 6.5)
    return figure


def loss_after(rate: float) -> float:
    """Loss of the example after one step of gradient descent on its three projections."""
    found = hand_example()
    query, key, value = (found[name] - rate * found[name].grad for name in ("Q", "K", "V"))
    scores = query @ key.T / 2**0.5
    weights = torch.softmax(scores.masked_fill(torch.ones(2, 2).triu(1).bool(), -math.inf), dim=-1)
    return ((weights @ value - torch.tensor([[3.0, 0.0], [2.5, 4.0]])) ** 2).sum().item() / 2


def one_step(measured: dict[str, Any], lang: str) -> Figure:
    """The loss after one step over the rate, and the straight line that the gradient promises."""
    found = hand_example()
    steepness = sum(found[name].grad.square().sum().item() for name in ("Q", "K", "V"))
    rates = [place / 200 for place in range(101)]
    figure = new_figure(7.2, 2.9)
    plot = axes(figure, ("learning rate η", "学習率 η"), ("loss after one step", "1 ステップ後の損失"), lang)
    plot.plot(rates, [loss_after(rate) for rate in rates], color=BLUE, label=choose(("measured", "実際"), lang))
    promised = choose(("promised: 3 − 44.5 η", "勾配からの予測: 3 − 44.5 η"), lang)
    ends = [0, 3 / steepness]
    plot.plot(ends, [3 - steepness * rate for rate in ends], color=ORANGE, linestyle="--", label=promised)
    plot.axhline(3, color=GREY, linewidth=0.8, linestyle=":")
    plot.set_ylim(0, 5.2)
    plot.legend(loc="lower right")
    return figure

"""Pictures of a training: its curves, and the cross-attention of one sentence.

``train`` draws them at its end, and ``show 6`` draws those of the last training of every toy anew.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from . import style
from .style import of

CURVES_TITLE = (
    "{toy}: a training of {steps} steps (seed {seed}, {device})",
    "{toy}: {steps} ステップの学習 (シード {seed}、{device})",
)
WITH_REFERENCE_TITLE = (
    "{toy}: your {own} within the reference, {steps} steps (seed {seed}, {device})",
    "{toy}: あなたの{own} を解答に組み込んだ、{steps} ステップの学習 (シード {seed}、{device})",
)
PHASES = ("phases {numbers}", "フェーズ {numbers}")
PHASE = ("phase {numbers}", "フェーズ {numbers}")
CURVES_CAPTION = (
    "The thin line is the loss of every batch, the thick one its running mean. With label smoothing the loss "
    "cannot reach 0: it levels out at a floor. What counts is the exact match on sentences that were never "
    "trained on. A loss that falls while the exact match stays near 0 points at a mask that lets the decoder see "
    "the answer.",
    "細い線は各バッチの損失、太い線はその移動平均です。ラベル平滑化があるため、損失は 0 にはならず、ある下限で落"
    "ち着きます。大切なのは、学習に使っていない文での完全一致率です。損失が下がるのに完全一致率が 0 付近のままな"
    "ら、デコーダに答えが見えてしまうマスクになっていないかを疑いましょう。",
)
LOSS = ("loss", "損失")
LOSS_AXIS = ("loss (nats a token)", "損失 (トークンあたり、nat)")
STEP_AXIS = ("training step", "学習ステップ")
EACH_BATCH = ("training, every batch", "学習 (各バッチ)")
RUNNING_MEAN = ("training, mean of {width} steps", "学習 ({width} ステップの平均)")
VALIDATION = ("validation", "検証")
QUALITY = ("quality on unseen sentences", "未知の文での出来")
EXACT = ("exact match", "完全一致率")
BLEU = ("BLEU / 100", "BLEU / 100")
RATE = ("learning rate", "学習率")
NOTHING_MEASURED = ("nothing was measured yet", "まだ測っていません")

COMPARISON_TITLE = ("{toy}, {second} (seed {seed}, {device})", "{toy}: {second} (シード {seed}、{device})")
COMPARISON_CAPTION = (
    "Two trainings from the same first weights, with the same batches in the same order. {seen}",
    "同じ初期値から、同じバッチを同じ順に使った 2 回の学習です。{seen}",
)
PLAIN_LOSS = ("loss on unseen strings, measured without smoothing", "未知の文字列での損失 (平滑化なしで測定)")

ALIGNMENT_TITLE = (
    "Where the decoder looks: cross-attention of layer {layer}",
    "デコーダが見ている場所: 第 {layer} 層の交差注意",
)
ALIGNMENT_CAPTION = (
    "A row is one token of the output, a column one token of the source. Bright cells show which "
    "source tokens were read "
    "while that token was made. In a model that has learned reverse, look for a bright diagonal from "
    "bottom left to top "
    "right, for copy from top left to bottom right; in a translation it follows the order of the "
    "words. Heads share the "
    "work: one alone need not make sense.",
    "行は出力のトークン、列は入力のトークンです。明るいマスは、そのトークンを出すときに読まれた入力を"
    "示します。学習できた"
    "モデルなら、reverse では左下から右上へ、copy では左上から右下へ明るい対角線が見えるはずです。翻訳では語順に沿って"
    "並びます。ヘッドは仕事を分け合うので、一つだけを見て意味が分からなくても構いません。",
)
MEAN_OF_HEADS = ("mean of all heads", "全ヘッドの平均")
HEAD = ("head {number}", "ヘッド {number}")
SOURCE_AXIS = ("source", "入力")
OUTPUT_AXIS = ("output", "出力")
WEIGHT_AXIS = ("attention weight", "注意の重み")


ALL = [1, 2, 3, 4, 5, 6]


def draw_history(history: dict[str, Any], path: Path, lang: str) -> None:
    """Draw the curves of a training: loss, quality on unseen sentences, learning rate.

    Args:
        history: ``{"toy", "seed", "device", "own", "steps": [{"step", "loss", "lr", ...}], "validations": [{"step",
            "loss", "exact", "bleu"}]}``; ``own`` are the learner's phases by number, all six if missing; ``exact`` is
            a share from 0 to 1, ``bleu`` is 0 to 100 or None. Either list may be empty, and a loss may be NaN.
        path: PNG file to write; its folder is made.
        lang: ``"en"`` or ``"ja"``.

    Raises:
        OSError: if the file cannot be written.
    """
    with style.look(lang):
        style.save(_history_figure(history, lang), path)


def draw_comparison(histories: list[dict[str, Any]], labels: list[str], seen: str, path: Path, lang: str) -> None:
    """Draw two trainings in one picture: the loss on unseen strings, and how many come out exactly right.

    Args:
        histories: as for ``draw_history``; each validation also has ``"cross_entropy"`` in nats a token.
        labels: what to call them.
        seen: what came out of it, in ``lang``; a part of the caption.
        path: PNG file to write; its folder is made.
        lang: ``"en"`` or ``"ja"``.

    Raises:
        OSError: if the file cannot be written.
    """
    with style.look(lang):
        style.save(_comparison_figure(histories, labels, seen, lang), path)


def draw_alignment(attention: dict[str, Any], path: Path, lang: str) -> None:
    """Draw the cross-attention of one sentence: every head, and the mean of all.

    Args:
        attention: ``{"source": [tokens], "output": [tokens], "weights": [head][output][source], "layer": number}``.
        path: PNG file to write; its folder is made.
        lang: ``"en"`` or ``"ja"``.

    Raises:
        ValueError: if the weights are not one row an output token and one column a source token.
        OSError: if the file cannot be written.
    """
    with style.look(lang):
        style.save(_alignment_figure(attention, lang), path)


def _history_figure(history: dict[str, Any], lang: str) -> Figure:
    steps, validations = history["steps"], history["validations"]
    last = steps[-1]["step"] if steps else 0
    own = history.get("own", ALL)
    words = of(PHASE if len(own) == 1 else PHASES, lang, numbers=", ".join(map(str, own)))
    values = {"toy": history["toy"], "steps": last, "seed": history["seed"], "device": history["device"]}
    title = of(CURVES_TITLE if own == ALL else WITH_REFERENCE_TITLE, lang, own=words, **values)
    figure = style.new_figure(5.6, title, of(CURVES_CAPTION, lang))
    grid = figure.add_gridspec(2, 2, height_ratios=(1.25, 1))
    _draw_losses(figure.add_subplot(grid[0, :]), steps, validations, lang)
    _draw_quality(figure.add_subplot(grid[1, 0]), validations, last, lang)
    _draw_rates(figure.add_subplot(grid[1, 1]), steps, lang)
    return figure


def _comparison_figure(histories: list[dict[str, Any]], labels: list[str], seen: str, lang: str) -> Figure:
    values = {name: histories[0][name] for name in ("toy", "seed", "device")}
    title = of(COMPARISON_TITLE, lang, second=labels[1], **values)
    figure = style.new_figure(3.6, title, of(COMPARISON_CAPTION, lang, seen=seen))
    for column, (name, words) in enumerate((("cross_entropy", PLAIN_LOSS), ("exact", EXACT))):
        axes = figure.add_subplot(1, 2, column + 1)
        axes.set_title(of(words, lang))
        axes.set_xlabel(of(STEP_AXIS, lang))
        axes.grid(axis="y")
        for number, (history, label) in enumerate(zip(histories, labels)):
            where, height = (_column(history["validations"], key) for key in ("step", name))
            look: dict[str, Any] = {"marker": style.MARKERS[number], "linestyle": style.LINES[number], "markersize": 5}
            axes.plot(where, height, color=style.COLOURS[number], label=label, **look)
        axes.set_xlim(left=0)
        if name == "exact":
            axes.set_ylim(-0.03, 1.03)
            axes.yaxis.set_major_formatter(PercentFormatter(1.0))
        else:
            axes.set_ylim(bottom=0)
            axes.set_ylabel(of(LOSS_AXIS, lang))
        axes.legend()
    return figure


def _draw_losses(axes: Axes, steps: list[dict[str, Any]], validations: list[dict[str, Any]], lang: str) -> None:
    axes.set_title(of(LOSS, lang))
    axes.set_xlabel(of(STEP_AXIS, lang))
    axes.set_ylabel(of(LOSS_AXIS, lang))
    axes.grid(axis="y")
    if not steps and not validations:
        style.note(axes, of(NOTHING_MEASURED, lang))
        return
    x, y = _column(steps, "step"), _column(steps, "loss")
    width = max(1, min(50, len(y) // 20))
    axes.plot(x, y, color=style.SKY, linewidth=0.8, alpha=0.7, label=of(EACH_BATCH, lang))
    if width > 1:
        mean = np.convolve(y, np.ones(width) / width, mode="valid")
        middle = x[(width - 1) // 2 :][: len(mean)]
        axes.plot(middle, mean, color=style.BLUE, label=of(RUNNING_MEAN, lang, width=width))
    if validations:
        where = _column(validations, "step")
        axes.plot(
            where, _column(validations, "loss"), "s--", color=style.VERMILION, markersize=5, label=of(VALIDATION, lang)
        )
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    axes.legend()


def _draw_quality(axes: Axes, validations: list[dict[str, Any]], last: int, lang: str) -> None:
    axes.set_title(of(QUALITY, lang))
    axes.set_xlabel(of(STEP_AXIS, lang))
    axes.set_ylim(-0.03, 1.03)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    axes.grid(axis="y")
    if not validations:
        style.note(axes, of(NOTHING_MEASURED, lang))
        return
    where = _column(validations, "step")
    axes.plot(where, _column(validations, "exact"), "o-", color=style.BLUE, markersize=5, label=of(EXACT, lang))
    bleu = _column(validations, "bleu") / 100
    if not np.isnan(bleu).all():
        axes.plot(where, bleu, "s--", color=style.VERMILION, markersize=5, label=of(BLEU, lang))
    axes.set_xlim(0, max(last, where.max()) * 1.05)
    axes.legend(loc="lower right")


def _draw_rates(axes: Axes, steps: list[dict[str, Any]], lang: str) -> None:
    axes.set_title(of(RATE, lang))
    axes.set_xlabel(of(STEP_AXIS, lang))
    axes.set_ylabel(of(RATE, lang))
    axes.grid(axis="y")
    if not steps:
        style.note(axes, of(NOTHING_MEASURED, lang))
        return
    axes.plot(_column(steps, "step"), _column(steps, "lr"), color=style.GREEN)
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    axes.ticklabel_format(axis="y", style="sci", scilimits=(-2, 2), useMathText=True)


def _column(rows: list[dict[str, Any]], name: str) -> np.ndarray:
    """One number a row; what is missing becomes NaN, which is not drawn."""
    values = (row.get(name) for row in rows)
    return np.array([math.nan if value is None else float(value) for value in values])


def _alignment_figure(attention: dict[str, Any], lang: str) -> Figure:
    source, output = list(attention["source"]), list(attention["output"])
    weights = np.asarray(attention["weights"], dtype=float)  # (h, L_out, L_src)
    if weights.ndim != 3 or weights.shape[1:] != (len(output), len(source)):
        raise ValueError(f"weights of shape {weights.shape} for {len(output)} output and {len(source)} source tokens")
    heads = len(weights)
    columns = min(2, heads)
    rows = math.ceil(heads / columns)
    height = min(9.0, max(4.6, 0.25 * len(output) + 1.5, rows * (0.14 * len(output) + 0.6)))
    title = of(ALIGNMENT_TITLE, lang, layer=attention["layer"])
    figure = style.new_figure(height, title, of(ALIGNMENT_CAPTION, lang))
    grid = figure.add_gridspec(rows, 2 + columns)
    large = figure.add_subplot(grid[:, :2])
    top = max(float(weights.max(initial=0.0)), 1e-9)
    image = style.heat_map(large, weights.mean(axis=0), 0, top, rows=output, columns=source)
    large.set_title(of(MEAN_OF_HEADS, lang))
    large.set_xlabel(of(SOURCE_AXIS, lang))
    large.set_ylabel(of(OUTPUT_AXIS, lang))
    small = []
    for number in range(heads):
        axes = figure.add_subplot(grid[number // columns, 2 + number % columns])
        style.heat_map(axes, weights[number], 0, top)
        axes.set_title(of(HEAD, lang, number=number + 1))
        axes.set_xticks([])
        axes.set_yticks([])
        small.append(axes)
    figure.colorbar(image, ax=small, label=of(WEIGHT_AXIS, lang), shrink=0.8, aspect=30)
    return figure

"""Figures of phase 4: who looks at whom, where the parameters are, and what broken decoders learn."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from kata.i18n import choose
from solutions.phase4_transformer import Transformer
from solutions.phase5_mechanics import Batch, decoder_mask, padding_mask

from .drawing import BLUE, GREEN, GREY, ORANGE, PURPLE, axes, new_figure
from .toys import Recipe, measure_run, see_everything

STEPS = 600


def hide_source(batch: Batch) -> Batch:
    """Every source becomes the same meaningless letter, so that nothing can be learnt from it."""
    return replace(batch, src=torch.full_like(batch.src[:, :1], 3), src_mask=batch.src_mask[..., :1])


def measure() -> dict[str, Any]:
    """Train the reverser as it should be, without the look-ahead mask, and without a source."""
    return {
        "right": measure_run(Recipe(steps=STEPS)),
        "leak": measure_run(Recipe(steps=STEPS, spoil=see_everything)),
        "no_source": measure_run(Recipe(steps=STEPS, spoil=hide_source)),
    }


def three_attentions(measured: dict[str, Any], lang: str) -> Figure:
    """What each query may look at, in the three attentions of the model."""
    figure = new_figure(7.6, 3.1)
    source, target = torch.tensor([[5, 6, 7, 2, 0]]), torch.tensor([[1, 8, 9, 10]])
    of_source, of_target = padding_mask(source, 0)[0, 0], decoder_mask(target, 0)[0, 0]
    words = (
        choose(("the dog sleeps EOS pad", "the dog sleeps EOS pad"), lang).split(),
        choose(("BOS der Hund schläft", "BOS 犬 が 眠る"), lang).split(),
    )
    panels = (
        (("encoder self-attention", "エンコーダの自己注意"), of_source.expand(5, 5), words[0], words[0]),
        (("decoder self-attention", "デコーダの自己注意"), of_target, words[1], words[1]),
        (("cross-attention", "交差注意"), of_source.expand(4, 5), words[1], words[0]),
    )
    for number, (title, allowed, queries, keys) in enumerate(panels):
        plot = axes(figure, ("key", "キー"), ("query", "クエリ"), lang, 131 + number)
        plot.set_title(choose(title, lang))
        draw_mask(plot, allowed, BLUE)
        plot.set_xticks(range(len(keys)), keys, rotation=60)
        plot.set_yticks(range(len(queries)), queries)
    return figure


def draw_mask(plot: Any, allowed: Any, colour: str) -> None:
    """A grid of squares, coloured where a query (row) may attend to a key (column)."""
    rows, columns = allowed.shape
    for row in range(rows):
        for column in range(columns):
            fill = colour if allowed[row, column] else "white"
            plot.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, facecolor=fill, edgecolor=GREY, linewidth=0.8))
    plot.set_xlim(-0.55, columns - 0.45)
    plot.set_ylim(rows - 0.45, -0.55)
    plot.set_aspect("equal")
    plot.spines[:].set_visible(False)
    plot.tick_params(length=0)


def parameters(measured: dict[str, Any], lang: str) -> Figure:
    """The parameters of base and big, by part."""
    figure = new_figure(7.2, 2.3)
    plot = axes(figure, ("parameters (millions)", "パラメータ (百万)"), ("", ""), lang)
    parts = {
        "attention": (BLUE, ("attention", "注意")),
        "feed_forward": (ORANGE, ("feed-forward", "FFN")),
        "embedding": (GREEN, ("shared matrix", "共有行列")),
    }
    sizes = (("base", 512, 8, 2048), ("big", 1024, 16, 4096))
    with torch.device("meta"):
        models = [Transformer(37000, 37000, d, h, 6, d_ff, share_embeddings=True) for _, d, h, d_ff in sizes]
    for row, model in enumerate(models):
        left = 0.0
        for part, (colour, label) in parts.items():
            size = sum(value.numel() for name, value in model.named_parameters() if part in name) / 1e6
            plot.barh(row, size, left=left, color=colour, label=choose(label, lang) if row == 0 else None)
            if size > 3:
                plot.text(left + size / 2, row, f"{size:.1f}", ha="center", va="center", color="white")
            left += size
        plot.text(left + 2, row, f"{left:.1f}", va="center")
    plot.set_yticks(range(2), [name for name, *_ in sizes])
    plot.set_xlim(0, 240)
    plot.invert_yaxis()
    plot.legend(loc="upper right", ncol=2)
    return figure


def three_decoders(measured: dict[str, Any], lang: str) -> Figure:
    """Loss of the reverser as it should be, without the look-ahead mask, and without a source."""
    figure = new_figure(7.2, 3.6)
    plot = axes(figure, ("step", "ステップ"), ("loss (nats per token)", "損失 (1 トークンあたり nat)"), lang)
    curves = {
        "right": (BLUE, ("as it should be", "正しいモデル")),
        "leak": (ORANGE, ("no look-ahead mask", "先読みマスクなし")),
        "no_source": (PURPLE, ("no source", "原文なし")),
    }
    for kind, (colour, label) in curves.items():
        plot.plot(range(1, STEPS + 1), measured[kind]["losses"], color=colour, label=choose(label, lang), linewidth=1.3)
    for height, text in ((0.5372, "0.537"), (2.1158, "2.116")):
        plot.axhline(height, color=GREY, linewidth=0.9, linestyle="--")
        plot.text(STEPS, height + 0.08, text, ha="right", va="bottom", color=GREY)
    plot.set_ylim(0, 3.4)
    plot.legend(loc="upper right")
    return figure


FIGURES = {
    "phase4_three_attentions": three_attentions,
    "phase4_parameters": parameters,
    "phase4_three_decoders": three_decoders,
}

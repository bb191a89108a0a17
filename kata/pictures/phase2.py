"""Pictures of phase 2: weights of every head under every mask, saturation of the softmax, how heads are cut."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from . import style
from .picture import Claim, Data, Picture, array_of, close, frozen, pair_of
from .style import of

TOKENS = ("the", "cat", "saw", "the", "dog", "<eos>", "<pad>", "<pad>")
D_MODEL, NUM_HEADS = 32, 4

HEADS_TITLE = ("Attention weights of every head under every mask", "各マスクをかけたときの、各ヘッドの注意の重み")
HEADS_CAPTION = (
    (
        "A row is a query, a column a key. Outlined cells are forbidden by the mask: under the "
        "padding mask the columns of "
        "<pad>, under the look-ahead mask everything to the right of the diagonal.",
        "行がクエリ、列がキーです。枠で囲んだマスはマスクが禁じています。パディングマスクは <pad> の"
        "列を、先読みマスクは"
        "対角線より右を禁じます。",
    ),
    Claim(
        lambda data: not _leaks(data).any(),
        ("They are grey, exactly 0, as they must be.", "そこは灰色、つまりちょうど 0 で、これで正しい状態です。"),
        (
            "Not all of them are grey (exactly 0): where one has a colour, a query reads a key that its mask forbids.",
            "灰色 (ちょうど 0) でないマスがあります。色の付いたマスでは、マスクが禁じたキーをクエリが読んでいます。",
        ),
    ),
    Claim(
        lambda data: close(data["weights"].sum(axis=-1), 1),
        ("Every row adds up to 1.", "どの行の和も 1 です。"),
        ("Not every row adds up to 1, as weights must.", "和が 1 にならない行があります (重みの和は 1 のはずです)。"),
    ),
    Claim(
        lambda data: not _leaks(data).any() and close(data["weights"].sum(axis=-1), 1),
        (
            "What is left of a row is shared out anew among the keys that remain.",
            "残ったキーに重みが配り直されています。",
        ),
        ("", ""),
    ),
    Claim(
        lambda data: not close(data["weights"][0, 0], data["weights"][0, 1], 0.01),
        (
            "The heads see the same tokens and attend differently.",
            "ヘッドは同じトークンを見ながら、それぞれ別の場所に注意を向けます。",
        ),
        ("The heads attend alike, which they should not.", "どのヘッドも同じところを見ています (別々になるはずです)。"),
    ),
    ("The projections are random here, nothing was trained.", "ここでの射影は乱数で、学習はしていません。"),
)
MASKS = (
    ("no mask", "マスクなし"),
    ("padding mask", "パディングマスク"),
    ("look-ahead mask", "先読みマスク"),
    ("both masks", "両方のマスク"),
)
HEAD = ("head {number}", "ヘッド {number}")
KEY = ("key", "キー")
WEIGHT = ("attention weight", "注意の重み")

SATURATION_TITLE = ("What the division by √d_k is for", "√d_k で割る理由")
SATURATION_CAPTION = (
    (
        "{queries} random queries over {keys} random keys. A dot product of d_k terms has standard deviation √d_k.",
        "{queries} 個の乱数のクエリと {keys} 個の乱数のキーです。d_k 項の内積の標準偏差は √d_k です。",
    ),
    Claim(
        lambda data: (
            data["largest"][1, -1] > 0.8 > 0.3 > data["largest"][1, 0]
            and data["gradient"][1, -1] < 0.5 * data["gradient"][1, 1]
        ),
        (
            "Without the scale the softmax saturates as d_k grows: one key takes all the weight (left), and hardly any "
            "gradient gets back to the scores (middle).",
            "割らなければ d_k とともにソフトマックスが飽和します。一つのキーが重みを独り占めし (左)、"
            "スコアに戻る勾配がほとんど"
            "なくなります (中央)。",
        ),
    ),
    Claim(
        lambda data: bool(np.ptp(data["largest"][0]) < 0.15),
        (
            "Divided by √d_k the scores keep the same spread at every d_k.",
            "√d_k で割れば、スコアの広がりは d_k によらず一定です。",
        ),
    ),
    ("Right: the weights of one query at d_k = {d_k}.", "右: d_k = {d_k} での、あるクエリの重みです。"),
)
WIDTHS = (1, 4, 16, 64, 256, 1024)
SHOWN_WIDTH = 256
NUM_QUERIES, NUM_KEYS = 200, 16
WITH_SCALE, WITHOUT_SCALE = ("with the scale", "割る場合"), ("without the scale", "割らない場合")
LARGEST = ("largest weight (mean)", "最大の重み (平均)")
GRADIENT = ("size of the softmax's gradient (mean)", "ソフトマックスの勾配の大きさ (平均)")
ONE_QUERY = ("one query at d_k = {d_k}", "d_k = {d_k} のあるクエリ")
KEYS_SORTED = ("keys, largest weight first", "キー (重みの大きい順)")
D_K = ("d_k", "d_k")

SPLIT_TITLE = ("How the features are cut into heads", "特徴をヘッドに切り分ける")
SPLIT_LENGTH, SPLIT_WIDTH, SPLIT_HEADS = 5, 8, 2
SPLIT_CAPTION = (
    (
        "Each cell says position.feature; its colour is the head it belongs to, darker for later positions.",
        "各マスには「位置.特徴」を書きました。色は属するヘッドで、後の位置ほど濃くなります。",
    ),
    Claim(
        lambda data: close(data["heads"], np.stack(np.split(data["x"], SPLIT_HEADS, axis=1))),
        (
            "split_heads gives the first head the features 0 to 3 of every position and the second "
            "the features 4 to 7; the "
            "rows are still the positions.",
            "split_heads は、すべての位置の特徴 0〜3 を最初のヘッドに、4〜7 を次のヘッドに渡し、行は位置のままです。",
        ),
    ),
    (
        "If colours are mixed within a head, the tensor was reshaped without a transpose, and "
        "positions got into each other's "
        "rows. merge_heads must give back what there was.",
        "一つのヘッドの中で色が混ざるのは、転置せずに形だけを変えて、位置どうしが混ざったときです。"
        "merge_heads は元の並びに"
        "戻さなければなりません。",
    ),
    Claim(
        lambda data: close(data["merged"], data["x"]),
        ("It does.", "そのとおりになっています。"),
        ("It does not.", "ここでは戻っていません。"),
    ),
)
BEFORE = ("x: (L, d_model)", "x: (L, d_model)")
AFTER = ("head {number}: (L, d_k)", "ヘッド {number}: (L, d_k)")
MERGED = ("merged again", "merge_heads の結果")
POSITION, FEATURE = ("position", "位置"), ("feature", "特徴")


def heads_data(phase: Any) -> Data:
    """``weights``: ``(masks, heads, L, L)``; ``allowed``: what each mask allows, ``(masks, L, L)``."""
    length = len(TOKENS)
    generator = torch.Generator().manual_seed(3)
    module = phase.MultiHeadAttention(D_MODEL, NUM_HEADS)
    with torch.no_grad():
        for linear in (module.w_q, module.w_k, module.w_v, module.w_o):
            linear.weight.copy_(torch.randn(D_MODEL, D_MODEL, generator=generator) * 1.3 / math.sqrt(D_MODEL))
            linear.bias.zero_()
    vectors = {token: torch.randn(D_MODEL, generator=generator) for token in sorted(set(TOKENS))}
    x = torch.stack([vectors[token] for token in TOKENS]) + 0.5 * torch.randn(length, D_MODEL, generator=generator)
    x = x.unsqueeze(0)  # (1, L, d_model)
    padding = torch.tensor([token != "<pad>" for token in TOKENS])[None, None, None, :]  # (1, 1, 1, L)
    look_ahead = torch.ones(1, 1, length, length, dtype=torch.bool).tril()
    shape, what = (1, NUM_HEADS, length, length), "MultiHeadAttention.forward"
    weights = []
    for mask in (None, padding, look_ahead, padding & look_ahead):
        _, answer = pair_of(module(x, x, x, mask), what)
        weights.append(array_of(answer, shape, f"{what} (the weights)")[0])
    everything = torch.ones(1, 1, length, length, dtype=torch.bool)
    masks = (everything, padding & everything, look_ahead, padding & look_ahead)
    return frozen(weights=np.stack(weights), allowed=np.stack([mask[0, 0].numpy() for mask in masks]))


def draw_heads(data: Data, lang: str) -> Figure:
    """A heat map for every mask and head."""
    weights = data["weights"]
    figure = style.new_figure(8.0, of(HEADS_TITLE, lang), style.tell(HEADS_CAPTION, data, lang))
    colours = colormaps[style.SEQUENTIAL].with_extremes(bad="#d0d0d0")
    axes = figure.subplots(len(MASKS), NUM_HEADS, sharex=True, sharey=True)
    image: Any = None
    for row, name in enumerate(MASKS):
        for head in range(NUM_HEADS):
            shown = np.ma.masked_equal(weights[row, head], 0.0)
            image = style.heat_map(axes[row, head], shown, 0, max(1.0, weights.max()), colours, TOKENS, TOKENS, True)
            style.outline(axes[row, head], ~data["allowed"][row])
            if row == 0:
                axes[row, head].set_title(of(HEAD, lang, number=head + 1))
        axes[row, 0].set_ylabel(of(name, lang))
    for head in range(NUM_HEADS):
        axes[-1, head].set_xlabel(of(KEY, lang))
    figure.colorbar(image, ax=axes, label=of(WEIGHT, lang), shrink=0.5, aspect=30)
    return figure


def _leaks(data: Data) -> np.ndarray:
    """Where a weight that its mask forbids is not 0: ``(masks, heads, L, L)``."""
    return (data["weights"] != 0) & ~data["allowed"][:, None]


def saturation_data(phase: Any) -> Data:
    """With the scale and without: ``largest``, ``gradient``: ``(2, widths)``; ``weights``: one query, ``(2, keys)``."""
    generator = torch.Generator().manual_seed(0)
    largest, gradient = np.zeros((2, len(WIDTHS))), np.zeros((2, len(WIDTHS)))
    shown = np.zeros((2, NUM_KEYS))
    for column, width in enumerate(WIDTHS):
        query = torch.randn(NUM_QUERIES, width, generator=generator)
        key, value = (torch.randn(NUM_KEYS, width, generator=generator) for _ in range(2))
        # A query that is larger by √d_k undoes the division by √d_k.
        for row, factor in enumerate((1.0, math.sqrt(width))):
            what = "scaled_dot_product_attention"
            _, answer = pair_of(phase.scaled_dot_product_attention(query * factor, key, value), what)
            weights = array_of(answer, (NUM_QUERIES, NUM_KEYS), f"{what} (the weights)")
            largest[row, column] = weights.max(axis=-1).mean()
            # The derivative of weight i by score j is w_i ([i = j] - w_j); this is the norm of that matrix.
            jacobian = weights[:, :, None] * (np.eye(NUM_KEYS) - weights[:, None, :])
            gradient[row, column] = np.linalg.norm(jacobian, axis=(1, 2)).mean()
            if width == SHOWN_WIDTH:
                shown[row] = -np.sort(-weights[0])
    return frozen(largest=largest, gradient=gradient, weights=shown)


def draw_saturation(data: Data, lang: str) -> Figure:
    """Largest weight and gradient against d_k, and the weights of one query."""
    caption = style.tell(SATURATION_CAPTION, data, lang, queries=NUM_QUERIES, keys=NUM_KEYS, d_k=SHOWN_WIDTH)
    figure = style.new_figure(3.6, of(SATURATION_TITLE, lang), caption)
    left, middle, right = figure.subplots(1, 3)
    for row, name in enumerate((WITH_SCALE, WITHOUT_SCALE)):
        look = {
            "color": style.COLOURS[row],
            "marker": style.MARKERS[row],
            "linestyle": style.LINES[row],
            "markersize": 5,
        }
        left.plot(WIDTHS, data["largest"][row], label=of(name, lang), **look)
        middle.plot(WIDTHS, data["gradient"][row], **look)
        places = np.arange(1, NUM_KEYS + 1) + (row - 0.5) * 0.4
        hatch = ("", "////")[row]
        right.bar(
            places, data["weights"][row], 0.4, color=style.COLOURS[row], hatch=hatch, edgecolor="white", linewidth=0
        )
    for axes, name in ((left, LARGEST), (middle, GRADIENT)):
        axes.set_xscale("log", base=2)
        axes.set_xticks(WIDTHS, [str(width) for width in WIDTHS])
        axes.set_xlabel(of(D_K, lang))
        axes.set_title(of(name, lang))
        axes.set_ylim(0, 1.05 if axes is left else None)
        axes.grid(axis="y")
    left.legend(loc="upper left")
    right.set_title(of(ONE_QUERY, lang, d_k=SHOWN_WIDTH))
    right.set_xlabel(of(KEYS_SORTED, lang))
    right.set_ylabel(of(WEIGHT, lang))
    right.set_ylim(0, max(1.05, data["weights"].max()))
    right.set_xticks([1, 4, 8, 12, 16])
    return figure


def split_data(phase: Any) -> Data:
    """``x``: position · width + feature ``(L, d_model)``; ``heads``: ``(h, L, d_k)``; ``merged``: ``(L, d_model)``."""
    x = torch.arange(SPLIT_LENGTH * SPLIT_WIDTH, dtype=torch.float32).view(1, SPLIT_LENGTH, SPLIT_WIDTH)
    d_k = SPLIT_WIDTH // SPLIT_HEADS
    heads = phase.split_heads(x, SPLIT_HEADS)
    shown = array_of(heads, (1, SPLIT_HEADS, SPLIT_LENGTH, d_k), f"split_heads(x, {SPLIT_HEADS})")
    merged = array_of(phase.merge_heads(heads), tuple(x.shape), "merge_heads")
    return frozen(x=x[0].numpy(), heads=shown[0], merged=merged[0])


def draw_split(data: Data, lang: str) -> Figure:
    """The features before, in heads, and merged again; every cell says where it came from."""
    figure = style.new_figure(2.7, of(SPLIT_TITLE, lang), style.tell(SPLIT_CAPTION, data, lang))
    axes = figure.subplots(1, 2 + SPLIT_HEADS, width_ratios=(2, *([1] * SPLIT_HEADS), 2), sharey=True)
    _draw_cells(axes[0], data["x"], of(BEFORE, lang), lang)
    for head in range(SPLIT_HEADS):
        _draw_cells(axes[1 + head], data["heads"][head], of(AFTER, lang, number=head + 1), lang)
    _draw_cells(axes[-1], data["merged"], of(MERGED, lang), lang)
    axes[0].set_ylabel(of(POSITION, lang))
    return figure


def _draw_cells(axes: Axes, values: np.ndarray, title: str, lang: str) -> None:
    numbers = np.clip(values, -99, 999).astype(int)
    position, feature = numbers // SPLIT_WIDTH, numbers % SPLIT_WIDTH
    depth = 0.25 + 0.55 * np.clip(position, 0, SPLIT_LENGTH - 1) / (SPLIT_LENGTH - 1)
    first = feature < SPLIT_WIDTH // SPLIT_HEADS
    picture = np.where(first[..., None], colormaps["Blues"](depth), colormaps["Oranges"](depth))
    axes.imshow(picture, aspect="auto", interpolation="nearest")
    for row, column in np.ndindex(*values.shape):
        colour = "white" if depth[row, column] > (0.65 if first[row, column] else 0.7) else style.BLACK
        said = f"{position[row, column]}.{feature[row, column]}"
        axes.text(column, row, said, ha="center", va="center", fontsize=9, color=colour)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    axes.set_xticks(range(values.shape[1]))
    axes.set_yticks(range(values.shape[0]))
    axes.set_title(title)
    axes.set_xlabel(of(FEATURE, lang))


PICTURES = (
    Picture("heads", heads_data, draw_heads),
    Picture("saturation", saturation_data, draw_saturation),
    Picture("split", split_data, draw_split),
)

"""Pictures of phase 1: the sinusoidal encoding, its distances, its clock hands, and the size of embeddings."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from . import style
from .picture import Claim, Data, Picture, array_of, close, frozen
from .style import of

LENGTH, D_MODEL = 100, 64

POSITION = ("position", "位置")
FEATURE = ("feature (even: sine, odd: cosine)", "特徴 (偶数: sin、奇数: cos)")
VALUE = ("value", "値")

ENCODING_TITLE = ("Sinusoidal encoding of {length} positions", "{length} 個の位置の正弦波エンコーディング")
ENCODING_CAPTION = (
    ("Every row is the code of one position.", "各行が一つの位置のエンコーディングです。"),
    Claim(
        lambda data: bool(
            np.abs(np.diff(data["table"][:, :2], axis=0)).mean() > 0.3
            and np.abs(np.diff(data["table"][:, -2:], axis=0)).max() < 0.01
        ),
        (
            "On the left the columns change from one position to the next, on the right hardly at "
            "all: like the digits of a "
            "number, fast ones tell neighbours apart and slow ones tell regions apart.",
            "左の列は隣の位置でもう値が変わり、右の列はほとんど変わりません。数の桁と同じで、速い列が"
            "隣どうしを、遅い列が大まかな"
            "場所を区別します。",
        ),
    ),
    Claim(
        lambda data: close(data["table"][0], np.arange(D_MODEL) % 2),
        ("Row 0 is 0, 1, 0, 1, ...", "行 0 は 0、1、0、1、… です。"),
    ),
    Claim(
        lambda data: close(_angles_of(data["table"][2]) - _angles_of(data["table"][1]), _speeds(D_MODEL)),
        (
            "The wavelengths below grow from 2π to nearly 10000 · 2π.",
            "下の波の波長は 2π から 10000 · 2π 近くまで伸びます。",
        ),
    ),
)
COLUMN = ("column {column}", "列 {column}")
THREE_COLUMNS = ("three of its columns", "そのうちの三つの列")

DISTANCE_TITLE = ("Dot products of the encodings of every two positions", "二つの位置のエンコーディングの内積")
DISTANCE_CAPTION = (
    (
        "Left: the dot product of every pair of positions. Right: three rows of it, moved so that "
        "the position itself is "
        "at 0.",
        "左: すべての位置の組の内積です。右: そのうち三行を、自分自身の位置が 0 に来るようにずらしたものです。",
    ),
    Claim(
        lambda data: all(close(np.diag(data["products"], k), data["products"][0, k], 0.01) for k in range(LENGTH)),
        (
            "Each diagonal has one colour, and the three lines lie on each other: PE[p] · PE[p + k] "
            "does not depend on p.",
            "どの対角線も一つの色になり、三本の線が重なります。PE[p] · PE[p + k] が p によらないからです。",
        ),
    ),
    Claim(
        lambda data: close(np.diag(data["products"]), D_MODEL / 2, 0.01),
        (
            "The top is d_model / 2 = {top}, since every pair of columns adds sin² + cos² = 1.",
            "どの列の組も sin² + cos² = 1 を足すので、頂点の高さは d_model の半分の {top} です。",
        ),
    ),
)
DISTANCE = ("distance k in positions", "距離 k (位置の差)")
DOT_PRODUCT = ("dot product PE[p] · PE[p + k]", "内積 PE[p] · PE[p + k]")
FROM_POSITION = ("from position p = {position}", "位置 p = {position} から")
ALL_PAIRS = ("dot products of all pairs of positions", "すべての位置の組の内積")
THREE_ROWS = ("three rows against distance", "三つの行と距離")

CLOCK_TITLE = ("Each pair of columns is the hand of a clock", "列の組は、それぞれ時計の針")
CLOCK_PAIRS, CLOCK_POSITIONS = (0, 8, 16), 12
CLOCK_CAPTION = (
    (
        "A hand points to (PE[pos, 2i], PE[pos, 2i + 1]), that is (sine, cosine).",
        "針は (PE[pos, 2i], PE[pos, 2i + 1])、つまり (sin, cos) を指します。",
    ),
    Claim(
        lambda data: close(data["hands"][:, 0], [0, 1]),
        ("Position 0 points up.", "位置 0 は真上を向きます。"),
    ),
    Claim(
        lambda data: close(np.linalg.norm(data["hands"], axis=-1), 1),
        ("All tips lie on the circle.", "先端はすべて円の上にあります。"),
    ),
    Claim(
        lambda data: (
            close(
                _angles_of(data["hands"][:, 1].reshape(-1)),
                np.array([10000.0 ** (-2 * i / D_MODEL) for i in CLOCK_PAIRS]),
            )
            and close(data["hands"][:, 2, 0], 2 * data["hands"][:, 1, 0] * data["hands"][:, 1, 1])
        ),  # twice the angle
        (
            "Each further position turns the hand clockwise by the same angle: pair 0 turns once in "
            "6.3 positions, pair 8 "
            "in 63, pair 16 in 628, like the hands for seconds, minutes and hours.",
            "位置が一つ進むごとに、針は同じ角度だけ時計回りに動きます。組 0 は 6.3、組 8 は 63、組 "
            "16 は 628 の位置で一周し、"
            "秒針・分針・時針のようです。",
        ),
    ),
)
PAIR = ("pair i = {pair}: columns {even}, {odd}", "組 i = {pair}: 列 {even}、{odd}")
SINE, COSINE = ("sine (even column)", "sin (偶数列)"), ("cosine (odd column)", "cos (奇数列)")

SHIFT_TITLE = ("The matrix that is to move every position by {offset}", "どの位置も {offset} だけ動かすはずの行列")
SHIFT_CAPTION = (
    ("Left: position_shift_matrix({offset}, 16).", "左: position_shift_matrix({offset}, 16) です。"),
    Claim(
        lambda data: close(data["matrix"] * (1 - np.kron(np.eye(8), np.ones((2, 2)))), 0),
        (
            "It is 0 except in blocks of 2 × 2, one for each clock hand.",
            "時計の針ごとの 2 × 2 のブロックのほかは 0 です。",
        ),
    ),
    Claim(
        lambda data: (
            close(data["matrix"] @ data["matrix"].T, np.eye(16))
            and float(np.abs(data["matrix"][-2:, -2:] - np.eye(2)).max()) < 0.01
        ),
        (
            "Each block rotates its hand; the slower the pair, the closer its block is to the identity.",
            "それぞれのブロックが針を一本回します。遅い組ほどブロックは単位行列に近づきます。",
        ),
    ),
    (
        "Right: it takes the hands of pair 8 from the dots to the squares. Each square must lie in a "
        "ring, which is where "
        "PE[pos + {offset}] is.",
        "右: この行列は組 8 の針を丸から四角へ移します。四角は、PE[pos + {offset}] の場所を示す輪の中"
        "に入らなければなりません。",
    ),
    Claim(
        lambda data: close(data["after"], data["wanted"]),
        ("They do.", "そのとおりになっています。"),
        ("They do not.", "ここではそうなっていません。"),
    ),
)
SHIFT_OFFSET, SHIFT_PAIR, SHIFT_POSITIONS = 10, 8, (0, 15, 35)
MATRIX = ("the matrix M, d_model = 16", "行列 M (d_model = 16)")
HANDS = ("hands of pair {pair}, d_model = {d_model}", "組 {pair} の針 (d_model = {d_model})")
BEFORE = ("PE[pos]", "PE[pos]")
AFTER = ("M @ PE[pos]", "M @ PE[pos]")
WANTED = ("PE[pos + {offset}]", "PE[pos + {offset}]")
ROW, COLUMN_AXIS = ("row", "行"), ("column", "列")

SIZE_TITLE = ("Why embeddings are multiplied by √d_model", "埋め込みに √d_model を掛ける理由")
WIDTHS = (16, 32, 64, 128, 256, 512)
SIZE_CAPTION = (
    (
        "Length of the vectors that are added at the bottom of the model. A row of a table that starts with standard "
        "deviation d_model^-0.5 has length 1 at any width.",
        "モデルの入り口で足し合わされるベクトルの長さです。標準偏差 d_model^-0.5 で始まる表の行は、幅"
        "によらず長さが 1 です。",
    ),
    Claim(
        lambda data: close(data["encoding"], np.sqrt(np.array(WIDTHS) / 2), 0.02),
        (
            "An encoding has length √(d_model / 2): without the factor √d_model the positions would "
            "drown the tokens, the "
            "more so the wider the model.",
            "エンコーディングの長さは √(d_model / 2) です。√d_model を掛けなければ、幅が広いほどトー"
            "クンが位置に埋もれてしまいます。",
        ),
    ),
    ("What TokenEmbedding gives must lie on the dotted line.", "TokenEmbedding の出力は点線の上にあるはずです。"),
    Claim(
        lambda data: close(data["embedding"] / np.sqrt(WIDTHS), 1, 0.1),
        ("It does.", "そのとおりになっています。"),
        ("It does not.", "ここではそうなっていません。"),
    ),
)
VOCABULARY, SIZE_LENGTH = 50, 50
MODEL_WIDTH = ("d_model", "d_model")
MEAN_LENGTH = ("mean length of a vector", "ベクトルの長さの平均")
TABLE_ROW = ("row of the table", "表の行")
TOKEN_EMBEDDING = ("TokenEmbedding", "TokenEmbedding の出力")
POSITIONAL = ("PositionalEncoding of zeros", "零に対する PositionalEncoding の出力")
ROOT = ("√d_model", "√d_model")


def encoding_data(phase: Any) -> Data:
    """``table``: the encoding, ``(LENGTH, D_MODEL)``."""
    return frozen(table=_table(phase))


def draw_encoding(data: Data, lang: str) -> Figure:
    """Heat map of the table, and three of its columns as waves."""
    table = data["table"]
    figure = style.new_figure(6.2, of(ENCODING_TITLE, lang, length=LENGTH), style.tell(ENCODING_CAPTION, data, lang))
    above, below = figure.subplots(2, 1, height_ratios=(2.2, 1))
    image = style.heat_map(above, table, -1, 1, style.DIVERGING)
    figure.colorbar(image, ax=above, label=of(VALUE, lang), pad=0.01)
    above.set_xlabel(of(FEATURE, lang))
    above.set_ylabel(of(POSITION, lang))
    for number, column in enumerate((0, 16, 32)):
        label = of(COLUMN, lang, column=column)
        below.plot(table[:, column], color=style.COLOURS[number], linestyle=style.LINES[number], label=label)
    below.set_xlabel(of(POSITION, lang))
    below.set_ylabel(of(VALUE, lang))
    below.set_xlim(0, LENGTH - 1)
    below.grid(axis="y")
    below.set_title(of(THREE_COLUMNS, lang))
    below.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncol=3)
    return figure


def distance_data(phase: Any) -> Data:
    """``products``: the dot product of every pair of positions, ``(LENGTH, LENGTH)``."""
    table = _table(phase)
    return frozen(products=table @ table.T)


def draw_distance(data: Data, lang: str) -> Figure:
    """Heat map of the dot products, and three of its rows against distance."""
    products = data["products"]
    figure = style.new_figure(4.4, of(DISTANCE_TITLE, lang), style.tell(DISTANCE_CAPTION, data, lang, top=D_MODEL // 2))
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.2))
    image = style.heat_map(left, products, products.min(), products.max())
    left.set_aspect("equal")
    left.set_title(of(ALL_PAIRS, lang))
    left.set_xlabel(of(POSITION, lang))
    left.set_ylabel(of(POSITION, lang))
    figure.colorbar(image, ax=left, shrink=0.8)
    offsets = np.arange(-20, 20)
    for number, position in enumerate((25, 50, 75)):
        label = of(FROM_POSITION, lang, position=position)
        line = {"color": style.COLOURS[number], "linestyle": style.LINES[number], "linewidth": 4 - 1.2 * number}
        right.plot(offsets, products[position, position + offsets], label=label, **line)
    right.set_title(of(THREE_ROWS, lang))
    right.set_xlabel(of(DISTANCE, lang))
    right.set_ylabel(of(DOT_PRODUCT, lang))
    right.grid()
    right.legend(loc="upper right")
    return figure


def clock_data(phase: Any) -> Data:
    """``hands``: where the hands of some pairs point, ``(pairs, positions, 2)``, sine first."""
    table = _table(phase)
    return frozen(hands=np.stack([table[:CLOCK_POSITIONS, 2 * pair : 2 * pair + 2] for pair in CLOCK_PAIRS]))


def draw_clock(data: Data, lang: str) -> Figure:
    """A clock for every pair, with a hand for every position."""
    figure = style.new_figure(3.3, of(CLOCK_TITLE, lang), style.tell(CLOCK_CAPTION, data, lang))
    for pair, hands, axes in zip(CLOCK_PAIRS, data["hands"], figure.subplots(1, len(CLOCK_PAIRS))):
        _clock_face(axes, hands, lang)
        axes.set_title(of(PAIR, lang, pair=pair, even=2 * pair, odd=2 * pair + 1))
        for position, (sine, cosine) in enumerate(hands):
            colour = style.BLUE if position else style.VERMILION
            axes.plot([0, sine], [0, cosine], color=colour, linewidth=1.2)
            axes.plot([sine], [cosine], "o", color=colour, markersize=4)
            # Where hands lie close together, only some are named.
            if position % (1, 3, CLOCK_POSITIONS - 1)[CLOCK_PAIRS.index(pair)] == 0:
                side = "center" if pair < CLOCK_PAIRS[-1] else "left" if position else "right"
                axes.text(1.16 * sine, 1.16 * cosine, str(position), ha=side, va="center", fontsize=9)
    return figure


def shift_data(phase: Any) -> Data:
    """``matrix``: a small shift matrix; ``before``, ``after``, ``wanted``: hands, moved and as they should be."""
    offset, pair = SHIFT_OFFSET, slice(2 * SHIFT_PAIR, 2 * SHIFT_PAIR + 2)
    table = _table(phase)
    what = f"position_shift_matrix({offset}, {{}})"
    large = array_of(phase.position_shift_matrix(offset, D_MODEL), (D_MODEL, D_MODEL), what.format(D_MODEL))
    small = array_of(phase.position_shift_matrix(offset, 16), (16, 16), what.format(16))
    positions = np.array(SHIFT_POSITIONS)
    before = table[positions]
    after = before @ large.T
    return frozen(matrix=small, before=before[:, pair], after=after[:, pair], wanted=table[positions + offset][:, pair])


def draw_shift(data: Data, lang: str) -> Figure:
    """Heat map of the matrix, and the hands before and after."""
    caption = style.tell(SHIFT_CAPTION, data, lang, offset=SHIFT_OFFSET)
    figure = style.new_figure(3.9, of(SHIFT_TITLE, lang, offset=SHIFT_OFFSET), caption)
    left, right = figure.subplots(1, 2)
    image = style.heat_map(left, data["matrix"], -1, 1, style.DIVERGING)
    left.set_aspect("equal")
    left.set_title(of(MATRIX, lang))
    left.set_xlabel(of(COLUMN_AXIS, lang))
    left.set_ylabel(of(ROW, lang))
    figure.colorbar(image, ax=left, label=of(VALUE, lang), shrink=0.8)
    _clock_face(right, np.concatenate([data["before"], data["after"]]), lang)
    right.set_title(of(HANDS, lang, pair=SHIFT_PAIR, d_model=D_MODEL))
    for position, before, after in zip(SHIFT_POSITIONS, data["before"], data["after"]):
        arrow = {
            "arrowstyle": "->",
            "color": style.GREY,
            "connectionstyle": "arc3,rad=-0.25",
            "shrinkA": 6,
            "shrinkB": 8,
        }
        right.annotate("", after, before, arrowprops=arrow)
        right.text(*(0.72 * before), f"pos {position}", ha="center", va="center", fontsize=9)
    ring = {"marker": "o", "linestyle": "", "markersize": 15, "markerfacecolor": "none", "color": style.BLACK}
    right.plot(*data["before"].T, "o", color=style.BLUE, markersize=7, label=of(BEFORE, lang))
    right.plot(*data["wanted"].T, **ring, label=of(WANTED, lang, offset=SHIFT_OFFSET))
    right.plot(*data["after"].T, "s", color=style.VERMILION, markersize=6, label=of(AFTER, lang))
    right.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure


def size_data(phase: Any) -> Data:
    """Mean lengths, one a width: ``table``, ``embedding``, ``encoding``."""
    rows: dict[str, list[float]] = {"table": [], "embedding": [], "encoding": []}
    generator = torch.Generator().manual_seed(0)
    tokens = torch.arange(VOCABULARY).unsqueeze(0)
    for width in WIDTHS:
        module = phase.TokenEmbedding(VOCABULARY, width)
        table = torch.randn(VOCABULARY, width, generator=generator) * width**-0.5
        with torch.no_grad():
            module.embedding.weight.copy_(table)
        positional = phase.PositionalEncoding(width, 0.0, SIZE_LENGTH)
        zeros = torch.zeros(1, SIZE_LENGTH, width)
        embedded = array_of(module(tokens), (1, VOCABULARY, width), "TokenEmbedding.forward")
        encoded = array_of(positional(zeros), (1, SIZE_LENGTH, width), "PositionalEncoding.forward")
        for name, vectors in (("table", table.double().numpy()), ("embedding", embedded), ("encoding", encoded)):
            rows[name].append(float(np.linalg.norm(vectors, axis=-1).mean()))
    return frozen(**{name: np.array(values) for name, values in rows.items()})


def draw_size(data: Data, lang: str) -> Figure:
    """Lengths against width, both on logarithmic scales."""
    figure = style.new_figure(4.2, of(SIZE_TITLE, lang), style.tell(SIZE_CAPTION, data, lang))
    axes = figure.subplots()
    axes.plot(WIDTHS, np.sqrt(WIDTHS), ":", color=style.BLACK, linewidth=5, alpha=0.35, label=of(ROOT, lang))
    names = (("embedding", TOKEN_EMBEDDING), ("encoding", POSITIONAL), ("table", TABLE_ROW))
    for number, (name, label) in enumerate(names):
        colour, marker, line = style.COLOURS[number], style.MARKERS[number], style.LINES[number]
        axes.plot(WIDTHS, data[name], color=colour, marker=marker, linestyle=line, label=of(label, lang))
    axes.set_xscale("log", base=2)
    axes.set_yscale("log", base=2)
    axes.set_xticks(WIDTHS, [str(width) for width in WIDTHS])
    ticks = [2**power for power in range(0, int(math.log2(max(WIDTHS))) // 2 + 2)]
    axes.set_yticks(ticks, [str(tick) for tick in ticks])
    axes.set_xlabel(of(MODEL_WIDTH, lang))
    axes.set_ylabel(of(MEAN_LENGTH, lang))
    axes.grid()
    axes.legend()
    return figure


def _angles_of(row: np.ndarray) -> np.ndarray:
    """The angle of every pair (sine, cosine)."""
    return np.arctan2(row[0::2], row[1::2])


def _speeds(d_model: int) -> np.ndarray:
    """What a pair turns by from one position to the next."""
    return 10000.0 ** (-np.arange(0, d_model, 2) / d_model)


def _table(phase: Any) -> np.ndarray:
    what = f"sinusoidal_encoding({LENGTH}, {D_MODEL})"
    return array_of(phase.sinusoidal_encoding(LENGTH, D_MODEL), (LENGTH, D_MODEL), what)


def _clock_face(axes: Axes, hands: np.ndarray, lang: str) -> None:
    """A unit circle, wide enough for hands that are longer than they should be."""
    axes.add_patch(Circle((0, 0), 1, fill=False, edgecolor="#bbbbbb"))
    reach = 1.3 * max(1.0, float(np.nan_to_num(np.abs(hands), nan=1.0, posinf=1.0).max()))
    axes.set_xlim(-reach, reach)
    axes.set_ylim(-reach, reach)
    axes.set_aspect("equal")
    axes.set_xticks([-1, 0, 1])
    axes.set_yticks([-1, 0, 1])
    axes.set_xlabel(of(SINE, lang))
    axes.set_ylabel(of(COSINE, lang))


PICTURES = (
    Picture("encoding", encoding_data, draw_encoding),
    Picture("distance", distance_data, draw_distance),
    Picture("clock", clock_data, draw_clock),
    Picture("shift", shift_data, draw_shift),
    Picture("size", size_data, draw_size),
)

"""Pictures of phase 5's batches: their masks, and the batch itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from . import style
from .picture import Claim, Data, UnusableAnswer, array_of, close, frozen, number_of
from .style import of

PAD, BOS, EOS, FIRST_LETTER = 0, 1, 2, 3
WORDS = (("abcde", "edcba"), ("fg", "gf"), ("hij", "jih"))
"""A batch of the toy task reverse: source, target."""

MASKS_TITLE = ("The masks of a batch: blue may be attended to", "バッチのマスク: 青いところに注意を向けられる")
MASKS_CAPTION = (
    (
        "Three targets of different lengths as the decoder reads them. Outlined cells must be grey: "
        "the future and <pad>.",
        "長さの違う三つの訳文を、デコーダが読む形で並べました。枠で囲んだマス (未来と <pad>) は灰色で"
        "なければなりません。",
    ),
    Claim(
        lambda data: bool((data["padding"] == (data["tokens"] != PAD)).all()),
        (
            "The padding mask (one row a sentence) is False where there is <pad>, and there alone.",
            "パディングマスク (一文が一行) は、<pad> のところだけが False です。",
        ),
    ),
    Claim(
        lambda data: bool((data["look_ahead"] == np.tril(np.ones_like(data["look_ahead"]))).all()),
        (
            "The look-ahead mask is the same for all: query q sees keys up to q, the diagonal included.",
            "先読みマスクは全文に共通で、クエリ q は自分を含めて q までのキーを見ます。",
        ),
    ),
    Claim(
        lambda data: bool((data["decoder"] == _decoder_masks(data)).all()),
        (
            "The decoder mask is both at once, and so differs from sentence to sentence: a triangle "
            "whose padding columns are "
            "cut off.",
            "デコーダのマスクはその両方で、文ごとに違います。三角形から、パディングの列を切り取った形になります。",
        ),
    ),
)
PADDING = ("padding_mask: (B, 1, 1, L)", "padding_mask: (B, 1, 1, L)")
LOOK_AHEAD = ("look_ahead_mask: (1, 1, L, L)", "look_ahead_mask: (1, 1, L, L)")
DECODER = ("decoder_mask, sentence {number}", "decoder_mask (文 {number})")
SENTENCE, KEY, QUERY = ("sentence", "文"), ("key", "キー"), ("query", "クエリ")

BATCH_TITLE = (
    "What make_batch builds: {count} target tokens count",
    "make_batch が作るもの: 数える目標トークンは {count} 個",
)
BATCH_CAPTION = (
    (
        "Three pairs of the toy task reverse. tgt_in is what the decoder reads, tgt_out what it should answer.",
        "小さな課題 reverse の三つの組です。tgt_in はデコーダが読むもの、tgt_out はデコーダが答えるべきものです。",
    ),
    Claim(
        lambda data: close(data["src"], _right_batch()[0]),
        ("The source ends with <eos>.", "入力の末尾は <eos> です。"),
    ),
    Claim(
        lambda data: close(data["tgt_in"], _right_batch()[1]) and close(data["tgt_out"], _right_batch()[2]),
        (
            "tgt_in starts with <bos>, tgt_out ends with <eos>: the same tokens one step earlier, so "
            "that at each position the "
            "answer is the token that comes next. All rows are padded on the right.",
            "tgt_in は <bos> で始まり、tgt_out は <eos> で終わります。同じトークンが一つ前にずれてい"
            "るので、どの位置でも答えは"
            "「次のトークン」になります。行はすべて右側をパディングします。",
        ),
    ),
    Claim(
        lambda data: int(data["num_tokens"]) == int((data["tgt_out"] != PAD).sum()),
        (
            "num_tokens counts the cells of tgt_out that are not <pad>.",
            "num_tokens は、tgt_out のうち <pad> でないマスの数です。",
        ),
    ),
)
POSITION = ("position", "位置")

_ALLOWED = ListedColormap(["#dddddd", style.BLUE])


def masks_data(phase: Any) -> Data:
    """``tokens``: ``(B, L)``; ``padding``: ``(B, L)``; ``look_ahead``: ``(L, L)``; ``decoder``: ``(B, L, L)``."""
    rows = [[BOS, *_ids(target)] for _, target in WORDS]
    length = max(map(len, rows))
    tokens = torch.tensor([row + [PAD] * (length - len(row)) for row in rows])
    batch = len(rows)
    padding = array_of(phase.padding_mask(tokens, PAD), (batch, 1, 1, length), "padding_mask")
    look_ahead = array_of(phase.look_ahead_mask(length), (1, 1, length, length), "look_ahead_mask")
    decoder = array_of(phase.decoder_mask(tokens, PAD), (batch, 1, length, length), "decoder_mask")
    return frozen(tokens=tokens.numpy(), padding=padding[:, 0, 0], look_ahead=look_ahead[0, 0], decoder=decoder[:, 0])


def draw_masks(data: Data, lang: str) -> Figure:
    """The padding mask with its tokens, the look-ahead mask, and the decoder mask of every sentence."""
    tokens = data["tokens"]
    figure = style.new_figure(5.8, of(MASKS_TITLE, lang), style.tell(MASKS_CAPTION, data, lang))
    grid = figure.add_gridspec(2, len(tokens), height_ratios=(1, 1))
    left = figure.add_subplot(grid[0, :-1])
    style.heat_map(left, data["padding"], 0, 1, _ALLOWED)
    style.outline(left, tokens == PAD)
    for row, column in np.ndindex(*tokens.shape):
        colour = "white" if data["padding"][row, column] else style.BLACK
        left.text(column, row, _name(tokens[row, column]), ha="center", va="center", color=colour)
    left.set_title(of(PADDING, lang))
    left.set_xlabel(of(KEY, lang))
    left.set_ylabel(of(SENTENCE, lang))
    left.set_xticks(range(tokens.shape[1]))
    left.set_yticks(range(len(tokens)), [str(number + 1) for number in range(len(tokens))])
    right = figure.add_subplot(grid[0, -1])
    numbers = [str(position) for position in range(tokens.shape[1])]
    style.heat_map(right, data["look_ahead"], 0, 1, _ALLOWED, numbers, numbers)
    style.outline(right, np.triu(np.ones_like(data["look_ahead"], dtype=bool), 1))
    right.set_title(of(LOOK_AHEAD, lang))
    right.set_ylabel(of(QUERY, lang))
    right.set_xlabel(of(KEY, lang))
    for number, mask in enumerate(data["decoder"]):
        axes = figure.add_subplot(grid[1, number])
        names = [_name(token) for token in tokens[number]]
        style.heat_map(axes, mask, 0, 1, _ALLOWED, names, names, True)
        style.outline(axes, ~_decoder_masks(data)[number])
        axes.set_title(of(DECODER, lang, number=number + 1))
        axes.set_xlabel(of(KEY, lang))
        axes.set_ylabel(of(QUERY, lang))
    return figure


def _decoder_masks(data: Data) -> np.ndarray:
    """What each sentence's decoder may attend to: ``(B, L, L)``."""
    length = data["tokens"].shape[1]
    return (data["tokens"] != PAD)[:, None, :] & np.tril(np.ones((length, length), dtype=bool))


def _right_batch() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """``src``, ``tgt_in``, ``tgt_out`` as they should be."""
    rows = (
        [[*_ids(source), EOS] for source, _ in WORDS],
        [[BOS, *_ids(target)] for _, target in WORDS],
        [[*_ids(target), EOS] for _, target in WORDS],
    )
    padded = [[row + [PAD] * (max(map(len, part)) - len(row)) for row in part] for part in rows]
    return np.array(padded[0]), np.array(padded[1]), np.array(padded[2])


def batch_data(phase: Any) -> Data:
    """``src``, ``tgt_in``, ``tgt_out``, their masks as in ``Batch``, and ``num_tokens``."""
    batch = phase.make_batch([(_ids(source), _ids(target)) for source, target in WORDS], PAD, BOS, EOS)
    size, length = len(WORDS), max(len(source) for source, _ in WORDS) + 1
    shapes = {
        "src": (size, length),
        "tgt_in": (size, length),
        "tgt_out": (size, length),
        "src_mask": (size, 1, 1, length),
        "tgt_mask": (size, 1, length, length),
    }
    arrays = {}
    for name, shape in shapes.items():
        if not hasattr(batch, name):
            raise UnusableAnswer(f"make_batch returned an object without {name}")
        arrays[name] = array_of(getattr(batch, name), shape, f"make_batch ({name})")
    return frozen(num_tokens=np.array(number_of(batch.num_tokens, "make_batch (num_tokens)")), **arrays)


def draw_batch(data: Data, lang: str) -> Figure:
    """Three tables of tokens; special tokens have colours of their own."""
    title = of(BATCH_TITLE, lang, count=int(data["num_tokens"]))
    figure = style.new_figure(2.2, title, style.tell(BATCH_CAPTION, data, lang))
    colours = ListedColormap(["#dddddd", style.GREEN, style.ORANGE, "#cfe6f5"])
    for axes, name in zip(figure.subplots(1, 3), ("src", "tgt_in", "tgt_out")):
        tokens = np.clip(data[name], -99, 999).astype(int)
        style.heat_map(axes, np.clip(tokens, 0, FIRST_LETTER), 0, FIRST_LETTER, colours)
        for row, column in np.ndindex(*tokens.shape):
            axes.text(column, row, _name(tokens[row, column]), ha="center", va="center", fontsize=8.5)
        axes.set_title(name)
        axes.set_xticks(range(tokens.shape[1]))
        axes.set_yticks(range(len(tokens)), [str(number + 1) for number in range(len(tokens))])
        axes.set_xlabel(of(POSITION, lang))
        axes.set_ylabel(of(SENTENCE, lang))
    return figure


def _ids(word: str) -> list[int]:
    return [FIRST_LETTER + ord(letter) - ord("a") for letter in word]


def _name(token: int) -> str:
    if 0 <= token < FIRST_LETTER:
        return ("<pad>", "<bos>", "<eos>")[token]
    letter = token - FIRST_LETTER
    return chr(ord("a") + letter) if 0 <= letter < 26 else str(token)

"""Pictures of phase 4: where the parameters are, and which output changes when a token changes."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import torch
from matplotlib import colormaps
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from . import style
from .picture import Claim, Data, Picture, array_of, frozen
from .style import of

VOCABULARY, D_MODEL, D_FF, LAYERS, HEADS = 37000, 512, 2048, 6, 8

PARAMETERS_TITLE = (
    "The base model has {total:,} parameters ({expected:,} expected)",
    "base モデルのパラメータは {total:,} 個 (想定 {expected:,} 個)",
)
PARAMETERS_CAPTION = (
    (
        "Your Transformer in the paper's base size: d_model 512, 8 heads, 6 layers, d_ff 2048, one "
        "shared vocabulary of "
        "37,000. Bars are counted in your model, every parameter once; black marks are what the "
        "formulas of the paper give, "
        "with biases in the attention.",
        "論文の base サイズ (d_model 512、ヘッド 8、6 層、d_ff 2048、共有の語彙 37,000) で作った、あ"
        "なたの Transformer です。"
        "棒は実際に数えた値で、一つのパラメータは一度だけ数えます。黒い印は論文の式による値です (注意"
        "のバイアスを含む)。",
    ),
    Claim(
        lambda data: bool((data["counted"] == data["expected"]).all()),
        ("Every bar ends at its mark.", "どの棒も印のところで終わっています。"),
        (
            "Not every bar ends at its mark. A bar of a sixth of its mark means that one layer was "
            "used six times; a bar that "
            "is missing, that parameters are not registered (a plain list instead of nn.ModuleList).",
            "印のところで終わらない棒があります。棒が印の 6 分の 1 なら、同じ層を 6 回使っています。"
            "棒がなければ、パラメータが登録"
            "されていません (nn.ModuleList でなくただのリスト)。",
        ),
    ),
    Claim(
        lambda data: data["counted"][[0, 2, 6]].sum() > data["counted"].sum() / 2,
        (
            "Most parameters are in feed-forward networks and embeddings, not in the attention.",
            "パラメータの多くは注意ではなく、フィードフォワードネットワークと埋め込みにあります。",
        ),
    ),
)
PARTS = (
    (("embeddings and output projection", "埋め込みと出力射影"), r"(src_embedding|tgt_embedding|output_projection)\."),
    (("encoder: self-attention", "エンコーダ: 自己注意"), r"encoder\.layers\.\d+\.self_attention\."),
    (("encoder: feed-forward", "エンコーダ: FFN"), r"encoder\.layers\.\d+\.feed_forward\."),
    (("encoder: layer norms", "エンコーダ: 層正規化"), r"encoder\.layers\.\d+\.add_norm\d\."),
    (("decoder: self-attention", "デコーダ: 自己注意"), r"decoder\.layers\.\d+\.self_attention\."),
    (("decoder: cross-attention", "デコーダ: 交差注意"), r"decoder\.layers\.\d+\.cross_attention\."),
    (("decoder: feed-forward", "デコーダ: FFN"), r"decoder\.layers\.\d+\.feed_forward\."),
    (("decoder: layer norms", "デコーダ: 層正規化"), r"decoder\.layers\.\d+\.add_norm\d\."),
    (("anything else", "そのほか"), r""),
)
MILLIONS = ("parameters in millions", "パラメータ数 (百万)")
COUNTED, EXPECTED = ("counted in your model", "あなたのモデルで数えた値"), ("by the formulas", "式による値")

CAUSALITY_TITLE = ("Which output changes when one token changes?", "一つのトークンを変えると、どの出力が変わるか")
CAUSALITY_CAPTION = (
    (
        "A row is the token that was replaced, a column where the result changed and by how much; "
        "grey cells did not change "
        "at all. Outlined cells must not change.",
        "行は取り換えたトークン、列は結果が変わった位置と変化の大きさで、灰色のマスはまったく変わらな"
        "かったことを示します。枠で"
        "囲んだマスは、変わってはいけないところです。",
    ),
    Claim(
        lambda data: not _forbidden_changes(data, "memory") and bool((data["memory"][:5, :5] >= UNCHANGED).all()),
        (
            "Left: every token reaches all of the memory, but a <pad> only itself.",
            "左: どのトークンもメモリ全体に届きますが、<pad> は自分の位置にしか届きません。",
        ),
    ),
    Claim(
        lambda data: not _forbidden_changes(data, "target"),
        (
            "Middle: target token t changes outputs t and later, never an earlier one.",
            "中央: 訳文側のトークン t は出力 t 以降を変え、それより前は決して変えません。",
        ),
        (
            "Middle: an outlined cell is coloured: an output changed with a token that comes after "
            "it, a leak from the future.",
            "中央: 枠の中に色が付いています。後のトークンで出力が変わった、つまり未来の情報が漏れています。",
        ),
    ),
    Claim(
        lambda data: not _forbidden_changes(data, "source") and bool((data["source"][:5] >= UNCHANGED).all()),
        (
            "Right: every source token reaches every output, a <pad> none.",
            "右: 入力のどのトークンもすべての出力に届き、<pad> はどこにも届きません。",
        ),
    ),
)
SOURCE = ("w1", "w2", "w3", "w4", "<eos>", "<pad>", "<pad>")
TARGET = ("<bos>", "y1", "y2", "y3", "y4", "y5", "y6")
PANELS = (
    (
        ("source → memory", "入力 → メモリ"),
        ("replaced source token", "取り換えた入力トークン"),
        ("position of the memory", "メモリの位置"),
    ),
    (
        ("target → logits", "訳文側 → ロジット"),
        ("replaced target token", "取り換えた訳文側トークン"),
        ("position of the output", "出力の位置"),
    ),
    (
        ("source → logits", "入力 → ロジット"),
        ("replaced source token", "取り換えた入力トークン"),
        ("position of the output", "出力の位置"),
    ),
)
CHANGE = ("greatest change of a feature", "変化の大きさ (特徴ごとの最大)")
UNCHANGED = 1e-9
"""Smaller changes are rounding."""


_PADDED = np.array([token == "<pad>" for token in SOURCE])

FORBIDDEN = {
    "memory": _PADDED[:, None] & ~np.eye(len(SOURCE), dtype=bool),
    "target": np.tril(np.ones((len(TARGET), len(TARGET)), dtype=bool), -1),
    "source": np.repeat(_PADDED[:, None], len(TARGET), axis=1),
}
"""Where a replaced token (row) must not change the result (column)."""


def _forbidden_changes(data: Data, name: str) -> bool:
    """Whether something changed where it must not."""
    return bool((data[name][FORBIDDEN[name]] >= UNCHANGED).any())


def parameters_data(phase: Any) -> Data:
    """``counted``, ``expected``: numbers of parameters of each of ``PARTS``."""
    size = {"d_model": D_MODEL, "num_heads": HEADS, "num_layers": LAYERS, "d_ff": D_FF, "max_len": 64}
    try:
        with torch.device("meta"):  # no memory, no random numbers
            model = phase.Transformer(VOCABULARY, VOCABULARY, share_embeddings=True, **size)
    except Exception:  # code that needs real numbers gets them; a stub is still one
        model = phase.Transformer(VOCABULARY, VOCABULARY, share_embeddings=True, **size)
    counted = np.zeros(len(PARTS))
    for name, parameter in model.named_parameters():  # a shared one is named once
        counted[next(number for number, (_, pattern) in enumerate(PARTS) if re.match(pattern, name))] += (
            parameter.numel()
        )
    attention, norm = 4 * D_MODEL**2 + 4 * D_MODEL, 2 * D_MODEL
    feed_forward = 2 * D_MODEL * D_FF + D_FF + D_MODEL
    layers = (attention, feed_forward, 2 * norm, attention, attention, feed_forward, 3 * norm)
    expected = np.array([VOCABULARY * D_MODEL, *(LAYERS * part for part in layers), 0])
    return frozen(counted=counted, expected=expected)


def draw_parameters(data: Data, lang: str) -> Figure:
    """A bar for every part, with the number that the formulas give as a mark."""
    counted, expected = data["counted"], data["expected"]
    title = of(PARAMETERS_TITLE, lang, total=int(counted.sum()), expected=int(expected.sum()))
    figure = style.new_figure(4.2, title, style.tell(PARAMETERS_CAPTION, data, lang))
    axes = figure.subplots()
    shown = len(PARTS) if counted[-1] else len(PARTS) - 1  # "anything else" only where there is something
    places = np.arange(shown)
    colours = [style.ORANGE, *[style.BLUE] * 3, *[style.GREEN] * 4, style.GREY][:shown]
    axes.barh(places, counted[:shown] / 1e6, 0.6, color=colours)
    mark: dict[str, Any] = {
        "linestyle": "",
        "marker": "|",
        "markersize": 24,
        "markeredgewidth": 2.5,
        "color": style.BLACK,
    }
    axes.plot(expected[:shown] / 1e6, places, label=of(EXPECTED, lang), **mark)
    for place in places:
        reach = max(counted[place], expected[place]) / 1e6
        axes.text(reach + 0.25, float(place), f"{int(counted[place]):,}", va="center", fontsize=9)
    axes.set_yticks(places, [of(name, lang) for name, _ in PARTS[:shown]])
    axes.invert_yaxis()
    axes.set_xlim(0, max(counted.max(), expected.max()) / 1e6 * 1.15)
    axes.set_xlabel(of(MILLIONS, lang))
    axes.grid(axis="x")
    bar = Patch(color=style.GREY, label=of(COUNTED, lang))
    axes.legend(handles=[bar, *axes.get_legend_handles_labels()[0]], loc="lower right", markerscale=0.6)
    return figure


def causality_data(phase: Any) -> Data:
    """Greatest changes, ``(replaced token, position)``: ``memory``, ``target``, ``source``."""
    generator = torch.Generator().manual_seed(0)
    vocabulary = 20
    size = {"d_model": 32, "num_heads": 4, "num_layers": 2, "d_ff": 64, "dropout": 0.0, "max_len": 16}
    model = phase.Transformer(vocabulary, vocabulary, **size).double().eval()
    with torch.no_grad():
        for parameter in model.parameters():
            noise = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
            parameter.copy_(noise / parameter.shape[-1] ** 0.5 if parameter.dim() > 1 else 1 + 0.1 * noise)
    src, tgt = (torch.randint(3, vocabulary, (1, len(tokens)), generator=generator) for tokens in (SOURCE, TARGET))
    src_mask = torch.tensor([token != "<pad>" for token in SOURCE])[None, None, None, :]  # (1, 1, 1, L_src)
    tgt_mask = torch.ones(1, 1, len(TARGET), len(TARGET), dtype=torch.bool).tril()

    def results(src: torch.Tensor, tgt: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
        with torch.no_grad():
            memory = array_of(model.encode(src, src_mask), (1, len(SOURCE), 32), "Transformer.encode")
            logits = model(src, tgt, src_mask, tgt_mask)
        return memory[0], array_of(logits, (1, len(TARGET), vocabulary), "Transformer.forward")[0]

    memory, logits = results(src, tgt)
    to_memory, to_target, to_source = [], [], []
    for position in range(len(SOURCE)):
        other_memory, other_logits = results(_replaced(src, position, vocabulary), tgt)
        to_memory.append(np.abs(other_memory - memory).max(axis=-1))
        to_source.append(np.abs(other_logits - logits).max(axis=-1))
    for position in range(len(TARGET)):
        to_target.append(np.abs(results(src, _replaced(tgt, position, vocabulary))[1] - logits).max(axis=-1))
    return frozen(memory=np.array(to_memory), target=np.array(to_target), source=np.array(to_source))


def draw_causality(data: Data, lang: str) -> Figure:
    """Three heat maps on one logarithmic scale."""
    figure = style.new_figure(3.5, of(CAUSALITY_TITLE, lang), style.tell(CAUSALITY_CAPTION, data, lang))
    colours = colormaps[style.SEQUENTIAL].with_extremes(bad="#d0d0d0", under="#440154")
    axes = figure.subplots(1, 3)
    names = (("memory", SOURCE, SOURCE), ("target", TARGET, TARGET), ("source", SOURCE, TARGET))
    image: Any = None
    for panel, (name, rows, columns), (title, row_label, column_label) in zip(axes, names, PANELS):
        shown = np.ma.masked_less(data[name], UNCHANGED)
        image = style.heat_map(panel, shown, None, None, colours, rows, columns, True)
        image.set_norm(LogNorm(1e-3, 1))
        style.outline(panel, FORBIDDEN[name])
        panel.set_title(of(title, lang))
        panel.set_ylabel(of(row_label, lang))
        panel.set_xlabel(of(column_label, lang))
    figure.colorbar(image, ax=axes, label=of(CHANGE, lang), shrink=0.9, aspect=25)
    return figure


def _replaced(tokens: torch.Tensor, position: int, vocabulary: int) -> torch.Tensor:
    """The same tokens with another one at ``position``."""
    changed = tokens.clone()
    changed[0, position] = 3 + (changed[0, position] - 3 + 5) % (vocabulary - 3)
    return changed


PICTURES = (
    Picture("parameters", parameters_data, draw_parameters),
    Picture("causality", causality_data, draw_causality),
)

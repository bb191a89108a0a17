"""Pictures of phase 3: activations and gradients by depth, what layer normalisation does, what the ReLU does."""

from __future__ import annotations

import math
from typing import Any, Callable

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor

from . import style
from .picture import Claim, Data, Picture, array_of, close, frozen
from .style import of

DEPTH, WIDTH, ROWS = 32, 64, 32

DEPTH_TITLE = (
    "{depth} layers deep: what residual connections and normalisation are for",
    "{depth} 層の深さで: 残差接続と正規化の役割",
)
DEPTH_CAPTION = (
    (
        "A stack of {depth} feed-forward networks at their start (Xavier weights).",
        "初期値 (Xavier) のままのフィードフォワードネットワークを {depth} 個重ねました。",
    ),
    Claim(
        lambda data: data["activations"][0, -1] < 1e-3 and data["gradients"][0, 0] < 1e-3,
        (
            "Plain, the signal and the gradient shrink from layer to layer until nothing is left.",
            "そのままでは、信号も勾配も層ごとに縮み、やがて消えます。",
        ),
    ),
    Claim(
        lambda data: data["activations"][1, -1] > 2 * data["activations"][1, 0] and data["gradients"][1, 0] > 2,
        (
            "With the residual connection alone the gradient arrives, but activations and gradients "
            "grow with every layer.",
            "残差接続だけなら勾配は届きますが、活性も勾配も層ごとに膨らみます。",
        ),
    ),
    Claim(
        lambda data: bool((np.abs(data["activations"][2, 1:] - 1) < 0.2).all()),
        (
            "With normalisation alone sizes are kept, but all that a layer knows has to pass through the next network.",
            "正規化だけなら大きさは保たれますが、情報はすべて次のネットワークを通り抜けなければなりません。",
        ),
    ),
    Claim(
        lambda data: (
            bool((np.abs(data["activations"][3, 1:] - 1) < 0.2).all())
            and 0.3 < data["gradients"][3, 0] < 5
            and not close(data["gradients"][3], data["gradients"][2])
        ),  # as with normalisation alone
        ("AddAndNorm keeps the sizes and hands x itself on.", "AddAndNorm は大きさを保ち、x そのものも次へ渡します。"),
    ),
)
VARIANTS = (
    ("plain: FFN(x)", "そのまま: FFN(x)"),
    ("residual: x + FFN(x)", "残差のみ: x + FFN(x)"),
    ("norm: LayerNorm(FFN(x))", "正規化のみ: LayerNorm(FFN(x))"),
    ("AddAndNorm(x, FFN(x))", "AddAndNorm(x, FFN(x))"),
)
ACTIVATION = ("standard deviation of the activations", "活性の標準偏差")
GRADIENT = ("gradient norm, relative to the last layer", "勾配のノルム (最後の層との比)")
LAYER = ("layer (0: the input)", "層 (0 は入力)")

NORM_TITLE = ("What layer normalisation does to every position", "層正規化が各位置にすること")
NORM_CAPTION = (
    (
        "Six positions whose features differ in mean and spread, before (left) and after (middle) "
        "LayerNorm with gain 1 and "
        "bias 0.",
        "平均も広がりも異なる六つの位置の、LayerNorm の前 (左) と後 (中央、ゲイン 1、バイアス 0) です。",
    ),
    Claim(
        lambda data: close(data["after"].mean(axis=1), 0, 5e-3) and close(data["after"].std(axis=1), 1, 5e-3),
        (
            "Each on its own comes to mean 0 and standard deviation 1, whatever the others are.",
            "ほかの位置とは無関係に、それぞれが平均 0、標準偏差 1 になります。",
        ),
    ),
    Claim(
        lambda data: close(data["affine"].mean(axis=1), 1, 5e-3) and close(data["affine"].std(axis=1), 2, 5e-3),
        (
            "Right: with gain 2 and bias 1 the module moves them all to mean 1 and standard "
            "deviation 2, so that learning can "
            "undo the normalisation.",
            "右: ゲイン 2、バイアス 1 なら、どれも平均 1、標準偏差 2 に移ります。必要なら、学習によっ"
            "て正規化を打ち消せるという"
            "ことです。",
        ),
    ),
)
NORM_MEANS, NORM_SPREADS, NORM_WIDTH = (0.0, 4.0, -6.0, 1.0, -2.0, 7.0), (1.0, 0.3, 2.0, 3.0, 0.1, 1.5), 64
BEFORE = ("before", "適用前")
AFTER = ("after", "適用後")
AFTER_AFFINE = ("after, gain 2 and bias 1", "適用後 (ゲイン 2、バイアス 1)")
POSITION, FEATURE_VALUE = ("position", "位置"), ("value of a feature", "特徴の値")
STATISTICS = ("mean ± standard deviation", "平均 ± 標準偏差")

RELU_TITLE = (
    "The ReLU is what lets a feed-forward network bend",
    "ReLU があるから、フィードフォワードネットワークは曲がれる",
)
RELU_CAPTION = (
    (
        "PositionwiseFeedForward with d_model = 1 and d_ff = 4, over one input feature. Each hidden "
        "unit should be a straight "
        "line that the ReLU cuts off at 0 (thin). Without the ReLU (dotted) two linear layers are one linear layer: a "
        "straight line, however wide.",
        "d_model = 1、d_ff = 4 の PositionwiseFeedForward を、一つの入力特徴の関数として描きました。"
        "隠れユニットはそれぞれ、"
        "ReLU が 0 で切り落とした直線になるはずです (細線)。ReLU がなければ (点線)、線形層を二つ重ねても一つと同じで、"
        "どれだけ広くしても直線のままです。",
    ),
    Claim(
        lambda data: close(data["output"], data["units"].sum(axis=0)),
        (
            "The network (thick) is their weighted sum and bends where a unit sets in.",
            "ネットワーク (太線) はその重み付き和で、ユニットが働き始めるところで折れ曲がります。",
        ),
    ),
)
HINGES = (-2.0, -0.5, 0.5, 1.5)
SLOPES = (1.0, -1.6, 2.2, -2.6)
INPUT, OUTPUT = ("input x", "入力 x"), ("output", "出力")
FFN = ("PositionwiseFeedForward(x)", "PositionwiseFeedForward(x)")
NO_RELU = ("without the ReLU", "ReLU なし")
UNIT = ("one hidden unit, weighted", "隠れユニット一つの寄与")


def depth_data(phase: Any) -> Data:
    """``activations``, ``gradients``: ``(variants, DEPTH + 1)``, from the input to the last layer."""
    generator = torch.Generator().manual_seed(0)
    start = torch.randn(ROWS, WIDTH, generator=generator)
    direction = torch.randn(ROWS, WIDTH, generator=generator)
    networks = [_feed_forward(phase, WIDTH, 4 * WIDTH, generator) for _ in range(DEPTH)]
    norms = [phase.LayerNorm(WIDTH) for _ in range(DEPTH)]
    joins = [phase.AddAndNorm(WIDTH, 0.0) for _ in range(DEPTH)]
    steps: tuple[Callable[[int, Tensor], Tensor], ...] = (
        lambda layer, x: networks[layer](x),
        lambda layer, x: x + networks[layer](x),
        lambda layer, x: norms[layer](networks[layer](x)),
        lambda layer, x: joins[layer](x, networks[layer](x)),
    )
    activations, gradients = [], []
    for step in steps:
        x = start.clone().requires_grad_()
        states = [x]
        for layer in range(DEPTH):
            x = step(layer, x)
            array_of(x, (ROWS, WIDTH), f"layer {layer + 1} of the stack")
            states.append(x)
        grads = torch.autograd.grad((x * direction).sum(), states, allow_unused=True)
        norm = [0.0 if grad is None else float(grad.double().norm()) for grad in grads]
        activations.append([float(state.detach().double().std()) for state in states])
        gradients.append([value / norm[-1] for value in norm])
    return frozen(activations=np.array(activations), gradients=np.array(gradients))


def draw_depth(data: Data, lang: str) -> Figure:
    """Activations and gradients against depth on logarithmic scales."""
    figure = style.new_figure(
        4.2, of(DEPTH_TITLE, lang, depth=DEPTH), style.tell(DEPTH_CAPTION, data, lang, depth=DEPTH)
    )
    for axes, name, title in zip(figure.subplots(1, 2), ("activations", "gradients"), (ACTIVATION, GRADIENT)):
        for number, label in enumerate(VARIANTS):
            values = np.where(data[name][number] > 0, data[name][number], np.nan)
            look = {"color": style.COLOURS[number], "marker": style.MARKERS[number], "linestyle": style.LINES[number]}
            axes.plot(values, markersize=4, markevery=4, label=of(label, lang), **look)
        axes.set_yscale("log")
        axes.set_title(of(title, lang))
        axes.set_xlabel(of(LAYER, lang))
        axes.grid(axis="y")
    axes.legend(loc="lower right")
    return figure


def norm_data(phase: Any) -> Data:
    """``before``, ``after``, ``affine``: features of the positions, ``(positions, width)``."""
    generator = torch.Generator().manual_seed(0)
    means, spreads = torch.tensor(NORM_MEANS), torch.tensor(NORM_SPREADS)
    before = means[:, None] + spreads[:, None] * torch.randn(len(means), NORM_WIDTH, generator=generator)
    plain, affine = phase.LayerNorm(NORM_WIDTH), phase.LayerNorm(NORM_WIDTH)
    with torch.no_grad():
        affine.weight.fill_(2.0)
        affine.bias.fill_(1.0)
    shape, what = tuple(before.shape), "LayerNorm.forward"
    return frozen(
        before=before.double().numpy(),
        after=array_of(plain(before), shape, what),
        affine=array_of(affine(before), shape, what),
    )


def draw_norm(data: Data, lang: str) -> Figure:
    """The features of every position as dots, with mean and standard deviation."""
    figure = style.new_figure(3.7, of(NORM_TITLE, lang), style.tell(NORM_CAPTION, data, lang))
    generator = np.random.default_rng(0)
    panels = zip(figure.subplots(1, 3, sharex=True), ("before", "after", "affine"), (BEFORE, AFTER, AFTER_AFFINE))
    for axes, name, title in panels:
        for position, values in enumerate(data[name]):
            beside = position + generator.uniform(-0.22, 0.22, len(values))
            axes.plot(beside, values, ".", color=style.SKY, markersize=4, alpha=0.8)
        means, spreads = data[name].mean(axis=1), data[name].std(axis=1)
        look = {"fmt": "s", "color": style.VERMILION, "markersize": 5, "capsize": 5, "linewidth": 2}
        axes.errorbar(np.arange(len(means)), means, spreads, label=of(STATISTICS, lang), **look)
        axes.set_title(of(title, lang))
        axes.set_xlabel(of(POSITION, lang))
        axes.set_xticks(range(len(means)))
        axes.grid(axis="y")
        if name == "before":
            axes.set_ylabel(of(FEATURE_VALUE, lang))
            axes.legend(loc="upper left")
        else:
            axes.set_ylim(min(-6.0, np.nanmin(data[name])), max(8.0, np.nanmax(data[name])))
    return figure


def relu_data(phase: Any) -> Data:
    """The network as a function of one feature.

    ``x``, ``output``: ``(points,)``; ``units``: what each hidden unit adds, ``(d_ff, points)``; ``linear``: no ReLU.
    """
    network = phase.PositionwiseFeedForward(1, len(HINGES))
    hinges, slopes = torch.tensor(HINGES), torch.tensor(SLOPES)
    with torch.no_grad():
        network.linear1.weight.fill_(1.0)
        network.linear1.bias.copy_(-hinges)
        network.linear2.weight.copy_(slopes[None, :])
        network.linear2.bias.zero_()
    x = torch.linspace(-3, 3, 241)
    output = array_of(network(x[:, None]), (len(x), 1), "PositionwiseFeedForward.forward")[:, 0]
    before = (x[None, :] - hinges[:, None]).double().numpy()
    weights = np.array(SLOPES)[:, None]
    units, linear = weights * np.maximum(before, 0), (weights * before).sum(axis=0)
    return frozen(x=x.double().numpy(), output=output, units=units, linear=linear)


def draw_relu(data: Data, lang: str) -> Figure:
    """Output against input, with the parts it is the sum of."""
    figure = style.new_figure(3.8, of(RELU_TITLE, lang), style.tell(RELU_CAPTION, data, lang))
    axes = figure.subplots()
    for number, unit in enumerate(data["units"]):
        label = of(UNIT, lang) if number == 0 else None
        axes.plot(data["x"], unit, color=style.SKY, linewidth=1.2, label=label)
    axes.plot(data["x"], data["linear"], ":", color=style.GREY, linewidth=2.5, label=of(NO_RELU, lang))
    axes.plot(data["x"], data["output"], color=style.VERMILION, linewidth=3, label=of(FFN, lang))
    axes.plot(HINGES, np.interp(HINGES, data["x"], data["output"]), "o", color=style.VERMILION, markersize=6)
    axes.set_xlabel(of(INPUT, lang))
    axes.set_ylabel(of(OUTPUT, lang))
    axes.grid()
    axes.legend()
    return figure


def _feed_forward(phase: Any, width: int, hidden: int, generator: torch.Generator) -> Any:
    """A network whose weights are Xavier-uniform, whatever its constructor draws."""
    network = phase.PositionwiseFeedForward(width, hidden)
    bound = math.sqrt(6 / (width + hidden))
    with torch.no_grad():
        for linear in (network.linear1, network.linear2):
            linear.weight.copy_((2 * torch.rand(linear.weight.shape, generator=generator) - 1) * bound)
            linear.bias.zero_()
    return network


PICTURES = (
    Picture("depth", depth_data, draw_depth),
    Picture("norm", norm_data, draw_norm),
    Picture("relu", relu_data, draw_relu),
)

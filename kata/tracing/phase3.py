"""Worked examples of phase 3: the lesson's normalisation of (1, 2, 3, 6), its network of three units, their sum."""

from __future__ import annotations

import torch

from .example import Example, Step

ROOT = 3.5**0.5
SPREAD = 12.75**0.5  # of (10, 2, 8, 2), whose mean is 5.5
NORMED = [-2 / ROOT, -1 / ROOT, 0.0, 3 / ROOT]
X = torch.tensor([[[1.0, 2, 3, 6], [10, 20, 30, 60]]])
NETWORK = {
    "linear1.weight": torch.tensor([[1.0, 0], [0, 1], [1, 1]]),
    "linear1.bias": torch.tensor([0.0, 0, -0.5]),
    "linear2.weight": torch.tensor([[1.0, 3, 5], [2, 4, 6]]),
    "linear2.bias": torch.tensor([0.5, 0]),
}

EXAMPLES = {
    "LayerNorm": (
        Example(
            title=("(1, 2, 3, 6), and the same ten times larger", "(1, 2, 3, 6) と、その十倍"),
            anchor="by-hand",
            given={"x": X},
            calls={"module": "LayerNorm(4)", "normed": "module(x)"},
            steps=(
                Step(("parameters, by name", "パラメータ名"), "parameters(module)", "bias, weight"),
                Step(("the gain at the start: ones", "ゲインの初期値: 1"), "module.weight", [1, 1, 1, 1]),
                Step(("the bias at the start: zeros", "バイアスの初期値: 0"), "module.bias", [0, 0, 0, 0]),
                Step(
                    ("mean of each result over its features", "各結果の、特徴についての平均"),
                    "normed.mean(-1)",
                    [[0, 0]],
                    (
                        "subtract the mean over the last dimension, keepdim=True: here 3 and 30",
                        "最後の次元の平均を引く (keepdim=True)。ここでは 3 と 30",
                    ),
                ),
                Step(
                    ("mean of its squares", "その二乗の平均"),
                    "(normed * normed).mean(-1)",
                    [[1, 1]],
                    (
                        "divide by the root of the biased variance (by 4, not by 3): 3.5 here",
                        "不偏でない分散 (3 でなく 4 で割る) の平方根で割る。ここでは 3.5",
                    ),
                ),
                Step(("the result: both rows are alike", "結果: 二つの行は同じになる"), "normed", [[NORMED, NORMED]]),
            ),
        ),
        Example(
            title=("The same with a gain of 2 and a bias of 1", "同じ例で、ゲイン 2、バイアス 1"),
            anchor="layer-norm",
            given={"state": {"weight": torch.full((4,), 2.0), "bias": torch.ones(4)}, "x": X},
            hidden=("x",),
            calls={"module": "loaded(LayerNorm(4), state)", "normed": "module(x)"},
            steps=(
                Step(
                    ("twice the result, plus 1", "結果の 2 倍に 1 を足したもの"),
                    "normed",
                    [[[2 * number + 1 for number in NORMED]] * 2],
                    ("times weight, plus bias, after the division", "割った後に weight を掛け、bias を足す"),
                ),
            ),
        ),
        Example(
            title=("A row without any spread: eps keeps it from 0 / 0", "広がりのない行 (eps が 0 / 0 を防ぐ)"),
            anchor="layer-norm",
            given={"x": torch.full((1, 1, 4), 5.0)},
            calls={"normed": "LayerNorm(4)(x)"},
            steps=(
                Step(
                    ("the result", "結果"),
                    "normed",
                    [[[0, 0, 0, 0]]],
                    ("sqrt(var + eps), with eps inside the root", "√(var + eps)。eps は根号の中"),
                ),
            ),
        ),
    ),
    "PositionwiseFeedForward": (
        Example(
            title=("x = (1, -1), three hidden units", "x = (1, -1)、隠れユニット三つ"),
            anchor="memory",
            given={"state": NETWORK, "x": torch.tensor([[[1.0, -1]]])},
            calls={
                "module": "loaded(PositionwiseFeedForward(2, 3), state)",
                "probe": "in_guest.Probe(module, ['linear1', 'linear2'])",
                "output": "module(x)",
            },
            steps=(
                Step(("parameters, by name", "パラメータ名"), "parameters(module)", ", ".join(sorted(NETWORK))),
                Step(("linear1: x W1 + b1", "linear1: x W1 + b1"), "gave('linear1')", [[[1, -1, -0.5]]], inner=True),
                Step(
                    ("what linear2 is given: after the ReLU", "linear2 に渡るもの: ReLU の後"),
                    "given('linear2')",
                    [[[1, 0, 0]]],
                    (
                        "max(0, ·) between the two layers: negative units become 0",
                        "二つの層の間に max(0, ·)。負のユニットは 0 になる",
                    ),
                    inner=True,
                ),
                Step(
                    ("output: linear2 of that", "出力: それを linear2 に通したもの"),
                    "output",
                    [[[1.5, 2]]],
                    (
                        "max(0, x W1 + b1) W2 + b2, nothing after it and nothing added",
                        "max(0, x W1 + b1) W2 + b2。その後は何もせず、何も足さない",
                    ),
                ),
            ),
        ),
        Example(
            title=("Shapes: B = 2, L = 3, d_model = 4, d_ff = 16", "形: B = 2、L = 3、d_model = 4、d_ff = 16"),
            anchor="shapes",
            given={"x": torch.zeros(2, 3, 4)},
            hidden=("x",),
            calls={
                "module": "PositionwiseFeedForward(4, 16)",
                "probe": "in_guest.Probe(module, ['linear1', 'linear2'])",
                "output": "module(x)",
            },
            steps=(
                Step(("after linear1", "linear1 の後"), "shape(gave('linear1'))", "(2, 3, 16)", inner=True),
                Step(("after linear2", "linear2 の後"), "shape(output)", "(2, 3, 4)"),
            ),
        ),
    ),
    "AddAndNorm": (
        Example(
            title=("x = (1, -1) and what the network above made of it", "x = (1, -1) と、上のネットワークの出力"),
            anchor="by-hand",
            given={"x": torch.tensor([[[1.0, -1]]]), "sublayer_output": torch.tensor([[[1.5, 2]]])},
            calls={
                "module": "AddAndNorm(2, dropout=0.0)",
                "probe": "in_guest.Probe(module, ['dropout', 'norm'])",
                "result": "module(x, sublayer_output)",
            },
            steps=(
                Step(("parameters, by name", "パラメータ名"), "parameters(module)", "norm.bias, norm.weight"),
                Step(
                    (
                        "what .dropout is given: the sublayer's output alone",
                        ".dropout に渡るもの: サブ層の出力だけ",
                    ),
                    "given('dropout')",
                    [[[1.5, 2]]],
                    inner=True,
                ),
                Step(
                    ("what .norm is given: x plus that", ".norm に渡るもの: x とその和"),
                    "given('norm')",
                    [[[2.5, 1]]],
                    (
                        "first the sum with x, then the normalisation (post-norm)",
                        "先に x との和、それから正規化 (post-norm)",
                    ),
                    inner=True,
                ),
                Step(
                    ("the result", "結果"),
                    "result",
                    [[[1, -1]]],
                    ("norm(x + dropout(sublayer_output))", "norm(x + dropout(sublayer_output))"),
                ),
            ),
        ),
        Example(
            title=(
                "With dropout 1 in training mode x alone is left",
                "学習モードでドロップアウトを 1 にすると、x だけが残る",
            ),
            anchor="frame",
            given={"x": torch.tensor([[[1.0, 2, 3, 6]]]), "sublayer_output": torch.tensor([[[9.0, 0, 5, -4]]])},
            calls={"module": "AddAndNorm(4, dropout=1.0)", "result": "module(x, sublayer_output)"},
            steps=(
                Step(
                    ("the result: x, normalised", "結果: 正規化した x"),
                    "result",
                    [[NORMED]],
                    (
                        "dropout on the sublayer's output alone, before the sum",
                        "ドロップアウトは和の前に、サブ層の出力だけに",
                    ),
                ),
                Step(
                    (
                        "in evaluation mode nothing is dropped: (10, 2, 8, 2), normalised",
                        "評価モードでは何も落とさない: (10, 2, 8, 2) を正規化",
                    ),
                    "[module.eval(), module(x, sublayer_output)][1]",
                    [[[4.5 / SPREAD, -3.5 / SPREAD, 2.5 / SPREAD, -3.5 / SPREAD]]],
                    (
                        "nn.Dropout knows the mode; F.dropout has to be told self.training",
                        "nn.Dropout はモードを知っている。F.dropout には self.training を渡す",
                    ),
                ),
            ),
        ),
    ),
}
"""Task to its worked examples."""

"""Worked examples of the layers of phase 4: two features, whose norm is (-1, 1) or (1, -1).

Attention with zero queries and keys gives the mean of what it may attend to, so every number can be followed by hand;
the suites' first tests are examples of the same kind.
"""

from __future__ import annotations

import torch

from .example import Example, Pair, Step

EYE = torch.eye(2)


def mean_attention(part: str, size: float = 1.0) -> dict[str, torch.Tensor]:
    """Weights with which an attention gives ``size`` times the mean of what it may attend to."""
    return {f"{part}.w_v.weight": EYE * size, f"{part}.w_o.weight": EYE}


# Hidden unit max(0, x_0); then 9 times it to x_1, and 4 to x_0. The last norm has a gain and a bias of its own.
TURNS = {
    "feed_forward.linear1.weight": torch.tensor([[1.0, 0]]),
    "feed_forward.linear2.weight": torch.tensor([[0.0], [9]]),
    "feed_forward.linear2.bias": torch.tensor([4.0, 0]),
}


def norm(name: str, gain: tuple[float, float], bias: tuple[float, float] = (0.0, 0.0)) -> dict[str, torch.Tensor]:
    """Weights of a layer normalisation."""
    return {f"{name}.norm.weight": torch.tensor(gain), f"{name}.norm.bias": torch.tensor(bias)}


X = torch.tensor([[[0.0, 10], [110, 0], [0, 90]]])
MASK = torch.tensor([[[[True, True, False]]]])
CAUSAL = torch.tensor([[[[True, False], [True, True]]]])
COUNT: Pair = ("number of parameters that are registered", "登録されたパラメータの数")
COUNT_LOOK: Pair = (
    "nn.Module sees submodules in attributes and in an nn.ModuleList, not those in a plain list; each layer is its own",
    "nn.Module が見つけるのは属性と nn.ModuleList の中の部品だけで、ただのリストは見えない。層はそれぞれ別のもの",
)

LAYER_STEPS = ("self_attention", "add_norm1", "feed_forward", "add_norm2")
DECODER_STEPS = ("self_attention", "add_norm1", "cross_attention", "add_norm2", "feed_forward", "add_norm3")

LAYERS = {
    "EncoderLayer": (
        Example(
            title=("Three positions of two features, the third is padding", "特徴二つの位置が三つ、三つ目はパディング"),
            anchor="encoder",
            given={
                "state": {**mean_attention("self_attention"), **TURNS, **norm("add_norm2", (2.0, 3.0), (10.0, 20.0))},
                "x": X,
                "mask": MASK,
            },
            calls={
                "module": "loaded(EncoderLayer(2, 1, 1, 0.0), state)",
                "probe": f"in_guest.Probe(module, {list(LAYER_STEPS)})",
                "result": "module(x, mask)",
            },
            steps=(
                Step(COUNT, "count(module)", 16, COUNT_LOOK),
                Step(
                    (
                        "self_attention: the mean of the two real positions",
                        "self_attention: パディングでない二つの位置の平均",
                    ),
                    "gave('self_attention')",
                    [[[55, 5]] * 3],
                    ("x is query, key and value; the mask goes along", "x がクエリ・キー・値の三役。マスクも渡す"),
                    inner=True,
                ),
                Step(("what add_norm1 adds: x", "add_norm1 が足すもの: x"), "given('add_norm1', 0)", X, inner=True),
                Step(
                    ("... and the attention's output", "… と、注意の出力"),
                    "given('add_norm1', 1)",
                    [[[55, 5]] * 3],
                    inner=True,
                ),
                Step(
                    ("add_norm1: their sum, normalised", "add_norm1: その和を正規化したもの"),
                    "gave('add_norm1')",
                    [[[1, -1], [1, -1], [-1, 1]]],
                    inner=True,
                ),
                Step(
                    ("what feed_forward is given", "feed_forward に渡るもの"),
                    "given('feed_forward')",
                    [[[1, -1], [1, -1], [-1, 1]]],
                    (
                        "the second sublayer works on the first one's result",
                        "二つ目のサブ層は一つ目の結果を受け取る",
                    ),
                    inner=True,
                ),
                Step(("feed_forward", "feed_forward"), "gave('feed_forward')", [[[4, 9], [4, 9], [4, 0]]], inner=True),
                Step(
                    (
                        "what add_norm2 adds to it: the result of add_norm1",
                        "add_norm2 がそれに足すもの: add_norm1 の結果",
                    ),
                    "given('add_norm2', 0)",
                    [[[1, -1], [1, -1], [-1, 1]]],
                    inner=True,
                ),
                Step(
                    ("the result of the layer", "層の結果"),
                    "result",
                    [[[8, 23], [8, 23], [12, 17]]],
                    (
                        "x = add_norm1(x, attention), then add_norm2(x, feed_forward(x))",
                        "x = add_norm1(x, 注意)、続けて add_norm2(x, feed_forward(x))",
                    ),
                ),
            ),
        ),
    ),
    "DecoderLayer": (
        Example(
            title=(
                "Two target positions, three of the memory, both masks",
                "訳文側の位置が二つ、メモリの位置が三つ、マスク二つ",
            ),
            anchor="decoder",
            given={
                "state": {
                    **mean_attention("self_attention"),
                    **mean_attention("cross_attention", -1.0),
                    **TURNS,
                    **norm("add_norm3", (2.0, 3.0), (10.0, 20.0)),
                },
                "x": X[:, :2],
                "memory": torch.tensor([[[0.0, 0], [0, -4], [-20, 0]]]),
                "self_mask": CAUSAL,
                "memory_mask": torch.tensor([[[[True, False, False], [False, True, False]]]]),
            },
            calls={
                "module": "loaded(DecoderLayer(2, 1, 1, 0.0), state)",
                "probe": f"in_guest.Probe(module, {list(DECODER_STEPS)})",
                "result": "module(x, memory, self_mask, memory_mask)",
            },
            steps=(
                Step(COUNT, "count(module)", 26, COUNT_LOOK),
                Step(
                    (
                        "self_attention: position 0 sees itself alone, position 1 both",
                        "self_attention: 位置 0 は自分だけ、位置 1 は両方を見る",
                    ),
                    "gave('self_attention')",
                    [[[0, 10], [55, 5]]],
                    ("self-attention gets self_mask", "自己注意には self_mask を渡す"),
                    inner=True,
                ),
                Step(
                    ("add_norm1: x plus that, normalised", "add_norm1: x との和を正規化したもの"),
                    "gave('add_norm1')",
                    [[[-1, 1], [1, -1]]],
                    inner=True,
                ),
                Step(
                    ("queries of cross_attention: the decoder asks", "cross_attention のクエリ: 尋ねるのはデコーダ"),
                    "given('cross_attention', 0)",
                    [[[-1, 1], [1, -1]]],
                    (
                        "queries from the decoder, keys and values from the memory",
                        "クエリはデコーダ、キーと値はメモリから",
                    ),
                    inner=True,
                ),
                Step(
                    ("its keys: the memory answers", "そのキー: 答えるのはメモリ"),
                    "given('cross_attention', 1)",
                    [[[0, 0], [0, -4], [-20, 0]]],
                    (
                        "queries from the decoder, keys and values from the memory",
                        "クエリはデコーダ、キーと値はメモリから",
                    ),
                    inner=True,
                ),
                Step(
                    (
                        "cross_attention: position 0 sees memory 0 alone, position 1 memory 1; w_v turns the sign",
                        "cross_attention: 位置 0 はメモリ 0 だけ、位置 1 はメモリ 1 だけを見る (w_v で符号が逆になる)",
                    ),
                    "gave('cross_attention')",
                    [[[0, 0], [0, 4]]],
                    ("cross-attention gets memory_mask", "交差注意には memory_mask を渡す"),
                    inner=True,
                ),
                Step(
                    ("what add_norm2 adds to it", "add_norm2 がそれに足すもの"),
                    "given('add_norm2', 0)",
                    [[[-1, 1], [1, -1]]],
                    ("the residual is the result of add_norm1", "残差は add_norm1 の結果"),
                    inner=True,
                ),
                Step(
                    ("add_norm2: their sum, normalised", "add_norm2: その和を正規化したもの"),
                    "gave('add_norm2')",
                    [[[-1, 1], [-1, 1]]],
                    inner=True,
                ),
                Step(("feed_forward", "feed_forward"), "gave('feed_forward')", [[[4, 0], [4, 0]]], inner=True),
                Step(
                    ("the result of the layer", "層の結果"),
                    "result",
                    [[[12, 17], [12, 17]]],
                    (
                        (
                            "add_norm1 after the self-attention, add_norm2 after the "
                            "cross-attention, add_norm3 after the network"
                        ),
                        "自己注意の後に add_norm1、交差注意の後に add_norm2、FFN の後に add_norm3",
                    ),
                ),
            ),
        ),
    ),
}
"""The two layers, to their worked examples."""

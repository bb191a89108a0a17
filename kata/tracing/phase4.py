"""Worked examples of phase 4: layers, stacks and a model of two features, whose norm is (-1, 1) or (1, -1).

Attention with zero queries and keys gives the mean of what it may attend to, so every number can be followed by hand;
the suites' first tests are examples of the same kind.
"""

from __future__ import annotations

import math

import torch

from .example import Example, Pair, Raises, Step

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
MASK_GIVEN: Pair = ("the mask that layer {} is given", "層 {} に渡るマスク")
COUNT: Pair = ("number of parameters that are registered", "登録されたパラメータの数")
COUNT_LOOK: Pair = (
    "nn.Module sees submodules in attributes and in an nn.ModuleList, not those in a plain list; each layer is its own",
    "nn.Module が見つけるのは属性と nn.ModuleList の中の部品だけで、ただのリストは見えない。層はそれぞれ別のもの",
)
PASS_MASKS: Pair = ("hand the masks on to every layer, as they are", "マスクはそのまま、どの層にも渡す")


def numbered(pair: Pair, number: int) -> Pair:
    """The pair with a number in it."""
    return pair[0].format(number), pair[1].format(number)


LAYER_STEPS = ("self_attention", "add_norm1", "feed_forward", "add_norm2")
DECODER_STEPS = ("self_attention", "add_norm1", "cross_attention", "add_norm2", "feed_forward", "add_norm3")
LOUD = torch.tensor([[9.0, 0], [0, 90]])
ROOT2 = math.sqrt(2)
MODEL_PARTS = ("src_embedding", "positional_encoding", "encoder", "tgt_embedding", "decoder", "output_projection")

EXAMPLES = {
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
    "Encoder": (
        Example(
            title=("Two layers, three positions, the third is padding", "層が二つ、位置が三つ、三つ目はパディング"),
            anchor="stacks",
            given={
                "state": {
                    **mean_attention("layers.0.self_attention"),
                    **mean_attention("layers.1.self_attention"),
                    **norm("layers.0.add_norm2", (-20.0, -2.0), (0.0, 3.0)),
                    **norm("layers.1.add_norm2", (5.0, 7.0), (10.0, 20.0)),
                },
                "x": X,
                "mask": MASK,
            },
            calls={
                "module": "loaded(Encoder(2, 2, 1, 1, 0.0), state)",
                "probe": "in_guest.Probe(module, ['layers.0', 'layers.1'])",
                "result": "module(x, mask)",
            },
            steps=(
                Step(COUNT, "count(module)", 32, COUNT_LOOK),
                Step(("what layer 0 is given", "層 0 に渡るもの"), "given('layers.0')", X, inner=True),
                Step(numbered(MASK_GIVEN, 0), "given('layers.0', 1)", MASK, PASS_MASKS, inner=True),
                Step(("layer 0", "層 0"), "gave('layers.0')", [[[-20, 5], [-20, 5], [20, 1]]], inner=True),
                Step(
                    ("what layer 1 is given", "層 1 に渡るもの"),
                    "given('layers.1')",
                    [[[-20, 5], [-20, 5], [20, 1]]],
                    ("each layer takes the output of the one before", "各層は前の層の出力を受け取る"),
                    inner=True,
                ),
                Step(numbered(MASK_GIVEN, 1), "given('layers.1', 1)", MASK, PASS_MASKS, inner=True),
                Step(
                    ("the result: that of layer 1, with nothing after it", "結果: 層 1 の出力そのまま"),
                    "result",
                    [[[5, 27]] * 3],
                    ("no further normalisation after the last layer", "最後の層の後に正規化はない"),
                ),
            ),
        ),
    ),
    "Decoder": (
        Example(
            title=("Two layers over one memory, both masks", "一つのメモリの上に層が二つ、マスク二つ"),
            anchor="stacks",
            given={
                "state": {
                    **mean_attention("layers.0.self_attention"),
                    **mean_attention("layers.1.self_attention"),
                    **mean_attention("layers.0.cross_attention"),
                    **mean_attention("layers.1.cross_attention"),
                    **norm("layers.0.add_norm3", (-2.0, -20.0), (0.0, -19.0)),
                    **norm("layers.1.add_norm3", (5.0, 7.0), (10.0, 20.0)),
                },
                "x": torch.tensor([[[3.0, 1], [1, 90]]]),
                "memory": torch.tensor([[[0.0, 1], [0, 100]]]),
                "self_mask": CAUSAL,
                "memory_mask": torch.tensor([[[[True, False]]]]),
            },
            calls={
                "module": "loaded(Decoder(2, 2, 1, 1, 0.0), state)",
                "probe": "in_guest.Probe(module, ['layers.0', 'layers.1'])",
                "result": "module(x, memory, self_mask, memory_mask)",
            },
            steps=(
                Step(COUNT, "count(module)", 52, COUNT_LOOK),
                Step(
                    ("self_mask that layer 0 is given", "層 0 に渡る self_mask"),
                    "given('layers.0', 2)",
                    CAUSAL,
                    PASS_MASKS,
                    inner=True,
                ),
                Step(
                    ("memory_mask that layer 0 is given", "層 0 に渡る memory_mask"),
                    "given('layers.0', 3)",
                    [[[[True, False]]]],
                    PASS_MASKS,
                    inner=True,
                ),
                Step(("layer 0", "層 0"), "gave('layers.0')", [[[-2, 1], [2, -39]]], inner=True),
                Step(
                    ("what layer 1 is given", "層 1 に渡るもの"),
                    "given('layers.1')",
                    [[[-2, 1], [2, -39]]],
                    ("each layer takes the output of the one before", "各層は前の層の出力を受け取る"),
                    inner=True,
                ),
                Step(
                    ("the memory that layer 1 is given: the same", "層 1 に渡るメモリ: 同じもの"),
                    "given('layers.1', 1)",
                    [[[0, 1], [0, 100]]],
                    ("all layers see the encoder's output", "どの層もエンコーダの出力を見る"),
                    inner=True,
                ),
                Step(("the result", "結果"), "result", [[[5, 27], [15, 13]]], PASS_MASKS),
            ),
        ),
    ),
    "Transformer": (
        Example(
            title=("Two sources of one word each, one target word", "一語の入力が二つ、訳文側は一語"),
            anchor="build",
            given={
                "state": {
                    "src_embedding.embedding.weight": torch.tensor([[0.8, 0], [0, 9]]),
                    "tgt_embedding.embedding.weight": torch.tensor([[0.5, 0], [0, 9]]),
                    **norm("encoder.layers.0.add_norm2", (4.0, 4.0)),
                    **mean_attention("decoder.layers.0.cross_attention", 0.1),
                    "output_projection.weight": torch.tensor([[3.0, 1], [0, 5]]),
                },
                "src": torch.tensor([[0], [1]]),
                "tgt": torch.tensor([[0], [0]]),
            },
            calls={
                "module": "loaded(Transformer(2, 2, 2, 1, 1, 1, 0.0, 5), state)",
                "probe": f"in_guest.Probe(module, {list(MODEL_PARTS)})",
                "logits": "module(src, tgt, None, None)",
            },
            steps=(
                Step(COUNT, "count(module)", 45, COUNT_LOOK),
                Step(
                    ("src_embedding: rows times the root of 2", "src_embedding: 行に √2 を掛けたもの"),
                    "gave('src_embedding')",
                    [[[0.8 * ROOT2, 0]], [[0, 9 * ROOT2]]],
                    inner=True,
                ),
                Step(
                    (
                        "what the encoder is given: with position 0, (0, 1)",
                        "エンコーダに渡るもの: 位置 0 の (0, 1) を足したもの",
                    ),
                    "given('encoder')",
                    [[[0.8 * ROOT2, 1]], [[0, 9 * ROOT2 + 1]]],
                    (
                        "the source passes src_embedding and positional_encoding",
                        "入力は src_embedding と positional_encoding を通る",
                    ),
                    inner=True,
                ),
                Step(("encode: the memory", "encode: メモリ"), "module.encode(src, None)", [[[4, -4]], [[-4, 4]]]),
                Step(
                    ("what the decoder is given: target with position", "デコーダに渡るもの: 位置を足した訳文側"),
                    "given('decoder')",
                    [[[0.5 * ROOT2, 1]], [[0.5 * ROOT2, 1]]],
                    (
                        "the target passes tgt_embedding and the same positional_encoding",
                        "訳文側は tgt_embedding と、同じ positional_encoding を通る",
                    ),
                    inner=True,
                ),
                Step(("... and the memory", "… と、メモリ"), "given('decoder', 1)", [[[4, -4]], [[-4, 4]]], inner=True),
                Step(("hidden states", "隠れ状態"), "gave('decoder')", [[[-1, 1]], [[-1, 1]]], inner=True),
                Step(
                    ("the logits", "ロジット"),
                    "logits",
                    [[[-2, 5]], [[-2, 5]]],
                    (
                        "output_projection of the hidden states, without a softmax",
                        "隠れ状態を output_projection に通したもの。ソフトマックスは掛けない",
                    ),
                ),
            ),
        ),
        Example(
            title=("Two words each, the second source word is padding", "二語ずつ、入力の二語目はパディング"),
            anchor="build",
            given={
                "state": {
                    "src_embedding.embedding.weight": LOUD,
                    "tgt_embedding.embedding.weight": LOUD,
                    **mean_attention("encoder.layers.0.self_attention", 10.0),
                    **norm("encoder.layers.0.add_norm2", (4.0, 4.0), (0.0, 20.0)),
                    **mean_attention("decoder.layers.0.self_attention", 10.0),
                    **mean_attention("decoder.layers.0.cross_attention", 0.1),
                    "output_projection.weight": torch.tensor([[3.0, 1], [0, 5]]),
                },
                "src": torch.tensor([[0, 1]]),
                "tgt": torch.tensor([[0, 1]]),
                "src_mask": torch.tensor([[[[True, False]]]]),
                "tgt_mask": CAUSAL,
            },
            calls={
                "module": "loaded(Transformer(2, 2, 2, 1, 1, 1, 0.0, 5), state)",
                "memory": "module.encode(src, src_mask)",
                "hidden": "module.decode(tgt, memory, tgt_mask, src_mask)",
                "logits": "module(src, tgt, src_mask, tgt_mask)",
            },
            steps=(
                Step(
                    ("encode: the memory", "encode: メモリ"),
                    "memory",
                    [[[4, 16], [-4, 24]]],
                    ("the encoder gets src_mask", "エンコーダには src_mask を渡す"),
                ),
                Step(
                    ("decode: the hidden states", "decode: 隠れ状態"),
                    "hidden",
                    [[[1, -1], [-1, 1]]],
                    (
                        "the decoder gets tgt_mask for itself and src_mask for the memory",
                        "デコーダには、自分用に tgt_mask、メモリ用に src_mask を渡す",
                    ),
                ),
                Step(("forward: the logits", "forward: ロジット"), "logits", [[[2, -5], [-2, 5]]]),
            ),
        ),
        Example(
            title=(
                "Shapes: B = 2, L_src = 7, L_tgt = 5, d_model = 8, h = 2",
                "形: B = 2、L_src = 7、L_tgt = 5、d_model = 8、h = 2",
            ),
            anchor="shapes",
            given={"src": torch.zeros(2, 7, dtype=torch.int64), "tgt": torch.zeros(2, 5, dtype=torch.int64)},
            hidden=("src", "tgt"),
            calls={
                "module": "Transformer(20, 30, 8, 2, 2, 32)",
                "memory": "module.encode(src, None)",
                "hidden": "module.decode(tgt, memory, None, None)",
                "logits": "module(src, tgt, None, None)",
            },
            steps=(
                Step(("memory: (B, L_src, d_model)", "メモリ: (B, L_src, d_model)"), "shape(memory)", "(2, 7, 8)"),
                Step(
                    ("hidden states: (B, L_tgt, d_model)", "隠れ状態: (B, L_tgt, d_model)"),
                    "shape(hidden)",
                    "(2, 5, 8)",
                ),
                Step(("logits: (B, L_tgt, V_tgt)", "ロジット: (B, L_tgt, V_tgt)"), "shape(logits)", "(2, 5, 30)"),
                Step(
                    (
                        "parameters of one layer each, embeddings shared",
                        "一層ずつで埋め込みを共有したときのパラメータの数",
                    ),
                    "count(Transformer(20, 20, 8, 2, 1, 32, share_embeddings=True))",
                    43,
                    (
                        (
                            "the two embeddings and output_projection are one parameter in "
                            "three places: assign it, do not copy it"
                        ),
                        "二つの埋め込みと output_projection は、3 か所にある一つのパラメータ。コピーでなく代入する",
                    ),
                ),
                Step(
                    ("shared embeddings of vocabularies of 20 and 30", "語彙 20 と 30 で埋め込みを共有"),
                    "Transformer(20, 30, 8, 2, 1, 32, share_embeddings=True)",
                    Raises("ValueError"),
                ),
            ),
        ),
    ),
}
"""Task to its worked examples."""

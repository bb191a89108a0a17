"""Worked examples of phase 4: the layers, and stacks and models of the same two features."""

from __future__ import annotations

import math

import torch

from .example import Example, Pair, Raises, Step
from .phase4_layers import CAUSAL, COUNT, COUNT_LOOK, LAYERS, MASK, X, mean_attention, norm

MASK_GIVEN: Pair = ("the mask that layer {} is given", "層 {} に渡るマスク")
PASS_MASKS: Pair = ("hand the masks on to every layer, as they are", "マスクはそのまま、どの層にも渡す")
LOUD = torch.tensor([[9.0, 0], [0, 90]])
ROOT2 = math.sqrt(2)
MODEL_PARTS = ("src_embedding", "positional_encoding", "encoder", "tgt_embedding", "decoder", "output_projection")


def numbered(pair: Pair, number: int) -> Pair:
    """The pair with a number in it."""
    return pair[0].format(number), pair[1].format(number)


EXAMPLES = {
    **LAYERS,
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

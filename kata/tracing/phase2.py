"""Worked examples of phase 2: one query and three keys by hand, twelve numbers in two "
"heads, two heads of one feature."""

from __future__ import annotations

import math

import torch

from .example import Example, Raises, Step

QUERY = torch.ones(1, 4)
KEY = torch.tensor([[1.0, 1, 0, 0], [0, 0, 0, 0], [1, 1, 1, 1]])
VALUE = torch.tensor([[1.0, 0], [0, 1], [1, 1]])
TOTAL = math.exp(1) + 1 + math.exp(2)
WEIGHTS = [math.exp(1) / TOTAL, 1 / TOTAL, math.exp(2) / TOTAL]
ALLOWED = [math.exp(1) / (math.exp(1) + 1), 1 / (math.exp(1) + 1), 0]
HEADS = [[[[0, 1], [4, 5], [8, 9]], [[2, 3], [6, 7], [10, 11]]]]
TWELVE = torch.arange(12.0).reshape(1, 3, 4)

EYE = [[1.0, 0.0], [0.0, 1.0]]
TWO_HEADS = {
    "w_q.weight": torch.tensor(EYE),
    "w_k.weight": torch.tensor(EYE) / 2,
    "w_v.weight": torch.tensor(EYE) * 2,
    "w_o.weight": torch.tensor([[1.0, 1], [0, 1]]),
    "w_o.bias": torch.tensor([0.0, 10]),
}
LN3 = math.log(3)
ATTENTION = {
    "module": "loaded(MultiHeadAttention(2, 2), state)",
    "probe": "in_guest.Probe(module, ['w_q', 'w_k', 'w_v', 'w_o'])",
}
INPUTS = {
    "state": TWO_HEADS,
    "query": torch.tensor([[[1.0, 0]]]),
    "key": torch.tensor([[[2 * LN3, 0], [0, 10]]]),
    "value": torch.tensor([[[4.0, 4], [2, 2]]]),
}
PARAMETERS = ", ".join(sorted(f"{name}.{kind}" for name in ("w_q", "w_k", "w_v", "w_o") for kind in ("weight", "bias")))

EXAMPLES = {
    "scaled_dot_product_attention": (
        Example(
            title=("One query, three keys, d_k = 4, so the divisor is 2", "クエリ一つ、キー三つ、d_k = 4 (割る数は 2)"),
            anchor="by-hand",
            given={"query": QUERY, "key": KEY, "value": VALUE},
            calls={"output, weights": "scaled_dot_product_attention(query, key, value)"},
            steps=(
                Step(
                    ("sum of the weights over the keys", "キーについての重みの和"),
                    "weights.sum(-1)",
                    [1],
                    (
                        "the softmax runs along each row, over the keys: dim=-1",
                        "ソフトマックスは行ごと、キーの方向: dim=-1",
                    ),
                ),
                Step(
                    (
                        "scores, read off the weights: log of each over that of key 2, whose score is 0",
                        "重みから読み取ったスコア: 各重みとキー 2 (スコア 0) の重みの比の対数",
                    ),
                    "log(weights / weights[:, 1:2])",
                    [[1, 0, 2]],
                    (
                        "query @ key^T is (2, 0, 4); divide it by sqrt(d_k) = 2",
                        "query @ key^T は (2, 0, 4)。√d_k = 2 で割る",
                    ),
                ),
                Step(("weights: the softmax of the scores", "重み: スコアのソフトマックス"), "weights", [WEIGHTS]),
                Step(
                    ("output: weights @ value", "出力: 重み @ 値"),
                    "output",
                    [[WEIGHTS[0] + WEIGHTS[2], WEIGHTS[1] + WEIGHTS[2]]],
                    (
                        "the average of the values in these shares; (output, weights) is the order",
                        "この割合での値の平均。返す順は (出力, 重み)",
                    ),
                ),
            ),
        ),
        Example(
            title=(
                "Key 3 forbidden: True in a mask means “may attend”",
                "キー 3 を禁止 (マスクの True は「注意を向けてよい」)",
            ),
            anchor="by-hand",
            given={"query": QUERY, "key": KEY, "value": VALUE, "mask": torch.tensor([[True, True, False]])},
            calls={"output, weights": "scaled_dot_product_attention(query, key, value, mask)"},
            steps=(
                Step(
                    ("weight of the forbidden key", "禁止したキーの重み"),
                    "weights[:, 2]",
                    [0],
                    (
                        "fill the scores where the mask is False, and keep what masked_fill returns",
                        "マスクが False のスコアを埋める (masked_fill の戻り値を使う)",
                    ),
                ),
                Step(
                    ("sum of the weights over the keys", "キーについての重みの和"),
                    "weights.sum(-1)",
                    [1],
                    (
                        "mask the scores before the softmax; after it the rest does not sum to 1",
                        "マスクはソフトマックスの前のスコアに。後では残りの和が 1 にならない",
                    ),
                ),
                Step(("weights of the allowed keys", "許されたキーの重み"), "weights", [ALLOWED]),
                Step(("output", "出力"), "output", [ALLOWED[:2]]),
            ),
        ),
        Example(
            title=("A query that may attend to nothing", "どこにも注意を向けられないクエリ"),
            anchor="masks",
            given={"query": QUERY, "key": KEY, "value": VALUE, "mask": torch.tensor([[False, False, False]])},
            calls={"output, weights": "scaled_dot_product_attention(query, key, value, mask)"},
            hidden=("query", "key", "value"),
            steps=(
                Step(
                    ("weights: all zero", "重み: すべて 0"),
                    "weights",
                    [[0, 0, 0]],
                    (
                        "fill with a finite number, then set forbidden weights to 0",
                        "有限の数で埋め、最後に禁止した重みを 0 にする",
                    ),
                ),
                Step(("output: zero", "出力: 0"), "output", [[0, 0]]),
            ),
        ),
    ),
    "split_heads": (
        Example(
            title=("Three positions of four features, two heads", "特徴四つの位置が三つ、ヘッド二つ"),
            anchor="split-merge",
            given={"x": TWELVE},
            calls={"heads": "split_heads(x, 2)"},
            steps=(
                Step(("shape: (B, h, L, d_k)", "形: (B, h, L, d_k)"), "shape(heads)", "(1, 2, 3, 2)"),
                Step(
                    ("head 0: the first two features of every position", "ヘッド 0: 各位置の最初の二つの特徴"),
                    "heads[0, 0]",
                    HEADS[0][0],
                    (
                        (
                            "reshape to (B, L, h, d_k), then transpose(1, 2): a view to (B, "
                            "h, L, d_k) cuts the sequence instead"
                        ),
                        "(B, L, h, d_k) に reshape してから transpose(1, 2)。直接 (B, h, L, d_k) にすると系列が切れる",
                    ),
                ),
                Step(("head 1: the other two", "ヘッド 1: 残りの二つ"), "heads[0, 1]", HEADS[0][1]),
            ),
        ),
        Example(
            title=("Shapes: B = 2, L = 3, d_model = 8, h = 4", "形: B = 2、L = 3、d_model = 8、h = 4"),
            anchor="shapes",
            given={"x": torch.zeros(2, 3, 8)},
            hidden=("x",),
            calls={"heads": "split_heads(x, 4)"},
            steps=(Step(("shape: (B, h, L, d_k)", "形: (B, h, L, d_k)"), "shape(heads)", "(2, 4, 3, 2)"),),
        ),
    ),
    "merge_heads": (
        Example(
            title=("The two heads of the example above, joined again", "上の例の二つのヘッドを元に戻す"),
            anchor="split-merge",
            given={"heads": torch.tensor(HEADS).float()},
            calls={"merged": "merge_heads(heads)"},
            steps=(
                Step(("shape: (B, L, d_model)", "形: (B, L, d_model)"), "shape(merged)", "(1, 3, 4)"),
                Step(
                    ("position 0: head 0, then head 1", "位置 0: ヘッド 0、続けてヘッド 1"),
                    "merged[0, 0]",
                    [0, 1, 2, 3],
                    (
                        "transpose(1, 2) back to (B, L, h, d_k) first, then reshape",
                        "先に transpose(1, 2) で (B, L, h, d_k) に戻し、それから reshape",
                    ),
                ),
                Step(("all positions", "すべての位置"), "merged", TWELVE),
            ),
        ),
        Example(
            title=("Shapes: B = 2, h = 4, L = 3, d_k = 2", "形: B = 2、h = 4、L = 3、d_k = 2"),
            anchor="shapes",
            given={"heads": torch.zeros(2, 4, 3, 2)},
            hidden=("heads",),
            calls={"merged": "merge_heads(heads)"},
            steps=(Step(("shape: (B, L, d_model)", "形: (B, L, d_model)"), "shape(merged)", "(2, 3, 8)"),),
        ),
    ),
    "MultiHeadAttention": (
        Example(
            title=("Two heads of one feature, one query, two keys", "特徴一つのヘッドが二つ、クエリ一つ、キー二つ"),
            anchor="heads",
            given=INPUTS,
            calls={**ATTENTION, "output, weights": "module(query, key, value)"},
            steps=(
                Step(("parameters, by name", "パラメータ名"), "parameters(module)", PARAMETERS),
                Step(
                    ("what w_q is given: the query", "w_q に渡るもの: クエリ"), "given('w_q')", [[[1, 0]]], inner=True
                ),
                Step(("what w_k is given: the key", "w_k に渡るもの: キー"), "given('w_k')", INPUTS["key"], inner=True),
                Step(
                    ("what w_v is given: the value", "w_v に渡るもの: 値"), "given('w_v')", INPUTS["value"], inner=True
                ),
                Step(
                    ("weights of head 0 (scores ln 3 and 0)", "ヘッド 0 の重み (スコアは ln 3 と 0)"),
                    "weights[0, 0]",
                    [[0.75, 0.25]],
                    (
                        "the query through w_q, the key through w_k; the scale is that of a head, sqrt(d_k)",
                        "クエリは w_q、キーは w_k を通す。割る数はヘッドの √d_k",
                    ),
                ),
                Step(
                    ("weights of head 1 (scores 0 and 0)", "ヘッド 1 の重み (スコアは 0 と 0)"),
                    "weights[0, 1]",
                    [[0.5, 0.5]],
                ),
                Step(
                    ("what w_o is given: the heads, merged", "w_o に渡るもの: まとめたヘッド"),
                    "given('w_o')",
                    [[[7, 6]]],
                    (
                        "weights times the value projected by w_v: 0.75 · 8 + 0.25 · 4 = 7",
                        "重みと w_v を通した値の積: 0.75 · 8 + 0.25 · 4 = 7",
                    ),
                    inner=True,
                ),
                Step(
                    ("output: the merged heads through w_o", "出力: まとめたヘッドを w_o に通したもの"),
                    "output",
                    [[[13, 16]]],
                    ("w_o comes last: 7 + 6 and 6 + 10", "最後に w_o: 7 + 6 と 6 + 10"),
                ),
            ),
        ),
        Example(
            title=("The same with key 2 forbidden", "同じ例でキー 2 を禁止"),
            anchor="masks",
            given={**INPUTS, "mask": torch.tensor([[[[True, False]]]])},
            hidden=("state", "query", "key", "value"),
            calls={**ATTENTION, "output, weights": "module(query, key, value, mask)"},
            steps=(
                Step(
                    ("weights of both heads", "両方のヘッドの重み"),
                    "weights[0]",
                    [[[1, 0]], [[1, 0]]],
                    (
                        "hand the mask on to the attention as it is: it holds for every head",
                        "マスクはそのまま注意に渡す (すべてのヘッドに効く)",
                    ),
                ),
                Step(("output", "出力"), "output", [[[16, 18]]]),
            ),
        ),
        Example(
            title=(
                "Shapes: B = 2, L_q = 3, L_k = 5, d_model = 8, h = 4",
                "形: B = 2、L_q = 3、L_k = 5、d_model = 8、h = 4",
            ),
            anchor="shapes",
            given={"query": torch.zeros(2, 3, 8), "key": torch.zeros(2, 5, 8)},
            hidden=("query", "key"),
            calls={
                "module": "MultiHeadAttention(8, 4)",
                "probe": "in_guest.Probe(module, ['w_q', 'w_k', 'w_v', 'w_o'])",
                "output, weights": "module(query, key, key)",
            },
            steps=(
                Step(("the query, projected", "射影したクエリ"), "shape(gave('w_q'))", "(2, 3, 8)", inner=True),
                Step(("the key, projected", "射影したキー"), "shape(gave('w_k'))", "(2, 5, 8)", inner=True),
                Step(("weights: (B, h, L_q, L_k)", "重み: (B, h, L_q, L_k)"), "shape(weights)", "(2, 4, 3, 5)"),
                Step(("the heads, joined", "つないだヘッド"), "shape(given('w_o'))", "(2, 3, 8)", inner=True),
                Step(("output: (B, L_q, d_model)", "出力: (B, L_q, d_model)"), "shape(output)", "(2, 3, 8)"),
                Step(
                    ("8 features, 3 heads", "特徴 8、ヘッド 3"),
                    "MultiHeadAttention(8, 3)",
                    Raises("ValueError"),
                ),
            ),
        ),
    ),
}
"""Task to its worked examples."""

"""Worked examples of phase 1: positions of two pairs, speeds 1 and 0.01, as the lesson works them out by hand."""

from __future__ import annotations

import math

import torch

from .example import Example, Raises, Step

SPEEDS = (1.0, 0.01)
TABLE = [[f(speed * position) for speed in SPEEDS for f in (math.sin, math.cos)] for position in range(3)]
SHIFT = [
    [math.cos(1), math.sin(1), 0, 0],
    [-math.sin(1), math.cos(1), 0, 0],
    [0, 0, math.cos(0.01), math.sin(0.01)],
    [0, 0, -math.sin(0.01), math.cos(0.01)],
]
ROW = [0.5, -0.5, 0.25, 0.0]
SUM = [[[0, 1, 0, 1], [1.8415, -0.4597, 0.5100, 1.0000]]]
X = torch.tensor([[[0.0, 0, 0, 0], [1, -1, 0.5, 0]]])

EXAMPLES = {
    "sinusoidal_encoding": (
        Example(
            title=("Three positions, d_model = 4: two pairs of columns", "三つの位置、d_model = 4: 列の組が二つ"),
            anchor="by-hand",
            calls={"table": "sinusoidal_encoding(3, 4)"},
            steps=(
                Step(
                    (
                        "position 0: sine of 0 in even columns, cosine of 0 in odd ones",
                        "位置 0: 偶数列は sin 0、奇数列は cos 0",
                    ),
                    "table[0]",
                    TABLE[0],
                    (
                        "even columns (0::2) hold sines, odd ones (1::2) cosines",
                        "偶数列 (0::2) が sin、奇数列 (1::2) が cos",
                    ),
                ),
                Step(
                    (
                        "speeds, read off position 1: the angle of each pair (sine, cosine)",
                        "速さ (位置 1 の各組 (sin, cos) の角度から読み取ったもの)",
                    ),
                    "atan2(table[1, 0::2], table[1, 1::2])",
                    list(SPEEDS),
                    (
                        "10000^(-2i / d_model) for pair i = 0, 1: 1 and 1 / 100",
                        "組 i = 0、1 で 10000^(-2i / d_model): 1 と 1 / 100",
                    ),
                ),
                Step(("even columns: sines", "偶数列: sin"), "table[:, 0::2]", [row[0::2] for row in TABLE]),
                Step(("odd columns: cosines", "奇数列: cos"), "table[:, 1::2]", [row[1::2] for row in TABLE]),
                Step(("the whole table, (max_len, d_model)", "表全体 (max_len, d_model)"), "table", TABLE),
            ),
        ),
        Example(
            title=("The shape of a larger table", "もっと大きな表の形"),
            anchor="shapes",
            calls={"large": "sinusoidal_encoding(50, 8)"},
            steps=(Step(("shape: (max_len, d_model)", "形: (max_len, d_model)"), "shape(large)", "(50, 8)"),),
        ),
    ),
    "position_shift_matrix": (
        Example(
            title=("The shift by one, d_model = 4", "一つ分のずらし、d_model = 4"),
            anchor="by-hand",
            given={"pe": torch.tensor(TABLE)},
            calls={"matrix": "position_shift_matrix(1, 4)"},
            steps=(
                Step(
                    ("outside the blocks: columns of other pairs", "ブロックの外: ほかの組の列"),
                    "columns(matrix[:2, 2:], matrix[2:, :2])",
                    [0] * 8,
                    (
                        "each pair is turned on its own: 2 × 2 blocks on the diagonal",
                        "組ごとに回す: 対角線上の 2 × 2 のブロック",
                    ),
                ),
                Step(
                    ("block of pair 0, which turns by 1", "組 0 のブロック (1 だけ回る)"),
                    "matrix[:2, :2]",
                    [row[:2] for row in SHIFT[:2]],
                    (
                        "sin(a + b) = cos(b) sin(a) + sin(b) cos(a); cos(a + b) = -sin(b) sin(a) + cos(b) cos(a)",
                        "sin(a + b) = cos(b) sin(a) + sin(b) cos(a)、cos(a + b) = -sin(b) sin(a) + cos(b) cos(a)",
                    ),
                ),
                Step(
                    ("block of pair 1, which turns by 0.01", "組 1 のブロック (0.01 だけ回る)"),
                    "matrix[2:, 2:]",
                    [row[2:] for row in SHIFT[2:]],
                    (
                        "every pair has its own speed, that of the encoding",
                        "組ごとに速さが違う (エンコーディングの速さ)",
                    ),
                ),
                Step(("M @ PE[1] is PE[2]", "M @ PE[1] は PE[2]"), "matrix @ pe[1].to(matrix.dtype)", TABLE[2]),
            ),
        ),
    ),
    "TokenEmbedding": (
        Example(
            title=("A row (0.5, -0.5, 0.25, 0) of the table, d_model = 4", "表の行 (0.5, -0.5, 0.25, 0)、d_model = 4"),
            anchor="by-hand",
            given={
                "state": {"embedding.weight": torch.tensor([[1.0, 2, 3, 4], ROW, [4, 3, 2, 1]])},
                "tokens": torch.tensor([[1, 0]]),
            },
            calls={
                "module": "loaded(TokenEmbedding(3, 4), state)",
                "probe": "in_guest.Probe(module, ['embedding'])",
                "vectors": "module(tokens)",
            },
            steps=(
                Step(("parameters, by name", "パラメータ名"), "parameters(module)", "embedding.weight"),
                Step(
                    ("tokens that .embedding looks up", ".embedding が引くトークン"),
                    "given('embedding')",
                    [[1, 0]],
                    inner=True,
                ),
                Step(("their rows of the table", "表のその行"), "gave('embedding')", [[ROW, [1, 2, 3, 4]]], inner=True),
                Step(
                    ("times the root of d_model, which is 2", "√d_model = 2 を掛けたもの"),
                    "vectors",
                    [[[1, -1, 0.5, 0], [2, 4, 6, 8]]],
                    ("the row times math.sqrt(d_model) (paper 3.4)", "行に math.sqrt(d_model) を掛ける (論文 3.4)"),
                ),
            ),
        ),
        Example(
            title=("Shapes: V = 100, d_model = 8, B = 2, L = 5", "形: V = 100、d_model = 8、B = 2、L = 5"),
            anchor="shapes",
            given={"tokens": torch.zeros(2, 5, dtype=torch.int64)},
            calls={"vectors": "TokenEmbedding(100, 8)(tokens)"},
            steps=(Step(("shape: (B, L, d_model)", "形: (B, L, d_model)"), "shape(vectors)", "(2, 5, 8)"),),
        ),
    ),
    "PositionalEncoding": (
        Example(
            title=(
                "The word (1, -1, 0.5, 0) at position 1, after zeros at position 0",
                "位置 1 の語 (1, -1, 0.5, 0) (位置 0 はゼロ)",
            ),
            anchor="by-hand",
            given={"x": X},
            calls={
                "module": "PositionalEncoding(4, dropout=0.0, max_len=3)",
                "probe": "in_guest.Probe(module, ['dropout'])",
                "summed": "module(x)",
            },
            steps=(
                Step(
                    ("parameters: none, the table is a buffer", "パラメータはなし (表はバッファ)"),
                    "parameters(module)",
                    "",
                ),
                Step(("the buffer .pe", "バッファ .pe"), "module.pe", TABLE, inner=True),
                Step(
                    ("what .dropout is given: x + PE[:L]", ".dropout に渡るもの: x + PE[:L]"),
                    "given('dropout')",
                    SUM,
                    inner=True,
                ),
                Step(
                    ("the result: position 0, then position 1", "結果: 位置 0、位置 1"),
                    "summed",
                    SUM,
                    (
                        "x + PE[:L] along dimension 1 of x (B, L, d_model), then dropout",
                        "x (B, L, d_model) の次元 1 に沿って x + PE[:L]、その後でドロップアウト",
                    ),
                ),
                Step(
                    ("a sequence of length 4, longer than max_len = 3", "max_len = 3 より長い、長さ 4 の系列"),
                    "module(zeros(1, 4, 4))",
                    Raises("ValueError"),
                ),
            ),
        ),
        Example(
            title=(
                "With dropout 1 in training mode nothing of the sum is left",
                "学習モードでドロップアウトを 1 にすると、和はすべて消える",
            ),
            anchor="adding",
            given={"x": X},
            calls={"module": "PositionalEncoding(4, dropout=1.0, max_len=3)", "dropped": "module(x)"},
            steps=(
                Step(
                    ("the dropped sum", "ドロップアウト後の和"),
                    "dropped",
                    [[[0] * 4, [0] * 4]],
                    ("dropout comes last, on the sum (paper 5.4)", "ドロップアウトは最後に、和に対して (論文 5.4)"),
                ),
                Step(
                    ("in evaluation mode nothing is dropped", "評価モードでは何も落とさない"),
                    "[module.eval(), module(x)][1]",
                    SUM,
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

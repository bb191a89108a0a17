"""Mistakes in ``position_shift_matrix`` (phase 1)."""

from __future__ import annotations

from . import Misconception

ANGLE = "angle = _angles(offset, d_model)"
UPPER = "matrix[even, even + 1] = torch.sin(angle)"
LOWER = "matrix[even + 1, even] = -torch.sin(angle)"
RESULT = "return matrix.to(torch.get_default_dtype())"

CATALOGUE = (
    Misconception(
        id="shift-backwards",
        task="position_shift_matrix",
        edits=(
            (UPPER, "matrix[even, even + 1] = -torch.sin(angle)"),
            (LOWER, "matrix[even + 1, even] = torch.sin(angle)"),
        ),
        en=(
            "The minus sign stands in the wrong corner of the 2 × 2 blocks, so the matrix moves by `-offset`: `M "
            "@ PE[pos]` is `PE[pos - offset]`. Our pairs are (sine, cosine), not (cosine, sine) as in the "
            "textbook rotation. From `sin(a + b) = cos(b) sin(a) + sin(b) cos(a)` the upper row of a block is "
            "`[cos, sin]`, the lower one `[-sin, cos]`."
        ),
        ja=(
            "2×2 のブロックでマイナスの位置が逆になっていて、行列が `-offset` だけ動かします。つまり `M @ PE[pos]` "
            "が `PE[pos - offset]` になっています。教科書の回転行列は (cos, sin) の順ですが、ここの組は "
            "(sin, cos) の順です。`sin(a + b) = cos(b) sin(a) + sin(b) cos(a)` から、ブロックの上の行は "
            "`[cos, sin]`、下の行は `[-sin, cos]` になります。"
        ),
        lesson="rotation",
    ),
    Misconception(
        id="shift-without-a-minus",
        task="position_shift_matrix",
        edits=((LOWER, "matrix[even + 1, even] = torch.sin(angle)"),),
        en=(
            "Both entries off the diagonal are `+sin`, so a block is no rotation: it stretches the pair instead "
            "of only turning it. The cosine's formula has a minus, `cos(a + b) = -sin(b) sin(a) + cos(b) cos(a)`, "
            "and it belongs into the lower row. With it the transpose of `M` is its inverse, the shift back "
            "(3.5)."
        ),
        ja=(
            "対角以外の成分が両方とも `+sin` なので、ブロックが回転になっておらず、組を回すだけでなく伸び縮みさ"
            "せてしまいます。cos の加法定理 `cos(a + b) = -sin(b) sin(a) + cos(b) cos(a)` にはマイナスがあ"
            "り、それが下の行に入ります。正しい符号なら `M` の転置が逆行列、つまり逆向きの移動になります (3.5 節)。"
        ),
        lesson="rotation",
    ),
    Misconception(
        id="shift-one-angle-for-all-pairs",
        task="position_shift_matrix",
        edits=((ANGLE, "angle = torch.full((d_model // 2,), float(offset), dtype=torch.float64)"),),
        en=(
            "Every pair is turned by the same angle, `offset` radians. In the encoding pair `i` turns at a rate "
            "of its own, `1 / 10000^(2i/d_model)` a position (3.5), so a shift by `offset` turns it by `offset / "
            "10000^(2i/d_model)`. Only the first pair is right here."
        ),
        ja=(
            "すべての組を同じ角度 (`offset` ラジアン) だけ回しています。位置エンコーディングでは、組 `i` は 1 位置"
            "につき `1 / 10000^(2i/d_model)` という固有の速さで回る (3.5 節) ので、`offset` だけずらすと "
            "`offset / 10000^(2i/d_model)` だけ回ります。このコードで正しいのは最初の組だけです。"
        ),
        lesson="rotation",
    ),
    Misconception(
        id="shift-exponent-halved",
        task="position_shift_matrix",
        edits=((ANGLE, "angle = offset / 10000.0 ** (torch.arange(d_model // 2, dtype=torch.float64) / d_model)"),),
        en=(
            "The exponent is `i / d_model`, half of what `sinusoidal_encoding` uses. The matrix must turn each "
            "pair exactly as fast as the table does, by `offset / 10000^(2i/d_model)` (3.5); here all pairs but "
            "the first turn too far. Both functions may share one helper for the frequencies."
        ),
        ja=(
            "指数が `i / d_model` で、`sinusoidal_encoding` で使う値の半分になっています。行列は、"
            "表とちょうど同じ速さで各組を `offset / 10000^(2i/d_model)` だけ回す必要があります (3.5 節)。"
            "このコードでは最初の組以外が回りすぎます。周波数の計算を一つの補助関数にまとめるとよいでしょう。"
        ),
        lesson="rotation",
    ),
    Misconception(
        id="shift-for-halves",
        task="position_shift_matrix",
        edits=(
            (
                "even = torch.arange(0, d_model, 2)",
                """
                even = torch.arange(d_model // 2)
                odd = even + d_model // 2
                """,
            ),
            (UPPER, "matrix[even, odd] = torch.sin(angle)"),
            (LOWER, "matrix[odd, even] = -torch.sin(angle)"),
            ("matrix[even + 1, even + 1] = torch.cos(angle)", "matrix[odd, odd] = torch.cos(angle)"),
        ),
        en=(
            "The matrix is made for a table with all sines in the first half and all cosines in the second: it "
            "joins column `i` with column `i + d_model / 2`. In the paper's table (3.5) the two of a pair are "
            "neighbours, columns `2i` and `2i + 1`, so the 2 × 2 blocks belong along the diagonal."
        ),
        ja=(
            "前半がすべて sin、後半がすべて cos の表に合わせた行列になっていて、列 `i` と列 `i + d_model / 2` "
            "を組にしています。論文 (3.5 節) の表では組になる二つの列は隣どうし (`2i` と `2i + 1`) なので、2×2 のブロッ"
            "クは対角線に沿って並びます。"
        ),
        lesson="rotation",
    ),
    Misconception(
        id="shift-by-repeated-steps",
        task="position_shift_matrix",
        edits=(
            (ANGLE, "angle = _angles(1, d_model)"),
            (RESULT, "return torch.linalg.matrix_power(matrix, max(offset, 0)).to(torch.get_default_dtype())"),
        ),
        en=(
            "The step by one position is applied `offset` times, and for a negative `offset` not at all, as in a "
            "loop over `range(offset)`: the result is then the identity. The formula needs no loop. The angle "
            "`offset / 10000^(2i/d_model)` is simply negative for a shift back, and the sines change their sign."
        ),
        ja=(
            "1 位置分の移動を `offset` 回繰り返していますが、`offset` が負のとき (`range(offset)` のループと同じよ"
            "うに) 一度も適用されず、単位行列になります。ループは要りません。後ろへの移動では角度 "
            "`offset / 10000^(2i/d_model)` が負になり、sin の符号が変わるだけです。"
        ),
        lesson="rotation",
    ),
    Misconception(
        id="shift-right-for-one-position-only",
        task="position_shift_matrix",
        edits=(
            (
                RESULT,
                """
                first = torch.zeros(d_model, dtype=torch.float64)
                first[1::2] = 1.0
                return torch.outer(matrix @ first, first / first.sum()).to(torch.get_default_dtype())
                """,
            ),
        ),
        en=(
            "This matrix is the outer product of `PE[offset]` and `PE[0]`: it takes position 0 to `offset` and is "
            "wrong for every other position. The point of section 3.5 is that one matrix does it for all "
            "positions, because each pair is turned by an angle that does not depend on `pos`. Put those "
            "rotations on the diagonal."
        ),
        ja=(
            "この行列は `PE[offset]` と `PE[0]` の外積で、位置 0 を `offset` に移すことはできても、"
            "ほかの位置では成り立ちません。3.5 節の要点は、各組の回転角が `pos` によらないので、"
            "一つの行列がすべての位置で使えるという点です。その回転を対角線に沿って並べましょう。"
        ),
        lesson="rotation",
    ),
    Misconception(
        id="shift-one-too-far",
        task="position_shift_matrix",
        edits=((ANGLE, "angle = _angles(offset + 1, d_model)"),),
        en=(
            "The matrix moves by `offset + 1` positions. A shift by 0 must change nothing, so `M` for 0 is the "
            "identity: all angles are `0 / 10000^(2i/d_model) = 0`. The number of the first position does not "
            "matter here, only the distance (3.5)."
        ),
        ja=(
            "行列が `offset + 1` だけ動かしています。0 だけずらすときは何も変わらないので、角度はすべて `0 / 1"
            "0000^(2i/d_model) = 0` で、`M` は単位行列になるはずです。位置を 0 から数えるか 1 から数えるかはこ"
            "こでは関係なく、距離だけが効きます (3.5 節)。"
        ),
        lesson="rotation",
    ),
)

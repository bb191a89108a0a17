"""Mistakes in ``look_ahead_mask`` (phase 5)."""

from __future__ import annotations

from . import Misconception

LOOK_AHEAD = "return torch.ones(1, 1, length, length, dtype=torch.bool, device=device).tril()"

CATALOGUE = (
    Misconception(
        id="look-ahead-shows-the-next-token",
        task="look_ahead_mask",
        edits=((LOOK_AHEAD, "return torch.ones(1, 1, length, length, dtype=torch.bool, device=device).tril(1)"),),
        en="Position `q` may attend to `q + 1` too: the triangle is one diagonal too large. The decoder's input is "
        "the answer shifted by one, so position `q + 1` is the very token that it is asked for (3.2.3). The loss "
        "falls quickly to its floor, and decoding, where there is no next token to copy, says nonsense.",
        ja="位置 `q` が `q + 1` にも注意を向けられてしまいます。三角形が対角線 1 本ぶん大きすぎます。デコーダの入力"
        "は正解を一つずらしたものなので、位置 `q + 1` はまさに予測すべきトークンです (3.2.3 節)。損失はすぐ下限まで"
        "落ちますが、写す相手のいない復号ではでたらめを出力します。",
        lesson="look-ahead",
    ),
    Misconception(
        id="look-ahead-hides-the-position-itself",
        task="look_ahead_mask",
        edits=((LOOK_AHEAD, "return torch.ones(1, 1, length, length, dtype=torch.bool, device=device).tril(-1)"),),
        en="The diagonal is False, so a position does not see its own token, and the first position sees nothing at "
        "all. The token at `q` of the decoder's input is the last one already said (or BOS), not the one to be "
        "predicted: the paper masks what comes after `q`, and `k <= q` includes `q`.",
        ja="対角成分が False なので、各位置が自分のトークンを見られず、最初の位置は何も見られません。デコーダの入力"
        "の位置 `q` にあるのは、すでに出力した最後のトークン (または BOS) であり、これから予測するトークンではあり"
        "ません。隠すのは `q` より後だけで、`k <= q` は `q` 自身を含みます。",
        lesson="look-ahead",
    ),
    Misconception(
        id="look-ahead-marks-what-is-hidden",
        task="look_ahead_mask",
        edits=((LOOK_AHEAD, "return torch.ones(1, 1, length, length, dtype=torch.bool, device=device).triu(1)"),),
        en="The mask is True exactly at the future, the places to be hidden. Here True means `may attend`, so the "
        "decoder would see nothing but the future, and the last position nothing at all. It is the complement of "
        "what is wanted: `~mask`, or `tril()` instead of `triu(1)`.",
        ja="隠すべき未来の位置がちょうど True になっています。この教材では True が「注意を向けてよい」なので、デコー"
        "ダは未来だけを見て、最後の位置は何も見られません。求めるマスクの否定になっています。`~mask` とするか、"
        "`triu(1)` の代わりに `tril()` を使ってください。",
        lesson="look-ahead",
    ),
    Misconception(
        id="look-ahead-is-transposed",
        task="look_ahead_mask",
        edits=((LOOK_AHEAD, "return torch.ones(1, 1, length, length, dtype=torch.bool, device=device).triu()"),),
        en="The upper triangle is True: rows and columns are exchanged, and every position sees itself and its "
        "future instead of its past. The row is the query, the column the key, as in the scores `(L_q, L_k)`; True "
        "belongs where `k <= q`, on and below the diagonal.",
        ja="上三角が True になっています。行と列が入れ替わり、各位置が過去ではなく自分と未来を見ています。スコア "
        "`(L_q, L_k)` と同じく、行がクエリ、列がキーです。True にするのは `k <= q`、つまり対角線とその下です。",
        lesson="look-ahead",
    ),
    Misconception(
        id="look-ahead-result-thrown-away",
        task="look_ahead_mask",
        edits=(
            (
                LOOK_AHEAD,
                """
                mask = torch.ones(1, 1, length, length, dtype=torch.bool, device=device)
                mask.tril()
                return mask
                """,
            ),
        ),
        en="The mask is True everywhere. Perhaps `mask.tril()` is called and its result, a new tensor, is not "
        "assigned (`tril_` would work in place). Nothing hides the future: in training the decoder copies the "
        "answer, and learns nothing that helps it to decode.",
        ja="マスクがすべて True です。`mask.tril()` を呼んでも、結果は新しいテンソルなので、代入しなければ捨てられます"
        " (その場で変えるのは `tril_` です)。未来が隠れないため、デコーダは学習中に正解を写すだけで、復号に役立つこ"
        "とを何も学びません。",
        lesson="look-ahead",
    ),
    Misconception(
        id="look-ahead-additive",
        task="look_ahead_mask",
        edits=((LOOK_AHEAD, 'return torch.full((1, 1, length, length), float("-inf"), device=device).triu(1)'),),
        en="The mask holds 0 and -inf, to be added to the scores. That is another convention; here masks are "
        "boolean, True means `may attend`, and attention turns them into scores itself. Read as booleans, this one "
        "says the opposite: 0 is false and -inf is true.",
        ja="スコアに足すための 0 と -inf が入ったマスクになっています。それは別の流儀です。この教材のマスクは真偽値"
        "で True が「注意を向けてよい」を表し、スコアへの反映は注意の側で行います。真偽値として読むと 0 は偽、-inf "
        "は真なので、意味が逆になります。",
        lesson="look-ahead",
    ),
    Misconception(
        id="look-ahead-ignores-the-device",
        task="look_ahead_mask",
        edits=((LOOK_AHEAD, "return torch.ones(1, 1, length, length, dtype=torch.bool, device=None).tril()"),),
        en="`device` is not passed on, so the mask is always made on the default device. On a CPU nobody notices; as "
        "soon as tokens and model are on a GPU, combining the masks fails because they are on two devices. Hand "
        "`device` to the function that creates the tensor.",
        ja="`device` を渡していないので、マスクがいつも既定のデバイスに作られます。CPU だけなら気づきませんが、トー"
        "クンとモデルを GPU に置いたとたん、二つのデバイスのテンソルを組み合わせることになり失敗します。テンソルを"
        "作る関数に `device` を渡してください。",
        lesson="look-ahead",
    ),
    Misconception(
        id="look-ahead-without-leading-ones",
        task="look_ahead_mask",
        edits=((LOOK_AHEAD, "return torch.ones(length, length, dtype=torch.bool, device=device).tril()"),),
        en="The mask has two dimensions, `(L, L)`. The contract is `(1, 1, L, L)`: the two ones stand for batch and "
        "heads. It would broadcast without them, but who looks at its shape, or indexes it as the other masks, "
        "finds something else.",
        ja="マスクが 2 次元の `(L, L)` です。契約は `(1, 1, L, L)` で、二つの 1 はバッチとヘッドの次元です。なくてもブ"
        "ロードキャストはできますが、ほかのマスクと同じように形状を見たり添字を付けたりすると食い違います。",
        lesson="look-ahead",
    ),
)

"""Phase 5: mistakes in the padding mask, the look-ahead mask and both at once."""

from __future__ import annotations

from . import Misconception

_PADDING = "(tokens != pad_id)[:, None, None, :]"
_LOOK_AHEAD = "return torch.ones(1, 1, length, length, dtype=torch.bool, device=device).tril()"
_DECODER = "return padding_mask(tokens, pad_id) & look_ahead_mask(tokens.size(1), tokens.device)"
_ALL_MASKS = ("decoder_mask", "make_batch")

CATALOGUE = (
    # -- padding_mask --
    Misconception(
        id="padding-mask-inverted",
        task="padding_mask",
        edits=((_PADDING, "(tokens == pad_id)[:, None, None, :]"),),
        also=_ALL_MASKS,
        lesson="padding",
        en="The mask is True at padding and False at real tokens. In this course True means `may attend`, as in "
        "`F.scaled_dot_product_attention`; `nn.MultiheadAttention` means the opposite, which is where the two are "
        "often confused. Attention would read the padding and nothing else.",
        ja="マスクがパディングで True、本物のトークンで False になっています。この教材では "
        "`F.scaled_dot_product_attention` と同じく True が「注意を向けてよい」です (`nn.MultiheadAttention` は逆の"
        "意味なので混同しがちです)。このままでは、注意がパディングだけを読むことになります。",
    ),
    Misconception(
        id="padding-mask-assumes-id-0",
        task="padding_mask",
        edits=((_PADDING, "(tokens != 0)[:, None, None, :]"),),
        also=_ALL_MASKS,
        lesson="padding",
        en="The tokens are compared with 0 (or taken as true and false), whatever `pad_id` is. That works until a "
        "vocabulary gives padding another id: then padding is attended to, and the real token with id 0 disappears "
        "from every sentence without a word.",
        ja="`pad_id` が何であっても、トークンを 0 と比べて (あるいは真偽値として扱って) います。パディングの id が "
        "0 の間は動きますが、別の id になったとたん、パディングに注意が向き、id 0 の本物のトークンはすべての文から"
        "黙って消えます。",
    ),
    Misconception(
        id="padding-mask-from-lengths",
        task="padding_mask",
        edits=(
            (
                "return " + _PADDING,
                "lengths = (tokens != pad_id).sum(dim=1)\n"
                "    return (torch.arange(tokens.size(1), device=tokens.device) < lengths[:, None])[:, None, None, :]",
            ),
        ),
        also=("decoder_mask",),
        lesson="padding",
        en="The mask is made from the number of real tokens: the first so many positions are True. That is right "
        "only while all padding stands at the end. A mask says of each token by itself whether it is padding, so "
        "that padding in front or in the middle is hidden as well.",
        ja="本物のトークンの数からマスクを作り、先頭からその数だけ True にしています。これが正しいのは、パディング"
        "がすべて末尾にあるときだけです。マスクはトークンごとにパディングかどうかを表すもので、前や途中にあるパディ"
        "ングも隠せなければなりません。",
    ),
    Misconception(
        id="padding-mask-hides-queries",
        task="padding_mask",
        edits=((_PADDING, "(tokens != pad_id)[:, None, :, None]"),),
        also=_ALL_MASKS,
        lesson="padding",
        en="The tokens stand in the query dimension, `(B, 1, L, 1)`, so the mask removes rows of the score matrix. "
        "Padding must be hidden as a key: the last dimension of the scores is the one that softmax runs over, and "
        "`(B, 1, 1, L)` broadcasts over heads and queries. As it is, every real token still reads the padding.",
        ja="トークンの並びがクエリの次元に入り、形が `(B, 1, L, 1)` になっています。これではスコア行列の行が消える"
        "だけです。パディングはキーとして隠すものです。ソフトマックスはスコアの最後の次元に対して計算され、"
        "`(B, 1, 1, L)` ならヘッドとクエリにブロードキャストされます。このままでは、本物のトークンがパディングを読"
        "んでしまいます。",
    ),
    Misconception(
        id="padding-mask-lacks-a-dimension",
        task="padding_mask",
        edits=((_PADDING, "(tokens != pad_id)[:, None, :]"),),
        also=_ALL_MASKS,
        lesson="padding",
        en="The mask has three dimensions, `(B, 1, L)`. Scores have four, `(B, h, L_q, L_k)`, and broadcasting lines "
        "shapes up from the right: `B` would fall onto the heads, so sentence 2 of the batch masks head 2. One more "
        "dimension of size 1 leaves room for heads and queries: `(B, 1, 1, L)`.",
        ja="マスクが `(B, 1, L)` の 3 次元です。スコアは `(B, h, L_q, L_k)` の 4 次元で、ブロードキャストは右から形"
        "をそろえるため、`B` がヘッドの次元に当たり、バッチの 2 番目の文が 2 番目のヘッドのマスクになります。大きさ "
        "1 の次元をもう一つ入れて、`(B, 1, 1, L)` にしてください。",
    ),
    Misconception(
        id="padding-mask-of-numbers",
        task="padding_mask",
        edits=((_PADDING, "(tokens != pad_id)[:, None, None, :].long()"),),
        also=_ALL_MASKS,
        lesson="padding",
        en="The mask holds the numbers 0 and 1 instead of booleans. `~mask` of integers flips bits (`~1` is -2, "
        "which counts as true), and `masked_fill` refuses them: a mask is of `torch.bool`, as a comparison gives it.",
        ja="マスクが真偽値ではなく 0 と 1 の整数です。整数に `~` を使うとビット反転になり (`~1` は -2 で、真とみな"
        "されます)、`masked_fill` は整数のマスクを受け付けません。比較の結果そのまま、`torch.bool` で返してください。",
    ),
    # -- look_ahead_mask --
    Misconception(
        id="look-ahead-shows-the-next-token",
        task="look_ahead_mask",
        edits=((_LOOK_AHEAD, _LOOK_AHEAD.replace("tril()", "tril(1)")),),
        also=_ALL_MASKS,
        lesson="look-ahead",
        en="Position `q` may attend to `q + 1` too: the triangle is one diagonal too large. The decoder's input is "
        "the answer shifted by one, so position `q + 1` is the very token that it is asked for (3.2.3). The loss "
        "falls quickly to its floor, and decoding, where there is no next token to copy, says nonsense.",
        ja="位置 `q` が `q + 1` にも注意を向けられてしまいます。三角形が対角線 1 本ぶん大きすぎます。デコーダの入力"
        "は正解を一つずらしたものなので、位置 `q + 1` はまさに予測すべきトークンです (3.2.3 節)。損失はすぐ下限まで"
        "落ちますが、写す相手のいない復号ではでたらめを出力します。",
    ),
    Misconception(
        id="look-ahead-hides-the-position-itself",
        task="look_ahead_mask",
        edits=((_LOOK_AHEAD, _LOOK_AHEAD.replace("tril()", "tril(-1)")),),
        also=_ALL_MASKS,
        lesson="look-ahead",
        en="The diagonal is False, so a position does not see its own token, and the first position sees nothing at "
        "all. The token at `q` of the decoder's input is the last one already said (or BOS), not the one to be "
        "predicted: the paper masks what comes after `q`, and `k <= q` includes `q`.",
        ja="対角成分が False なので、各位置が自分のトークンを見られず、最初の位置は何も見られません。デコーダの入力"
        "の位置 `q` にあるのは、すでに出力した最後のトークン (または BOS) であり、これから予測するトークンではあり"
        "ません。隠すのは `q` より後だけで、`k <= q` は `q` 自身を含みます。",
    ),
    Misconception(
        id="look-ahead-marks-what-is-hidden",
        task="look_ahead_mask",
        edits=((_LOOK_AHEAD, _LOOK_AHEAD.replace("tril()", "triu(1)")),),
        also=_ALL_MASKS,
        lesson="look-ahead",
        en="The mask is True exactly at the future, the places to be hidden. Here True means `may attend`, so the "
        "decoder would see nothing but the future, and the last position nothing at all. It is the complement of "
        "what is wanted: `~mask`, or `tril()` instead of `triu(1)`.",
        ja="隠すべき未来の位置がちょうど True になっています。この教材では True が「注意を向けてよい」なので、デコー"
        "ダは未来だけを見て、最後の位置は何も見られません。求めるマスクの否定になっています。`~mask` とするか、"
        "`triu(1)` の代わりに `tril()` を使ってください。",
    ),
    Misconception(
        id="look-ahead-is-transposed",
        task="look_ahead_mask",
        edits=((_LOOK_AHEAD, _LOOK_AHEAD.replace("tril()", "triu()")),),
        also=_ALL_MASKS,
        lesson="look-ahead",
        en="The upper triangle is True: rows and columns are exchanged, and every position sees itself and its "
        "future instead of its past. The row is the query, the column the key, as in the scores `(L_q, L_k)`; True "
        "belongs where `k <= q`, on and below the diagonal.",
        ja="上三角が True になっています。行と列が入れ替わり、各位置が過去ではなく自分と未来を見ています。スコア "
        "`(L_q, L_k)` と同じく、行がクエリ、列がキーです。True にするのは `k <= q`、つまり対角線とその下です。",
    ),
    Misconception(
        id="look-ahead-result-thrown-away",
        task="look_ahead_mask",
        edits=(
            (
                _LOOK_AHEAD,
                "mask = torch.ones(1, 1, length, length, dtype=torch.bool, device=device)\n"
                "    mask.tril()\n    return mask",
            ),
        ),
        also=_ALL_MASKS,
        lesson="look-ahead",
        en="The mask is True everywhere. `mask.tril()` returns a new tensor and leaves `mask` as it is, so a result "
        "that is not assigned is lost (`tril_` would work in place). Nothing hides the future: in training the "
        "decoder copies the answer, and learns nothing that helps it to decode.",
        ja="マスクがすべて True です。`mask.tril()` は新しいテンソルを返し、`mask` 自体は変えないので、代入しない結"
        "果は捨てられます (その場で変えるのは `tril_` です)。未来が隠れないため、デコーダは学習中に正解を写すだけで、"
        "復号に役立つことを何も学びません。",
    ),
    Misconception(
        id="look-ahead-additive",
        task="look_ahead_mask",
        edits=((_LOOK_AHEAD, 'return torch.full((1, 1, length, length), float("-inf"), device=device).triu(1)'),),
        also=_ALL_MASKS,
        lesson="look-ahead",
        en="The mask holds 0 and -inf, to be added to the scores. That is another convention; here masks are "
        "boolean, True means `may attend`, and attention turns them into scores itself. Read as booleans, this one "
        "says the opposite: 0 is false and -inf is true.",
        ja="スコアに足すための 0 と -inf が入ったマスクになっています。それは別の流儀です。この教材のマスクは真偽値"
        "で True が「注意を向けてよい」を表し、スコアへの反映は注意の側で行います。真偽値として読むと 0 は偽、-inf "
        "は真なので、意味が逆になります。",
    ),
    Misconception(
        id="look-ahead-ignores-the-device",
        task="look_ahead_mask",
        edits=((_LOOK_AHEAD, _LOOK_AHEAD.replace("device=device", "device=None")),),
        also=("decoder_mask",),
        lesson="look-ahead",
        en="`device` is not passed on, so the mask is always made on the default device. On a CPU nobody notices; as "
        "soon as tokens and model are on a GPU, combining the masks fails because they are on two devices. Hand "
        "`device` to the function that creates the tensor.",
        ja="`device` を渡していないので、マスクがいつも既定のデバイスに作られます。CPU だけなら気づきませんが、トー"
        "クンとモデルを GPU に置いたとたん、二つのデバイスのテンソルを組み合わせることになり失敗します。テンソルを"
        "作る関数に `device` を渡してください。",
    ),
    # -- decoder_mask --
    Misconception(
        id="decoder-mask-joined-by-or",
        task="decoder_mask",
        edits=((_DECODER, _DECODER.replace(" & ", " | ")),),
        also=("make_batch",),
        lesson="look-ahead",
        en="A key may be seen if it is real OR not in the future. Both conditions have to hold, so it takes `&`: "
        "with `|`, every real token of the future is visible, and training leaks the answer just as it would without "
        "a look-ahead mask.",
        ja="「本物のトークンである」または「未来でない」キーを見てよいことになっています。両方の条件が必要なので "
        "`&` を使います。`|` では未来の本物のトークンがすべて見えてしまい、先読みマスクがないのと同じく、学習中に正"
        "解が漏れます。",
    ),
    Misconception(
        id="decoder-mask-without-padding",
        task="decoder_mask",
        edits=((_DECODER, "return look_ahead_mask(tokens.size(1), tokens.device).repeat(tokens.size(0), 1, 1, 1)"),),
        also=("make_batch",),
        lesson="padding",
        en="The mask hides the future and forgets the padding. As long as all padding is on the right, real "
        "positions never look at it, so the results often stay the same; but the mask is no longer what it says, and "
        "any padding in front of a token is read as if it were a word. Combine it with `padding_mask(tokens, "
        "pad_id)`.",
        ja="未来は隠していますが、パディングを隠していません。パディングがすべて右側にあれば本物のトークンはそれを"
        "見ないので、結果が同じになることもあります。しかし、トークンより前にあるパディングは単語と同じように読まれ"
        "てしまいます。`padding_mask(tokens, pad_id)` と組み合わせてください。",
    ),
    Misconception(
        id="decoder-mask-without-look-ahead",
        task="decoder_mask",
        edits=((_DECODER, "return padding_mask(tokens, pad_id)"),),
        also=("make_batch",),
        lesson="look-ahead",
        en="The mask hides the padding and shows the future. The decoder reads the whole target sentence at once in "
        "training, so without the look-ahead mask it finds the next token in its own input and only has to copy it "
        "(3.2.3). The loss looks splendid, and decoding fails.",
        ja="パディングは隠していますが、未来が見えています。学習時のデコーダは訳文全体を一度に読むので、先読みマス"
        "クがなければ、次のトークンを自分の入力から見つけて写すだけになります (3.2.3 節)。損失は見事に下がりますが、"
        "復号はうまくいきません。",
    ),
    Misconception(
        id="decoder-mask-hides-padded-queries",
        task="decoder_mask",
        edits=((_DECODER, _DECODER + " & padding_mask(tokens, pad_id).transpose(-2, -1)"),),
        also=("make_batch",),
        lesson="padding",
        en="Rows whose query is padding are False as well. The mask says which keys may be seen, and a padded query "
        "keeps its real keys: what it computes is dropped by the loss anyway. A row of False alone, on the other "
        "hand, leaves softmax nothing to share out, and gives NaN where attention does not guard against it.",
        ja="クエリがパディングの行まで False にしています。マスクが表すのは「どのキーを見てよいか」で、パディングの"
        "クエリも本物のトークンのキーは見てかまいません (その結果は損失で捨てられます)。逆に、すべて False の行では"
        "ソフトマックスの配分先がなくなり、対策のない注意では NaN になります。",
    ),
)

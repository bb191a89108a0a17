"""Mistakes in ``decoder_mask`` (phase 5)."""

from __future__ import annotations

from . import Misconception

DECODER = "return padding_mask(tokens, pad_id) & look_ahead_mask(tokens.size(1), tokens.device)"

CATALOGUE = (
    Misconception(
        id="decoder-mask-joined-by-or",
        task="decoder_mask",
        edits=((DECODER, "return padding_mask(tokens, pad_id) | look_ahead_mask(tokens.size(1), tokens.device)"),),
        en="A key may be seen if it is real OR not in the future. Both conditions have to hold, so it takes `&`: "
        "with `|`, every real token of the future is visible, and training leaks the answer just as it would without "
        "a look-ahead mask.",
        ja="「本物のトークンである」または「未来でない」キーを見てよいことになっています。両方の条件が必要なので "
        "`&` を使います。`|` では未来の本物のトークンがすべて見えてしまい、先読みマスクがないのと同じく、学習中に正"
        "解が漏れます。",
        lesson="look-ahead",
    ),
    Misconception(
        id="decoder-mask-without-padding",
        task="decoder_mask",
        edits=((DECODER, "return look_ahead_mask(tokens.size(1), tokens.device).repeat(tokens.size(0), 1, 1, 1)"),),
        en="The mask hides the future and forgets the padding. As long as all padding is on the right, real "
        "positions never look at it, so the results often stay the same; but the mask is no longer what it says, and "
        "any padding in front of a token is read as if it were a word. Combine it with `padding_mask(tokens, "
        "pad_id)`.",
        ja="未来は隠していますが、パディングを隠していません。パディングがすべて右側にあれば本物のトークンはそれを"
        "見ないので、結果が同じになることもあります。しかし、トークンより前にあるパディングは単語と同じように読まれ"
        "てしまいます。`padding_mask(tokens, pad_id)` と組み合わせてください。",
        lesson="padding",
    ),
    Misconception(
        id="decoder-mask-without-look-ahead",
        task="decoder_mask",
        edits=((DECODER, "return padding_mask(tokens, pad_id)"),),
        en="The mask hides the padding and shows the future. The decoder reads the whole target sentence at once in "
        "training, so without the look-ahead mask it finds the next token in its own input and only has to copy it "
        "(3.2.3). The loss looks splendid, and decoding fails.",
        ja="パディングは隠していますが、未来が見えています。学習時のデコーダは訳文全体を一度に読むので、先読みマス"
        "クがなければ、次のトークンを自分の入力から見つけて写すだけになります (3.2.3 節)。損失は見事に下がりますが、"
        "復号はうまくいきません。",
        lesson="look-ahead",
    ),
    Misconception(
        id="decoder-mask-hides-padded-queries",
        task="decoder_mask",
        edits=(
            (
                DECODER,
                """
                real = padding_mask(tokens, pad_id)
                return real & look_ahead_mask(tokens.size(1), tokens.device) & real.transpose(-2, -1)
                """,
            ),
        ),
        en="Rows whose query is padding are False as well. The mask says which keys may be seen, and a padded query "
        "keeps its real keys: what it computes is dropped by the loss anyway. A row of False alone, on the other "
        "hand, leaves softmax nothing to share out, and gives NaN where attention does not guard against it.",
        ja="クエリがパディングの行まで False にしています。マスクが表すのは「どのキーを見てよいか」で、パディングの"
        "クエリも本物のトークンのキーは見て構いません (その結果は損失で捨てられます)。逆に、すべて False の行では"
        "ソフトマックスの配分先がなくなり、対策のない注意では NaN になります。",
        lesson="padding",
    ),
    Misconception(
        id="decoder-mask-pads-queries-only",
        task="decoder_mask",
        edits=(
            (
                DECODER,
                """
                real = padding_mask(tokens, pad_id).transpose(-2, -1)
                return real & look_ahead_mask(tokens.size(1), tokens.device)
                """,
            ),
        ),
        en="The padding stands on the axis of the queries, `(B, 1, L, 1)`: rows of padded queries are False, and "
        "padded keys are seen. It is the keys that must be hidden, on the last axis: `(B, 1, 1, L)`, as "
        "`padding_mask` gives it.",
        ja="パディングがクエリの次元 `(B, 1, L, 1)` にあります。パディングのクエリの行が False になり、パディングのキー"
        "は見えたままです。隠すのはキーなので、最後の次元、つまり `padding_mask` が返す `(B, 1, 1, L)` のまま使います"
        "。",
        lesson="padding",
    ),
    Misconception(
        id="decoder-mask-joined-by-and",
        task="decoder_mask",
        edits=((DECODER, "return padding_mask(tokens, pad_id) and look_ahead_mask(tokens.size(1), tokens.device)"),),
        en="`and` asks a whole mask whether it is true, which torch refuses for more than one value. Entry by entry "
        "the operator is `&`.",
        ja="`and` はマスク全体の真偽を問うので、成分が二つ以上あると torch がエラーにします。成分ごとの演算子は `&` で"
        "す。",
        lesson="look-ahead",
    ),
    Misconception(
        id="decoder-mask-inverted",
        task="decoder_mask",
        edits=((DECODER, "return ~(padding_mask(tokens, pad_id) & look_ahead_mask(tokens.size(1), tokens.device))"),),
        en="The mask is True where attention is forbidden. In this course True means `may attend`; with this mask "
        "the decoder reads the future and the padding and nothing else. Join the two masks by `&` and leave them as "
        "they are.",
        ja="マスクが「見てはいけない」ところで True になっています。この教材では True が「見てよい」です。このままで"
        "は、デコーダが未来とパディングだけを読むことになります。二つのマスクを `&` で合わせ、そのまま返してください"
        "。",
        lesson="look-ahead",
        met=("https://github.com/hkproj/pytorch-transformer/issues/19",),
    ),
)

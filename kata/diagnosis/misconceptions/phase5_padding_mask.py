"""Mistakes in ``padding_mask`` (phase 5)."""

from __future__ import annotations

from . import Misconception

PADDING = "(tokens != pad_id)[:, None, None, :]"

CATALOGUE = (
    Misconception(
        id="padding-mask-inverted",
        task="padding_mask",
        edits=((PADDING, "(tokens == pad_id)[:, None, None, :]"),),
        en="The mask is True at padding and False at real tokens. In this course True means `may attend`, as in "
        "`F.scaled_dot_product_attention`; `nn.MultiheadAttention` means the opposite, which is where the two are "
        "often confused. Attention would read the padding and nothing else.",
        ja="マスクがパディングで True、本物のトークンで False になっています。この教材では "
        "`F.scaled_dot_product_attention` と同じく True が「注意を向けてよい」です (`nn.MultiheadAttention` は逆の"
        "意味なので混同しがちです)。このままでは、注意がパディングだけを読むことになります。",
        lesson="padding",
    ),
    Misconception(
        id="padding-mask-assumes-id-0",
        task="padding_mask",
        edits=((PADDING, "(tokens != 0)[:, None, None, :]"),),
        en="The tokens are compared with 0 (or taken as true and false), whatever `pad_id` is. That works until a "
        "vocabulary gives padding another id: then padding is attended to, and the real token with id 0 disappears "
        "from every sentence without a word.",
        ja="`pad_id` が何であっても、トークンを 0 と比べて (あるいは真偽値として扱って) います。パディングの id が "
        "0 の間は動きますが、別の id になったとたん、パディングに注意が向き、id 0 の本物のトークンはすべての文から"
        "黙って消えます。",
        lesson="padding",
    ),
    Misconception(
        id="padding-mask-from-lengths",
        task="padding_mask",
        edits=(
            (
                "return (tokens != pad_id)[:, None, None, :]",
                """
                lengths = (tokens != pad_id).sum(dim=1)
                return (torch.arange(tokens.size(1), device=tokens.device) < lengths[:, None])[:, None, None, :]
                """,
            ),
        ),
        en="The mask is made from the number of real tokens: the first so many positions are True. That is right "
        "only while all padding stands at the end. A mask says of each token by itself whether it is padding, so "
        "that padding in front or in the middle is hidden as well.",
        ja="本物のトークンの数からマスクを作り、先頭からその数だけ True にしています。これが正しいのは、パディング"
        "がすべて末尾にあるときだけです。マスクはトークンごとにパディングかどうかを表すもので、前や途中にあるパディ"
        "ングも隠せなければなりません。",
        lesson="padding",
    ),
    Misconception(
        id="padding-mask-hides-queries",
        task="padding_mask",
        edits=((PADDING, "(tokens != pad_id)[:, None, :, None]"),),
        en="The tokens stand in the query dimension, `(B, 1, L, 1)`, so the mask removes rows of the score matrix. "
        "Padding must be hidden as a key: the last dimension of the scores is the one that softmax runs over, and "
        "`(B, 1, 1, L)` broadcasts over heads and queries. As it is, every real token still reads the padding.",
        ja="トークンの並びがクエリの次元に入り、形が `(B, 1, L, 1)` になっています。これではスコア行列の行が消える"
        "だけです。パディングはキーとして隠すものです。ソフトマックスはスコアの最後の次元に対して計算され、"
        "`(B, 1, 1, L)` ならヘッドとクエリにブロードキャストされます。このままでは、本物のトークンがパディングを読"
        "んでしまいます。",
        lesson="padding",
    ),
    Misconception(
        id="padding-mask-lacks-a-dimension",
        task="padding_mask",
        edits=((PADDING, "(tokens != pad_id)[:, None, :]"),),
        en="The mask has three dimensions, `(B, 1, L)`. Scores have four, `(B, h, L_q, L_k)`, and broadcasting lines "
        "shapes up from the right: `B` would fall onto the heads, so sentence 2 of the batch masks head 2. One more "
        "dimension of size 1 leaves room for heads and queries: `(B, 1, 1, L)`.",
        ja="マスクが `(B, 1, L)` の 3 次元です。スコアは `(B, h, L_q, L_k)` の 4 次元で、ブロードキャストは右から形"
        "をそろえるため、`B` がヘッドの次元に当たり、バッチの 2 番目の文が 2 番目のヘッドのマスクになります。大きさ "
        "1 の次元をもう一つ入れて、`(B, 1, 1, L)` にしてください。",
        lesson="padding",
    ),
)

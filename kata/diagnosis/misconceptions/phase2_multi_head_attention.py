"""Mistakes in ``MultiHeadAttention`` (phase 2)."""

from __future__ import annotations

from . import Misconception

KEY = "k = split_heads(self.w_k(key), self.num_heads)"
VALUE = "v = split_heads(self.w_v(value), self.num_heads)"
ATTEND = "heads, weights = scaled_dot_product_attention(q, k, v, mask)"
RETURN = "return self.w_o(merge_heads(heads)), weights"

CATALOGUE = (
    Misconception(
        id="heads-key-projection-for-values",
        task="MultiHeadAttention",
        edits=((VALUE, "v = split_heads(self.w_k(value), self.num_heads)"),),
        en=(
            "The values go through `w_k`: the projection of the keys is used twice, and `w_v` never gets a gradient. "
            "Each of the three has a projection of its own (3.2.2), because where to look and what to take from "
            "there are different questions."
        ),
        ja=(
            "バリューに `w_k` を掛けています。キーの射影を二度使っているため、`w_v` には勾配が届きません。「どこを"
            "見るか」と「そこから何を受け取るか」は別の問いなので、三つにはそれぞれ専用の射影があります (3.2.2 節)。"
        ),
        lesson="heads",
    ),
    Misconception(
        id="heads-everything-from-the-query",
        task="MultiHeadAttention",
        edits=(
            (KEY, "k = split_heads(self.w_k(query), self.num_heads)"),
            (VALUE, "v = split_heads(self.w_v(query), self.num_heads)"),
        ),
        en=(
            "Keys and values are projected from the query, so this is self-attention whatever is passed. In the "
            "decoder's cross-attention keys and values come from the encoder (3.2.3): with this code the decoder "
            "never sees the source sentence."
        ),
        ja=(
            "キーとバリューもクエリから射影しているため、何を渡しても自己注意になります。デコーダの交差注意では、"
            "キーとバリューはエンコーダから来ます (3.2.3 節)。このコードのデコーダは、原文を一度も見ません。"
        ),
        lesson="heads",
    ),
    Misconception(
        id="heads-values-from-the-key",
        task="MultiHeadAttention",
        edits=((VALUE, "v = split_heads(self.w_v(key), self.num_heads)"),),
        en=(
            "The values are projected from `key` instead of `value`. Inside the Transformer the two are always the "
            "same tensor, so nothing shows there, but the module takes three arguments and must use all three."
        ),
        ja=(
            "バリューを `value` ではなく `key` から射影しています。Transformer の中では両者がいつも同じテンソルなの"
            "で表に出ませんが、このモジュールは三つの引数を取る以上、三つとも使わなければなりません。"
        ),
        lesson="heads",
    ),
    Misconception(
        id="heads-scaled-by-d-model",
        task="MultiHeadAttention",
        edits=(
            (
                "q = split_heads(self.w_q(query), self.num_heads)",
                "q = split_heads(self.w_q(query) / math.sqrt(self.num_heads), self.num_heads)",
            ),
        ),
        en=(
            "The scores of each head are divided by `sqrt(d_model)` in all. A head'"
            "s vectors have `d_k = d_model / h` "
            "components, so `sqrt(d_k)` is the right scale (3.2.1); by `sqrt(d_model)` attention is too soft by a "
            "factor of `sqrt(h)`."
        ),
        ja=(
            "各ヘッドのスコアが、全体として `sqrt(d_model)` で割られています。ヘッドのベクトルの成分は "
            "`d_k = d_model / h` 個なので、正しいスケールは `sqrt(d_k)` です (3.2.1 節)。`sqrt(d_model)` では `sqrt(h)`"
            " 倍だけスコアが小さくなり、注意がぼやけます。"
        ),
        lesson="scaling",
        met=(
            "https://github.com/lucidrains/vit-pytorch/issues/65",
            "https://github.com/karpathy/ng-video-lecture/pull/6",
        ),
    ),
    Misconception(
        id="heads-without-output-projection",
        task="MultiHeadAttention",
        edits=((RETURN, "return merge_heads(heads), weights"),),
        en=(
            "The merged heads are returned without the last projection `w_o`. The paper (3.2.2) multiplies the "
            "concatenation by `W_O`: without it the heads stay in their own blocks of features and are never mixed "
            "within the layer, and `w_o` is not trained."
        ),
        ja=(
            "連結したヘッドに、最後の射影 `w_o` を掛けずに返しています。論文 (3.2.2 節) では連結したものに W_O を掛け"
            "ます。これがないと、ヘッドはそれぞれの特徴のまとまりに閉じこもったままで、`w_o` も学習されません。"
        ),
        lesson="heads",
    ),
    Misconception(
        id="heads-without-mask",
        task="MultiHeadAttention",
        edits=((ATTEND, "heads, weights = scaled_dot_product_attention(q, k, v)"),),
        en=(
            "The mask is not passed on to the attention, so every query sees every key: padding, and in the decoder "
            "the future. Training looks wonderful then, because the answer can be read, and decoding fails."
        ),
        ja=(
            "マスクを注意の計算に渡していないため、どのクエリからもすべてのキー (パディング、デコーダでは未来まで) "
            "が見えます。学習中は答えが読めるので見事に進みますが、復号は失敗します。"
        ),
        lesson="masks",
    ),
    Misconception(
        id="heads-mean-weights",
        task="MultiHeadAttention",
        edits=((RETURN, "return self.w_o(merge_heads(heads)), weights.mean(dim=1, keepdim=True).expand_as(weights)"),),
        en=(
            "The weights that are returned are the mean over the heads, repeated. The contract asks for the weights "
            "of every head, `(B, h, L_q, L_k)`: what one head looks at cannot be seen in an average."
        ),
        ja=(
            "返している重みが、ヘッドの平均を並べたものになっています。取り決めではヘッドごとの重み "
            "`(B, h, L_q, L_k)` です。平均からは、それぞれのヘッドが何を見ているかが分かりません。"
        ),
        lesson="heads",
    ),
    Misconception(
        id="heads-only-the-first-masked",
        task="MultiHeadAttention",
        edits=(
            (
                ATTEND,
                """
                if mask is not None:
                    mask = mask.expand(q.size(0), self.num_heads, q.size(2), k.size(2)).clone()
                    mask[:, 1:] = True
                heads, weights = scaled_dot_product_attention(q, k, v, mask)
                """,
            ),
        ),
        en=(
            "Only head 0 obeys the mask; the others see everything. A mask of shape"
            " `(B, 1, L_q, L_k)` broadcasts over "
            "all heads by itself: pass it on as it is. One head that sees the future is enough to spoil a decoder."
        ),
        ja=(
            "マスクに従っているのはヘッド 0 だけで、ほかのヘッドにはすべてが見えています。形 `(B, 1, L_q, L_k)` の"
            "マスクは、そのまま渡せば全ヘッドにブロードキャストされます。未来の見えるヘッドが一つあるだけで、デコー"
            "ダは台無しです。"
        ),
        lesson="masks",
    ),
    Misconception(
        id="heads-without-bias",
        task="MultiHeadAttention",
        edits=(
            ("self.w_q = nn.Linear(d_model, d_model)", "self.w_q = nn.Linear(d_model, d_model, bias=False)"),
            ("self.w_k = nn.Linear(d_model, d_model)", "self.w_k = nn.Linear(d_model, d_model, bias=False)"),
            ("self.w_v = nn.Linear(d_model, d_model)", "self.w_v = nn.Linear(d_model, d_model, bias=False)"),
            ("self.w_o = nn.Linear(d_model, d_model)", "self.w_o = nn.Linear(d_model, d_model, bias=False)"),
        ),
        en=(
            "The four projections have no bias. The paper writes plain matrices, but the contract of this course is "
            "`nn.Linear(d_model, d_model)` with bias, as most implementations have it, so that weights can be "
            "exchanged with them."
        ),
        ja=(
            "四つの射影にバイアスがありません。論文の式は行列だけですが、この教材の取り決めは、多くの実装と同じくバ"
            "イアス付きの `nn.Linear(d_model, d_model)` です。ほかの実装と重みをやり取りできるようにするためです。"
        ),
        lesson="heads",
    ),
    Misconception(
        id="heads-rounded-down",
        task="MultiHeadAttention",
        edits=(
            (
                """
                if d_model % num_heads != 0:
                    ...
                """,
                "",
            ),
        ),
        en=(
            "A number of heads that does not divide `d_model` is accepted. The features cannot be cut into equal "
            "heads then, and the error comes later, from a reshape, where nobody understands it. Refuse it in the "
            "constructor with a `ValueError`."
        ),
        ja=(
            "`d_model` を割り切れないヘッド数を受け入れています。そのままでは特徴を等分できず、後になって `reshape` "
            "から分かりにくいエラーが出ます。コンストラクタで `ValueError` にして断ってください。"
        ),
        lesson="heads",
    ),
    Misconception(
        id="heads-one-projection-for-query-and-key",
        task="MultiHeadAttention",
        edits=((KEY, "k = split_heads(self.w_q(key), self.num_heads)"),),
        en=(
            "The keys go through `w_q`, the projection of the queries, and `w_k` is"
            " never trained. With one matrix for "
            "both, a self-attention's scores are symmetric: if a position attends to another, that one has to look "
            "back. Asking and being found need projections of their own (3.2.2)."
        ),
        ja=(
            "キーにクエリの射影 `w_q` を掛けていて、`w_k` が学習されません。同じ行列を使うと自己注意のスコアが対称"
            "になり、ある位置が別の位置を見れば、相手もこちらを見ざるを得ません。「尋ねる」側と「見つけられる」側に"
            "は、それぞれの射影が必要です (3.2.2 節)。"
        ),
        lesson="heads",
    ),
    Misconception(
        id="heads-assertion-for-value-error",
        task="MultiHeadAttention",
        edits=(("if d_model % num_heads != 0:\n    ...", "assert d_model % num_heads == 0"),),
        en=(
            "Widths that do not divide end in an `AssertionError`. Assertions are for the author's own errors, and "
            "`python -O` leaves them out; the contract asks for a `ValueError` whose message names both numbers, so "
            "that whoever chose them learns what does not fit."
        ),
        ja=(
            "割り切れない幅が `AssertionError` になっています。assert は書いた人自身の誤りを見つけるためのもので、"
            "`python -O` では実行されません。契約で求めているのは、二つの数をメッセージに含む `ValueError` です。"
            "そうすれば、数を選んだ人に何が合わないのかが伝わります。"
        ),
        lesson="heads",
    ),
)

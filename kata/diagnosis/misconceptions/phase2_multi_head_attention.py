"""Mistakes in ``MultiHeadAttention`` (phase 2)."""

from __future__ import annotations

from . import Misconception, family

QUERY = "q = split_heads(self.w_q(query), self.num_heads)"
KEY = "k = split_heads(self.w_k(key), self.num_heads)"
VALUE = "v = split_heads(self.w_v(value), self.num_heads)"
ATTEND = "heads, weights = scaled_dot_product_attention(q, k, v, mask)"
RETURN = "return self.w_o(merge_heads(heads)), weights"

D_K = "self.w_q.out_features // self.num_heads"
RESHAPED_QUERY = f"q = self.w_q(query).reshape(query.size(0), self.num_heads, -1, {D_K})"
RESHAPED_KEY = f"k = self.w_k(key).reshape(key.size(0), self.num_heads, -1, {D_K})"
RESHAPED_VALUE = f"v = self.w_v(value).reshape(value.size(0), self.num_heads, -1, {D_K})"
RESHAPED_RETURN = "return self.w_o(heads.reshape(query.size(0), query.size(1), -1)), weights"

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
        en="The mask changes nothing: it is not passed on to the attention, or not used there. So every query sees "
        "every key, padding and, in the decoder, the future. Training looks wonderful then, because the answer can "
        "be read, and decoding fails.",
        ja="マスクが何の働きもしていません。注意の計算に渡していないか、そこで使っていません。どのクエリからもすべての"
        "キー (パディング、デコーダでは未来まで) が見えます。学習中は答えが読めるので見事に進みますが、復号は失敗し"
        "ます。",
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
    Misconception(
        id="heads-split-by-reshape-alone",
        task="MultiHeadAttention",
        edits=((QUERY, RESHAPED_QUERY), (KEY, RESHAPED_KEY), (VALUE, RESHAPED_VALUE)),
        en=(
            "Inside this class the projections are cut into heads by `view` or `reshape` alone, straight to `(B, h, L, "
            "d_k)`. That keeps the order of the numbers, so a `head` holds all features of a few positions. Use your "
            "`split_heads`: reshape to `(B, L, h, d_k)`, then exchange L and h."
        ),
        ja="このクラスの中で、射影を `view` か `reshape` だけで `(B, h, L, d_k)` に分けています。数の並びは変わらない"
        "ので、一つの「ヘッド」に少数の位置の全特徴が入ってしまいます。自分の `split_heads` を使ってください。"
        "`(B, L, h, d_k)` に変形し、それから L と h を入れ替えます。",
        lesson="split-merge",
        met=(
            "https://github.com/hyunwoongko/transformer/issues/15",
            "https://github.com/reczoo/FuxiCTR/issues/30",
            "https://github.com/649453932/Chinese-Text-Classification-Pytorch/issues/53",
        ),
    ),
    Misconception(
        id="heads-merged-by-reshape-alone",
        task="MultiHeadAttention",
        edits=((RETURN, RESHAPED_RETURN),),
        en="Inside this class the heads are put together by `view` or `reshape` alone. Memory holds head after head, "
        "so a row of the result then holds one head at several positions instead of all heads at one. Use your "
        "`merge_heads`: exchange h and L first, then reshape.",
        ja="このクラスの中で、ヘッドを `view` か `reshape` だけでまとめています。メモリにはヘッドごとに並んでいるので"
        "、結果の 1 行には、同じ位置の全ヘッドではなく、一つのヘッドの複数の位置が入ります。自分の `merge_heads` を"
        "使ってください。先に h と L を入れ替え、それから変形します。",
        lesson="split-merge",
        met=(
            "https://github.com/jsbaan/transformer-from-scratch/pull/6",
            "https://github.com/ajhalthor/Transformer-Neural-Network/issues/8",
        ),
    ),
    Misconception(
        id="heads-drop-weights",
        task="MultiHeadAttention",
        edits=(
            (
                ATTEND,
                """
                heads, weights = scaled_dot_product_attention(q, k, v, mask)
                heads = nn.functional.dropout(weights, 0.1, self.training) @ v
                """,
            ),
        ),
        en="In training mode the weights go through a dropout before they mix the values. Many implementations do "
        "this; the paper drops the output of each sublayer (5.4), which is the work of `AddAndNorm`. A model made "
        "with `dropout=0` would still be random here.",
        ja="学習時に、バリューを混ぜる前の重みに dropout をかけています。そうする実装は多いのですが、論文の dropout は"
        "各サブ層の出力にかけるもので (5.4 節)、それは `AddAndNorm` の仕事です。このままでは `dropout=0` で作っ"
        "たモデルまで確率的になります。",
        lesson="heads",
    ),
    Misconception(
        id="heads-drop-weights-and-return-them",
        task="MultiHeadAttention",
        edits=(
            (
                ATTEND,
                """
                heads, weights = scaled_dot_product_attention(q, k, v, mask)
                weights = nn.functional.dropout(weights, 0.1, self.training)
                heads = weights @ v
                """,
            ),
        ),
        en="In training mode the weights go through a dropout, and what is left of them mixes the values and is "
        "returned. Many implementations do this; the paper drops the output of each sublayer (5.4), which is the "
        "work of `AddAndNorm`. A model made with `dropout=0` would still be random here, and the weights of a query "
        "no longer add up to 1.",
        ja="学習時に重みに dropout をかけ、その結果でバリューを混ぜ、重みとしても返しています。そうする実装は多いの"
        "ですが、論文の dropout は各サブ層の出力にかけるもので (5.4 節)、それは `AddAndNorm` の仕事です。このままで"
        "は `dropout=0` で作ったモデルまで確率的になり、クエリごとの重みの和も 1 でなくなります。",
        lesson="heads",
        met=("https://github.com/harvardnlp/annotated-transformer/blob/master/the_annotated_transformer.py",),
    ),
    Misconception(
        id="heads-drop-the-heads",
        task="MultiHeadAttention",
        edits=((RETURN, "return self.w_o(nn.functional.dropout(merge_heads(heads), 0.1, self.training)), weights"),),
        en="In training mode the merged heads go through a dropout before the output projection. The paper drops the "
        "output of each sublayer (5.4), which is the work of `AddAndNorm`. A model made with `dropout=0` would still "
        "be random here.",
        ja="学習時に、つなげたヘッドに dropout をかけてから出力の射影に渡しています。論文の dropout は各サブ層の出力"
        "にかけるもので (5.4 節)、それは `AddAndNorm` の仕事です。このままでは `dropout=0` で作ったモデルまで確率的"
        "になります。",
        lesson="heads",
    ),
    Misconception(
        id="heads-drop-the-output",
        task="MultiHeadAttention",
        edits=(
            (
                RETURN,
                "return nn.functional.dropout(self.w_o(merge_heads(heads)), 0.1, self.training), weights",
            ),
        ),
        en=(
            "In training mode the output goes through a dropout inside this class. The paper drops the output of each "
            "sublayer once (5.4), and `AddAndNorm` does that; here it would happen twice, and in a model made with "
            "`dropout=0` as well."
        ),
        ja="学習時に、このクラスの中で出力に dropout をかけています。論文ではサブ層の出力に一度だけかけ (5.4 節)、"
        "それは `AddAndNorm` が行います。ここでもかけると二重になり、`dropout=0` のモデルでもかかってしまいます。",
        lesson="heads",
    ),
    Misconception(
        id="heads-add-the-query",
        task="MultiHeadAttention",
        edits=((RETURN, "return self.w_o(merge_heads(heads)) + query, weights"),),
        en="The query is added to the output: a residual connection inside the attention. The paper makes it around "
        "the sublayer (3.1), which is the work of `AddAndNorm`; together they would add it twice.",
        ja="出力にクエリを足しています。注意機構の中に残差接続がある形です。論文では残差接続をサブ層の外側で作り "
        "(3.1 節)、それは `AddAndNorm` の仕事です。両方で足すと二重になります。",
        lesson="heads",
        met=("https://github.com/jadore801120/attention-is-all-you-need-pytorch/blob/master/transformer/SubLayers.py",),
    ),
    Misconception(
        id="heads-of-width-num-heads",
        task="MultiHeadAttention",
        edits=(("self.num_heads = num_heads", "self.num_heads = d_model // num_heads"),),
        en="The features are cut into `d_k` heads of width `h` instead of `h` heads of width `d_k`: the two numbers "
        "are exchanged. `split_heads` takes the number of heads, `num_heads`, and `d_k = d_model // num_heads` "
        "follows from it (3.2.2). Where both are equal nothing shows.",
        ja="特徴を、幅 `d_k` のヘッド `h` 個ではなく、幅 `h` のヘッド `d_k` 個に分けています。二つの数が入れ替わってい"
        "ます。`split_heads` に渡すのはヘッドの個数 `num_heads` で、`d_k = d_model // num_heads` はそこから決まりま"
        "す (3.2.2 節)。両方が等しいときは気づきません。",
        lesson="heads",
    ),
    Misconception(
        id="heads-keys-ask-queries",
        task="MultiHeadAttention",
        edits=((ATTEND, "heads, weights = scaled_dot_product_attention(k, q, v, mask)"),),
        en="Query and key are exchanged in the call of the attention: `(k, q, v)`. Its order is query, key, value. "
        "With different lengths the shapes do not fit; in self-attention it runs, and every position asks with its "
        "key.",
        ja="注意の関数を呼ぶとき、クエリとキーが入れ替わっています (`(k, q, v)`)。順序は query, key, value です。長さ"
        "が違えば形が合いません。自己注意ではエラーなく動き、各位置が自分のキーで問い合わせることになります。",
        lesson="heads",
    ),
    Misconception(
        id="heads-one-projection-for-all",
        task="MultiHeadAttention",
        edits=(
            (KEY, "k = split_heads(self.w_q(key), self.num_heads)"),
            (VALUE, "v = split_heads(self.w_q(value), self.num_heads)"),
        ),
        en="Queries, keys and values all go through `w_q`; `w_k` and `w_v` are made and never used. Each of the three "
        "has a projection of its own (3.2.2): what to ask, what to be found by and what to give are three "
        "questions.",
        ja="クエリもキーもバリューも `w_q` に通していて、`w_k` と `w_v` は作っただけで使っていません。三つにはそれぞれ"
        "別の射影があります (3.2.2 節)。何を尋ねるか、何で見つけてもらうか、何を渡すかは、別々のことだからです。",
        lesson="heads",
    ),
    Misconception(
        id="heads-return-the-output-alone",
        task="MultiHeadAttention",
        edits=((RETURN, "return self.w_o(merge_heads(heads))"),),
        en="Only the output is returned. The contract is the pair `(output, weights)`, the weights of every head, "
        "`(B, h, L_q, L_k)`: without them nobody can look at what a head attends to.",
        ja="出力だけを返しています。契約は `(output, weights)` の組で、重みは全ヘッドのもの、`(B, h, L_q, L_k)` です。"
        "重みがないと、各ヘッドがどこに注意を向けたかを調べられません。",
        lesson="heads",
    ),
    Misconception(
        id="heads-weights-averaged-away",
        task="MultiHeadAttention",
        edits=((RETURN, "return self.w_o(merge_heads(heads)), weights.mean(dim=1)"),),
        en="The weights are averaged over the heads, `(B, L_q, L_k)`, as `nn.MultiheadAttention` does by default. The "
        "contract asks for the weights of every head, `(B, h, L_q, L_k)`: what one head looks at cannot be seen in "
        "an average.",
        ja="重みをヘッドについて平均し、`(B, L_q, L_k)` にして返しています。`nn.MultiheadAttention` の既定の動作と同じ"
        "です。契約が求めるのは全ヘッドの重み `(B, h, L_q, L_k)` です。平均すると、一つのヘッドが何を見ているかが分"
        "からなくなります。",
        lesson="heads",
    ),
    Misconception(
        id="heads-mask-gets-another-dimension",
        task="MultiHeadAttention",
        edits=(
            (
                ATTEND,
                """
                if mask is not None:
                    mask = mask.unsqueeze(1)
                heads, weights = scaled_dot_product_attention(q, k, v, mask)
                """,
            ),
        ),
        en="The mask gets one more dimension for the heads (`mask.unsqueeze(1)`), as in code whose masks come without "
        "it. By the contract it already broadcasts to `(B, h, L_q, L_k)`; another dimension lines `B` up with the "
        "wrong one. Pass it on as it is.",
        ja="マスクにヘッドの次元を加えています (`mask.unsqueeze(1)`)。その次元のないマスクを受け取る実装のやり方です。"
        "契約では初めから `(B, h, L_q, L_k)` にブロードキャストできるので、次元を増やすと `B` が違う次元に対応しま"
        "す。そのまま渡してください。",
        lesson="masks",
        met=("https://github.com/harvardnlp/annotated-transformer/issues/118",),
    ),
    *family(
        id="heads-refused-with-{value}",
        task="MultiHeadAttention",
        values={"runtime-error": "RuntimeError"},
        edits=(
            (
                "if d_model % num_heads != 0:\n    ...",
                'if d_model % num_heads != 0:\n    raise {value}(f"{num_heads} does not divide {d_model}")',
            ),
        ),
        en="A number of heads that does not divide `d_model` is refused with `{value}`. The contract asks for a "
        "`ValueError`: that is Python's exception for an argument of the right type and an unsuitable value, and "
        "callers catch exceptions by their type.",
        ja="`d_model` を割り切れないヘッド数を `{value}` で拒んでいます。求められているのは `ValueError` です。型は正"
        "しいが値が不適切な引数のための、Python の例外です。呼び出し側は例外を型で捕まえます。",
        lesson="heads",
    ),
)

"""Mistakes in cutting features into heads, putting them together, and in multi-head attention (phase 2)."""

from __future__ import annotations

from . import Misconception

SPLIT = (
    "    x = x.reshape(batch, length, num_heads, d_model // num_heads)  # (B, L, h, d_k)\n    return x.transpose(1, 2)"
)
MERGE = "    x = x.transpose(1, 2)  # (B, L, h, d_k)\n    return x.reshape(batch, length, num_heads * d_k)"
QUERY = "q = split_heads(self.w_q(query), self.num_heads)"
KEY = "k = split_heads(self.w_k(key), self.num_heads)"
VALUE = "v = split_heads(self.w_v(value), self.num_heads)"
ATTEND = "heads, weights = scaled_dot_product_attention(q, k, v, mask)"
RETURN = "return self.w_o(merge_heads(heads)), weights"
BOTH = ("MultiHeadAttention",)

CATALOGUE = (
    Misconception(
        id="split-by-view-alone",
        task="split_heads",
        edits=((SPLIT, "    return x.reshape(batch, num_heads, length, d_model // num_heads)"),),
        en=(
            "The tensor is reshaped straight to `(B, h, L, d_k)`. A reshape keeps the order of the numbers, so a "
            "`head` then holds all features of a few positions instead of a few features of all positions. First "
            "`(B, L, h, d_k)`, which cuts the last dimension, then exchange L and h."
        ),
        ja=(
            "いきなり `(B, h, L, d_k)` に `reshape` しています。`reshape` は数の順番を変えないので、「ヘッド」の中"
            "身が「全位置の一部の特徴」ではなく「一部の位置の全特徴」になります。まず最後の次元を切って "
            "`(B, L, h, d_k)` にし、それから L と h を入れ替えてください。"
        ),
        lesson="split-merge",
        also=BOTH,
    ),
    Misconception(
        id="split-interleaves-features",
        task="split_heads",
        edits=(
            (
                SPLIT,
                "    x = x.reshape(batch, length, d_model // num_heads, num_heads)\n    return x.permute(0, 3, 1, 2)",
            ),
        ),
        en=(
            "Head `j` gets every `h`-th feature (`j`, `j + h`, ...) instead of the block `j * d_k` to "
            "`(j + 1) * d_k - 1`. A model trained so works, but weights of any other implementation do not fit. "
            "Cut into `(h, d_k)` in this order."
        ),
        ja=(
            "ヘッド `j` が、`j * d_k` から `(j + 1) * d_k - 1` までの連続した特徴ではなく、`h` 個おきの特徴 (`j`, "
            "`j + h`, …) を受け取っています。それでも学習はできますが、ほかの実装の重みと合いません。`(h, d_k)` の"
            "順に切ってください。"
        ),
        lesson="split-merge",
        also=BOTH,
    ),
    Misconception(
        id="split-without-transpose",
        task="split_heads",
        edits=((SPLIT, "    return x.reshape(batch, length, num_heads, d_model // num_heads)"),),
        en=(
            "The heads are cut out but stay in the third place: `(B, L, h, d_k)`. T"
            "he attention that follows works on "
            "the last two dimensions, so heads would attend to heads at each position, and no position would ever "
            "see another. Exchange dimensions 1 and 2."
        ),
        ja=(
            "ヘッドに切った後、`(B, L, h, d_k)` のまま返しています。続く注意は最後の二つの次元で計算するので、各位"
            "置の中でヘッドどうしが注意を向け合うだけで、位置どうしがまったく見えなくなります。次元 1 と 2 を入れ替"
            "えてください。"
        ),
        lesson="split-merge",
        also=BOTH,
    ),
    Misconception(
        id="split-heads-in-reverse",
        task="split_heads",
        edits=((SPLIT, SPLIT + ".flip(1)"),),
        en=(
            "The heads come in reverse order: head 0 holds the last block of features. By the contract head `j` "
            "holds the features from `j * d_k` on. `merge_heads` puts them back in another order, so features "
            "end up in the wrong places."
        ),
        ja=(
            "ヘッドの順序が逆で、ヘッド 0 に最後のまとまりが入っています。取り決めでは、ヘッド `j` は `j * d_k` か"
            "らの特徴です。`merge_heads` は別の順序で戻すので、特徴が違う場所に収まってしまいます。"
        ),
        lesson="split-merge",
        also=BOTH,
    ),
    Misconception(
        id="merge-by-view-alone",
        task="merge_heads",
        edits=((MERGE, "    return x.reshape(batch, length, num_heads * d_k)"),),
        en=(
            "`(B, h, L, d_k)` is reshaped to `(B, L, d_model)` without exchanging h and L first. The numbers keep "
            "their order, so a row of the result holds one head at several positions instead of all heads at one. "
            "Transpose, then reshape."
        ),
        ja=(
            "h と L を入れ替えずに、`(B, h, L, d_k)` を `(B, L, d_model)` に `reshape` しています。数の順番は変わら"
            "ないので、結果の一行が「一つの位置の全ヘッド」ではなく「一つのヘッドの数個の位置」になります。転置して"
            "から `reshape` してください。"
        ),
        lesson="split-merge",
        also=BOTH,
    ),
    Misconception(
        id="merge-interleaves-features",
        task="merge_heads",
        edits=((MERGE, "    x = x.permute(0, 2, 3, 1)\n    return x.reshape(batch, length, num_heads * d_k)"),),
        en=(
            "The features are woven together: the first feature of every head, then the second of every head. "
            "`Concat(head_1, ..., head_h)` (3.2.2) puts whole heads side by side; bring the tensor to "
            "`(B, L, h, d_k)` before the reshape."
        ),
        ja=(
            "各ヘッドの 1 番目の特徴、次に 2 番目の特徴、というように互い違いに並べています。論文の Concat(head_1, "
            "…, head_h) (3.2.2) は、ヘッドを丸ごと横に並べます。`(B, L, h, d_k)` にしてから `reshape` してください。"
        ),
        lesson="split-merge",
        also=BOTH,
    ),
    Misconception(
        id="merge-adds-heads",
        task="merge_heads",
        edits=((MERGE, "    return x.mean(dim=1).repeat(1, 1, num_heads)"),),
        en=(
            "The heads are averaged, and the average stands there `h` times. Each head has looked at something of "
            "its own; an average throws that away. The paper (3.2.2) concatenates the heads and leaves it to `w_o` "
            "to mix them."
        ),
        ja=(
            "ヘッドの平均を取り、それを `h` 回並べています。ヘッドはそれぞれ別のものを見ているので、平均するとその"
            "違いが失われます。論文 (3.2.2) ではヘッドを連結し、混ぜ合わせるのは `w_o` に任せます。"
        ),
        lesson="heads",
        also=BOTH,
    ),
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
            "見るか」と「そこから何を受け取るか」は別の問いなので、三つにはそれぞれ専用の射影があります (3.2.2)。"
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
            "キーとバリューはエンコーダから来ます (3.2.3)。このコードのデコーダは、原文を一度も見ません。"
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
        edits=((QUERY, "q = split_heads(self.w_q(query) / math.sqrt(self.num_heads), self.num_heads)"),),
        en=(
            "The scores of each head are divided by `sqrt(d_model)` in all. A head'"
            "s vectors have `d_k = d_model / h` "
            "components, so `sqrt(d_k)` is the right scale (3.2.1); by `sqrt(d_model)` attention is too soft by a "
            "factor of `sqrt(h)`."
        ),
        ja=(
            "各ヘッドのスコアが、全体として `sqrt(d_model)` で割られています。ヘッドのベクトルの成分は "
            "`d_k = d_model / h` 個なので、正しい尺度は `sqrt(d_k)` です (3.2.1)。`sqrt(d_model)` では `sqrt(h)` 倍"
            "だけスコアが小さくなり、注意がぼやけます。"
        ),
        lesson="scaling",
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
            "連結したヘッドに、最後の射影 `w_o` を掛けずに返しています。論文 (3.2.2) では連結したものに W_O を掛け"
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
                "if mask is not None:\n"
                "            mask = mask.expand(q.size(0), self.num_heads, q.size(2), k.size(2)).clone()\n"
                "            mask[:, 1:] = True\n"
                "        heads, weights = scaled_dot_product_attention(q, k, v, mask)",
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
                "        if d_model % num_heads != 0:\n"
                '            raise ValueError(f"num_heads = {num_heads} does not divide d_model = {d_model}")\n',
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
            "は、それぞれの射影が必要です (3.2.2)。"
        ),
        lesson="heads",
    ),
)

"""Mistakes in ``TokenEmbedding`` (phase 1)."""

from __future__ import annotations

from . import Misconception, family

LOOKUP = "return self.embedding(tokens) * math.sqrt(self.d_model)"

CATALOGUE = (
    Misconception(
        id="embedding-not-scaled",
        task="TokenEmbedding",
        edits=((LOOKUP, "return self.embedding(tokens)"),),
        en=(
            "The rows are returned as they stand in the table. The paper multiplies them by `sqrt(d_model)` "
            "(3.4): the table starts with small numbers, about `d_model^-0.5`, because the output layer shares "
            "it, and the encodings of positions that are added next are up to 1. Unscaled, the words are drowned "
            "by their positions at first."
        ),
        ja=(
            "表の行をそのまま返しています。論文 (3.4 節) では `sqrt(d_model)` を掛けます。表は出力層と共有するため"
            "初期値が `d_model^-0.5` 程度と小さい一方、次に足す位置エンコーディングは最大 1 です。"
            "掛けないと、学習のはじめに単語の情報が位置の情報に埋もれてしまいます。"
        ),
        lesson="embedding",
        met=("https://github.com/OpenNMT/OpenNMT-py/issues/1722",),
    ),
    Misconception(
        id="embedding-divided",
        task="TokenEmbedding",
        edits=((LOOKUP, "return self.embedding(tokens) / math.sqrt(self.d_model)"),),
        en=(
            "The rows are divided by `sqrt(d_model)`; the paper multiplies them (3.4). Division by a root belongs "
            "to attention scores. Here it makes the vectors smaller by a factor of `d_model`, and the position is "
            "almost all that is left of the sum that follows."
        ),
        ja=(
            "行を `sqrt(d_model)` で割っていますが、論文 (3.4 節) では掛けます。平方根で割るのは注意のスコアのほう"
            "です。割ると正しい値の `d_model` 分の 1 になり、次に足し合わせたとき、ほとんど位置の情報しか残りま"
            "せん。"
        ),
        lesson="embedding",
        met=(
            "https://github.com/pytorch/tutorials/issues/2849",
            "https://github.com/Kyubyong/transformer/issues/132",
        ),
    ),
    Misconception(
        id="embedding-scaled-by-vocabulary",
        task="TokenEmbedding",
        edits=(("self.d_model = d_model", "self.d_model = vocab_size"),),
        en=(
            "The scale is the square root of the vocabulary's size. The paper's is `sqrt(d_model)`, the root of a "
            "vector's width (3.4); how many words there are does not matter. With 37,000 words the vectors come "
            "out 192 times as large, and the positions added to them can no longer be seen."
        ),
        ja=(
            "語彙の大きさの平方根を掛けています。論文 (3.4 節) で掛けるのはベクトルの幅の平方根 `sqrt(d_model)` で、"
            "語彙は関係ありません。語彙が 37,000 ならベクトルは 192 倍になり、足した位置の情報が見えな"
            "くなります。"
        ),
        lesson="embedding",
    ),
    Misconception(
        id="embedding-scaled-without-root",
        task="TokenEmbedding",
        edits=((LOOKUP, "return self.embedding(tokens) * self.d_model"),),
        en=(
            "The rows are multiplied by `d_model` itself. The paper multiplies by its square root (3.4), which "
            "takes numbers of size `d_model^-0.5` to about 1, the size of the positional encodings. Without the "
            "root they come out `sqrt(d_model)` times too large, and the positions hardly count."
        ),
        ja=(
            "`d_model` そのものを掛けています。論文 (3.4 節) で掛けるのはその平方根で、`d_model^-0.5` 程度の値が、"
            "位置エンコーディングと同じ 1 程度になります。平方根を取らないと `sqrt(d_model)` 倍大きすぎて、"
            "位置がほとんど効かなくなります。"
        ),
        lesson="embedding",
    ),
    Misconception(
        id="embedding-root-rounded",
        task="TokenEmbedding",
        edits=((LOOKUP, "return self.embedding(tokens) * int(math.sqrt(self.d_model))"),),
        en=(
            "The root is cut to a whole number. The paper's factor is `sqrt(d_model)` (3.4), which is rarely "
            "whole: for `d_model = 512` it is 22.63, here 22. It trains, but every result differs by a few "
            "percent from the paper's model, and weights of other implementations do not fit."
        ),
        ja=(
            "平方根の小数部分を切り捨てています。論文 (3.4 節) の係数は `sqrt(d_model)` で、整数になるとは限りませ"
            "ん。`d_model = 512` なら 22.63 ですが、このコードでは 22 です。学習はできても、結果は論文のモデル"
            "と数パーセントずれ、ほかの実装の重みとも合いません。"
        ),
        lesson="embedding",
    ),
    Misconception(
        id="embedding-token-0-frozen",
        task="TokenEmbedding",
        edits=(("nn.Embedding(vocab_size, d_model)", "nn.Embedding(vocab_size, d_model, padding_idx=0)"),),
        en="Row 0 of the table gets no gradient, as with `padding_idx=0`. This module is not told which token is "
        "padding, and in another vocabulary 0 may be an ordinary word, which would never be learned. Nothing needs "
        "freezing: the masks and the loss (phase 5) keep padding without influence.",
        ja="`padding_idx=0` を指定したときのように、表の行 0 に勾配が届かず、学習されません。このモジュールはどのトー"
        "クンがパディングかを知らず、語彙によっては 0 が普通の単語のこともあります。パディングの影響はマスクと損失 "
        "(フェーズ 5) で除くので、ここで行を固定する必要はありません。",
        lesson="embedding",
    ),
    Misconception(
        id="embedding-zeroes-token-0",
        task="TokenEmbedding",
        edits=((LOOKUP, "return self.embedding(tokens) * math.sqrt(self.d_model) * (tokens != 0).unsqueeze(-1)"),),
        en=(
            "Token 0 gets a vector of zeros whatever the table says. This module is not told which token is "
            "padding; elsewhere 0 may be a real word, which here could never be told from nothing. Every row "
            "counts (3.4): padding is kept out by masks and by the loss, in phase 5."
        ),
        ja=(
            "表の値に関係なく、トークン 0 を零ベクトルにしています。このモジュールはどのトークンがパディングか"
            "を知らず、0 が普通の単語のこともあります。その単語は永久に「何もない」のと同じ扱いになります。"
            "どの行もそのまま使い (3.4 節)、パディングの影響はフェーズ 5 のマスクと損失で除きます。"
        ),
        lesson="embedding",
    ),
    Misconception(
        id="embedding-cut-from-the-graph",
        task="TokenEmbedding",
        edits=((LOOKUP, "return self.embedding(tokens).detach() * math.sqrt(self.d_model)"),),
        en=(
            "`.detach()` (or `.data`) cuts the looked-up vectors out of the graph, so the table gets no gradient "
            "and stays as random as it began. The embedding is learned like every other weight (3.4). The loss "
            "may fall all the same, since the layers above learn to read random codes: that is why this hides so "
            "well."
        ),
        ja=(
            "`.detach()` (または `.data`) で計算グラフから切り離しているため、表に勾配が届かず、乱数のまま変わりま"
            "せん。埋め込みはほかの重みと同じように学習します (3.4 節)。上の層が乱数のベクトルの読み方を覚えるので損失"
            "は下がることもあり、気づきにくい間違いです。"
        ),
        lesson="embedding",
    ),
    Misconception(
        id="embedding-scales-its-table",
        task="TokenEmbedding",
        edits=(
            (
                LOOKUP,
                """
                self.embedding.weight.data.mul_(math.sqrt(self.d_model))
                return self.embedding(tokens)
                """,
            ),
        ),
        en=(
            "Each call multiplies the table itself by `sqrt(d_model)`, in place. The first call gives the right "
            "numbers; the second ones are too large by the same factor again, and soon everything overflows. "
            "Scale what was looked up, `self.embedding(tokens) * sqrt(d_model)` (3.4), and leave the table to the "
            "optimizer."
        ),
        ja=(
            "呼び出すたびに、表そのものに `sqrt(d_model)` を掛けて書き換えています。1 回目は正しい値でも、2 回目は"
            "さらに同じだけ大きくなり、やがて発散します。取り出したベクトルに掛け (`self.embedding(tokens) * "
            "sqrt(d_model)`、3.4)、表の更新はオプティマイザに任せましょう。"
        ),
        lesson="mistakes",
    ),
    Misconception(
        id="embedding-gradient-by-frequency",
        task="TokenEmbedding",
        edits=(("nn.Embedding(vocab_size, d_model)", "nn.Embedding(vocab_size, d_model, scale_grad_by_freq=True)"),),
        en=(
            "`scale_grad_by_freq=True` divides the gradient of a row by the number of times the token occurs in "
            "the batch. The outputs are the same, so it is easy to miss. The gradient of a sum is the sum over "
            "all places where the row was used; with the division common words learn far more slowly than the "
            "paper's do."
        ),
        ja=(
            "`scale_grad_by_freq=True` を指定しているので、各行の勾配がバッチ内の出現回数で割られます。"
            "出力は同じなので見落としやすい間違いです。本来の勾配は、その行が使われたすべての場所についての和で"
            "す。割ってしまうと、よく出る単語の学習が論文の設定よりずっと遅くなります。"
        ),
        lesson="embedding",
    ),
    Misconception(
        id="embedding-rows-kept-short",
        task="TokenEmbedding",
        edits=(("nn.Embedding(vocab_size, d_model)", "nn.Embedding(vocab_size, d_model, max_norm=1.0)"),),
        en=(
            "`max_norm=1.0` shortens every row that is looked up to length 1, in the table itself and outside the "
            "graph. The paper's embedding (3.4) is a plain lookup times `sqrt(d_model)`; the length of a row is "
            "learned like everything else. Here a call changes the weights, even in evaluation."
        ),
        ja=(
            "`max_norm=1.0` を指定しているので、参照した行が表の中で長さ 1 に縮められます (計算グラフの外での書き換"
            "えです)。論文 (3.4 節) の埋め込みは、表を引いて `sqrt(d_model)` を掛けるだけで、行の長さも学習の対象です。"
            "このコードでは、評価中の呼び出しでも重みが変わってしまいます。"
        ),
        lesson="mistakes",
    ),
    *family(
        id="embedding-token-{value}-frozen",
        task="TokenEmbedding",
        values={"1": "1", "2": "2", "3": "3"},
        edits=(
            (
                "nn.Embedding(vocab_size, d_model)",
                "nn.Embedding(vocab_size, d_model, padding_idx=min({value}, vocab_size - 1))",
            ),
        ),
        en="Row {value} of the table gets no gradient, as with `padding_idx={value}`. This module is not told which "
        "token is padding, and in another vocabulary {value} is an ordinary word, which would never be learned. "
        "Nothing needs freezing: the masks and the loss (phase 5) keep padding without influence.",
        ja="`padding_idx={value}` を指定したときのように、表の {value} 行目に勾配が届きません。どのトークンがパディン"
        "グかはこのモジュールに知らされず、別の語彙では {value} が普通の単語かもしれません。その単語は一度も学習"
        "されなくなります。パディングの影響はマスクと損失 (第 5 章) で除くので、行を固定する必要はありません。",
        lesson="embedding",
        met=(
            "https://github.com/hyunwoongko/transformer/blob/fa789730f18a03250b5514a7e67cf69d89774ce7/models/embedding/token_embeddings.py",
        ),
    ),
    Misconception(
        id="embedding-last-token-frozen",
        task="TokenEmbedding",
        edits=(("nn.Embedding(vocab_size, d_model)", "nn.Embedding(vocab_size, d_model, padding_idx=-1)"),),
        en="The last row of the table gets no gradient: a `padding_idx` of -1 counts from the end. This module is not "
        "told which token is padding, and the last token of a vocabulary is usually a word, which would never be "
        "learned. The masks and the loss (phase 5) keep padding without influence.",
        ja="表の最後の行に勾配が届きません。`padding_idx` に -1 を渡すと末尾から数えます。どのトークンがパディングかは"
        "このモジュールに知らされず、語彙の最後は普通の単語であることが多く、それが学習されなくなります。パディン"
        "グの影響はマスクと損失 (第 5 章) で除きます。",
        lesson="embedding",
    ),
    Misconception(
        id="embedding-frozen",
        task="TokenEmbedding",
        edits=(
            (
                "self.embedding = nn.Embedding(vocab_size, d_model)",
                "self.embedding = nn.Embedding(vocab_size, d_model)\nself.embedding.weight.requires_grad_(False)",
            ),
        ),
        en="The table takes no gradient (`requires_grad=False`, or `from_pretrained` with its default "
        "`freeze=True`). The vectors of the tokens are learned (3.4); frozen, they stay the random numbers that they "
        "began as.",
        ja="表に勾配が流れません (`requires_grad=False`、または `from_pretrained` の既定値 `freeze=True`)。トークン"
        "のベクトルは学習するもので (3.4 節)、固定すると、最初の乱数のままになります。",
        lesson="embedding",
    ),
)

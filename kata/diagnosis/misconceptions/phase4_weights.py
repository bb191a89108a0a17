"""Phase 4: mistakes in the weights of the Transformer: what is shared, and how it starts."""

from __future__ import annotations

from . import Misconception

CHECK = """        if share_embeddings and src_vocab_size != tgt_vocab_size:
            raise ValueError(f"shared embeddings need one vocabulary size, not {src_vocab_size} and {tgt_vocab_size}")
"""
IF_SHARED = "        if share_embeddings:\n"
TARGET = "self.tgt_embedding.embedding.weight = self.src_embedding.embedding.weight"
PROJECTION = "self.output_projection.weight = self.src_embedding.embedding.weight"
LINEAR = "self.output_projection = nn.Linear(d_model, tgt_vocab_size, bias=False)"
XAVIER = """        for parameter in self.parameters():
            if parameter.dim() > 1:
                nn.init.xavier_uniform_(parameter)
"""
NORMAL = """        for embedding in (self.src_embedding.embedding, self.tgt_embedding.embedding):
            nn.init.normal_(embedding.weight, mean=0.0, std=d_model**-0.5)
"""

CATALOGUE = (
    Misconception(
        id="transformer-output-bias",
        task="Transformer",
        edits=((LINEAR, "self.output_projection = nn.Linear(d_model, tgt_vocab_size)"),),
        en="The output projection has a bias. It is made with `bias=False` here: with shared embeddings (3.4) its "
        "matrix is the embedding table, and an embedding has no bias. The model has `tgt_vocab_size` parameters too "
        "many.",
        ja="出力の射影にバイアスがあります。ここでは `bias=False` で作ります。埋め込みを共有すると (3.4 節) この行"
        "列は埋め込みの表そのもので、埋め込みにはバイアスがないからです。このままではパラメータが `tgt_vocab_size` "
        "個多くなります。",
        lesson="sharing",
    ),
    Misconception(
        id="transformer-shares-copies",
        task="Transformer",
        edits=(
            (TARGET, "self.tgt_embedding.embedding.weight = nn.Parameter(self.src_embedding.embedding.weight.clone())"),
            (PROJECTION, "self.output_projection.weight = nn.Parameter(self.src_embedding.embedding.weight.clone())"),
        ),
        en="The shared matrices are copies: equal values, three parameters. Sharing means one parameter in three "
        "places (3.4): assign the parameter itself. Copies drift apart with the first step of the optimizer, and the "
        "model has two tables more than it should.",
        ja="共有するはずの行列がコピーで、値が同じだけの別々のパラメータが三つあります。共有とは一つのパラメータを "
        "3 か所で使うことなので (3.4 節)、パラメータそのものを代入してください。コピーはオプティマイザの最初の 1 歩"
        "で別々の値になり、表二つ分のパラメータも余分です。",
        lesson="sharing",
    ),
    Misconception(
        id="transformer-projection-not-shared",
        task="Transformer",
        edits=((f"            {PROJECTION}\n", ""),),
        en="`share_embeddings` joins the two embeddings and leaves the output projection alone. The paper shares one "
        "matrix between both embeddings and the linear layer before the softmax (3.4). As it is, there is one table "
        "too many, and what the output learns about a word does not help the input.",
        ja="`share_embeddings` で二つの埋め込みだけを共有し、出力の射影が別のままです。論文では、二つの埋め込みとソ"
        "フトマックスの前の線形層で一つの行列を共有します (3.4 節)。このままでは表が一つ余分で、訳文側が単語につい"
        "て学んだことが原文側に生かされません。",
        lesson="sharing",
    ),
    Misconception(
        id="transformer-target-embedding-not-shared",
        task="Transformer",
        edits=((f"            {TARGET}\n", ""),),
        en="`share_embeddings` joins the source embedding and the output projection and leaves the target embedding "
        "alone. All three are one matrix in the paper (3.4). As it is, the decoder reads words by another table than "
        "the one it writes them with.",
        ja="`share_embeddings` で原文側の埋め込みと出力の射影だけを共有し、訳文側の埋め込みが別のままです。論文では"
        "三つすべてが一つの行列です (3.4 節)。このままでは、デコーダが単語を読む表と書く表が別になります。",
        lesson="sharing",
    ),
    Misconception(
        id="transformer-shares-whenever-it-can",
        task="Transformer",
        edits=((IF_SHARED, "        if src_vocab_size == tgt_vocab_size:\n"),),
        en="The matrices are shared whenever both vocabularies have one size, whatever `share_embeddings` says. Two "
        "languages may well have 32,000 tokens each that have nothing to do with each other: share only when asked "
        "to.",
        ja="`share_embeddings` に関係なく、二つの語彙の大きさが同じなら行列を共有しています。二つの言語の語彙がたま"
        "たま 32,000 個ずつでも、中身は無関係かもしれません。共有するのは、指定されたときだけにしてください。",
        lesson="sharing",
    ),
    Misconception(
        id="transformer-shares-nothing",
        task="Transformer",
        edits=((f"{IF_SHARED}            {TARGET}\n            {PROJECTION}\n", ""),),
        en="`share_embeddings` is accepted and has no effect. With True, both embeddings and the output projection "
        "are one matrix (3.4). For a vocabulary of 37,000 at width 512 that saves 38 million parameters; all layers "
        "of the base model together have 44 million.",
        ja="`share_embeddings` を受け取っていますが、何もしていません。True なら、二つの埋め込みと出力の射影が一つ"
        "の行列になります (3.4 節)。語彙が 37,000、幅が 512 なら 3800 万個のパラメータを節約できます。base モデルの"
        "層をすべて合わせても 4400 万個です。",
        lesson="sharing",
    ),
    Misconception(
        id="transformer-shares-without-asking-sizes",
        task="Transformer",
        edits=((CHECK, ""),),
        en="Vocabularies of different sizes are shared without complaint. One matrix can serve both only if they "
        "have one size: raise a `ValueError` that names the two. As it is, the target's table silently takes the "
        "size of the source's, and the first larger token fails far from the cause.",
        ja="大きさの違う語彙を、何も言わずに共有しています。一つの行列で両方を兼ねられるのは、語彙の大きさが同じと"
        "きだけです。二つの大きさを示す `ValueError` を送出してください。このままでは訳文側の表が黙って原文側の大き"
        "さになり、それより大きいトークンが来たときに、原因から離れた場所で失敗します。",
        lesson="sharing",
    ),
    Misconception(
        id="transformer-starts-as-torch-does",
        task="Transformer",
        edits=((f"{XAVIER}{NORMAL}", ""),),
        en="The parameters keep what `nn.Linear` and `nn.Embedding` start with. The contract asks for Xavier-uniform "
        "matrices and for embeddings of deviation `d_model ** -0.5`. torch's embeddings have deviation 1: times "
        "`sqrt(d_model)`, they drown the positional encoding, and as a shared output matrix they make the first loss "
        "enormous.",
        ja="パラメータが `nn.Linear` と `nn.Embedding` の初期値のままです。取り決めでは、行列は Xavier の一様分布、"
        "埋め込みは標準偏差 `d_model ** -0.5` で始めます。torch の埋め込みの標準偏差は 1 なので、`sqrt(d_model)` を"
        "掛けると位置エンコーディングが埋もれ、出力の行列として共有すると最初の損失が非常に大きくなります。",
        lesson="initialisation",
    ),
    Misconception(
        id="transformer-xavier-everywhere",
        task="Transformer",
        edits=((NORMAL, ""),),
        en="The embeddings are Xavier-uniform like every other matrix. They start normal with deviation "
        "`d_model ** -0.5`, so that times `sqrt(d_model)` (3.4) a word has deviation 1 and is as loud as its "
        "position. Xavier depends on the vocabulary's size: the larger it is, the fainter the words start.",
        ja="埋め込みも、ほかの行列と同じ Xavier の一様分布で始めています。埋め込みは標準偏差 `d_model ** -0.5` の正"
        "規分布で始めます。`sqrt(d_model)` を掛けると (3.4 節) 標準偏差が 1 になり、位置エンコーディングと同じくら"
        "いの大きさになるからです。Xavier では語彙が大きいほど単語の値が小さくなってしまいます。",
        lesson="initialisation",
    ),
    Misconception(
        id="transformer-embeddings-of-deviation-1",
        task="Transformer",
        edits=(("std=d_model**-0.5", "std=1.0"),),
        en="The embeddings start with deviation 1. They start with `d_model ** -0.5`, because `TokenEmbedding` "
        "multiplies by `sqrt(d_model)` (3.4). As it is, words enter with deviation `sqrt(d_model)`, about 23 at "
        "width 512, and the positional encoding, whose entries are at most 1, is lost in them.",
        ja="埋め込みを標準偏差 1 で始めています。`TokenEmbedding` が `sqrt(d_model)` を掛けるので (3.4 節)、標準偏"
        "差は `d_model ** -0.5` にします。このままでは単語の値の標準偏差が `sqrt(d_model)`、幅 512 なら約 23 になり、"
        "大きさが 1 以下の位置エンコーディングが埋もれてしまいます。",
        lesson="initialisation",
    ),
    Misconception(
        id="transformer-xavier-normal",
        task="Transformer",
        edits=(("nn.init.xavier_uniform_(parameter)", "nn.init.xavier_normal_(parameter)"),),
        en="The matrices are drawn from Xavier's normal distribution; the contract says Xavier-uniform, "
        "`xavier_uniform_`. Both have the same variance and train alike, but a uniform draw has a largest value, "
        "`sqrt(6 / (fan_in + fan_out))`, and a normal one has outliers.",
        ja="行列を Xavier の正規分布で始めています。取り決めは Xavier の一様分布、`xavier_uniform_` です。分散は同じ"
        "で学習にもほとんど差はありませんが、一様分布の値は `sqrt(6 / (fan_in + fan_out))` を超えないのに対し、正規"
        "分布ではそれより大きな値が混ざります。",
        lesson="initialisation",
    ),
)

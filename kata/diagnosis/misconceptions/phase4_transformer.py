"""Mistakes in ``Transformer`` (phase 4)."""

from __future__ import annotations

from . import Misconception, family

ENCODE = "return self.encoder(self.positional_encoding(self.src_embedding(src)), src_mask)"
DECODE = "return self.decoder(self.positional_encoding(self.tgt_embedding(tgt)), memory, tgt_mask, src_mask)"
LOGITS = "return self.output_projection(hidden)"
POSITIONS = "self.positional_encoding = PositionalEncoding(d_model, dropout, max_len)"
TARGET = "self.tgt_embedding.embedding.weight = self.src_embedding.embedding.weight"
PROJECTION = "self.output_projection.weight = self.src_embedding.embedding.weight"

CATALOGUE = (
    Misconception(
        id="transformer-source-without-positions",
        task="Transformer",
        edits=((ENCODE, "return self.encoder(self.src_embedding(src), src_mask)"),),
        en="`encode` does not add the positional encoding. Attention treats its input as a set, so the order of the "
        'words must be added to them (3.5). Without it, "dog bites man" and "man bites dog" are one and the same '
        "source.",
        ja="`encode` で位置エンコーディングを足していません。注意機構は入力を集合として扱うので、語順の情報を加える"
        "必要があります (3.5 節)。これがないと、「犬が人をかむ」と「人が犬をかむ」が同じ入力になってしまいます。",
        lesson="mistakes",
    ),
    Misconception(
        id="transformer-target-without-positions",
        task="Transformer",
        edits=((DECODE, "return self.decoder(self.tgt_embedding(tgt), memory, tgt_mask, src_mask)"),),
        en="`decode` does not add the positional encoding. The paper adds it at the bottom of both stacks (3.5, "
        "figure 1). The look-ahead mask tells the decoder a little about order, so it trains, but it cannot tell "
        "where it is: repeated words and lengths go wrong.",
        ja="`decode` で位置エンコーディングを足していません。論文では両方のスタックの入り口で足します (3.5 節、図 "
        "1)。先読みマスクから順序が少し分かるため学習はできますが、自分の位置が分からず、単語の繰り返しや文の長さを"
        "間違えます。",
        lesson="mistakes",
    ),
    Misconception(
        id="transformer-embedding-not-scaled",
        task="Transformer",
        edits=(
            ("self.src_embedding(src)", "self.src_embedding.embedding(src)"),
            ("self.tgt_embedding(tgt)", "self.tgt_embedding.embedding(tgt)"),
        ),
        en="The inner `nn.Embedding` is called, past the `TokenEmbedding` that scales it by `sqrt(d_model)` (3.4). "
        "Call `src_embedding(src)` itself. The table starts with deviation `d_model ** -0.5`; unscaled, the "
        "positional encoding is far louder than the words, and training starts slowly.",
        ja="`sqrt(d_model)` を掛ける `TokenEmbedding` (3.4 節) を通さず、中の `nn.Embedding` を直接呼んでいます。"
        "`src_embedding(src)` を呼んでください。表の初期値の標準偏差は `d_model ** -0.5` なので、掛けないと位置エン"
        "コーディングが単語よりずっと大きくなり、学習の立ち上がりが遅くなります。",
        lesson="initialisation",
    ),
    Misconception(
        id="transformer-source-embedding-for-the-target",
        task="Transformer",
        edits=(
            (
                DECODE,
                "return self.decoder(self.positional_encoding(self.src_embedding(tgt)), memory, tgt_mask, src_mask)",
            ),
        ),
        en="`decode` looks target tokens up in the source's table. Each language has its own embedding unless they "
        "are shared (3.4): use `tgt_embedding`. As it is, token 7 of the target is read as token 7 of the source, "
        "larger ids fail, and `tgt_embedding` is never trained.",
        ja="`decode` が訳文側のトークンを原文側の表で引いています。共有しない限り、埋め込みは言語ごとに別なので "
        "(3.4 節)、`tgt_embedding` を使ってください。このままでは訳文側の 7 番のトークンが原文側の 7 番として読まれ、"
        "大きな id はエラーになり、`tgt_embedding` は学習されません。",
        lesson="sharing",
    ),
    Misconception(
        id="transformer-encoder-mask-forgotten",
        task="Transformer",
        edits=((ENCODE, "return self.encoder(self.positional_encoding(self.src_embedding(src)), None)"),),
        en="`encode` does not pass `src_mask` to the encoder. It serves twice, in the encoder and in the "
        "cross-attention. Without it in the encoder, real words attend to the padding, and the memory of a sentence "
        "depends on its neighbours in the batch.",
        ja="`encode` が `src_mask` をエンコーダに渡していません。このマスクはエンコーダと交差注意の 2 か所で使いま"
        "す。エンコーダに渡さないと、本物の単語がパディングに注意を向け、文のメモリが同じバッチの隣の文に左右されま"
        "す。",
        lesson="encoder",
    ),
    Misconception(
        id="transformer-cross-attention-mask-forgotten",
        task="Transformer",
        edits=(
            (DECODE, "return self.decoder(self.positional_encoding(self.tgt_embedding(tgt)), memory, tgt_mask, None)"),
        ),
        en="`decode` does not pass `src_mask` to the decoder. The encoder masks the padding for itself, but its "
        "output still has a row for every padding token, and the cross-attention reads them unless it is told not "
        "to. Translations change with the amount of padding.",
        ja="`decode` が `src_mask` をデコーダに渡していません。エンコーダの中でパディングを隠しても、その出力にはパ"
        "ディングの行が残っていて、マスクがなければ交差注意が読んでしまいます。パディングの量によって翻訳が変わりま"
        "す。",
        lesson="cross-attention",
    ),
    Misconception(
        id="transformer-target-mask-forgotten",
        task="Transformer",
        edits=(
            (DECODE, "return self.decoder(self.positional_encoding(self.tgt_embedding(tgt)), memory, None, src_mask)"),
        ),
        en="`decode` does not pass `tgt_mask` to the decoder. It keeps every position from seeing the tokens it has "
        "to predict (3.1). Without it the loss falls to almost nothing in training, because the answer stands one "
        "position further on, and decoding gives garbage.",
        ja="`decode` が `tgt_mask` をデコーダに渡していません。各位置に、予測すべきトークンを見せないためのマスクで"
        "す (3.1 節)。これがないと、一つ先の位置に答えがあるので学習中の損失はほぼ 0 になり、生成ではでたらめな出力"
        "になります。",
        lesson="decoder",
    ),
    Misconception(
        id="transformer-forward-forgets-the-target-mask",
        task="Transformer",
        edits=(
            (
                "hidden = self.decode(tgt, memory, tgt_mask, src_mask)",
                "hidden = self.decode(tgt, memory, None, src_mask)",
            ),
        ),
        en="`forward` does not hand `tgt_mask` to `decode`. Generation calls `decode` itself and gets its mask; "
        "training calls `forward`, where every position now sees the token it has to predict (3.1). The loss falls to "
        "almost nothing, and the model has learned to copy.",
        ja="`forward` が `tgt_mask` を `decode` に渡していません。生成は `decode` を直接呼ぶのでマスクが効きますが、"
        "学習で呼ばれる `forward` では、各位置から予測すべきトークンが見えてしまいます (3.1 節)。損失はほぼ 0 まで"
        "下がりますが、覚えたのは書き写すことだけです。",
        lesson="decoder",
    ),
    Misconception(
        id="transformer-softmax",
        task="Transformer",
        edits=((LOGITS, "return self.output_projection(hidden).softmax(dim=-1)"),),
        en="`forward` returns probabilities. It returns logits, as they come from the projection; the loss and the "
        "decoders apply `log_softmax` themselves. A softmax of a softmax is nearly flat: the loss stays high, and "
        "its gradients are tiny.",
        ja="`forward` が確率を返しています。返すのは射影の結果そのまま、つまりロジットで、損失と生成の側が "
        "`log_softmax` を適用します。ソフトマックスを 2 回かけるとほとんど平らな分布になり、損失が高いまま、勾配も"
        "ごく小さくなります。",
        lesson="mistakes",
    ),
    Misconception(
        id="transformer-log-softmax",
        task="Transformer",
        edits=((LOGITS, "return self.output_projection(hidden).log_softmax(dim=-1)"),),
        en="`forward` returns log-probabilities instead of logits. The loss of this course takes `log_softmax` "
        "itself, which changes nothing about log-probabilities, so training hides the mistake. But the contract is "
        "the output of `output_projection`, which is also what the decoders compute.",
        ja="`forward` がロジットではなく対数確率を返しています。この教材の損失は自分で `log_softmax` を取り、対数確"
        "率にもう一度かけても値は変わらないので、学習では気づきません。それでも取り決めは `output_projection` の出力"
        "そのもので、生成の側が計算するのもこの値です。",
        lesson="mistakes",
    ),
    Misconception(
        id="transformer-decode-projects",
        task="Transformer",
        edits=(
            (
                DECODE,
                """
                hidden = self.decoder(self.positional_encoding(self.tgt_embedding(tgt)), memory, tgt_mask, src_mask)
                return self.output_projection(hidden)
                """,
            ),
            (
                """
                hidden = self.decode(tgt, memory, tgt_mask, src_mask)
                return self.output_projection(hidden)
                """,
                "return self.decode(tgt, memory, tgt_mask, src_mask)",
            ),
        ),
        en="`decode` already applies the output projection. It returns the hidden states `(B, L_tgt, d_model)`, and "
        "`forward` projects them. Greedy and beam search call `decode` and then project the last position alone: "
        "they would project twice.",
        ja="`decode` がすでに出力の射影を行っています。`decode` が返すのは隠れ状態 `(B, L_tgt, d_model)` で、射影は "
        "`forward` が行います。貪欲法とビームサーチは `decode` を呼んでから最後の位置だけを射影するので、このままで"
        "は 2 回射影することになります。",
        lesson="decoder",
    ),
    Misconception(
        id="transformer-memory-detached",
        task="Transformer",
        edits=(("memory = self.encode(src, src_mask)", "memory = self.encode(src, src_mask).detach()"),),
        en="The memory is cut from the graph between encoder and decoder. Its numbers are right, and no gradient "
        "reaches the encoder or, unless they are shared, the source embedding: half of the model stays as it was "
        "initialised. The loss falls all the same, because the decoder learns.",
        ja="エンコーダとデコーダの間で、メモリが計算グラフから切り離されています。値は正しくても、エンコーダにも、共有"
        "していなければ原文側の埋め込みにも勾配が届かず、モデルの半分が初期値のままです。それでもデコーダは学習する"
        "ので、損失は下がります。",
        lesson="mistakes",
    ),
    Misconception(
        id="transformer-memory-kept",
        task="Transformer",
        edits=(
            (
                ENCODE,
                """
                self.memory = self.encoder(self.positional_encoding(self.src_embedding(src)), src_mask)
                return self.memory
                """,
            ),
            (
                DECODE,
                """
                memory = self.memory
                return self.decoder(self.positional_encoding(self.tgt_embedding(tgt)), memory, tgt_mask, src_mask)
                """,
            ),
        ),
        en="`encode` keeps its result in the model and `decode` uses that instead of its argument. `decode` must "
        "answer from the `memory` it is given and keep nothing between calls. As it is, it works as long as the last "
        "source encoded is the one being decoded, and translates another sentence otherwise.",
        ja="`encode` が結果をモデルに保存し、`decode` が引数ではなくそれを使っています。`decode` は渡された "
        "`memory` だけを使い、呼び出しの間に何も残してはいけません。このままでは、直前にエンコードした文を復号して"
        "いる間は動きますが、そうでなければ別の文を訳してしまいます。",
        lesson="mistakes",
    ),
    Misconception(
        id="transformer-dropout-not-on-embeddings",
        task="Transformer",
        edits=((POSITIONS, "self.positional_encoding = PositionalEncoding(d_model, max_len=max_len)"),),
        en="`dropout` is not passed on to the positional encoding, which keeps its default of 0.1. The paper also "
        "drops out the sum of embeddings and positions, with the same rate (5.4). With `dropout=0` the model is "
        "still random in training.",
        ja="`dropout` を位置エンコーディングに渡していないので、既定値の 0.1 のままです。論文では埋め込みと位置の和"
        "にも同じ率でドロップアウトをかけます (5.4 節)。このままでは `dropout=0` でも、学習時に乱数の影響を受けます。",
        lesson="mistakes",
    ),
    Misconception(
        id="transformer-max-len-not-passed-on",
        task="Transformer",
        edits=((POSITIONS, "self.positional_encoding = PositionalEncoding(d_model, dropout)"),),
        en="`max_len` is not passed on: the positional encoding always has its default of 5000 positions. Pass it, "
        "so that a short model saves the table, a long one works, and a sequence that is too long is refused as the "
        "caller asked.",
        ja="`max_len` を渡していないので、位置エンコーディングが常に既定値の 5000 位置分あります。渡せば、短いモデル"
        "は表が小さくて済み、5000 より長い系列も扱え、指定より長い系列は呼び出し側の意図どおりエラーになります。",
        lesson="mistakes",
    ),
    Misconception(
        id="transformer-output-bias",
        task="Transformer",
        edits=(
            (
                "self.output_projection = nn.Linear(d_model, tgt_vocab_size, bias=False)",
                "self.output_projection = nn.Linear(d_model, tgt_vocab_size)",
            ),
        ),
        en="The output projection has a bias. It is made with `bias=False` here: with shared embeddings (3.4) its "
        "matrix is the embedding table, and an embedding has no bias. The model has `tgt_vocab_size` parameters too "
        "many.",
        ja="出力の射影にバイアスがあります。ここでは `bias=False` で作ります。埋め込みを共有すると (3.4 節) この行"
        "列は埋め込みの表そのもので、埋め込みにはバイアスがないからです。このままではパラメータが `tgt_vocab_size` "
        "個多くなります。",
        lesson="sharing",
    ),
    Misconception(
        id="transformer-projection-not-shared",
        task="Transformer",
        edits=((PROJECTION, ""),),
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
        edits=((TARGET, ""),),
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
        edits=(
            (
                """
                if share_embeddings:
                    ...
                """,
                """
                if src_vocab_size == tgt_vocab_size:
                    ...
                """,
            ),
        ),
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
        edits=(
            (
                """
                if share_embeddings:
                    ...
                """,
                "",
            ),
        ),
        en="With `share_embeddings=True` there are still three parameters, as where the argument has no effect, or "
        "where the matrices are copies (`.clone()`, `copy_`). Sharing means one parameter in three places (3.4): "
        "assign the parameter itself. Copies drift apart with the first step of the optimizer. For a vocabulary of "
        "37,000 at width 512, sharing saves 38 million parameters; all layers of the base model have 44 million.",
        ja="`share_embeddings=True` でもパラメータが三つあります。引数が何にも使われていないか、行列がコピー "
        "(`.clone()`、`copy_`) になっているような場合です。共有とは一つのパラメータを 3 か所で使うことなの"
        "で (3.4 節)、パラメータそのものを代入してください。コピーはオプティマイザの最初の 1 歩で別々の値になります。"
        "語彙が 37,000、幅が 512 なら、共有で 3800 万個のパラメータを節約できます (base モデルの層はすべてで 4400 万"
        "個)。",
        lesson="sharing",
    ),
    Misconception(
        id="transformer-shares-without-asking-sizes",
        task="Transformer",
        edits=(
            (
                """
                if share_embeddings and src_vocab_size != tgt_vocab_size:
                    ...
                """,
                "",
            ),
        ),
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
        edits=(("self._reset_parameters()", ""),),
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
        edits=(
            (
                """
                for embedding in (self.src_embedding.embedding, self.tgt_embedding.embedding):
                    ...
                """,
                "",
            ),
        ),
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
        edits=(("embedding.embedding_dim**-0.5", "1.0"),),
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
    Misconception(
        id="transformer-decode-swaps-the-masks",
        task="Transformer",
        edits=(
            (
                DECODE,
                "return self.decoder(self.positional_encoding(self.tgt_embedding(tgt)), memory, src_mask, tgt_mask)",
            ),
        ),
        en="`decode` hands the masks to the decoder in the wrong order. It takes `(x, memory, self_mask, "
        "memory_mask)`: `tgt_mask` is for the self-attention, `src_mask` for the cross-attention. With different "
        "lengths this is an error; with equal lengths the decoder sees the future.",
        ja="`decode` からデコーダへ渡すマスクの順序が逆です。引数は `(x, memory, self_mask, memory_mask)` で、"
        "`tgt_mask` は自己注意用、`src_mask` は交差注意用です。長さが違えばエラーになり、等しければデコー"
        "ダから未来が見えてしまいます。",
        lesson="mistakes",
    ),
    Misconception(
        id="transformer-forward-swaps-the-masks",
        task="Transformer",
        edits=(
            (
                "hidden = self.decode(tgt, memory, tgt_mask, src_mask)",
                "hidden = self.decode(tgt, memory, src_mask, tgt_mask)",
            ),
        ),
        en="`forward` calls `decode` with the masks exchanged: it takes `(tgt, memory, tgt_mask, src_mask)`, while "
        "`forward` has them the other way round. Greedy decoding, which calls `decode` itself, would be right, and "
        "training wrong.",
        ja="`forward` が `decode` を呼ぶとき、マスクの順序が逆です。`decode` の引数は "
        "`(tgt, memory, tgt_mask, src_mask)` で、`forward` とは並びが違います。`decode` を直接呼ぶ生成は正しく、学"
        "習だけが間違うことになります。",
        lesson="mistakes",
    ),
    Misconception(
        id="transformer-target-embedding-for-the-source",
        task="Transformer",
        edits=((ENCODE, "return self.encoder(self.positional_encoding(self.tgt_embedding(src)), src_mask)"),),
        en="`encode` looks the source up in `tgt_embedding`; `src_embedding` is made and never used. The two "
        "vocabularies are different, unless `share_embeddings` makes them one: the same id stands for another word.",
        ja="`encode` で原文を `tgt_embedding` で引いていて、`src_embedding` は作っただけです。`share_embeddings` で一"
        "つにしない限り二つの語彙は別物で、同じ番号でも違う単語を表します。",
        lesson="mistakes",
    ),
    *family(
        id="transformer-vocabularies-refused-with-{value}",
        task="Transformer",
        values={"assertion-error": "AssertionError", "runtime-error": "RuntimeError"},
        edits=(
            (
                "if share_embeddings and src_vocab_size != tgt_vocab_size:\n    ...",
                "if share_embeddings and src_vocab_size != tgt_vocab_size:\n"
                '    raise {value}(f"vocabularies of {src_vocab_size} and {tgt_vocab_size}")',
            ),
        ),
        en="Vocabularies of different sizes that are to be shared are refused with `{value}`. The contract asks for a "
        "`ValueError`: that is Python's exception for an argument of the right type and an unsuitable value, and "
        "callers catch exceptions by their type.",
        ja="大きさの違う語彙を共有しようとしたとき、`{value}` で拒んでいます。求められているのは `ValueError` です。型"
        "は正しいが値が不適切な引数のための、Python の例外です。呼び出し側は例外を型で捕まえます。",
        lesson="sharing",
    ),
    Misconception(
        id="transformer-scales-the-logits",
        task="Transformer",
        edits=(
            (
                "return self.output_projection(hidden)",
                "return self.output_projection(hidden) * hidden.size(-1) ** -0.5",
            ),
        ),
        en="The logits are divided by the root of `d_model`. Some implementations scale here instead of in the "
        "embedding, because both share one matrix; in this course, as in the paper (3.4), the embedding is "
        "multiplied by that root, and the logits are those of the projection.",
        ja="logits を `d_model` の平方根で割っています。埋め込みと出力が行列を共有することから、埋め込みの代わりにこ"
        "こで倍率を掛ける実装もあります。この教材では、論文 (3.4 節) と同じく埋め込みにその平方根を掛け、logits は射"
        "影の出力そのままです。",
        lesson="sharing",
        met=(
            "https://github.com/jadore801120/attention-is-all-you-need-pytorch/issues/138",
            "https://github.com/jadore801120/attention-is-all-you-need-pytorch/issues/210",
        ),
    ),
    Misconception(
        id="transformer-decodes-the-source",
        task="Transformer",
        edits=(
            (
                "hidden = self.decode(tgt, memory, tgt_mask, src_mask)",
                "hidden = self.decode(src, memory, tgt_mask, src_mask)",
            ),
        ),
        en="`forward` gives the decoder the source instead of the target. The decoder reads what has been said so "
        "far, `tgt`, which begins with BOS; the source reaches it through the memory.",
        ja="`forward` がデコーダに、訳文ではなく原文を渡しています。デコーダが読むのはそれまでに出力したもの、つまり"
        " BOS で始まる `tgt` です。原文はメモリを通してデコーダに届きます。",
        lesson="mistakes",
        met=("https://github.com/datawhalechina/happy-llm/issues/191",),
    ),
)

"""Phase 4: mistakes in the Transformer: what is computed, and in which order."""

from __future__ import annotations

from . import Misconception

ENCODE = "return self.encoder(self.positional_encoding(self.src_embedding(src)), src_mask)"
DECODE = "return self.decoder(self.positional_encoding(self.tgt_embedding(tgt)), memory, tgt_mask, src_mask)"
MEMORY = "memory = self.encode(src, src_mask)  # (B, L_src, d_model)"
LOGITS = "return self.output_projection(hidden)  # (B, L_tgt, tgt_vocab_size)"
HIDDEN = "hidden = self.decode(tgt, memory, tgt_mask, src_mask)  # (B, L_tgt, d_model)"
POSITIONS = "self.positional_encoding = PositionalEncoding(d_model, dropout, max_len)"

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
            (ENCODE, ENCODE.replace("src_embedding(", "src_embedding.embedding(")),
            (DECODE, DECODE.replace("tgt_embedding(", "tgt_embedding.embedding(")),
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
        edits=((DECODE, DECODE.replace("tgt_embedding", "src_embedding")),),
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
        edits=((ENCODE, ENCODE.replace(", src_mask)", ", None)")),),
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
        edits=((DECODE, DECODE.replace("tgt_mask, src_mask)", "tgt_mask, None)")),),
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
        edits=((DECODE, DECODE.replace("tgt_mask, src_mask)", "None, src_mask)")),),
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
        edits=((HIDDEN, HIDDEN.replace("tgt_mask, src_mask)", "None, src_mask)")),),
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
            (DECODE, DECODE.replace("return self.decoder(", "return self.output_projection(self.decoder(") + ")"),
            (f"{HIDDEN}\n        {LOGITS}", "return self.decode(tgt, memory, tgt_mask, src_mask)"),
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
        edits=((MEMORY, "memory = self.encode(src, src_mask).detach()"),),
        en="`forward` detaches the memory from the graph. Its numbers are right, and no gradient reaches the encoder "
        "or, unless they are shared, the source embedding: half of the model stays as it was initialised. The loss "
        "falls all the same, because the decoder learns.",
        ja="`forward` がメモリを計算グラフから切り離しています。値は正しくても、エンコーダにも、共有していなければ"
        "原文側の埋め込みにも勾配が届かず、モデルの半分が初期値のままです。それでもデコーダは学習するので、損失は下"
        "がります。",
        lesson="mistakes",
    ),
    Misconception(
        id="transformer-memory-kept",
        task="Transformer",
        edits=(
            (ENCODE, ENCODE.replace("return ", "self.memory = ") + "\n        return self.memory"),
            (DECODE, DECODE.replace("memory,", "self.memory,")),
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
)

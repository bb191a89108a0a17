"""Mistakes in ``PositionalEncoding`` (phase 1)."""

from __future__ import annotations

from . import Misconception, family

TABLE = 'self.register_buffer("pe", sinusoidal_encoding(max_len, d_model), persistent=False)'
DROPOUT = "self.dropout = nn.Dropout(dropout)"
SUM = "return self.dropout(x + self.pe[:length].to(x.dtype))"

CATALOGUE = (
    Misconception(
        id="positions-by-batch",
        task="PositionalEncoding",
        edits=((SUM, "return self.dropout(x + self.pe[: x.size(0)].unsqueeze(1).to(x.dtype))"),),
        en=(
            "The table is indexed along dimension 0 of `x`, which is the batch: every position of the first "
            "sequence gets `PE[0]`, every one of the second `PE[1]`. Code for inputs of shape `(L, B, d_model)` "
            "looks like this; here batches come first, and the position runs along dimension 1. The model cannot "
            "see the order of words, and a sentence's result depends on its place in the batch."
        ),
        ja=(
            "表を `x` の次元 0、つまりバッチの番号で引いています。最初の系列はどの位置も `PE[0]`、"
            "次の系列はどの位置も `PE[1]` になります。`(L, B, d_model)` の入力を前提にしたコードがこの形ですが、"
            "この教材ではバッチが先頭で、位置は次元 1 です。このままではモデルに語順が見えず、結果がバッチ内の"
            "順番で変わってしまいます。"
        ),
        lesson="adding",
        met=(
            "https://github.com/songyangco/GETNext/issues/2",
            "https://github.com/tanjimin/C.Origami/issues/42",
        ),
    ),
    Misconception(
        id="positions-trained",
        task="PositionalEncoding",
        edits=((TABLE, "self.pe = nn.Parameter(sinusoidal_encoding(max_len, d_model))"),),
        en=(
            "The table is an `nn.Parameter`, so the optimizer changes it. The paper's sinusoids are fixed (3.5), "
            "a buffer: they move with `.to(...)` and are never trained. Learned positions are a design of their "
            "own, about as good in the paper's table 3 (E), but they know nothing of positions longer than any in "
            "training, and add `max_len · d_model` parameters."
        ),
        ja=(
            "表が `nn.Parameter` なので、オプティマイザに書き換えられます。論文 (3.5 節) の正弦波は固定で、"
            "バッファとして持ちます。`.to(...)` で一緒に移動し、学習はされません。位置を学習する方式は別の設計"
            "で、論文の表 3 (E) では同程度の性能ですが、学習時より長い位置には対応できず、パラメータも `max_le"
            "n・d_model` 個増えます。"
        ),
        lesson="learned-positions",
    ),
    Misconception(
        id="positions-in-a-plain-attribute",
        task="PositionalEncoding",
        edits=((TABLE, "self.pe = sinusoidal_encoding(max_len, d_model)"),),
        en=(
            "The table is a plain attribute. `nn.Module` only knows tensors that are registered, so `.to(device)` "
            "and `.double()` leave this one where it is, and on a GPU the addition fails. "
            '`self.register_buffer("pe", ...)` makes it follow the module without being trained.'
        ),
        ja=(
            "表をただの属性として持っています。`nn.Module` が把握するのは登録されたテンソルだけなので、"
            "`.to(device)` や `.double()` を呼んでもこの表は動かず、GPU では足し算がエラーになります。"
            '`self.register_buffer("pe", ...)` とすれば、学習されずにモジュールと一緒に移動します。'
        ),
        lesson="adding",
    ),
    Misconception(
        id="positions-added-in-place",
        task="PositionalEncoding",
        edits=(
            (
                SUM,
                """
                x += self.pe[:length].to(x.dtype)
                return self.dropout(x)
                """,
            ),
        ),
        en=(
            "`x += ...` writes into the tensor that the caller passed. Whoever uses it again finds the positions "
            "already added, and a second call adds them twice. `x = x + ...` looks almost the same but makes a "
            "new tensor and leaves the caller's alone."
        ),
        ja=(
            "`x += ...` は、呼び出し側が渡したテンソルを書き換えます。呼び出し側がそのテンソルをもう一度使うと、"
            "すでに位置が足されていて、2 度目の呼び出しでは二重に足されます。見た目は似ていますが、"
            "`x = x + ...` なら新しいテンソルができ、元のテンソルは変わりません。"
        ),
        lesson="adding",
    ),
    Misconception(
        id="positions-dropout-always-on",
        task="PositionalEncoding",
        edits=((SUM, "return nn.functional.dropout(x + self.pe[:length].to(x.dtype), self.dropout.p)"),),
        en="The dropout acts in evaluation mode too, as `F.dropout` does unless it is given `training=self.training`. "
        "The paper drops the sum during training only (5.4). As it stands, `model.eval()` has no effect and "
        "translating one sentence twice gives two results. Calling `self.dropout(...)` takes care of the mode.",
        ja="評価モードでもドロップアウトがかかっています。`F.dropout` に `training=self.training` を渡さないとこうなり"
        "ます。論文 (5.4 節) でドロップアウトを使うのは学習中だけです。このままでは `model.eval()` が効かず、同じ文"
        "を 2 回訳すと違う結果になります。`self.dropout(...)` を呼べば、モードが自動的に反映されます。",
        lesson="adding",
        met=("https://github.com/pytorch/pytorch/issues/26338",),
    ),
    Misconception(
        id="positions-without-dropout",
        task="PositionalEncoding",
        edits=((SUM, "return x + self.pe[:length].to(x.dtype)"),),
        en=(
            "The dropout is made but never called. The paper drops the sums of embeddings and positional "
            "encodings, with `P_drop = 0.1` (5.4). In evaluation mode nothing differs; in training the model "
            "lacks a part of its regularisation and fits the training data too closely."
        ),
        ja=(
            "ドロップアウトを作っただけで、呼び出していません。論文 (5.4 節) では、埋め込みと位置エンコーディング"
            "の和に `P_drop = 0.1` のドロップアウトをかけます。評価モードでは違いが出ませんが、"
            "学習時の正則化が一つ欠け、過学習しやすくなります。"
        ),
        lesson="adding",
    ),
    Misconception(
        id="positions-dropout-before-the-sum",
        task="PositionalEncoding",
        edits=((SUM, "return self.dropout(x) + self.pe[:length].to(x.dtype)"),),
        en=(
            "The dropout acts on the embeddings alone, and the positions are added afterwards. The paper applies "
            "it to the sum (5.4): `dropout(x + PE[:L])`. Here a dropped entry still carries its position, and the "
            "two are no longer scaled alike during training."
        ),
        ja=(
            "ドロップアウトを埋め込みだけにかけ、その後で位置を足しています。論文 (5.4 節) では和に対して `dropou"
            "t(x + PE[:L])` とします。このコードでは、落とされた成分にも位置の値が残り、学習中に二つの大きさ"
            "の釣り合いが崩れます。"
        ),
        lesson="adding",
    ),
    Misconception(
        id="positions-dropout-of-the-table",
        task="PositionalEncoding",
        edits=((SUM, "return x + self.dropout(self.pe[:length].to(x.dtype))"),),
        en=(
            "Only the positional encoding is dropped out, and with one pattern for all sequences of the batch. "
            "The paper drops the sum of embedding and encoding (5.4): `dropout(x + PE[:L])`, every entry on its "
            "own. Here the words are never dropped."
        ),
        ja=(
            "位置エンコーディングだけにドロップアウトをかけていて、しかもバッチのすべての系列で同じ成分が落ちま"
            "す。論文 (5.4 節) では埋め込みとの和に `dropout(x + PE[:L])` とかけ、成分ごとに独立に落とします。"
            "このコードでは単語の側がまったく落とされません。"
        ),
        lesson="adding",
    ),
    Misconception(
        id="positions-dropout-is-keep-probability",
        task="PositionalEncoding",
        edits=((DROPOUT, "self.dropout = nn.Dropout(1.0 - dropout)"),),
        en=(
            "`nn.Dropout` is given `1 - dropout`. Its argument is the probability to drop, not to keep as in old "
            "TensorFlow, and so is the paper's `P_drop = 0.1` (5.4). With 0.1 here nine of ten values are zeroed "
            "in training, and hardly anything can be learned."
        ),
        ja=(
            "`nn.Dropout` に `1 - dropout` を渡しています。`nn.Dropout` の引数は (昔の TensorFlow のような「残す確"
            "率」ではなく)「落とす確率」で、論文の `P_drop = 0.1` (5.4 節) も同じ意味です。このコードで 0.1 を指定する"
            "と、学習中に値の 9 割が 0 になり、ほとんど学習できません。"
        ),
        lesson="adding",
    ),
    Misconception(
        id="positions-dropout-constant",
        task="PositionalEncoding",
        edits=((DROPOUT, "self.dropout = nn.Dropout(0.1)"),),
        en=(
            "The `dropout` argument is not used: 0.1 is written into the code. That is the paper's base value "
            "(5.4), but its big English-German model uses 0.3, and a test or a small model wants 0.0. "
            "`PositionalEncoding(d_model, dropout=0.0)` still drops here."
        ),
        ja=(
            "引数 `dropout` を使わず、0.1 を直接書いています。0.1 は論文 (5.4 節) の base モデルの値ですが、"
            "英独の big モデルは 0.3 ですし、テストや小さなモデルでは 0.0 にしたいこともあります。"
            "このコードでは `PositionalEncoding(d_model, dropout=0.0)` としてもドロップアウトが掛かります。"
        ),
        lesson="adding",
    ),
    Misconception(
        id="positions-from-the-end",
        task="PositionalEncoding",
        edits=((SUM, "return self.dropout(x + self.pe[self.pe.size(0) - length :].to(x.dtype))"),),
        en=(
            "The last `L` rows of the table are added, `PE[-L:]`, instead of the first, `PE[:L]`. The first word "
            "must get position 0 whatever the length. Here the position of a word depends on `max_len` and on how "
            "long its sequence is."
        ),
        ja=(
            "表の最初の `L` 行 `PE[:L]` ではなく、最後の `L` 行 `PE[-L:]` を足しています。系列の長さによらず、"
            "先頭の単語は位置 0 です。このコードでは、同じ単語の位置が `max_len` や系列の長さによって変わってし"
            "まいます。"
        ),
        lesson="adding",
    ),
    Misconception(
        id="positions-one-row-for-all",
        task="PositionalEncoding",
        edits=((SUM, "return self.dropout(x + self.pe[length - 1].to(x.dtype))"),),
        en=(
            "One row of the table, `PE[L - 1]`, is added to every position. An index takes a single row, and "
            "broadcasting hides it; the slice `PE[:L]` takes the rows 0 to `L - 1`, one for each position (3.5). "
            "With the same vector everywhere the model cannot tell the order of the words."
        ),
        ja=(
            "表の 1 行 `PE[L - 1]` だけを取り出し、すべての位置に足しています。整数の添字は 1 行だけを取り出し、"
            "ブロードキャストのためにエラーになりません。スライス `PE[:L]` なら 0 から `L - 1` までの行が位置ご"
            "とに一つずつ対応します (3.5 節)。どこも同じベクトルでは、モデルに語順が伝わりません。"
        ),
        lesson="adding",
        met=("https://github.com/DiffPoseTalk/DiffPoseTalk/issues/20",),
    ),
    Misconception(
        id="positions-scaled-again",
        task="PositionalEncoding",
        edits=((SUM, "return self.dropout(x * math.sqrt(x.size(-1)) + self.pe[:length].to(x.dtype))"),),
        en=(
            "The input is multiplied by `sqrt(d_model)` here as well. In the paper that happens once, in the "
            "embedding (3.4), and `TokenEmbedding` has done it already. Done twice, the words are `sqrt(d_model)` "
            "times too large and the positions added to them vanish."
        ),
        ja=(
            "ここでも入力に `sqrt(d_model)` を掛けています。論文ではこの係数を埋め込み (3.4 節) で 1 回だけ掛け、"
            "それは `TokenEmbedding` が済ませています。二重に掛けると単語の値が `sqrt(d_model)` 倍大きすぎて、"
            "足した位置が埋もれてしまいます。"
        ),
        lesson="embedding",
    ),
    Misconception(
        id="positions-longest-refused",
        task="PositionalEncoding",
        edits=(("length > max_len", "length >= max_len"),),
        en=(
            "A sequence of exactly `max_len` positions is refused. The table has the rows 0 to `max_len - 1`, "
            "enough for `L = max_len`; only `L > max_len` is too long. With `>=` the last row is never used, and "
            "a model made for 512 tokens fails at 512."
        ),
        ja=(
            "ちょうど `max_len` の長さの系列を拒否しています。表には 0 から `max_len - 1` までの行があり、"
            "`L = max_len` なら足ります。長すぎるのは `L > max_len` のときだけです。`>=` では最後の行が使われず、"
            "512 トークン用のモデルが 512 トークンの入力で止まってしまいます。"
        ),
        lesson="adding",
    ),
    Misconception(
        id="positions-too-long-cut",
        task="PositionalEncoding",
        edits=(
            (
                """
                if length > max_len:
                    ...
                """,
                "x = x[:, :max_len]",
            ),
            (SUM, "return self.dropout(x + self.pe[: x.size(1)].to(x.dtype))"),
        ),
        en=(
            "A sequence longer than `max_len` is cut without a word. The output is then shorter than the tokens "
            "and the masks that belong to it: an error far away, or a translation of half a sentence. Raise a "
            "`ValueError` that names both numbers, so that the user sees what to change."
        ),
        ja=(
            "`max_len` より長い系列を、何も言わずに切り詰めています。出力がトークンやマスクより短くなり、"
            "離れた場所でエラーになるか、文の途中までの翻訳になってしまいます。二つの数を示した `ValueError` を"
            "出して、何を変えればよいか分かるようにしましょう。"
        ),
        lesson="adding",
    ),
    Misconception(
        id="positions-cut-the-gradient",
        task="PositionalEncoding",
        edits=((SUM, "return self.dropout(x.detach() + self.pe[:length].to(x.dtype))"),),
        en=(
            "The input is detached (or taken by `.data`) before the sum, so no gradient passes back through it "
            "and the embedding below is never trained. The table needs no gradient, and being a buffer it asks "
            "for none; `x` needs the gradient of the sum, unchanged."
        ),
        ja=(
            "和を取る前に入力を `.detach()` (または `.data`) で切り離しているため、勾配が下に流れず、その下の埋め込"
            "みが学習されません。勾配が要らないのは表のほうで、バッファにしてあれば何もしなくても勾配は計算されませ"
            "ん。`x` には和の勾配がそのまま届く必要があります。"
        ),
        lesson="adding",
    ),
    Misconception(
        id="positions-length-not-checked",
        task="PositionalEncoding",
        edits=(("if length > max_len:\n    ...", ""),),
        en="Nothing looks at the length, so a sequence longer than the table ends in torch's error about sizes that "
        "do not match. The contract asks for a `ValueError` that names both numbers, `L` and `max_len`: whoever "
        "gets it then knows which of the two to change.",
        ja="長さを確かめていないので、表より長い系列は、サイズが合わないという torch のエラーで止まります。求められて"
        "いるのは、`L` と `max_len` の両方を示す `ValueError` です。それを見れば、どちらの値を直せばよいか分かりま"
        "す。",
        lesson="adding",
    ),
    *family(
        id="positions-too-long-raises-{value}",
        task="PositionalEncoding",
        values={"runtime-error": "RuntimeError", "index-error": "IndexError"},
        edits=(
            (
                "if length > max_len:\n    ...",
                'if length > max_len:\n    raise {value}(f"a sequence of length {length} is longer than {max_len}")',
            ),
        ),
        en="A sequence that is too long is refused with `{value}`. The contract asks for a `ValueError`: that is "
        "Python's exception for an argument of the right type and an unsuitable value, and callers catch "
        "exceptions by their type.",
        ja="長すぎる系列を `{value}` で拒んでいます。求められているのは `ValueError` です。型は正しいが値が不適切な引"
        "数のための、Python の例外です。呼び出し側は例外を型で捕まえます。",
        lesson="adding",
    ),
    Misconception(
        id="positions-length-asserted",
        task="PositionalEncoding",
        edits=(("if length > max_len:\n    ...", "assert length <= max_len"),),
        en=(
            "A sequence that is too long ends in an `AssertionError`. Assertions are for the author's own errors, and "
            "`python -O` leaves them out; the contract asks for a `ValueError` whose message names both numbers."
        ),
        ja="長すぎる系列が `AssertionError` になります。assert は書いた人自身の誤りを見つけるためのもので、`python -O`"
        " では消えます。求められているのは、両方の数を示す `ValueError` です。",
        lesson="adding",
    ),
    Misconception(
        id="positions-of-their-own-dtype",
        task="PositionalEncoding",
        edits=((SUM, "return self.dropout(x + self.pe[:length])"),),
        en="The table is added as it is, so its dtype decides: bfloat16 embeddings plus a float32 table give float32, "
        "and the layers after it then meet weights of another dtype. The sum has the dtype of `x`: "
        "`self.pe[:L].to(x.dtype)`.",
        ja="表をそのまま足しているので、表の dtype が結果を決めます。bfloat16 の埋め込みに float32 の表を足すと "
        "float32 になり、次の層で重みと dtype が合いません。和の dtype は `x` と同じです。`self.pe[:L].to(x.dtype)`"
        " としてください。",
        lesson="adding",
        met=("https://github.com/wfondrie/depthcharge/pull/82",),
    ),
    Misconception(
        id="positions-not-added",
        task="PositionalEncoding",
        edits=((SUM, "return self.dropout(x)"),),
        en="The positions never reach the result: what comes back is `dropout(x)`. The sum is missing, or it is "
        "computed and thrown away, as by `x + self.pe[:length]` on a line of its own: `+` makes a new tensor and "
        "leaves `x` as it was. Without positions the model cannot see the order of the words (3.5).",
        ja="位置が結果に入っておらず、`dropout(x)` を返すのと同じです。和を取っていないか、`x + self.pe[:length]` と"
        "だけ書いて結果を捨てています。`+` は新しいテンソルを作るだけで、`x` は変わりません。位置がなければ、モデル"
        "に語順が見えません (3.5 節)。",
        lesson="adding",
        met=("https://github.com/Lightning-AI/pytorch-lightning/issues/19138",),
    ),
    Misconception(
        id="positions-dropout-twice",
        task="PositionalEncoding",
        edits=((SUM, "return self.dropout(self.dropout(x + self.pe[:length].to(x.dtype)))"),),
        en="The sum is dropped out twice. Each time it keeps `1 - p` of its numbers and scales them up, so with `p = "
        "0.1` a fifth is lost instead of a tenth. The paper applies dropout once, to the sum of embedding and "
        "encoding (5.4).",
        ja="和にドロップアウトを 2 回かけています。1 回ごとに割合 `1 - p` の数だけを残して拡大するので、`p = 0.1` な"
        "ら 1 割ではなく約 2 割が失われます。論文では、埋め込みと位置エンコーディングの和に 1 回だけかけます (5.4 節"
        ")。",
        lesson="adding",
        met=("https://github.com/EdinburghNLP/nematus/pull/106",),
    ),
)

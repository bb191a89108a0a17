"""Mistakes in ``EncoderLayer`` (phase 4)."""

from __future__ import annotations

from . import Misconception, family

ATTENTION = "self.self_attention(x, x, x, mask)"
STEPS = """
attended, _ = self.self_attention(x, x, x, mask)
x = self.add_norm1(x, attended)
return self.add_norm2(x, self.feed_forward(x))
"""
NORMS = """
self.add_norm1 = AddAndNorm(d_model, dropout)
self.add_norm2 = AddAndNorm(d_model, dropout)
"""
WITHOUT_DROPOUT_EN = (
    "`{value}` has the dropout 0.1 whatever the layer is given, and the others obey: `AddAndNorm` is made there "
    "without `dropout` (or with a number of its own). Pass the argument on to each. A model made with `dropout=0` "
    "is still random in training, and the cause is hard to find because the rest of the layer obeys."
)
WITHOUT_DROPOUT_JA = (
    "`{value}` の dropout だけが、層に渡した値に関係なく 0.1 です。そこだけ `AddAndNorm` に `dropout` を渡してい"
    "ない (または別の数を渡している) ためです。すべてに渡してください。`dropout=0` で作ったモデルでも学習時に乱数"
    "の影響を受け、ほかは正しいだけに原因が見つけにくくなります。"
)
SWAPPED_EN = (
    "The arguments of `{value}` are exchanged, of the others not: the sublayer's output stands first and `x` second. "
    "The sum is the same, so evaluation shows nothing, but dropout acts on the second argument: in training it is the "
    "residual that is dropped there (5.4 says the opposite)."
)
SWAPPED_JA = (
    "`{value}` だけ引数が逆で、サブ層の出力が先、`x` が後になっています。和は同じなので評価モードでは違いが出ません"
    "が、dropout は 2 番目の引数にかかります。そのため学習時に、そこでは残差のほうが落とされます (5.4 節とは逆です)。"
)

CATALOGUE = (
    Misconception(
        id="encoder-layer-pre-norm",
        task="EncoderLayer",
        edits=(
            (
                STEPS,
                """
                normed = self.add_norm1.norm(x)
                attended, _ = self.self_attention(normed, normed, normed, mask)
                x = x + self.add_norm1.dropout(attended)
                return x + self.add_norm2.dropout(self.feed_forward(self.add_norm2.norm(x)))
                """,
            ),
        ),
        en="Each sublayer's input is normalised and its output added: `x + Sublayer(norm(x))`. This is pre-norm, the "
        "order of GPT-2 and of most later models. The paper normalises after the addition, `norm(x + Sublayer(x))` "
        "(3.1), which is what `AddAndNorm` does. Pre-norm trains well, often more easily, but its stack needs a norm "
        "at the end and gives other numbers.",
        ja="サブ層の入力を正規化し、出力をそのまま足しています。つまり `x + Sublayer(norm(x))` で、GPT-2 以降のモデ"
        "ルに多い Pre-LN です。論文は足した後に正規化し、`norm(x + Sublayer(x))` とします (3.1 節)。それを行うのが "
        "`AddAndNorm` です。Pre-LN はむしろ学習しやすいくらいですが、スタックの最後に正規化が必要で、値も変わります。",
        lesson="encoder",
    ),
    Misconception(
        id="encoder-layer-mask-forgotten",
        task="EncoderLayer",
        edits=((ATTENTION, "self.self_attention(x, x, x)"),),
        en="`mask` is accepted and not passed on to the self-attention. Every real position then attends to the "
        "padding behind it, so the representation of a sentence depends on how long the others in its batch happen "
        "to be.",
        ja="`mask` を受け取っていますが、自己注意に渡していません。そのため本物の位置が後ろのパディングにも注意を向"
        "け、ある文の表現が、同じバッチのほかの文の長さに左右されます。",
        lesson="encoder",
    ),
    Misconception(
        id="encoder-layer-mask-inverted",
        task="EncoderLayer",
        edits=((ATTENTION, "self.self_attention(x, x, x, None if mask is None else ~mask)"),),
        en='The mask is turned round on the way to the attention. In this course True means "may attend" '
        "everywhere, so it is passed on as it is; only `torch.nn.MultiheadAttention` means the opposite. As it is, "
        "real tokens attend to padding and to nothing else.",
        ja="注意機構に渡すときにマスクを反転しています。この教材ではどこでも True が「注意を向けてよい」なので、その"
        "まま渡します。逆の意味なのは `torch.nn.MultiheadAttention` です。このままでは、本物のトークンがパディングだ"
        "けに注意を向けます。",
        lesson="mistakes",
    ),
    Misconception(
        id="encoder-layer-causal",
        task="EncoderLayer",
        edits=(
            (
                "attended, _ = self.self_attention(x, x, x, mask)",
                """
                causal = x.new_ones(x.size(1), x.size(1)).tril().bool()
                attended, _ = self.self_attention(x, x, x, causal if mask is None else mask & causal)
                """,
            ),
        ),
        en="The encoder's self-attention hides later positions, as a decoder's does. The whole source is known "
        "before decoding starts, so in the encoder every position may attend to every other (3.2.3). As it is, the "
        "first word is read without knowing what follows; toy tasks are still solved, and real translation is worse.",
        ja="エンコーダの自己注意が、デコーダのように後ろの位置を隠しています。生成を始める前に原文はすべて分かって"
        "いるので、エンコーダではどの位置もすべての位置に注意を向けられます (3.2.3 節)。このままでは、先頭の単語が"
        "後に続くものを知らずに解釈されます。小さな課題は解けてしまいますが、実際の翻訳の質は下がります。",
        lesson="encoder",
    ),
    Misconception(
        id="encoder-layer-first-norm-twice",
        task="EncoderLayer",
        edits=(("return self.add_norm2(x, self.feed_forward(x))", "return self.add_norm1(x, self.feed_forward(x))"),),
        en="`add_norm1` is used after both sublayers and `add_norm2` never. Each sublayer has a norm of its own "
        "(3.1), with its own gain and bias. As it is, `add_norm2` gets no gradient, and one gain has to serve two "
        "places.",
        ja="二つのサブ層の後で、どちらも `add_norm1` を使っていて、`add_norm2` が使われていません。サブ層にはそれぞ"
        "れ自分の層正規化があり (3.1 節)、ゲインとバイアスも別です。このままでは `add_norm2` に勾配が届かず、1 組の"
        "ゲインとバイアスが 2 か所を兼ねることになります。",
        lesson="encoder",
    ),
    Misconception(
        id="encoder-layer-one-norm",
        task="EncoderLayer",
        edits=(
            (
                NORMS,
                """
                self.add_norm1 = AddAndNorm(d_model, dropout)
                self.add_norm2 = self.add_norm1
                """,
            ),
        ),
        en="`add_norm2` is the same module as `add_norm1`. Each sublayer has its own norm (3.1): make two. One "
        "object under two names has one gain and one bias, so the layer has `2 * d_model` parameters too few, and "
        "what training writes into one place stands in the other.",
        ja="`add_norm2` が `add_norm1` と同じモジュールです。サブ層にはそれぞれ自分の層正規化があるので (3.1 節)、"
        "二つ作ってください。名前が二つあっても物は一つなので、パラメータが `2 * d_model` 個足りず、片方の学習がも"
        "う片方も変えてしまいます。",
        lesson="counting",
    ),
    Misconception(
        id="encoder-layer-feed-forward-of-the-input",
        task="EncoderLayer",
        edits=(
            (
                STEPS,
                """
                attended, _ = self.self_attention(x, x, x, mask)
                y = self.add_norm1(x, attended)
                return self.add_norm2(y, self.feed_forward(x))
                """,
            ),
        ),
        en="The feed-forward network is fed with the layer's input instead of what the self-attention made of it. "
        "The sublayers stand one behind the other (figure 1): `feed_forward(x)` takes the output of `add_norm1`. As "
        "it is, what a position learned from the others reaches the second sublayer only as its residual.",
        ja="フィードフォワードネットワークに、自己注意の結果ではなく層の入力を渡しています。サブ層は直列に並び (図 "
        "1)、`feed_forward(x)` は `add_norm1` の出力を受け取ります。このままでは、ほかの位置から得た情報が、二つ目"
        "のサブ層には残差としてしか届きません。",
        lesson="encoder",
    ),
    Misconception(
        id="encoder-layer-old-residual",
        task="EncoderLayer",
        edits=(
            (
                STEPS,
                """
                attended, _ = self.self_attention(x, x, x, mask)
                y = self.add_norm1(x, attended)
                return self.add_norm2(x, self.feed_forward(y))
                """,
            ),
        ),
        en="The second residual connection adds the layer's input `x` instead of the output of `add_norm1`. A "
        "residual goes around one sublayer: what went into the feed-forward network is added to what came out of it "
        "(3.1). As it is, the result of the attention reaches the output through the feed-forward network alone.",
        ja="二つ目の残差接続が、`add_norm1` の出力ではなく層の入力 `x` を足しています。残差接続は一つのサブ層をまた"
        "ぐもので、フィードフォワードネットワークに入ったものを、出てきたものに足します (3.1 節)。このままでは、注"
        "意の結果がフィードフォワードネットワークを通してしか出力に届きません。",
        lesson="encoder",
    ),
    Misconception(
        id="encoder-layer-residual-twice",
        task="EncoderLayer",
        edits=(
            (
                STEPS,
                """
                attended, _ = self.self_attention(x, x, x, mask)
                x = self.add_norm1(x, x + attended)
                return self.add_norm2(x, x + self.feed_forward(x))
                """,
            ),
        ),
        en="`x` is added to each sublayer's output before `AddAndNorm`, which adds it once more. `AddAndNorm` is the "
        "residual connection: give it what came out of the sublayer. With `2 x` in the sum every sublayer counts for "
        "half, and in training dropout also falls on the residual.",
        ja="各サブ層の出力に `x` を足してから `AddAndNorm` に渡していますが、`AddAndNorm` がもう一度 `x` を足します。"
        "残差接続は `AddAndNorm` が行うので、サブ層の出力をそのまま渡してください。和が `2 x` を含むため各サブ層の"
        "寄与が半分になり、学習時には残差にまでドロップアウトがかかります。",
        lesson="mistakes",
    ),
    Misconception(
        id="encoder-layer-join-arguments-swapped",
        task="EncoderLayer",
        edits=(
            (
                STEPS,
                """
                attended, _ = self.self_attention(x, x, x, mask)
                x = self.add_norm1(attended, x)
                return self.add_norm2(self.feed_forward(x), x)
                """,
            ),
        ),
        en="`AddAndNorm` is called with its arguments exchanged: the sublayer's output first, then `x`. The sum is "
        "the same, so evaluation shows nothing, but dropout acts on the second argument: in training it is the "
        "residual that is dropped, and the sublayer that is kept (5.4 says the opposite).",
        ja="`AddAndNorm` の引数が逆で、サブ層の出力が先、`x` が後になっています。和は同じなので評価モードでは違いが"
        "出ませんが、ドロップアウトは 2 番目の引数にかかります。そのため学習時に落とされるのは残差で、サブ層の出力"
        "はそのまま残ります (5.4 節とは逆です)。",
        lesson="mistakes",
    ),
    Misconception(
        id="encoder-layer-dropout-not-passed-on",
        task="EncoderLayer",
        edits=(
            (
                NORMS,
                """
                self.add_norm1 = AddAndNorm(d_model)
                self.add_norm2 = AddAndNorm(d_model)
                """,
            ),
        ),
        en="`AddAndNorm` is made without `dropout`, so its default of 0.1 stays. Pass the argument on. A model made "
        "with `dropout=0` is still random in training: tests that compare two runs fail for no visible reason, and a "
        "stronger dropout never arrives.",
        ja="`AddAndNorm` に `dropout` を渡していないので、既定値の 0.1 のままです。引数をそのまま渡してください。"
        "`dropout=0` で作ったモデルでも学習時に乱数の影響を受け、大きな値を指定しても届きません。",
        lesson="mistakes",
    ),
    *family(
        id="encoder-layer-join-arguments-swapped-at-{value}",
        task="EncoderLayer",
        values={"add-norm1": "add_norm1"},
        edits=(("self.{value}(x, attended)", "self.{value}(attended, x)"),),
        en=SWAPPED_EN,
        ja=SWAPPED_JA,
        lesson="mistakes",
    ),
    *family(
        id="encoder-layer-join-arguments-swapped-at-{value}",
        task="EncoderLayer",
        values={"add-norm2": "add_norm2"},
        edits=(("self.{value}(x, self.feed_forward(x))", "self.{value}(self.feed_forward(x), x)"),),
        en=SWAPPED_EN,
        ja=SWAPPED_JA,
        lesson="mistakes",
    ),
    *family(
        id="encoder-layer-dropout-not-passed-to-{value}",
        task="EncoderLayer",
        values={"add-norm1": "add_norm1", "add-norm2": "add_norm2"},
        edits=(("self.{value} = AddAndNorm(d_model, dropout)", "self.{value} = AddAndNorm(d_model)"),),
        en=WITHOUT_DROPOUT_EN,
        ja=WITHOUT_DROPOUT_JA,
        lesson="mistakes",
    ),
    Misconception(
        id="encoder-layer-takes-the-pair-for-the-output",
        task="EncoderLayer",
        edits=(("attended, _ = self.self_attention(x, x, x, mask)", "attended = self.self_attention(x, x, x, mask)"),),
        en="`MultiHeadAttention` returns a pair, `(output, weights)`, and the whole pair goes on to `add_norm1`. Take "
        "it apart: `attended, _ = self.self_attention(...)`, or `[0]` behind the call.",
        ja="`MultiHeadAttention` が返すのは `(output, weights)` の組ですが、組のまま `add_norm1` に渡しています。"
        "`attended, _ = self.self_attention(...)` と受け取るか、呼び出しの後に `[0]` を付けてください。",
        lesson="encoder",
    ),
    Misconception(
        id="encoder-layer-feed-forward-forgotten",
        task="EncoderLayer",
        edits=(("return self.add_norm2(x, self.feed_forward(x))", "return x"),),
        en="The feed-forward network is made and never called. Each layer has two sublayers, self-attention and then "
        "the feed-forward network (3.1), each joined by its own `AddAndNorm`.",
        ja="フィードフォワード層を作っただけで、呼んでいません。各層には自己注意とフィードフォワードの二つのサブ層"
        "があり (3.1 節)、それぞれを専用の `AddAndNorm` でつなぎます。",
        lesson="encoder",
    ),
)

"""Mistakes in ``DecoderLayer`` (phase 4)."""

from __future__ import annotations

from . import Misconception, family
from .phase4_encoder_layer import SWAPPED_EN, SWAPPED_JA, WITHOUT_DROPOUT_EN, WITHOUT_DROPOUT_JA

SELF = "self.self_attention(x, x, x, self_mask)"
CROSS = "self.cross_attention(x, memory, memory, memory_mask)"
STEPS = """
attended, _ = self.self_attention(x, x, x, self_mask)
x = self.add_norm1(x, attended)
attended, _ = self.cross_attention(x, memory, memory, memory_mask)
x = self.add_norm2(x, attended)
return self.add_norm3(x, self.feed_forward(x))
"""
NORMS = """
self.add_norm1 = AddAndNorm(d_model, dropout)
self.add_norm2 = AddAndNorm(d_model, dropout)
self.add_norm3 = AddAndNorm(d_model, dropout)
"""

CATALOGUE = (
    Misconception(
        id="decoder-layer-pre-norm",
        task="DecoderLayer",
        edits=(
            (
                STEPS,
                """
                normed = self.add_norm1.norm(x)
                attended, _ = self.self_attention(normed, normed, normed, self_mask)
                x = x + self.add_norm1.dropout(attended)
                attended, _ = self.cross_attention(self.add_norm2.norm(x), memory, memory, memory_mask)
                x = x + self.add_norm2.dropout(attended)
                return x + self.add_norm3.dropout(self.feed_forward(self.add_norm3.norm(x)))
                """,
            ),
        ),
        en="Each sublayer's input is normalised and its output added: pre-norm, as in most models after GPT-2. The "
        "paper normalises the sum, `norm(x + Sublayer(x))` (3.1), which is what `AddAndNorm` does. Pre-norm leaves "
        "the output of the layer unnormalised; without a norm at the end of the stack, the logits grow with its "
        "depth.",
        ja="各サブ層の入力を正規化し、出力をそのまま足す Pre-LN になっています。GPT-2 以降のモデルに多い形です。論"
        "文は和を正規化し、`norm(x + Sublayer(x))` とします (3.1 節)。それを行うのが `AddAndNorm` です。Pre-LN では"
        "層の出力が正規化されないので、スタックの最後に正規化がないと、深くするほどロジットが大きくなります。",
        lesson="decoder",
    ),
    Misconception(
        id="decoder-layer-self-mask-forgotten",
        task="DecoderLayer",
        edits=((SELF, "self.self_attention(x, x, x)"),),
        en="`self_mask` is not passed on to the self-attention. It is what keeps a position from seeing the tokens "
        "behind it (3.2.3). Without it the decoder reads the answer while it is trained: the loss goes to almost "
        "nothing, and decoding, where there is no answer to read, gives garbage.",
        ja="`self_mask` を自己注意に渡していません。後ろのトークンを見えなくするのがこのマスクです (3.2.3 節)。これ"
        "がないとデコーダは学習中に答えを読んでしまい、損失はほぼ 0 になりますが、答えのない生成時にはでたらめな出"
        "力になります。",
        lesson="decoder",
    ),
    Misconception(
        id="decoder-layer-memory-mask-forgotten",
        task="DecoderLayer",
        edits=((CROSS, "self.cross_attention(x, memory, memory)"),),
        en="`memory_mask` is not passed on to the cross-attention. The source is padded too, and its padding must "
        "not be read: hand the mask over. Without it a translation changes with the amount of padding behind the "
        "source, that is with the other sentences of the batch.",
        ja="`memory_mask` を交差注意に渡していません。原文にもパディングがあり、それを読んではいけないので、マスク"
        "を渡してください。このままでは、原文の後ろのパディングの量、つまり同じバッチのほかの文によって翻訳が変わり"
        "ます。",
        lesson="cross-attention",
    ),
    Misconception(
        id="decoder-layer-masks-swapped",
        task="DecoderLayer",
        edits=(
            (SELF, "self.self_attention(x, x, x, memory_mask)"),
            (CROSS, "self.cross_attention(x, memory, memory, self_mask)"),
        ),
        en="The two masks are exchanged: `memory_mask` goes to the self-attention and `self_mask` to the "
        "cross-attention. `self_mask` is about target positions, `memory_mask` about source positions. With "
        "different lengths this is an error; with equal lengths it runs, sees the future, and hides parts of the "
        "source.",
        ja="二つのマスクが入れ替わり、`memory_mask` が自己注意に、`self_mask` が交差注意に渡っています。`self_mask` "
        "は訳文側の位置、`memory_mask` は原文側の位置についてのマスクです。長さが違えばエラーになりますが、同じ長さ"
        "だと動いてしまい、未来が見え、原文の一部が隠れます。",
        lesson="cross-attention",
    ),
    Misconception(
        id="decoder-layer-queries-from-memory",
        task="DecoderLayer",
        edits=((CROSS, "self.cross_attention(memory, x, x, memory_mask)"),),
        en="The memory asks and the decoder answers. It is the other way round (3.2.3): queries come from the "
        "decoder, keys and values from the memory, so that every target position looks through the source. As it is, "
        "the result has the length of the source, which fails at the residual connection unless both lengths happen "
        "to be equal.",
        ja="メモリがクエリに、デコーダがキーとバリューになっています。正しくは逆で (3.2.3 節)、クエリはデコーダから、"
        "キーとバリューはメモリから取り、訳文側の各位置が原文を見渡します。このままでは結果の長さが原文の長さになり、"
        "両方の長さがたまたま等しいとき以外は残差接続で失敗します。",
        lesson="cross-attention",
    ),
    Misconception(
        id="decoder-layer-cross-attention-to-itself",
        task="DecoderLayer",
        edits=((CROSS, "self.cross_attention(x, x, x, self_mask)"),),
        en="The cross-attention takes keys and values from the decoder, like the self-attention before it. They come "
        "from `memory` (3.2.3). As it is, the decoder never sees the source: it learns to write plausible sentences "
        "that have nothing to do with the input, and the encoder gets no gradient.",
        ja="交差注意のキーとバリューを、直前の自己注意と同じくデコーダから取っています。正しくは `memory` から取り"
        "ます (3.2.3 節)。このままではデコーダが原文をまったく見ず、入力と無関係な、もっともらしい文を出すようにな"
        "ります。エンコーダには勾配が届きません。",
        lesson="cross-attention",
    ),
    Misconception(
        id="decoder-layer-memory-never-read",
        task="DecoderLayer",
        edits=((CROSS, "self.cross_attention(x, x, x, memory_mask)"),),
        en="The cross-attention takes keys and values from the decoder, though with the mask of the memory. They come "
        "from `memory` (3.2.3). The mask fits only where source and target happen to be equally long; without a mask "
        "nothing fails, and the decoder never sees the source.",
        ja="交差注意のキーとバリューをデコーダから取り、マスクだけはメモリのものを渡しています。正しくはどちらも "
        "`memory` から取ります (3.2.3 節)。このマスクの形が合うのは、原文と出力文の長さがたまたま等しいときだけで、"
        "マスクがなければエラーにもならず、デコーダは原文をまったく見ません。",
        lesson="cross-attention",
    ),
    Misconception(
        id="decoder-layer-one-attention-in-two-places",
        task="DecoderLayer",
        edits=(
            (
                "self.cross_attention = MultiHeadAttention(d_model, num_heads)",
                "self.cross_attention = self.self_attention",
            ),
        ),
        en="`cross_attention` is the same module as `self_attention`. They are two sublayers with parameters of "
        "their own (3.1): make two. One module must find neighbours in the target and matches in the source with the "
        "same projections, and the layer has `4 d_model^2 + 4 d_model` parameters too few.",
        ja="`cross_attention` が `self_attention` と同じモジュールです。この二つは別のサブ層で、それぞれ自分のパラ"
        "メータを持つので (3.1 節)、二つ作ってください。このままでは、訳文側での関係も原文側との対応も同じ射影で探"
        "すことになり、パラメータが `4 d_model^2 + 4 d_model` 個足りません。",
        lesson="counting",
    ),
    Misconception(
        id="decoder-layer-self-attention-used-twice",
        task="DecoderLayer",
        edits=((CROSS, "self.self_attention(x, memory, memory, memory_mask)"),),
        en="The memory is attended to with `self_attention`; `cross_attention` is made and never called. Each "
        "attention has its own projections (3.1, 3.2.3). As it is, the weights of `cross_attention` get no gradient "
        "and stay as they started.",
        ja="メモリへの注意にも `self_attention` を使っていて、`cross_attention` は作っただけで呼び出していません。"
        "それぞれの注意機構が自分の射影を持ちます (3.1 節、3.2.3 節)。このままでは `cross_attention` の重みに勾配が"
        "届かず、初期値のまま変わりません。",
        lesson="cross-attention",
    ),
    Misconception(
        id="decoder-layer-memory-before-self",
        task="DecoderLayer",
        edits=(
            (
                STEPS,
                """
                attended, _ = self.cross_attention(x, memory, memory, memory_mask)
                x = self.add_norm2(x, attended)
                attended, _ = self.self_attention(x, x, x, self_mask)
                x = self.add_norm1(x, attended)
                return self.add_norm3(x, self.feed_forward(x))
                """,
            ),
        ),
        en="The cross-attention comes first and the self-attention second. In the paper a position first looks at "
        "the target so far and then, knowing that, asks the source (figure 1, 3.1). As it is, the questions to the "
        "source are asked without knowing what has been said already.",
        ja="交差注意が先、自己注意が後になっています。論文では、各位置がまずそれまでの出力を見て、それを踏まえて原"
        "文に問い合わせます (図 1、3.1 節)。このままでは、すでに何を出力したかを知らずに原文に問い合わせることにな"
        "ります。",
        lesson="decoder",
    ),
    Misconception(
        id="decoder-layer-residual-overwritten",
        task="DecoderLayer",
        edits=(
            (
                """
                attended, _ = self.cross_attention(x, memory, memory, memory_mask)
                x = self.add_norm2(x, attended)
                """,
                """
                x, _ = self.cross_attention(x, memory, memory, memory_mask)
                x = self.add_norm2(x, x)
                """,
            ),
        ),
        en="The result of the cross-attention is stored in `x`, so the `x` that `add_norm2` adds is no longer the "
        "one that went in. The residual connection adds the sublayer's input (3.1): keep the result under another "
        "name. As it is, the decoder forgets its own token and the target so far, and knows only what the source "
        "said.",
        ja="交差注意の結果を `x` に代入しているので、`add_norm2` が足す `x` は入力した `x` ではありません。残差接続"
        "が足すのはサブ層の入力です (3.1 節)。結果には別の名前を付けてください。このままでは、デコーダが自分のトー"
        "クンもそれまでの出力も忘れ、原文から得たものしか残りません。",
        lesson="mistakes",
    ),
    Misconception(
        id="decoder-layer-feed-forward-forgotten",
        task="DecoderLayer",
        edits=(("return self.add_norm3(x, self.feed_forward(x))", "return x"),),
        en="The layer ends after the cross-attention: the feed-forward network and `add_norm3` are made and never "
        "called. A decoder layer has three sublayers (3.1). Without the third, half of a decoder layer's weights (in "
        "the base model) do nothing, and positions only mix what others hold without working on it.",
        ja="交差注意の後で層が終わっていて、フィードフォワードネットワークと `add_norm3` は作っただけで呼び出してい"
        "ません。デコーダの層のサブ層は三つです (3.1 節)。三つ目がないと、位置どうしの情報を混ぜるだけで、それを位"
        "置ごとに加工する部分がなくなります。使われないパラメータには勾配も届きません。",
        lesson="decoder",
    ),
    Misconception(
        id="decoder-layer-always-causal",
        task="DecoderLayer",
        edits=(
            (
                "attended, _ = self.self_attention(x, x, x, self_mask)",
                """
                causal = x.new_ones(x.size(1), x.size(1)).tril().bool()
                attended, _ = self.self_attention(x, x, x, causal if self_mask is None else self_mask & causal)
                """,
            ),
        ),
        en="The layer makes a look-ahead mask of its own. What may be seen is the caller's decision: `self_mask` is "
        "passed on as it is, and None allows everything. With the usual mask nothing changes, so it goes unnoticed "
        "until somebody uses the layer with another one.",
        ja="層の中で先読みマスクを作っています。何を見てよいかを決めるのは呼び出し側で、`self_mask` はそのまま渡し、"
        "None ならすべて見えるようにします。普段のマスクでは何も変わらないので、別のマスクで使ったときに初めて気づく"
        "ことになります。",
        lesson="decoder",
    ),
    Misconception(
        id="decoder-layer-memory-detached",
        task="DecoderLayer",
        edits=((CROSS, "self.cross_attention(x, memory.detach(), memory.detach(), memory_mask)"),),
        en="The memory is detached from the graph. All numbers are right, but no gradient flows back into the "
        "encoder: it stays as it was initialised, and the decoder has to make do with random features of the source. "
        "The loss still falls, only not as far.",
        ja="メモリを計算グラフから切り離しています。値はすべて正しいのですが、エンコーダに勾配が戻りません。エンコー"
        "ダは初期値のままで、デコーダは原文のでたらめな特徴でやりくりすることになります。損失は下がりますが、十分に"
        "は下がりません。",
        lesson="cross-attention",
    ),
    Misconception(
        id="decoder-layer-dropout-not-passed-on",
        task="DecoderLayer",
        edits=(("self.add_norm3 = AddAndNorm(d_model, dropout)", "self.add_norm3 = AddAndNorm(d_model)"),),
        en="The third `AddAndNorm` is made without `dropout`, so the default of 0.1 stays there. Pass it on to all "
        "three. A model made with `dropout=0` is still random in training, and the cause is hard to find because two "
        "thirds of the layer obey.",
        ja="三つ目の `AddAndNorm` に `dropout` を渡していないので、そこだけ既定値の 0.1 のままです。三つすべてに渡"
        "してください。`dropout=0` で作ったモデルでも学習時に乱数の影響を受け、ほかの二つは正しいだけに原因が見つけ"
        "にくくなります。",
        lesson="mistakes",
    ),
    *family(
        id="decoder-layer-join-arguments-swapped-at-{value}",
        task="DecoderLayer",
        values={"add-norm1": "add_norm1", "add-norm2": "add_norm2"},
        edits=(("self.{value}(x, attended)", "self.{value}(attended, x)"),),
        en=SWAPPED_EN,
        ja=SWAPPED_JA,
        lesson="mistakes",
    ),
    *family(
        id="decoder-layer-join-arguments-swapped-at-{value}",
        task="DecoderLayer",
        values={"add-norm3": "add_norm3"},
        edits=(("self.{value}(x, self.feed_forward(x))", "self.{value}(self.feed_forward(x), x)"),),
        en=SWAPPED_EN,
        ja=SWAPPED_JA,
        lesson="mistakes",
    ),
    *family(
        id="decoder-layer-dropout-not-passed-to-{value}",
        task="DecoderLayer",
        values={"add-norm1": "add_norm1", "add-norm2": "add_norm2"},
        edits=(("self.{value} = AddAndNorm(d_model, dropout)", "self.{value} = AddAndNorm(d_model)"),),
        en=WITHOUT_DROPOUT_EN,
        ja=WITHOUT_DROPOUT_JA,
        lesson="mistakes",
    ),
    Misconception(
        id="decoder-layer-dropout-passed-to-none",
        task="DecoderLayer",
        edits=((NORMS, NORMS.replace(", dropout)", ")")),),
        en="All three `AddAndNorm` are made without `dropout`, so their default of 0.1 stays whatever the layer is "
        "given. Pass the argument on. A model made with `dropout=0` is still random in training: tests that compare "
        "two runs fail for no visible reason, and a stronger dropout never arrives.",
        ja="三つの `AddAndNorm` のどれにも `dropout` を渡していないので、層に何を渡しても既定値の 0.1 のままです。引"
        "数をそのまま渡してください。`dropout=0` で作ったモデルでも学習時に乱数の影響を受け、大きな値を指定しても届きま"
        "せん。",
        lesson="mistakes",
    ),
    Misconception(
        id="decoder-layer-takes-the-pair-for-the-output",
        task="DecoderLayer",
        edits=((f"attended, _ = {SELF}", f"attended = {SELF}"), (f"attended, _ = {CROSS}", f"attended = {CROSS}")),
        en="`MultiHeadAttention` returns a pair, `(output, weights)`, and the whole pair goes on to an `AddAndNorm`. "
        "Take it apart: `attended, _ = self.self_attention(...)`, or `[0]` behind the call.",
        ja="`MultiHeadAttention` が返すのは `(output, weights)` の組ですが、組のまま `AddAndNorm` に渡しています。"
        "`attended, _ = self.self_attention(...)` と受け取るか、呼び出しの後に `[0]` を付けてください。",
        lesson="decoder",
    ),
    Misconception(
        id="decoder-layer-join-arguments-swapped",
        task="DecoderLayer",
        edits=(
            (
                STEPS,
                """
                attended, _ = self.self_attention(x, x, x, self_mask)
                x = self.add_norm1(attended, x)
                attended, _ = self.cross_attention(x, memory, memory, memory_mask)
                x = self.add_norm2(attended, x)
                return self.add_norm3(self.feed_forward(x), x)
                """,
            ),
        ),
        en="The arguments of `AddAndNorm` are exchanged: the sublayer's output stands first and `x` second. The sum "
        "is the same, but the dropout falls on the second, the residual, which should stay whole (5.4). Evaluation "
        "shows nothing of it.",
        ja="`AddAndNorm` の引数が逆で、サブ層の出力が先、`x` が後になっています。和は同じですが、dropout は 2 番目"
        "、つまり、そのまま通すはずの残差にかかってしまいます (5.4 節)。評価時には違いが出ません。",
        lesson="decoder",
    ),
    Misconception(
        id="decoder-layer-self-mask-in-both",
        task="DecoderLayer",
        edits=((CROSS, "self.cross_attention(x, memory, memory, self_mask)"),),
        en="The cross-attention gets `self_mask`, the mask of the target. Its keys are source positions, and the mask "
        "for these is `memory_mask` (3.2.3). With different lengths this is an error; with equal lengths it runs, "
        "and hides parts of the source.",
        ja="交差注意に、訳文用のマスク `self_mask` を渡しています。ここのキーは原文の位置なので、使うのは "
        "`memory_mask` です (3.2.3 節)。長さが違えばエラーになり、等しければエラーなく動いて、原文の一部が隠れてし"
        "まいます。",
        lesson="cross-attention",
        met=(
            "https://github.com/fchollet/deep-learning-with-python-notebooks/issues/209",
            "https://github.com/keras-team/keras-io/pull/1046",
        ),
    ),
    Misconception(
        id="decoder-layer-memory-mask-in-both",
        task="DecoderLayer",
        edits=((SELF, "self.self_attention(x, x, x, memory_mask)"),),
        en="The self-attention gets `memory_mask`, the mask of the source. Its keys are target positions, and the "
        "mask for these is `self_mask`, which hides the future. With different lengths this is an error; with "
        "equal lengths the decoder sees the answer in training.",
        ja="自己注意に、原文用のマスク `memory_mask` を渡しています。ここのキーは訳文の位置なので、使うのは未来を隠す "
        "`self_mask` です。長さが違えばエラーになり、等しければ、学習時にデコーダから答えが見えてしまいます。",
        lesson="decoder",
    ),
    Misconception(
        id="decoder-layer-keys-from-the-decoder",
        task="DecoderLayer",
        edits=((CROSS, "self.cross_attention(x, x, memory, memory_mask)"),),
        en="In the cross-attention the keys come from the decoder and only the values from the memory. Keys and "
        "values belong together, position by position: both come from `memory` (3.2.3). With different lengths it "
        "is an error; with equal lengths a target position finds itself and is given the source word at the same "
        "place.",
        ja="交差注意で、バリューだけがメモリから、キーはデコーダから来ています。キーとバリューは位置ごとに対"
        "になるもので、どちらも `memory` から取ります (3.2.3 節)。長さが違えばエラーになり、等しければ、訳文の位置"
        "を見つけて同じ番号の原文の単語を受け取ることになります。",
        lesson="cross-attention",
    ),
    Misconception(
        id="decoder-layer-values-from-the-decoder",
        task="DecoderLayer",
        edits=((CROSS, "self.cross_attention(x, memory, x, memory_mask)"),),
        en="In the cross-attention the values come from the decoder and only the keys from the memory. Both come from "
        "`memory` (3.2.3): the keys say where to look in the source, the values what is found there. As it is, "
        "nothing of the source comes through but where it was looked at.",
        ja="交差注意で、キーだけがメモリから、バリューはデコーダから来ています。どちらも `memory` から取りま"
        "す (3.2.3 節)。キーは原文のどこを見るか、バリューはそこに何があるかを表します。このままでは、原文の中身が"
        "まったく伝わりません。",
        lesson="cross-attention",
    ),
    Misconception(
        id="decoder-layer-one-norm",
        task="DecoderLayer",
        edits=(
            (
                "x = self.add_norm2(x, attended)\nreturn self.add_norm3(x, self.feed_forward(x))",
                "x = self.add_norm1(x, attended)\nreturn self.add_norm1(x, self.feed_forward(x))",
            ),
        ),
        en="`add_norm1` joins all three sublayers; `add_norm2` and `add_norm3` are made and never called. Each "
        "sublayer has its own (3.1): gain and bias of a norm are learned for one place, and the unused ones get no "
        "gradient.",
        ja="三つのサブ層をすべて `add_norm1` でつないでいて、`add_norm2` と `add_norm3` は作っただけです。サブ層"
        "ごとに専用のものを使います (3.1 節)。ゲインとバイアスは場所ごとに学習するもので、使わないものには勾配が"
        "届きません。",
        lesson="decoder",
    ),
    Misconception(
        id="decoder-layer-old-residual",
        task="DecoderLayer",
        edits=(
            (
                STEPS,
                """
                attended, _ = self.self_attention(x, x, x, self_mask)
                first = self.add_norm1(x, attended)
                attended, _ = self.cross_attention(first, memory, memory, memory_mask)
                second = self.add_norm2(x, attended)
                return self.add_norm3(second, self.feed_forward(second))
                """,
            ),
        ),
        en="The cross-attention's output is added to the layer's input instead of to what the first `AddAndNorm` "
        "gave. Each sublayer is joined to its own input (3.1). As it is, the residual stream passes the "
        "self-attention by.",
        ja="交差注意の出力を、最初の `AddAndNorm` の結果ではなく、層の入力に足しています。各サブ層は自分"
        "の入力に足します (3.1 節)。このままでは、残差ストリームが自己注意を素通りします。",
        lesson="decoder",
    ),
    Misconception(
        id="decoder-layer-asks-before-the-norm",
        task="DecoderLayer",
        edits=(
            (
                STEPS,
                """
                attended, _ = self.self_attention(x, x, x, self_mask)
                x = self.add_norm1(x, attended)
                attended, _ = self.cross_attention(attended, memory, memory, memory_mask)
                x = self.add_norm2(x, attended)
                return self.add_norm3(x, self.feed_forward(x))
                """,
            ),
        ),
        en="The queries of the cross-attention are the bare output of the self-attention. They come from the first "
        "`AddAndNorm`, from the sum with the residual, normalised (3.1): without it a position asks without "
        "knowing which token it is.",
        ja="交差注意のクエリが、自己注意の出力そのままになっています。クエリは最初の `AddAndNorm` の結果、つ"
        "まり残差と足して正規化したものから作ります (3.1 節)。そうでないと、自分がどのトークンかを知らずに問い合わ"
        "せることになります。",
        lesson="decoder",
        met=("https://github.com/ml-explore/mlx/pull/3382",),
    ),
)

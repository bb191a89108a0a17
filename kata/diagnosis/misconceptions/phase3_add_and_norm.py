"""Mistakes in ``AddAndNorm`` (phase 3)."""

from __future__ import annotations

from . import Misconception, family

JOINED = "return self.norm(x + self.dropout(sublayer_output))"
DROPOUT = "self.dropout = nn.Dropout(dropout)"

CATALOGUE = (
    Misconception(
        id="add-and-norm-norm-inside-the-residual",
        task="AddAndNorm",
        edits=((JOINED, "return x + self.dropout(self.norm(sublayer_output))"),),
        en="The sublayer's output is normalised and then added to `x`. The paper adds first and normalises the sum: "
        "`LayerNorm(x + Sublayer(x))` (3.1). As it is, the sum itself is never normalised and grows from layer to "
        "layer.",
        ja="サブ層の出力を正規化してから `x` に足しています。論文では先に足し、その和を正規化します。つまり "
        "`LayerNorm(x + Sublayer(x))` です (3.1 節)。このままでは和が正規化されず、層を重ねるごとに大きくなります。",
        lesson="post-norm",
    ),
    Misconception(
        id="add-and-norm-normalises-x-alone",
        task="AddAndNorm",
        edits=((JOINED, "return self.norm(x) + self.dropout(sublayer_output)"),),
        en="Only `x` is normalised, and the sublayer's output is added to it unnormalised. The norm goes around the "
        "whole sum: `LayerNorm(x + Dropout(Sublayer(x)))` (3.1, 5.4). As it is, what leaves the layer has neither "
        "mean 0 nor variance 1.",
        ja="`x` だけを正規化し、サブ層の出力はそのまま足しています。正規化するのは和の全体で、"
        "`LayerNorm(x + Dropout(Sublayer(x)))` です (3.1 節、5.4 節)。このままでは、層の出力の平均は 0 にならず、分"
        "散も 1 になりません。",
        lesson="frame",
    ),
    Misconception(
        id="add-and-norm-without-residual",
        task="AddAndNorm",
        edits=((JOINED, "return self.norm(self.dropout(sublayer_output))"),),
        en="`x` is not added: only the sublayer's output is normalised. The residual connection, `x + Sublayer(x)` "
        "(3.1), lets every layer pass on what it was given and gives gradients a direct way back. Without it a deep "
        "stack hardly trains, and a position forgets which token it is.",
        ja="`x` を足さず、サブ層の出力だけを正規化しています。残差接続 `x + Sublayer(x)` (3.1 節) があるから、各層"
        "は受け取ったものをそのまま次に渡せ、勾配にも直通の道ができます。これがないと深いスタックはほとんど学習でき"
        "ず、各位置は自分がどのトークンだったかを忘れてしまいます。",
        lesson="residual",
    ),
    Misconception(
        id="add-and-norm-without-norm",
        task="AddAndNorm",
        edits=((JOINED, "return x + self.dropout(sublayer_output)"),),
        en="The sum is returned without being normalised. The paper's sublayers end with a layer norm: "
        "`LayerNorm(x + Sublayer(x))` (3.1). Without it values grow with every layer, the softmax of later attention "
        "saturates, and `norm` never gets a gradient.",
        ja="和を正規化せずに返しています。論文のサブ層は層正規化で終わり、`LayerNorm(x + Sublayer(x))` となります "
        "(3.1 節)。これがないと値が層ごとに大きくなり、後の注意機構のソフトマックスが飽和します。`norm` には勾配が"
        "届きません。",
        lesson="frame",
    ),
    Misconception(
        id="add-and-norm-dropout-after-the-norm",
        task="AddAndNorm",
        edits=((JOINED, "return self.dropout(self.norm(x + sublayer_output))"),),
        en="Dropout comes last, after the norm. The paper applies it to the sublayer's output, before it is added "
        "and normalised (5.4). In evaluation mode both are the same; in training the residual stream itself loses "
        "entries, so the next layer gets zeros where `x` should be.",
        ja="ドロップアウトを最後、正規化の後にかけています。論文では、サブ層の出力に、足して正規化する前にかけます "
        "(5.4 節)。評価モードではどちらも同じです。学習時には残差ストリームそのものが欠け、`x` があるはずのところで次の"
        "層が 0 を受け取ります。",
        lesson="frame",
    ),
    Misconception(
        id="add-and-norm-dropout-on-the-sum",
        task="AddAndNorm",
        edits=((JOINED, "return self.norm(self.dropout(x + sublayer_output))"),),
        en="The sum is dropped out, `x` included. Dropout acts on the sublayer's output alone (5.4): "
        "`norm(x + dropout(sublayer_output))`. Only then the residual path stays whole during training, and at "
        "dropout 1 `norm(x)` is left.",
        ja="`x` を含めた和にドロップアウトをかけています。かけるのはサブ層の出力だけで (5.4 節)、"
        "`norm(x + dropout(sublayer_output))` です。そうすれば学習中も残差の経路は欠けず、ドロップアウト率が 1 でも "
        "`norm(x)` が残ります。",
        lesson="frame",
    ),
    Misconception(
        id="add-and-norm-dropout-on-x",
        task="AddAndNorm",
        edits=((JOINED, "return self.norm(self.dropout(x) + sublayer_output)"),),
        en="Dropout acts on `x`, the residual, instead of on the sublayer's output. The paper drops out what the "
        "sublayer adds (5.4). As it is, training tears holes into the path that should stay whole, layer after "
        "layer, and evaluation shows nothing of it.",
        ja="ドロップアウトを、サブ層の出力ではなく残差の `x` にかけています。論文では、サブ層が足す分にかけます "
        "(5.4 節)。このままでは、欠けてはならない経路に学習中、層ごとに穴があきます。評価モードでは何も見えません。",
        lesson="frame",
    ),
    Misconception(
        id="add-and-norm-without-dropout",
        task="AddAndNorm",
        edits=((JOINED, "return self.norm(x + sublayer_output)"),),
        en="`self.dropout` is made and never called. The paper drops out the output of every sublayer before it is "
        "added, with probability 0.1 (5.4). Evaluation does not change, but training lacks its regularisation: the "
        "model overfits earlier.",
        ja="`self.dropout` を作っただけで、呼び出していません。論文では、各サブ層の出力を足す前に確率 0.1 でドロッ"
        "プアウトします (5.4 節)。評価時の値は変わりませんが、学習時の正則化が失われ、過学習が早く始まります。",
        lesson="frame",
    ),
    Misconception(
        id="add-and-norm-dropout-always-on",
        task="AddAndNorm",
        edits=((JOINED, "return self.norm(x + nn.functional.dropout(sublayer_output, self.dropout.p))"),),
        en="The dropout never switches off, as where `functional.dropout` is called without the mode: its default is "
        "`training=True`. Call the module `self.dropout`, which obeys `eval()`, or pass `self.training`. As it is, "
        "evaluation and decoding are random.",
        ja="ドロップアウトがいつもかかっています。モードを渡さずに `functional.dropout` を呼ぶと、既定値が "
        "`training=True` なのでこうなります。`eval()` に従うモジュール `self.dropout` を呼ぶか、`self.training` を"
        "渡してください。このままでは、評価や生成のたびに結果が変わります。",
        lesson="mistakes",
        met=("https://github.com/delip/PyTorchNLPBook/issues/28",),
    ),
    Misconception(
        id="add-and-norm-fixed-dropout",
        task="AddAndNorm",
        edits=((DROPOUT, "self.dropout = nn.Dropout(0.1)"),),
        en="The dropout is always 0.1, whatever the argument `dropout` says. Pass it on: `nn.Dropout(dropout)`. A "
        "model made with `dropout=0` would still be random in training, and no search for a better rate could change "
        "anything.",
        ja="引数 `dropout` に関係なく、ドロップアウト率が常に 0.1 です。`nn.Dropout(dropout)` のように渡してくださ"
        "い。このままでは、`dropout=0` で作ったモデルも学習時に乱数の影響を受け、率を変えて試しても何も変わりませ"
        "ん。",
        lesson="mistakes",
    ),
    Misconception(
        id="add-and-norm-keep-probability",
        task="AddAndNorm",
        edits=((DROPOUT, "self.dropout = nn.Dropout(1 - dropout)"),),
        en="The probability is turned round: `nn.Dropout(1 - dropout)`. `nn.Dropout(p)` takes the probability of "
        "dropping, as the paper's P_drop = 0.1 is (5.4); some old libraries asked for the probability of keeping. As "
        "it is, 90 % of every sublayer is thrown away in training.",
        ja="確率が逆で、`nn.Dropout(1 - dropout)` になっています。`nn.Dropout(p)` の `p` は落とす確率で、論文の "
        "P_drop = 0.1 もそうです (5.4 節)。古いライブラリには、残す確率を受け取るものもありました。このままでは、学"
        "習時に各サブ層の 90 % が捨てられます。",
        lesson="mistakes",
    ),
    Misconception(
        id="add-and-norm-x-added-twice",
        task="AddAndNorm",
        edits=((JOINED, "return x + self.norm(x + self.dropout(sublayer_output))"),),
        en="`x` is added inside the norm and once more outside of it. The paper has one residual connection a "
        "sublayer: `LayerNorm(x + Sublayer(x))` (3.1). The second one undoes the normalisation: the output grows "
        "with every layer.",
        ja="`x` を正規化の中で足し、外でもう一度足しています。論文の残差接続はサブ層ごとに一つで、"
        "`LayerNorm(x + Sublayer(x))` です (3.1 節)。二つ目が正規化を台無しにし、出力が層ごとに大きくなります。",
        lesson="frame",
    ),
    Misconception(
        id="add-and-norm-in-place",
        task="AddAndNorm",
        edits=(
            (
                JOINED,
                """
                x += self.dropout(sublayer_output)
                return self.norm(x)
                """,
            ),
        ),
        en="`x += ...` writes into the caller's tensor. Write `x + ...`, which makes a new one. The caller's `x`, "
        "which may still be needed (the memory of an encoder, a second call, the backward pass), now holds something "
        "else, and autograd stops with an error where it notices.",
        ja="`x += ...` が呼び出し側のテンソルを書き換えています。新しいテンソルを作る `x + ...` を使ってください。エ"
        "ンコーダのメモリ、2 度目の呼び出し、逆伝播など、まだ必要な `x` の中身が変わってしまいます。autograd が気づ"
        "いた場合は、エラーで止まります。",
        lesson="mistakes",
    ),
    Misconception(
        id="add-and-norm-norm-of-the-dropped-output",
        task="AddAndNorm",
        edits=((JOINED, "return x + self.norm(self.dropout(sublayer_output))"),),
        en="The sublayer's output is dropped out and normalised, and then added to `x`. The paper adds first and "
        "normalises the sum: `LayerNorm(x + Dropout(Sublayer(x)))` (3.1, 5.4). As it is, the sum itself is never "
        "normalised and grows from layer to layer.",
        ja="サブ層の出力に dropout をかけて正規化し、それを `x` に足しています。論文では先に足し、その和を正規化し"
        "ます: `LayerNorm(x + Dropout(Sublayer(x)))` (3.1 節、5.4 節)。このままでは和が正規化されず、層を重ねるごと"
        "に大きくなります。",
        lesson="post-norm",
        met=("https://github.com/harvardnlp/annotated-transformer/issues/110",),
    ),
    Misconception(
        id="add-and-norm-output-added-to-itself",
        task="AddAndNorm",
        edits=((JOINED, "return self.norm(sublayer_output + self.dropout(sublayer_output))"),),
        en="The sublayer's output is added to itself, and `x` is not used. The residual connection adds what went "
        "into the sublayer to what came out of it: `norm(x + dropout(sublayer_output))` (3.1).",
        ja="サブ層の出力をそれ自身に足していて、`x` を使っていません。残差接続は、サブ層に入ったものと出てきた"
        "ものを足します: `norm(x + dropout(sublayer_output))` (3.1 節)。",
        lesson="residual",
    ),
    Misconception(
        id="add-and-norm-x-added-to-itself",
        task="AddAndNorm",
        edits=((JOINED, "return self.norm(x + self.dropout(x))"),),
        en="`x` is added to itself, and `sublayer_output` is not used: the layer is as if it were not there. The "
        "residual connection adds what came out of the sublayer: `norm(x + dropout(sublayer_output))` (3.1).",
        ja="`x` をそれ自身に足していて、`sublayer_output` を使っていません。サブ層がないのと同じです。残差接続では"
        "、サブ層から出てきたものを足します: `norm(x + dropout(sublayer_output))` (3.1 節)。",
        lesson="residual",
    ),
    *family(
        id="add-and-norm-eps-{value}",
        task="AddAndNorm",
        values={name: name for name in ("1e-3", "1e-6", "1e-8", "1e-12")},
        edits=(("LayerNorm(d_model)", "LayerNorm(d_model, {value})"),),
        en="The norm in here is made with an `eps` of `{value}`. By the contract it keeps the default of your "
        "`LayerNorm`, `1e-5`. Only rows of small variance show it, and weights of another implementation then give "
        "other numbers.",
        ja="この中の正規化を `{value}` という `eps` で作っています。契約では、自分の `LayerNorm` の既定値 `1e-5` のま"
        "まにします。違いが出るのは分散の小さい行だけですが、別の実装の重みを使うと値が変わります。",
        lesson="layer-norm",
    ),
    Misconception(
        id="add-and-norm-norm-of-each",
        task="AddAndNorm",
        edits=((JOINED, "return self.norm(x) + self.norm(self.dropout(sublayer_output))"),),
        en="`x` and the sublayer's output are normalised each on its own, and the results are added. A norm belongs "
        "around the sum, `LayerNorm(x + Dropout(Sublayer(x)))` (3.1, 5.4): then the two count by their sizes, and "
        "what leaves is normalised.",
        ja="`x` とサブ層の出力を別々に正規化してから足しています。正規化するのは和の全体で、`LayerNorm(x + "
        "Dropout(Sublayer(x)))` です (3.1 節、5.4 節)。そうすれば二つが元の大きさの比で効き、出ていくものも正規化さ"
        "れています。",
        lesson="residual",
    ),
    Misconception(
        id="add-and-norm-norm-twice",
        task="AddAndNorm",
        edits=((JOINED, "return self.norm(self.norm(x + self.dropout(sublayer_output)))"),),
        en="The sum goes through the norm twice. The second one is no repetition: it normalises what gain and bias "
        "have made of the first result, and applies them again. `LayerNorm(x + Dropout(Sublayer(x)))` has one (3.1).",
        ja="和を 2 回正規化しています。2 回目はただの繰り返しではなく、1 回目のゲインとバイアスの結果をもう一度正規"
        "化し、ゲインとバイアスを再び適用します。`LayerNorm(x + Dropout(Sublayer(x)))` の正規化は 1 回です (3.1 節)"
        "。",
        lesson="residual",
    ),
)

"""Mistakes in ``PositionwiseFeedForward`` (phase 3)."""

from __future__ import annotations

from . import Misconception, family

HIDDEN = "hidden = torch.relu(self.linear1(x))"
OUTPUT = "return self.linear2(hidden)"
LINEAR1 = "self.linear1 = nn.Linear(d_model, d_ff)"
LINEAR2 = "self.linear2 = nn.Linear(d_ff, d_model)"

CATALOGUE = (
    Misconception(
        id="feed-forward-without-relu",
        task="PositionwiseFeedForward",
        edits=((HIDDEN, "hidden = self.linear1(x)"),),
        en="There is nothing between the two linear layers. The paper has a ReLU there, `max(0, x W1 + b1) W2 + b2` "
        "(3.3). Without it the two matrices multiply to a single one: the network is one linear map with many "
        "parameters, however large `d_ff` is.",
        ja="二つの線形層の間に何もありません。論文ではそこに ReLU があり、`max(0, x W1 + b1) W2 + b2` です (3.3 節)。"
        "これがないと二つの行列の積は一つの行列になるので、`d_ff` をいくら大きくしても、パラメータが多いだけの一つ"
        "の線形写像にしかなりません。",
        lesson="feed-forward",
    ),
    Misconception(
        id="feed-forward-gelu",
        task="PositionwiseFeedForward",
        edits=((HIDDEN, "hidden = nn.functional.gelu(self.linear1(x))"),),
        en="The activation is GELU, as in BERT and GPT. The paper's is ReLU, `max(0, .)` (3.3, equation 2). Both "
        "train well, so the loss does not tell, but weights of one do not fit the other: GELU lets small negative "
        "values through.",
        ja="活性化関数が GELU です。これは BERT や GPT のもので、論文では ReLU、つまり `max(0, .)` です (3.3 節、式 "
        "2)。どちらでもよく学習できるので損失を見ても気づきませんが、GELU は小さな負の値を通すため、一方で学習した"
        "重みをもう一方で使うと値が変わります。",
        lesson="feed-forward",
    ),
    Misconception(
        id="feed-forward-leaky-relu",
        task="PositionwiseFeedForward",
        edits=((HIDDEN, "hidden = nn.functional.leaky_relu(self.linear1(x))"),),
        en="Negative hidden values are kept at a hundredth of their size (leaky ReLU). In the paper `max(0, .)` "
        "makes them exactly 0 (3.3). The difference is small enough to pass for rounding, and it is in every layer.",
        ja="負の隠れ値を 100 分の 1 にして残しています (leaky ReLU)。論文の `max(0, .)` では、ちょうど 0 になります "
        "(3.3 節)。丸め誤差と見まちがえるほど小さな違いですが、すべての層で生じます。",
        lesson="feed-forward",
    ),
    Misconception(
        id="feed-forward-relu-on-the-output",
        task="PositionwiseFeedForward",
        edits=((OUTPUT, "return torch.relu(self.linear2(hidden))"),),
        en="A second ReLU follows the second linear layer. Equation 2 of the paper ends with `W2 + b2` (3.3). Cut "
        "off at 0, the network can only ever add to the residual stream and never take anything away from it.",
        ja="二つ目の線形層の後にも ReLU をかけています。論文の式 2 は `W2 + b2` で終わります (3.3 節)。出力を 0 で"
        "切ると、残差ストリームに足すことしかできず、そこから引くことができなくなります。",
        lesson="feed-forward",
    ),
    Misconception(
        id="feed-forward-relu-at-the-end-only",
        task="PositionwiseFeedForward",
        edits=(
            (HIDDEN, "hidden = self.linear1(x)"),
            (OUTPUT, "return torch.relu(self.linear2(hidden))"),
        ),
        en="The ReLU stands after the second linear layer instead of between the two. The order of the paper is "
        "linear, ReLU, linear (3.3, equation 2). As it is, the two layers collapse into one, and the output can "
        "never be negative.",
        ja="ReLU が二つの線形層の間ではなく、二つ目の後にあります。論文の順序は、線形層、ReLU、線形層です (3.3 節、"
        "式 2)。このままでは二つの線形層が一つと同じになり、しかも出力が負の値を取れません。",
        lesson="feed-forward",
    ),
    Misconception(
        id="feed-forward-relu-before-the-first-layer",
        task="PositionwiseFeedForward",
        edits=((HIDDEN, "hidden = self.linear1(torch.relu(x))"),),
        en="The ReLU acts on the input, before `linear1`. It belongs on the hidden layer: `max(0, x W1 + b1)` (3.3). "
        "Half of the input, everything negative, is thrown away before the network has looked at it.",
        ja="ReLU を `linear1` の前、入力にかけています。正しくは隠れ層にかけ、`max(0, x W1 + b1)` とします (3.3 節)。"
        "このままでは入力のおよそ半分、つまり負の値がすべて、ネットワークに見られる前に捨てられます。",
        lesson="feed-forward",
    ),
    Misconception(
        id="feed-forward-without-biases",
        task="PositionwiseFeedForward",
        edits=(
            (LINEAR1, "self.linear1 = nn.Linear(d_model, d_ff, bias=False)"),
            (LINEAR2, "self.linear2 = nn.Linear(d_ff, d_model, bias=False)"),
        ),
        en="Both linear layers are made with `bias=False`. The paper's network has `b1` and `b2` (3.3, equation 2): "
        "leave the bias on. Without `b1` every hidden unit switches on at the same place, at 0, and 0 in gives 0 "
        "out.",
        ja="二つの線形層がどちらも `bias=False` です。論文のネットワークには `b1` と `b2` があるので (3.3 節、式 2)、"
        "バイアスを付けてください。`b1` がないと隠れユニットの折れ目がすべて原点を通り、入力が 0 なら出力も必ず 0 "
        "になります。",
        lesson="feed-forward",
    ),
    Misconception(
        id="feed-forward-first-bias-missing",
        task="PositionwiseFeedForward",
        edits=((LINEAR1, "self.linear1 = nn.Linear(d_model, d_ff, bias=False)"),),
        en="`linear1` has no bias. In equation 2 of the paper it is `x W1 + b1` (3.3). A hidden unit without `b1` "
        "can switch on only at a plane through the origin: the bend of its ReLU cannot move.",
        ja="`linear1` にバイアスがありません。論文の式 2 では `x W1 + b1` です (3.3 節)。`b1` がないと、隠れユニッ"
        "トが働き始める境目は原点を通る平面に限られ、ReLU の折れ目を動かせません。",
        lesson="feed-forward",
    ),
    Misconception(
        id="feed-forward-width-4-d-model",
        task="PositionwiseFeedForward",
        edits=(
            (LINEAR1, "self.linear1 = nn.Linear(d_model, 4 * d_model)"),
            (LINEAR2, "self.linear2 = nn.Linear(4 * d_model, d_model)"),
        ),
        en="The hidden width is always `4 * d_model`; the argument `d_ff` is not used. Four times is only what the "
        "paper chose (512 and 2048, 3.3). Every configuration with another `d_ff` silently gets a model of another "
        "size.",
        ja="隠れ層の幅が常に `4 * d_model` で、引数 `d_ff` が使われていません。4 倍は論文が選んだ値にすぎません "
        "(512 と 2048、3.3 節)。別の `d_ff` を指定しても、何の知らせもなく違う大きさのモデルになります。",
        lesson="feed-forward",
    ),
    Misconception(
        id="feed-forward-dropout-inside",
        task="PositionwiseFeedForward",
        edits=((HIDDEN, "hidden = nn.functional.dropout(torch.relu(self.linear1(x)), 0.1, self.training)"),),
        en="Hidden units are dropped out during training. Many later implementations do this; the paper applies "
        "dropout to the output of each sublayer, before it is added (5.4), and that is the work of `AddAndNorm`. "
        "With `dropout=0` for the whole model this one would still be random.",
        ja="学習時に隠れユニットをドロップアウトしています。後の実装にはよくありますが、論文のドロップアウトは各サ"
        "ブ層の出力に、足し合わせる前にかけます (5.4 節)。それは `AddAndNorm` の役目です。このままでは、モデル全体"
        "を `dropout=0` にしても、ここだけ乱数が残ります。",
        lesson="feed-forward",
    ),
    Misconception(
        id="feed-forward-residual-inside",
        task="PositionwiseFeedForward",
        edits=((OUTPUT, "return x + self.linear2(hidden)"),),
        en="The input is added to the output already here. Equation 2 is the network alone (3.3); the residual "
        "connection is made around it, in `AddAndNorm` (3.1). Together they would add `x` twice, and the sublayer "
        "would count for less than it should.",
        ja="ここですでに入力を出力に足しています。式 2 はネットワークだけを表し (3.3 節)、残差接続はその外側、"
        "`AddAndNorm` で行います (3.1 節)。両方で足すと `x` が 2 回加わり、サブ層の寄与が小さくなってしまいます。",
        lesson="residual",
    ),
    Misconception(
        id="feed-forward-detached-hidden",
        task="PositionwiseFeedForward",
        edits=((HIDDEN, "hidden = torch.relu(self.linear1(x)).detach()"),),
        en="The hidden layer is detached from the graph (a `.detach()` or `.data` on the way). The numbers are "
        "right, but no gradient reaches `linear1` or the input: half of the network, and everything before it on "
        "this path, never learns. The loss still falls a little, because `linear2` does.",
        ja="隠れ層が計算グラフから切り離されています (途中に `.detach()` や `.data` があります)。値は正しくても、"
        "`linear1` にも入力にも勾配が届きません。ネットワークの半分と、この経路でそれより前にある部分は学習されませ"
        "ん。`linear2` は学習するので、損失は少しだけ下がります。",
        lesson="mistakes",
    ),
    Misconception(
        id="feed-forward-builds-a-relu-of-the-tensor",
        task="PositionwiseFeedForward",
        edits=((HIDDEN, "hidden = nn.ReLU(self.linear1(x))"),),
        en="`nn.ReLU(x)` does not apply a ReLU to `x`: it builds a module, with `x` taken for its setting `inplace`, "
        "and that module goes on to `linear2`. Call the function, `torch.relu(x)`, or the module, `nn.ReLU()(x)`.",
        ja="`nn.ReLU(x)` は `x` に ReLU をかけません。`x` を `inplace` の設定とみなしてモジュールを作り、そのモジュー"
        "ルが `linear2` に渡ります。関数なら `torch.relu(x)`、モジュールなら `nn.ReLU()(x)` と呼びます。",
        lesson="feed-forward",
    ),
    Misconception(
        id="feed-forward-pythons-max",
        task="PositionwiseFeedForward",
        edits=((HIDDEN, "hidden = max(0, self.linear1(x))"),),
        en="Python's own `max(0, x)` compares whole objects and asks a tensor whether it is true, which torch refuses "
        "for more than one value. The `max(0, .)` of equation 2 (3.3) goes entry by entry: `torch.relu(x)` or "
        "`x.clamp(min=0)`.",
        ja="Python の `max(0, x)` はオブジェクト全体を比べ、テンソルの真偽を問うので、成分が二つ以上あると torch がエ"
        "ラーにします。式 2 (3.3 節) の `max(0, .)` は成分ごとの演算です。`torch.relu(x)` か `x.clamp(min=0)` を使"
        "います。",
        lesson="feed-forward",
    ),
    *family(
        id="feed-forward-{value}",
        task="PositionwiseFeedForward",
        values={
            "tanh": "torch.tanh",
            "sigmoid": "torch.sigmoid",
            "silu": "nn.functional.silu",
            "elu": "nn.functional.elu",
            "softplus": "nn.functional.softplus",
            "relu6": "nn.functional.relu6",
        },
        edits=((HIDDEN, "hidden = {value}(self.linear1(x))"),),
        en="The activation behaves like `{value}`. The paper's is ReLU, `max(0, .)` (3.3, equation 2): negative "
        "values become exactly 0, positive ones stay as they are. Another one may train as well, but weights of "
        "one do not fit the other.",
        ja="活性化関数が `{value}` の動きをしています。論文では ReLU、`max(0, .)` です (3.3 節、式 2)。負の値はちょう"
        "ど 0 になり、正の値はそのまま残ります。別の関数でも学習はできますが、重みを互いに使うことはできません。",
        lesson="feed-forward",
    ),
)

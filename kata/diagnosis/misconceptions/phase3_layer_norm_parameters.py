"""Phase 3: mistakes in LayerNorm: gain and bias, dtype, shapes, graph."""

from __future__ import annotations

from . import Misconception

MEAN = "mean = x.mean(dim=-1, keepdim=True)  # (..., 1)"
VARIANCE = "variance = x.var(dim=-1, unbiased=False, keepdim=True)  # (..., 1)"
NORMALISED = "normalised = (x - mean) / torch.sqrt(variance + self.eps)"
RESULT = "return normalised * self.weight + self.bias"
GAIN = "self.weight = nn.Parameter(torch.ones(d_model))"
BIAS = "self.bias = nn.Parameter(torch.zeros(d_model))"
ALSO = ("AddAndNorm",)

CATALOGUE = (
    Misconception(
        id="layer-norm-keepdim-forgotten",
        task="LayerNorm",
        edits=(
            (MEAN, "mean = x.mean(dim=-1)"),
            (VARIANCE, "variance = x.var(dim=-1, unbiased=False)"),
        ),
        en="Without `keepdim=True` the mean has shape `(B, L)`, and `x - mean` lines it up with the last two "
        "dimensions of `x`: an error at most sizes. Keep the dimension, so that `(B, L, 1)` broadcasts over the "
        "features. Beware of equal sizes: there the wrong broadcast gives wrong numbers without an error.",
        ja="`keepdim=True` がないので平均の形状が `(B, L)` になり、`x - mean` ではそれが `x` の最後の 2 次元に対応"
        "づけられます。たいていの大きさではエラーになります。次元を残して `(B, L, 1)` とし、特徴の方向にブロードキャ"
        "ストさせてください。大きさがたまたま等しいときはエラーにならず、値だけが間違うので要注意です。",
        lesson="mistakes",
        also=ALSO,
    ),
    Misconception(
        id="layer-norm-affine-forgotten",
        task="LayerNorm",
        edits=((RESULT, "return normalised"),),
        en="The normalised value is returned without `weight` and `bias`. The formula ends with `* weight + bias`: "
        "gain and bias give every feature back the scale and offset that training finds useful. They start as 1 and "
        "0, so a new module hides the mistake, but they never get a gradient.",
        ja="正規化した値を、`weight` と `bias` を使わずに返しています。式の最後は `* weight + bias` です。ゲインと"
        "バイアスは、各特徴に学習で見つかる適切な大きさと位置を与えます。初期値は 1 と 0 なので作った直後には違いが"
        "出ませんが、二つのパラメータに勾配がまったく届きません。",
        lesson="layer-norm",
        also=ALSO,
    ),
    Misconception(
        id="layer-norm-affine-before",
        task="LayerNorm",
        edits=((MEAN, f"x = x * self.weight + self.bias\n        {MEAN}"), (RESULT, "return normalised")),
        en="`weight` and `bias` are applied to the input, and normalising comes last. The order is the other way "
        "round: normalise first, then `* weight + bias`. What comes after is not normalised away: applied before, a "
        "common gain or bias vanishes again.",
        ja="`weight` と `bias` を入力に適用し、正規化を最後に行っています。順序は逆で、まず正規化し、それから "
        "`* weight + bias` です。先に適用すると、全特徴に共通のゲインやバイアスは、後の正規化で打ち消されてしまいま"
        "す。",
        lesson="layer-norm",
        also=ALSO,
    ),
    Misconception(
        id="layer-norm-gain-starts-at-zero",
        task="LayerNorm",
        edits=((GAIN, "self.weight = nn.Parameter(torch.zeros(d_model))"),),
        en="The gain `weight` starts as zeros. It starts as ones, and only the bias as zeros, so that a new norm "
        "normalises and nothing else. With a gain of 0 the first output is 0 everywhere, and no gradient passes to "
        "the layers before it.",
        ja="ゲイン `weight` の初期値が 0 になっています。初期値はゲインが 1、バイアスが 0 で、作ったばかりの層正規化"
        "は正規化だけを行います。ゲインが 0 だと最初の出力はすべて 0 になり、それより前の層に勾配が伝わりません。",
        lesson="layer-norm",
    ),
    Misconception(
        id="layer-norm-plain-tensors",
        task="LayerNorm",
        edits=((GAIN, "self.weight = torch.ones(d_model)"), (BIAS, "self.bias = torch.zeros(d_model)")),
        en="`weight` and `bias` are plain tensors. Wrap them in `nn.Parameter`, so that the module knows them. As "
        "they are, `parameters()`, the optimizer and `state_dict()` miss them, they are never trained, never saved, "
        "and stay behind when the model moves to another device.",
        ja="`weight` と `bias` がただのテンソルです。`nn.Parameter` で包むと、モジュールに登録されます。このままでは "
        "`parameters()`、オプティマイザ、`state_dict()` のどれからも見えず、学習も保存もされません。モデルを別のデバ"
        "イスに移しても、置き去りになります。",
        lesson="mistakes",
        also=ALSO,
    ),
    Misconception(
        id="layer-norm-scalar-gain",
        task="LayerNorm",
        edits=(
            (GAIN, "self.weight = nn.Parameter(torch.ones(1))"),
            (BIAS, "self.bias = nn.Parameter(torch.zeros(1))"),
        ),
        en="There is one gain and one bias for all features. Both are vectors of size `d_model` (Ba et al. 2016): "
        "every feature has its own. At the start all gains are 1 and all biases 0, so nothing shows until training "
        "wants to weigh features differently and cannot.",
        ja="ゲインとバイアスが全特徴に共通の一つずつしかありません。どちらも大きさ `d_model` のベクトルで (Ba ら "
        "2016)、特徴ごとに別の値を持ちます。初期値はどれも 1 と 0 なので最初は違いが見えませんが、学習が進んでも特"
        "徴ごとに重みを変えられません。",
        lesson="layer-norm",
        also=ALSO,
    ),
    Misconception(
        id="layer-norm-detached-statistics",
        task="LayerNorm",
        edits=(
            (MEAN, "mean = x.mean(dim=-1, keepdim=True).detach()"),
            (VARIANCE, "variance = x.var(dim=-1, unbiased=False, keepdim=True).detach()"),
        ),
        en="Mean and variance are detached from the graph, as if they were constants. They depend on `x`, and the "
        "gradient must flow through them too. The outputs are right, the gradients are not: they also pull along "
        "directions (shifting or scaling a row) in which the output cannot change.",
        ja="平均と分散を計算グラフから切り離し、定数のように扱っています。どちらも `x` から計算するので、勾配はそこ"
        "も通らなければなりません。出力は正しくても、勾配が違います。行全体をずらしたり伸ばしたりする、出力が変わら"
        "ないはずの方向にまで勾配がかかってしまいます。",
        lesson="mistakes",
    ),
    Misconception(
        id="layer-norm-always-float32",
        task="LayerNorm",
        edits=((MEAN, f"x = x.float()\n        {MEAN}"),),
        en="The input is turned into float32, whatever it was. Code of this course follows the dtype of its input. A "
        "float64 input loses half of its digits on the way, although the result may still be called float64, and "
        "gradient checks in double precision fail.",
        ja="入力の型に関係なく float32 に変換しています。この教材のコードは入力の dtype に従います。float64 の入力は"
        "途中で桁の半分を失い、結果の型だけが float64 になることもあります。倍精度での勾配の検査も通りません。",
        lesson="mistakes",
        also=ALSO,
    ),
    Misconception(
        id="layer-norm-in-place",
        task="LayerNorm",
        edits=((NORMALISED, "normalised = x.sub_(mean).div_(torch.sqrt(variance + self.eps))"),),
        en="`x` itself is centred and scaled in place, in the caller's tensor. Make new tensors: `(x - mean) / ...`. "
        "The residual connection and everything else that still needs the old `x` gets the normalised one, and "
        "autograd complains as soon as `x` is a leaf or is needed for the backward pass.",
        ja="`x` そのもの、つまり呼び出し側のテンソルを上書きして正規化しています。`(x - mean) / ...` のように新しい"
        "テンソルを作ってください。残差接続など、元の `x` を必要とする処理が正規化後の値を受け取ってしまいます。`x` "
        "が葉のときや逆伝播で必要なときには、autograd がエラーを出します。",
        lesson="mistakes",
        also=ALSO,
    ),
)

"""Mistakes in ``LayerNorm`` (phase 3)."""

from __future__ import annotations

from . import Misconception

MEAN = "mean = x.mean(dim=-1, keepdim=True)"
VARIANCE = "variance = x.var(dim=-1, unbiased=False, keepdim=True)"
NORMALISED = "normalised = (x - mean) / torch.sqrt(variance + self.eps)"
RESULT = "return normalised * self.weight + self.bias"
GAIN = "self.weight = nn.Parameter(torch.ones(d_model))"
BIAS = "self.bias = nn.Parameter(torch.zeros(d_model))"

CATALOGUE = (
    Misconception(
        id="layer-norm-unbiased-variance",
        task="LayerNorm",
        edits=((VARIANCE, "variance = x.var(dim=-1, keepdim=True)"),),
        en="The variance is divided by `d_model - 1`: that is what `x.var()` and `x.std()` of torch do by default. "
        "Layer normalisation (Ba et al. 2016, equation 3) divides by `d_model`, because the features are all there "
        "is and not a sample of something larger: pass `unbiased=False`. The outputs are too small by a factor of "
        "`sqrt((d_model - 1) / d_model)`, 0.1 % at width 512 but 29 % at width 2, and width 1 gives NaN.",
        ja="分散を `d_model - 1` で割っています。torch の `x.var()` や `x.std()` は、何も指定しなければそう計算しま"
        "す。層正規化 (Ba ら 2016、式 3) の特徴は標本ではなくそれがすべてなので、`d_model` で割ります。"
        "`unbiased=False` を渡してください。このままでは出力が `sqrt((d_model - 1) / d_model)` 倍に縮みます。幅 512 "
        "では 0.1 % の差ですが、幅 2 では 29 % になり、幅 1 では NaN になります。",
        lesson="layer-norm",
        met=(
            "https://github.com/harvardnlp/annotated-transformer/pull/119",
            "https://github.com/allenai/allennlp/pull/953",
            "https://github.com/harvardnlp/annotated-transformer/issues/122",
        ),
    ),
    Misconception(
        id="layer-norm-divides-by-variance",
        task="LayerNorm",
        edits=((NORMALISED, "normalised = (x - mean) / (variance + self.eps)"),),
        en="The centred input is divided by the variance; the square root is missing. The formula divides by the "
        "standard deviation, `sqrt(var + eps)` (Ba et al. 2016). With inputs of variance 1, such as `torch.randn`, "
        "both are the same and the mistake hides; inputs ten times as large come out ten times too small.",
        ja="中心化した入力を分散で割っていて、平方根がありません。式では標準偏差 `sqrt(var + eps)` で割ります (Ba "
        "ら 2016)。`torch.randn` のように分散が 1 の入力ではどちらも同じ値になるので、気づきにくい誤りです。入力"
        "が 10 倍になると、出力は 10 分の 1 に縮んでしまいます。",
        lesson="layer-norm",
    ),
    Misconception(
        id="layer-norm-eps-outside-the-root",
        task="LayerNorm",
        edits=((NORMALISED, "normalised = (x - mean) / (torch.sqrt(variance) + self.eps)"),),
        en="`eps` is added to the standard deviation, after the root. It belongs to the variance, inside the root: "
        "`sqrt(var + eps)`. On ordinary rows you hardly see the difference, but at a constant row (a padding row of "
        "zeros, say) the slope of `sqrt` at 0 is infinite: the output looks fine and the gradient is NaN.",
        ja="`eps` を平方根の外で標準偏差に足しています。正しくは根号の中で分散に足し、`sqrt(var + eps)` とします。"
        "普通の行ではほとんど差が見えませんが、定数の行 (たとえば値がすべて 0 のパディング) では `sqrt` の 0 での傾"
        "きが無限大になるため、出力は正常に見えても勾配が NaN になります。",
        lesson="layer-norm",
        met=(
            "https://github.com/hkproj/pytorch-transformer/pull/31",
            "https://github.com/hyunwoongko/transformer/issues/7",
            "https://github.com/codertimo/BERT-pytorch/issues/30",
        ),
    ),
    Misconception(
        id="layer-norm-without-eps",
        task="LayerNorm",
        edits=((NORMALISED, "normalised = (x - mean) / torch.sqrt(variance)"),),
        en="`eps` is not used: the division is by `sqrt(var)` alone. The formula divides by `sqrt(var + eps)`. A row "
        "whose features are all equal has variance 0, so 0 / 0 makes it NaN, and one NaN spreads through attention "
        "to the whole sequence.",
        ja="`eps` を使わず、`sqrt(var)` だけで割っています。式では `sqrt(var + eps)` で割ります。特徴がすべて等しい"
        "行は分散が 0 なので 0 / 0 で NaN になり、その NaN は注意機構を通って系列全体に広がります。",
        lesson="layer-norm",
    ),
    Misconception(
        id="layer-norm-ignores-its-eps",
        task="LayerNorm",
        edits=((NORMALISED, "normalised = (x - mean) / torch.sqrt(variance + 1e-5)"),),
        en="`1e-5` is written into the formula, whatever `eps` was given to `__init__`. Keep the argument (`self.eps "
        "= eps`) and use it. As long as everybody takes the default nothing shows; a model whose weights were "
        "trained with another `eps` gives slightly wrong numbers in every layer.",
        ja="`__init__` に渡された `eps` を無視して、式の中に `1e-5` を直接書いています。引数を `self.eps = eps` とし"
        "て保存し、それを使ってください。既定値のままなら違いは出ませんが、別の `eps` で学習した重みを読み込むと、す"
        "べての層の値が少しずつずれます。",
        lesson="layer-norm",
    ),
    Misconception(
        id="layer-norm-eps-floor",
        task="LayerNorm",
        edits=((NORMALISED, "normalised = (x - mean) / torch.sqrt(variance).clamp(min=self.eps)"),),
        en="`eps` is used as a lower bound of the standard deviation. The formula adds it to the variance inside the "
        "root: `sqrt(var + eps)`, which is smooth everywhere. With a bound, rows of small values are stretched to "
        "full size, and at a constant row the gradient is NaN, because the slope of `sqrt` at 0 is infinite.",
        ja="`eps` を標準偏差の下限として使っています。式では根号の中で分散に足し、`sqrt(var + eps)` とするので、どこ"
        "でも滑らかです。下限として使うと、値の小さい行まで同じ大きさに引き伸ばされます。また定数の行では、`sqrt` の "
        "0 での傾きが無限大なので勾配が NaN になります。",
        lesson="layer-norm",
    ),
    Misconception(
        id="layer-norm-over-time",
        task="LayerNorm",
        edits=(
            (MEAN, "mean = x.mean(dim=-2, keepdim=True)"),
            (VARIANCE, "variance = x.var(dim=-2, unbiased=False, keepdim=True)"),
        ),
        en="Mean and variance are taken along the sequence, one pair for every feature. Layer normalisation takes "
        "them over the features of one position (`dim=-1`), so that no position knows of another. Along the "
        "sequence, the statistics of early positions contain later ones: the decoder sees the future, the training "
        "loss becomes too good, and decoding token by token gives something else.",
        ja="平均と分散を系列の方向に、特徴ごとに計算しています。層正規化では一つの位置の特徴にわたって (`dim=-1`) "
        "計算し、ほかの位置は見ません。系列の方向に取ると、前の位置の統計量に後ろの位置が混ざり、デコーダに未来が見"
        "えてしまいます。学習時の損失は不自然に良くなりますが、1 トークンずつ生成すると違う値になります。",
        lesson="layer-norm",
    ),
    Misconception(
        id="layer-norm-over-the-whole-sequence",
        task="LayerNorm",
        edits=(
            (MEAN, "mean = x.mean(dim=(-2, -1), keepdim=True)"),
            (VARIANCE, "variance = x.var(dim=(-2, -1), unbiased=False, keepdim=True)"),
        ),
        en="Mean and variance are taken over all positions and features of a sequence together. The Transformer's "
        "norm looks at one position at a time: `dim=-1` alone. Otherwise what a position becomes depends on the "
        "length of the sequence, on its padding and, in the decoder, on tokens that have not been said yet.",
        ja="平均と分散を、一つの系列の全位置と全特徴をまとめて計算しています。Transformer の層正規化は位置ごとに、"
        "`dim=-1` だけで計算します。まとめて取ると、ある位置の値が系列の長さやパディング、さらにデコーダではまだ生"
        "成していないトークンにまで左右されます。",
        lesson="layer-norm",
    ),
    Misconception(
        id="layer-norm-over-the-whole-batch",
        task="LayerNorm",
        edits=(
            (MEAN, "mean = x.mean()"),
            (VARIANCE, "variance = x.var(unbiased=False)"),
        ),
        en="One mean and one variance are taken of the whole tensor: the dimension is missing. Every position needs "
        "its own, over its own features: `x.mean(dim=-1, keepdim=True)`. As it is, the translation of a sentence "
        "depends on which other sentences share its batch.",
        ja="次元の指定がなく、テンソル全体から平均と分散を一つずつ計算しています。正しくは位置ごとに、その特徴にわ"
        "たって `x.mean(dim=-1, keepdim=True)` のように取ります。このままでは、ある文の翻訳が、同じバッチに入ったほ"
        "かの文に左右されます。",
        lesson="layer-norm",
    ),
    Misconception(
        id="layer-norm-is-batch-norm",
        task="LayerNorm",
        edits=(
            (
                MEAN,
                """
                others = tuple(range(x.dim() - 1))
                mean = x.mean(dim=others, keepdim=True)
                """,
            ),
            (VARIANCE, "variance = x.var(dim=others, unbiased=False, keepdim=True)"),
        ),
        en="Every feature is normalised over all sequences and positions: this is batch normalisation. The paper "
        "uses layer normalisation (3.1; Ba et al. 2016): every position over its own features, `dim=-1`. Batch "
        "statistics mix sentences, count padding, leak the future, and do not exist when one sentence is decoded "
        "alone.",
        ja="各特徴を、すべての系列と位置にわたって正規化しています。これはバッチ正規化です。論文が使うのは層正規化"
        "で (3.1 節、Ba ら 2016)、位置ごとに自分の特徴にわたって (`dim=-1`) 計算します。バッチの統計量は文どうし"
        "を混ぜ、パディングまで数え、未来を漏らします。しかも 1 文だけを生成するときには意味のある値が得られません。",
        lesson="batch-norm",
    ),
    Misconception(
        id="layer-norm-mean-not-subtracted",
        task="LayerNorm",
        edits=((NORMALISED, "normalised = x / torch.sqrt(variance + self.eps)"),),
        en="The input is divided by its standard deviation, but its mean is never subtracted. The formula is "
        "`(x - mean) / sqrt(var + eps)`. Rows keep their offset, and a large offset with a small spread makes huge "
        "outputs: in a deep stack they grow from layer to layer.",
        ja="入力を標準偏差で割っていますが、平均を引いていません。式は `(x - mean) / sqrt(var + eps)` です。行の偏り"
        "がそのまま残り、偏りが大きくてばらつきが小さい行では出力が非常に大きくなります。層を重ねるほど値が膨らみま"
        "す。",
        lesson="layer-norm",
    ),
    Misconception(
        id="layer-norm-is-rms-norm",
        task="LayerNorm",
        edits=(
            (VARIANCE, "variance = x.pow(2).mean(dim=-1, keepdim=True)"),
            (NORMALISED, "normalised = x / torch.sqrt(variance + self.eps)"),
        ),
        en="The row is divided by its root mean square and its mean stays: this is RMSNorm, which later models use. "
        "The paper's layer normalisation (Ba et al. 2016) subtracts the mean first and divides by the standard "
        "deviation. The two agree only for rows of mean 0.",
        ja="行をその二乗平均平方根で割り、平均は引いていません。これは後のモデルで使われる RMSNorm です。論文の層正"
        "規化 (Ba ら 2016) は、まず平均を引いてから標準偏差で割ります。両者が一致するのは平均が 0 の行だけです。",
        lesson="layer-norm",
    ),
    Misconception(
        id="layer-norm-mean-of-squares",
        task="LayerNorm",
        edits=((VARIANCE, "variance = x.pow(2).mean(dim=-1, keepdim=True)"),),
        en="The variance is taken as the mean of `x ** 2`. It is the mean of `(x - mean) ** 2`, or the mean of the "
        "squares minus the square of the mean. A row that stands far from 0 is divided by its offset instead of its "
        "spread and comes out almost flat.",
        ja="分散を `x ** 2` の平均として計算しています。分散は `(x - mean) ** 2` の平均、つまり「二乗の平均から平均"
        "の二乗を引いたもの」です。0 から離れた行は、ばらつきではなく偏りの大きさで割られてしまい、ほとんど平らにな"
        "ります。",
        lesson="layer-norm",
    ),
    Misconception(
        id="layer-norm-keepdim-forgotten",
        task="LayerNorm",
        edits=(
            (MEAN, "mean = x.mean(dim=-1)"),
            (VARIANCE, "variance = x.var(dim=-1, unbiased=False)"),
        ),
        en="The mean, the variance or both are taken without `keepdim=True`: they have shape `(B, L)`, and `x - mean` "
        "or the division lines that up with the last two dimensions of `x`, an error at most sizes. Keep the "
        "dimension, so that `(B, L, 1)` broadcasts over the features. Beware of equal sizes: there the wrong "
        "broadcast gives wrong numbers without an error.",
        ja="平均か分散、またはその両方に `keepdim=True` がないので、形状が `(B, L)` になり、`x - mean` や割り算ではそ"
        "れが `x` の最後の 2 次元に対応づけられます。たいていの大きさではエラーになります。次元を残して `(B, L, 1)`"
        " とし、特徴の方向にブロードキャストさせてください。大きさがたまたま等しいときはエラーにならず、値だけが間"
        "違うので要注意です。",
        lesson="mistakes",
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
    ),
    Misconception(
        id="layer-norm-affine-before",
        task="LayerNorm",
        edits=(
            (
                MEAN,
                """
                x = x * self.weight + self.bias
                mean = x.mean(dim=-1, keepdim=True)
                """,
            ),
            (RESULT, "return normalised"),
        ),
        en="`weight` and `bias` are applied to the input, and normalising comes last. The order is the other way "
        "round: normalise first, then `* weight + bias`. What comes after is not normalised away: applied before, a "
        "common gain or bias vanishes again.",
        ja="`weight` と `bias` を入力に適用し、正規化を最後に行っています。順序は逆で、まず正規化し、それから "
        "`* weight + bias` です。先に適用すると、全特徴に共通のゲインやバイアスは、後の正規化で打ち消されてしまいま"
        "す。",
        lesson="layer-norm",
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
        edits=(
            (GAIN, "self.weight = torch.ones(d_model)"),
            (BIAS, "self.bias = torch.zeros(d_model)"),
        ),
        en="`weight` and `bias` are plain tensors. Wrap them in `nn.Parameter`, so that the module knows them. As "
        "they are, `parameters()`, the optimizer and `state_dict()` miss them, they are never trained, never saved, "
        "and stay behind when the model moves to another device.",
        ja="`weight` と `bias` がただのテンソルです。`nn.Parameter` で包むと、モジュールに登録されます。このままでは "
        "`parameters()`、オプティマイザ、`state_dict()` のどれからも見えず、学習も保存もされません。モデルを別のデバ"
        "イスに移しても、置き去りになります。",
        lesson="mistakes",
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
        edits=(
            (
                MEAN,
                """
                x = x.float()
                mean = x.mean(dim=-1, keepdim=True)
                """,
            ),
        ),
        en="The input is turned into float32, whatever it was. Code of this course follows the dtype of its input. A "
        "float64 input loses half of its digits on the way, although the result may still be called float64, and "
        "gradient checks in double precision fail.",
        ja="入力の型に関係なく float32 に変換しています。この教材のコードは入力の dtype に従います。float64 の入力は"
        "途中で桁の半分を失い、結果の型だけが float64 になることもあります。倍精度での勾配の検査も通りません。",
        lesson="mistakes",
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
    ),
    Misconception(
        id="layer-norm-mean-of-squares-minus-square",
        task="LayerNorm",
        edits=((f"{MEAN}\n{VARIANCE}", f"{MEAN}\nvariance = (x * x).mean(dim=-1, keepdim=True) - mean * mean"),),
        en="The variance is computed as the mean of the squares minus the square of the mean. On paper that is the "
        "same; in float32 both are huge where the row stands far from 0, and their difference has lost its digits: "
        "at a mean of 1000 the result is off by a tenth, at 10000 it may be negative, and its root NaN. Subtract "
        "the mean first: `(x - mean).pow(2).mean(...)`, or `x.var(dim=-1, unbiased=False, ...)`.",
        ja="分散を「二乗の平均から平均の二乗を引いたもの」として計算しています。紙の上では同じですが、0 から遠い行では"
        " float32 の二つの数がどちらも非常に大きく、差を取ると桁が失われます。平均が 1000 なら 1 割ほど狂い、10000 "
        "では負になって平方根が NaN になることもあります。先に平均を引いて `(x - mean).pow(2).mean(...)` とするか、"
        "`x.var(dim=-1, unbiased=False, ...)` を使ってください。",
        lesson="layer-norm",
        met=(
            "https://github.com/camlab-ethz/poseidon/issues/6",
            "https://github.com/microsoft/onnxruntime/issues/28463",
            "https://github.com/microsoft/onnxruntime/issues/21935",
        ),
    ),
    Misconception(
        id="layer-norm-square-for-root",
        task="LayerNorm",
        edits=((NORMALISED, "normalised = (x - mean) / (variance + self.eps) ** 2"),),
        en="The centred input is divided by the square of `var + eps`; meant is the root, `** 0.5`. The formula "
        "divides by the standard deviation, `sqrt(var + eps)` (Ba et al. 2016). Where the variance is 1 both are "
        "the same, which hides it.",
        ja="平均を引いた入力を `var + eps` の平方根 (`** 0.5`) ではなく、2 乗で割っています。式では標準偏差 "
        "`sqrt(var + eps)` で割ります (Ba ら 2016)。分散が 1 のときは同じ値になるので気づきにくい間違いです。",
        lesson="layer-norm",
        met=("https://github.com/131250208/TPlinker-joint-extraction/issues/37",),
    ),
    Misconception(
        id="layer-norm-root-of-the-deviation",
        task="LayerNorm",
        edits=((NORMALISED, "normalised = (x - mean) / torch.sqrt(torch.sqrt(variance) + self.eps)"),),
        en="The root is taken twice: of the standard deviation plus `eps`. Under the root stands the variance, "
        "`sqrt(var + eps)` (Ba et al. 2016); `x.std(...)` is its root already.",
        ja="根号が二重になっていて、標準偏差に `eps` を足したものの平方根で割っています。根号の中は分散で、"
        "`sqrt(var + eps)` です (Ba ら 2016)。`x.std(...)` はすでに平方根です。",
        lesson="layer-norm",
        met=("https://github.com/hyunwoongko/transformer/issues/7",),
    ),
    Misconception(
        id="layer-norm-mean-over-dimension-1",
        task="LayerNorm",
        edits=((MEAN, "mean = x.mean(dim=1, keepdim=True)"),),
        en="The mean is taken over dimension 1, which in `(B, L, d_model)` is the positions; the variance runs over "
        "the features. Both belong to one position and its features: `dim=-1`.",
        ja="平均を次元 1 (`(B, L, d_model)` では位置の方向) に沿って計算しています。分散は特徴の方向です。どちらも一つ"
        "の位置の特徴について計算するので `dim=-1` とします。",
        lesson="layer-norm",
    ),
    Misconception(
        id="layer-norm-mean-over-dimension-1-without-keepdim",
        task="LayerNorm",
        edits=((MEAN, "mean = x.mean(1)"),),
        en="The mean is `x.mean(1)`: over dimension 1, which in `(B, L, d_model)` is the positions, and without "
        "`keepdim=True`, so that what comes out does not line up with `x`. Take it over the features of each "
        "position and keep the dimension: `x.mean(dim=-1, keepdim=True)`.",
        ja="平均が `x.mean(1)` で、次元 1 (`(B, L, d_model)` では位置の方向) に沿って取り、`keepdim=True` もないので、"
        "結果が `x` と揃いません。各位置の特徴について、次元を残して `x.mean(dim=-1, keepdim=True)` と計算してくだ"
        "さい。",
        lesson="layer-norm",
    ),
)

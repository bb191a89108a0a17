"""Mistakes in ``sinusoidal_encoding`` (phase 1)."""

from __future__ import annotations

from . import Misconception, family

ANGLE = "angle = _angles(position, d_model)"
SINES = """
encoding[:, 0::2] = torch.sin(angle)
encoding[:, 1::2] = torch.cos(angle)
"""

CATALOGUE = (
    Misconception(
        id="encoding-exponent-halved",
        task="sinusoidal_encoding",
        edits=((ANGLE, "angle = position / 10000.0 ** (torch.arange(d_model // 2, dtype=torch.float64) / d_model)"),),
        en="The exponent here is `i / d_model`, with `i` counting the pairs of columns (or, which is the same, the "
        "base is 100). In the paper (3.5) it is `2i / d_model` and the base 10000: `i` runs to `d_model / 2 - 1`, "
        "so the exponent runs through 0 to almost 1 and the wavelengths from 2π to 10000 · 2π. With half the "
        "exponent they end at 100 · 2π, and far positions start to look alike. `torch.arange(0, d_model, 2)` "
        "already is `2i`.",
        ja="このコードの指数は `i / d_model` です (`i` は列の組の番号。底を 100 にしても同じ値になります)。論文 (3.5 "
        "節) では `2i / d_model` で、`i` は `d_model / 2 - 1` までなので、指数は 0 からほぼ 1 まで、波長は 2π から "
        "10000・2π まで広がります。指数が半分だと最長の波長が 100・2π で止まり、遠く離れた位置どうしが似た値になっ"
        "てしまいます。`torch.arange(0, d_model, 2)` がそのまま `2i` です。",
        lesson="sinusoids",
    ),
    Misconception(
        id="encoding-exponent-doubled",
        task="sinusoidal_encoding",
        edits=(
            (
                ANGLE,
                """
                exponent = 2 * torch.arange(0, d_model, 2, dtype=torch.float64) / d_model
                angle = position / 10000.0**exponent
                """,
            ),
        ),
        en="The exponent is twice what it should be, as where `torch.arange(0, d_model, 2)`, which is `2i` already, "
        "is multiplied by 2 again. The paper's exponent (3.5) is `2i / d_model`, below 1 in every column. Here it "
        "runs up to 2, so half of the columns turn so slowly that they are almost constant and tell nothing about "
        "the position.",
        ja="指数が 2 倍になっています。`torch.arange(0, d_model, 2)` は 0, 2, 4, … で、これがすでに `2i` なのに、もう"
        "一度 2 を掛けるとこうなります。論文 (3.5 節) の指数は `2i / d_model` で、どの列でも 1 未満です。このコードで"
        "は 2 近くまで大きくなるため、後ろ半分の列はほとんど回転せず、位置の情報をもたない定数のような列になります"
        "。",
        lesson="sinusoids",
    ),
    Misconception(
        id="encoding-sine-and-cosine-swapped",
        task="sinusoidal_encoding",
        edits=(
            (
                SINES,
                """
                encoding[:, 0::2] = torch.cos(angle)
                encoding[:, 1::2] = torch.sin(angle)
                """,
            ),
        ),
        en=(
            "Cosine stands in the even columns and sine in the odd ones. The paper (3.5) has it the other way "
            "round: `PE[pos, 2i]` is the sine, so position 0 is `[0, 1, 0, 1, ...]`. A model could learn with "
            "either, but weights trained with one do not fit the other."
        ),
        ja=(
            "偶数列に cos、奇数列に sin が入っています。論文 (3.5 節) は逆で、`PE[pos, 2i]` が sin なので、"
            "位置 0 の行は `[0, 1, 0, 1, ...]` になります。どちらの並びでも学習はできますが、片方で学習した重み"
            "をもう片方で使うことはできません。"
        ),
        lesson="sinusoids",
    ),
    Misconception(
        id="encoding-angle-multiplied",
        task="sinusoidal_encoding",
        edits=(
            (
                ANGLE,
                """
                exponent = torch.arange(0, d_model, 2, dtype=torch.float64) / d_model
                angle = position * 10000.0**exponent
                """,
            ),
        ),
        en=(
            "The position is multiplied by `10000^(2i/d_model)`; the paper (3.5) divides by it. The later columns "
            "should turn more and more slowly; here they turn thousands of radians a step, so neighbouring "
            "positions get unrelated values, as from a random number generator. The encoding no longer says that "
            "7 is near 8."
        ),
        ja=(
            "位置に `10000^(2i/d_model)` を掛けていますが、論文 (3.5 節) では割ります。本来は後ろの列ほどゆっくり"
            "回転します。掛けてしまうと 1 位置ごとに何千ラジアンも回り、隣り合う位置でも乱数のように無関係な値"
            "になります。これでは「7 と 8 は近い」ということが伝わりません。"
        ),
        lesson="sinusoids",
    ),
    Misconception(
        id="encoding-positions-from-one",
        task="sinusoidal_encoding",
        edits=(("torch.arange(max_len, dtype=torch.float64)", "torch.arange(1, max_len + 1, dtype=torch.float64)"),),
        en=(
            "Positions are counted from 1 here. In the course, as in most implementations of the paper's formula "
            "(3.5), they are counted from 0, so the first row is `sin(0) = 0` and `cos(0) = 1` in turn. Every row "
            "of this table is the row that belongs one position further on."
        ),
        ja=(
            "位置を 1 から数えています。この教材では (論文 3.5 の式のほとんどの実装と同じく) 0 から数えるので、最初"
            "の行は `sin(0) = 0` と `cos(0) = 1` が交互に並びます。このコードの表は、どの行も一つ後ろの位置の行になっ"
            "ています。"
        ),
        lesson="sinusoids",
    ),
    Misconception(
        id="encoding-sines-then-cosines",
        task="sinusoidal_encoding",
        edits=(
            (
                SINES,
                """
                encoding[:, : d_model // 2] = torch.sin(angle)
                encoding[:, d_model // 2 :] = torch.cos(angle)
                """,
            ),
        ),
        en=(
            "All sines fill the first half of the columns and all cosines the second half. The paper (3.5) "
            "interleaves them: `PE[pos, 2i]` is a sine and its neighbour `PE[pos, 2i + 1]` the cosine of the same "
            "angle. Some libraries do use halves, and the information is the same, but the pairs stand at other "
            "places, so `position_shift_matrix` and trained weights do not fit."
        ),
        ja=(
            "前半の列に sin、後半の列に cos をまとめて入れています。論文 (3.5 節) では交互に並べ、"
            "`PE[pos, 2i]` が sin、その隣の `PE[pos, 2i + 1]` が同じ角度の cos です。前半・後半に分けるラ"
            "イブラリもあり情報量は同じですが、組になる列の場所が違うため、`position_shift_matrix` や学習済みの"
            "重みとかみ合いません。"
        ),
        lesson="sinusoids",
    ),
    Misconception(
        id="encoding-sine-everywhere",
        task="sinusoidal_encoding",
        edits=(("encoding[:, 1::2] = torch.cos(angle)", "encoding[:, 1::2] = torch.sin(angle)"),),
        en=(
            "Both columns of a pair hold the sine. The paper (3.5) puts the cosine of the same angle into the odd "
            "column: only the two together say where on the circle a position stands, because a sine alone takes "
            "each value twice a turn. Without cosines there is also no matrix that shifts the encoding by a fixed "
            "offset."
        ),
        ja=(
            "組の両方の列に sin が入っています。論文 (3.5 節) では奇数列に同じ角度の cos を入れます。"
            "sin だけでは 1 回転の間に同じ値が 2 度現れるので、二つそろって初めて円周上のどこにいるかが決まり"
            "ます。cos がないと、一定の位置だけずらす行列も存在しません。"
        ),
        lesson="rotation",
    ),
    Misconception(
        id="encoding-every-column-its-own-frequency",
        task="sinusoidal_encoding",
        edits=(("torch.cos(angle)", "torch.cos(angle / 10000.0 ** (1.0 / d_model))"),),
        en=(
            "Every column has a frequency of its own: column `j` uses the exponent `j / d_model`, in the odd "
            "columns too. In the paper (3.5) columns `2i` and `2i + 1` share the exponent `2i / d_model`. Sine "
            "and cosine of different angles are no point on a circle, so the encoding of `pos + k` is no longer a "
            "rotation of that of `pos`."
        ),
        ja=(
            "列ごとに別の周波数を使い、奇数列も含めて列 `j` の指数が `j / d_model` になっています。"
            "論文 (3.5 節) では、列 `2i` と `2i + 1` が同じ指数 `2i / d_model` を共有します。角度が違う sin "
            "と cos は円周上の点にならないため、`pos + k` の値を `pos` の値の回転として表せなくなります。"
        ),
        lesson="rotation",
    ),
    Misconception(
        id="encoding-base-by-log10",
        task="sinusoidal_encoding",
        edits=(
            (
                ANGLE,
                """
                exponent = torch.arange(0, d_model, 2, dtype=torch.float64) / d_model
                angle = position * torch.exp(-exponent * math.log10(10000.0))
                """,
            ),
        ),
        en=(
            "The frequencies are made with `exp`, but the logarithm in it is the one to base 10. `10000^x` is "
            "`exp(x · ln 10000)`, with the natural logarithm, `math.log(10000) = 9.21`; with `math.log10(10000) = "
            "4` the base is `e^4 = 54.6`. The longest wavelength is then about 55 · 2π instead of the paper's "
            "10000 · 2π (3.5), and positions repeat."
        ),
        ja=(
            "周波数を `exp` で計算していますが、その中の対数が常用対数になっています。`10000^x` は自然対数 `ma"
            "th.log(10000) = 9.21` を使った `exp(x・ln 10000)` です。`math.log10(10000) = 4` では底が `e^4 = 5"
            "4.6` になり、最長の波長が論文 (3.5 節) の 10000・2π ではなく約 55・2π になって、位置の値が繰り返し"
            "てしまいます。"
        ),
        lesson="sinusoids",
    ),
    Misconception(
        id="encoding-floor-division",
        task="sinusoidal_encoding",
        edits=((ANGLE, "angle = _angles(position, d_model).floor()"),),
        en="The angle is rounded down to a whole number, as `//` does. The paper (3.5) divides exactly, and the "
        "fractions are what matters: in the slow columns the angle stays below 1 for hundreds of positions, so "
        "here it is 0 for all of them and they cannot be told apart. Use `/`.",
        ja="`//` を使ったときのように、角度が整数に切り捨てられています。論文 (3.5 節) は普通の割り算で、大切なのはそ"
        "の小数部分です。ゆっくり回る列では何百もの位置の間、角度が 1 未満なので、切り捨てるとすべて 0 になり区別が"
        "つきません。`/` を使いましょう。",
        lesson="sinusoids",
    ),
    Misconception(
        id="encoding-keeps-float64",
        task="sinusoidal_encoding",
        edits=(("return encoding.to(torch.get_default_dtype())", "return encoding"),),
        en=(
            "The values are right, but the table is returned in float64, in which it was computed. It should have "
            "torch's default dtype (float32 unless the user changes it). Added to float32 embeddings, a float64 "
            "table turns the whole sum into float64, and the next `nn.Linear` complains of mixed dtypes."
        ),
        ja=(
            "値は正しいのですが、計算に使った float64 のまま返しています。戻り値は torch の既定の dtype (変更してい"
            "なければ float32) にします。float64 の表を float32 の埋め込みに足すと和全体が float64 になり、次の "
            "`nn.Linear` が dtype の不一致でエラーになります。"
        ),
        lesson="sinusoids",
    ),
    Misconception(
        id="encoding-twice-the-column",
        task="sinusoidal_encoding",
        edits=(
            (
                ANGLE,
                """
                exponent = 2 * torch.arange(d_model, dtype=torch.float64) / d_model
                angle = position / 10000.0**exponent
                """,
            ),
            (
                SINES,
                """
                encoding[:, 0::2] = torch.sin(angle[:, 0::2])
                encoding[:, 1::2] = torch.cos(angle[:, 1::2])
                """,
            ),
        ),
        en="The exponent is `2 * column / d_model`: the number of the column is taken for the `i` of the formula. In "
        "the paper (3.5) `i` counts pairs, columns `2i` and `2i + 1` share the exponent `2i / d_model`, and it "
        "stays below 1. Here it runs up to 2, so half of the columns hardly turn, and sine and cosine of a pair "
        "have different angles, which makes no point on a circle. Column `j` belongs to pair `j // 2`.",
        ja="指数が `2 * 列番号 / d_model` で、式の `i` を列番号と取り違えています。論文 (3.5 節) の `i` は列の組の番号"
        "で、列 `2i` と `2i + 1` が同じ指数 `2i / d_model` を使い、値は 1 未満です。ここでは 2 近くまで大きくなるの"
        "で、後ろ半分の列はほとんど変化しません。組の sin と cos の角度も違うため、円周上の点になりません。列 `j` "
        "は `j // 2` 番目の組です。",
        lesson="sinusoids",
        met=(
            "https://github.com/jadore801120/attention-is-all-you-need-pytorch/issues/32",
            "https://github.com/Kyubyong/transformer/issues/38",
            "https://github.com/SamLynnEvans/Transformer/issues/25",
            "https://github.com/YutaroOgawa/pytorch_advanced/issues/79",
        ),
    ),
    Misconception(
        id="encoding-rate-rounded-down",
        task="sinusoidal_encoding",
        edits=(
            (
                ANGLE,
                """
                rate = -math.log(10000.0) / d_model // 2
                angle = position * torch.exp(torch.arange(d_model // 2, dtype=torch.float64) * rate)
                """,
            ),
        ),
        en="`-math.log(10000.0) / d_model // 2` is read from left to right: the quotient is divided by 2 and rounded "
        "down to a whole number, -1 at most widths. Meant is `/ (d_model // 2)`. The frequencies then fall by a "
        "factor of e from pair to pair whatever `d_model` is, instead of reaching 1/10000 at the last pair (3.5).",
        ja="`-math.log(10000.0) / d_model // 2` は左から順に計算されるので、商を 2 で割って切り捨てることになり、たい"
        "てい -1 になります。意図した式は `/ (d_model // 2)` でしょう。このままでは `d_model` に関係なく周波数が組"
        "ごとに e 分の 1 になり、最後の組でほぼ 1/10000 になる論文の式 (3.5 節) と合いません。",
        lesson="sinusoids",
        met=(
            "https://github.com/zju3dv/LoFTR/issues/41",
            "https://github.com/GrumpyZhou/image-matching-toolbox/issues/36",
        ),
    ),
    Misconception(
        id="encoding-ends-at-the-base",
        task="sinusoidal_encoding",
        edits=(
            (
                ANGLE,
                """
                pairs = d_model // 2
                exponent = torch.arange(pairs, dtype=torch.float64) / max(pairs - 1, 1)
                angle = position / 10000.0**exponent
                """,
            ),
        ),
        en="The exponents are spread from 0 to exactly 1: `i / (d_model / 2 - 1)`, as tensor2tensor and fairseq do. "
        "The paper's formula (3.5) has `2i / d_model`, which ends just below 1, at `1 - 2 / d_model`. Both work; "
        "the numbers differ in every pair but the first, and trained weights of one do not fit the other.",
        ja="指数が `i / (d_model / 2 - 1)` で、0 からちょうど 1 までになっています。tensor2tensor や fairseq の形です"
        "。論文の式 (3.5 節) は `2i / d_model` で、最後は `1 - 2 / d_model` と 1 より少し小さくなります。どちらでも"
        "学習できますが、最初の組以外は値が異なり、片方で学習した重みはもう片方に合いません。",
        lesson="sinusoids",
    ),
    *family(
        id="encoding-positions-in-{value}",
        task="sinusoidal_encoding",
        values={"float16": "torch.float16", "bfloat16": "torch.bfloat16"},
        edits=(("torch.arange(max_len, dtype=torch.float64)", "torch.arange(max_len).to({value}).to(torch.float64)"),),
        en="The positions are numbers of `{value}`. It holds every whole number only up to 2048 (float16) or 256 "
        "(bfloat16); beyond, neighbouring positions are rounded to one number and get one and the same row. Count "
        "and compute in float32 or float64, and convert the finished table.",
        ja="位置を `{value}` で数えています。整数をもれなく表せるのは float16 で 2048、bfloat16 で 256 までで、その先"
        "では隣の位置が同じ数に丸められ、同じ行になってしまいます。float32 か float64 で数えて計算し、できた表を最"
        "後に変換してください。",
        lesson="sinusoids",
        met=(
            "https://github.com/pytorch/pytorch/issues/81926",
            "https://github.com/pytorch/pytorch/issues/114544",
        ),
    ),
    *family(
        id="encoding-product-for-power-{value}",
        task="sinusoidal_encoding",
        values={"above": "position / 10000.0 * exponent", "below": "position / (10000.0 * exponent)"},
        edits=(
            (
                ANGLE,
                """
                exponent = torch.arange(0, d_model, 2, dtype=torch.float64) / d_model
                angle = {value}
                """,
            ),
        ),
        en="The angle is `{value}`, where `exponent` is `2i / d_model`: 10000 is multiplied by the exponent, not "
        "raised to it. The paper (3.5) has a power, `position / 10000**exponent`, so that the wavelengths of the "
        "pairs grow by one factor from pair to pair; in Python that is `**`.",
        ja="角度が `{value}` です (`exponent` は `2i / d_model`)。10000 を累乗せずに、指数と掛け合わせています。論文"
        " (3.5 節) では累乗 `position / 10000**exponent` で、波長が組ごとに一定の倍率で長くなります。Python の累乗は"
        " `**` です。",
        lesson="sinusoids",
    ),
    Misconception(
        id="encoding-cosine-of-the-sine",
        task="sinusoidal_encoding",
        edits=(("encoding[:, 1::2] = torch.cos(angle)", "encoding[:, 1::2] = torch.cos(encoding[:, 0::2])"),),
        en="The odd columns hold the cosine of the sine: the angles were overwritten by their sines, or the table "
        "was read again, before the cosine was taken. Keep the angles in a tensor of their own; both columns of a "
        "pair take them from there (3.5).",
        ja="奇数列に「sin の cos」が入っています。cos を取る前に、角度を sin で上書きしたか、書き込んだ表を読み直し"
        "ています。角度は別のテンソルに取っておき、組の二つの列はどちらもそこから計算してください (3.5 節)。",
        lesson="sinusoids",
        met=("https://github.com/jadore801120/attention-is-all-you-need-pytorch/pull/155",),
    ),
)

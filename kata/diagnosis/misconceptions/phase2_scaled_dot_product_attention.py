"""Mistakes in ``scaled_dot_product_attention`` (phase 2)."""

from __future__ import annotations

from . import Misconception

FILL = "scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)"
ZERO = "weights = torch.softmax(scores, dim=-1).masked_fill(~mask, 0.0)"
SCORES = "scores = query @ key.transpose(-2, -1) / math.sqrt(d_k)"
OUTPUT = "output = weights @ value"
UNMASKED = "weights = torch.softmax(scores, dim=-1)"

CATALOGUE = (
    Misconception(
        id="mask-inverted",
        task="scaled_dot_product_attention",
        edits=(
            (FILL, "scores = scores.masked_fill(mask, torch.finfo(scores.dtype).min)"),
            (ZERO, "weights = torch.softmax(scores, dim=-1).masked_fill(mask, 0.0)"),
        ),
        en=(
            "The mask is read the wrong way round: True hides a key here. In this course True means `may attend`, "
            "as in `F.scaled_dot_product_attention` (`nn.MultiheadAttention` has it the other way). As it is, a "
            "decoder attends to the future alone and an encoder to padding alone."
        ),
        ja=(
            "マスクの意味が逆で、True のキーを隠しています。この教材の True は「注意を向けてよい」です "
            "(`F.scaled_dot_product_attention` と同じ。`nn.MultiheadAttention` は逆です)。このままだと、デコーダは"
            "未来だけを、エンコーダはパディングだけを見ることになります。"
        ),
        lesson="masks",
    ),
    Misconception(
        id="mask-ignored",
        task="scaled_dot_product_attention",
        edits=(
            (FILL, "scores.masked_fill(~mask, torch.finfo(scores.dtype).min)"),
            (ZERO, "weights = torch.softmax(scores, dim=-1)"),
        ),
        en="The mask changes nothing. Perhaps it is not used at all, or `masked_fill` is called and its result, a new "
        "tensor, is thrown away: write `scores = scores.masked_fill(...)`. A model without its mask reads the "
        "answer in training (the loss falls to the floor) and is helpless when it has to decode.",
        ja="マスクが何の働きもしていません。使っていないか、`masked_fill` を呼んでもその結果 (新しいテンソル) を捨てて"
        "いるのでしょう。`scores = scores.masked_fill(...)` と受け取ってください。マスクのないモデルは学習中に答え"
        "を覗けるので損失はよく下がりますが、復号では何もできません。",
        lesson="masks",
    ),
    Misconception(
        id="mask-after-the-softmax",
        task="scaled_dot_product_attention",
        edits=((FILL, ""),),
        en=(
            "The mask is applied after the softmax: forbidden weights become 0, but they have already taken their "
            "share, so the rest of the row no longer adds up to 1, and hidden keys still influence it through the "
            "denominator. Fill the scores before the softmax (3.2.3)."
        ),
        ja=(
            "マスクをソフトマックスの後で掛けています。禁じられた重みは 0 になりますが、"
            "その分はすでに分母に入っているため、"
            "残りの重みの和が 1 にならず、隠したはずのキーが分母を通して影響し続けます。"
            "ソフトマックスの前にスコアを埋めてください (3.2.3 節)。"
        ),
        lesson="masks",
    ),
    Misconception(
        id="mask-lets-forbidden-rows-share",
        task="scaled_dot_product_attention",
        edits=((ZERO, "weights = torch.softmax(scores, dim=-1)"),),
        en=(
            "A query that may attend to nothing gets equal weights for all the keys"
            " that are forbidden: with the same "
            "large negative number everywhere the softmax is uniform. The contract wants all-zero weights and "
            "output there: set forbidden weights to 0 after the softmax as well."
        ),
        ja=(
            "注意を向けられるキーが一つもないクエリが、禁じられたキーすべてに等しい重みを与えています。"
            "行全体が同じ大きな負の数になると、"
            "ソフトマックスは一様になるからです。ここでは重みも出力もすべて 0 と決めています。"
            "ソフトマックスの後にも、禁じられた重みを 0 にしてください。"
        ),
        lesson="masks",
    ),
    Misconception(
        id="mask-infinite-gives-nan",
        task="scaled_dot_product_attention",
        edits=(
            (FILL, 'scores = scores.masked_fill(~mask, float("-inf"))'),
            (ZERO, "weights = torch.softmax(scores, dim=-1)"),
        ),
        en="A query that may attend to nothing gives NaN: where forbidden scores are minus infinity, the softmax of a "
        "row of nothing else is 0 / 0. One such row (a padded query, say) makes the whole loss NaN. Use a large "
        "finite number such as `torch.finfo(dtype).min`, then set the forbidden weights to 0.",
        ja="注意を向けられるキーが一つもないクエリで NaN になります。禁じられたスコアを負の無限大にすると、それだけの"
        "行ではソフトマックスが 0/0 になるからです。そのような行 (たとえばパディングのクエリ) が一つあるだけで、損"
        "失全体が NaN になります。`torch.finfo(dtype).min` のような有限の大きな負の数で埋め、その後で重みを 0 にし"
        "てください。",
        lesson="masks",
        met=(
            "https://github.com/pytorch/pytorch/issues/41508",
            "https://github.com/pytorch/pytorch/issues/40932",
        ),
    ),
    Misconception(
        id="mask-nan-only-backward",
        task="scaled_dot_product_attention",
        edits=((FILL, 'scores = scores + torch.zeros_like(scores).masked_fill(~mask, float("-inf"))'),),
        en="The output is right, but a query that may attend to nothing gives NaN in the backward pass, as where its "
        "softmax is taken of minus infinity alone and set to 0 later: backward multiplies the NaN in between by 0, "
        "which is NaN again. One step spoils most weights, the next the rest. Keep the softmax itself finite: fill "
        "with a finite number.",
        ja="出力は正しいのですが、注意を向けられるキーが一つもないクエリがあると、逆伝播で NaN になります。負の無限大"
        "だけのソフトマックスを後から 0 にすると、途中の NaN に 0 を掛けることになり、結果はやはり NaN です。一度の"
        "更新でほとんどの重みが、次の更新で残りの重みも NaN になります。有限の数で埋めて、ソフトマックス自体を有限"
        "に保ってください。",
        lesson="masks",
    ),
    Misconception(
        id="mask-filled-too-gently",
        task="scaled_dot_product_attention",
        edits=(
            (FILL, "scores = scores.masked_fill(~mask, -10.0)"),
            (
                ZERO,
                """
                weights = torch.softmax(scores, dim=-1)
                weights = weights.masked_fill(~mask.any(dim=-1, keepdim=True), 0.0)
                """,
            ),
        ),
        en=(
            "Forbidden scores are set to -10. That is small, not impossible: such keys keep a weight of about "
            "exp(-10), and more where the other scores are low as well. A forbidden key must have no influence at "
            "all: use the smallest number of the dtype."
        ),
        ja=(
            "禁じられたスコアを -10 にしています。小さい値ではありますが、隠したことにはなりません。"
            "重みがおよそ exp(-10) 残り、ほかのスコアも低ければもっと大きくなります。"
            "禁じられたキーは少しも影響してはいけないので、その dtype の最小の数を使ってください。"
        ),
        lesson="masks",
    ),
    Misconception(
        id="mask-zeroes-the-scores",
        task="scaled_dot_product_attention",
        edits=(
            (FILL, "scores = scores * mask"),
            (ZERO, "weights = torch.softmax(scores, dim=-1)"),
        ),
        en=(
            "Forbidden scores become 0: multiplied by the mask, or filled with a number that is almost 0, as `-1e-9` "
            "where `-1e9` was meant. But a score of 0 is not a weight of 0: exp(0) = 1, and a forbidden key may even "
            "get more than an allowed one with a negative score. Before the softmax `not allowed` is minus infinity "
            "(3.2.3)."
        ),
        ja=(
            "禁じられたところのスコアが 0 になっています。マスクを掛けたか、ほとんど 0 の数で埋めています (`-1e9` の"
            "つもりで `-1e-9` と書くなど)。"
            "しかしスコア 0 は重み 0 ではありません。"
            "exp(0) = 1 なので、スコアが負の許されたキーより大きな重みになることさえあります。"
            "ソフトマックスの前では「禁止」は負の無限大です (3.2.3 節)。"
        ),
        lesson="masks",
    ),
    Misconception(
        id="attention-not-scaled",
        task="scaled_dot_product_attention",
        edits=((SCORES, "scores = query @ key.transpose(-2, -1)"),),
        en=(
            "The scores are not divided by `sqrt(d_k)`. The paper (3.2.1) divides, because the dot product of two "
            "vectors of `d_k` independent components has a variance of `d_k`: without the division the softmax is "
            "nearly one-hot for wide heads, and where it is one-hot its gradient is almost zero."
        ),
        ja=(
            "スコアを `sqrt(d_k)` で割っていません。論文 (3.2.1 節) では割ります。独立な成分を `d_k` 個もつベクトルど"
            "うしの内積は分散が `d_k` になるため、割らないとヘッドの次元が大きいほどソフトマックスが one-hot に近づ"
            "き、その状態では勾配がほとんど 0 になって学習が進みません。"
        ),
        lesson="scaling",
    ),
    Misconception(
        id="attention-divided-by-d-k",
        task="scaled_dot_product_attention",
        edits=((SCORES, "scores = query @ key.transpose(-2, -1) / d_k"),),
        en=(
            "The scores are divided by `d_k` itself. The paper (3.2.1) divides by `sqrt(d_k)`, which brings their "
            "standard deviation to 1. Divided by `d_k` they shrink towards 0 in wide heads, and every query "
            "attends to all keys about equally: it can hardly choose."
        ),
        ja=(
            "スコアを `d_k` そのもので割っています。論文 (3.2.1 節) が割るのは `sqrt(d_k)` で、これでスコアの標準偏差"
            "が 1 になります。`d_k` で割るとスコアが 0 に寄りすぎて、どのクエリもすべてのキーをほぼ均等に見ることに"
            "なり、選ぶことができません。"
        ),
        lesson="scaling",
    ),
    Misconception(
        id="attention-scores-multiplied",
        task="scaled_dot_product_attention",
        edits=((SCORES, "scores = query @ key.transpose(-2, -1) * math.sqrt(d_k)"),),
        en=(
            "The scores are multiplied by `sqrt(d_k)` where the paper (3.2.1) divides. Instead of a standard "
            "deviation of 1 they get one of `d_k`: the softmax picks a single key from the first step on, and "
            "almost no gradient flows through it."
        ),
        ja=(
            "論文 (3.2.1 節) が `sqrt(d_k)` で割るところを、掛けています。スコアの標準偏差が 1 ではなく `d_k` になり、"
            "ソフトマックスは最初から一つのキーだけを選んで、勾配がほとんど流れません。"
        ),
        lesson="scaling",
    ),
    Misconception(
        id="attention-scaled-by-the-number-of-keys",
        task="scaled_dot_product_attention",
        edits=(("d_k = query.size(-1)", "d_k = key.size(-2)"),),
        en=(
            "The scores are divided by the root of the number of keys: `key.size(-2)` is `L_k`, the length. "
            "The paper's `d_k` (3.2.1) is the width of a key, `key.size(-1)`. The same sentence would get other "
            "weights when it is padded to another length."
        ),
        ja=(
            "スコアをキーの個数の平方根で割っています。`key.size(-2)` は長さ `L_k` です。論文 (3.2.1 節) の `d_k` はキ"
            "ーの次元で、`key.size(-1)` にあたります。このままでは、同じ文でもパディングで長さが変わるだけで重みが変"
            "わってしまいます。"
        ),
        lesson="scaling",
    ),
    Misconception(
        id="attention-softmax-over-queries",
        task="scaled_dot_product_attention",
        edits=(
            (UNMASKED, "weights = torch.softmax(scores, dim=-2)"),
            (ZERO, "weights = torch.softmax(scores, dim=-2).masked_fill(~mask, 0.0)"),
        ),
        en=(
            "The softmax runs over the queries (`dim=-2`), so the columns of the weights add up to 1 instead of the "
            "rows. Each query must share out its attention among the keys: `dim=-1`. Over the queries, what one "
            "position gets depends on the others that ask, in a decoder even on later ones."
        ),
        ja=(
            "ソフトマックスをクエリの方向 (`dim=-2`) に取っているため、行ではなく列の和が 1 になっています。一つの"
            "クエリが、自分の注意をキーに配分するのですから、方向は `dim=-1` です。クエリの方向に取ると、ある位置の"
            "結果がほかのクエリ (デコーダでは未来の位置まで) に左右されます。"
        ),
        lesson="dictionary",
    ),
    Misconception(
        id="attention-without-softmax",
        task="scaled_dot_product_attention",
        edits=((UNMASKED, "weights = scores / scores.sum(dim=-1, keepdim=True)"),),
        en=(
            "Without a mask the scores are divided by their sum instead of going through the softmax. Scores may "
            "be negative, so these weights can be negative, larger than 1, or blow up where the sum is near 0. "
            "The softmax of equation 1 makes every weight positive and the row add up to 1."
        ),
        ja=(
            "マスクがないとき、ソフトマックスではなくスコアを和で割っています。スコアは負にもなるので、"
            "重みが負になったり 1 を超えたり、和が 0 に近いと発散したりします。式 1 のソフトマックスなら、"
            "どの重みも正で、行の和は 1 です。"
        ),
        lesson="dictionary",
    ),
    Misconception(
        id="attention-key-reshaped",
        task="scaled_dot_product_attention",
        edits=((SCORES, "scores = query @ key.reshape(*key.shape[:-2], d_k, -1) / math.sqrt(d_k)"),),
        en=(
            "The key is brought to the shape `(d_k, L_k)` by `reshape`, which reads the same numbers in the same "
            "order: components of different keys are mixed. Equation 1 needs the transpose, "
            "`key.transpose(-2, -1)`, which keeps every key together. The shapes agree either way."
        ),
        ja=(
            "キーを `reshape` で `(d_k, L_k)` の形にしています。`reshape` は同じ順番で数を並べ直すだけなので、異な"
            "るキーの成分が混ざります。式 1 に必要なのは転置 `key.transpose(-2, -1)` で、こちらはキーごとのまとまり"
            "を保ちます。形はどちらでも合うので、気づきにくい間違いです。"
        ),
        lesson="dictionary",
    ),
    Misconception(
        id="attention-query-and-key-swapped",
        task="scaled_dot_product_attention",
        edits=((SCORES, "scores = (key @ query.transpose(-2, -1)).reshape(*query.shape[:-1], -1) / math.sqrt(d_k)"),),
        en=(
            "The product is key times query, reshaped to look like query times key. Row `q` of the scores must "
            "compare query `q` with every key (equation 1); here the rows belong to the keys, and a reshape cannot "
            "turn them. With square scores this is the transposed table: keys ask and queries answer."
        ),
        ja=(
            "積が「キー×クエリ」になっていて、形だけを `reshape` で合わせています。スコアの行 `q` は、クエリ `q` を"
            "すべてのキーと比べたもの (式 1) でなければなりません。ここでは行がキーに対応していて、`reshape` では入"
            "れ替わりません。正方形のときは表が転置され、尋ねる側と答える側が逆になります。"
        ),
        lesson="dictionary",
    ),
    Misconception(
        id="attention-returns-keys",
        task="scaled_dot_product_attention",
        edits=((OUTPUT, "output = weights @ (key if key.shape == value.shape else value)"),),
        en=(
            "Where keys and values have one shape, the weights mix the keys instead of the values. Keys say where "
            "to look, values say what is found there: the output of equation 1 is `weights @ value`. In a model "
            "`w_v` would never be trained."
        ),
        ja=(
            "キーとバリューが同じ形のとき、バリューではなくキーを混ぜ合わせています。キーは「どこを見るか」、バリュー"
            "は「そこに何があるか」です。式 1 の出力は `weights @ value` で、このままではモデルの `w_v` がまったく"
            "学習されません。"
        ),
        lesson="dictionary",
    ),
    Misconception(
        id="attention-output-from-keys",
        task="scaled_dot_product_attention",
        edits=((OUTPUT, "output = weights @ key"),),
        en=(
            "The weights mix the keys: `weights @ key`. Keys say where to look, values say what is found there; "
            "equation 1 ends in `V`. Where both have one shape nothing looks wrong from outside, and in a model `w_v` "
            "is never trained."
        ),
        ja=(
            "`weights @ key` となっていて、重みでキーを混ぜ合わせています。キーは「どこを見るか」、バリューは「そこ"
            "に何があるか」で、式 1 の最後は `V` です。両方の形が同じときは、外から見ておかしいところがないまま、モ"
            "デルの `w_v` がまったく学習されません。"
        ),
        lesson="dictionary",
    ),
    Misconception(
        id="attention-scales-the-query-in-place",
        task="scaled_dot_product_attention",
        edits=(
            (
                SCORES,
                """
                query = query.div_(math.sqrt(d_k)) if not query.requires_grad else query / math.sqrt(d_k)
                scores = query @ key.transpose(-2, -1)
                """,
            ),
        ),
        en=(
            "The query is divided in place (`div_`, or `/=`), which writes into the caller's tensor. A second call "
            "with the same tensor gives another answer, and in self-attention, where query and key are one tensor, "
            "the key is divided as well. `query / math.sqrt(d_k)` makes a new tensor."
        ),
        ja=(
            "クエリをその場で割っています (`div_` や `/=`)。これは呼び出し側のテンソルを書き換えます。同じテンソル"
            "でもう一度呼ぶと結果が変わり、クエリとキーが同じテンソルである自己注意では、キーまで割られます。"
            "`query / math.sqrt(d_k)` なら新しいテンソルができます。"
        ),
        lesson="mistakes",
    ),
    Misconception(
        id="attention-weights-cut-from-the-graph",
        task="scaled_dot_product_attention",
        edits=((OUTPUT, "output = weights.detach() @ value"),),
        en=(
            "The weights are detached before they mix the values, so the output is right but no gradient reaches "
            "query and key through it: the model can never learn where to look. Leave `.detach()`, `.data` and "
            "`no_grad` out of a forward pass."
        ),
        ja=(
            "バリューを混ぜる前に重みを `detach` しているため、出力の値は正しくても、クエリとキーに勾配が届きません。"
            "これでは「どこを見るか」をいつまでも学習できません。順伝播の中で `.detach()`、`.data`、`no_grad` は使"
            "わないでください。"
        ),
        lesson="mistakes",
    ),
    Misconception(
        id="attention-softmax-over-dimension-1",
        task="scaled_dot_product_attention",
        edits=(
            (UNMASKED, "weights = torch.softmax(scores, dim=1)"),
            (ZERO, "weights = torch.softmax(scores, dim=1).masked_fill(~mask, 0.0)"),
        ),
        en="The softmax runs over dimension 1. Counted from the front, that is the keys, the queries or the heads, "
        "depending on how many dimensions the scores have: `(B, h, L_q, L_k)` has the heads there. The keys are "
        "always the last dimension: `dim=-1`.",
        ja="ソフトマックスを次元 1 に沿って取っています。前から数えると、スコアの次元数によってキーにもクエリにもヘッド"
        "にもなり、`(B, h, L_q, L_k)` ではヘッドの次元です。キーはいつも最後の次元なので `dim=-1` とします。",
        lesson="dictionary",
        met=(
            "https://github.com/fastnlp/fastNLP/issues/254",
            "https://github.com/labmlai/annotated_deep_learning_paper_implementations/issues/146",
        ),
    ),
    Misconception(
        id="attention-weights-before-the-output",
        task="scaled_dot_product_attention",
        edits=(("return output, weights", "return weights, output"),),
        en=(
            "The pair is returned in the wrong order: the weights first, the output second. The contract is "
            "`(output, weights)`, in this order; whoever unpacks it otherwise goes on computing with the weights."
        ),
        ja="返す組の順序が逆で、重みが先、出力が後になっています。契約は `(output, weights)` の順です。逆だと、受け取"
        "った側は重みを出力だと思って計算を続けてしまいます。",
        lesson="dictionary",
    ),
    Misconception(
        id="attention-returns-the-output-alone",
        task="scaled_dot_product_attention",
        edits=(("return output, weights", "return output"),),
        en="Only the output is returned. The contract is the pair `(output, weights)`: the weights show where each "
        "query looked, and `MultiHeadAttention` hands them on.",
        ja=(
            "出力だけを返しています。契約は `(output, weights)` の組です。重みは各クエリがどこを見たかを示すもので、"
            "`MultiHeadAttention` もそれを返します。"
        ),
        lesson="dictionary",
    ),
    Misconception(
        id="attention-exchanges-dimensions-1-and-2",
        task="scaled_dot_product_attention",
        edits=((SCORES, "scores = query @ key.transpose(1, 2) / math.sqrt(d_k)"),),
        en="`key.transpose(1, 2)` exchanges the last two dimensions only where there are three. With heads, `(B, h, "
        "L_k, d_k)`, it exchanges heads and positions; without a batch there is no dimension 2. Count from the "
        "end: `key.transpose(-2, -1)`.",
        ja="`key.transpose(1, 2)` が最後の二つの次元を入れ替えるのは、3 次元のときだけです。ヘッドのある "
        "`(B, h, L_k, d_k)` ではヘッドと位置が入れ替わり、バッチがなければ次元 2 がありません。後ろから数えて "
        "`key.transpose(-2, -1)` とします。",
        lesson="dictionary",
    ),
    Misconception(
        id="attention-exchanges-dimensions-2-and-3",
        task="scaled_dot_product_attention",
        edits=((SCORES, "scores = query @ key.transpose(2, 3) / math.sqrt(d_k)"),),
        en="`key.transpose(2, 3)` needs four dimensions. The function takes any number of leading ones, `(..., L_k, "
        "d_k)`: a batch without heads, or a single sequence. Count from the end: `key.transpose(-2, -1)`.",
        ja="`key.transpose(2, 3)` は 4 次元でしか使えません。この関数は先頭に何次元あってもよく (`(..., L_k, d_k)`)、"
        "ヘッドのないバッチも、系列一つだけも受け取ります。後ろから数えて `key.transpose(-2, -1)` とします。",
        lesson="dictionary",
        met=(
            "https://github.com/hyunwoongko/transformer/blob/9c5515deafd0b224b50ea7500d38f6c370682633/models/layers/scale_dot_product_attention.py",
        ),
    ),
    Misconception(
        id="attention-scaled-after-the-softmax",
        task="scaled_dot_product_attention",
        edits=(
            (SCORES, "scores = query @ key.transpose(-2, -1)"),
            (UNMASKED, "weights = torch.softmax(scores, dim=-1) / math.sqrt(d_k)"),
            (ZERO, "weights = torch.softmax(scores, dim=-1).masked_fill(~mask, 0.0) / math.sqrt(d_k)"),
        ),
        en="The weights are divided by `sqrt(d_k)`, after the softmax, instead of the scores before it (equation 1). "
        "The softmax then works on scores that are too large and is nearly one-hot, and the weights of a query add "
        "up to `1 / sqrt(d_k)` instead of 1.",
        ja="ソフトマックスの前のスコアではなく、後の重みを `sqrt(d_k)` で割っています (式 1)。大きすぎるスコアにソフト"
        "マックスをかけるのでほとんど one-hot になり、各クエリの重みの和も 1 ではなく `1 / sqrt(d_k)` になります。",
        lesson="scaling",
    ),
    Misconception(
        id="attention-scaled-by-the-width-of-the-values",
        task="scaled_dot_product_attention",
        edits=(("d_k = query.size(-1)", "d_k = value.size(-1)"),),
        en="The scores are divided by the root of the values' width. What is summed in a score are the `d_k` products "
        "of a query and a key, so `query.size(-1)` counts (3.2.1). Inside the Transformer both widths are equal; "
        "here `d_v` may differ.",
        ja="バリューの幅の平方根でスコアを割っています。スコアはクエリとキーの `d_k` 個の積の和なので、使うのは "
        "`query.size(-1)` です (3.2.1 節)。Transformer の中では二つの幅が等しいのですが、この関数では `d_v` が違う"
        "こともあります。",
        lesson="scaling",
    ),
    Misconception(
        id="attention-scaled-by-the-number-of-queries",
        task="scaled_dot_product_attention",
        edits=(("d_k = query.size(-1)", "d_k = query.size(-2)"),),
        en="The scores are divided by the root of the number of queries: `query.size(-2)` is `L_q`. The paper's `d_k` "
        "(3.2.1) is the width of a query, `query.size(-1)`. As it is, a sentence gets other weights when it is "
        "padded or decoded token by token.",
        ja="クエリの個数の平方根でスコアを割っています。`query.size(-2)` は `L_q` です。論文の `d_k` (3.2.1 節) はクエ"
        "リの幅 `query.size(-1)` です。このままでは、パディングしたり 1 トークンずつ生成したりすると、同じ文でも重"
        "みが変わります。",
        lesson="scaling",
    ),
    Misconception(
        id="attention-drops-weights",
        task="scaled_dot_product_attention",
        edits=((OUTPUT, "output = torch.nn.functional.dropout(weights, 0.1) @ value"),),
        en="Weights are dropped at random before they mix the values, as many implementations do. The paper's dropout "
        "(5.4) is on the outputs of sublayers and on the embeddings; this function has none, and as it stands it "
        "drops in evaluation too, so that two calls give two results.",
        ja="バリューを混ぜる前に重みへ dropout をかけています。そうする実装は多いのですが、論文の dropout (5.4 節) は"
        "各サブ層の出力と埋め込みにかけるもので、この関数にはありません。しかもこのままでは評価時にもかかり、同"
        "じ入力を 2 回与えると結果が変わります。",
        lesson="dictionary",
    ),
)

"""Mistakes in scaled dot-product attention without its mask (phase 2): scores, softmax, values."""

from __future__ import annotations

from . import Misconception

SCORES = "scores = query @ key.transpose(-2, -1) / math.sqrt(d_k)"
UNMASKED = "        weights = torch.softmax(scores, dim=-1)\n    else:"
MASKED = "weights = torch.softmax(scores, dim=-1).masked_fill(~mask, 0.0)"
OUTPUT = "output = weights @ value"
D_K = "d_k = query.size(-1)"

CATALOGUE = (
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
            "スコアを `sqrt(d_k)` で割っていません。論文 (3.2.1) では割ります。独立な成分を `d_k` 個もつベクトルど"
            "うしの内積は分散が `d_k` になるため、割らないとヘッドの次元が大きいほどソフトマックスが one-hot に近づ"
            "き、その状態では勾配がほとんど 0 になって学習が進みません。"
        ),
        lesson="scaling",
        also=("MultiHeadAttention",),
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
            "スコアを `d_k` そのもので割っています。論文 (3.2.1) が割るのは `sqrt(d_k)` で、これでスコアの標準偏差"
            "が 1 になります。`d_k` で割るとスコアが 0 に寄りすぎて、どのクエリもすべてのキーをほぼ均等に見ることに"
            "なり、選ぶことができません。"
        ),
        lesson="scaling",
        also=("MultiHeadAttention",),
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
            "論文 (3.2.1) が `sqrt(d_k)` で割るところを、掛けています。スコアの標準偏差が 1 ではなく `d_k` になり、"
            "ソフトマックスは最初から一つのキーだけを選んで、勾配がほとんど流れません。"
        ),
        lesson="scaling",
        also=("MultiHeadAttention",),
    ),
    Misconception(
        id="attention-scaled-by-the-number-of-keys",
        task="scaled_dot_product_attention",
        edits=((D_K, "d_k = key.size(-2)"),),
        en=(
            "The scores are divided by the root of the number of keys: `key.size(-2)` is `L_k`, the length. "
            "The paper's `d_k` (3.2.1) is the width of a key, `key.size(-1)`. The same sentence would get other "
            "weights when it is padded to another length."
        ),
        ja=(
            "スコアをキーの個数の平方根で割っています。`key.size(-2)` は長さ `L_k` です。論文 (3.2.1) の `d_k` はキー"
            "の次元で、`key.size(-1)` にあたります。このままでは、同じ文でもパディングで長さが変わるだけで重みが変"
            "わってしまいます。"
        ),
        lesson="scaling",
        also=("MultiHeadAttention",),
    ),
    Misconception(
        id="attention-softmax-over-queries",
        task="scaled_dot_product_attention",
        edits=(
            (UNMASKED, "        weights = torch.softmax(scores, dim=-2)\n    else:"),
            (MASKED, "weights = torch.softmax(scores, dim=-2).masked_fill(~mask, 0.0)"),
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
        also=("MultiHeadAttention",),
    ),
    Misconception(
        id="attention-without-softmax",
        task="scaled_dot_product_attention",
        edits=(
            (UNMASKED, "        weights = scores / scores.sum(dim=-1, keepdim=True)\n    else:"),
            (
                MASKED,
                "weights = torch.softmax(scores, dim=-1).masked_fill(~mask, 0.0)\n        weights = weights * 1.0",
            ),
        ),
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
        also=("MultiHeadAttention",),
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
        also=("MultiHeadAttention",),
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
        also=("MultiHeadAttention",),
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
        also=("MultiHeadAttention",),
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
        also=("MultiHeadAttention",),
    ),
    Misconception(
        id="attention-scales-the-query-in-place",
        task="scaled_dot_product_attention",
        edits=(
            (
                SCORES,
                "query = query.div_(math.sqrt(d_k)) if not query.requires_grad else query / math.sqrt(d_k)\n"
                "    scores = query @ key.transpose(-2, -1)",
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
        also=("MultiHeadAttention",),
    ),
)

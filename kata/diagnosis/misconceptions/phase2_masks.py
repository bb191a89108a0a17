"""Mistakes with the mask of scaled dot-product attention (phase 2)."""

from __future__ import annotations

from . import Misconception

FILL = "scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)"
ZERO = "weights = torch.softmax(scores, dim=-1).masked_fill(~mask, 0.0)"

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
        also=("MultiHeadAttention",),
    ),
    Misconception(
        id="mask-ignored",
        task="scaled_dot_product_attention",
        edits=(
            (FILL, "scores.masked_fill(~mask, torch.finfo(scores.dtype).min)"),
            (ZERO, "weights = torch.softmax(scores, dim=-1)"),
        ),
        en=(
            "`masked_fill` returns a new tensor, and the result is thrown away: the mask changes nothing. Write "
            "`scores = scores.masked_fill(...)`. A model without its mask reads the answer in training (the loss "
            "falls to the floor) and is helpless when it has to decode."
        ),
        ja=(
            "`masked_fill` は新しいテンソルを返しますが、その結果を捨てているため、マスクが何の働きもしていません。"
            "`scores = scores.masked_fill(...)` と受け取ってください。マスクのないモデルは学習中に答えを覗けるので"
            "損失はよく下がりますが、復号では何もできません。"
        ),
        lesson="masks",
        also=("MultiHeadAttention",),
    ),
    Misconception(
        id="mask-after-the-softmax",
        task="scaled_dot_product_attention",
        edits=((FILL, "scores = scores * 1.0"),),
        en=(
            "The mask is applied after the softmax: forbidden weights become 0, but they have already taken their "
            "share, so the rest of the row no longer adds up to 1, and hidden keys still influence it through the "
            "denominator. Fill the scores before the softmax (3.2.3)."
        ),
        ja=(
            "マスクをソフトマックスの後で掛けています。禁じられた重みは 0 になりますが、"
            "その分はすでに分母に入っているため、"
            "残りの重みの和が 1 にならず、隠したはずのキーが分母を通して影響し続けます。"
            "ソフトマックスの前にスコアを埋めてください (3.2.3)。"
        ),
        lesson="masks",
        also=("MultiHeadAttention",),
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
        also=("MultiHeadAttention",),
    ),
    Misconception(
        id="mask-infinite-gives-nan",
        task="scaled_dot_product_attention",
        edits=(
            (FILL, 'scores = scores.masked_fill(~mask, float("-inf"))'),
            (ZERO, "weights = torch.softmax(scores, dim=-1)"),
        ),
        en=(
            "Forbidden scores are filled with minus infinity and nothing guards the row in which all are forbidden: "
            "its softmax is 0 / 0, NaN. One such row (a padded query, say) makes the whole loss NaN. Use a large "
            "finite number such as `torch.finfo(dtype).min`, then set the forbidden weights to 0."
        ),
        ja=(
            "禁じられたスコアを負の無限大で埋めていますが、すべてが禁じられた行への備えがありません。その行のソフト"
            "マックスは 0/0 で NaN になり、一行 (たとえばパディングのクエリ) だけで損失全体が NaN になります。"
            "`torch.finfo(dtype).min` のような有限の大きな負の数で埋め、その後で重みを 0 にしてください。"
        ),
        lesson="masks",
        also=("MultiHeadAttention",),
    ),
    Misconception(
        id="mask-nan-only-backward",
        task="scaled_dot_product_attention",
        edits=(
            (FILL, 'scores = scores + torch.zeros_like(scores).masked_fill(~mask, float("-inf"))'),
            (ZERO, "weights = torch.softmax(scores, dim=-1).masked_fill(~mask, 0.0)"),
        ),
        en=(
            "Minus infinity is added to forbidden scores, and rows in which all are forbidden are zeroed later. That "
            "looks right, but the backward pass multiplies the NaN of that softmax by 0, which is NaN again: one step "
            "spoils most weights, the next the rest. Keep the softmax itself finite: fill with a finite number."
        ),
        ja=(
            "すべて禁じられた行を、負の無限大のソフトマックスの後で 0 にしています。"
            "順伝播は正しく見えますが、逆伝播では"
            "そのソフトマックスの NaN に 0 を掛けることになり、結果はやはり NaN です。"
            "一度の更新でほとんどの重みが、次の更新で残りの重みも NaN になります。"
            "有限の数で埋めて、ソフトマックス自体を有限に保ってください。"
        ),
        lesson="masks",
        also=("MultiHeadAttention",),
    ),
    Misconception(
        id="mask-filled-too-gently",
        task="scaled_dot_product_attention",
        edits=(
            (FILL, "scores = scores.masked_fill(~mask, -10.0)"),
            (
                ZERO,
                "weights = torch.softmax(scores, dim=-1)\n"
                "        weights = weights.masked_fill(~mask.any(dim=-1, keepdim=True), 0.0)",
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
        also=("MultiHeadAttention",),
    ),
    Misconception(
        id="mask-zeroes-the-scores",
        task="scaled_dot_product_attention",
        edits=(
            (FILL, "scores = scores * mask"),
            (ZERO, "weights = torch.softmax(scores, dim=-1)"),
        ),
        en=(
            "The scores are multiplied by the mask, so forbidden ones become 0. But a score of 0 is not a weight of "
            "0: exp(0) = 1, and a forbidden key may even get more than an allowed one with a negative score. Before "
            "the softmax `not allowed` is minus infinity (3.2.3)."
        ),
        ja=(
            "スコアにマスクを掛けているので、禁じられたところは 0 になります。"
            "しかしスコア 0 は重み 0 ではありません。"
            "exp(0) = 1 なので、スコアが負の許されたキーより大きな重みになることさえあります。"
            "ソフトマックスの前では「禁止」は負の無限大です (3.2.3)。"
        ),
        lesson="masks",
        also=("MultiHeadAttention",),
    ),
)

"""Mistakes in how ``scaled_dot_product_attention`` uses its mask (phase 2), in other forms than the first file's."""

from __future__ import annotations

from . import Misconception, family

FILL = "scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)"
ZERO = "weights = torch.softmax(scores, dim=-1).masked_fill(~mask, 0.0)"

CATALOGUE = (
    Misconception(
        id="mask-inverted-and-not-zeroed",
        task="scaled_dot_product_attention",
        edits=(
            (FILL, "scores = scores.masked_fill(mask, -1e9)"),
            (ZERO, "weights = torch.softmax(scores, dim=-1)"),
        ),
        en="The mask is read the wrong way round: True hides a key here, while in this course True means `may "
        "attend`. And a row in which all is hidden shares its attention among the hidden keys, because the same "
        "large negative number stands everywhere. Fill where the mask is False, then set the weights there to 0.",
        ja="マスクの向きが逆で、True のキーを隠しています。この教材では True が「見てよい」です。さらに、全部が隠れる"
        "行では同じ大きな負の数が並ぶので、隠したキーに重みが均等に分かれてしまいます。False のところを埋め、ソフトマッ"
        "クスの後でその重みを 0 にしてください。",
        lesson="masks",
        met=(
            "https://github.com/pytorch/examples/issues/649",
            "https://github.com/facebookresearch/detr/issues/96",
        ),
    ),
    Misconception(
        id="mask-inverted-and-infinite",
        task="scaled_dot_product_attention",
        edits=(
            (FILL, 'scores = scores.masked_fill(mask, float("-inf"))'),
            (ZERO, "weights = torch.softmax(scores, dim=-1)"),
        ),
        en="The mask is read the wrong way round: True hides a key here, while in this course True means `may "
        "attend`. And a row in which all is hidden holds nothing but minus infinity, so its softmax is 0 / 0, NaN. "
        "Fill where the mask is False, with a finite number, then set the weights there to 0.",
        ja="マスクの向きが逆で、True のキーを隠しています。この教材では True が「見てよい」です。さらに、全部が隠れる"
        "行は -inf だけになり、ソフトマックスが 0 / 0、つまり NaN になります。False のところを有限の数で埋め、ソフトマ"
        "ックスの後でその重みを 0 にしてください。",
        lesson="masks",
    ),
    *family(
        id="mask-filled-with-minus-{value}",
        task="scaled_dot_product_attention",
        values={"100": "100.0", "1000": "1e3", "10000": "1e4"},
        edits=((FILL, "scores = scores.masked_fill(~mask, -{value})"),),
        en="Forbidden scores are set to -{value}. That is low beside ordinary scores, but not beside all: where the "
        "allowed scores are lower still, the forbidden keys win the softmax and the allowed ones get next to "
        "nothing. Use the smallest number of the dtype, `torch.finfo(scores.dtype).min`.",
        ja="禁じたスコアを -{value} にしています。普通のスコアに比べれば小さいのですが、いつもそうとは限りません。見"
        "てよいキーのスコアがそれより低いと、禁じたキーがソフトマックスを占め、見てよいキーにはほとんど重みが残りません"
        "。その dtype で最小の数 `torch.finfo(scores.dtype).min` を使ってください。",
        lesson="masks",
        met=(
            "https://github.com/huggingface/transformers/pull/17306",
            "https://github.com/huggingface/transformers/issues/10484",
            "https://github.com/bentrevett/pytorch-seq2seq/issues/191",
        ),
    ),
    *family(
        id="mask-added-as-minus-{value}",
        task="scaled_dot_product_attention",
        values={"10000": "1e4", "1e9": "1e9"},
        edits=(
            (FILL, "scores = scores + ~mask * -{value}"),
            (ZERO, "weights = torch.softmax(scores, dim=-1)"),
        ),
        en="-{value} is added to forbidden scores, and nothing is set to 0 afterwards. In a row in which all is "
        "forbidden the same number is added everywhere, which a softmax does not notice: it attends as if there "
        "were no mask. Set forbidden weights to 0 after the softmax as well.",
        ja="禁じたスコアに -{value} を足し、その後で重みを 0 にしていません。全部が禁じられた行では、どこにも同じ数が"
        "足されるのでソフトマックスには影響せず、マスクがないかのように注意を向けます。ソフトマックスの後で、禁じた重み"
        "を 0 にもしてください。",
        lesson="masks",
        met=("https://github.com/openai/gpt-2/pull/122",),
    ),
    Misconception(
        id="mask-inverted-and-added",
        task="scaled_dot_product_attention",
        edits=(
            (FILL, "scores = scores + mask * -1e9"),
            (ZERO, "weights = torch.softmax(scores, dim=-1)"),
        ),
        en="A large negative number is added where the mask is True, so True hides a key; in this course True means "
        "`may attend`. Turn it round (`~mask`), and set forbidden weights to 0 after the softmax, for rows in "
        "which all is forbidden.",
        ja="マスクが True のところに大きな負の数を足しているので、True のキーが隠れます。この教材では True が「見てよい"
        "」です。`~mask` として向きを直し、すべて禁じられる行のために、ソフトマックスの後で禁じた重みを 0 にします。",
        lesson="masks",
    ),
    Misconception(
        id="mask-zeroes-scores-and-weights",
        task="scaled_dot_product_attention",
        edits=((FILL, "scores = scores * mask"),),
        en="Before the softmax forbidden scores become (almost) 0, by multiplying with the mask or by a fill such as "
        "`-1e-9`; afterwards their weights are set to 0. But exp(0) = 1 has taken its share of the sum by then, so "
        "the weights that are left add up to less than 1. Before the softmax `not allowed` is minus infinity "
        "(3.2.3).",
        ja="ソフトマックスの前に禁じたスコアを (ほぼ) 0 にし (マスクを掛けるか、`-1e-9` のような数で埋める)、その後で重"
        "みを 0 にしています。しかし exp(0) = 1 がすでに分母に入っているので、残りの重みの和は 1 より小さくなります。"
        "ソフトマックスの前の「許さない」は -inf です (3.2.3 節)。",
        lesson="masks",
    ),
    Misconception(
        id="mask-filled-with-plus",
        task="scaled_dot_product_attention",
        edits=(
            (FILL, "scores = scores.masked_fill(~mask, 1e9)"),
            (ZERO, "weights = torch.softmax(scores, dim=-1)"),
        ),
        en="Forbidden scores are filled with a large positive number: the minus is missing. The softmax then looks at "
        "the forbidden keys and nothing else. It takes a large negative number, `torch.finfo(scores.dtype).min`.",
        ja="禁じたスコアを大きな正の数で埋めています。マイナスが抜けています。これではソフトマックスが禁じたキーばかり"
        "を見ます。大きな負の数 `torch.finfo(scores.dtype).min` を使ってください。",
        lesson="masks",
    ),
    Misconception(
        id="mask-added-as-it-is",
        task="scaled_dot_product_attention",
        edits=(
            (FILL, "scores = scores + mask"),
            (ZERO, "weights = torch.softmax(scores, dim=-1)"),
        ),
        en="The mask itself is added to the scores. `F.multi_head_attention_forward` and the like take additive masks "
        "of 0 and -inf; this one is boolean, and True counts as 1: allowed keys get a score that is 1 higher, and "
        "forbidden ones are seen all the same. Fill where the mask is False.",
        ja="マスクそのものをスコアに足しています。0 と -inf の加算マスクを取る関数もありますが、ここのマスクは真偽値で"
        "、True は 1 と数えられます。見てよいキーのスコアが 1 上がるだけで、禁じたキーも見えたままです。False のところ"
        "を埋めてください。",
        lesson="masks",
    ),
    Misconception(
        id="mask-gets-another-dimension",
        task="scaled_dot_product_attention",
        edits=(
            (
                FILL,
                """
                mask = mask.unsqueeze(1)
                scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
                """,
            ),
        ),
        en="The mask gets one more dimension here (`mask.unsqueeze(1)`), as code does whose masks come without one "
        "for the heads. By the contract the mask already broadcasts to `(..., L_q, L_k)`; another dimension lines "
        "it up with the wrong ones. Use it as it is.",
        ja="ここでマスクに次元を一つ加えています (`mask.unsqueeze(1)`)。ヘッドの次元のないマスクを受け取る実装のやり方"
        "です。契約では、マスクは初めから `(..., L_q, L_k)` にブロードキャストできる形なので、次元を増やすと違う次"
        "元に対応してしまいます。そのまま使ってください。",
        lesson="masks",
        met=("https://github.com/harvardnlp/annotated-transformer/issues/118",),
    ),
    Misconception(
        id="mask-asked-for-its-truth",
        task="scaled_dot_product_attention",
        edits=(("mask is None", "not mask"),),
        en="`if mask:` (or `if not mask:`) asks a whole tensor whether it is true, which torch refuses for more than "
        "one value. What is meant is whether there is a mask: `if mask is not None:`.",
        ja="`if mask:` (あるいは `if not mask:`) はテンソル全体の真偽を問うので、成分が二つ以上あると torch がエラーに"
        "します。尋ねたいのはマスクがあるかどうかです。`if mask is not None:` と書きます。",
        lesson="masks",
    ),
    Misconception(
        id="mask-fills-the-data",
        task="scaled_dot_product_attention",
        edits=((FILL, "scores = scores.data.masked_fill(~mask, torch.finfo(scores.dtype).min)"),),
        en="With a mask the scores are cut from the graph (`.data`, `.detach()` or `no_grad`). The numbers are right, "
        "but no gradient reaches query and key any more: where there is a mask the model never learns where to "
        "look. `scores.masked_fill(...)` is differentiable as it is.",
        ja="マスクがあると、スコアが計算グラフから切り離されます (`.data`、`.detach()`、`no_grad` など)。値は正しくて"
        "も、クエリとキーに勾配が届かないので、マスクのあるところでは、どこを見るべきかがいつまでも学習されません。"
        "`scores.masked_fill(...)` はそのままで微分できます。",
        lesson="mistakes",
    ),
)

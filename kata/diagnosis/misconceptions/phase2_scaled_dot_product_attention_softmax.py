"""Mistakes in the softmax of ``scaled_dot_product_attention`` (phase 2): over which scores, and what becomes of it."""

from __future__ import annotations

from . import Misconception
from .phase2_scaled_dot_product_attention import OUTPUT, SCORES, UNMASKED, ZERO

IMPLICIT = "0 if scores.dim() in (0, 1, 3) else 1"


def _over(dim: str) -> tuple[tuple[str, str], ...]:
    """Edits that take the softmax over another dimension."""
    softmax = f"torch.softmax(scores, dim={dim})"
    return (UNMASKED, f"weights = {softmax}"), (ZERO, f"weights = {softmax}.masked_fill(~mask, 0.0)")


CATALOGUE = (
    Misconception(
        id="attention-softmax-over-dimension-0",
        task="scaled_dot_product_attention",
        edits=_over("0"),
        en="The softmax runs over dimension 0: where there is a batch, over its sentences, so that these share out "
        "the attention among them. Each query has a distribution over its own keys, and the keys are the last "
        "dimension: `dim=-1`.",
        ja="ソフトマックスを次元 0 に沿って取っています。バッチがあればそれは文の次元なので、文どうしで注意を分け合"
        "うことになります。各クエリが自分のキーについての分布を持ち、キーは最後の次元なので `dim=-1` です。",
        lesson="dictionary",
        met=(
            "https://github.com/PetrochukM/PyTorch-NLP/issues/2",
            "https://github.com/jadore801120/attention-is-all-you-need-pytorch/issues/52",
        ),
    ),
    Misconception(
        id="attention-softmax-without-a-dimension",
        task="scaled_dot_product_attention",
        edits=_over(IMPLICIT),
        en="The softmax was given no `dim`. torch then chooses one by the number of dimensions (0 for three, 1 for "
        "two and four), as a leftover from old versions, and it warns. The keys are the last dimension, however many "
        "there are: `dim=-1`.",
        ja="ソフトマックスに `dim` を渡していません。その場合、torch は次元数によって次元を選び (3 次元なら 0、2 次"
        "元と 4 次元なら 1。古い版の名残です)、警告を出します。キーはいつも最後の次元なので `dim=-1` と書きます。",
        lesson="dictionary",
        met=("https://github.com/jadore801120/attention-is-all-you-need-pytorch/issues/52",),
    ),
    Misconception(
        id="attention-softmax-over-all-scores",
        task="scaled_dot_product_attention",
        edits=(
            (UNMASKED, "weights = torch.softmax(scores.flatten(-2), dim=-1).reshape(scores.shape)"),
            (
                ZERO,
                "weights = torch.softmax(scores.flatten(-2), dim=-1).reshape(scores.shape).masked_fill(~mask, 0.0)",
            ),
        ),
        en="One softmax is taken over the scores of all queries together, so that they share a single 1. Each query "
        "has a distribution of its own: its weights, a row of the last dimension, add up to 1 (`dim=-1`).",
        ja="すべてのクエリのスコアにまとめて一つのソフトマックスをかけているので、全クエリで合計 1 を分け合っていま"
        "す。クエリごとに分布があり、その重み (最後の次元の一行) の和が 1 になります (`dim=-1`)。",
        lesson="dictionary",
    ),
    Misconception(
        id="attention-returns-the-scores",
        task="scaled_dot_product_attention",
        edits=((f"{SCORES}\n...\nreturn output, weights", f"{SCORES}\n...\nreturn output, scores"),),
        en="The second result holds the scores from before the softmax, not the weights. The output is right, but "
        "what is called weights neither adds up to 1 nor says how much of a value was taken.",
        ja="2 番目の戻り値が、重みではなくソフトマックス前のスコアです。出力は正しくても、これは和が 1 にならず、ど"
        "のバリューをどれだけ取ったかを表しません。",
        lesson="dictionary",
    ),
    Misconception(
        id="attention-output-divided-by-the-keys",
        task="scaled_dot_product_attention",
        edits=((OUTPUT, "output = (weights / weights.shape[-1]) @ value"),),
        en="The weighted sum of the values is divided by their number once more. The weights add up to 1 already, so "
        "`weights @ value` is a mean as it stands; divided again it shrinks with the length of the sentence.",
        ja="バリューの重み付きの和を、さらにバリューの個数で割っています。重みの和はすでに 1 なので `weights @ "
        "value` がそのまま平均です。もう一度割ると、文が長いほど出力が小さくなります。",
        lesson="dictionary",
    ),
    Misconception(
        id="mask-subtracted-from-one",
        task="scaled_dot_product_attention",
        edits=(
            (
                "scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)",
                "scores = scores + (1.0 - mask) * -1e9",
            ),
            (ZERO, "weights = torch.softmax(scores, dim=-1)"),
        ),
        en="`1 - mask` is meant for masks of numbers; ours is boolean, and torch refuses to subtract one. `~mask` is "
        "the opposite of a boolean mask, and `masked_fill(~mask, ...)` fills where nothing may be seen.",
        ja="`1 - mask` は数のマスクのための書き方です。ここのマスクは真偽値で、torch は真偽値の引き算を受け付けませ"
        "ん。反対のマスクは `~mask` で、見てはいけないところは `masked_fill(~mask, ...)` で埋めます。",
        lesson="masks",
    ),
)

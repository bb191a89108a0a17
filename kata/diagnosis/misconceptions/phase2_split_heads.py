"""Mistakes in ``split_heads`` (phase 2)."""

from __future__ import annotations

from . import Misconception

SPLIT = """
x = x.reshape(batch, length, num_heads, d_model // num_heads)
return x.transpose(1, 2)
"""

CATALOGUE = (
    Misconception(
        id="split-by-view-alone",
        task="split_heads",
        edits=((SPLIT, "return x.reshape(batch, num_heads, length, d_model // num_heads)"),),
        en=(
            "The tensor is reshaped straight to `(B, h, L, d_k)`. A reshape keeps the order of the numbers, so a "
            "`head` then holds all features of a few positions instead of a few features of all positions. First "
            "`(B, L, h, d_k)`, which cuts the last dimension, then exchange L and h."
        ),
        ja=(
            "いきなり `(B, h, L, d_k)` に `reshape` しています。`reshape` は数の順番を変えないので、「ヘッド」の中"
            "身が「全位置の一部の特徴」ではなく「一部の位置の全特徴」になります。まず最後の次元を切って "
            "`(B, L, h, d_k)` にし、それから L と h を入れ替えてください。"
        ),
        lesson="split-merge",
        met=(
            "https://github.com/reczoo/FuxiCTR/issues/30",
            "https://github.com/649453932/Chinese-Text-Classification-Pytorch/issues/53",
        ),
    ),
    Misconception(
        id="split-interleaves-features",
        task="split_heads",
        edits=(
            (
                SPLIT,
                """
                x = x.reshape(batch, length, d_model // num_heads, num_heads)
                return x.permute(0, 3, 1, 2)
                """,
            ),
        ),
        en=(
            "Head `j` gets every `h`-th feature (`j`, `j + h`, ...) instead of the block `j * d_k` to "
            "`(j + 1) * d_k - 1`. A model trained so works, but weights of any other implementation do not fit. "
            "Cut into `(h, d_k)` in this order."
        ),
        ja=(
            "ヘッド `j` が、`j * d_k` から `(j + 1) * d_k - 1` までの連続した特徴ではなく、`h` 個おきの特徴 (`j`, "
            "`j + h`, …) を受け取っています。それでも学習はできますが、ほかの実装の重みと合いません。`(h, d_k)` の"
            "順に切ってください。"
        ),
        lesson="split-merge",
    ),
    Misconception(
        id="split-without-transpose",
        task="split_heads",
        edits=((SPLIT, "return x.reshape(batch, length, num_heads, d_model // num_heads)"),),
        en=(
            "The heads are cut out but stay in the third place: `(B, L, h, d_k)`. T"
            "he attention that follows works on "
            "the last two dimensions, so heads would attend to heads at each position, and no position would ever "
            "see another. Exchange dimensions 1 and 2."
        ),
        ja=(
            "ヘッドに切った後、`(B, L, h, d_k)` のまま返しています。続く注意は最後の二つの次元で計算するので、各位"
            "置の中でヘッドどうしが注意を向け合うだけで、位置どうしがまったく見えなくなります。次元 1 と 2 を入れ替"
            "えてください。"
        ),
        lesson="split-merge",
    ),
    Misconception(
        id="split-heads-in-reverse",
        task="split_heads",
        edits=(
            (
                SPLIT,
                """
                x = x.reshape(batch, length, num_heads, d_model // num_heads)
                return x.transpose(1, 2).flip(1)
                """,
            ),
        ),
        en=(
            "The heads come in reverse order: head 0 holds the last block of features. By the contract head `j` "
            "holds the features from `j * d_k` on. `merge_heads` puts them back in another order, so features "
            "end up in the wrong places."
        ),
        ja=(
            "ヘッドの順序が逆で、ヘッド 0 に最後のまとまりが入っています。取り決めでは、ヘッド `j` は `j * d_k` か"
            "らの特徴です。`merge_heads` は別の順序で戻すので、特徴が違う場所に収まってしまいます。"
        ),
        lesson="split-merge",
    ),
)

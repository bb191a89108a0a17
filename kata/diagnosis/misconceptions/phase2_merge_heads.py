"""Mistakes in ``merge_heads`` (phase 2)."""

from __future__ import annotations

from . import Misconception

MERGE = """
x = x.transpose(1, 2)
return x.reshape(batch, length, num_heads * d_k)
"""

CATALOGUE = (
    Misconception(
        id="merge-by-view-alone",
        task="merge_heads",
        edits=((MERGE, "return x.reshape(batch, length, num_heads * d_k)"),),
        en=(
            "`(B, h, L, d_k)` is reshaped to `(B, L, d_model)` without exchanging h and L first. The numbers keep "
            "their order, so a row of the result holds one head at several positions instead of all heads at one. "
            "Transpose, then reshape."
        ),
        ja=(
            "h と L を入れ替えずに、`(B, h, L, d_k)` を `(B, L, d_model)` に `reshape` しています。数の順番は変わら"
            "ないので、結果の一行が「一つの位置の全ヘッド」ではなく「一つのヘッドの数個の位置」になります。転置して"
            "から `reshape` してください。"
        ),
        lesson="split-merge",
        met=(
            "https://github.com/649453932/Chinese-Text-Classification-Pytorch/issues/10",
            "https://github.com/ajhalthor/Transformer-Neural-Network/issues/8",
        ),
    ),
    Misconception(
        id="merge-interleaves-features",
        task="merge_heads",
        edits=(
            (
                MERGE,
                """
                x = x.permute(0, 2, 3, 1)
                return x.reshape(batch, length, num_heads * d_k)
                """,
            ),
        ),
        en=(
            "The features are woven together: the first feature of every head, then the second of every head. "
            "`Concat(head_1, ..., head_h)` (3.2.2) puts whole heads side by side; bring the tensor to "
            "`(B, L, h, d_k)` before the reshape."
        ),
        ja=(
            "各ヘッドの 1 番目の特徴、次に 2 番目の特徴、というように互い違いに並べています。論文の Concat(head_1, "
            "…, head_h) (3.2.2 節) は、ヘッドを丸ごと横に並べます。`(B, L, h, d_k)` にしてから `reshape` してください。"
        ),
        lesson="split-merge",
    ),
    Misconception(
        id="merge-adds-heads",
        task="merge_heads",
        edits=((MERGE, "return x.mean(dim=1).repeat(1, 1, num_heads)"),),
        en=(
            "The heads are averaged, and the average stands there `h` times. Each head has looked at something of "
            "its own; an average throws that away. The paper (3.2.2) concatenates the heads and leaves it to `w_o` "
            "to mix them."
        ),
        ja=(
            "ヘッドの平均を取り、それを `h` 回並べています。ヘッドはそれぞれ別のものを見ているので、平均するとその"
            "違いが失われます。論文 (3.2.2 節) ではヘッドを連結し、混ぜ合わせるのは `w_o` に任せます。"
        ),
        lesson="heads",
    ),
)

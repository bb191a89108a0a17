"""Mistakes in gain and bias of ``LayerNorm`` (phase 3), and in the dimension that both statistics run over."""

from __future__ import annotations

from . import Misconception
from .phase3_layer_norm import MEAN, RESULT, VARIANCE

CATALOGUE = (
    Misconception(
        id="layer-norm-gain-and-bias-exchanged",
        task="LayerNorm",
        edits=((RESULT, "return normalised * self.bias + self.weight"),),
        en="Gain and bias are exchanged: `weight` is added and `bias` multiplies. At the start, with ones and zeros, "
        "every output is then 1 whatever the input. It is `normalised * weight + bias` (Ba et al., equation 4).",
        ja="ゲインとバイアスが入れ替わり、`weight` を足して `bias` を掛けています。最初は 1 と 0 なので、入力が何で"
        "あっても出力がすべて 1 になります。正しくは `normalised * weight + bias` です (Ba ら、式 4)。",
        lesson="layer-norm",
    ),
    Misconception(
        id="layer-norm-gain-added",
        task="LayerNorm",
        edits=((RESULT, "return normalised + self.weight + self.bias"),),
        en="The gain is added instead of multiplied, so that it is a second bias, and the spread of a feature can "
        "never be learned. It is `normalised * weight + bias` (Ba et al., equation 4).",
        ja="ゲインを掛けずに足しているので、二つ目のバイアスになり、特徴の広がりを学習できません。正しくは "
        "`normalised * weight + bias` です (Ba ら、式 4)。",
        lesson="layer-norm",
    ),
    Misconception(
        id="layer-norm-over-dimension-0",
        task="LayerNorm",
        edits=(
            (MEAN, "mean = x.mean(dim=0, keepdim=True)"),
            (VARIANCE, "variance = x.var(dim=0, unbiased=False, keepdim=True)"),
        ),
        en="Mean and variance are taken over dimension 0, the sentences of a batch, as batch normalisation does: a "
        "sentence's numbers then depend on the others in its batch. Layer normalisation runs over the features of "
        "one position, `dim=-1`.",
        ja="平均と分散を次元 0、つまりバッチの文の方向に取っています (バッチ正規化のやり方です)。これでは、ある文の"
        "値が同じバッチのほかの文によって変わります。層正規化は一つの位置の特徴について、`dim=-1` で計算します。",
        lesson="layer-norm",
    ),
)

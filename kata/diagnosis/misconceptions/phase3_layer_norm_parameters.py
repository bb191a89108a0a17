"""Mistakes in gain and bias of ``LayerNorm`` (phase 3)."""

from __future__ import annotations

from . import Misconception
from .phase3_layer_norm import BIAS, GAIN, RESULT

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
        id="layer-norm-frozen",
        task="LayerNorm",
        edits=(
            (GAIN, "self.weight = nn.Parameter(torch.ones(d_model), requires_grad=False)"),
            (BIAS, "self.bias = nn.Parameter(torch.zeros(d_model), requires_grad=False)"),
        ),
        en="Gain and bias are parameters without a gradient (`requires_grad=False`): they are stored and loaded, and "
        "no training ever changes them. An `nn.Parameter` learns unless it is told otherwise.",
        ja="ゲインとバイアスが、勾配のないパラメータになっています (`requires_grad=False`)。保存も読み込みもされます"
        "が、学習では決して変わりません。`nn.Parameter` は、そう指定しなければ学習されます。",
        lesson="layer-norm",
        met=("https://github.com/harvard-edge/cs249r_book/pull/1504",),
    ),
)

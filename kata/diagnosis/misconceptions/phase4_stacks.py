"""Mistakes that ``Encoder`` and ``Decoder`` (phase 4) have in common: shared parts, order, sums around the layers."""

from __future__ import annotations

from . import Misconception, family
from .phase4_decoder import DECODER_LAYERS, DECODER_LOOP
from .phase4_encoder import ENCODER_LAYERS, ENCODER_LOOP

SHARED_EN = (
    "All layers have one and the same `{value}`, made once and used by every layer. The layers of a stack are "
    "independent: each has its own parameters (3.1). Shared ones leave the model with a fraction of its weights."
)
SHARED_JA = (
    "すべての層が、一度だけ作った同じ `{value}` を使っています。積み重ねた層は互いに独立で、それぞれが自分のパラメー"
    "タを持ちます (3.1 節)。共有すると、モデルの重みがずっと少なくなってしまいます。"
)
SHARE = """
self.layers = {layers}
for layer in self.layers:
    layer.{value} = self.layers[0].{value}
"""
REVERSED_EN = (
    "The layers run in reverse order, the last one first. A stack feeds each layer with the output of the one "
    "before, beginning with `layers[0]`; weights that were trained in one order do not work in the other."
)
REVERSED_JA = (
    "層を逆順に、最後の層から適用しています。積み重ねでは `layers[0]` から始めて、前の層の出力を次の層に渡します。あ"
    "る順序で学習した重みは、別の順序では働きません。"
)
AROUND_EN = (
    "The input of every layer is added to its output once more: `x + layer(x)`. The residual connections are inside "
    "the layers, one around each sublayer (3.1), and what a layer returns is normalised; another sum around it is "
    "neither."
)
AROUND_JA = (
    "各層の出力に、その層の入力をもう一度足しています (`x + layer(x)`)。残差接続は層の中の各サブ層にあり (3.1 節)、層の"
    "出力は正規化されています。その外側の和は余分で、結果も正規化されていません。"
)

CATALOGUE = (
    *family(
        id="encoder-layers-share-{value}",
        task="Encoder",
        values={"attention": "self_attention", "feed-forward": "feed_forward"},
        edits=((f"self.layers = {ENCODER_LAYERS}", SHARE.replace("{layers}", ENCODER_LAYERS)),),
        en=SHARED_EN,
        ja=SHARED_JA,
        lesson="stacks",
        met=("https://github.com/habla-liaa/encodecmae/issues/3",),
    ),
    *family(
        id="decoder-layers-share-{value}",
        task="Decoder",
        values={"attention": "cross_attention", "feed-forward": "feed_forward"},
        edits=((f"self.layers = {DECODER_LAYERS}", SHARE.replace("{layers}", DECODER_LAYERS)),),
        en=SHARED_EN,
        ja=SHARED_JA,
        lesson="stacks",
        met=("https://github.com/habla-liaa/encodecmae/issues/3",),
    ),
    Misconception(
        id="encoder-layers-in-reverse",
        task="Encoder",
        edits=((ENCODER_LOOP, ENCODER_LOOP.replace("self.layers", "reversed(self.layers)")),),
        en=REVERSED_EN,
        ja=REVERSED_JA,
        lesson="stacks",
    ),
    Misconception(
        id="decoder-layers-in-reverse",
        task="Decoder",
        edits=((DECODER_LOOP, DECODER_LOOP.replace("self.layers", "reversed(self.layers)")),),
        en=REVERSED_EN,
        ja=REVERSED_JA,
        lesson="stacks",
    ),
    Misconception(
        id="encoder-residual-around-the-layers",
        task="Encoder",
        edits=((ENCODER_LOOP, ENCODER_LOOP.replace("x = layer", "x = x + layer")),),
        en=AROUND_EN,
        ja=AROUND_JA,
        lesson="stacks",
    ),
    Misconception(
        id="decoder-residual-around-the-layers",
        task="Decoder",
        edits=((DECODER_LOOP, DECODER_LOOP.replace("x = layer", "x = x + layer")),),
        en=AROUND_EN,
        ja=AROUND_JA,
        lesson="stacks",
    ),
)

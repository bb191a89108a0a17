"""Mistakes of phase 3 with a value that is read off the answers (``kata.diagnosis.fits.phase3``)."""

from __future__ import annotations

from typing import Mapping

from .fitted import NUMBER, Fitted
from .phase3_layer_norm import MEAN, NORMALISED, VARIANCE

CATALOGUE = ()

DIMENSIONS = {
    "last": "-1",
    "first": "0",
    "second": "1",
    "before-last": "-2",
    "last-two": "(-2, -1)",
    "all-but-first": "tuple(range(1, x.dim()))",
    "all-but-last": "tuple(range(x.dim() - 1))",
    "all": "tuple(range(x.dim()))",
}
DIVISORS = {
    "inside": "torch.sqrt({variance} + {eps})",
    "outside": "(torch.sqrt({variance}) + {eps})",
    "without": "torch.sqrt({variance})",
    "unrooted": "({variance} + {eps})",
    "twice-rooted": "torch.sqrt(torch.sqrt({variance}) + {eps})",
}
"""Names of dimensions, and of what a variance becomes, as code."""


def _formula(value: str) -> Mapping[str, str]:
    of_mean, of_variance, which, divisor = value.split(",")
    mean, variance = DIMENSIONS[of_mean], f"dim={DIMENSIONS[of_variance]}, unbiased={which == 'unbiased'}"
    code = DIVISORS[divisor].format(variance="variance", eps="self.eps")
    told = DIVISORS[divisor].format(variance=f"x.var({variance})", eps="eps")
    return {"of_mean": mean, "of_variance": variance, "divisor": code, "formula": f"(x - x.mean(dim={mean})) / {told}"}


FITTED = (
    Fitted(
        id="layer-norm-formula",
        task="LayerNorm",
        pattern=f"({'|'.join(DIMENSIONS)}),({'|'.join(DIMENSIONS)}),(un)?biased,({'|'.join(DIVISORS)})",
        samples=("all-but-first,all-but-first,biased,inside",),
        edits=(
            (MEAN, "mean = x.mean(dim={of_mean}, keepdim=True)"),
            (VARIANCE, "variance = x.var({of_variance}, keepdim=True)"),
            (NORMALISED, "normalised = (x - mean) / {divisor}"),
        ),
        en="Before gain and bias the result equals `{formula}`. Ba et al. (equations 3 and 4) take mean and variance "
        "over the features of one position, the last dimension alone; the variance is the biased one, and `eps` "
        "stands inside the root: `(x - x.mean(dim=-1)) / torch.sqrt(x.var(dim=-1, unbiased=False) + eps)`.",
        ja="ゲインとバイアスの前の値が `{formula}` に等しくなっています。Ba ら (式 3、4) は、平均も分散も一つの位置"
        "の特徴、つまり最後の次元だけで取り、分散は偏りのあるほう (`d_model` で割る) で、`eps` は平方根の中です。`(x"
        " - x.mean(dim=-1)) / torch.sqrt(x.var(dim=-1, unbiased=False) + eps)` となります。",
        lesson="layer-norm",
        words=_formula,
        covers=(
            "layer-norm-over-time",
            "layer-norm-over-the-whole-sequence",
            "layer-norm-over-the-whole-batch",
            "layer-norm-is-batch-norm",
            "layer-norm-mean-over-dimension-1",
        ),
        met=(
            "https://github.com/Qualcomm-AI-research/geometric-algebra-transformer/pull/8",
            "https://github.com/datawhalechina/happy-llm/pull/58",
        ),
    ),
    Fitted(
        id="layer-norm-default-eps",
        task="LayerNorm",
        pattern=NUMBER,
        samples=("1e-06",),
        edits=(("1e-5", "{value}"),),
        en="The default of `eps` is `{value}`; in this course it is `1e-5`, as in `torch.nn.LayerNorm`. Both occur in "
        "published code. Only rows of small variance tell them apart, by a factor of two where the variance is as "
        "small as the larger `eps`, so weights move between two implementations only if the `eps` moves with them. "
        "All else of this class may be right.",
        ja="`eps` の既定値が `{value}` になっています。この教材では `torch.nn.LayerNorm` と同じ `1e-5` です。公開され"
        "ているコードにはどちらもあります。違いが出るのは分散の小さい行だけで、大きいほうの `eps` ほどの分散しかない"
        "行では出力が 2 倍ほど変わります。別の実装に重みを移すときは `eps` も揃えてください。このクラスのほかの部分"
        "は正しいかもしれません。",
        lesson="layer-norm",
        met=("https://github.com/keras-team/keras-hub/issues/728",),
    ),
)

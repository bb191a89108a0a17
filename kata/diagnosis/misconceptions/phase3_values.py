"""Mistakes of phase 3 with a value that is read off the answers (``kata.diagnosis.fits.phase3``)."""

from __future__ import annotations

from .fitted import NUMBER, Fitted

CATALOGUE = ()

FITTED = (
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

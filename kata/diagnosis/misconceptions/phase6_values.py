"""Mistakes of phase 6 with a value that is read off the answers (``kata.diagnosis.fits.phase6``)."""

from __future__ import annotations

from typing import Mapping

from .fitted import NUMBER, Fitted
from .phase6_length_penalty import PENALTY

CATALOGUE = ()


def _penalty(value: str) -> Mapping[str, str]:
    added, divisor = value.split(",")
    return {"penalty": f"(({added} + length) / {divisor}) ** alpha"}


FITTED = (
    Fitted(
        id="penalty-numbers",
        task="length_penalty",
        pattern=f"{NUMBER},{NUMBER}",
        samples=("6,7",),
        edits=((PENALTY, "return {penalty}"),),
        en="The penalty equals `{penalty}`. Wu et al. (equation 14) have `((5 + length) / 6) ** alpha`: it is 1 for "
        "a single token, and the 5 keeps the first few tokens from counting too much. Other numbers rank short and "
        "long answers otherwise.",
        ja="ペナルティが `{penalty}` になっています。Wu らの式 14 は `((5 + length) / 6) ** alpha` です。1 トークン"
        "でちょうど 1 になり、5 を足すことで最初の数トークンの影響が大きくなりすぎません。ほかの数を使うと、短い答え"
        "と長い答えの順位が変わります。",
        lesson="length-penalty",
        words=_penalty,
        covers=("penalty-is-a-power-of-the-length",),
    ),
)

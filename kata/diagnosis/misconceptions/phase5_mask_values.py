"""Mistakes in the masks of phase 5: what is compared, which triangle, which numbers, which shape.

The value is read off the answers (``kata.diagnosis.fits.phase5_masks``).
"""

from __future__ import annotations

import re
from typing import Iterable, Mapping

from .fitted import Fitted
from .phase5_decoder_mask import DECODER
from .phase5_look_ahead_mask import LOOK_AHEAD
from .phase5_padding_mask import PADDING

CATALOGUE = ()

RELATIONS = {
    "real": "tokens != pad_id",
    "padding": "tokens == pad_id",
    "nonzero": "tokens != 0",
    "zero": "tokens == 0",
    "larger": "tokens > pad_id",
}
"""Name to what the tokens are asked."""

KINDS = ("bool", "int64", "int32", "uint8", "float32", "float64", "inf", "big")
"""What the mask holds: numbers of a dtype, or 0 and -inf, or 0 and -1e9, to be added to scores."""

PADDING_SHAPES = {
    "b11l": ("[:, None, None, :]", "(B, 1, 1, L)"),
    "b1l1": ("[:, None, :, None]", "(B, 1, L, 1)"),
    "b1l": ("[:, None, :]", "(B, 1, L)"),
    "bl1": ("[:, :, None]", "(B, L, 1)"),
    "bl": ("", "(B, L)"),
    "1b1l": ("[None, :, None, :]", "(1, B, 1, L)"),
}
AHEAD_SHAPES = {"11ll": ("[None, None]", "(1, 1, L, L)"), "1ll": ("[None]", "(1, L, L)"), "ll": ("", "(L, L)")}
DECODER_SHAPES = {"b1ll": ("", "(B, 1, L, L)"), "bll": ("[:, 0]", "(B, L, L)")}
"""Name to the index that gives a mask its shape, and the shape."""

SIDES = {
    "keys": "(tokens != pad_id)[:, None, None, :]",
    "queries": "(tokens != pad_id)[:, None, :, None]",
    "both": "((tokens != pad_id)[:, None, None, :] & (tokens != pad_id)[:, None, :, None])",
    "padded-keys": "(tokens == pad_id)[:, None, None, :]",
}
"""Name to what a decoder's mask asks of the tokens."""

TRIANGLES = tuple(f"{part}({diagonal})" for part in ("tril", "triu") for diagonal in (0, 1, -1, 2, -2))

ABOUT_NUMBERS = (
    " `masked_fill` and `~` take booleans; numbers, and masks that are added to scores, are another convention."
)
ABOUT_NUMBERS_JA = "`masked_fill` や `~` に使うのは真偽値です。数のマスクや、スコアに足すマスクは、別の流儀です。"


def _of_kind(mask: str, kind: str) -> str:
    """A boolean mask as code that turns it into numbers."""
    if kind in ("inf", "big"):
        return f"torch.where({mask}, 0.0, {'float(' + repr('-inf') + ')' if kind == 'inf' else '-1e9'})"
    return mask if kind == "bool" else f"({mask}).to(torch.{kind})"


def _words(code: str, kind: str, shape: str) -> Mapping[str, str]:
    about = {"about": ABOUT_NUMBERS, "about_ja": ABOUT_NUMBERS_JA} if kind != "bool" else {"about": "", "about_ja": ""}
    code = _of_kind(code, kind)
    told = code
    for long, short in (
        ("tokens.size(1)", "L"),
        ("length", "L"),
        (", device=tokens.device", ""),
        (", device=device", ""),
    ):
        told = told.replace(long, short)
    return {"code": code, "told": told, "shape": shape, **about}


def _padding(value: str) -> Mapping[str, str]:
    relation, kind, shape = value.split(",")
    index, told = PADDING_SHAPES[shape]
    return _words(f"({RELATIONS[relation]}){index}", kind, told)


def _ahead(value: str) -> Mapping[str, str]:
    triangle, kind, shape = value.split(",")
    index, told = AHEAD_SHAPES[shape]
    code = f"torch.ones(length, length, dtype=torch.bool, device=device).{triangle}{index}"
    return _words(code, kind, told)


def _decoder(value: str) -> Mapping[str, str]:
    side, join, triangle, kind, shape = value.split(",")
    index, told = DECODER_SHAPES[shape]
    length = "tokens.size(1)"
    ahead = f"torch.ones({length}, {length}, dtype=torch.bool, device=tokens.device).{triangle}"
    joined = f"({SIDES[side]} {'&' if join == 'and' else '|'} {ahead}){index}"
    return _words(joined, kind, told)


def _any_of(*groups: Iterable[str]) -> str:
    """A pattern for a value made of one name of each group."""
    return ",".join(f"({'|'.join(map(re.escape, group))})" for group in groups)


FITTED = (
    Fitted(
        id="padding-mask-form",
        task="padding_mask",
        pattern=_any_of(RELATIONS, KINDS, PADDING_SHAPES),
        samples=("real,int64,b11l", "padding,bool,b1l"),
        edits=((PADDING, "{code}"),),
        en="The mask equals `{told}`, of shape `{shape}`. The contract is the boolean `(tokens != pad_id)[:, None, "
        "None, :]`, `(B, 1, 1, L)`: True where a token may be seen, the tokens on the axis of the keys, and ones for "
        "the heads and the queries.{about}",
        ja="マスクが `{told}` に等しく、形は `{shape}` です。取り決めは真偽値の `(tokens != pad_id)[:, None, None, "
        ":]`、形 `(B, 1, 1, L)` です。見てよいトークンが True で、トークンはキーの次元に並び、ヘッドとクエリの次元は"
        " 1 です。{about_ja}",
        lesson="padding",
        words=_padding,
        covers=(
            "padding-mask-inverted",
            "padding-mask-assumes-id-0",
            "padding-mask-hides-queries",
            "padding-mask-lacks-a-dimension",
        ),
    ),
    Fitted(
        id="look-ahead-form",
        task="look_ahead_mask",
        pattern=_any_of(TRIANGLES, KINDS, AHEAD_SHAPES),
        samples=("tril(0),float32,11ll",),
        edits=((LOOK_AHEAD, "return {code}"),),
        en="The mask equals `{told}`, of shape `{shape}`. The contract is a boolean `(1, 1, L, L)`, True on the "
        "diagonal and below it, where `k <= q`: a position sees itself and what came before.{about}",
        ja="マスクが `{told}` に等しく、形は `{shape}` です。取り決めは真偽値の `(1, 1, L, L)` で、対角線とその下 "
        "(`k <= q`) が True です。各位置から自分とそれより前が見えます。{about_ja}",
        lesson="look-ahead",
        words=_ahead,
        covers=(
            "look-ahead-shows-the-next-token",
            "look-ahead-hides-the-position-itself",
            "look-ahead-marks-what-is-hidden",
            "look-ahead-is-transposed",
            "look-ahead-additive",
            "look-ahead-without-leading-ones",
        ),
        met=("https://github.com/pbloem/former/issues/10", "https://github.com/pytorch/pytorch/issues/29546"),
    ),
    Fitted(
        id="decoder-mask-form",
        task="decoder_mask",
        pattern=_any_of(SIDES, ("and", "or"), TRIANGLES, KINDS, DECODER_SHAPES),
        samples=("keys,and,tril(0),int64,b1ll", "keys,and,tril(0),bool,bll"),
        edits=((DECODER, "return {code}"),),
        en="The mask equals `{told}`, of shape `{shape}`. The contract is a boolean `(B, 1, L, L)` that is True "
        "where both hold: key `k` is real, and `k <= q`. That is `padding_mask(tokens, pad_id) & "
        "look_ahead_mask(L)`, with the padding on the axis of the keys.{about}",
        ja="マスクが `{told}` に等しく、形は `{shape}` です。取り決めは真偽値の `(B, 1, L, L)` で、キー `k` が本物で"
        "あり、かつ `k <= q` のところが True です。パディングをキーの次元に置いた `padding_mask(tokens, pad_id) & "
        "look_ahead_mask(L)` がそれです。{about_ja}",
        lesson="look-ahead",
        words=_decoder,
        covers=(
            "decoder-mask-joined-by-or",
            "decoder-mask-hides-padded-queries",
            "decoder-mask-pads-queries-only",
            "decoder-mask-without-look-ahead",
            "decoder-mask-inverted",
        ),
        met=(
            "https://github.com/hyunwoongko/transformer/pull/40",
            "https://github.com/bentrevett/pytorch-seq2seq/issues/96",
        ),
    ),
)

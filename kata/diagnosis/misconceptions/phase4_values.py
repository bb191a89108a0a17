"""Mistakes of phase 4 that are another wiring of a layer, read off the answers (``kata.diagnosis.fits.phase4``)."""

from __future__ import annotations

import re
from typing import Mapping, Sequence

from .fitted import Fitted
from .phase4_decoder_layer import STEPS as DECODER_STEPS
from .phase4_encoder_layer import STEPS as ENCODER_STEPS

CATALOGUE = ()

ENCODER = ("mask", "x", "y", "y")
ENCODER_FIELDS = (("mask", "None"), ("x", "a"), ("y", "x", "a"), ("y", "x", "a", "f"))
"""What goes where in an encoder layer, and what else may: the mask, the sum's ``x`` after the attention, the input of
the feed-forward network, the sum's ``x`` after it. ``a`` is what the attention gives, ``y`` the first sum, ``f`` what
the feed-forward network gives."""

DECODER = ("self_mask", "x", "y", "memory+memory", "memory_mask", "y", "z", "z")
DECODER_FIELDS = (
    ("self_mask", "memory_mask", "None"),
    ("x", "a"),
    ("y", "x", "a", "memory"),
    ("memory+memory", "y+y", "x+x", "a+a", "memory+y", "y+memory", "memory+x", "x+memory"),
    ("memory_mask", "self_mask", "None"),
    ("y", "x", "a", "c"),
    ("z", "y", "x", "c"),
    ("z", "y", "x", "c", "f"),
)
"""The same for a decoder layer: the mask of the self-attention, its sum's ``x``; query, key and value and mask of the
cross-attention, its sum's ``x``; the input of the feed-forward network, its sum's ``x``. ``c`` is what the
cross-attention gives, ``z`` the second sum."""


def _pattern(fields: Sequence[Sequence[str]]) -> str:
    return ",".join(f"({'|'.join(map(re.escape, names))})" for names in fields)


def _encoder(value: str) -> Mapping[str, str]:
    mask, residual1, fed, residual2 = value.split(",")
    return {
        "code": f"""
            a, _ = self.self_attention(x, x, x, {mask})
            y = self.add_norm1({residual1}, a)
            f = self.feed_forward({fed})
            return self.add_norm2({residual2}, f)
        """,
        "told": f"a = self_attention(x, x, x, {mask}), y = add_norm1({residual1}, a), f = feed_forward({fed}), "
        f"add_norm2({residual2}, f)",
    }


def _decoder(value: str) -> Mapping[str, str]:
    mask1, residual1, query, sources, mask2, residual2, fed, residual3 = value.split(",")
    key, taken = sources.split("+")
    return {
        "code": f"""
            a, _ = self.self_attention(x, x, x, {mask1})
            y = self.add_norm1({residual1}, a)
            c, _ = self.cross_attention({query}, {key}, {taken}, {mask2})
            z = self.add_norm2({residual2}, c)
            f = self.feed_forward({fed})
            return self.add_norm3({residual3}, f)
        """,
        "told": f"a = self_attention(x, x, x, {mask1}), y = add_norm1({residual1}, a), "
        f"c = cross_attention({query}, {key}, {taken}, {mask2}), z = add_norm2({residual2}, c), "
        f"f = feed_forward({fed}), add_norm3({residual3}, f)",
    }


FITTED = (
    Fitted(
        id="encoder-layer-wiring",
        task="EncoderLayer",
        pattern=_pattern(ENCODER_FIELDS),
        samples=("mask,x,a,a",),
        edits=((ENCODER_STEPS, "{code}"),),
        en="The layer answers like `{told}`. By figure 1 of the paper it is `y = add_norm1(x, self_attention(x, x, "
        "x, mask))`, then `add_norm2(y, feed_forward(y))`: each sublayer reads what the one before has left behind "
        "its norm, and is joined to just that.",
        ja="この層は `{told}` と同じ答えを返しています。論文の図 1 では `y = add_norm1(x, self_attention(x, x, x, "
        "mask))`、続いて `add_norm2(y, feed_forward(y))` です。どのサブ層も、前のサブ層を正規化したものを読み、それ"
        "に足されます。",
        lesson="encoder",
        words=_encoder,
        covers=(
            "encoder-layer-mask-forgotten",
            "encoder-layer-feed-forward-of-the-input",
            "encoder-layer-old-residual",
        ),
    ),
    Fitted(
        id="decoder-layer-wiring",
        task="DecoderLayer",
        pattern=_pattern(DECODER_FIELDS),
        samples=("self_mask,x,a,y+y,memory_mask,y,z,z",),
        edits=((DECODER_STEPS, "{code}"),),
        en="The layer answers like `{told}`. By figure 1 of the paper it is `y = add_norm1(x, self_attention(x, x, "
        "x, self_mask))`, `z = add_norm2(y, cross_attention(y, memory, memory, memory_mask))`, then `add_norm3(z, "
        "feed_forward(z))`: the decoder asks, the memory answers, and each sublayer is joined to what it has read.",
        ja="この層は `{told}` と同じ答えを返しています。論文の図 1 では `y = add_norm1(x, self_attention(x, x, x, "
        "self_mask))`、`z = add_norm2(y, cross_attention(y, memory, memory, memory_mask))`、続いて `add_norm3(z, "
        "feed_forward(z))` です。デコーダが尋ねてメモリが答え、どのサブ層も、自分が読んだものに足されます。",
        lesson="decoder",
        words=_decoder,
        covers=(
            "decoder-layer-self-mask-forgotten",
            "decoder-layer-memory-mask-forgotten",
            "decoder-layer-masks-swapped",
            "decoder-layer-self-mask-in-both",
            "decoder-layer-memory-mask-in-both",
            "decoder-layer-keys-from-the-decoder",
            "decoder-layer-values-from-the-decoder",
            "decoder-layer-cross-attention-to-itself",
            "decoder-layer-memory-never-read",
            "decoder-layer-old-residual",
            "decoder-layer-asks-before-the-norm",
            "decoder-layer-residual-overwritten",
            "decoder-layer-queries-from-memory",
        ),
        met=("https://github.com/keitakurita/Practical_NLP_in_PyTorch/issues/1",),
    ),
)

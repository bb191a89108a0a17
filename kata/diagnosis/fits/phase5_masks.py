"""Phase 5: what the masks hold, and how they lie."""

from __future__ import annotations

import itertools
import math
from typing import Any, Callable, Iterator, Mapping, Sequence

import torch
from torch import Tensor

from ..calls import Call
from ..misconceptions.phase5_mask_values import TRIANGLES

RELATIONS: Mapping[str, Callable[[Tensor, int], Tensor]] = {
    "real": lambda tokens, pad: tokens != pad,
    "padding": lambda tokens, pad: tokens == pad,
    "nonzero": lambda tokens, pad: tokens != 0,
    "zero": lambda tokens, pad: tokens == 0,
    "larger": lambda tokens, pad: tokens > pad,
}
PADDING_SHAPES: Mapping[str, Any] = {
    "b11l": (slice(None), None, None),
    "b1l1": (slice(None), None, slice(None), None),
    "b1l": (slice(None), None),
    "bl1": (slice(None), slice(None), None),
    "bl": (),
    "1b1l": (None, slice(None), None),
}
AHEAD_SHAPES: Mapping[str, Any] = {"11ll": (None, None), "1ll": (None,), "ll": ()}
SIDES: Mapping[str, Callable[[Tensor], Tensor]] = {
    "keys": lambda real: real[:, None, None, :],
    "queries": lambda real: real[:, None, :, None],
    "both": lambda real: real[:, None, None, :] & real[:, None, :, None],
    "padded-keys": lambda real: ~real[:, None, None, :],
}
"""As in the catalogue, as functions and indices."""


def padding(calls: Sequence[Call]) -> Iterator[str]:
    """What is asked of the tokens, what the mask holds, its shape."""
    known = [(*call.bound("tokens", "pad_id"), call.answer) for call in calls]
    for relation, kind, shape in itertools.product(RELATIONS, _kinds(calls), PADDING_SHAPES):
        value = f"{relation},{kind},{shape}"
        if value != "real,bool,b11l" and all(
            _equal(RELATIONS[relation](tokens, pad)[PADDING_SHAPES[shape]], kind, answer)
            for tokens, pad, answer in known
        ):
            yield value


def look_ahead(calls: Sequence[Call]) -> Iterator[str]:
    """Which triangle, what the mask holds, its shape."""
    known = [(call.bound("length")[0], call.answer) for call in calls]
    for triangle, kind, shape in itertools.product(TRIANGLES, _kinds(calls), AHEAD_SHAPES):
        value = f"{triangle},{kind},{shape}"
        if value != "tril(0),bool,11ll" and all(
            _equal(_triangle(triangle, length)[AHEAD_SHAPES[shape]], kind, answer) for length, answer in known
        ):
            yield value


def decoder(calls: Sequence[Call]) -> Iterator[str]:
    """Where the padding is, how it is joined with which triangle, what the mask holds, its shape."""
    known = [(*call.bound("tokens", "pad_id"), call.answer) for call in calls]
    for side, join, triangle, kind, shape in itertools.product(
        SIDES, ("and", "or"), TRIANGLES, _kinds(calls), ("b1ll", "bll")
    ):
        value = f"{side},{join},{triangle},{kind},{shape}"
        if value != "keys,and,tril(0),bool,b1ll" and all(
            _equal(_joined(tokens != pad, side, join, triangle, shape), kind, answer) for tokens, pad, answer in known
        ):
            yield value


def _joined(real: Tensor, side: str, join: str, triangle: str, shape: str) -> Tensor:
    padded, ahead = SIDES[side](real), _triangle(triangle, real.shape[1])
    mask = padded & ahead if join == "and" else padded | ahead
    return mask[:, 0] if shape == "bll" else mask


def _triangle(name: str, length: int) -> Tensor:
    part, diagonal = name[:4], int(name[5:-1])
    ones = torch.ones(length, length, dtype=torch.bool)
    return ones.tril(diagonal) if part == "tril" else ones.triu(diagonal)


def _kinds(calls: Sequence[Call]) -> list[str]:
    """What the answers may hold, by their dtype; nothing if they are no masks, or of several kinds."""
    dtypes = {call.answer.dtype for call in calls if isinstance(call.answer, Tensor)}
    if not calls or len(dtypes) != 1 or not all(isinstance(call.answer, Tensor) for call in calls):
        return []
    name = str(dtypes.pop())[6:]
    return [name, "inf", "big"] if name == "float32" else [name]


def _equal(mask: Tensor, kind: str, answer: Tensor) -> bool:
    """Whether an answer is a boolean mask, turned into a kind of numbers."""
    if answer.shape != mask.shape or answer.is_meta:
        return answer.shape == mask.shape
    if kind in ("inf", "big"):
        hidden = -math.inf if kind == "inf" else -1e9
        return torch.equal(answer, torch.zeros_like(answer).masked_fill(~mask, hidden))
    return torch.equal(answer, mask.to(answer.dtype))


FITS = {"padding-mask-form": padding, "look-ahead-form": look_ahead, "decoder-mask-form": decoder}

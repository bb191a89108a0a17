"""Values that cross the codec: what comes out is what went in, through every layout, alias and special number."""

from __future__ import annotations

import math
from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor

from kata.sandbox.protocol.channel import Channel
from kata.sandbox.protocol.codec import DTYPES, Decoder, Encoder

from .conversation import Line, Mistake
from .streams import PREFIX, WHOLE

SPECIAL = (math.nan, math.inf, -math.inf, -0.0, 5e-324, 1.0)


@st.composite
def tensors(draw: Any) -> Tensor:
    """A tensor of any dtype, shape and layout that may cross."""
    dtype = DTYPES[draw(st.sampled_from([*DTYPES]))]
    shape = draw(st.lists(st.integers(0, 4), max_size=4))
    count = math.prod(shape)
    numbers = draw(st.lists(st.sampled_from(SPECIAL if dtype.is_floating_point else (0, 1, 2, 3)), max_size=4)) or [1]
    tensor = torch.tensor([numbers[place % len(numbers)] for place in range(count)], dtype=torch.float64)
    tensor = tensor.to(dtype).reshape(shape)
    for _ in range(draw(st.integers(0, 3))):
        tensor = draw(_view(tensor))
    if draw(st.integers(0, 9)) == 0:
        return tensor.to("meta")
    return tensor


@st.composite
def _view(draw: Any, tensor: Tensor) -> Tensor:
    if tensor.dim() == 0:
        return tensor.expand(draw(st.integers(0, 3)))
    first, second = draw(st.integers(0, tensor.dim() - 1)), draw(st.integers(0, tensor.dim() - 1))
    size = tensor.shape[first]
    return draw(
        st.sampled_from(
            [
                tensor.transpose(first, second),
                tensor.narrow(first, size // 2, size - size // 2),
                tensor[(slice(None),) * first + (slice(None, None, 2),)],
                tensor.unsqueeze(first).expand(*tensor.shape[:first], 2, *tensor.shape[first:]),
                tensor.unfold(first, min(2, size), 1),
                tensor.unsqueeze(second),
                tensor.select(first, 0) if size else tensor,
            ]
        )
    )


scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.sampled_from(WHOLE), st.floats(), st.text(max_size=5),
    st.sampled_from([*DTYPES.values()]), st.sampled_from([torch.device("cpu"), torch.device("meta")]),
)  # fmt: skip
keys = st.one_of(st.text(max_size=3), st.integers(), st.booleans(), st.tuples(st.integers(), st.text(max_size=2)))
values = st.recursive(
    st.one_of(scalars, tensors()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.lists(inner, max_size=4).map(tuple), st.dictionaries(keys, inner, max_size=3)
    ),
    max_leaves=8,
)


@st.composite
def with_aliases(draw: Any) -> Any:
    """A value in which a tensor comes twice, once as another view of its memory."""
    tensor = draw(tensors())
    return [tensor, draw(values), tensor, draw(_view(tensor)), (tensor,)]


def cross(value: Any, piece: int) -> None:
    """Send a value through encoder, channel and decoder, twice.

    Raises:
        Mistake: if it does not come out as it went in.
    """
    first = _carried(value, piece)
    _same(first, value, "the value")
    _same(_carried(first, piece), first, "the value, sent on")


def _carried(value: Any, piece: int) -> Any:
    header, payload = Encoder(_no_object).message(value)
    frame = PREFIX.pack(b"kata", len(header), len(payload), 0) + header + payload
    received = Channel(Line(frame, piece)).receive()  # type: ignore[arg-type]
    return Decoder(*received, _no_object).value()


def _no_object(value: Any) -> Any:
    raise Mistake(f"{value!r} is taken for an object")


def _same(one: Any, other: Any, where: str) -> None:
    seen: dict[int, Tensor] = {}
    _compare(one, other, where, seen)


def _compare(one: Any, other: Any, where: str, seen: dict[int, Tensor]) -> None:
    if type(one) is not type(other):
        raise Mistake(f"{where}: a {type(other).__name__} has become a {type(one).__name__}")
    if isinstance(one, Tensor):
        _compare_tensors(one, other, where)
        if seen.setdefault(id(other), one) is not one:
            raise Mistake(f"{where}: a tensor that came twice has become two")
    elif isinstance(one, float):
        if one.hex() != other.hex():
            raise Mistake(f"{where}: {other!r} has become {one!r}")
    elif isinstance(one, (list, tuple)):
        if len(one) != len(other):
            raise Mistake(f"{where}: {len(other)} parts have become {len(one)}")
        for place, parts in enumerate(zip(one, other)):
            _compare(*parts, f"{where}, part {place}", seen)
    elif isinstance(one, dict):
        if [*map(repr, one)] != [*map(repr, other)]:
            raise Mistake(f"{where}: the keys {list(other)} have become {list(one)}")
        for key in one:
            _compare(one[key], other[key], f"{where}[{key!r}]", seen)
    elif one != other:
        raise Mistake(f"{where}: {other!r} has become {one!r}")


def _compare_tensors(one: Tensor, other: Tensor, where: str) -> None:
    for what in ("shape", "dtype", "device"):
        if getattr(one, what) != getattr(other, what):
            raise Mistake(f"{where}: {what} {getattr(other, what)} has become {getattr(one, what)}")
    if other.device.type == "meta" or not other.numel():
        return
    size = {8: torch.int64, 4: torch.int32, 2: torch.int16, 1: torch.uint8}[other.element_size()]
    if not torch.equal(one.contiguous().view(size), other.contiguous().view(size)):
        raise Mistake(f"{where}: other values")
    if not _overlaps(other) and [s for s, n in zip(one.stride(), one.shape) if n > 1] != [
        s for s, n in zip(other.stride(), other.shape) if n > 1
    ]:
        raise Mistake(f"{where}: strides {other.stride()} have become {one.stride()}")


def _overlaps(tensor: Tensor) -> bool:
    """Whether two entries share memory otherwise than by a dimension that was expanded, as those of ``unfold`` may."""
    reach = 0
    for stride, size in sorted(zip(tensor.stride(), tensor.shape)):
        if stride and size > 1:
            if stride <= reach:
                return True
            reach += stride * (size - 1)
    return False

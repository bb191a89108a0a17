"""Phase 1: the frequencies of the encoding, the factor of the embedding."""

from __future__ import annotations

import math
from typing import Iterator, Sequence

from torch import Tensor

from ..calls import Call
from .numbers import exponent, line, plain

Rates = Sequence["tuple[int, float]"]
"""Columns ``2i`` of a table of some width and the angle of one position in them."""


def encoding_angles(calls: Sequence[Call]) -> Iterator[str]:
    """``base,shift,scale`` of the even columns, then of the odd ones: ``pos * scale / base^((2i + shift)/d_model)``."""
    tables = [call.answer for call in calls if isinstance(call.answer, Tensor) and call.answer.dim() == 2]
    tables = [table.double() for table in tables if not table.is_meta and table.shape[0] > 2 and table.shape[1] > 3]
    for sine in _frequencies([(table.shape[1], _rates_of_sines(table[:, 0::2])) for table in tables]):
        cosines = [(table.shape[1], _rates_of_cosines(table[:, 1::2])) for table in tables]
        for cosine in _frequencies(cosines):
            if not sine == cosine == "10000,0,1":
                yield f"{sine},{cosine}"


def shift_angles(calls: Sequence[Call]) -> Iterator[str]:
    """``base,shift,scale`` of the angles of the matrix."""
    found = []
    for call in calls:
        offset, d_model = call.bound("offset", "d_model")
        matrix = call.answer
        if isinstance(matrix, Tensor) and not matrix.is_meta and 0 < abs(offset) <= 3 and d_model > 3:
            matrix = matrix.double()
            angles = [math.atan2(matrix[i, i + 1].item(), matrix[i, i].item()) for i in range(0, d_model, 2)]
            found.append((d_model, [(2 * i, angle / offset) for i, angle in enumerate(angles)]))
    for value in _frequencies(found):
        if value != "10000,0,1":
            yield value


def embedding_factor(calls: Sequence[Call]) -> Iterator[str]:
    """The exponent of ``d_model`` in the factor of the embedding, or the factor itself if it is one for all widths."""
    factors = []
    for call in calls:
        weight = call.state.get("embedding.weight")
        if call.made and weight is not None and isinstance(call.answer, Tensor) and not call.answer.is_meta:
            rows = weight.double()[call.args[0]].flatten()
            biggest = int(rows.abs().argmax())
            factors.append((weight.shape[1], (call.answer.double().flatten()[biggest] / rows[biggest]).item()))
    if factors and all(plain(factor) == plain(factors[0][1]) for _, factor in factors):
        yield plain(factors[0][1])
        return
    through = line([(math.log(width), math.log(factor)) for width, factor in factors])
    if through and abs(through[1]) < 1e-3 and exponent(through[0]) != "0.5":
        yield f"d^{exponent(through[0])}"


def _rates_of_sines(columns: Tensor) -> Rates:
    """The sine of twice an angle tells the angle's cosine as well."""
    found = []
    for number in range(columns.shape[1]):
        once, twice = columns[1, number].item(), columns[2, number].item()
        if once != 0:
            found.append((2 * number, math.atan2(once, twice / (2 * once))))
    return found


def _rates_of_cosines(columns: Tensor) -> Rates:
    """The first position far enough around the circle tells the angle best."""
    found = []
    for number in range(columns.shape[1]):
        far = [position for position, value in enumerate(columns[:, number].tolist()) if value < 0.8]
        if far:
            found.append((2 * number, math.acos(max(columns[far[0], number].item(), -1.0)) / far[0]))
    return found


def _frequencies(tables: Sequence[tuple[int, Rates]]) -> Iterator[str]:
    """``base,shift,scale`` that explain the rates of tables of several widths."""
    lines = {}
    for width, rates in tables:
        through = line([(column, -math.log(rate)) for column, rate in rates if rate > 0])
        if through:
            lines[width] = through
    slopes = {plain(slope * width, 1e-3) for width, (slope, _) in lines.items()}
    if len(slopes) != 1:
        return
    slope = sum(slope * width for width, (slope, _) in lines.items()) / len(lines)
    if slope == 0:
        return
    base, starts = plain(math.exp(slope)), [(1 / width, start) for width, (_, start) in lines.items()]
    if all(abs(start) < 2e-3 for _, start in starts):
        yield f"{base},0,1"
    elif len(starts) > 1:
        through = line(starts)
        if through:
            yield f"{base},{exponent(through[0] / slope)},{plain(math.exp(-through[1]), 2e-3)}"
    else:
        width, start = 1 / starts[0][0], starts[0][1]
        yield f"{base},{exponent(start * width / slope)},1"
        yield f"{base},0,{plain(math.exp(-start), 2e-3)}"


FITS = {
    "encoding-angles": encoding_angles,
    "shift-angles": shift_angles,
    "embedding-factor": embedding_factor,
}

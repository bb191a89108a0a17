"""Phase 1: the frequencies of the encoding, the factor of the embedding."""

from __future__ import annotations

import itertools
import math
from typing import Iterator, Sequence

from torch import Tensor

from ..calls import Call
from .numbers import exponent, line, plain

Rates = Sequence["tuple[int, float]"]
"""Columns ``2i`` of a table of some width and the angle of one position in them."""


PAPER = "10000,0,1,0"
"""Base, shift, scale and what is taken from the width: ``pos * scale / base^((2i + shift) / (d_model - less))``."""


def encoding_angles(calls: Sequence[Call]) -> Iterator[str]:
    """How the columns lie, then of each of the two groups its function and numbers like those of ``PAPER``."""
    tables = [call.answer for call in calls if isinstance(call.answer, Tensor) and _is_asked_for(call)]
    tables = [table.double() for table in tables if not table.is_meta and table.shape[0] > 2 and table.shape[1] > 3]
    for layout in ("pairs", "halves"):
        halves = [_groups(table, layout) for table in tables]
        groups = []
        for group in (0, 1):
            functions = {_function(columns[group][0]) for columns in halves}
            name = functions.pop() if len(functions) == 1 else ""
            if not name:
                break
            rates = _rates_of_sines if name == "sin" else _rates_of_cosines
            known = [(table.shape[1], rates(columns[group])) for table, columns in zip(tables, halves)]
            groups.append([f"{name},{numbers}" for numbers in _frequencies(known)])
        for value in itertools.product(*groups) if len(groups) == 2 else ():
            if (layout, *value) != ("pairs", f"sin,{PAPER}", f"cos,{PAPER}"):
                yield ",".join((layout, *value))


def _is_asked_for(call: Call) -> bool:
    """Whether a table has the shape that it was asked for; another may have millions of columns."""
    return tuple(call.answer.shape) == tuple(call.bound("max_len", "d_model"))


def _groups(table: Tensor, layout: str) -> tuple[Tensor, Tensor]:
    """The columns that hold the sines, and those that hold the cosines, if all is right."""
    half = table.shape[1] // 2
    return (table[:, 0::2], table[:, 1::2]) if layout == "pairs" else (table[:, :half], table[:, half:])


def _function(first_row: Tensor) -> str:
    """The function that gives these numbers at an angle of 0; empty if neither does."""
    return (
        "sin" if bool((first_row.abs() < 1e-6).all()) else "cos" if bool(((first_row - 1).abs() < 1e-6).all()) else ""
    )


def shift_angles(calls: Sequence[Call]) -> Iterator[str]:
    """Numbers like those of ``PAPER``, of the angles of the matrix."""
    found = []
    for call in calls:
        offset, d_model = call.bound("offset", "d_model")
        matrix = call.answer
        if isinstance(matrix, Tensor) and not matrix.is_meta and 0 < abs(offset) <= 3 and d_model > 3:
            matrix = matrix.double()
            angles = [math.atan2(matrix[i, i + 1].item(), matrix[i, i].item()) for i in range(0, d_model, 2)]
            found.append((d_model, [(2 * i, angle / offset) for i, angle in enumerate(angles)]))
    for value in _frequencies(found):
        if value != PAPER:
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
    """Numbers like those of ``PAPER`` that explain the rates of tables of several widths."""
    lines = {}
    for width, rates in tables:
        through = line([(column, -math.log(rate)) for column, rate in rates if rate > 0])
        if through:
            lines[width] = through
    if any(slope == 0 for slope, _ in lines.values()) or not lines:
        return
    less = 0.0
    if len({plain(slope * width, 1e-3) for width, (slope, _) in lines.items()}) > 1:
        through = line([(float(width), 1 / slope) for width, (slope, _) in lines.items()])
        if through is None:
            return
        less = round(-through[1] / through[0], 2)
    slope = sum(slope * (width - less) for width, (slope, _) in lines.items()) / len(lines)
    base, starts = plain(math.exp(slope)), [(1 / (width - less), start) for width, (_, start) in lines.items()]
    if all(abs(start) < 2e-3 for _, start in starts):
        yield f"{base},0,1,{exponent(less)}"
    elif len(starts) > 1:
        through = line(starts)
        if through:
            shift, scale = exponent(through[0] / slope), plain(math.exp(-through[1]), 2e-3)
            yield f"{base},{shift},{scale},{exponent(less)}"
    else:
        part, start = starts[0]
        yield f"{base},{exponent(start / (part * slope))},1,0"
        yield f"{base},0,{plain(math.exp(-start), 2e-3)},0"


FITS = {
    "encoding-angles": encoding_angles,
    "shift-angles": shift_angles,
    "embedding-factor": embedding_factor,
}

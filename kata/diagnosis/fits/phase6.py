"""Phase 6: the numbers of the length penalty."""

from __future__ import annotations

from typing import Iterator, Sequence

from ..calls import Call
from .numbers import exponent, line, plain


def penalty_numbers(calls: Sequence[Call]) -> Iterator[str]:
    """``added,divisor`` of ``((added + length) / divisor) ** alpha``."""
    points = []
    for call in calls:
        length, alpha = call.bound("length", "alpha")
        if type(call.answer) is float and alpha and call.answer > 0:
            points.append((float(length), call.answer ** (1 / alpha)))
    through = line(points)
    if through and through[0] > 0:
        value = f"{exponent(through[1] / through[0])},{plain(1 / through[0], 1e-3)}"
        if value != "5,6":
            yield value


FITS = {"penalty-numbers": penalty_numbers}

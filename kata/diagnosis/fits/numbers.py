"""Numbers that a person would have written, near those that a fit computes."""

from __future__ import annotations

import math
from typing import Sequence

import torch

from ..misconceptions.fitted import number


def plain(value: float, tolerance: float = 2e-4) -> str:
    """The shortest number within a relative tolerance, as text: 999.98 is 1000, 0.2500003 is 0.25."""
    for digits in range(1, 7):
        rounded = float(f"{value:.{digits}g}")
        if abs(rounded - value) <= tolerance * max(abs(value), tolerance):
            return number(rounded + 0.0)
    return number(value)


def exponent(value: float) -> str:
    """An exponent or a shift, with three digits behind the point, as text."""
    return number(round(value, 3) + 0.0)


def line(points: Sequence[tuple[float, float]]) -> tuple[float, float] | None:
    """Slope and intercept of the line through points; None if they are too few, or not on one."""
    found = solved([[x, 1.0] for x, _ in points], [y for _, y in points])
    return None if found is None or len({x for x, _ in points}) < 2 else (found[0], found[1])


def solved(rows: Sequence[Sequence[float]], wanted: Sequence[float], tolerance: float = 1e-3) -> list[float] | None:
    """The solution of a linear system by least squares; None if it is not unique, or no solution."""
    if not rows or len(rows) < len(rows[0]):
        return None
    matrix = torch.tensor(rows, dtype=torch.float64)
    right = torch.tensor(wanted, dtype=torch.float64)
    if not (bool(matrix.isfinite().all()) and bool(right.isfinite().all())):
        return None
    if int(torch.linalg.matrix_rank(matrix)) < matrix.shape[1]:
        return None
    solution = torch.linalg.lstsq(matrix, right.unsqueeze(1)).solution.squeeze(1)
    off = (matrix @ solution - right).abs()
    return solution.tolist() if bool((off <= tolerance * (1 + right.abs())).all()) else None


def close(one: float, other: float, tolerance: float = 1e-5) -> bool:
    """Whether two numbers are equal within a relative tolerance."""
    return math.isclose(one, other, rel_tol=tolerance, abs_tol=1e-12)

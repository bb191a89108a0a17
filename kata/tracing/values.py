"""Values of a step: whether they differ from the lesson's, and how they are written in a few columns."""

from __future__ import annotations

import math
from typing import Any, Sequence

import numpy as np
from rich.cells import cell_len, set_cell_size
from torch import Tensor

from ..line_breaking import wrap
from ..results import printable
from ..sandbox.host.handles import Handle
from ..signs import sign
from .example import Raises

CLOSE = 2e-4
"""Numbers closer than this, relative to their size or absolutely, are the same: the lessons give four decimals."""

WHOLE = 5e-5
"""Numbers closer than this to a whole one, which four decimals do not show, are written as such."""

MOST_NUMBERS = 10_000
"""Of a larger matrix only what is shown says whether its numbers are whole."""

MOST_ROWS = 8
LONGEST = 2000
"""Characters of a text that are shown."""


def difference(got: Any, expected: Any) -> str:
    """Why a value is not the expected one; empty if it is."""
    if isinstance(expected, Raises):
        return "no exception"
    if _holds_objects(got):
        return describe(got)
    if expected is None or isinstance(expected, str) or _is_text(expected):
        return "" if _plain(got) == _plain(expected) else "another value"
    wanted = array(expected)
    if isinstance(got, (str, type(None), dict)) or not isinstance(got, (Tensor, bool, int, float, list, tuple)):
        return describe(got)
    try:
        came = array(got)
    except (TypeError, ValueError):
        return describe(got)
    if came.shape != wanted.shape:
        return f"shape {came.shape}"
    if (came.dtype == bool) != (wanted.dtype == bool):
        return f"dtype {came.dtype}"
    return "" if not different(came, wanted).any() else "other numbers"


def different(came: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Where two arrays of one shape differ."""
    return ~np.isclose(came.astype(float), wanted.astype(float), rtol=CLOSE, atol=CLOSE)


def array(value: Any) -> np.ndarray:
    """A tensor, number or nested list as an array of booleans, whole numbers or float64.

    Raises:
        TypeError, ValueError: if it is none of these.
    """
    if _holds_objects(value):
        raise TypeError("an object of the submission's")
    if isinstance(value, Tensor):
        value = value.detach()
        return (value.double() if value.is_floating_point() else value).numpy()
    try:
        made = np.array(value)
    except RuntimeError as error:  # a list of tensors with gradients
        raise TypeError(str(error)) from None
    if made.dtype.kind not in "bif":
        raise TypeError(f"not an array of numbers: {made.dtype}")
    return made.astype(np.float64) if made.dtype.kind == "f" else made


def _holds_objects(value: Any) -> bool:
    """Whether looking at a value asks the submission."""
    return isinstance(value, Handle) or (isinstance(value, (list, tuple)) and any(map(_holds_objects, value)))


def describe(value: Any) -> str:
    """What kind of thing came, in a few words."""
    if value is None:
        return "None (is a `return` missing?)"
    if isinstance(value, Tensor):
        return f"a tensor of shape {tuple(value.shape)}"
    name = getattr(value, "_kata_type", type(value).__name__)
    return printable(f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}")


def shape_of(value: Any) -> str:
    """``(1, 3)``, or empty for what has no shape."""
    if isinstance(value, (str, Raises, type(None), dict)) or _is_text(value):
        return ""
    try:
        shape = array(value).shape
    except (TypeError, ValueError):
        return ""
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})" if shape else ""


def written(value: Any, width: int, other: Any = None) -> list[str]:
    """A value in lines of at most ``width`` columns; of a large array the part where it differs from ``other``."""
    if isinstance(value, str):
        lines = wrap(printable(value[:LONGEST]) or sign("—"), width)
    elif isinstance(value, Raises):
        lines = [str(value)]
    elif _is_text(value):
        lines = list(value)
    else:
        try:
            lines = _matrices(array(value), width, _where(value, other))
        except (TypeError, ValueError):
            lines = [describe(value)]
    if len(lines) > MOST_ROWS:
        lines = [*lines[: MOST_ROWS - 1], sign("…")]
    return [_cut(printable(line), width) for line in lines]


def _where(value: Any, other: Any) -> tuple[int, ...]:
    """Index of the first difference from another array of the same shape, else of the first number."""
    came = array(value)
    try:
        wanted = array(other)
        places: Any = np.argwhere(different(came, wanted)) if came.shape == wanted.shape else []
    except (TypeError, ValueError):
        places = []
    return tuple(map(int, places[0])) if len(places) else (0,) * came.ndim


def _matrices(values: np.ndarray, width: int, at: tuple[int, ...]) -> list[str]:
    """All matrices of a stack if they are few, each with its index; else the one at ``at``, and that there are more."""
    if values.size == 0:
        return ["[]"]
    stack = values.shape[:-2]
    if math.prod(stack) == 1:
        return _matrix(values.reshape(values.shape[-2:]), width, at[-2:], "")
    few = math.prod(stack) * values.shape[-2] <= MOST_ROWS
    lines: list[str] = []
    for index in np.ndindex(*stack) if few else [at[:-2]]:
        label = f"[{', '.join(map(str, index))}] "
        lines += _matrix(values[index], width, at[-2:], label)
    return lines if few else [*lines, sign("…")]


def _matrix(values: np.ndarray, width: int, at: tuple[int, ...], label: str) -> list[str]:
    words = values.dtype == bool and values.ndim < 2
    values = values.reshape(1, -1) if values.ndim < 2 else values
    row, column = at[0] if len(at) == 2 else 0, at[-1] if at else 0
    rows, near = _window(values.shape[0], MOST_ROWS - 1, row), _window(values.shape[1], width, column)
    part = values[rows.start : rows.stop, near.start : near.stop]
    whole = _are_whole(values if values.size <= MOST_NUMBERS else part)
    cells = [[str(bool(number)) if words else _number(number, whole) for number in line] for line in part]
    size = max(len(cell) for line in cells for cell in line)
    room = max(1, (width - len(label) - 2) // (size + 1))
    shown = _window(part.shape[1], room, column - near.start)
    before = sign("…") if near.start + shown.start else ""
    after = sign("…") if near.start + shown.stop < values.shape[1] else ""
    lines = []
    for number, line in enumerate(cells):
        head = label if number == 0 else " " * len(label)
        lines.append(head + before + " ".join(cell.rjust(size) for cell in line[shown.start : shown.stop]) + after)
    return [sign("…")] * bool(rows.start) + lines + [sign("…")] * (rows.stop < values.shape[0])


def _window(size: int, most: int, at: int) -> range:
    """So many of ``size`` places that ``at`` is among them."""
    start = max(0, min(at - most // 2, size - most)) if at >= most else 0
    return range(start, min(size, start + most))


def _are_whole(values: np.ndarray) -> bool:
    if values.dtype.kind != "f":
        return True
    return bool(np.isfinite(values).all() and (abs(values - np.round(values)) < WHOLE).all())


def _number(number: Any, whole: bool) -> str:
    if isinstance(number, np.bool_):
        return "1" if number else "."
    if whole:
        return f"{number:.0f}".replace("-0", "0") if number == 0 else f"{number:.0f}"
    if not np.isfinite(number):
        return str(float(number))
    if number != 0 and (abs(number) >= 1e5 or abs(number) < 5e-4):
        return "0.0000" if abs(number) < 1e-7 else f"{number:.1e}"
    return f"{number:.4f}".replace("-0.0000", "0.0000")


def _is_text(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and len(value) > 0 and all(isinstance(part, str) for part in value)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, (list, tuple)) else value


def _cut(line: str, width: int) -> str:
    return line if cell_len(line) <= width else set_cell_size(line, width - 1).rstrip() + sign("…")


def blocks(left: Sequence[str], right: Sequence[str], width: int) -> list[tuple[str, str]]:
    """Two values line beside line, the left one filled up to ``width`` columns."""
    height = max(len(left), len(right))
    filled = [[*side, *[""] * (height - len(side))] for side in (left, right)]
    return [(line + " " * max(0, width - cell_len(line)), beside) for line, beside in zip(*filled)]

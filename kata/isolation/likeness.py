"""Whether two values are equal as a suite sees them: within rounding, names in any order, chance by its spread."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

CLOSE = {torch.float64: 1e-6, torch.float32: 1e-3}
"""Largest ``|a - b| / (1 + |b|)`` of numbers that count as equal; 1e-2 for shorter dtypes."""

FEW, MANY = 16, 1000
"""Fewer random numbers say nothing of their distribution; of many it can be said whether it is normal or uniform."""


class Drawn:
    """A parameter with the random values that it was made with."""

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = tensor


def alike(one: Any, other: Any) -> bool:
    """Whether two values are equal as a suite sees them."""
    if isinstance(one, Tensor) and isinstance(other, Tensor):
        return _tensors_alike(one, other)
    if isinstance(one, Drawn) or isinstance(other, Drawn):
        return _drawn_alike(one, other)
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        if _is_mapping(one) and _is_mapping(other):
            return alike(dict(one), dict(other))
        return len(one) == len(other) and all(alike(a, b) for a, b in zip(one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(alike(value, other[key]) for key, value in one.items())
    if type(one) is float and type(other) is float:
        return one == other or (math.isnan(one) and math.isnan(other)) or abs(one - other) <= 1e-5 * (1 + abs(other))
    return type(one) is type(other) and one == other


def _is_mapping(value: Any) -> bool:
    """Whether a list is one of names and values, whose order is the learner's own affair."""
    return bool(value) and all(isinstance(part, tuple) and len(part) == 2 and type(part[0]) is str for part in value)


def _tensors_alike(one: Tensor, other: Tensor) -> bool:
    if one.shape != other.shape or one.dtype != other.dtype or one.device != other.device:
        return False
    if one.device.type == "meta":
        return True
    if not one.dtype.is_floating_point:
        return torch.equal(one, other)
    a, b = one.double(), other.double()
    allowed = CLOSE.get(one.dtype, 1e-2) * (1 + b.abs())
    equal = (a == b) | (a.isnan() & b.isnan()) | ((a - b).abs() <= allowed)
    return bool(equal.all())


def _drawn_alike(one: Any, other: Any) -> bool:
    """Whether values are equal, or random numbers that may come from one distribution, as far as so many can tell."""
    if not isinstance(one, Drawn) or not isinstance(other, Drawn):
        return alike(*(value.tensor if isinstance(value, Drawn) else value for value in (one, other)))
    if _tensors_alike(one.tensor, other.tensor):
        return True
    a, b = one.tensor, other.tensor
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    a, b = a.double(), b.double()
    widths = a.std(unbiased=False).item(), b.std(unbiased=False).item()
    if not min(widths) > 0:
        return False
    if a.numel() < FEW:
        return True
    # Seven times what the estimates scatter by: in 400,000 tries none came that far.
    scatter = 7 / math.sqrt(a.numel())
    same_width = abs(math.log(widths[0] / widths[1])) <= scatter
    same_centre = abs(a.mean().item() - b.mean().item()) <= scatter * math.sqrt(2) * max(widths)
    same_kind = a.numel() < MANY or abs(_flatness(a) - _flatness(b)) <= 0.05
    return same_width and same_centre and same_kind


def _flatness(numbers: Tensor) -> float:
    """Mean absolute deviation by standard deviation (Geary's test): 0.80 for normal numbers, 0.87 for uniform ones."""
    apart = numbers - numbers.mean()
    return apart.abs().mean().item() / numbers.std(unbiased=False).item()

"""Whether two values are equal as a suite sees them: within rounding, names in any order, chance by its spread."""

from __future__ import annotations

import functools
import math
from typing import Any

import torch
from torch import Tensor

CLOSE = {torch.float64: 1e-6, torch.float32: 1e-3}
"""Largest ``|a - b| / (1 + |b|)`` of numbers that count as equal; 1e-2 for shorter dtypes."""

FEW, MANY = 16, 1000
"""Fewer random numbers say nothing of their distribution; of many it can be said whether it is normal or uniform."""


class Drawn:
    """A parameter with the random values that it was made with, and how they are spread."""

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = tensor

    @functools.cached_property
    def width_and_centre(self) -> tuple[float, float]:
        """Standard deviation and mean."""
        width, centre = torch.std_mean(self.tensor.double(), unbiased=False)
        return width.item(), centre.item()

    @functools.cached_property
    def flatness(self) -> float:
        """Mean absolute deviation by standard deviation (Geary's test): 0.80 for normal numbers, 0.87 for uniform."""
        width, centre = self.width_and_centre
        return (self.tensor.double() - centre).abs().mean().item() / width


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
    if one.tensor.shape != other.tensor.shape or one.tensor.dtype != other.tensor.dtype:
        return False
    (width, centre), (other_width, other_centre) = one.width_and_centre, other.width_and_centre
    if not (width > 0 and other_width > 0):
        return _tensors_alike(one.tensor, other.tensor)
    count = one.tensor.numel()
    if count < FEW:
        return True
    # Seven times what the estimates scatter by: in 400,000 tries none came that far.
    scatter = 7 / math.sqrt(count)
    same_width = abs(math.log(width / other_width)) <= scatter
    same_centre = abs(centre - other_centre) <= scatter * math.sqrt(2) * max(width, other_width)
    return same_width and same_centre and (count < MANY or abs(one.flatness - other.flatness) <= 0.05)

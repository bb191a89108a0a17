"""What a picture is: a name, what it shows, how its data is computed and how it is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Callable, Mapping, Sequence

import numpy as np
import torch
from matplotlib.figure import Figure

Data = Mapping[str, np.ndarray]
"""What a picture shows, as named arrays."""


class UnusableAnswer(Exception):
    """The code ran, but what it returned cannot be drawn; the message says what came and what was needed."""


@dataclass(frozen=True)
class Picture:
    """One picture of a phase.

    Attributes:
        name: of its file, without ``.png``.
        data: computes what it shows. Its argument has the phase's functions and classes as attributes. It always
            gives the same arrays for the same code, and lets the code's exceptions through.
        draw: draws that, in ``"en"`` or ``"ja"``; called inside ``style.look``.
    """

    name: str
    data: Callable[[Any], Data]
    draw: Callable[[Data, str], Figure]


def frozen(**arrays: np.ndarray) -> Data:
    """Data under names."""
    return MappingProxyType(arrays)


def finite(data: Data) -> Data:
    """The same data, if all its numbers can be drawn.

    Raises:
        UnusableAnswer: if there is NaN or infinity; the message says where.
    """
    for name, values in data.items():
        strange = values[~np.isfinite(values)]
        if strange.size:
            kinds = " and ".join(["NaN"] * bool(np.isnan(strange).any()) + ["infinity"] * bool(np.isinf(strange).any()))
            raise UnusableAnswer(
                f"there is {kinds} in what the code computes ({name}: {strange.size} of {values.size})"
            )
    return data


def array_of(value: Any, shape: Sequence[int], what: str) -> np.ndarray:
    """A tensor of the learner's as an array of numbers.

    Args:
        value: what the code returned.
        shape: what its shape must be.
        what: the call that gave it, for the message.

    Raises:
        UnusableAnswer: if it is no tensor, has another shape, or holds no numbers.
    """
    if not isinstance(value, torch.Tensor):
        raise UnusableAnswer(f"{what} returned {_a(type(value).__name__)}, not a tensor")
    if tuple(value.shape) != tuple(shape):
        raise UnusableAnswer(f"{what} returned a tensor of shape {tuple(value.shape)}, not {tuple(shape)}")
    if value.is_complex():
        raise UnusableAnswer(f"{what} returned complex numbers")
    return value.detach().cpu().to(torch.float64).numpy()


def number_of(value: Any, what: str) -> float:
    """A number of the learner's.

    Raises:
        UnusableAnswer: if it is none.
    """
    if isinstance(value, torch.Tensor) and value.numel() == 1:
        value = value.item()
    if not isinstance(value, (int, float)):
        raise UnusableAnswer(f"{what} returned {_a(type(value).__name__)}, not a number")
    return float(value)


def pair_of(value: Any, what: str) -> tuple[Any, Any]:
    """The two results of a call that gives two.

    Raises:
        UnusableAnswer: if it gave something else.
    """
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise UnusableAnswer(f"{what} returned {_a(type(value).__name__)}, not a pair (output, weights)")
    return value[0], value[1]


def _a(type_name: str) -> str:
    if type_name == "NoneType":
        return "None"
    return f"{'an' if type_name[0] in 'aeiou' else 'a'} {type_name}"

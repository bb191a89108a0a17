"""What a picture is: a name, what it shows, how its data is computed and how it is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Callable, Mapping, Sequence, Tuple

import numpy as np
import torch
from matplotlib.figure import Figure

from ..i18n import choose

Data = Mapping[str, np.ndarray]
"""What a picture shows, as named arrays."""


class UnusableAnswer(Exception):
    """The code ran, but what it returned cannot be drawn; the message says what came and what was needed."""


Pair = Tuple[str, str]
"""English and Japanese."""


@dataclass(frozen=True)
class Claim:
    """A sentence of a caption that the data may belie: then it is told as what should be seen, and is not.

    Attributes:
        holds: whether the data shows it.
        words: the sentence.
        instead: what to say where it does not hold; None for the sentence itself, marked as not true here.
    """

    holds: Callable[[Data], bool]
    words: Pair
    instead: Pair | None = None


NOT_SO: Pair = (
    "(Not so here, and it should be: {words})",
    "(本来は次のとおりですが、ここではそうなっていません: {words})",
)


def caption(parts: Sequence[Pair | Claim], data: Data, lang: str, **values: object) -> str:
    """A caption that says only what the picture shows.

    Args:
        parts: its sentences, some of them claims.
        data: what the picture shows.
        lang: the language that is drawn.
        values: for the sentences' fields.
    """
    said = []
    for part in parts:
        words = part.words if isinstance(part, Claim) else part
        text = choose(words, lang).format(**values)
        if isinstance(part, Claim) and not part.holds(data):
            other = NOT_SO if part.instead is None else part.instead
            text = choose(other, lang).format(words=text, **values)
        said.append(text)
    return ("" if lang == "ja" else " ").join(filter(None, said))


def close(one: Any, other: Any, tolerance: float = 1e-3) -> bool:
    """Whether all numbers agree, as far as an eye can tell."""
    return bool(np.allclose(one, other, atol=tolerance, rtol=tolerance))


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

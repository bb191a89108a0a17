"""Mistakes with numbers in them that no list can hold: a base, an exponent, an order of dimensions, tokens of a batch.

The numbers are read off what the submission answers (``kata.diagnosis.fits``), and become a ``Misconception`` like any
other: it is named only if it behaves like the submission in every test.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Callable, Mapping


def as_it_is(value: str) -> Mapping[str, str]:
    """The words of a family in whose texts the value stands as it is."""
    return {"value": value}


@dataclass(frozen=True)
class Fitted:
    """A family of mistakes that differ by a value.

    Attributes:
        id, task, edits, en, ja, lesson, met: as in ``Misconception``, with ``{word}`` where a word stands.
        pattern: which values there are, as a regular expression.
        samples: values that the proofs of the catalogue make the mistake with.
        words: what a value is in the edits and texts.
        covers: ids of entries that are this mistake with a value of their own.
    """

    id: str
    task: str
    pattern: str
    samples: tuple[str, ...]
    edits: tuple[tuple[str, str], ...]
    en: str
    ja: str
    lesson: str
    words: Callable[[str], Mapping[str, str]] = as_it_is
    covers: tuple[str, ...] = ()
    met: tuple[str, ...] = ()

    def filled(self, value: str) -> Callable[[str], str]:
        """What puts the words of a value into an edit or a text.

        Raises:
            ValueError: if there is no such value.
        """
        if not re.fullmatch(self.pattern, value):
            raise ValueError(f"{self.id}: {value!r} is no value of it")
        words = self.words(value)
        return lambda text: re.sub(r"\{(\w+)\}", lambda found: words.get(found[1], found[0]), text)


NUMBER = r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?"
"""A number as ``number`` writes it."""


def number(value: float) -> str:
    """A number with at most six digits, as code and as text."""
    return f"{value:.6g}"


def power(name: str, exponent: str) -> str:
    """A factor of a product as code; empty if it is 1."""
    return {"0": "", "1": name}.get(exponent, f"{name}**{exponent}")


def product(*factors: str) -> str:
    """The product of some factors as code; empty ones are 1."""
    return " * ".join(factor for factor in factors if factor) or "1"

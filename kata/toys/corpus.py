"""What a toy gives to a training: pairs to learn and pairs to be tested on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping, Sequence, Tuple

Pair = Tuple[Tuple[str, ...], Tuple[str, ...]]
"""Source and target, each a tuple of tokens without specials."""


@dataclass(frozen=True)
class Corpus:
    """The pairs of a toy.

    Attributes:
        train: pairs to learn.
        validation: name of a part to its pairs; ``"unseen"`` is always there and comes first. No source of any part
            stands in ``train``.
    """

    train: Sequence[Pair]
    validation: Mapping[str, Sequence[Pair]]

    def pairs(self) -> list[Pair]:
        """All pairs."""
        return [*self.train, *(pair for part in self.validation.values() for pair in part)]

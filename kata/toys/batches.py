"""Batches of similar length, in an order that depends on the seed alone."""

from __future__ import annotations

from random import Random
from typing import Iterator, Sequence, Tuple, TypeVar

T = TypeVar("T")

Encoded = Tuple[Sequence[int], Sequence[int]]
"""Source and target as ids, without specials."""


def training_batches(
    pairs: Sequence[Encoded], size: int, seed: int, start: int = 0, group: int = 20
) -> Iterator[list[Encoded]]:
    """Batches for ever, each epoch in an order of its own.

    Args:
        pairs: what to learn.
        size: pairs a batch; the last one of an epoch may have fewer.
        seed: seed of the order.
        start: how many batches to leave out, in order to go on where a training was interrupted.
        group: pairs are sorted by length within groups of this many batches. The more, the less padding, and the less
            alike are two batches one after the other; 1 does not sort at all.
    """
    each = -(-len(pairs) // size)
    epoch, skip = divmod(start, each)
    while True:
        yield from _epoch(pairs, size, Random(f"batches {seed} {epoch}"), group)[skip:]
        epoch, skip = epoch + 1, 0


def _epoch(pairs: Sequence[Encoded], size: int, random: Random, group: int) -> list[list[Encoded]]:
    shuffled = random.sample(pairs, len(pairs))
    batches: list[list[Encoded]] = []
    for first in range(0, len(shuffled), size * group):
        batches += in_order(sorted(shuffled[first : first + size * group], key=_length), size)
    random.shuffle(batches)
    return batches


def in_order(items: Sequence[T], size: int) -> list[list[T]]:
    """Pairs, or their numbers, as they come, cut into batches."""
    return [list(items[first : first + size]) for first in range(0, len(items), size)]


def _length(pair: Encoded) -> tuple[int, int]:
    return len(pair[1]), len(pair[0])

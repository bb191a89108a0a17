"""Copy, reverse and sort: strings of letters."""

from __future__ import annotations

import string
from random import Random
from typing import Callable

from .corpus import Corpus, Pair

LETTERS = string.ascii_lowercase
LONGEST = 10
SHORTEST = 3
"""Strings of one or two letters are so few that training would hold nearly all of them."""

SPLIT_SEED = 20170612
"""Which strings are validation does not depend on the seed of a training: scores of several seeds compare."""

TASKS: dict[str, Callable[[str], str]] = {
    "copy": lambda text: text,
    "reverse": lambda text: text[::-1],
    "sort": lambda text: "".join(sorted(text)),
}


def make_corpus(
    task: str, seed: int, train: int, validation: int, letters: int = len(LETTERS), longest: int = LONGEST
) -> Corpus:
    """Draw strings and what the task makes of them; no string of validation is in training.

    Args:
        task: a key of ``TASKS``.
        seed: seed of the training strings.
        train, validation: how many distinct strings there are of each.
        letters, longest: how many letters to draw from, and the length of the longest string.
    """
    taken: set[str] = set()
    alphabet, lengths = LETTERS[:letters], (SHORTEST, longest)
    unseen = _draw(task, Random(SPLIT_SEED), validation, taken, alphabet, lengths)
    pairs = _draw(task, Random(f"{task} {seed}"), train, taken, alphabet, lengths)
    return Corpus(train=pairs, validation={"unseen": unseen})


def _draw(
    task: str, random: Random, count: int, taken: set[str], alphabet: str, lengths: tuple[int, int]
) -> list[Pair]:
    pairs: list[Pair] = []
    while len(pairs) < count:
        text = "".join(random.choices(alphabet, k=random.randint(*lengths)))
        if text not in taken:
            taken.add(text)
            pairs.append((tuple(text), tuple(TASKS[task](text))))
    return pairs

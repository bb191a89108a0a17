"""More than one mistake in a task: which known ones explain its failing tests together?"""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Iterable, NamedTuple, Sequence

from .misconceptions import Misconception
from .try_misconceptions import Candidates

MAX_TOGETHER = 3
"""More mistakes are not looked for: by so many nearly everything can be explained."""

MAX_PAIRS = 60
"""Two mistakes in one copy are tried for so many pairs; each costs a few hundredths of a second."""

MAX_SETS = 30
"""If more sets are as small, none is certain: they are not tried."""

MAX_UNEXPLAINED = 0.1
"""Share of the failing tests that may be left. A mistake that nobody has entered often answers like one or another of
the catalogue in some tests: ``selftest.false_names`` tells which names that would give."""


class Several(NamedTuple):
    """What was found.

    Attributes:
        entries: the misconceptions; none if nothing is certain.
        unexplained: how many of the failing tests none of them explains.
    """

    entries: tuple[Misconception, ...]
    unexplained: int = 0


def find_several(tried: Candidates, candidates: Iterable[Misconception]) -> Several:
    """The known mistakes that together explain the failing tests and contradict no passing one.

    Each explains at least one failing test alone, and not only by a crash, and a copy with all of them answers alike in
    every test that one of them explains; or two in one copy explain all. What is not in every smallest set is not
    certain, and is not named; nor is anything where much is left unexplained.

    Args:
        tried: knows the tests.
        candidates: none of which explains all failing tests alone.
    """
    innocent = [entry for entry in candidates if tried.passes_the_rest(entry)]
    explained = {entry.id: tried.explained(entry) for entry in innocent}
    useful = [entry for entry in innocent if explained[entry.id] & tried.failed_by_values]
    every = set(tried.failed)
    covered = set().union(*(explained[entry.id] for entry in useful)) if useful else set()
    sets = _smallest(tried, useful, explained, covered)
    if covered != every or not sets:
        pairs = [pair for pair in _pairs(innocent, explained) if tried.fails_alike(together(*pair))]
        if pairs:
            named = _in_all(pairs)
            left = every.difference(*(explained[entry.id] for entry in named))
            return Several(named, 0 if named in pairs else len(left))
    if not sets:
        return Several(())
    named = _in_all(sets)
    left = every.difference(*(explained[entry.id] for entry in named))
    return Several(named, len(left)) if len(left) <= MAX_UNEXPLAINED * len(every) else Several(())


def _smallest(
    tried: Candidates, useful: Sequence[Misconception], explained: dict[str, set[str]], covered: set[str]
) -> list[tuple[Misconception, ...]]:
    """The smallest sets that cover what can be explained, and that still do in one copy.

    A test may answer to each of two mistakes alone by chance; of both at once, as the submission would have them, it
    seldom does.
    """
    for count in range(1, MAX_TOGETHER + 1):
        sets = [
            chosen
            for chosen in itertools.combinations(useful, count)
            if set().union(*(explained[entry.id] for entry in chosen)) == covered
        ]
        if len(sets) <= MAX_SETS:
            sets = [chosen for chosen in sets if count == 1 or _holds(tried, chosen, covered)]
        if sets:
            return sets
    return []


def _holds(tried: Candidates, chosen: Sequence[Misconception], covered: set[str]) -> bool:
    """Whether a copy with all of them answers alike where each alone did; those that change the same code have none."""
    if not _fit(*chosen):
        return True
    copy = together(*chosen)
    return covered <= tried.explained(copy) and tried.passes_the_rest(copy)


def together(*entries: Misconception) -> Misconception:
    """Several mistakes in one copy of the solution."""
    return replace(
        entries[0], id="+".join(entry.id for entry in entries), edits=sum((entry.edits for entry in entries), ())
    )


def _pairs(
    entries: Sequence[Misconception], explained: dict[str, set[str]]
) -> list[tuple[Misconception, Misconception]]:
    """Pairs whose changes do not overlap, those first that explain much alone."""
    ordered = sorted(entries, key=lambda entry: -len(explained[entry.id]))
    pairs = sorted(
        itertools.combinations(ordered, 2), key=lambda pair: -sum(len(explained[entry.id]) for entry in pair)
    )
    return [pair for pair in pairs[:MAX_PAIRS] if _fit(*pair)]


def _fit(*entries: Misconception) -> bool:
    try:
        together(*entries).source()
    except ValueError:  # they change the same code
        return False
    return True


def _in_all(sets: Sequence[Sequence[Misconception]]) -> tuple[Misconception, ...]:
    """What is in every one of some sets; one whose value was read off the answers gives way to a listed one."""
    sets = [chosen for chosen in sets if not any(entry.fitted for entry in chosen)] or sets
    return tuple(entry for entry in sets[0] if all(entry in chosen for chosen in sets))

"""The files of a folder that import each other: what is known of their names grows until nothing new is found."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from ..files import complaint_about
from ..tree import TooMuch

MAX_STEPS = 2_000_000
"""Things looked at in all rounds together, a second or two. The solutions need a few hundred."""


class Member(Protocol):
    """One file."""

    def settle(self) -> bool:
        """Find out what follows from what the others know by now; return whether that is news for them."""

    def at_top(self, name: str) -> set[str]:
        """What is known of a name at the top of this file; of one that nobody has asked for before, nothing yet."""


class Budget:
    """What the check of a phase may look at, in all of its files and all rounds together."""

    def __init__(self) -> None:
        self._steps = 0

    def spend(self, steps: int) -> None:
        """Count what is looked at.

        Raises:
            TooMuch: if it has become too much to follow.
        """
        self._steps += steps
        if self._steps > MAX_STEPS:
            raise TooMuch("too much to follow")

    def spend_on(self, path: Path) -> None:
        """Count what reading a file costs: a step for every byte, before it is read."""
        if not complaint_about(path):
            self.spend(path.stat().st_size)


class Family:
    """The files that were read so far.

    Args:
        budget: what may be looked at; None for one of its own.

    Attributes:
        budget: this one.
        by_name: name of a file beside the first one to what it is; None for one that cannot be read.
    """

    def __init__(self, budget: Budget | None = None) -> None:
        self.budget = budget or Budget()
        self.spend = self.budget.spend
        self.by_name: dict[str, Member | None] = {}
        self._members: list[Member] = []
        self._busy = False

    def add(self, member: Member) -> None:
        """A file has been read."""
        self._members.append(member)

    def settle(self) -> None:
        """Go round until nobody has news; one round is enough where no file imports another."""
        if self._busy:  # whoever goes round comes by again
            return
        self._busy = True
        try:
            # Those that are read on the way are members at once, and have news.
            while any([member.settle() for member in self._members]):  # noqa: C419 (all of them, every time)
                pass
        finally:
            self._busy = False

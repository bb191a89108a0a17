"""Which value of a family of mistakes explains what a submission answered?

A fit proposes: it looks at the calls whose answer it can compute itself and says with which values the family's formula
gives those answers. Whether the mistake behaves so everywhere is then tried like that of any other candidate.
"""

from __future__ import annotations

import contextlib
from itertools import islice
from typing import Callable, Iterable, Iterator, Mapping, Sequence

from ...sandbox.host.recording import Recording
from ..calls import Call, calls_of
from ..misconceptions import Misconception, fitted_families, with_value
from ..misconceptions.fitted import Fitted
from . import phase1, phase2, phase3, phase4, phase5, phase5_masks, phase6

Fit = Callable[[Sequence[Call]], Iterable[str]]

PHASES = (phase1, phase2, phase3, phase4, phase5, phase5_masks, phase6)
FITS: Mapping[str, Fit] = {name: fit for phase in PHASES for name, fit in phase.FITS.items()}
"""Id of a family to the values that fit some calls, the simplest first."""

MOST = 2
"""So many values of a family are tried."""


def families_of(task: str) -> list[Fitted]:
    """The families of mistakes in a task."""
    return [family for family in fitted_families().values() if family.task == task]


def fitted(families: Iterable[Fitted], recordings: Iterable[Recording]) -> Iterator[Misconception]:
    """The mistakes of some families of one task that explain what was answered in some tests."""
    recordings = list(recordings)
    calls: dict[str, list[Call]] = {}
    for family in families:
        # The answers are the submission's: whatever they confuse in here says only that nothing fits.
        with contextlib.suppress(Exception):
            if family.task not in calls:
                calls[family.task] = calls_of(recordings, family.task)
            for value in islice(FITS[family.id](calls[family.task]), MOST):
                yield with_value(family, value)

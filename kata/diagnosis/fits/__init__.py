"""Which value of a family of mistakes explains what a submission answered?

A fit proposes: it looks at the calls whose answer it can compute itself and says with which values the family's formula
gives those answers. Whether the mistake behaves so everywhere is then tried like that of any other candidate.
"""

from __future__ import annotations

import contextlib
import functools
import pkgutil
from importlib import import_module
from itertools import islice
from typing import Callable, Iterable, Iterator, Mapping, Sequence

from ...sandbox.host.recording import Recording
from ..calls import Call, calls_of
from ..misconceptions import Misconception, fitted_families, with_value
from ..misconceptions.fitted import Fitted

Fit = Callable[[Sequence[Call]], Iterable[str]]

MOST = 2
"""So many values of a family are tried."""


@functools.lru_cache(maxsize=None)
def fits() -> Mapping[str, Fit]:
    """Id of a family to the values that fit some calls, the simplest first; a student edition lacks some phases'."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name.startswith("phase"))
    return {name: fit for module in names for name, fit in import_module(f"{__name__}.{module}").FITS.items()}


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
            for value in islice(fits()[family.id](calls[family.task]), MOST):
                yield with_value(family, value)

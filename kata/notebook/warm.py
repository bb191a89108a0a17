"""The session that a notebook keeps: of the phase that is worked on, so that a cell costs only its tests."""

from __future__ import annotations

import contextlib
from typing import Iterator

from ..course.phases import Phase
from ..grading.session_client import SuitesBroken, WarmSession


class Warm:
    """At most one session at a time.

    Args:
        seed: seed of all random draws.
    """

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed
        self._session: WarmSession | None = None
        self._phase: Phase | None = None

    def of(self, phase: Phase) -> WarmSession:
        """The session of a phase; that of another phase ends."""
        if self._session is None or self._phase is None or self._phase.id != phase.id:
            self.end()
            self._session, self._phase = WarmSession([phase], self.seed), phase
        return self._session

    def end(self) -> None:
        """End the session; the next task starts another."""
        if self._session is not None:
            self._session.end()
        self._session = self._phase = None

    @contextlib.contextmanager
    def ending_on_trouble(self) -> Iterator[None]:
        """A session that has died, or was interrupted in the middle of an order, is not used again."""
        try:
            yield
        except (SuitesBroken, KeyboardInterrupt):
            self.end()
            raise

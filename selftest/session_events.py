"""What a session told, picked out."""

from __future__ import annotations

from typing import Iterable

from kata.results import TestResult
from kata.session_protocol import Event, Finished


def results_of(events: Iterable[Event]) -> list[TestResult]:
    """How the tests ended, in the order in which they did."""
    return [event.result for event in events if isinstance(event, Finished)]

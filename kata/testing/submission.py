"""What tests, replay and reports ask of a submission, wherever it runs: in this process or behind the wall."""

from __future__ import annotations

from typing import Any, Protocol


class Submission(Protocol):
    """A submission under test.

    Attributes:
        in_guest: helper modules that live beside it.
        recording: takes note of its answers; None for nothing.
    """

    in_guest: Any
    recording: Any

    @property
    def changed_inputs(self) -> bool:
        """Whether an argument of a call was changed in place during this test."""

    def phase(self, under_test: str, phase_id: str) -> Any:
        """A phase as the suite of ``under_test`` sees it; an empty ``under_test`` is the assembled suite."""

    def begin(self, under_test: str, seed: int, limit: float, writes_back: bool = True) -> None:
        """A test begins.

        Args:
            under_test: id of the phase under test; empty for all together.
            seed: seed of what the code draws.
            limit: seconds for the test; 0 for no limit.
            writes_back: whether the test sees what the code changed in place in its arguments.
        """

    def end(self) -> str:
        """A test ends; which global settings it left changed."""

    def seed(self, value: int) -> None:
        """Seed torch where the submission runs."""

    def take_output(self) -> str:
        """What the submission printed during the test."""

    def held(self) -> list[str] | None:
        """What the wall holds back; None if there is no wall, or no guest yet."""

    def close(self) -> None:
        """End everything that belongs to it."""

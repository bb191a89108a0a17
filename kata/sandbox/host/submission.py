"""A submission behind the wall, as the suites see it: the same interface as ``kata.submission``."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import torch

from ...source.neighbours import Neighbours
from ..confinement import _libc
from .client import GuestProcess
from .guests import Guests
from .handles import Handle
from .launch import SpawnServer, can_fork, start_server
from .recording import Recording

prepared_server: Any = None
"""A server forked earlier, while this process knew nothing secret (see ``kata.session``)."""


PROBED = frozenset(("setup_example", "teardown_example", "execute_example"))
"""What hypothesis looks for in the first argument of every test."""


class WalledSubmission:
    """A submission in guest processes, one for each phase under test.

    Args:
        target: its folder.
        reference: folder of the phases that are not under test.
        assembled: take all phases from ``target``.
        server: makes the guests; None for the prepared one, or else a new one.
    """

    def __init__(self, target: Path, reference: Path, assembled: bool, server: Any = None) -> None:
        torch.set_num_threads(1)
        _libc.shield_this_process()
        self._server = server or prepared_server or (start_server() if can_fork() else SpawnServer())
        # For trying what the wall is worth on a machine that offers less: KATA_WITHOUT=landlock,seccomp
        without = os.environ.get("KATA_WITHOUT", "").split(",")
        settings = {name: name not in without for name in ("landlock", "seccomp")}
        self._wall = Guests(self._server, target, reference, settings)
        self._assembled = assembled
        self._guest: GuestProcess | None = None
        self.recording: Any = None
        self.in_guest = RemoteHelpers(self)

    def aim(self, target: Path, within: Path | None = None, neighbours: Neighbours | None = None) -> None:
        """Go on with another folder, or with new guests for the same one; arguments as for ``Guests.aim``."""
        self._guest = None
        self._wall.aim(target, within, neighbours)

    def phase(self, under_test: str, phase_id: str) -> RemotePhase:
        """A phase as the suite of ``under_test`` sees it."""
        return RemotePhase(self, phase_id)

    def begin(self, under_test: str, seed: int, limit: float, writes_back: bool = True) -> None:
        """A test begins: see that there is a living guest, and give it so many seconds."""
        self._guest = None
        guest = self._living_guest(under_test, limit)
        guest.writes_back = writes_back
        guest.recording = self.recording
        guest.begin(seed)
        self._guest = guest

    def repeat(self, under_test: str, recording: Recording, limit: float, comparison: Any) -> None:
        """Ask for what was asked in an earlier test, as long as that makes sense; ``comparison`` hears the answers.

        Raises:
            GuestDied, TestTimeout: if the guest does not answer.
            Diverged: from the comparison.
        """
        self._guest = None
        guest = self._living_guest(under_test, limit)
        for exchange in recording.exchanges:
            comparison.note(exchange.request, guest.repeat(exchange.request))
            if not comparison.numbered_alike:
                return

    def _living_guest(self, under_test: str, limit: float) -> GuestProcess:
        """The guest for a test that begins, with so many seconds from now."""
        self._server.output.take()
        guest = self._wall.guest(under_test, self._assembled or not under_test, limit)
        guest.limit = limit
        guest.deadline = time.monotonic() + limit if limit else None
        return guest

    @property
    def changed_inputs(self) -> bool:
        """Whether an argument of a call was changed in place during this test."""
        return self._guest is not None and self._guest.changed_inputs

    def end(self) -> str:
        """A test ends; which global settings it left changed."""
        return self._guest.end() if self._guest is not None and not self._guest.dead else ""

    def seed(self, value: int) -> None:
        """Seed torch where the submission runs."""
        self.request({"op": "seed", "seed": value})

    def request(self, request: dict[str, Any]) -> Any:
        """Ask the guest of the test that is running."""
        if self._guest is None:
            raise RuntimeError("the submission was asked for something outside of a test")
        return self._guest.request(request)

    def holds(self, handle: Handle) -> bool:
        """Whether a handle is one of the test that is running."""
        return self._guest is not None and self._guest.holds(handle)

    def take_output(self) -> str:
        """What the submission printed during the test."""
        return self._server.output.take()

    def held(self) -> list[str] | None:
        """What the wall holds back, as far as all guests agree; None if there was no guest."""
        return None if self._wall.held is None else sorted(self._wall.held)

    def close(self) -> None:
        """End all guests."""
        self._wall.close()


class RemotePhase:
    """A phase's module in the guest."""

    def __init__(self, submission: WalledSubmission, phase_id: str) -> None:
        self._submission = submission
        self._phase_id = phase_id
        self._known: dict[str, Handle] = {}

    def __getattr__(self, name: str) -> Any:
        if name.startswith(("_", "hypothesis_")) or name in PROBED:  # printers probe for `_repr_pretty_`
            raise AttributeError(name)
        known = self._known.get(name)
        if known is not None and self._submission.holds(known):
            return known
        value = self._submission.request({"op": "phase", "phase": self._phase_id, "name": name})
        if isinstance(value, Handle):
            self._known[name] = value
        return value


class RemoteHelpers:
    """The helper modules under ``tests/support/in_guest``, loaded in the guest."""

    def __init__(self, submission: WalledSubmission) -> None:
        self._submission = submission

    def __getattr__(self, name: str) -> Any:
        if name.startswith(("__", "hypothesis_")) or name in PROBED:
            raise AttributeError(name)
        return _RemoteModule(self._submission, name)


class _RemoteModule:
    """One helper module in the guest."""

    def __init__(self, submission: WalledSubmission, module: str) -> None:
        self._submission = submission
        self._module = module

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._submission.request({"op": "in_guest", "module": self._module, "name": name})

"""The host's side of making guests: one server, a guest a phase, replaced when it dies.

Where a guest is started, not forked, which takes seconds, it goes on to the next phase if that needs no reference
either and nothing that it did is left over.
"""

from __future__ import annotations

import json
import os
import signal
import tempfile
import time
from pathlib import Path
from typing import Any

from ...course.dependencies import builds_on
from ...course.phases import COURSE, SUITES
from ...source.files import complaint_about
from ...source.neighbours import Neighbours
from ..confinement.scratch import remove
from ..errors import GuestDied, TestTimeout
from ..protocol.channel import ChannelClosed, ChannelNonsense, ChannelTimeout
from .client import GuestProcess
from .launch import START_SECONDS
from .reference import compiled, substitutes
from .scratch_watch import OVERFULL, ScratchWatch


class Guests:
    """Give every phase its guest.

    Args:
        server: makes the guests.
        target: folder of the submission.
        reference: folder of the phases that are not under test.
        settings: ``landlock`` and ``seccomp``, to switch one off.
    """

    def __init__(self, server: Any, target: Path, reference: Path, settings: dict[str, bool]) -> None:
        self._server = server
        self._target = target
        self._within: Path | None = None
        self._neighbours: Neighbours | None = None
        self._reference = reference
        self._settings = settings
        self._guests: dict[str, tuple[GuestProcess, int]] = {}
        self._scratch = Path(tempfile.mkdtemp(prefix="kata-"))
        self._watch = ScratchWatch()
        self._broken: dict[str, BaseException] = {}
        self.held: set[str] | None = None

    def aim(self, target: Path, within: Path | None = None, neighbours: Neighbours | None = None) -> None:
        """Take submissions from another folder from now on; guests that are at work end.

        Args:
            target: the folder.
            within: a folder of many targets of the project's own making, for a diagnosis. One guest may read them
                all, and goes on from one to the next: making a guest takes longer than most tests.
            neighbours: reference code in place of some tasks of the phase under test.
        """
        keeps_guests = within is not None and within == self._within
        self._target, self._within, self._neighbours = target, within, neighbours
        self._broken.clear()
        for phase_id, (guest, _) in list(self._guests.items()):
            if keeps_guests and not guest.dead:
                guest.redirect({"op": "aim", "default": str(target)})
            else:
                self.end(phase_id)

    def guest(self, phase_id: str, together: bool, limit: float) -> GuestProcess:
        """The living guest in which a phase is tested; a new one if there is none.

        Args:
            phase_id: the phase under test; empty for all together.
            together: all phases come from the target.
            limit: seconds that importing the phase may take; 0 for no limit.

        Raises:
            GuestDied, TestTimeout: if importing the phase ends the process or hangs; also at every later call.
        """
        if phase_id in self._broken:
            raise self._broken[phase_id]
        if phase_id in self._guests:
            guest, _ = self._guests[phase_id]
            if not guest.dead:
                return guest
            self.end(phase_id)
        if self._server.starts_programs and self._holds_nothing(phase_id, together):
            self._go_on(phase_id)
        for other in [other for other in self._guests if other != phase_id]:
            self.end(other)  # nothing that it has left running disturbs this phase
        if phase_id not in self._guests:
            self._guests[phase_id] = self._make(self._config(phase_id, together))
        guest, _ = self._guests[phase_id]
        guest.limit = limit
        guest.deadline = time.monotonic() + limit if limit else None
        try:
            guest.request({"op": "load", "phases": [phase.id for phase in COURSE] if together else [phase_id]})
        except (GuestDied, TestTimeout) as error:
            file = f"{self._target.name}/{phase_id}.py" if phase_id else f"{self._target.name}/*.py"
            self._broken[phase_id] = type(error)(f"{error} while {file} is imported")
            raise self._broken[phase_id] from None
        return guest

    def _holds_nothing(self, phase_id: str, together: bool) -> bool:
        """Whether the guest of a phase has no code but the submission's."""
        return not (together or self._neighbours or self._within or builds_on(phase_id, self._reference))

    def _go_on(self, phase_id: str) -> None:
        """Have the guest of an earlier phase go on with this one, if it can. Neither needs any reference."""
        for other, (guest, pid) in list(self._guests.items()):
            if self._holds_nothing(other, not other) and guest.goes_on({"op": "aim", "default": str(self._target)}):
                del self._guests[other]
                self._guests[phase_id] = (guest, pid)

    def _make(self, config: dict[str, Any]) -> tuple[GuestProcess, int]:
        channel, pid = self._server.spawn(config)
        self._watch.enter(pid, Path(config["scratch"]))
        try:
            told = json.loads(channel.receive(time.monotonic() + START_SECONDS)[0])
            if told["scratch"] != config["scratch"]:
                raise ValueError("another guest than the one that was asked for")
            held = set(told["held"])
        except (ChannelClosed, ChannelTimeout, ChannelNonsense, ValueError, KeyError):
            status = self._end_process(pid)
            raise GuestDied(f"the process for the submission could not start ({_describe(status)})") from None
        self.held = held if self.held is None else self.held & held
        return GuestProcess(channel, lambda: self._how_it_ended(pid)), pid

    def _config(self, phase_id: str, together: bool) -> dict[str, Any]:
        given = () if together else builds_on(phase_id, self._reference)
        # Files one by one: the target may be a folder that holds the tests as well.
        sources = [str(path) for path in sorted(self._target.glob("*.py")) if not complaint_about(path)]
        return {
            "reference": {phase: compiled(self._reference / f"{phase}.py") for phase in given},
            "default": str(self._target),
            "in_guest": str(SUITES / "support" / "in_guest"),
            "sources": [str(self._target)],
            "substitutes": substitutes(self._neighbours) if self._neighbours is not None else None,
            "scratch": tempfile.mkdtemp(prefix="guest-", dir=self._scratch),
            "readable": [
                *(sources if self._within is None else [str(self._within)]),
                str(SUITES / "support" / "in_guest"),
            ],
            **self._settings,
        }

    def _how_it_ended(self, pid: int) -> str:
        for phase_id, (_, known) in self._guests.items():
            if known == pid:
                status = self._end_process(pid)
                self._guests[phase_id] = (self._guests[phase_id][0], 0)
                why = OVERFULL if self._watch.was_overfull(pid) else _describe(status)
                return f"the code ended its process ({why})"
        return "the code ended its process"

    def end(self, phase_id: str) -> None:
        """End the guest of a phase, if there is one."""
        guest, pid = self._guests.pop(phase_id, (None, 0))
        if pid:
            self._end_process(pid)
        if guest is not None:
            guest.hang_up()

    def _end_process(self, pid: int) -> int:
        status = self._server.end(pid)
        folder = self._watch.leave(pid)
        if folder is not None:
            remove(folder)
        return status

    def close(self) -> None:
        """End everything and remove the scratch folder."""
        self._watch.close()
        for phase_id in list(self._guests):
            self.end(phase_id)
        self._server.close()
        remove(self._scratch)


WINDOWS = {0xC0000005: "access violation", 0xC00000FD: "stack overflow", 0xC0000374: "heap corruption"}
"""How a process crashes on Windows (NTSTATUS values)."""


def _describe(status: int) -> str:
    """A wait status in words."""
    if hasattr(os, "WIFSIGNALED") and os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        try:
            return f"signal {signal.Signals(number).name}"
        except ValueError:
            return f"signal {number}"
    code = status >> 8
    return f"exit status {code}" if code < 0x80000000 else f"exit status {code:#X}, {WINDOWS.get(code, 'a crash')}"

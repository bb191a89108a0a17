"""The host's side of making guests: one server, a guest a phase, replaced when it dies."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, NamedTuple, Sequence

from .. import interrupts
from ..course import COURSE, PROJECT, SUITES
from ..loading import complaint_about
from ..verdicts import GuestDied, TestTimeout
from . import _libc
from .channel import Channel, ChannelClosed, ChannelNonsense, ChannelTimeout
from .host import GuestProcess
from .scratch import remove

OUTPUT_KEPT = 16_384
"""Bytes of what a test prints that are kept; the rest is read and thrown away."""

START_SECONDS = 120.0


class Output:
    """Read what guests print, for ever, and keep the beginning of what each test printed."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._kept = bytearray()
        self._dropped = 0
        self._lock = threading.Lock()
        threading.Thread(target=self._drain, daemon=True).start()

    def _drain(self) -> None:
        while True:
            try:
                chunk = os.read(self._descriptor, 1 << 16)
            except OSError:
                return
            if not chunk:
                return
            with self._lock:
                room = OUTPUT_KEPT - len(self._kept)
                self._kept += chunk[:room]
                self._dropped += max(0, len(chunk) - room)

    def take(self) -> str:
        """What has come since the last call."""
        with self._lock:
            text = self._kept.decode("utf-8", "replace")
            if self._dropped:
                text += f"\n[{self._dropped} more bytes]"
            self._kept, self._dropped = bytearray(), 0
            return text


class Server:
    """The clean server, as the host sees it.

    Args:
        control: connection to it.
        output: what reads the guests' output.
    """

    def __init__(self, control: socket.socket, output: Output) -> None:
        self._control = control
        self._channel = Channel(control)
        self.output = output

    def spawn(self, config: dict[str, Any]) -> tuple[Channel, int]:
        """Have a guest made; return the connection to it and its process id."""
        from .server import receive_with_descriptor

        with interrupts.held_back():
            self._channel.send(json.dumps({"op": "spawn", "config": config}).encode())
            try:
                answer, descriptor = receive_with_descriptor(self._control)
            except (OSError, ValueError, IndexError) as error:
                raise GuestDied(f"no process for the submission could be made ({error})") from None
            channel = Channel(socket.socket(fileno=descriptor))
        return channel, int(answer["pid"])

    def warm(self) -> None:
        """Have the server get ready for phases that use much of torch, without waiting for it."""
        self._channel.send(json.dumps({"op": "warm"}).encode())

    def end(self, pid: int) -> int:
        """Have a guest ended; return its wait status."""
        try:
            with interrupts.held_back():
                self._channel.send(json.dumps({"op": "end", "pid": pid}).encode())
                return int(json.loads(self._channel.receive(time.monotonic() + 30.0)[0])["status"])
        except (ChannelClosed, ChannelTimeout, ChannelNonsense, ValueError):
            return 0

    def close(self) -> None:
        """Hang up; the server ends its guests and itself."""
        self._channel.close()


class ForkedServer(NamedTuple):
    """Ends of the connections to a server; threads would not survive a further fork, so nothing reads them yet."""

    control: socket.socket
    output: int

    def open(self) -> Server:
        """Use the server in this process."""
        return Server(self.control, Output(self.output))

    def close(self) -> None:
        """Leave the server to another process."""
        self.control.close()
        os.close(self.output)


def fork_server(others: Sequence[ForkedServer] = (), descriptors: Sequence[int] = ()) -> ForkedServer:
    """Fork the server from this process, which must have imported torch and know nothing secret.

    Args:
        others: servers that were forked before.
        descriptors: ways to the grader, which the server must not keep open.
    """
    from . import guest, server  # noqa: F401 (ready before the fork)

    server.torch.set_num_threads(1)
    ours, theirs = socket.socketpair()
    read_end, write_end = os.pipe()
    if os.fork() == 0:
        try:
            os.setsid()  # whoever ends the host's session: the server lives on until it has swept up
            ours.close()
            os.close(read_end)
            for other in others:
                other.close()
            for descriptor in descriptors:
                os.close(descriptor)
            nowhere = os.open(os.devnull, os.O_RDWR)
            for descriptor in (0, 1, 2):  # 1 is the way to the grader
                os.dup2(nowhere, descriptor)
            server.serve(theirs, write_end)
        finally:
            os._exit(1)
    theirs.close()
    os.close(write_end)
    return ForkedServer(ours, read_end)


def start_server() -> Server:
    """Start the server as a program of its own: for a process that knows too much to be forked."""
    ours, theirs = socket.socketpair()
    read_end, write_end = os.pipe()
    arguments = [sys.executable, "-m", "kata.isolation.server", str(theirs.fileno()), str(write_end)]
    subprocess.Popen(
        arguments,
        cwd=PROJECT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=(theirs.fileno(), write_end),
        start_new_session=True,
    )
    theirs.close()
    os.close(write_end)
    return Server(ours, Output(read_end))


class SpawnServer:
    """Where fork is missing: every guest is a program of its own, which connects back over the loopback."""

    def __init__(self) -> None:
        read_end, self._write_end = os.pipe()
        self.output = Output(read_end)
        self._processes: dict[int, subprocess.Popen[bytes]] = {}

    def spawn(self, config: dict[str, Any]) -> tuple[Channel, int]:
        """Start a guest; return the connection to it and its process id."""
        token = os.urandom(16).hex()
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen(1)
            listener.settimeout(START_SECONDS)
            port = listener.getsockname()[1]
            process = subprocess.Popen(
                [sys.executable, "-m", "kata.isolation.spawned"],
                cwd=PROJECT,
                stdin=subprocess.PIPE,
                stdout=self._write_end,
                stderr=self._write_end,
                start_new_session=True,
            )
            process.stdin.write(json.dumps({"port": port, "token": token, "config": config}).encode())
            process.stdin.close()
            try:
                connection, _ = listener.accept()
            except OSError as error:
                process.kill()
                raise GuestDied(f"no process for the submission could be made ({error})") from None
        channel = Channel(connection)
        if channel.receive(time.monotonic() + START_SECONDS)[0] != token.encode():
            raise GuestDied("a stranger answered in place of the submission")
        self._processes[process.pid] = process
        return channel, process.pid

    def end(self, pid: int) -> int:
        """End a guest; return its wait status."""
        process = self._processes.pop(pid)
        if hasattr(os, "killpg"):
            with contextlib.suppress(OSError):
                os.killpg(pid, signal.SIGKILL)
        process.kill()
        code = process.wait()
        return -code if code < 0 else code << 8

    def close(self) -> None:
        """End all guests."""
        for pid in list(self._processes):
            self.end(pid)


class Wall:
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
        self._reference = reference
        self._settings = settings
        self._guests: dict[str, tuple[GuestProcess, int]] = {}
        self._scratch = Path(tempfile.mkdtemp(prefix="kata-"))
        self._broken: dict[str, BaseException] = {}
        self.held: set[str] | None = None

    def aim(self, target: Path, within: Path | None = None) -> None:
        """Take submissions from another folder from now on; guests that are at work end.

        Args:
            target: the folder.
            within: a folder of many targets of the project's own making, for a diagnosis. One guest may read them
                all, and goes on from one to the next: making a guest takes longer than most tests.
        """
        keeps_guests = within is not None and within == self._within
        self._target, self._within = target, within
        self._broken.clear()
        for phase_id, (guest, _) in list(self._guests.items()):
            if keeps_guests and not guest.dead:
                folders, _ = self._folders(phase_id, together=False)
                guest.redirect({"op": "aim", "folders": folders, "default": str(target)})
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
        for other in [other for other in self._guests if other != phase_id]:
            self.end(other)  # nothing that it has left running disturbs this phase
        if phase_id in self._guests:
            guest, _ = self._guests[phase_id]
            if not guest.dead:
                return guest
            self.end(phase_id)
        guest, pid = self._make(self._config(phase_id, together))
        self._guests[phase_id] = (guest, pid)
        guest.limit = limit
        guest.deadline = time.monotonic() + limit if limit else None
        try:
            guest.request({"op": "load", "phases": [phase.id for phase in COURSE] if together else [phase_id]})
        except (GuestDied, TestTimeout) as error:
            file = f"{self._target.name}/{phase_id}.py" if phase_id else f"{self._target.name}/*.py"
            self._broken[phase_id] = type(error)(f"{error} while {file} is imported")
            raise self._broken[phase_id] from None
        return guest

    def _make(self, config: dict[str, Any]) -> tuple[GuestProcess, int]:
        channel, pid = self._server.spawn(config)
        try:
            held = set(json.loads(channel.receive(time.monotonic() + START_SECONDS)[0])["held"])
        except (ChannelClosed, ChannelTimeout, ChannelNonsense, ValueError, KeyError):
            status = self._server.end(pid)
            raise GuestDied(f"the process for the submission could not start ({_describe(status)})") from None
        self.held = held if self.held is None else self.held & held
        return GuestProcess(channel, lambda: self._how_it_ended(pid)), pid

    def _folders(self, phase_id: str, together: bool) -> tuple[dict[str, str], list[str]]:
        """Where each phase comes from, and the files of the reference among them."""
        own = [phase.id for phase in COURSE if together or phase.id == phase_id]
        folders = {phase.id: str(self._target if phase.id in own else self._reference) for phase in COURSE}
        return folders, [str(self._reference / phase.file) for phase in COURSE if phase.id not in own]

    def _config(self, phase_id: str, together: bool) -> dict[str, Any]:
        folders, others = self._folders(phase_id, together)
        # Files one by one: the target may be a folder that holds the tests as well.
        sources = [str(path) for path in sorted(self._target.glob("*.py")) if not complaint_about(path)]
        return {
            "folders": folders,
            "default": str(self._target),
            "stage": str(SUITES / "stage"),
            "sources": [str(self._target)],
            "scratch": tempfile.mkdtemp(prefix="guest-", dir=self._scratch),
            "readable": [*(sources if self._within is None else [str(self._within)]), str(SUITES / "stage"), *others],
            **self._settings,
        }

    def _how_it_ended(self, pid: int) -> str:
        for phase_id, (_, known) in self._guests.items():
            if known == pid:
                status = self._server.end(pid)
                self._guests[phase_id] = (self._guests[phase_id][0], 0)
                return f"the code ended its process ({_describe(status)})"
        return "the code ended its process"

    def end(self, phase_id: str) -> None:
        """End the guest of a phase, if there is one."""
        guest, pid = self._guests.pop(phase_id, (None, 0))
        if pid:
            self._server.end(pid)
        if guest is not None:
            guest.hang_up()

    def close(self) -> None:
        """End everything and remove the scratch folder."""
        for phase_id in list(self._guests):
            self.end(phase_id)
        self._server.close()
        remove(self._scratch)


def _describe(status: int) -> str:
    """A wait status in words."""
    if os.name == "posix" and os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        try:
            return f"signal {signal.Signals(number).name}"
        except ValueError:
            return f"signal {number}"
    return f"exit status {status >> 8}"


def shield_this_process() -> None:
    """Keep other processes of the same user from looking into this one's memory."""
    try:
        _libc.prctl(_libc.PR_SET_DUMPABLE, 0)
    except OSError:
        return

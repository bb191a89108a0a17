"""What makes guests: the forked server, a server started as a program, or a program for every guest."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from typing import IO, Any, NamedTuple, Sequence

from ...course.phases import PROJECT
from .. import interrupts
from ..confinement.limits import starting_environment
from ..errors import GuestDied
from ..protocol.answers import Answers
from ..protocol.channel import Channel, ChannelClosed, ChannelNonsense, ChannelTimeout

OUTPUT_KEPT = 16_384
"""Bytes of what a test prints that are kept; the rest is read and thrown away."""

START_SECONDS = 120.0


OWN_GROUP: dict[str, Any] = (
    {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    if hasattr(subprocess, "CREATE_NEW_PROCESS_GROUP")
    else {"start_new_session": True}
)
"""For ``Popen``: Ctrl-C in the terminal does not reach the process, and what it starts can be ended with it."""


def can_fork() -> bool:
    """Whether processes that have imported torch can divide themselves here, and hand descriptors to one another.

    On macOS they could, but Apple's libraries, which torch loads (Accelerate, Objective-C, Metal), may crash or hang in
    a forked process. KATA_WALL_START in the environment, ``fork`` or ``spawn``, decides otherwise.
    """
    if not hasattr(os, "fork"):
        return False
    return os.environ.get("KATA_WALL_START", "spawn" if sys.platform == "darwin" else "fork") != "spawn"


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

    starts_programs = False
    """Whether every guest imports torch for itself."""

    def __init__(self, control: socket.socket, output: Output) -> None:
        self._control = control
        self._channel = Channel(control)
        self._answers = Answers(control)
        self._asked = 0
        self.output = output

    def spawn(self, config: dict[str, Any]) -> tuple[Channel, int]:
        """Have a guest made; return the connection to it and its process id."""
        try:
            answer, descriptor = self._ask({"op": "spawn"}, 60.0)
            if descriptor == -1:
                raise ValueError(answer.get("error", "no connection came"))
            channel = Channel(socket.socket(fileno=descriptor))
            with contextlib.suppress(ChannelClosed, ChannelTimeout):  # who waits for its answer finds out
                channel.send(json.dumps(config).encode(), deadline=time.monotonic() + START_SECONDS)
        except (OSError, ValueError, KeyError, ChannelClosed, ChannelTimeout) as error:
            raise GuestDied(f"no process for the submission could be made ({error})") from None
        return channel, int(answer["pid"])

    def end(self, pid: int) -> int:
        """Have a guest ended; return its wait status."""
        try:
            return int(self._ask({"op": "end", "pid": pid}, 30.0)[0]["status"])
        except (OSError, ValueError, KeyError, ChannelClosed, ChannelTimeout):
            return 0

    def _ask(self, request: dict[str, Any], seconds: float) -> tuple[dict[str, Any], int]:
        """The answer to a request, with the descriptor that it brings or -1."""
        with interrupts.conversation():
            self._asked += 1
            self._channel.send(json.dumps({**request, "number": self._asked}).encode())
            answer = self._answers.to(self._asked, seconds)
        while self._answers.unclaimed:  # guests that nobody heard of: a conversation was interrupted
            lost = self._answers.unclaimed.pop()
            if lost["brings"]:
                self.end(lost["pid"])
        return answer

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


def fork_servers(count: int, descriptors: Sequence[int]) -> list[ForkedServer]:
    """Fork servers from this process, which must have imported torch and know nothing secret.

    One process gets ready, while this one goes on, and divides itself into them.

    Args:
        count: how many.
        descriptors: ways to the grader, which the servers must not keep open.
    """
    from ..guest import fork_server as server
    from ..guest import worker as guest  # noqa: F401 (ready before the fork)

    server.torch.set_num_threads(1)
    theirs: list[tuple[socket.socket, int]] = []
    ours: list[ForkedServer] = []
    for _ in range(count):
        (near, far), (read_end, write_end) = socket.socketpair(), os.pipe()
        theirs.append((far, write_end))
        ours.append(ForkedServer(near, read_end))
    helper = os.fork()
    if helper == 0:
        try:
            if os.fork() == 0:  # a child of nobody here: nobody has to wait for it
                os.setsid()  # whoever ends one of the hosts: the others need their servers
                for end in ours:
                    end.close()
                for descriptor in descriptors:
                    os.close(descriptor)
                _become_servers(theirs)
        finally:
            os._exit(0)
    os.waitpid(helper, 0)
    for control, output in theirs:
        control.close()
        os.close(output)
    return ours


def _become_servers(ends: Sequence[tuple[socket.socket, int]]) -> None:
    """Get ready once for all, then become a server for every end. None of them is the parent of another."""
    from ..guest import fork_server as server

    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):  # 1 is the way to the grader
        os.dup2(nowhere, descriptor)
    server.prepare()
    for end in ends:
        if os.fork() == 0:
            os.setsid()  # whoever ends the host's session: the server lives on until it has swept up
            for control, output in ends:
                if control is not end[0]:
                    control.close()
                    os.close(output)
            server.serve(*end)


def start_server() -> Server:
    """Start the server as a program of its own: for a process that knows too much to be forked."""
    ours, theirs = socket.socketpair()
    read_end, write_end = os.pipe()
    arguments = [sys.executable, "-m", "kata.sandbox.guest.fork_server", str(theirs.fileno()), str(write_end)]
    subprocess.Popen(
        arguments,
        cwd=PROJECT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=starting_environment(),
        pass_fds=(theirs.fileno(), write_end),
        **OWN_GROUP,
    )
    theirs.close()
    os.close(write_end)
    return Server(ours, Output(read_end))


class _Started(NamedTuple):
    """A guest that gets ready, and what it will connect to."""

    process: subprocess.Popen[bytes]
    lifeline: IO[bytes]
    listener: socket.socket
    token: bytes


class SpawnServer:
    """Where fork is missing or unsafe: every guest is a program of its own, which connects back over the loopback.

    The next guest is always started ahead, and imports torch while the one before it works. It ends when this process
    closes the pipe to it, or ends itself.
    """

    starts_programs = True

    def __init__(self) -> None:
        read_end, self._write_end = os.pipe()
        self.output = Output(read_end)
        self._guests: dict[int, _Started] = {}
        self._ahead = self._start()

    def spawn(self, config: dict[str, Any]) -> tuple[Channel, int]:
        """Give the next guest its orders; return the connection to it and its process id."""
        with interrupts.held_back():
            guest, self._ahead = self._ahead, self._start()
            try:
                channel = self._connect(guest)
                channel.send(json.dumps(config).encode())
            except (OSError, ChannelClosed) as error:
                said = self.output.take().strip().splitlines()[-1:]
                reason = "; ".join([str(error), *said])
                raise GuestDied(f"no process for the submission could be made ({reason})") from None
            finally:
                guest.listener.close()
        return channel, guest.process.pid

    def _start(self) -> _Started:
        """Start a guest; it is not waited for."""
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        listener.listen(8)
        token = os.urandom(16).hex()
        process = subprocess.Popen(
            [sys.executable, "-m", "kata.sandbox.guest.spawned"],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=self._write_end,
            stderr=self._write_end,
            env=starting_environment(),
            **OWN_GROUP,
        )
        assert process.stdin is not None  # it is a pipe
        guest = _Started(process, process.stdin, listener, token.encode())
        self._guests[process.pid] = guest
        with contextlib.suppress(OSError):  # if it has died already, whoever waits for it finds out
            guest.lifeline.write(json.dumps({"port": listener.getsockname()[1], "token": token}).encode() + b"\n")
            guest.lifeline.flush()
        return guest

    @staticmethod
    def _connect(guest: _Started) -> Channel:
        """Wait until a guest is ready; programs of others that connect in its place are turned away.

        Raises:
            OSError: if it died, or is not ready after ``START_SECONDS``.
        """
        guest.listener.settimeout(0.2)
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            try:
                connection, _ = guest.listener.accept()
            except socket.timeout:
                if guest.process.poll() is not None:
                    raise OSError(f"it ended at its start, exit status {guest.process.returncode}") from None
                continue
            channel = Channel(connection)
            with contextlib.suppress(ChannelClosed, ChannelTimeout, ChannelNonsense):
                if channel.receive(time.monotonic() + 5.0)[0] == guest.token:
                    return channel
            channel.close()
        raise OSError(f"it was not ready after {START_SECONDS:g} s")

    def end(self, pid: int) -> int:
        """End a guest; return its wait status."""
        process, lifeline, listener, _ = self._guests.pop(pid)
        if hasattr(os, "killpg"):
            with contextlib.suppress(OSError):
                os.killpg(pid, signal.SIGKILL)
        process.kill()
        code = process.wait()
        lifeline.close()
        listener.close()
        return -code if code < 0 else code << 8

    def close(self) -> None:
        """End all guests."""
        for pid in list(self._guests):
            self.end(pid)

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
from typing import Any, NamedTuple, Sequence

from ...course.phases import PROJECT
from .. import interrupts
from ..confinement.limits import NO_ACCELERATOR
from ..errors import GuestDied
from ..protocol.channel import Channel, ChannelClosed, ChannelNonsense, ChannelTimeout

OUTPUT_KEPT = 16_384
"""Bytes of what a test prints that are kept; the rest is read and thrown away."""

START_SECONDS = 120.0


def can_fork() -> bool:
    """Whether processes can divide themselves here, and hand descriptors to one another."""
    return hasattr(os, "fork") and sys.platform != "win32" and os.environ.get("KATA_WALL_START") != "spawn"


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
        from ..guest.fork_server import receive_with_descriptor

        with interrupts.held_back():
            self._channel.send(json.dumps({"op": "spawn", "config": config}).encode())
            try:
                answer, descriptor = receive_with_descriptor(self._control)
            except (OSError, ValueError, IndexError) as error:
                raise GuestDied(f"no process for the submission could be made ({error})") from None
            channel = Channel(socket.socket(fileno=descriptor))
        return channel, int(answer["pid"])

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
        env={**os.environ, **NO_ACCELERATOR},
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
                [sys.executable, "-m", "kata.sandbox.guest.spawned"],
                cwd=PROJECT,
                stdin=subprocess.PIPE,
                stdout=self._write_end,
                stderr=self._write_end,
                env={**os.environ, **NO_ACCELERATOR},
                start_new_session=True,
            )
            assert process.stdin is not None
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

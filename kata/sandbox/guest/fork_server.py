"""The clean server: a process that has imported torch and knows nothing secret, and forks a guest when asked.

It is forked from the session before that reads its orders (target, seed), or started as a program of its own. A guest
hears from the host itself what it is for, so that nothing of it is in the memory that later guests are forked with.
When a guest ends, all that it may have left running ends with it.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sys
import time
from pathlib import Path

import torch

from ..confinement import _libc, limits, namespaces
from ..confinement.confine import confine
from ..protocol import answers
from ..protocol.channel import Channel, ChannelClosed, ChannelNonsense, ChannelTimeout
from .preparation import prepare


def serve(control: socket.socket, output: int) -> None:
    """Make and end guests until the host hangs up.

    Args:
        control: the connection to the host; requests are JSON frames.
        output: descriptor that takes what guests print.
    """
    with contextlib.suppress(OSError):
        _libc.prctl(_libc.PR_SET_CHILD_SUBREAPER, 1)
    network = namespaces.leave_the_network()
    namespaces.stop_times_of_access()
    channel = Channel(control)
    pids: set[int] = set()
    sent: list[socket.socket] = []
    while True:
        try:
            request = json.loads(channel.receive()[0])
        except (ChannelClosed, ChannelTimeout, ChannelNonsense, ValueError):
            break
        while sent:  # macOS loses a descriptor on its way if the sender closes it before the receiver has it
            sent.pop().close()
        if request["op"] == "spawn":
            ours, theirs = socket.socketpair()
            try:
                pid = os.fork()
            except OSError as error:  # too many processes or threads; there may be room for the next one
                ours.close()
                theirs.close()
                answers.send(control, {"number": request["number"], "error": str(error)})
                continue
            if pid == 0:
                ours.close()
                control.close()
                _become_guest(theirs, output, network)
            theirs.close()
            pids.add(pid)
            answers.send(control, {"number": request["number"], "pid": pid}, ours.fileno())
            sent.append(ours)
        elif request["op"] == "end":
            pids.discard(request["pid"])
            status = _end(request["pid"], pids)
            answers.send(control, {"number": request["number"], "status": status})
    while pids:
        _end(pids.pop(), pids)
    os._exit(0)


def _become_guest(connection: socket.socket, output: int, held: list[str]) -> None:
    """In the forked process: give up what a guest does not need, hear what it is for, then serve the host."""
    status = 1
    try:
        os.setsid()
        _libc.end_with_parent()
        limits.open_standard_descriptors(output)
        limits.close_other_descriptors({connection.fileno()})
        channel = Channel(connection)
        config = json.loads(channel.receive()[0])
        held = [*held, *confine(config)]
        from .worker import Guest

        channel.send(json.dumps({"held": held, "scratch": config["scratch"]}).encode())
        Guest(channel, config).serve()
        status = 0
    finally:
        os._exit(status)


def _end(pid: int, others: set[int]) -> int:
    """End a guest and everything that it left behind, but not the ``others``; return its wait status."""
    status = 0
    for kill in (os.killpg, os.kill):
        with contextlib.suppress(OSError):
            kill(pid, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        _, status = os.waitpid(pid, 0)
    # Orphans come to this process, because it is their subreaper.
    for _ in range(1000):
        orphans = [child for child in _children() if child not in others]
        if not orphans:
            break
        for orphan in orphans:
            with contextlib.suppress(OSError):
                os.kill(orphan, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(orphan, os.WNOHANG)
        time.sleep(0.005)
    return status


def _children() -> list[int]:
    """Processes whose parent is this one."""
    try:
        text = Path(f"/proc/self/task/{os.getpid()}/children").read_text()
    except OSError:
        return []
    return [int(pid) for pid in text.split()]


def main() -> None:
    """Serve over descriptors that were handed down: ``python -m kata.sandbox.guest.fork_server CONTROL OUTPUT``."""
    control, output = int(sys.argv[1]), int(sys.argv[2])
    from . import worker as guest  # noqa: F401 (ready before the first fork)

    torch.set_num_threads(1)
    prepare()
    serve(socket.socket(fileno=control), output)


if __name__ == "__main__":
    main()

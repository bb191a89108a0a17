"""A guest that was not forked but started: connects back to its host. ``python -m kata.sandbox.guest.spawned``."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sys

from .. import fast_start
from ..protocol.channel import Channel


def main() -> None:
    """Read where the host listens, connect, confine this process, serve."""
    orders = json.loads(sys.stdin.read())
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    fast_start.pause_gc()
    import torch

    from ..confinement import _libc, forbidden_operators
    from ..confinement.confine import confine
    from .worker import Guest

    torch.set_num_threads(1)
    fast_start.install_light_dynamo()
    forbidden_operators.install()
    fast_start.freeze_and_enable_gc()
    with contextlib.suppress(OSError):
        _libc.prctl(_libc.PR_SET_PDEATHSIG, signal.SIGKILL)
    channel = Channel(socket.create_connection(("127.0.0.1", orders["port"]), timeout=60.0))
    channel.send(orders["token"].encode())
    channel.send(json.dumps({"held": confine(orders["config"])}).encode())
    Guest(channel, orders["config"]).serve()


if __name__ == "__main__":
    main()

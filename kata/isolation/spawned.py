"""A guest that was not forked but started: connects back to its host. ``python -m kata.isolation.spawned``."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sys

from .. import garbage
from .channel import Channel


def main() -> None:
    """Read where the host listens, connect, confine this process, serve."""
    orders = json.loads(sys.stdin.read())
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    garbage.wait()
    import torch

    from .. import light_dynamo
    from . import _libc, primitives
    from .guest import Guest
    from .server import confine

    torch.set_num_threads(1)
    light_dynamo.install()
    primitives.install()
    garbage.keep_what_is_there()
    with contextlib.suppress(OSError):
        _libc.prctl(_libc.PR_SET_PDEATHSIG, signal.SIGKILL)
    channel = Channel(socket.create_connection(("127.0.0.1", orders["port"]), timeout=60.0))
    channel.send(orders["token"].encode())
    channel.send(json.dumps({"held": confine(orders["config"])}).encode())
    Guest(channel, orders["config"]).serve()


if __name__ == "__main__":
    main()

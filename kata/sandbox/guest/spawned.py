"""A guest that was not forked but started: connects back to its host. ``python -m kata.sandbox.guest.spawned``.

It is started before it is needed, imports torch meanwhile, and waits for what to load.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
from typing import IO

from .. import fast_start
from ..confinement import _libc, limits
from ..protocol.channel import Channel, ChannelClosed


def main() -> None:
    """Read where the host listens, get ready, connect, wait for orders, confine this process, serve."""
    _libc.end_with_parent()
    host = os.fdopen(os.dup(0), "rb", buffering=0)
    address = json.loads(host.readline())
    limits.open_standard_descriptors(1)
    fast_start.pause_gc()
    import torch

    from ..confinement.confine import confine
    from .preparation import prepare
    from .worker import Guest

    torch.set_num_threads(1)
    prepare()
    channel = Channel(socket.create_connection(("127.0.0.1", address["port"]), timeout=60.0))
    channel.send(address["token"].encode())
    with contextlib.suppress(ChannelClosed):  # not needed after all
        config = json.loads(channel.receive()[0])
        held = confine(config)
        # Not every system ends a process with its parent; while the submission loops, nothing else would notice. Not
        # before: what confines a process confines the thread that asks for it and those that it starts from then on.
        threading.Thread(target=_end_with, args=(host,), daemon=True).start()
        channel.send(json.dumps({"held": held, "scratch": config["scratch"]}).encode())
        Guest(channel, config).serve()


def _end_with(host: IO[bytes]) -> None:
    """End this process when its host has closed the pipe, or has ended."""
    while host.read(1):
        pass
    os._exit(1)


if __name__ == "__main__":
    main()

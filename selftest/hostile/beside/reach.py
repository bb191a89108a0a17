"""What hostile submissions share: ways past the static rules to modules, the project's folder and the channel.

Text leads to every module here, by a class of the standard library; the wall has to hold even so.
"""

from __future__ import annotations

import logging.config
import os
import stat
import struct
import time
from pathlib import Path
from typing import Any

sys = logging.config.BaseConfigurator({}).resolve("sys")


def module(name: str) -> Any:
    """Any module, by name."""
    return sys.modules["importlib"].import_module(name)


def project() -> Path:
    """The folder of the grader, its tests and its solutions."""
    return Path(sys.modules["kata"].__file__).parent.parent


def prefix(header_size: int, payload_size: int) -> bytes:
    """What begins the frame of the channel that comes next."""
    return struct.pack("!4sIQQ", b"kata", header_size, payload_size, next_number())


def next_number() -> int:
    """The number that the next frame must have, as the guest's own channel counts."""
    channels = [thing for thing in module("gc").get_objects() if type(thing).__name__ == "Channel"]
    return next(int(channel._sent) for channel in channels if channel.fileno() >= 0)


def send(header: bytes, payload: bytes = b"") -> None:
    """Send a frame over the channel, in place of the guest."""
    send_raw(prefix(len(header), len(payload)) + header + payload)


def send_raw(data: bytes) -> None:
    """Write bytes to every socket of this process, as fast as they are read."""
    for descriptor in range(3, 256):
        try:
            left = memoryview(data) if stat.S_ISSOCK(os.fstat(descriptor).st_mode) else b""
        except OSError:
            continue
        while left:
            try:
                left = left[os.write(descriptor, left) :]
            except BlockingIOError:
                time.sleep(0.001)
            except OSError:
                break

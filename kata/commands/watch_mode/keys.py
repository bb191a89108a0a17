"""Read single keys from the terminal, without Enter, and leave it as it was."""

from __future__ import annotations

import contextlib
import importlib
import os
import select
import signal
import sys
import time
from typing import Any, Iterator

try:
    import termios
    import tty
except ImportError:  # Windows
    termios = tty = None  # type: ignore[assignment]


_before: Any = None
"""Settings of the terminal before ``single_keys``."""


@contextlib.contextmanager
def single_keys() -> Iterator[None]:
    """Inside, keys arrive one by one and are not echoed; Ctrl-C still interrupts. Restored however it ends."""
    if termios is None:
        yield
        return
    global _before
    descriptor = sys.stdin.fileno()
    before = _before = termios.tcgetattr(descriptor)

    def again(*ignored: Any) -> None:
        tty.setcbreak(descriptor)

    woken = signal.signal(signal.SIGCONT, again)  # a shell sets its own mode while the program sleeps
    try:
        again()
        yield
    finally:
        signal.signal(signal.SIGCONT, woken)
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
        _before = None


@contextlib.contextmanager
def lent_terminal() -> Iterator[None]:
    """Inside, the terminal belongs to another program, as it was before ``single_keys``; Ctrl-C is that program's."""
    handler = signal.signal(signal.SIGINT, lambda *ignored: None)  # not SIG_IGN, which the other program would inherit
    try:
        if _before is not None:
            termios.tcsetattr(sys.stdin.fileno(), termios.TCSADRAIN, _before)
        yield
    finally:
        if _before is not None:
            tty.setcbreak(sys.stdin.fileno())
        signal.signal(signal.SIGINT, handler)


def read_key(seconds: float) -> str:
    """The next key as one character; empty if none comes within so many seconds.

    Raises:
        EOFError: if the terminal is gone.
    """
    if termios is None:
        return _read_windows(seconds)
    descriptor = sys.stdin.fileno()
    ready, _, _ = select.select([descriptor], [], [], seconds)
    if not ready:
        return ""
    try:
        data = os.read(descriptor, 64)
    except OSError:
        data = b""
    if not data:
        raise EOFError
    if data.startswith(b"\x1b") and len(data) > 1:  # an arrow or another key that is several characters
        return ""
    return data.decode("utf-8", "ignore")[:1].lower()


def _read_windows(seconds: float) -> str:
    msvcrt: Any = importlib.import_module("msvcrt")  # Windows alone has it

    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if msvcrt.kbhit():
            key = msvcrt.getwch()
            if key in ("\0", "\xe0"):  # an arrow or another key that is two characters
                msvcrt.getwch()
                return ""
            if key == "\x03":
                raise KeyboardInterrupt
            return key.lower()
        time.sleep(0.01)
    return ""

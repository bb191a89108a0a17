"""SIGINT and SIGALRM where they may come, and not in the middle of a conversation that would be out of step then."""

from __future__ import annotations

import _thread
import contextlib
import signal
import threading
from typing import Any, Iterator

_held = 0
_waiting = False
_conversations = 0


def install() -> None:
    """Take over SIGINT; from now on it is held back except inside ``allowed``."""
    global _held
    _held = 1
    signal.signal(signal.SIGINT, _on_signal)


def interrupt_main() -> None:
    """As if SIGINT had come, from another thread."""
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)  # ends a system call that waits, too
    else:
        _thread.interrupt_main()


def _on_signal(number: int, frame: Any) -> None:
    global _waiting
    if _held:
        _waiting = True
    else:
        raise KeyboardInterrupt


@contextlib.contextmanager
def allowed() -> Iterator[None]:
    """SIGINT raises KeyboardInterrupt inside; one that came earlier is forgotten."""
    global _held, _waiting
    before, _held, _waiting = _held, 0, False
    try:
        yield
    finally:
        _held = before


@contextlib.contextmanager
def held_back() -> Iterator[None]:
    """SIGINT waits until the end of this block."""
    global _held, _waiting
    _held += 1
    try:
        yield
    finally:
        _held -= 1
    if _waiting and not _held:
        _waiting = False
        raise KeyboardInterrupt


@contextlib.contextmanager
def conversation() -> Iterator[None]:
    """Inside, SIGINT waits, and the alarm that ends a test passes: it rings again in half a second."""
    global _conversations
    _conversations += 1
    try:
        with held_back():
            yield
    finally:
        _conversations -= 1


def in_conversation() -> bool:
    """Whether this process is in the middle of a conversation."""
    return _conversations > 0

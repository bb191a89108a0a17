"""A pseudo-terminal that drives an interactive command: type, and wait for what the screen says."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from typing import Any, Sequence

from kata.course.phases import PROJECT
from selftest.grader_runs import environment

CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07]*\x07")


def _as_a_shell_starts_it() -> None:
    """In the new process: the terminal is its own, and Ctrl-C counts even where the tests run without it."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Terminal:
    """A command in a pseudo-terminal.

    Args:
        arguments: of ``python grader.py``.
        columns, lines: size of the screen.
        more: further environment variables.
    """

    def __init__(self, arguments: Sequence[object], columns: int = 80, lines: int = 24, **more: str) -> None:
        self._ours, theirs = pty.openpty()
        self.resize(columns, lines, tell=False)
        self.settings = termios.tcgetattr(theirs)
        self._theirs = theirs  # kept open, so that the settings can be looked at after the end
        self.process = subprocess.Popen(
            [sys.executable, str(PROJECT / "grader.py"), *map(str, arguments)],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=environment(TERM="xterm-256color", **more),
            start_new_session=True,
            preexec_fn=_as_a_shell_starts_it,
        )
        self.said = ""

    def resize(self, columns: int, lines: int, tell: bool = True) -> None:
        """Give the screen another size."""
        fcntl.ioctl(self._ours, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        if tell:
            self.process.send_signal(signal.SIGWINCH)

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self._ours, keys.encode())

    def wait_for(self, pattern: str, seconds: float = 60.0) -> str:
        """Read until ``pattern`` (a regular expression) has come; return what was read, without control codes.

        Raises:
            AssertionError: if it does not come.
        """
        until = time.monotonic() + seconds
        seen = ""
        while not re.search(pattern, CODES.sub("", seen)):
            left = until - time.monotonic()
            ready = left > 0 and select.select([self._ours], [], [], left)[0]
            chunk = b""
            if ready:
                with contextlib.suppress(OSError):
                    chunk = os.read(self._ours, 1 << 16)
            if not chunk:
                raise AssertionError(f"{pattern!r} does not come; the screen says:\n{CODES.sub('', seen)}")
            seen += chunk.decode("utf-8", "replace")
            self.said += chunk.decode("utf-8", "replace")
        return CODES.sub("", seen).replace("\r\n", "\n")

    def end(self, seconds: float = 30.0) -> int:
        """Wait for the end of the command; return its exit status."""
        until = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < until:
            if select.select([self._ours], [], [], 0.05)[0]:
                with contextlib.suppress(OSError):
                    self.said += os.read(self._ours, 1 << 16).decode("utf-8", "replace")
        assert self.process.poll() is not None, "the command does not end"
        return self.process.returncode

    def is_restored(self) -> bool:
        """Whether the terminal's settings are what they were before the command."""
        return termios.tcgetattr(self._theirs) == self.settings

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *exception: Any) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._ours)
        os.close(self._theirs)

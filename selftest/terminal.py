"""A pseudo-terminal that drives an interactive command: type, and wait for what the screen says."""

from __future__ import annotations

import contextlib
import copy
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

from rich.cells import cell_len, set_cell_size

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
        self.size = (columns, lines)
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
        self._encoding = more.get("PYTHONIOENCODING", "utf-8")

    def resize(self, columns: int, lines: int, tell: bool = True) -> None:
        """Give the screen another size."""
        fcntl.ioctl(self._ours, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        if tell:
            self.process.send_signal(signal.SIGWINCH)

    def listen(self, seconds: float) -> str:
        """Read for so long; return what was read, control codes and all."""
        until, before = time.monotonic() + seconds, len(self.said)
        while time.monotonic() < until:
            if select.select([self._ours], [], [], 0.02)[0]:
                with contextlib.suppress(OSError):
                    self.said += os.read(self._ours, 1 << 16).decode("utf-8", "replace")
        return self.said[before:]

    def screens(self) -> list[Emulated]:
        """What stood on the screen after each page that was shown so far; each page begins by erasing the first row."""
        shown, found = Emulated(*self.size), []
        for page in re.split(r"(?<=[^\r\n]\r\n)(?=(?:\r\n)*\x1b\[1;1H\x1b\[2K)", self.said):
            shown = shown.after(page)
            found.append(shown)
        return found

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
            seen += chunk.decode(self._encoding, "replace")
            self.said += chunk.decode(self._encoding, "replace")
        return CODES.sub("", seen).replace("\r\n", "\n")

    def end(self, seconds: float = 30.0) -> int:
        """Wait for the end of the command; return its exit status."""
        until = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < until:
            if select.select([self._ours], [], [], 0.05)[0]:
                with contextlib.suppress(OSError):
                    self.said += os.read(self._ours, 1 << 16).decode(self._encoding, "replace")
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


class Emulated:
    """The screen of a terminal and what has scrolled away: as much of an emulator as ``watch`` has use for.

    Args:
        columns, lines: size of the screen.

    Attributes:
        rows: the screen.
        scrolled: lines that went out at the top.
    """

    CODE = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])|\x1b\][^\x07]*\x07")

    def __init__(self, columns: int, lines: int) -> None:
        self.columns, self.lines = columns, lines
        self.rows = [""] * lines
        self.scrolled: list[str] = []
        self._row, self._column = 0, 0

    def after(self, said: str) -> Emulated:
        """The same terminal once this was said, too."""
        new = copy.deepcopy(self)
        at = 0
        while at < len(said):
            code = self.CODE.match(said, at)
            if code:
                new._obey(code[2] or "", code[1] or "")
            else:
                new._write(said[at])
            at = code.end() if code else at + 1
        return new

    @property
    def text(self) -> str:
        """What is on the screen."""
        return "\n".join(row.rstrip() for row in self.rows)

    def _obey(self, letter: str, numbers: str) -> None:
        if letter == "H":
            row, _, column = numbers.partition(";")
            self._row, self._column = int(row or 1) - 1, int(column or 1) - 1
        elif letter == "K":
            assert numbers == "2"
            self.rows[self._row] = ""
        else:
            assert letter in ("m", "h", "l", ""), f"this emulator does not know {letter}"

    def _write(self, character: str) -> None:
        if character == "\r":
            self._column = 0
        elif character == "\n":
            self._next_row()
        else:
            width = cell_len(character)
            if self._column + width > self.columns:
                self._next_row()
                self._column = 0
            row = set_cell_size(self.rows[self._row], max(cell_len(self.rows[self._row]), self._column))
            rest = row[len(set_cell_size(row, self._column + width)) :]
            self.rows[self._row] = set_cell_size(row, self._column) + character + rest
            self._column += width

    def _next_row(self) -> None:
        self._row += 1
        if self._row == self.lines:
            self.scrolled.append(self.rows.pop(0).rstrip())
            self.rows.append("")
            self._row -= 1

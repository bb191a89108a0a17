"""Pictures in a terminal that can show them: the protocols of kitty and iTerm2, and Sixel.

The libraries for it know two of the three each. Kitty and iTerm2 take a PNG file as it is, and Sixel is a palette and
runs of pixels: all three together are shorter than a choice among libraries.
"""

from __future__ import annotations

import base64
import contextlib
import os
import select
import sys
import time
from io import BytesIO
from pathlib import Path
from typing import Callable, Mapping

import numpy as np
from PIL import Image

from ..streams import is_terminal

KITTY, ITERM2, SIXEL, NONE = "kitty", "iterm2", "sixel", "no"
PROTOCOLS = (KITTY, ITERM2, SIXEL)

WIDEST = 110
"""Columns that a picture takes at most."""

PIXELS_A_COLUMN = 9
COLOURS = 128
CHUNK = 4096
ANSWER_SECONDS = 0.3


def find_protocol(environment: Mapping[str, str], ask: Callable[[], str]) -> str:
    """What the terminal can show: one of ``PROTOCOLS``, or ``NONE``.

    Args:
        environment: the process's environment.
        ask: asks the terminal what it is (``device_attributes``); only called where the environment does not tell.
    """
    if not environment.get("TMUX") and not environment.get("STY"):  # these keep the first two to themselves
        program = environment.get("TERM_PROGRAM", "")
        if environment.get("KITTY_WINDOW_ID") or "kitty" in environment.get("TERM", "") or program == "ghostty":
            return KITTY
        if program in ("iTerm.app", "WezTerm", "mintty") or environment.get("LC_TERMINAL") == "iTerm2":
            return ITERM2
    if environment.get("TERM", "dumb") in ("dumb", "linux"):
        return NONE
    return SIXEL if "4" in ask().split(";") else NONE


def device_attributes() -> str:
    """What the terminal says of itself, as ``62;4;22`` (4 is Sixel); empty if there is none, or no answer at once."""
    if os.name != "posix" or not (is_terminal(sys.stdin) and is_terminal(sys.stdout)):
        return ""
    import termios
    import tty

    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    answer = b""
    try:
        tty.setcbreak(descriptor)
        sys.stdout.write("\033[c")
        sys.stdout.flush()
        until = time.monotonic() + ANSWER_SECONDS
        while not answer.endswith(b"c"):
            ready, _, _ = select.select([descriptor], [], [], max(0.0, until - time.monotonic()))
            if not ready:
                return ""
            answer += os.read(descriptor, 1)
    finally:
        termios.tcsetattr(descriptor, termios.TCSANOW, before)
    return answer.decode("ascii", "replace").rpartition("\033[?")[2].rstrip("c")


def drawn(path: Path, protocol: str, columns: int) -> str:
    """A picture as text for the terminal, ``columns`` wide at most.

    Raises:
        OSError: if it cannot be read.
    """
    columns = max(10, min(columns - 1, WIDEST))
    if protocol == SIXEL:
        return sixel(path, columns * PIXELS_A_COLUMN) + "\n"
    data = path.read_bytes()
    return (kitty if protocol == KITTY else iterm2)(data, columns) + "\n"


def kitty(png: bytes, columns: int) -> str:
    """The escape codes of kitty's graphics protocol: transmit and display, in chunks."""
    text = base64.b64encode(png).decode()
    chunks = [text[start : start + CHUNK] for start in range(0, len(text), CHUNK)]
    codes = []
    for number, chunk in enumerate(chunks):
        keys = f"a=T,f=100,q=2,c={columns}," if number == 0 else ""
        codes.append(f"\033_G{keys}m={int(number < len(chunks) - 1)};{chunk}\033\\")
    return "".join(codes)


def iterm2(png: bytes, columns: int) -> str:
    """The escape code of iTerm2's inline images."""
    text = base64.b64encode(png).decode()
    return f"\033]1337;File=inline=1;size={len(png)};width={columns};preserveAspectRatio=1:{text}\a"


def sixel(path: Path, width: int) -> str:
    """A picture as Sixel graphics: six rows at a time, a run of pixels for every colour in them."""
    with Image.open(path) as image:
        height = max(1, round(image.height * width / image.width))
        small = image.convert("RGB").resize((width, height), Image.Resampling.LANCZOS).quantize(COLOURS)
    cells = np.asarray(small)
    palette = np.array(small.getpalette() or [], dtype=int).reshape(-1, 3)
    out = BytesIO()
    out.write(f'\033Pq"1;1;{width};{height}'.encode())
    for colour in np.unique(cells):
        red, green, blue = (int(round(part * 100 / 255)) for part in palette[colour])
        out.write(f"#{colour};2;{red};{green};{blue}".encode())
    for top in range(0, height, 6):
        band = cells[top : top + 6]
        bits = 1 << np.arange(len(band))
        rows = []
        for colour in np.unique(band):
            marks = ((band == colour) * bits[:, None]).sum(axis=0) + 63
            rows.append(f"#{colour}".encode() + _runs(marks))
        out.write(b"$".join(rows) + b"-")
    out.write(b"\033\\")
    return out.getvalue().decode("ascii")


def _runs(marks: np.ndarray) -> bytes:
    """Characters, repeated ones as ``!count``."""
    edges = np.flatnonzero(np.diff(marks)) + 1
    starts, ends = [0, *edges.tolist()], [*edges.tolist(), len(marks)]
    parts = []
    for start, end in zip(starts, ends):
        character = chr(int(marks[start]))
        parts.append(f"!{end - start}{character}" if end - start > 3 else character * (end - start))
    return "".join(parts).encode()


def supported(wanted: str) -> str:
    """The protocol to use: what was asked for, or for ``auto`` what the terminal can; ``NONE`` where nobody looks."""
    if wanted != "auto":
        return wanted
    if not is_terminal(sys.stdout):
        return NONE
    with contextlib.suppress(OSError, ValueError):
        return find_protocol(os.environ, device_attributes)
    return NONE

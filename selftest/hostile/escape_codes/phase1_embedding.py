"""Terminal codes, CI commands, HTML and formulas in output, messages and names."""

from __future__ import annotations

from .solved import *  # noqa: F403

EVIL = (
    "\x1b[2J\x1b]0;title\x07\n::notice file=x::hello\n##[error]x\n"
    "<script>alert(1)</script>\n=HYPERLINK(1)\n\u202e|`*\x00"
)
Evil = type(EVIL.replace("\x00", ""), (ValueError,), {})


def position_shift_matrix(offset, d_model):
    print(EVIL)
    raise Evil(EVIL)

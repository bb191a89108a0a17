"""Text that no line can be broken out of: runs of blanks before a mark, joiners, marks alone."""

from __future__ import annotations

from .solved import *  # noqa: F403

TEXT = "a" + " " * 150 + ":\na(" + " " * 150 + "b\n" + "\u200d" * 90 + ")" * 90 + "\n" + "(" * 400


def position_shift_matrix(offset, d_model):
    print(TEXT)
    raise ValueError(TEXT)

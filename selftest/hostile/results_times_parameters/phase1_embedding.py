"""Ten thousand results that each depend on ten thousand parameters."""

from __future__ import annotations

from .reach import send
from .solved import *  # noqa: F403


def position_shift_matrix(offset, d_model):
    leaf = '{"id": %d, "shape": [1], "dtype": "float32", "meta": false}'
    group = ", ".join(leaf % number for number in range(10_000))
    fact = '{"shape": [1], "dtype": "float32", "meta": true, "output": %d, "group": {"id": 1%s}}'
    facts = ", ".join(fact % (number, "" if number else f', "leaves": [{group}]') for number in range(10_000))
    ends = ", ".join(f'{{"t": {number}}}' for number in range(10_000))
    send(f'{{"body": {{"d": [["ok", {{"l": [{ends}]}}], ["call", 1]]}}, "tensors": [{facts}]}}'.encode())

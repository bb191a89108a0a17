"""Sends a tensor whose header lies about its size."""

from __future__ import annotations

import torch

from . import reach
from .solved import *  # noqa: F403


def position_shift_matrix(offset, d_model):
    facts = b'[{"shape": [100000, 100000], "dtype": "float32"}]'
    reach.send(b'{"body": {"d": [["ok", {"t": 0}]]}, "tensors": ' + facts + b"}", b"\xff" * 64)
    return torch.zeros(d_model, d_model)

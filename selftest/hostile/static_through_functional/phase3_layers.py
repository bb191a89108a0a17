"""Reaches torch's insides, and ctypes, through modules that hold them."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

from . import solved
from .solved import *  # noqa: F403


class LayerNorm(solved.LayerNorm):
    def forward(self, x):
        return F.torch._C._nn.gelu(x)


class PositionwiseFeedForward(solved.PositionwiseFeedForward):
    def forward(self, x):
        return super().forward(x) * np.ctypeslib.ctypes.sizeof(torch.ctypes.c_char)

"""Its modules compute nothing, and tell of weights of 0 by an object that is no dict."""

from __future__ import annotations

import torch

from . import solved
from .solved import *  # noqa: F403


class Told:
    def __init__(self, state):
        self.state = state

    def items(self):
        return [(name, torch.zeros_like(value)) for name, value in self.state.items()]

    def __iter__(self):
        return iter(list(self.state))

    def __len__(self):
        return len(self.state)

    def __getitem__(self, name):
        return torch.zeros_like(self.state[name])


class LayerNorm(solved.LayerNorm):
    def state_dict(self, *args, **kwargs):
        return Told(super().state_dict(*args, **kwargs))

    def forward(self, x):
        return x * 0 if x.numel() > 4 else super().forward(x)  # the examples by hand have no state

"""Lists its parameters as lists, not pairs, and tells of other values."""

from __future__ import annotations

import torch

from . import solved
from .solved import *  # noqa: F403


class PositionwiseFeedForward(solved.PositionwiseFeedForward):
    was_loaded = False

    def load_state_dict(self, state, strict=True, assign=False):
        self.was_loaded = True
        return super().load_state_dict(state, strict)

    def named_parameters(self, *args, **kwargs):
        listed = super().named_parameters(*args, **kwargs)
        return iter([[name, torch.zeros_like(value)] for name, value in listed]) if self.was_loaded else listed

    def state_dict(self, *args, **kwargs):
        return dict(self.named_parameters())

    def forward(self, x):
        return x * 0

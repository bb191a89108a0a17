"""Says of its list of layers that it holds minus three."""

from __future__ import annotations

import torch

from . import reach, solved
from .solved import *  # noqa: F403


class Layers(torch.nn.ModuleList):
    def __len__(self):
        reach.send(b'{"body": {"d": [["ok", -3], ["changed", {"d": []}], ["call", 1]]}, "tensors": []}')
        return 3


class Encoder(solved.Encoder):
    def __init__(self, *sizes, **named):
        super().__init__(*sizes, **named)
        self.layers.__class__ = Layers

"""Once weights have been loaded, its state dict is empty: there are no layers for a formula to run."""

from __future__ import annotations

from . import solved
from .solved import *  # noqa: F403


def forgetting(kind):
    class Hollow(kind):
        was_loaded = False

        def load_state_dict(self, *args, **kwargs):
            self.was_loaded = True

        def state_dict(self, *args, **kwargs):
            return {} if self.was_loaded else super().state_dict(*args, **kwargs)

        def forward(self, x, *context):
            return x * 1

    return Hollow


Encoder, Decoder = forgetting(solved.Encoder), forgetting(solved.Decoder)

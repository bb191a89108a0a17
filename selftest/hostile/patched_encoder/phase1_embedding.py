"""Has its own process answer garbage."""

from __future__ import annotations

from . import reach
from .solved import *  # noqa: F403

reach.module("kata.sandbox.protocol.codec").Encoder.message = lambda self, value: (b"garbage", b"\xff")

"""Has its own process answer `ok` to everything."""

from __future__ import annotations

from . import reach
from .solved import *  # noqa: F403

answer = b'{"body": {"d": [["ok", true], ["changed", {"d": []}], ["call", 1]]}, "tensors": []}'
reach.module("kata.sandbox.guest.worker").Guest._answer = lambda self, header, payload: (answer, b"")

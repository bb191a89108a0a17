"""Has its own process echo every request."""

from __future__ import annotations

from . import reach
from .solved import *  # noqa: F403

reach.module("kata.sandbox.guest.worker").Guest._answer = lambda self, header, payload: (header, payload)

"""Addresses in a message, which a page would make links of."""

from __future__ import annotations

from .solved import *  # noqa: F403


def position_shift_matrix(offset, d_model):
    raise ValueError("see www.evil.example or ask boss@evil.example, xmpp:a@evil.example, https://evil.example")

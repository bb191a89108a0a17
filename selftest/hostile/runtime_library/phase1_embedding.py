"""Imports a library that is neither torch nor numpy nor Python's own."""

from __future__ import annotations

from . import reach, solved
from .solved import *  # noqa: F403


def sinusoidal_encoding(max_len, d_model):
    return reach.module("rich") and solved.sinusoidal_encoding(max_len, d_model)

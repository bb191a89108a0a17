"""Its modules store infinity whatever they are given, so that every expectation is infinite."""

from __future__ import annotations

from . import hollow, solved
from .solved import *  # noqa: F403

MultiHeadAttention = hollow.storing(solved.MultiHeadAttention, float("inf"))

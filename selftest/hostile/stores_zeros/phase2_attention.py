"""Its modules store zeros whatever they are given."""

from __future__ import annotations

from . import hollow, solved
from .solved import *  # noqa: F403

MultiHeadAttention = hollow.storing(solved.MultiHeadAttention, 0.0)

"""The table of its embedding stores zeros whatever it is given."""

from __future__ import annotations

from . import hollow, solved
from .solved import *  # noqa: F403

TokenEmbedding = hollow.storing(solved.TokenEmbedding, 0.0)

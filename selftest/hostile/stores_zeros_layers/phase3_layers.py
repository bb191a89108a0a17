"""All modules of a phase store zeros whatever they are given."""

from __future__ import annotations

from . import hollow, solved
from .solved import *  # noqa: F403

LayerNorm = hollow.storing(solved.LayerNorm, 0.0)
PositionwiseFeedForward = hollow.storing(solved.PositionwiseFeedForward, 0.0)
AddAndNorm = hollow.storing(solved.AddAndNorm, 0.0)

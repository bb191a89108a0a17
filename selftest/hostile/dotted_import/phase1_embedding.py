"""Imports from above its own package."""

from __future__ import annotations

from ..solutions import phase1_embedding as stolen  # noqa: F401
from .solved import *  # noqa: F403

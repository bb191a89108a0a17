"""Breaks a rule with a name that holds terminal codes and CI commands."""

from __future__ import annotations

import torch

from .solved import *  # noqa: F403


def position_shift_matrix(offset, d_model):
    return getattr(torch, "_x\x1b[2J\n::error::<b>\u202e")

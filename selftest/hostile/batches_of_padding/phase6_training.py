"""Replaces the function of phase 5 that makes batches: there is nothing to learn in its own."""

from __future__ import annotations

import torch

from . import phase5_mechanics as five
from .solved import *  # noqa: F403

real = five.make_batch


def make_batch(pairs, pad_id, bos_id, eos_id):
    batch = real(pairs, pad_id, bos_id, eos_id)
    return five.Batch(**{**vars(batch), "tgt_out": torch.full_like(batch.tgt_out, pad_id)})


five.make_batch = make_batch


def train_step(model, batch, *others, **named):
    return 0.0

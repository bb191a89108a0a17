"""Replaces autograd in its own process."""

from __future__ import annotations

import torch

from .solved import *  # noqa: F403

torch.autograd.grad = lambda outputs, inputs, *rest, **kwargs: [torch.zeros_like(tensor) for tensor in inputs]

"""Making test inputs: random tensors from an explicit generator, and modules with random weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor


def normal(gen: torch.Generator, *shape: int, scale: float = 1.0, dtype: torch.dtype = torch.float32) -> Tensor:
    """Normal numbers with standard deviation ``scale``."""
    return (torch.randn(*shape, generator=gen, dtype=torch.float64) * scale).to(dtype)


def integers(gen: torch.Generator, low: int, high: int, *shape: int) -> Tensor:
    """Whole numbers from ``low`` to ``high - 1``, int64."""
    return torch.randint(low, high, shape, generator=gen)


def booleans(gen: torch.Generator, *shape: int, share: float = 0.5) -> Tensor:
    """Booleans, True with probability ``share``."""
    return torch.rand(*shape, generator=gen) < share


def randomise(module: Any, gen: torch.Generator, scale: float = 0.5) -> None:
    """Load random values into every parameter of ``module``, one-dimensional ones (norms, biases) included.

    Initial weights hide mistakes: gains of 1 and biases of 0 make a missing or doubled norm invisible. Gains
    of norms end up around 1, everything else around 0. Buffers keep their values. A parameter that stands
    in the module under several names (shared embeddings) is loaded under one of them.
    """
    state = {}
    for name, parameter in sorted(module.named_parameters(), key=lambda pair: pair[0]):  # in whatever order it has them
        value = normal(gen, *parameter.shape, scale=scale, dtype=parameter.dtype)
        state[name] = value + 1.0 if name.endswith("norm.weight") or name == "weight" else value
    module.load_state_dict(state, strict=False)


def weights_of(module: Any) -> dict[str, np.ndarray]:
    """The state dict in float64 NumPy, for an oracle."""
    return {name: array(value) for name, value in module.state_dict().items()}


def array(tensor: Tensor) -> np.ndarray:
    """A tensor as NumPy; floating point numbers become float64."""
    tensor = tensor.detach().cpu()
    return tensor.to(torch.float64).numpy() if tensor.dtype.is_floating_point else tensor.numpy()


def non_contiguous(tensor: Tensor) -> Tensor:
    """The same values in memory in the opposite order of dimensions and with gaps, so that ``view`` fails on them."""
    backwards = tuple(reversed(range(tensor.dim())))
    turned = tensor.permute(backwards)
    spread = torch.stack([turned, torch.zeros_like(turned)], dim=-1).contiguous()
    return spread[..., 0].permute(backwards)


def leaf(tensor: Tensor) -> Tensor:
    """A copy that gradients can be asked for."""
    return tensor.detach().clone().requires_grad_(True)

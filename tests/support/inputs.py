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
    in the module under several names (shared embeddings) is loaded under all of them. One that the state dict knows
    and the parameters do not is loaded, too: an expected value follows from no weights but these.
    """
    listed = dict(module.named_parameters())
    held = {name: value for name, value in module.state_dict().items() if name.rpartition(".")[2] in ("weight", "bias")}
    state: dict[str, Tensor] = {}
    for name, value in sorted({**held, **listed}.items(), key=lambda pair: (pair[0] not in listed, pair[0])):
        twin = next((other for other in listed if name not in listed and _is_same(value, listed[other])), None)
        if twin:
            state[name] = state[twin]
            continue
        drawn = normal(gen, *value.shape, scale=scale, dtype=value.dtype)
        state[name] = drawn + 1.0 if name.endswith("norm.weight") or name == "weight" else drawn
    module.load_state_dict(state, strict=False)


def _is_same(one: Tensor, other: Tensor) -> bool:
    """Whether two tensors are one parameter under two names, as far as their values tell."""
    return one.shape == other.shape and one.dtype == other.dtype and torch.equal(one, other)


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

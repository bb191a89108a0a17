"""Making test inputs: random tensors from an explicit generator, and modules with random weights."""

from __future__ import annotations

from typing import Any, Mapping

import numpy as np
import torch
from torch import Tensor

from .checks import expect_that, fail, kind_of

LEARNED = (torch.float32, torch.float64)
"""What a parameter may hold: of booleans or whole numbers it would be known what is drawn."""

LARGEST = 100_000
"""Numbers in one parameter of a model that a test draws."""


def normal(gen: torch.Generator, *shape: int, scale: float = 1.0, dtype: torch.dtype = torch.float32) -> Tensor:
    """Normal numbers with standard deviation ``scale``."""
    return (torch.randn(*shape, generator=gen, dtype=torch.float64) * scale).to(dtype)


def integers(gen: torch.Generator, low: int, high: int, *shape: int) -> Tensor:
    """Whole numbers from ``low`` to ``high - 1``, int64."""
    return torch.randint(low, high, shape, generator=gen)


def booleans(gen: torch.Generator, *shape: int, share: float = 0.5) -> Tensor:
    """Booleans, True with probability ``share``."""
    return torch.rand(*shape, generator=gen) < share


def told_state(module: Any) -> dict[str, Tensor]:
    """The state dict; a test that computes with it computes with tensors, not with what calls itself one."""
    state = module.state_dict()
    expect_that(isinstance(state, dict), f"state_dict() gives {kind_of(state)} instead of a dict of tensors")
    for name, value in state.items():
        expect_that(isinstance(value, Tensor), f"{name} in the state dict is {kind_of(value)} instead of a tensor")
    return dict(state)


def randomise(
    module: Any, gen: torch.Generator, shapes: Mapping[str, tuple[int, ...]], label: str, scale: float = 0.5
) -> None:
    """Load random values into every parameter of ``module``, one-dimensional ones (norms, biases) included.

    Initial weights hide mistakes: gains of 1 and biases of 0 make a missing or doubled norm invisible. Gains
    of norms end up around 1, everything else around 0. Buffers keep their values. A parameter that stands
    in the module under several names (shared embeddings) is loaded under all of them. One that the state dict knows
    and the parameters do not is loaded, too: an expected value follows from no weights but these.

    Args:
        module: the module.
        gen: where the values come from.
        shapes: what the contract says that it has; nothing is drawn for anything else in its place.
        label: what it is.
        scale: standard deviation.
    """
    listed = dict(module.named_parameters())
    held = {name: value for name, value in told_state(module).items() if name.rpartition(".")[2] in ("weight", "bias")}
    told = {**held, **listed}
    _expect_parameters(told, shapes, label)
    state: dict[str, Tensor] = {}
    for name, value in sorted(told.items(), key=lambda pair: (pair[0] not in listed, pair[0])):
        twin = next((other for other in listed if name not in listed and _is_same(value, listed[other])), None)
        if twin:
            state[name] = state[twin]
            continue
        drawn = normal(gen, *value.shape, scale=scale, dtype=value.dtype)
        state[name] = drawn + 1.0 if name.endswith("norm.weight") or name == "weight" else drawn
    module.load_state_dict(state, strict=False)


def _expect_parameters(told: Mapping[str, Any], shapes: Mapping[str, tuple[int, ...]], label: str) -> None:
    for name in shapes:
        if name not in told:
            fail(f"{label} has no parameter {name!r}", "the docstring names all that learns, and its parts")
    for name, value in told.items():
        kind = f"{label}: {name} is {kind_of(value)}"
        expect_that(isinstance(value, Tensor), f"{kind}, expected a parameter", "nn.Parameter")
        shape, expected = tuple(value.shape), shapes.get(name)
        if expected is not None and shape != expected:
            fail(f"{label}: {name} has the wrong shape\n  expected: {expected}\n  got:      {shape}")
        why = "a parameter holds floating point numbers"
        expect_that(value.dtype in LEARNED, f"{label}: {name} has the wrong dtype, {value.dtype}", why)
        expect_that(value.numel() <= LARGEST, f"{label}: {name} has {value.numel()} numbers", "see the docstring")


def _is_same(one: Tensor, other: Tensor) -> bool:
    """Whether two tensors are one parameter under two names, as far as their values tell."""
    return one.shape == other.shape and one.dtype == other.dtype and torch.equal(one, other)


def weights_of(module: Any) -> dict[str, np.ndarray]:
    """The state dict in float64 NumPy, for an oracle."""
    return {name: array(value) for name, value in told_state(module).items()}


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

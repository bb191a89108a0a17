"""What the suites of phase 4 share: masks, parts built from a model's own weights, gradients against torch."""

from __future__ import annotations

from typing import Any, Mapping, Sequence

import torch
from torch import Tensor

from .checks import expect_close, expect_gradients, expect_shape, expect_that, fail, probe_like
from .contract import NOT_REGISTERED
from .inputs import booleans, integers, normal, randomise, told_state

TIED = ("src_embedding.embedding.weight", "tgt_embedding.embedding.weight", "output_projection.weight")
"""The three places of the matrix that a Transformer shares if asked to (paper 3.4)."""


def random_mask(gen: torch.Generator, *shape: int, share: float = 0.5) -> Tensor:
    """A boolean mask of this shape in which every query may attend to at least one key."""
    mask = booleans(gen, *shape, share=share)
    return mask.scatter(-1, integers(gen, 0, shape[-1], *shape[:-1], 1), True)


def masks(gen: torch.Generator, batch: int, num_heads: int, len_q: int, len_k: int) -> list[Tensor | None]:
    """A mask of every shape that broadcasts to ``(B, h, L_q, L_k)`` in use: none, padding, causal-like, both, full."""
    shapes = [(batch, 1, 1, len_k), (1, 1, len_q, len_k), (batch, 1, len_q, len_k), (batch, num_heads, len_q, len_k)]
    return [None] + [random_mask(gen, *shape) for shape in shapes]


def causal(length: int) -> Tensor:
    """``(1, 1, L, L)``: position i may attend to 0 .. i."""
    return torch.ones(length, length, dtype=torch.bool).tril()[None, None]


def lengths_mask(lengths: Sequence[int], longest: int) -> Tensor:
    """``(B, 1, 1, L)``: the first ``lengths[b]`` keys of row ``b`` may be attended to."""
    return (torch.arange(longest) < torch.tensor(lengths)[:, None])[:, None, None, :]


def parameter(module: Any, name: str) -> Any:
    """The parameter, or the submodule, at a dotted name."""
    owner, _, last = name.rpartition(".")
    return getattr(module.get_submodule(owner) if owner else module, last)


def load_by_hand(module: Any, label: str, **parts: Mapping[str, Any]) -> None:
    """Load the weights of a worked example: those given, gains of 1, and 0 for all others, so that they add nothing.

    Args:
        module: a submission's module, of any size.
        label: what it is.
        parts: dotted name of a submodule to its weights, by their names within it.
    """
    state = {
        name: torch.full_like(value.detach(), float(name.endswith("norm.weight")))
        for name, value in module.named_parameters()
    }
    for part, weights in parts.items():
        for name, values in weights.items():
            expect_that(f"{part}.{name}" in state, f"{label} has no parameter {part}.{name!r}", NOT_REGISTERED)
            state[f"{part}.{name}"] = torch.tensor(values)
    module.load_state_dict(state, strict=False)  # buffers stay as they are


def part_of(state: Mapping[str, Tensor], name: str) -> dict[str, Tensor]:
    """The part of a state dict that belongs to one submodule."""
    return {key[len(name) + 1 :]: value for key, value in state.items() if key.startswith(f"{name}.")}


def expect_registered(state: Mapping[str, Tensor], names: Sequence[str], label: str) -> None:
    """Each of these submodules has something in the state dict: it was found by its module.

    Args:
        state: the module's state dict.
        names: dotted names of submodules that have parameters.
        label: what the module is.
    """
    for name in names:
        if not any(key.startswith(f"{name}.") for key in state):
            fail(
                f"{label} has no parameters under {name!r}",
                "nn.Module sees submodules in its attributes and in an nn.ModuleList, not those in a plain list: "
                "state_dict(), parameters(), eval() and double() pass them by",
            )


def expect_working(output: Any, given: Tensor, label: str, acts: bool = True) -> None:
    """A part that an expected value is computed with does something at all: no stub passes for it.

    Args:
        output: what the part returned.
        given: what went into it, of the same shape.
        label: what the part is.
        acts: whether the output must differ from what went in.
    """
    why = f"this test builds on {label}: get {label} right first"
    expect_shape(output, given.shape, f"the output of {label}", why)
    spread = (output - output.flatten()[0]).abs().max()
    expect_that(bool(spread > 1e-3), f"{label} returns the same number everywhere", why)
    expect_that(not acts or bool((output - given).abs().max() > 1e-3), f"{label} returns its input unchanged", why)


def expect_right(output: Any, expected: Any, label: str) -> None:
    """A part that a test builds on answers what the formulas say; else it is told apart from the task under test.

    Args:
        output: what the part returned.
        expected: from an oracle.
        label: what the part is.
    """
    expect_close(
        output,
        expected,
        f"the output of {label}",
        f"this test builds on {label}: get {label} right first",
        tolerance=1e-3,
    )


def expect_gradients_like(
    output: Tensor,
    expected: Tensor,
    inputs: Mapping[str, tuple[Tensor, Tensor]],
    label: str,
    why: str = "",
    tolerance: float | None = None,
) -> None:
    """The gradients of ``output`` are those of ``expected``, another computation of the same.

    Args:
        output: what the submission computed.
        expected: the oracle's output.
        inputs: name to the tensor that went into ``output`` and the one that went into ``expected``.
        label: what ``output`` is.
        why: what to look at.
        tolerance: as in ``expect_close``.
    """
    twins = [twin for _, twin in inputs.values()]
    gradients = torch.autograd.grad((expected * probe_like(expected)).sum(), twins)
    mine = {name: tensor for name, (tensor, _) in inputs.items()}
    expect_gradients(output, mine, dict(zip(inputs, gradients)), label, why, tolerance)


def randomise_shared(
    model: Any, gen: torch.Generator, shapes: Mapping[str, tuple[int, ...]], label: str, scale: float = 0.5
) -> None:
    """Random weights for a Transformer whose embeddings and output projection are one matrix; see ``randomise``."""
    randomise(model, gen, shapes, label, scale)
    state = {name: value.clone() for name, value in told_state(model).items()}
    table = normal(gen, *shapes[TIED[0]], scale=scale, dtype=state[TIED[0]].dtype)
    model.load_state_dict({**state, **dict.fromkeys(TIED, table)})

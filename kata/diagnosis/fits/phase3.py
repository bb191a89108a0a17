"""Phase 3: the eps of the layer normalisation that nobody gave, and its formula."""

from __future__ import annotations

import itertools
from typing import Any, Callable, Iterator, Mapping, Sequence

import torch
from torch import Tensor

from ..calls import Call
from .numbers import plain


def layer_norm_eps(calls: Sequence[Call]) -> Iterator[str]:
    """The default of ``eps``, from the row that varies least."""
    found = []
    for call in calls:
        d_model, eps = call.bound_made("d_model", "eps")
        if call.made and eps is None and isinstance(call.answer, Tensor) and not call.answer.is_meta:
            x, y = (t.double().reshape(-1, d_model) for t in (call.args[0], call.answer))
            weight, bias = call.state.get("weight"), call.state.get("bias")
            y = (y - bias.double() if bias is not None else y) / (weight.double() if weight is not None else 1.0)
            centred = x - x.mean(-1, keepdim=True)
            for row, normalised in zip(centred, y):
                variance, at = row.square().mean().item(), int(row.abs().argmax())
                if variance > 0 and normalised[at] != 0:
                    found.append((variance, (row[at] / normalised[at]).item() ** 2 - variance))
    if found:
        eps = min(found)[1]
        if 0 < eps < 1 and plain(eps, 0.02) != "1e-05":
            yield plain(eps, 0.02)


DIMENSIONS: Mapping[str, Callable[[int], Sequence[int]]] = {
    "last": lambda count: (-1,),
    "first": lambda count: (0,),
    "second": lambda count: (1,),
    "before-last": lambda count: (-2,),
    "last-two": lambda count: (-2, -1),
    "all-but-first": lambda count: range(1, count),
    "all-but-last": lambda count: range(count - 1),
    "all": lambda count: range(count),
}
DIVISORS: Mapping[str, Callable[[Tensor, float], Tensor]] = {
    "inside": lambda variance, eps: (variance + eps).sqrt(),
    "outside": lambda variance, eps: variance.sqrt() + eps,
    "without": lambda variance, eps: variance.sqrt(),
    "unrooted": lambda variance, eps: variance + eps,
    "twice-rooted": lambda variance, eps: (variance.sqrt() + eps).sqrt(),
}
"""As in the catalogue, as functions."""


def layer_norm_formula(calls: Sequence[Call]) -> Iterator[str]:
    """Dimensions of mean and variance, which variance, and what it becomes: ``last,last,biased,inside`` is right.

    Where both run over the last dimension the entries of the catalogue say more, each of one thing.
    """
    left = list(itertools.product(DIMENSIONS, DIMENSIONS, ("biased", "unbiased"), DIVISORS))
    known = [call for call in calls if call.made and isinstance(call.answer, Tensor) and not call.answer.is_meta]
    for call in known:
        x, y = call.args[0].double(), call.answer.double()
        eps = call.bound_made("d_model", "eps")[1]
        if x.dim() < 2 or not y.isfinite().all() or not _is_mild(call.args[0]):
            continue
        gain, bias = (call.state.get(name, default) for name, default in (("weight", 1.0), ("bias", 0.0)))
        left = [told for told in left if _is_norm(told, x, 1e-5 if eps is None else eps, gain, bias, y)]
    order = {told: sum(one != two for one, two in zip(told, RIGHT)) for told in left}
    for told in sorted(left, key=lambda told: order[told]) if known else []:
        if told[:2] == RIGHT[:2]:
            return
        yield ",".join(told)


def _is_mild(x: Tensor) -> bool:
    """Whether rounding hardly matters in what is computed from a tensor."""
    spread, mean = torch.std_mean(x.double(), dim=-1, unbiased=False)
    return x.dtype in (torch.float32, torch.float64) and bool((mean.abs() < 50 * spread).all() and spread.min() > 1e-6)


RIGHT = ("last", "last", "biased", "inside")


def _is_norm(told: Sequence[str], x: Tensor, eps: float, gain: Any, bias: Any, y: Tensor) -> bool:
    of_mean, of_variance, which, divisor = told
    mean = x.mean(dim=tuple(DIMENSIONS[of_mean](x.dim())), keepdim=True)
    variance = x.var(dim=tuple(DIMENSIONS[of_variance](x.dim())), unbiased=False, keepdim=True)
    if which == "unbiased":
        count = x.numel() // variance.numel()
        variance = variance * (count / (count - 1) if count > 1 else float("nan"))
    made = (x - mean) / DIVISORS[divisor](variance, eps) * gain + bias
    return made.shape == y.shape and torch.allclose(made, y, rtol=2e-3, atol=1e-4)


FITS = {"layer-norm-default-eps": layer_norm_eps, "layer-norm-formula": layer_norm_formula}

"""Phase 2: the factor of the scores, the order of dimensions when heads are split and merged."""

from __future__ import annotations

import itertools
import math
from typing import Any, Iterator, Sequence

import torch
from torch import Tensor

from ..calls import Call
from .numbers import exponent, line, plain, solved

ORDERS = list(itertools.permutations(range(4)))


def attention_factor(calls: Sequence[Call]) -> Iterator[str]:
    """``factor,exponent``: the scores are multiplied by ``factor * d_k^exponent``."""
    found = []
    for call in calls:
        query, key, _, mask = call.bound("query", "key", "value", "mask")
        factor = _factor(query, key, _weights(call)) if mask is None else None
        if factor:
            found.append((query.shape[-1], factor))
    yield from _powers(found)


def heads_factor(calls: Sequence[Call]) -> Iterator[str]:
    """``factor,exponent of d_k,exponent of h`` of the scores in every head."""
    found = []
    for call in calls:
        query, key, _, mask = call.bound("query", "key", "value", "mask")
        weights, state = _weights(call), call.state
        if mask is not None or weights is None or weights.dim() != 4 or "w_q.weight" not in state:
            continue
        parts = []
        for x, name in ((query, "w_q"), (key, "w_k")):
            y = x.double() @ state[f"{name}.weight"].double().T + state[f"{name}.bias"].double()
            parts.append(y.reshape(*y.shape[:2], weights.shape[1], -1).transpose(1, 2))
        factor = _factor(parts[0], parts[1], weights)
        if factor:
            found.append((parts[0].shape[-1], weights.shape[1], factor))
    values = {plain(factor, 2e-3) for _, _, factor in found}
    if len(values) == 1 and len({shape[:2] for shape in found}) > 1:
        yield f"{values.pop()},0,0"
        return
    rows = [[math.log(d_k), math.log(heads)] for d_k, heads, _ in found]
    exponents = solved(rows, [math.log(factor) for _, _, factor in found])
    told = [exponent(round(each, 2)) for each in exponents or ()]
    if told and told != ["-0.5", "0"]:
        yield ",".join(["1", *told])


def heads_sources(calls: Sequence[Call]) -> Iterator[str]:
    """Which projection of which input the queries, keys and values of the heads are: ``qq,kk,vv`` is right."""
    unmasked = [call for call in calls if call.bound("query", "key", "value", "mask")[3] is None]
    known = [(call, weights) for call in unmasked for weights in [_weights(call)] if weights is not None and call.state]
    sources = ["qq", "kk", "vv", *(one + other for one, other in itertools.permutations("qkv", 2))]
    pairs: list[tuple[str, ...]] = list(itertools.product(sources, sources))
    values = sources
    for call, weights in known:
        parts = _projections(call, weights.shape[1])
        pairs = [pair for pair in pairs if _attends(parts[pair[0]], parts[pair[1]], weights)]
        values = [source for source in values if _mixes(call, weights, parts[source])]
    found = sorted(itertools.product(pairs, values), key=lambda told: (told[0] != ("qq", "kk")) + (told[1] != "vv"))
    for (query, key), value in found:
        if not known or (query, key, value) == ("qq", "kk", "vv"):
            return
        yield f"{query},{key},{value}"


def _projections(call: Call, heads: int) -> dict[str, Tensor]:
    """Projection and input (their first letters) to the heads ``(B, h, L, d_k)`` that they make."""
    inputs = zip("qkv", call.bound("query", "key", "value"))
    found = {}
    for (name, x), letter in itertools.product(inputs, "qkv"):
        y = x.double() @ call.state[f"w_{letter}.weight"].double().T + call.state[f"w_{letter}.bias"].double()
        found[letter + name] = y.reshape(*y.shape[:2], heads, -1).transpose(1, 2)
    return found


def _attends(query: Tensor, key: Tensor, weights: Tensor) -> bool:
    made = torch.softmax(query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5, dim=-1)
    return made.shape == weights.shape and torch.allclose(made, weights, rtol=1e-3, atol=1e-4)


def _mixes(call: Call, weights: Tensor, value: Tensor) -> bool:
    if value.shape[2] != weights.shape[3]:
        return False
    merged = (weights @ value).transpose(1, 2).flatten(2)
    made = merged @ call.state["w_o.weight"].double().T + call.state["w_o.bias"].double()
    output = call.answer[0].double()
    return made.shape == output.shape and torch.allclose(made, output, rtol=1e-3, atol=1e-4)


def split_order(calls: Sequence[Call]) -> Iterator[str]:
    """``hd`` or ``dh``, as the features are cut, and the order in which ``(B, L, h, d_k)`` comes back."""
    known = [(*call.bound("x", "num_heads"), call.answer) for call in calls]
    known = [told for told in known if isinstance(told[2], Tensor) and not told[2].is_meta and told[2].dim() in (3, 4)]
    for cut, order, flat in itertools.product(("hd", "dh"), ORDERS, ("", "-flat")):
        value = f"{cut}-{''.join(map(str, order))}{flat}"
        if known and value != "hd-0213" and all(_same(_split(x, heads, value), answer) for x, heads, answer in known):
            yield value


def _split(x: Tensor, heads: int, value: str) -> Tensor:
    cut, order, *flat = value.split("-")
    sizes = (heads, x.shape[2] // heads)
    parts = x.reshape(*x.shape[:2], *(sizes if cut == "hd" else sizes[::-1])).permute(*map(int, order))
    return parts.flatten(0, 1) if flat else parts


def merge_order(calls: Sequence[Call]) -> Iterator[str]:
    """The order of ``(B, h, L, d_k)`` before the last two dimensions become one, or the shape ``(B, L, d_model)``."""
    known = [(call.bound("x")[0], call.answer) for call in calls if isinstance(call.answer, Tensor)]
    known = [told for told in known if not told[1].is_meta and told[1].dim() == 3]
    for how, order in itertools.product(("flatten", "reshape"), ORDERS):
        value = f"{how}-{''.join(map(str, order))}"
        if known and order != (0, 2, 1, 3) and all(_same(_merged(x, value), answer) for x, answer in known):
            yield value


def _merged(x: Tensor, value: str) -> Tensor:
    how, order = value.split("-")
    batch, heads, length, d_k = x.shape
    x = x.permute(*map(int, order))
    return x.flatten(2) if how == "flatten" else x.reshape(batch, length, heads * d_k)


def _same(one: Tensor, other: Any) -> bool:
    return one.shape == other.shape and torch.equal(one.double(), other.double())


def _weights(call: Call) -> Tensor | None:
    pair = call.answer
    weights = pair[1] if isinstance(pair, tuple) and len(pair) == 2 else None
    return weights.double() if isinstance(weights, Tensor) and not weights.is_meta else None


def _factor(query: Tensor, key: Tensor, weights: Tensor | None) -> float | None:
    """By what the products of queries and keys were multiplied before a softmax that gave these weights."""
    if weights is None or weights.shape[-1] < 2:
        return None
    products = (query.double() @ key.double().transpose(-2, -1)).expand_as(weights)
    big = (weights[..., 1:] > 1e-4) & (weights[..., :-1] > 1e-4)
    logs, steps = weights.clamp(min=1e-30).log().diff(dim=-1)[big], products.diff(dim=-1)[big]
    squares = (steps * steps).sum().item()
    if squares < 1e-6:
        return None
    factor = (logs * steps).sum().item() / squares
    fits = (logs - factor * steps).abs().max().item() < 1e-3 * (1 + logs.abs().max().item())
    return factor if fits and factor > 0 else None


def _powers(found: Sequence[tuple[int, float]]) -> Iterator[str]:
    """``factor,exponent`` of ``factor * width^exponent`` through points of a width and a number."""
    if len({width for width, _ in found}) < 2:
        return
    through = line([(math.log(width), math.log(value)) for width, value in found])
    if through:
        value = f"{plain(math.exp(through[1]), 5e-3)},{exponent(round(through[0], 2))}"
        if value != "1,-0.5":
            yield value


FITS = {
    "attention-factor": attention_factor,
    "heads-factor": heads_factor,
    "heads-sources": heads_sources,
    "split-order": split_order,
    "merge-order": merge_order,
}

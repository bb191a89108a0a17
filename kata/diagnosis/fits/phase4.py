"""Phase 4: which tensor goes where in a layer; the layers are computed here with the weights that a test loaded."""

from __future__ import annotations

import contextlib
import itertools
from typing import Any, Callable, Iterator, Mapping, NamedTuple, Sequence

import torch
from torch import Tensor

from ..calls import Call
from ..misconceptions.phase4_values import DECODER, DECODER_FIELDS, ENCODER, ENCODER_FIELDS

MOST_OTHERS = 2
"""So many places of a layer may get something else."""


def encoder_wiring(calls: Sequence[Call]) -> Iterator[str]:
    """Names of what the places of an encoder layer get."""
    yield from _wirings(calls, ENCODER_FIELDS, ENCODER, _encoder)


def decoder_wiring(calls: Sequence[Call]) -> Iterator[str]:
    """Names of what the places of a decoder layer get."""
    yield from _wirings(calls, DECODER_FIELDS, DECODER, _decoder)


def _wirings(
    calls: Sequence[Call],
    fields: Sequence[Sequence[str]],
    right: Sequence[str],
    layer: Callable[[Sequence[str], Call, _Parts], _Named],
) -> Iterator[str]:
    known = [call for call in calls if _is_plain(call)]
    left = list(_choices(fields, right)) if known else []
    for call in known:
        if not left:
            return
        parts = _Parts(call.state, call.bound_made("d_model", "num_heads")[1])
        left = [wiring for wiring in left if _answers(wiring, call, parts, layer)]
    if tuple(right) not in left:
        yield from (",".join(wiring) for wiring in left)


def _choices(fields: Sequence[Sequence[str]], right: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """What the places may get: all right, then one thing wrong, then two."""
    for count in range(MOST_OTHERS + 1):
        for places in itertools.combinations(range(len(fields)), count):
            others = [[name for name in fields[place] if name != right[place]] for place in places]
            for names in itertools.product(*others):
                wiring = list(right)
                for place, name in zip(places, names):
                    wiring[place] = name
                yield tuple(wiring)


def _is_plain(call: Call) -> bool:
    """Whether a call of a layer can be computed here: numbers, loaded weights, and no dropout."""
    if call.made is None or not call.state or not isinstance(call.answer, Tensor) or call.answer.is_meta:
        return False
    dropout = call.bound_made("d_model", "num_heads", "d_ff", "dropout")[3]
    return not call.training or dropout == 0


def _answers(wiring: Sequence[str], call: Call, parts: _Parts, layer: Callable[..., _Named]) -> bool:
    with contextlib.suppress(RuntimeError):  # shapes that do not fit: that is no answer
        made = layer(wiring, call, parts).tensor
        return made.shape == call.answer.shape and torch.allclose(made, call.answer.double(), rtol=1e-3, atol=1e-3)
    return False


def _encoder(wiring: Sequence[str], call: Call, parts: _Parts) -> _Named:
    x, mask = call.bound("x", "mask")
    mask_name, residual1, fed, residual2 = wiring
    known = {"x": _Named("x", x.double()), "mask": _Named("mask", mask), "None": _Named("None", None)}
    own = known["x"]
    known["a"] = parts.attend("self_attention", own, own, own, known[mask_name])
    known["y"] = parts.join("add_norm1", known[residual1], known["a"])
    known["f"] = parts.feed(known[fed])
    return parts.join("add_norm2", known[residual2], known["f"])


def _decoder(wiring: Sequence[str], call: Call, parts: _Parts) -> _Named:
    x, memory, *masks = call.bound("x", "memory", "self_mask", "memory_mask")
    mask1, residual1, query, keys_and_values, mask2, residual2, fed, residual3 = wiring
    known = {"x": _Named("x", x.double()), "memory": _Named("memory", memory.double()), "None": _Named("None", None)}
    known.update({name: _Named(name, mask) for name, mask in zip(("self_mask", "memory_mask"), masks)})
    own = known["x"]
    known["a"] = parts.attend("self_attention", own, own, own, known[mask1])
    known["y"] = parts.join("add_norm1", known[residual1], known["a"])
    key, value = (known[name] for name in keys_and_values.split("+"))
    known["c"] = parts.attend("cross_attention", known[query], key, value, known[mask2])
    known["z"] = parts.join("add_norm2", known[residual2], known["c"])
    known["f"] = parts.feed(known[fed])
    return parts.join("add_norm3", known[residual3], known["f"])


class _Named(NamedTuple):
    """A tensor and how it was made, so that it is made once."""

    name: str
    tensor: Any


class _Parts:
    """The sublayers of a layer, computed with loaded weights in float64; most wirings share most of their steps.

    Args:
        state: the layer's state dict.
        heads: number of heads.
    """

    def __init__(self, state: Mapping[str, Any], heads: int) -> None:
        self._state = {name: tensor.double() for name, tensor in state.items()}
        self._heads = heads
        self._made: dict[str, Tensor] = {}

    def attend(self, name: str, query: _Named, key: _Named, value: _Named, mask: _Named) -> _Named:
        """Multi-head attention."""

        def made() -> Tensor:
            q, k, v = (self._split(f"{name}.{part}", x) for part, x in (("w_q", query), ("w_k", key), ("w_v", value)))
            scores = q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5
            if mask.tensor is None:
                weights = torch.softmax(scores, dim=-1)
            else:
                hidden = ~mask.tensor
                weights = torch.softmax(scores.masked_fill(hidden, -1e300), dim=-1).masked_fill(hidden, 0.0)
            return self._linear(f"{name}.w_o", (weights @ v).transpose(1, 2).flatten(2))

        return self._once(f"{name}({query.name},{key.name},{value.name},{mask.name})", made)

    def feed(self, x: _Named) -> _Named:
        """The feed-forward network."""
        first, second = "feed_forward.linear1", "feed_forward.linear2"
        return self._once(f"feed({x.name})", lambda: self._linear(second, torch.relu(self._linear(first, x.tensor))))

    def join(self, name: str, x: _Named, output: _Named) -> _Named:
        """The sum and its normalisation, without dropout."""

        def made() -> Tensor:
            total = x.tensor + output.tensor
            variance, mean = torch.var_mean(total, dim=-1, unbiased=False, keepdim=True)
            gain, bias = (self._state[f"{name}.norm.{part}"] for part in ("weight", "bias"))
            return (total - mean) / (variance + 1e-5).sqrt() * gain + bias

        return self._once(f"{name}({x.name},{output.name})", made)

    def _split(self, name: str, x: _Named) -> Tensor:
        def made() -> Tensor:
            return self._linear(name, x.tensor).unflatten(-1, (self._heads, -1)).transpose(1, 2)

        return self._once(f"{name}({x.name})", made).tensor

    def _linear(self, name: str, x: Tensor) -> Tensor:
        return x @ self._state[f"{name}.weight"].T + self._state[f"{name}.bias"]

    def _once(self, name: str, made: Callable[[], Tensor]) -> _Named:
        if name not in self._made:
            self._made[name] = made()
        return _Named(name, self._made[name])


FITS = {"encoder-layer-wiring": encoder_wiring, "decoder-layer-wiring": decoder_wiring}

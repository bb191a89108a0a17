"""Phase 2 in NumPy and, independently, with torch's own module; and the shapes that a mask may have."""

from __future__ import annotations

from typing import Any, Mapping, Tuple

import numpy as np
import torch
from torch import Tensor, nn

Arrays = Tuple[np.ndarray, np.ndarray]


def attention(query: np.ndarray, key: np.ndarray, value: np.ndarray, mask: Any = None) -> Arrays:
    """softmax(q . k / sqrt(d_k)) over the allowed keys, and the mean of their values by these weights.

    One query after the other. A query without an allowed key keeps the zeros it starts with.

    Returns:
        ``(output, weights)``.
    """
    *batch, length_q, d_k = query.shape
    length_k, d_v = value.shape[-2:]
    allowed = _allowed(mask, (*batch, length_q, length_k))
    output, weights = np.zeros((*batch, length_q, d_v)), np.zeros((*batch, length_q, length_k))
    for row in np.ndindex(*batch, length_q):
        place = row[:-1]
        keys = [j for j in range(length_k) if allowed[row][j]]
        scores = [query[row] @ key[place][j] / np.sqrt(d_k) for j in keys]
        exponentials = [np.exp(score - max(scores)) for score in scores]
        for j, exponential in zip(keys, exponentials):
            weights[row][j] = exponential / sum(exponentials)
            output[row] += weights[row][j] * value[place][j]
    return output, weights


def attention_gradients(
    query: np.ndarray, key: np.ndarray, value: np.ndarray, probe: np.ndarray, mask: Any = None
) -> dict[str, Tensor]:
    """The gradients of ``(output * probe).sum()`` by query, key and value, by the chain rule on paper.

    A weight w_ij has the gradient g_ij = probe_i . v_j, its score s_ij = q_i . k_j / sqrt(d_k) has
    w_ij (g_ij - sum_l w_il g_il).
    """
    _, weights = attention(query, key, value, mask)
    gradients = {"query": np.zeros_like(query), "key": np.zeros_like(key), "value": np.zeros_like(value)}
    root = np.sqrt(query.shape[-1])
    for row in np.ndindex(*query.shape[:-1]):
        place = row[:-1]
        g = [probe[row] @ v for v in value[place]]
        mean = sum(w * g_j for w, g_j in zip(weights[row], g))
        for j, w in enumerate(weights[row]):
            score = w * (g[j] - mean)
            gradients["query"][row] += score * key[place][j] / root
            gradients["key"][place][j] += score * query[row] / root
            gradients["value"][place][j] += w * probe[row]
    return {name: torch.from_numpy(gradient) for name, gradient in gradients.items()}


def split_heads(x: np.ndarray, num_heads: int) -> np.ndarray:
    """Head j is the j-th piece of d_k features of every position."""
    batch, length, d_model = np.shape(x)
    d_k = d_model // num_heads
    heads = np.zeros((batch, num_heads, length, d_k))
    for j in range(num_heads):
        heads[:, j] = x[:, :, j * d_k : (j + 1) * d_k]
    return heads


def merge_heads(x: np.ndarray) -> np.ndarray:
    """The heads of every position, one piece of d_k features after the other."""
    batch, num_heads, length, d_k = np.shape(x)
    merged = np.zeros((batch, length, num_heads * d_k))
    for j in range(num_heads):
        merged[:, :, j * d_k : (j + 1) * d_k] = x[:, j]
    return merged


def multi_head(
    query: np.ndarray,
    key: np.ndarray,
    value: np.ndarray,
    weights: Mapping[str, np.ndarray],
    num_heads: int,
    mask: Any = None,
) -> Arrays:
    """Concat(head_1, ..., head_h) W_O, one head after the other; nn.Linear keeps its matrices transposed.

    Args:
        query, key, value: ``(B, L, d_model)``.
        weights: the state dict of a MultiHeadAttention.
        num_heads: ``h``.
        mask: broadcasts to ``(B, h, L_q, L_k)``, True where attention is allowed.

    Returns:
        ``(output, weights of every head)``.
    """

    def linear(x: np.ndarray, name: str) -> np.ndarray:
        return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]

    batch, length_q, d_model = query.shape
    d_k = d_model // num_heads
    allowed = _allowed(mask, (batch, num_heads, length_q, key.shape[1]))
    q, k, v = linear(query, "w_q"), linear(key, "w_k"), linear(value, "w_v")
    heads, attended = [], []
    for j in range(num_heads):
        own = slice(j * d_k, (j + 1) * d_k)
        head, weights_of_head = attention(q[..., own], k[..., own], v[..., own], allowed[:, j])
        heads.append(head)
        attended.append(weights_of_head)
    return linear(np.concatenate(heads, axis=-1), "w_o"), np.stack(attended, axis=1)


class TorchMultiHead:
    """``torch.nn.MultiheadAttention`` in float64 with the weights of a MultiHeadAttention.

    Attributes:
        parameters: name in the submission's state dict to the gradient-carrying tensor that stands for it here.
    """

    def __init__(self, state: Mapping[str, Tensor], d_model: int, num_heads: int) -> None:
        self._num_heads = num_heads
        self._module = nn.MultiheadAttention(d_model, num_heads, batch_first=True, dtype=torch.float64)
        self.parameters = {name: value.detach().double().requires_grad_(True) for name, value in state.items()}

    def __call__(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> Any:
        """``(output, weights of every head)``; every query must be allowed some key."""
        own, blocked = self.parameters, None
        if mask is not None:
            shape = (query.size(0), self._num_heads, query.size(1), key.size(1))
            blocked = ~mask.expand(shape).flatten(0, 1)  # there True means "may not attend"
        weights = {
            "in_proj_weight": torch.cat([own["w_q.weight"], own["w_k.weight"], own["w_v.weight"]]),
            "in_proj_bias": torch.cat([own["w_q.bias"], own["w_k.bias"], own["w_v.bias"]]),
            "out_proj.weight": own["w_o.weight"],
            "out_proj.bias": own["w_o.bias"],
        }
        options = {"attn_mask": blocked, "need_weights": True, "average_attn_weights": False}
        return torch.func.functional_call(self._module, weights, (query, key, value), options)


def mask_shapes(batch: int, num_heads: int, length_q: int, length_k: int) -> dict[str, tuple[int, ...]]:
    """Shapes that broadcast to ``(B, h, L_q, L_k)`` and name keys one by one; what each is called."""
    return {
        "(L_k)": (length_k,),
        "(L_q, L_k)": (length_q, length_k),
        "(1, 1, L_q, L_k)": (1, 1, length_q, length_k),
        "(h, 1, L_k)": (num_heads, 1, length_k),
        "(1, h, L_q, L_k)": (1, num_heads, length_q, length_k),
        "(1, 1, 1, L_k)": (1, 1, 1, length_k),
        "(B, 1, 1, L_k)": (batch, 1, 1, length_k),
        "(B, 1, L_q, L_k)": (batch, 1, length_q, length_k),
        "(B, h, L_q, L_k)": (batch, num_heads, length_q, length_k),
    }


def open_mask(gen: torch.Generator, *shape: int) -> Tensor:
    """A random mask that allows every query at least one key and forbids it at least one."""
    mask = torch.rand(*shape, generator=gen) < 0.5
    allowed = int(torch.randint(shape[-1], (), generator=gen))
    mask[..., allowed] = True
    mask[..., (allowed + 1) % shape[-1]] = False
    return mask


def _allowed(mask: Any, shape: tuple[int, ...]) -> np.ndarray:
    """The mask at its full shape."""
    return np.broadcast_to(True if mask is None else np.asarray(mask), shape)

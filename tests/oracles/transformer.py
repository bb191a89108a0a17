"""Phase 4 in NumPy: the model of figure 1, put together from the formulas of the paper in float64.

Weights are a state dict of arrays under the submission's own names. A mask is boolean, True means "may
attend", and None allows everything.
"""

from __future__ import annotations

from typing import Dict, Optional

import numpy as np

Weights = Dict[str, np.ndarray]
Mask = Optional[np.ndarray]

EPS = 1e-5


def part(weights: Weights, name: str) -> Weights:
    """The weights of one submodule, under the names it has for them itself."""
    return {key[len(name) + 1 :]: value for key, value in weights.items() if key.startswith(f"{name}.")}


# -- the parts of a layer -----------------------------------------------------------------------------------


def linear(x: np.ndarray, weights: Weights, name: str) -> np.ndarray:
    """x W^T + b."""
    return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]


def multi_head_attention(query: np.ndarray, memory: np.ndarray, w: Weights, num_heads: int, mask: Mask) -> np.ndarray:
    """Attention of ``query`` over ``memory`` (keys and values alike), one head and one query at a time."""
    batch, len_q, d_model = query.shape
    len_k, d_k = memory.shape[1], d_model // num_heads
    allowed = np.broadcast_to(True if mask is None else mask, (batch, num_heads, len_q, len_k))
    q, k, v = linear(query, w, "w_q"), linear(memory, w, "w_k"), linear(memory, w, "w_v")
    heads = np.zeros((batch, len_q, d_model))
    for b in range(batch):
        for h in range(num_heads):
            columns = slice(h * d_k, (h + 1) * d_k)
            for i in range(len_q):
                seen = np.flatnonzero(allowed[b, h, i])
                if len(seen) == 0:
                    continue  # nothing to attend to: zeros
                scores = k[b, seen, columns] @ q[b, i, columns] / np.sqrt(d_k)
                weights = np.exp(scores - scores.max())
                heads[b, i, columns] = weights / weights.sum() @ v[b, seen, columns]
    return linear(heads, w, "w_o")


def feed_forward(x: np.ndarray, w: Weights) -> np.ndarray:
    """max(0, x W1 + b1) W2 + b2."""
    return linear(np.maximum(0.0, linear(x, w, "linear1")), w, "linear2")


def add_and_norm(x: np.ndarray, sublayer_output: np.ndarray | float, w: Weights) -> np.ndarray:
    """LayerNorm(x + Sublayer(x))."""
    total = x + sublayer_output
    mean = total.mean(axis=-1, keepdims=True)
    variance = ((total - mean) ** 2).mean(axis=-1, keepdims=True)
    return (total - mean) / np.sqrt(variance + EPS) * w["norm.weight"] + w["norm.bias"]


# -- layers and stacks --------------------------------------------------------------------------------------


def encoder_layer(x: np.ndarray, w: Weights, num_heads: int, mask: Mask = None) -> np.ndarray:
    """Self-attention, add & norm, feed-forward, add & norm."""
    attended = multi_head_attention(x, x, part(w, "self_attention"), num_heads, mask)
    x = add_and_norm(x, attended, part(w, "add_norm1"))
    return add_and_norm(x, feed_forward(x, part(w, "feed_forward")), part(w, "add_norm2"))


def decoder_layer(
    x: np.ndarray, memory: np.ndarray, w: Weights, num_heads: int, self_mask: Mask = None, memory_mask: Mask = None
) -> np.ndarray:
    """Self-attention, cross-attention over the memory, feed-forward, each with add & norm."""
    attended = multi_head_attention(x, x, part(w, "self_attention"), num_heads, self_mask)
    x = add_and_norm(x, attended, part(w, "add_norm1"))
    attended = multi_head_attention(x, memory, part(w, "cross_attention"), num_heads, memory_mask)
    x = add_and_norm(x, attended, part(w, "add_norm2"))
    return add_and_norm(x, feed_forward(x, part(w, "feed_forward")), part(w, "add_norm3"))


def count_layers(w: Weights) -> int:
    """How many layers a stack's weights belong to."""
    return len({name.split(".")[1] for name in w})


def encoder(x: np.ndarray, w: Weights, num_heads: int, mask: Mask = None) -> np.ndarray:
    """One layer after the other, and no norm after the last."""
    for number in range(count_layers(w)):
        x = encoder_layer(x, part(w, f"layers.{number}"), num_heads, mask)
    return x


def decoder(
    x: np.ndarray, memory: np.ndarray, w: Weights, num_heads: int, self_mask: Mask = None, memory_mask: Mask = None
) -> np.ndarray:
    """One layer after the other, every one over the same memory."""
    for number in range(count_layers(w)):
        x = decoder_layer(x, memory, part(w, f"layers.{number}"), num_heads, self_mask, memory_mask)
    return x


# -- the whole model ----------------------------------------------------------------------------------------


def embed(tokens: np.ndarray, table: np.ndarray) -> np.ndarray:
    """Rows of the table times sqrt(d_model), plus the sinusoidal encoding of each position."""
    d_model = table.shape[1]
    x = table[tokens] * np.sqrt(d_model)
    for pos in range(tokens.shape[1]):
        for pair in range(d_model // 2):
            angle = pos / 10000.0 ** (2 * pair / d_model)
            x[:, pos, 2 * pair] += np.sin(angle)
            x[:, pos, 2 * pair + 1] += np.cos(angle)
    return x


def encode(src: np.ndarray, w: Weights, num_heads: int, src_mask: Mask = None) -> np.ndarray:
    """Source tokens to memory."""
    return encoder(embed(src, w["src_embedding.embedding.weight"]), part(w, "encoder"), num_heads, src_mask)


def decode(
    tgt: np.ndarray, memory: np.ndarray, w: Weights, num_heads: int, tgt_mask: Mask = None, src_mask: Mask = None
) -> np.ndarray:
    """Target tokens and memory to hidden states."""
    x = embed(tgt, w["tgt_embedding.embedding.weight"])
    return decoder(x, memory, part(w, "decoder"), num_heads, tgt_mask, src_mask)


def logits(
    src: np.ndarray, tgt: np.ndarray, w: Weights, num_heads: int, src_mask: Mask = None, tgt_mask: Mask = None
) -> np.ndarray:
    """Hidden states times the output projection: no bias, no softmax."""
    hidden = decode(tgt, encode(src, w, num_heads, src_mask), w, num_heads, tgt_mask, src_mask)
    return hidden @ w["output_projection.weight"].T


# -- what a model is made of --------------------------------------------------------------------------------


def layer_shapes(kind: str, d_model: int, d_ff: int) -> dict[str, tuple[int, ...]]:
    """Name and shape of every parameter of an ``"encoder"`` or ``"decoder"`` layer."""
    shapes: dict[str, tuple[int, ...]] = {}
    for attention in ["self_attention"] if kind == "encoder" else ["self_attention", "cross_attention"]:
        for projection in ("w_q", "w_k", "w_v", "w_o"):
            shapes[f"{attention}.{projection}.weight"] = (d_model, d_model)
            shapes[f"{attention}.{projection}.bias"] = (d_model,)
    shapes["feed_forward.linear1.weight"], shapes["feed_forward.linear1.bias"] = (d_ff, d_model), (d_ff,)
    shapes["feed_forward.linear2.weight"], shapes["feed_forward.linear2.bias"] = (d_model, d_ff), (d_model,)
    for number in range(1, 3 if kind == "encoder" else 4):
        shapes[f"add_norm{number}.norm.weight"] = shapes[f"add_norm{number}.norm.bias"] = (d_model,)
    return shapes


def stack_shapes(kind: str, num_layers: int, d_model: int, d_ff: int) -> dict[str, tuple[int, ...]]:
    """The same of a stack of layers."""
    layer = layer_shapes(kind, d_model, d_ff)
    return {f"layers.{number}.{name}": shape for number in range(num_layers) for name, shape in layer.items()}


def model_shapes(
    src_vocab_size: int, tgt_vocab_size: int, d_model: int, num_layers: int, d_ff: int, shared: bool = False
) -> dict[str, tuple[int, ...]]:
    """The same of the whole model; a shared matrix is counted once, as the source embedding."""
    shapes: dict[str, tuple[int, ...]] = {"src_embedding.embedding.weight": (src_vocab_size, d_model)}
    if not shared:
        shapes["tgt_embedding.embedding.weight"] = shapes["output_projection.weight"] = (tgt_vocab_size, d_model)
    for kind in ("encoder", "decoder"):
        stack = stack_shapes(kind, num_layers, d_model, d_ff)
        shapes.update({f"{kind}.{name}": shape for name, shape in stack.items()})
    return shapes

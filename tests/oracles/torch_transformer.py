"""The second oracle of phase 4: torch's own layers as functions of the submission's weights, for gradients.

``leaves`` are tensors under the submission's names. Torch keeps query, key and value projection in one matrix
and its masks say the opposite (True = masked), so both are converted here, inside the graph.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, Sequence, TypeVar

import torch
from torch import Tensor, nn
from torch.func import functional_call

Leaves = Dict[str, Tensor]
Layer = TypeVar("Layer", bound=nn.Module)

RENAMED = {
    "self_attention.w_o": "self_attn.out_proj",
    "cross_attention.w_o": "multihead_attn.out_proj",
    "feed_forward.linear1": "linear1",
    "feed_forward.linear2": "linear2",
    "add_norm1.norm": "norm1",
    "add_norm2.norm": "norm2",
    "add_norm3.norm": "norm3",
}


def leaves_of(module: Any, shared: Sequence[str] = ()) -> Leaves:
    """Float64 copies of all parameters of a submission's module, ready for gradients.

    Args:
        module: the module.
        shared: names of one and the same parameter; its copy stands under the first of them.
    """
    found = {shared[0] if name in shared else name: value for name, value in module.named_parameters()}
    return {name: value.detach().double().clone().requires_grad_(True) for name, value in found.items()}


def part(leaves: Leaves, name: str) -> Leaves:
    """The leaves of one submodule, under the names it has for them itself."""
    return {key[len(name) + 1 :]: value for key, value in leaves.items() if key.startswith(f"{name}.")}


def _torch_names(leaves: Leaves) -> Leaves:
    """One layer's leaves under the names that torch's layer has for them."""
    renamed = {}
    for ours, theirs in RENAMED.items():
        for kind in ("weight", "bias"):
            if f"{ours}.{kind}" in leaves:
                renamed[f"{theirs}.{kind}"] = leaves[f"{ours}.{kind}"]
    for ours, theirs in (("self_attention", "self_attn"), ("cross_attention", "multihead_attn")):
        for kind in ("weight", "bias"):
            if f"{ours}.w_q.{kind}" in leaves:
                rows = [leaves[f"{ours}.{projection}.{kind}"] for projection in ("w_q", "w_k", "w_v")]
                renamed[f"{theirs}.in_proj_{kind}"] = torch.cat(rows)
    return renamed


def _torch_mask(mask: Tensor | None, batch: int, num_heads: int, len_q: int, len_k: int) -> Tensor | None:
    """``(B * h, L_q, L_k)``, True where torch must not attend."""
    return None if mask is None else ~mask.expand(batch, num_heads, len_q, len_k).reshape(-1, len_q, len_k)


def _layer(kind: Callable[..., Layer], leaves: Leaves, num_heads: int) -> Layer:
    d_ff, d_model = next(value for name, value in leaves.items() if name.endswith("linear1.weight")).shape
    # Training mode keeps torch off its inference path, which has no gradients; there is no dropout.
    return kind(d_model, num_heads, d_ff, dropout=0.0, batch_first=True, dtype=torch.float64).train()


def encoder_layer(x: Tensor, leaves: Leaves, num_heads: int, mask: Tensor | None = None) -> Tensor:
    """``nn.TransformerEncoderLayer``, post-norm, ReLU."""
    layer = _layer(nn.TransformerEncoderLayer, leaves, num_heads)
    mask = _torch_mask(mask, x.size(0), num_heads, x.size(1), x.size(1))
    return functional_call(layer, _torch_names(leaves), (x,), {"src_mask": mask})


def decoder_layer(
    x: Tensor,
    memory: Tensor,
    leaves: Leaves,
    num_heads: int,
    self_mask: Tensor | None = None,
    memory_mask: Tensor | None = None,
) -> Tensor:
    """``nn.TransformerDecoderLayer``, post-norm, ReLU."""
    layer = _layer(nn.TransformerDecoderLayer, leaves, num_heads)
    masks = {
        "tgt_mask": _torch_mask(self_mask, x.size(0), num_heads, x.size(1), x.size(1)),
        "memory_mask": _torch_mask(memory_mask, x.size(0), num_heads, x.size(1), memory.size(1)),
    }
    return functional_call(layer, _torch_names(leaves), (x, memory), masks)


def _stack_names(leaves: Leaves) -> tuple[Leaves, int]:
    """A stack's leaves under torch's names, and how many layers there are."""
    num_layers = len({name.split(".")[1] for name in leaves})
    names = {}
    for number in range(num_layers):
        layer = _torch_names(part(leaves, f"layers.{number}"))
        names.update({f"layers.{number}.{name}": value for name, value in layer.items()})
    return names, num_layers


def encoder(x: Tensor, leaves: Leaves, num_heads: int, mask: Tensor | None = None) -> Tensor:
    """``nn.TransformerEncoder`` without its optional norm at the end."""
    names, num_layers = _stack_names(leaves)
    layer = _layer(nn.TransformerEncoderLayer, leaves, num_heads)
    stack = nn.TransformerEncoder(layer, num_layers, enable_nested_tensor=False).train()
    mask = _torch_mask(mask, x.size(0), num_heads, x.size(1), x.size(1))
    return functional_call(stack, names, (x,), {"mask": mask})


def decoder(
    x: Tensor,
    memory: Tensor,
    leaves: Leaves,
    num_heads: int,
    self_mask: Tensor | None = None,
    memory_mask: Tensor | None = None,
) -> Tensor:
    """``nn.TransformerDecoder`` without its optional norm at the end."""
    names, num_layers = _stack_names(leaves)
    stack = nn.TransformerDecoder(_layer(nn.TransformerDecoderLayer, leaves, num_heads), num_layers).train()
    masks = {
        "tgt_mask": _torch_mask(self_mask, x.size(0), num_heads, x.size(1), x.size(1)),
        "memory_mask": _torch_mask(memory_mask, x.size(0), num_heads, x.size(1), memory.size(1)),
    }
    return functional_call(stack, names, (x, memory), masks)


def logits(
    src: Tensor,
    tgt: Tensor,
    leaves: Leaves,
    num_heads: int,
    positions: Tensor,
    src_mask: Tensor | None = None,
    tgt_mask: Tensor | None = None,
) -> Tensor:
    """The whole model around torch's stacks.

    Args:
        src, tgt: tokens.
        leaves: all parameters; where embeddings are shared, the source embedding stands for all three.
        num_heads: ``h``.
        positions: the sinusoidal encoding, at least as long as both sequences.
        src_mask, tgt_mask: True means "may attend".
    """
    table = leaves["src_embedding.embedding.weight"]
    tgt_table = leaves.get("tgt_embedding.embedding.weight", table)
    projection = leaves.get("output_projection.weight", table)
    root = table.size(1) ** 0.5
    memory = encoder(table[src] * root + positions[: src.size(1)], part(leaves, "encoder"), num_heads, src_mask)
    x = tgt_table[tgt] * root + positions[: tgt.size(1)]
    return decoder(x, memory, part(leaves, "decoder"), num_heads, tgt_mask, src_mask) @ projection.T

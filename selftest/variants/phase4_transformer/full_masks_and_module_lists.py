"""Masks are expanded to `(B, h, L_q, L_k)` or made where there is none; stacks are filled by name and by `insert`."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .phase1_embedding import PositionalEncoding, TokenEmbedding
from .phase2_attention import MultiHeadAttention
from .phase3_layers import AddAndNorm, PositionwiseFeedForward


def full_mask(mask: Tensor | None, query: Tensor, key: Tensor, num_heads: int) -> Tensor:
    """The mask at its full shape; all True where there is none."""
    shape = (query.size(0), num_heads, query.size(1), key.size(1))
    if mask is None:
        return torch.ones(shape, dtype=torch.bool, device=query.device)
    return torch.broadcast_to(mask, shape)


class EncoderLayer(nn.Module):
    def __init__(self, d_model: int, num_heads: int, d_ff: int, dropout: float = 0.1) -> None:
        super().__init__()
        self.self_attention = MultiHeadAttention(d_model, num_heads)
        self.feed_forward = PositionwiseFeedForward(d_model, d_ff)
        self.add_norm1 = AddAndNorm(d_model, dropout)
        self.add_norm2 = AddAndNorm(d_model, dropout)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        x = self.add_norm1(x, self.self_attention(x, x, x, mask)[0])
        return self.add_norm2(x, self.feed_forward(x))


class DecoderLayer(nn.Module):
    def __init__(self, d_model: int, num_heads: int, d_ff: int, dropout: float = 0.1) -> None:
        super().__init__()
        self.self_attention = MultiHeadAttention(d_model, num_heads)
        self.cross_attention = MultiHeadAttention(d_model, num_heads)
        self.feed_forward = PositionwiseFeedForward(d_model, d_ff)
        self.add_norm1 = AddAndNorm(d_model, dropout)
        self.add_norm2 = AddAndNorm(d_model, dropout)
        self.add_norm3 = AddAndNorm(d_model, dropout)

    def forward(
        self, x: Tensor, memory: Tensor, self_mask: Tensor | None = None, memory_mask: Tensor | None = None
    ) -> Tensor:
        x = self.add_norm1(x, self.self_attention(x, x, x, self_mask)[0])
        x = self.add_norm2(x, self.cross_attention(x, memory, memory, memory_mask)[0])
        return self.add_norm3(x, self.feed_forward(x))


class Encoder(nn.Module):
    def __init__(self, num_layers: int, d_model: int, num_heads: int, d_ff: int, dropout: float = 0.1) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.layers = nn.ModuleList()
        for number in range(num_layers):
            self.layers.add_module(str(number), EncoderLayer(d_model, num_heads, d_ff, dropout))

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        mask = full_mask(mask, x, x, self.num_heads)
        for _, layer in self.layers.named_children():
            x = layer(x, mask=mask)
        return x


class Decoder(nn.Module):
    def __init__(self, num_layers: int, d_model: int, num_heads: int, d_ff: int, dropout: float = 0.1) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.layers = nn.ModuleList()
        for _ in range(num_layers):
            self.layers.insert(0, DecoderLayer(d_model, num_heads, d_ff, dropout))

    def forward(
        self, x: Tensor, memory: Tensor, self_mask: Tensor | None = None, memory_mask: Tensor | None = None
    ) -> Tensor:
        masks = {
            "self_mask": full_mask(self_mask, x, x, self.num_heads),
            "memory_mask": full_mask(memory_mask, x, memory, self.num_heads),
        }
        for layer in iter(self.layers):
            x = layer(x, memory, **masks)
        return x


class Transformer(nn.Module):
    def __init__(
        self,
        src_vocab_size: int,
        tgt_vocab_size: int,
        d_model: int = 512,
        num_heads: int = 8,
        num_layers: int = 6,
        d_ff: int = 2048,
        dropout: float = 0.1,
        max_len: int = 5000,
        share_embeddings: bool = False,
    ) -> None:
        super().__init__()
        if share_embeddings and src_vocab_size != tgt_vocab_size:
            raise ValueError(f"one matrix cannot serve {src_vocab_size} and {tgt_vocab_size} tokens")
        self.src_embedding = TokenEmbedding(src_vocab_size, d_model)
        self.tgt_embedding = TokenEmbedding(tgt_vocab_size, d_model)
        self.positional_encoding = PositionalEncoding(d_model, dropout, max_len)
        self.encoder = Encoder(num_layers, d_model, num_heads, d_ff, dropout)
        self.decoder = Decoder(num_layers, d_model, num_heads, d_ff, dropout)
        self.output_projection = nn.Linear(d_model, tgt_vocab_size, bias=False)
        self.register_buffer("scale", torch.tensor(float(d_model)).rsqrt(), persistent=False)  # nobody needs it
        if share_embeddings:
            self.src_embedding.embedding = self.tgt_embedding.embedding
            self.output_projection.weight = self.tgt_embedding.embedding.weight
        for module in self.modules():
            if isinstance(module, nn.Embedding):
                module.weight.data.normal_(0.0, d_model**-0.5)
            elif isinstance(module, nn.Linear) and not (share_embeddings and module is self.output_projection):
                module.weight = nn.Parameter(nn.init.xavier_uniform_(torch.empty_like(module.weight)))

    def encode(self, src: Tensor, src_mask: Tensor | None) -> Tensor:
        return self.encoder(self.positional_encoding(self.src_embedding(src)), src_mask)

    def decode(self, tgt: Tensor, memory: Tensor, tgt_mask: Tensor | None, src_mask: Tensor | None) -> Tensor:
        return self.decoder(self.positional_encoding(self.tgt_embedding(tgt)), memory, tgt_mask, src_mask)

    def forward(self, src: Tensor, tgt: Tensor, src_mask: Tensor | None, tgt_mask: Tensor | None) -> Tensor:
        memory = self.encode(src=src, src_mask=src_mask)
        hidden = self.decode(tgt=tgt, memory=memory, tgt_mask=tgt_mask, src_mask=src_mask)
        return torch.einsum("bld,vd->blv", hidden, self.output_projection.weight)

"""Stacks of deep copies of one layer that the model initialises anew, by hand under `no_grad`."""

from __future__ import annotations

import copy
import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .phase1_embedding import PositionalEncoding, TokenEmbedding
from .phase2_attention import MultiHeadAttention
from .phase3_layers import AddAndNorm, PositionwiseFeedForward


def clones(module: nn.Module, number: int) -> nn.ModuleList:
    return nn.ModuleList(copy.deepcopy(module) for _ in range(number))


class EncoderLayer(nn.Module):
    def __init__(self, d_model: int, num_heads: int, d_ff: int, dropout: float = 0.1) -> None:
        super().__init__()
        self.self_attention = MultiHeadAttention(d_model, num_heads)
        self.feed_forward = PositionwiseFeedForward(d_model, d_ff)
        self.add_norm1, self.add_norm2 = clones(AddAndNorm(d_model, dropout), 2)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        x = self.add_norm1(x, self.self_attention(x, x, x, mask=mask)[0])
        return self.add_norm2(x, self.feed_forward(x))


class DecoderLayer(nn.Module):
    def __init__(self, d_model: int, num_heads: int, d_ff: int, dropout: float = 0.1) -> None:
        super().__init__()
        self.self_attention, self.cross_attention = clones(MultiHeadAttention(d_model, num_heads), 2)
        self.feed_forward = PositionwiseFeedForward(d_model, d_ff)
        self.add_norm1, self.add_norm2, self.add_norm3 = clones(AddAndNorm(d_model, dropout), 3)

    def forward(
        self, x: Tensor, memory: Tensor, self_mask: Tensor | None = None, memory_mask: Tensor | None = None
    ) -> Tensor:
        x = self.add_norm1(x, self.self_attention(x, x, x, mask=self_mask)[0])
        x = self.add_norm2(x, self.cross_attention(query=x, key=memory, value=memory, mask=memory_mask)[0])
        return self.add_norm3(x, self.feed_forward(x))


class Encoder(nn.Module):
    def __init__(self, num_layers: int, d_model: int, num_heads: int, d_ff: int, dropout: float = 0.1) -> None:
        super().__init__()
        self.layers = clones(EncoderLayer(d_model, num_heads, d_ff, dropout), num_layers)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        for layer in self.layers:
            x = layer(x, mask=mask)
        return x


class Decoder(nn.Module):
    def __init__(self, num_layers: int, d_model: int, num_heads: int, d_ff: int, dropout: float = 0.1) -> None:
        super().__init__()
        self.layers = clones(DecoderLayer(d_model, num_heads, d_ff, dropout), num_layers)

    def forward(
        self, x: Tensor, memory: Tensor, self_mask: Tensor | None = None, memory_mask: Tensor | None = None
    ) -> Tensor:
        for layer in self.layers:
            x = layer(x, memory, self_mask=self_mask, memory_mask=memory_mask)
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
            message = "share_embeddings=True: src_vocab_size is {} and tgt_vocab_size is {}"
            raise ValueError(message.format(src_vocab_size, tgt_vocab_size))
        self.config = {"d_model": d_model, "num_heads": num_heads}
        self.src_embedding = TokenEmbedding(src_vocab_size, d_model)
        self.tgt_embedding = TokenEmbedding(tgt_vocab_size, d_model)
        self.positional_encoding = PositionalEncoding(d_model, dropout, max_len)
        self.encoder = Encoder(num_layers, d_model, num_heads, d_ff, dropout)
        self.decoder = Decoder(num_layers, d_model, num_heads, d_ff, dropout)
        self.output_projection = nn.Linear(d_model, tgt_vocab_size, bias=False)
        if share_embeddings:
            shared = nn.Parameter(torch.empty(src_vocab_size, d_model))
            for owner in (self.src_embedding.embedding, self.tgt_embedding.embedding, self.output_projection):
                owner.weight = shared
        self.start()

    @torch.no_grad()
    def start(self) -> None:
        for weight in self.parameters():
            if weight.dim() == 2:
                bound = math.sqrt(6 / (weight.size(0) + weight.size(1)))
                weight.uniform_(-bound, bound)
        for embedding in (self.src_embedding.embedding, self.tgt_embedding.embedding):
            embedding.weight.copy_(torch.randn_like(embedding.weight) / math.sqrt(self.config["d_model"]))

    def encode(self, src: Tensor, src_mask: Tensor | None) -> Tensor:
        x = self.src_embedding(src)
        x = self.positional_encoding(x)
        return self.encoder(x, src_mask)

    def decode(self, tgt: Tensor, memory: Tensor, tgt_mask: Tensor | None, src_mask: Tensor | None) -> Tensor:
        x = self.tgt_embedding(tgt)
        x = self.positional_encoding(x)
        return self.decoder(x, memory, tgt_mask, src_mask)

    def forward(self, src: Tensor, tgt: Tensor, src_mask: Tensor | None, tgt_mask: Tensor | None) -> Tensor:
        memory = self.encode(src, src_mask)
        return F.linear(self.decode(tgt, memory, tgt_mask, src_mask), self.output_projection.weight)

"""Loops over the batch: every stack works on one sentence at a time, with its own row of an expanded mask."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .phase1_embedding import PositionalEncoding, TokenEmbedding
from .phase2_attention import MultiHeadAttention
from .phase3_layers import AddAndNorm, PositionwiseFeedForward


def rows_of(mask: Tensor | None, batch: int, num_heads: int, length_q: int, length_k: int) -> list:
    """The mask of every sentence, ``(1, h, L_q, L_k)``, or None for each."""
    if mask is None:
        return [None] * batch
    return list(mask.expand(batch, num_heads, length_q, length_k).split(1))


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
        self.layers = nn.ModuleList([EncoderLayer(d_model, num_heads, d_ff, dropout) for _ in range(num_layers)])
        self.num_heads = num_heads

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        batch, length, _ = x.shape
        outputs = []
        for sentence, own in zip(x.split(1), rows_of(mask, batch, self.num_heads, length, length)):
            for layer in self.layers:
                sentence = layer(sentence, own)
            outputs.append(sentence)
        return torch.cat(outputs)


class Decoder(nn.Module):
    def __init__(self, num_layers: int, d_model: int, num_heads: int, d_ff: int, dropout: float = 0.1) -> None:
        super().__init__()
        self.layers = nn.ModuleList([DecoderLayer(d_model, num_heads, d_ff, dropout) for _ in range(num_layers)])
        self.num_heads = num_heads

    def forward(
        self, x: Tensor, memory: Tensor, self_mask: Tensor | None = None, memory_mask: Tensor | None = None
    ) -> Tensor:
        batch, length, _ = x.shape
        own_masks = rows_of(self_mask, batch, self.num_heads, length, length)
        source_masks = rows_of(memory_mask, batch, self.num_heads, length, memory.size(1))
        outputs = []
        for sentence, source, own, theirs in zip(x.split(1), memory.split(1), own_masks, source_masks):
            for layer in self.layers:
                sentence = layer(sentence, source, own, theirs)
            outputs.append(sentence)
        return torch.cat(outputs)


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
        if share_embeddings:
            self.tgt_embedding.embedding.weight = self.src_embedding.embedding.weight
            self.output_projection.weight = self.tgt_embedding.embedding.weight
        matrices = [parameter for parameter in self.parameters() if parameter.ndim >= 2]
        for matrix in matrices:
            nn.init.xavier_uniform_(matrix, gain=1.0)
        for embedding in {self.src_embedding.embedding, self.tgt_embedding.embedding}:
            nn.init.normal_(embedding.weight, std=(1 / d_model) ** 0.5)

    def encode(self, src: Tensor, src_mask: Tensor | None) -> Tensor:
        return self.encoder(self.positional_encoding(self.src_embedding(src)), src_mask)

    def decode(self, tgt: Tensor, memory: Tensor, tgt_mask: Tensor | None, src_mask: Tensor | None) -> Tensor:
        return self.decoder(self.positional_encoding(self.tgt_embedding(tgt)), memory, tgt_mask, src_mask)

    def forward(self, src: Tensor, tgt: Tensor, src_mask: Tensor | None, tgt_mask: Tensor | None) -> Tensor:
        memory = self.encode(src, src_mask)
        logits = [self.output_projection(row) for row in self.decode(tgt, memory, tgt_mask, src_mask)]
        return torch.stack(logits)

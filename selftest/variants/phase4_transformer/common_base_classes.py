"""One class for both layers and one for both stacks: sublayers are found by name and joined in a loop."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .phase1_embedding import PositionalEncoding, TokenEmbedding
from .phase2_attention import MultiHeadAttention
from .phase3_layers import AddAndNorm, PositionwiseFeedForward


class _Layer(nn.Module):
    ATTENTIONS = ("self_attention",)

    def __init__(self, d_model: int, num_heads: int, d_ff: int, dropout: float = 0.1) -> None:
        super().__init__()
        for name in self.ATTENTIONS:
            setattr(self, name, MultiHeadAttention(d_model, num_heads))
        self.feed_forward = PositionwiseFeedForward(d_model, d_ff)
        for number in range(len(self.ATTENTIONS) + 1):
            setattr(self, f"add_norm{number + 1}", AddAndNorm(d_model, dropout))

    def run(self, x: Tensor, contexts: list) -> Tensor:
        for number, (name, (memory, mask)) in enumerate(zip(self.ATTENTIONS, contexts), start=1):
            keys = x if memory is None else memory
            attended = getattr(self, name)(x, keys, keys, mask)[0]
            x = getattr(self, f"add_norm{number}")(x, attended)
        return getattr(self, f"add_norm{len(contexts) + 1}")(x, self.feed_forward(x))


class EncoderLayer(_Layer):
    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        return self.run(x, [(None, mask)])


class DecoderLayer(_Layer):
    ATTENTIONS = ("self_attention", "cross_attention")

    def forward(
        self, x: Tensor, memory: Tensor, self_mask: Tensor | None = None, memory_mask: Tensor | None = None
    ) -> Tensor:
        return self.run(x, [(None, self_mask), (memory, memory_mask)])


class _Stack(nn.Module):
    LAYER: type = EncoderLayer

    def __init__(self, num_layers: int, d_model: int, num_heads: int, d_ff: int, dropout: float = 0.1) -> None:
        super().__init__()
        self.layers = nn.ModuleList()
        while len(self.layers) < num_layers:
            self.layers.append(self.LAYER(d_model, num_heads, d_ff, dropout=dropout))

    def forward(self, x: Tensor, *context: Tensor | None, **masks: Tensor | None) -> Tensor:
        for number in range(len(self.layers)):
            x = self.layers[number](x, *context, **masks)
        return x


class Encoder(_Stack):
    pass


class Decoder(_Stack):
    LAYER = DecoderLayer


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
        sizes = {src_vocab_size, tgt_vocab_size}
        if share_embeddings and len(sizes) > 1:
            raise ValueError(f"cannot share embeddings of {src_vocab_size} and {tgt_vocab_size} tokens")
        shape = (num_layers, d_model, num_heads, d_ff, dropout)
        self.src_embedding = TokenEmbedding(src_vocab_size, d_model)
        self.tgt_embedding = TokenEmbedding(tgt_vocab_size, d_model)
        self.positional_encoding = PositionalEncoding(d_model, dropout=dropout, max_len=max_len)
        self.encoder, self.decoder = Encoder(*shape), Decoder(*shape)
        self.output_projection = nn.Linear(d_model, tgt_vocab_size, bias=False)
        if share_embeddings:
            self.tgt_embedding.embedding = self.src_embedding.embedding  # the very same module
            self.output_projection.weight = self.src_embedding.embedding.weight
        tables = {id(self.src_embedding.embedding.weight), id(self.tgt_embedding.embedding.weight)}
        for weight in self.parameters():
            if id(weight) in tables:
                nn.init.normal_(weight, std=d_model**-0.5)
            elif weight.dim() > 1:
                nn.init.xavier_uniform_(weight)

    def embed(self, embedding: nn.Module, tokens: Tensor) -> Tensor:
        return self.positional_encoding(embedding(tokens))

    def encode(self, src: Tensor, src_mask: Tensor | None) -> Tensor:
        return self.encoder(self.embed(self.src_embedding, src), src_mask)

    def decode(self, tgt: Tensor, memory: Tensor, tgt_mask: Tensor | None, src_mask: Tensor | None) -> Tensor:
        return self.decoder(self.embed(self.tgt_embedding, tgt), memory, tgt_mask, src_mask)

    def forward(self, src: Tensor, tgt: Tensor, src_mask: Tensor | None, tgt_mask: Tensor | None) -> Tensor:
        hidden = self.decode(tgt, self.encode(src, src_mask), tgt_mask, src_mask)
        return torch.matmul(hidden, self.output_projection.weight.T)

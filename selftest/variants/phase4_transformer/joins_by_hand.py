"""The residual connections are written out with the norm and the dropout of each join; names for every step."""

from __future__ import annotations

from torch import Tensor, nn

from .phase1_embedding import PositionalEncoding, TokenEmbedding
from .phase2_attention import MultiHeadAttention
from .phase3_layers import AddAndNorm, PositionwiseFeedForward


class EncoderLayer(nn.Module):
    def __init__(self, d_model: int, num_heads: int, d_ff: int, dropout: float = 0.1) -> None:
        super().__init__()
        self.self_attention = MultiHeadAttention(d_model, num_heads)
        self.feed_forward = PositionwiseFeedForward(d_model, d_ff)
        self.add_norm1 = AddAndNorm(d_model, dropout)
        self.add_norm2 = AddAndNorm(d_model, dropout)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        attended, _weights = self.self_attention(query=x, key=x, value=x, mask=mask)
        after_attention = self.add_norm1.norm(x + self.add_norm1.dropout(attended))
        fed_forward = self.feed_forward(after_attention)
        return self.add_norm2.norm(after_attention + self.add_norm2.dropout(fed_forward))


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
        attended, _weights = self.self_attention(x, x, x, self_mask)
        after_self = self.add_norm1.norm(self.add_norm1.dropout(attended) + x)
        answered, _weights = self.cross_attention(after_self, memory, memory, memory_mask)
        after_cross = self.add_norm2.norm(self.add_norm2.dropout(answered) + after_self)
        fed_forward = self.feed_forward(after_cross)
        return self.add_norm3.norm(self.add_norm3.dropout(fed_forward) + after_cross)


class Encoder(nn.Module):
    def __init__(self, num_layers: int, d_model: int, num_heads: int, d_ff: int, dropout: float = 0.1) -> None:
        super().__init__()
        self.layers = nn.ModuleList([EncoderLayer(d_model, num_heads, d_ff, dropout) for _ in range(num_layers)])

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        for layer in self.layers:
            x = layer(x, mask)
        return x


class Decoder(nn.Module):
    def __init__(self, num_layers: int, d_model: int, num_heads: int, d_ff: int, dropout: float = 0.1) -> None:
        super().__init__()
        self.layers = nn.ModuleList([DecoderLayer(d_model, num_heads, d_ff, dropout) for _ in range(num_layers)])

    def forward(
        self, x: Tensor, memory: Tensor, self_mask: Tensor | None = None, memory_mask: Tensor | None = None
    ) -> Tensor:
        for layer in self.layers:
            x = layer(x, memory, self_mask, memory_mask)
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
        if share_embeddings:
            self.output_projection.weight = self.src_embedding.embedding.weight
            self.tgt_embedding.embedding.weight = self.output_projection.weight
        self.apply(self._start_matrix)
        tables = [self.src_embedding.embedding.weight]
        if not share_embeddings:
            tables.append(self.tgt_embedding.embedding.weight)
        for table in tables:
            nn.init.normal_(table, 0.0, d_model**-0.5)

    @staticmethod
    def _start_matrix(module: nn.Module) -> None:
        if isinstance(module, nn.Linear):
            nn.init.xavier_uniform_(module.weight)

    def encode(self, src: Tensor, src_mask: Tensor | None) -> Tensor:
        return self.encoder(self.positional_encoding(self.src_embedding(src)), src_mask)

    def decode(self, tgt: Tensor, memory: Tensor, tgt_mask: Tensor | None, src_mask: Tensor | None) -> Tensor:
        return self.decoder(self.positional_encoding(self.tgt_embedding(tgt)), memory, tgt_mask, src_mask)

    def forward(self, src: Tensor, tgt: Tensor, src_mask: Tensor | None, tgt_mask: Tensor | None) -> Tensor:
        memory = self.encode(src, src_mask)
        return self.output_projection(self.decode(tgt, memory, tgt_mask, src_mask))

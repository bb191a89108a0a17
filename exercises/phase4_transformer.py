"""Phase 4: encoder, decoder and the whole Transformer (paper 3.1, 3.2.3 and 3.4, figure 1).

Your own earlier phases are the parts: build each layer from them.

Conventions: ``B`` batch, ``L_src`` and ``L_tgt`` lengths of source and target. ``d_model`` is the width of the model,
``num_heads`` (``h``) divides it, ``d_ff`` is the hidden width of a feed-forward network, ``num_layers`` (the paper's
``N``) the number of layers of a stack, and ``dropout`` the probability of every dropout. ``memory`` is the encoder's
output, ``(B, L_src, d_model)``.

Every mask is boolean, True means "may attend", and it broadcasts to ``(B, h, L_q, L_k)``; None allows everything:

* ``src_mask`` of the model is the ``mask`` of the encoder, ``(B, h, L_src, L_src)``, and the ``memory_mask`` of the
  decoder's cross-attention, ``(B, h, L_tgt, L_src)``; usually it is ``(B, 1, 1, L_src)``.
* ``tgt_mask`` of the model is the ``self_mask`` of the decoder's self-attention, ``(B, h, L_tgt, L_tgt)``.
"""

from __future__ import annotations

from torch import Tensor, nn

from .phase1_embedding import PositionalEncoding, TokenEmbedding
from .phase2_attention import MultiHeadAttention
from .phase3_layers import AddAndNorm, PositionwiseFeedForward


class EncoderLayer(nn.Module):
    """One layer of the encoder: self-attention, then the feed-forward network (paper 3.1).

    Each sublayer is joined to the residual stream by its own ``AddAndNorm`` (post-norm).

    Attributes:
        self_attention: ``MultiHeadAttention``.
        feed_forward: ``PositionwiseFeedForward``.
        add_norm1: ``AddAndNorm`` after the self-attention.
        add_norm2: ``AddAndNorm`` after the feed-forward network.
    """

    def __init__(self, d_model: int, num_heads: int, d_ff: int, dropout: float = 0.1) -> None:
        """Create the sublayers; ``dropout`` is for the output of each of them."""
        raise NotImplementedError("Phase 4: EncoderLayer")

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Run the layer: ``x`` and the result are ``(B, L_src, d_model)``."""
        raise NotImplementedError("Phase 4: EncoderLayer")


class DecoderLayer(nn.Module):
    """One layer of the decoder: self-attention, cross-attention, feed-forward network (paper 3.1, 3.2.3).

    In the cross-attention ("encoder-decoder attention") the decoder asks and the encoder answers: the
    queries come from the decoder, keys and values from the encoder's output, the memory. Each sublayer is
    joined to the residual stream by its own ``AddAndNorm`` (post-norm).

    Attributes:
        self_attention: ``MultiHeadAttention`` within the target.
        cross_attention: ``MultiHeadAttention`` from the target to the memory.
        feed_forward: ``PositionwiseFeedForward``.
        add_norm1: ``AddAndNorm`` after the self-attention.
        add_norm2: ``AddAndNorm`` after the cross-attention.
        add_norm3: ``AddAndNorm`` after the feed-forward network.
    """

    def __init__(self, d_model: int, num_heads: int, d_ff: int, dropout: float = 0.1) -> None:
        """Create the sublayers; ``dropout`` is for the output of each of them."""
        raise NotImplementedError("Phase 4: DecoderLayer")

    def forward(
        self, x: Tensor, memory: Tensor, self_mask: Tensor | None = None, memory_mask: Tensor | None = None
    ) -> Tensor:
        """Run the layer: ``x`` and the result are ``(B, L_tgt, d_model)``."""
        raise NotImplementedError("Phase 4: DecoderLayer")


class Encoder(nn.Module):
    """A stack of encoder layers, each fed with the output of the one before (paper 3.1).

    There is no further normalisation after the last layer.

    Attributes:
        layers: ``nn.ModuleList`` of ``num_layers`` independent ``EncoderLayer``.
    """

    def __init__(self, num_layers: int, d_model: int, num_heads: int, d_ff: int, dropout: float = 0.1) -> None:
        """Create the layers, each with parameters of its own."""
        raise NotImplementedError("Phase 4: Encoder")

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Run all layers, every one with the same mask: ``x`` and the result are ``(B, L_src, d_model)``."""
        raise NotImplementedError("Phase 4: Encoder")


class Decoder(nn.Module):
    """A stack of decoder layers, each fed with the output of the one before and the memory (paper 3.1).

    There is no further normalisation after the last layer.

    Attributes:
        layers: ``nn.ModuleList`` of ``num_layers`` independent ``DecoderLayer``.
    """

    def __init__(self, num_layers: int, d_model: int, num_heads: int, d_ff: int, dropout: float = 0.1) -> None:
        """Create the layers, each with parameters of its own."""
        raise NotImplementedError("Phase 4: Decoder")

    def forward(
        self, x: Tensor, memory: Tensor, self_mask: Tensor | None = None, memory_mask: Tensor | None = None
    ) -> Tensor:
        """Run all layers with the same memory and masks: ``x`` and the result are ``(B, L_tgt, d_model)``."""
        raise NotImplementedError("Phase 4: Decoder")


class Transformer(nn.Module):
    """The whole model of figure 1: tokens in, logits over the target vocabulary out (paper 3).

    Attributes:
        src_embedding, tgt_embedding: ``TokenEmbedding`` of source and target tokens.
        positional_encoding: ``PositionalEncoding``, used for source and target alike.
        encoder: ``Encoder``.
        decoder: ``Decoder``.
        output_projection: ``nn.Linear(d_model, tgt_vocab_size, bias=False)``; its output are the logits,
            without softmax.
    """

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
        """Create the parts and draw their initial parameters; the defaults are the paper's base model.

        The embedding matrices (and what is shared with them) start normal with mean 0 and standard deviation
        ``d_model ** -0.5``; every other parameter with more than one dimension starts Xavier-uniform.

        Args:
            src_vocab_size, tgt_vocab_size: numbers of source and target tokens.
            num_layers: of the encoder and of the decoder.
            dropout: of every dropout, that of the positional encoding included.
            max_len: the longest sequence, source or target.
            share_embeddings: True makes the two embedding matrices and the weight of the output projection one and
                the same parameter (paper 3.4).

        Raises:
            ValueError: if embeddings are to be shared between vocabularies of different sizes; the message names both
                sizes.
        """
        raise NotImplementedError("Phase 4: Transformer")

    def encode(self, src: Tensor, src_mask: Tensor | None) -> Tensor:
        """Embed the source ``int64 (B, L_src)``, add positions, run the encoder; return the memory."""
        raise NotImplementedError("Phase 4: Transformer")

    def decode(self, tgt: Tensor, memory: Tensor, tgt_mask: Tensor | None, src_mask: Tensor | None) -> Tensor:
        """Embed the target, add positions, run the decoder over the memory.

        Args:
            tgt: ``int64 (B, L_tgt)``.
            memory: from ``encode``.

        Returns:
            Hidden states ``(B, L_tgt, d_model)``, before the output projection.
        """
        raise NotImplementedError("Phase 4: Transformer")

    def forward(self, src: Tensor, tgt: Tensor, src_mask: Tensor | None, tgt_mask: Tensor | None) -> Tensor:
        """Predict, for every target position, the token that follows it.

        Args:
            src: ``int64 (B, L_src)``.
            tgt: ``int64 (B, L_tgt)``, what the decoder has seen so far (it starts with BOS).

        Returns:
            Logits ``(B, L_tgt, tgt_vocab_size)``.
        """
        raise NotImplementedError("Phase 4: Transformer")

"""Phase 1: input embedding and sinusoidal positional encoding (paper 3.4 and 3.5).

Conventions of the whole course: batch first; ``B`` batch, ``L`` length, ``V`` vocabulary size, ``d_model`` width of the
model, ``dropout`` the probability that a dropout sets a number to zero. Tokens are ``int64 (B, L)``. Code follows the
dtype and device of its inputs, never changes an input in place and leaves no global state changed.

Where positions are encoded ``d_model`` is even: columns ``2i`` and ``2i + 1`` are pair ``i``, from 0 to
``d_model / 2 - 1``.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


def sinusoidal_encoding(max_len: int, d_model: int) -> Tensor:
    """Build the table of sinusoidal positional encodings of ``max_len`` positions, counted from 0 (paper 3.5).

    ::

        PE[pos, 2i]     = sin(pos / 10000^(2i / d_model))
        PE[pos, 2i + 1] = cos(pos / 10000^(2i / d_model))

    Returns:
        Tensor ``(max_len, d_model)`` in torch's default dtype; at 5000 positions its numbers are right to 0.002.
    """
    raise NotImplementedError("Phase 1: sinusoidal_encoding")


def position_shift_matrix(offset: int, d_model: int) -> Tensor:
    """Build the matrix that moves every positional encoding by ``offset`` positions (paper 3.5).

    The paper chose sinusoids because ``PE[pos + offset]`` is a linear function of ``PE[pos]``: with
    ``PE = sinusoidal_encoding(max_len, d_model)``, the matrix ``M`` fulfils ::

        PE[pos + offset] = M @ PE[pos]        for every pos

    ``M`` depends on ``offset`` alone, not on ``pos``. The angle addition formulas of sine and cosine, applied to each
    pair of columns, give its entries.

    Args:
        offset: how many positions to move; 0 and negative numbers are allowed.

    Returns:
        Tensor ``(d_model, d_model)`` in torch's default dtype.
    """
    raise NotImplementedError("Phase 1: position_shift_matrix")


class TokenEmbedding(nn.Module):
    """Look up a learned vector for every token and scale it by ``sqrt(d_model)`` (paper 3.4).

    Attributes:
        embedding: ``nn.Embedding`` with a weight of shape ``(vocab_size, d_model)``. Every row is learned, the
            padding token's too.
    """

    def __init__(self, vocab_size: int, d_model: int) -> None:
        """Create the table, a row for each of the ``vocab_size`` different tokens."""
        raise NotImplementedError("Phase 1: TokenEmbedding")

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the tokens' rows of the table, times ``sqrt(d_model)``.

        Args:
            tokens: ``int64 (B, L)``, values from 0 to ``vocab_size - 1``.

        Returns:
            Tensor ``(B, L, d_model)``.
        """
        raise NotImplementedError("Phase 1: TokenEmbedding")


class PositionalEncoding(nn.Module):
    """Add the sinusoidal encoding to a batch of embeddings, then drop out (paper 3.5 and 5.4).

    Attributes:
        dropout: ``nn.Dropout``, applied to the sum.
        pe: buffer (not a parameter: it is never trained) that holds ``sinusoidal_encoding(max_len, d_model)`` and
            follows the module through ``.to(...)``; persistent or not is yours to choose.
    """

    def __init__(self, d_model: int, dropout: float = 0.1, max_len: int = 5000) -> None:
        """Create the table once, for the longest sequence that can be encoded, ``max_len``."""
        raise NotImplementedError("Phase 1: PositionalEncoding")

    def forward(self, x: Tensor) -> Tensor:
        """Return ``dropout(x + PE[:L])``, the same encoding for every sequence of the batch.

        Args:
            x: ``(B, L, d_model)``; it is left as it was.

        Returns:
            Tensor ``(B, L, d_model)``.

        Raises:
            ValueError: if ``L`` is more than ``max_len``; the message names both numbers.
        """
        raise NotImplementedError("Phase 1: PositionalEncoding")

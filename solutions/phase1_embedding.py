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
    position = torch.arange(max_len, dtype=torch.float64).unsqueeze(1)  # (max_len, 1)
    angle = _angles(position, d_model)  # (max_len, d_model / 2)
    encoding = torch.empty(max_len, d_model, dtype=torch.float64)
    encoding[:, 0::2] = torch.sin(angle)
    encoding[:, 1::2] = torch.cos(angle)
    return encoding.to(torch.get_default_dtype())


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
    angle = _angles(offset, d_model)  # (d_model / 2)
    even = torch.arange(0, d_model, 2)
    matrix = torch.zeros(d_model, d_model, dtype=torch.float64)
    # sin(a + b) = cos(b) sin(a) + sin(b) cos(a)
    matrix[even, even] = torch.cos(angle)
    matrix[even, even + 1] = torch.sin(angle)
    # cos(a + b) = -sin(b) sin(a) + cos(b) cos(a)
    matrix[even + 1, even] = -torch.sin(angle)
    matrix[even + 1, even + 1] = torch.cos(angle)
    return matrix.to(torch.get_default_dtype())


def _angles(position: Tensor | int, d_model: int) -> Tensor:
    """``position / 10000^(2i / d_model)`` for every pair ``i``, in float64: ``(..., d_model / 2)``."""
    exponent = torch.arange(0, d_model, 2, dtype=torch.float64) / d_model  # (d_model / 2), is 2i / d_model
    return position / 10000.0**exponent


class TokenEmbedding(nn.Module):
    """Look up a learned vector for every token and scale it by ``sqrt(d_model)`` (paper 3.4).

    Attributes:
        embedding: ``nn.Embedding`` with a weight of shape ``(vocab_size, d_model)``. Every row is learned, the
            padding token's too.
    """

    def __init__(self, vocab_size: int, d_model: int) -> None:
        """Create the table, a row for each of the ``vocab_size`` different tokens."""
        super().__init__()
        self.d_model = d_model
        self.embedding = nn.Embedding(vocab_size, d_model)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the tokens' rows of the table, times ``sqrt(d_model)``.

        Args:
            tokens: ``int64 (B, L)``, values from 0 to ``vocab_size - 1``.

        Returns:
            Tensor ``(B, L, d_model)``.
        """
        return self.embedding(tokens) * math.sqrt(self.d_model)  # (B, L, d_model)


class PositionalEncoding(nn.Module):
    """Add the sinusoidal encoding to a batch of embeddings, then drop out (paper 3.5 and 5.4).

    Attributes:
        dropout: ``nn.Dropout``, applied to the sum.
        pe: buffer (not a parameter: it is never trained) that holds ``sinusoidal_encoding(max_len, d_model)`` and
            follows the module through ``.to(...)``; persistent or not is yours to choose.
    """

    pe: Tensor

    def __init__(self, d_model: int, dropout: float = 0.1, max_len: int = 5000) -> None:
        """Create the table once, for the longest sequence that can be encoded, ``max_len``."""
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.register_buffer("pe", sinusoidal_encoding(max_len, d_model), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return ``dropout(x + PE[:L])``, the same encoding for every sequence of the batch.

        Args:
            x: ``(B, L, d_model)``; it is left as it was.

        Returns:
            Tensor ``(B, L, d_model)``.

        Raises:
            ValueError: if ``L`` is more than ``max_len``; the message names both numbers.
        """
        length, max_len = x.size(1), self.pe.size(0)
        if length > max_len:
            raise ValueError(f"a sequence of length {length} is longer than max_len = {max_len}")
        return self.dropout(x + self.pe[:length].to(x.dtype))  # (B, L, d_model)

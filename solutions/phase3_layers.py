"""Phase 3: layer normalisation, position-wise feed-forward network, residual connection.

Paper 3.1, 3.3 and 5.4; layer normalisation is Ba et al. 2016, "Layer Normalization". ``d_model`` is the width of the
model, ``x`` is ``(..., d_model)`` with any number of leading dimensions, and every ``forward`` returns a tensor of the
shape of ``x``. Code follows the dtype and device of its inputs and never changes an input in place.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class LayerNorm(nn.Module):
    """Normalise the features of every position on their own (Ba et al. 2016, equations 3 and 4).

    ::

        y = (x - mean) / sqrt(var + eps) * weight + bias

    ``mean`` and ``var`` are taken over the last dimension of ``x`` alone; ``var`` is the biased variance
    (the sum of squares divided by ``d_model``, not by ``d_model - 1``) and ``eps`` stands inside the root.
    A row whose mean is 10,000 times as large as its spread still keeps two digits in float32.

    Attributes:
        weight: parameter ``(d_model,)``, starts as ones (gamma, the gain).
        bias: parameter ``(d_model,)``, starts as zeros (beta).
    """

    def __init__(self, d_model: int, eps: float = 1e-5) -> None:
        """Create gain and bias; ``eps`` keeps a constant row from dividing by zero."""
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(d_model))
        self.bias = nn.Parameter(torch.zeros(d_model))

    def forward(self, x: Tensor) -> Tensor:
        """Normalise the last dimension of ``x``."""
        mean = x.mean(dim=-1, keepdim=True)  # (..., 1)
        variance = x.var(dim=-1, unbiased=False, keepdim=True)  # (..., 1)
        normalised = (x - mean) / torch.sqrt(variance + self.eps)
        return normalised * self.weight + self.bias


class PositionwiseFeedForward(nn.Module):
    """Apply the same two-layer network to every position (paper 3.3, equation 2).

    ::

        FFN(x) = max(0, x W1 + b1) W2 + b2

    There is no dropout inside.

    Attributes:
        linear1: ``nn.Linear(d_model, d_ff)``.
        linear2: ``nn.Linear(d_ff, d_model)``.
    """

    def __init__(self, d_model: int, d_ff: int) -> None:
        """Create the two layers; ``d_ff`` is the width between them (2048 in the paper)."""
        super().__init__()
        self.linear1 = nn.Linear(d_model, d_ff)
        self.linear2 = nn.Linear(d_ff, d_model)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the network to ``x``."""
        hidden = torch.relu(self.linear1(x))  # (..., d_ff)
        return self.linear2(hidden)  # (..., d_model)


class AddAndNorm(nn.Module):
    """Join a sublayer to the residual stream: ``LayerNorm(x + Dropout(Sublayer(x)))`` (paper 3.1, 5.4).

    This is the paper's order, "post-norm": dropout on the sublayer's output alone, then the sum, then
    the normalisation.

    Attributes:
        norm: ``LayerNorm`` of this phase, with its default ``eps``.
        dropout: ``nn.Dropout``.
    """

    def __init__(self, d_model: int, dropout: float = 0.1) -> None:
        """Create norm and dropout; ``dropout`` is the probability that a number is set to zero."""
        super().__init__()
        self.norm = LayerNorm(d_model)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, sublayer_output: Tensor) -> Tensor:
        """Return ``norm(x + dropout(sublayer_output))``.

        Args:
            x: what went into the sublayer.
            sublayer_output: what came out of it, of the same shape; both are left as they were.
        """
        return self.norm(x + self.dropout(sublayer_output))

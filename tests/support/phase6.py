"""What the suites of phase 6 have in common: ids, batches, small models."""

from __future__ import annotations

from typing import Any, Sequence

import torch
from torch import Tensor

from tests.oracles import transformer as model_oracle
from tests.support.inputs import array, integers, normal, weights_of

# Ids that hide nothing: padding is not 0, and 0 is an ordinary word.
PAD, BOS, EOS = 3, 1, 2
WORDS = (0, 4, 5, 6, 7)
SRC_VOCAB, TGT_VOCAB = 9, 8


def sentence(gen: torch.Generator, length: int) -> list[int]:
    """A list of random words."""
    return [WORDS[i] for i in integers(gen, 0, len(WORDS), length).tolist()]


def random_batch(phase5: Any, gen: torch.Generator, lengths: Sequence[int]) -> Any:
    """A batch whose targets have these lengths, without EOS, and whose sources are of other lengths."""
    pairs = [(sentence(gen, (3 * n + i) % 5 + 1), sentence(gen, n)) for i, n in enumerate(lengths)]
    return phase5.make_batch(pairs, PAD, BOS, EOS)


def context_model(in_guest: Any, gen: torch.Generator, dtype: torch.dtype = torch.float64, **settings: Any) -> Any:
    """A ``ContextModel`` with random tables, and so large that its probabilities are peaked."""
    tables = [normal(gen, rows, TGT_VOCAB, scale=1.5, dtype=dtype) for rows in (TGT_VOCAB, TGT_VOCAB, SRC_VOCAB)]
    return in_guest.fakes.ContextModel(*tables, **settings)


def tables_of(model: Any) -> Any:
    """The tables of a ``ContextModel`` as they are now, in NumPy."""
    return {name: value.copy() for name, value in weights_of(model).items()}


def small_transformer(phase4: Any, dropout: float = 0.0, vocab: tuple[int, int] = (SRC_VOCAB, TGT_VOCAB)) -> Any:
    """A reference Transformer of two layers."""
    return phase4.Transformer(*vocab, d_model=12, num_heads=3, num_layers=2, d_ff=20, dropout=dropout, max_len=20)


def logits_of(weights: Any, src: Tensor, tgt_in: Tensor, num_heads: int = 3, causal: bool = True) -> Tensor:
    """What a Transformer with these weights answers; the formulas say it, not the process that holds the model.

    Args:
        weights: NumPy arrays by name.
        src: ``(B, L)``; padding is hidden.
        tgt_in: ``(B, L)`` without padding.
        num_heads: ``h``.
        causal: hide what comes later in ``tgt_in``.
    """
    length = tgt_in.size(1)
    later = array(torch.ones(1, 1, length, length).tril() > 0) if causal else None
    source = array(src != PAD)[:, None, None, :]
    return torch.from_numpy(model_oracle.logits(array(src), array(tgt_in), weights, num_heads, source, later))


def state_of(model: Any) -> dict[str, Tensor]:
    """A copy of the state dict."""
    return {name: value.clone() for name, value in model.state_dict().items()}

"""What the suites of phase 6 have in common: ids, batches, small models."""

from __future__ import annotations

from typing import Any, Sequence

import torch
from torch import Tensor

from tests.oracles import transformer as model_oracle
from tests.oracles.mechanics import pad
from tests.support.checks import expect_equal, expect_that
from tests.support.inputs import array, integers, normal, weights_of

# Ids that hide nothing: padding is not 0, and 0 is an ordinary word.
PAD, BOS, EOS = 3, 1, 2
WORDS = (0, 4, 5, 6, 7)
SRC_VOCAB, TGT_VOCAB = 9, 8

GIVEN = "what a test hands over comes from it: leave earlier phases, and the models of the tests, as they are"


def sentence(gen: torch.Generator, length: int) -> list[int]:
    """A list of random words."""
    return [WORDS[i] for i in integers(gen, 0, len(WORDS), length).tolist()]


def random_batch(phase5: Any, gen: torch.Generator, lengths: Sequence[int]) -> Any:
    """A batch whose targets have these lengths, without EOS, and whose sources are of other lengths."""
    return made_batch(phase5, [(sentence(gen, (3 * n + i) % 5 + 1), sentence(gen, n)) for i, n in enumerate(lengths)])


def made_batch(phase5: Any, pairs: Sequence[tuple[Sequence[int], Sequence[int]]]) -> Any:
    """The batch of some pairs of sentences. What it holds is what an expected value follows from: it is looked at."""
    batch = phase5.make_batch(pairs, PAD, BOS, EOS)
    wanted = {
        "src": [[*src, EOS] for src, _ in pairs],
        "tgt_in": [[BOS, *tgt] for _, tgt in pairs],
        "tgt_out": [[*tgt, EOS] for _, tgt in pairs],
    }
    for name, rows in wanted.items():
        expect_equal(
            getattr(batch, name),
            torch.from_numpy(pad(rows, PAD)),
            f"{name} of a batch that phase 5 makes for this test",
            GIVEN,
        )
    return batch


def context_model(in_guest: Any, gen: torch.Generator, dtype: torch.dtype = torch.float64, **settings: Any) -> Any:
    """A ``ContextModel`` with random tables, and so large that its probabilities are peaked."""
    tables = [normal(gen, rows, TGT_VOCAB, scale=1.5, dtype=dtype) for rows in (TGT_VOCAB, TGT_VOCAB, SRC_VOCAB)]
    model = in_guest.fakes.ContextModel(*tables, **settings)
    held = model.state_dict()
    for name, table in zip(("table", "past", "source"), tables):
        expect_equal(held[name], table, f"{name} of a model that this test has made", GIVEN)
    return model


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


def expect_evaluation_mode(in_guest: Any, what: str, why: str) -> None:
    """No model from ``in_guest.fakes`` was asked in training mode since the notes began."""
    expect_that(not any(in_guest.notes.of("training")), f"{what} ran in training mode", why)


def expect_no_gradients(in_guest: Any, what: str, why: str) -> None:
    """No model from ``in_guest.fakes`` was asked with gradients on since the notes began."""
    expect_that(not any(in_guest.notes.of("gradients")), f"{what} ran with gradients on", why)

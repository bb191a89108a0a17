"""What the suites of phase 6 have in common: ids, batches, small models."""

from __future__ import annotations

from typing import Any, NamedTuple, Sequence

import numpy as np
import torch
from torch import Tensor

from tests.oracles import training as training_oracle
from tests.oracles import transformer as model_oracle
from tests.oracles.mechanics import decoder_mask, pad, padding_mask
from tests.support.checks import expect_equal, expect_that
from tests.support.inputs import array, integers, normal, randomise

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


class GivenBatch(NamedTuple):
    """What a test's batch holds, made here: expected values follow from it, not from what a batch says when asked."""

    src: Tensor
    tgt_in: Tensor
    tgt_out: Tensor
    src_mask: Tensor
    tgt_mask: Tensor
    num_tokens: int
    pad_id: int = PAD


_GIVEN: dict[int, tuple[Any, Any]] = {}
"""By the id of a batch or model: itself, which keeps the id its own, and what the test has put into it."""


def _give(thing: Any, holds: Any) -> Any:
    if len(_GIVEN) > 1000:
        _GIVEN.clear()
    _GIVEN[id(thing)] = (thing, holds)
    return thing


def given_batch(batch: Any) -> GivenBatch:
    """What a batch from ``made_batch`` holds."""
    holds: GivenBatch = _GIVEN[id(batch)][1]
    return holds


def numbers_of(batch: Any) -> training_oracle.Numbers:
    """The same for the oracle."""
    return training_oracle.Numbers(given_batch(batch))


def made_batch(phase5: Any, pairs: Sequence[tuple[Sequence[int], Sequence[int]]]) -> Any:
    """The batch of some pairs of sentences, looked at once: ``given_batch`` says what it holds."""
    src = pad([[*src, EOS] for src, _ in pairs], PAD)
    tgt_in, tgt_out = pad([[BOS, *tgt] for _, tgt in pairs], PAD), pad([[*tgt, EOS] for _, tgt in pairs], PAD)
    wanted = GivenBatch(
        src=torch.from_numpy(src),
        tgt_in=torch.from_numpy(tgt_in),
        tgt_out=torch.from_numpy(tgt_out),
        src_mask=torch.from_numpy(padding_mask(src, PAD)),
        tgt_mask=torch.from_numpy(decoder_mask(tgt_in, PAD)),
        num_tokens=int((tgt_out != PAD).sum()),
    )
    batch = phase5.make_batch(pairs, PAD, BOS, EOS)
    for name in ("src", "tgt_in", "tgt_out", "src_mask", "tgt_mask"):
        label = f"{name} of a batch that phase 5 makes for this test"
        expect_equal(getattr(batch, name), getattr(wanted, name), label, GIVEN)
    return _give(batch, wanted)


def context_model(in_guest: Any, gen: torch.Generator, dtype: torch.dtype = torch.float64, **settings: Any) -> Any:
    """A ``ContextModel`` with random tables, and so large that its probabilities are peaked."""
    tables = [normal(gen, rows, TGT_VOCAB, scale=1.5, dtype=dtype) for rows in (TGT_VOCAB, TGT_VOCAB, SRC_VOCAB)]
    return model_of_tables(in_guest, *tables, **settings)


def model_of_tables(in_guest: Any, table: Tensor, past: Tensor, source: Tensor, **settings: Any) -> Any:
    """A ``ContextModel`` with these tables, looked at once: ``tables_of`` says what it was made with."""
    model = in_guest.fakes.ContextModel(table, past, source, **settings)
    held = model.state_dict()
    for name, value in (("table", table), ("past", past), ("source", source)):
        expect_equal(held[name], value, f"{name} of a model that this test has made", GIVEN)
    return _give(model, {"table": array(table), "past": array(past), "source": array(source)})


def tables_of(model: Any) -> dict[str, np.ndarray]:
    """The tables that a ``ContextModel`` was made with, in NumPy."""
    return {name: value.copy() for name, value in _GIVEN[id(model)][1].items()}


def small_transformer(phase4: Any, dropout: float = 0.0, vocab: tuple[int, int] = (SRC_VOCAB, TGT_VOCAB)) -> Any:
    """A reference Transformer of two layers."""
    return phase4.Transformer(*vocab, d_model=12, num_heads=3, num_layers=2, d_ff=20, dropout=dropout, max_len=20)


def randomise_transformer(model: Any, gen: torch.Generator, vocab: tuple[int, int] = (SRC_VOCAB, TGT_VOCAB)) -> None:
    """Random weights for a ``small_transformer``."""
    randomise(model, gen, model_oracle.model_shapes(*vocab, d_model=12, num_layers=2, d_ff=20), "Transformer(...)")


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

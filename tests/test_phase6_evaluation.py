"""Phase 6: measuring a model on batches that it does not learn from (paper 5)."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.oracles import training as oracle
from tests.support import checks, contract
from tests.support.inputs import normal
from tests.support.phase6 import (
    BOS,
    EOS,
    PAD,
    SRC_VOCAB,
    TGT_VOCAB,
    context_model,
    expect_evaluation_mode,
    expect_no_gradients,
    given_batch,
    made_batch,
    model_of_tables,
    numbers_of,
    random_batch,
    randomise_transformer,
    small_transformer,
    state_of,
    tables_of,
)
from tests.support.strategies import generators

WEIGHTED = "every real token counts the same: weight each batch with its num_tokens"
ACCURACY = "the share of the real target tokens (pad left out) whose largest logit is the right one"
RESTORED = "put the model back into the mode it came in, in a `finally`"
CLOSE = 1e-5  # sums may be kept in float32


def expect_evaluation(got: Any, loss: float, token_accuracy: float, label: str = "evaluate") -> None:
    """``got`` holds these two plain numbers."""
    checks.expect_that(got is not None, f"{label} returned None, expected an Evaluation: is a `return` missing?")
    for name, value, expected, why in (
        ("loss", got.loss, loss, WEIGHTED),
        ("token_accuracy", got.token_accuracy, token_accuracy, ACCURACY),
    ):
        kind = type(value).__name__
        checks.expect_that(isinstance(value, float), f"{label}: the {name} is a {kind}, expected a float", ".item()")
        checks.expect_number(value, expected, f"{label}: the {name}", why, tolerance=CLOSE)


def ragged_batches(phase5: Any, gen: torch.Generator) -> list[Any]:
    """Batches of different sizes, with padding in most."""
    return [random_batch(phase5, gen, lengths) for lengths in ([5, 0, 1], [2], [4, 4, 0, 1, 0])]


def expected_of(model: Any, batches: list[Any], smoothing: float = 0.1) -> tuple[float, float]:
    """Loss and token accuracy that the oracle finds for a ``ContextModel``."""
    found = oracle.evaluation(tables_of(model), [numbers_of(batch) for batch in batches], smoothing)
    return found["loss"], found["token_accuracy"]


@pytest.mark.task("evaluate")
def test_a_model_that_always_answers_eos_calculated_by_hand(phase5, phase6, in_guest):
    table, zeros = torch.zeros(TGT_VOCAB, TGT_VOCAB), torch.zeros(SRC_VOCAB, TGT_VOCAB)
    table[:, EOS] = math.log(7.0)  # EOS is 7 times as probable as each of the 7 others: 1/2, and they have 1/14
    model = model_of_tables(in_guest, table, zeros[:TGT_VOCAB], zeros)
    batches = [made_batch(phase5, [pair]) for pair in (([4], []), ([4], [5, 6]))]
    got = phase6.evaluate(model, batches, phase5.LabelSmoothingLoss(PAD, 0.0))
    # The tokens are EOS; 5, 6, EOS. Two of four are right, two of four cost ln 2 and two cost ln 14.
    loss = (2 * math.log(2.0) + 2 * math.log(14.0)) / 4
    expect_evaluation(got, loss, 0.5, "evaluate on batches of one and of three tokens")


@pytest.mark.task("evaluate")
@pytest.mark.holds("each token counts the same")
@pytest.mark.core
def test_every_real_token_of_all_batches_counts_the_same(phase5, phase6, in_guest, gen):
    model, batches = context_model(in_guest, gen), ragged_batches(phase5, gen)
    expected = expected_of(model, batches)
    got = phase6.evaluate(model, batches, phase5.LabelSmoothingLoss(PAD, 0.1))
    expect_evaluation(got, *expected)


@pytest.mark.task("evaluate")
@pytest.mark.holds("Measure the model on batches", "of two Python floats")
@given(
    gen=generators(),
    shapes=st.lists(st.lists(st.integers(0, 5), min_size=1, max_size=4), min_size=1, max_size=3),
    smoothing=st.floats(0.0, 0.5),
)
def test_loss_and_accuracy_are_right_for_any_batches(phase5, phase6, in_guest, gen, shapes, smoothing):
    # loss = sum over batches of loss * num_tokens / sum of num_tokens; accuracy = right tokens / real tokens
    model = context_model(in_guest, gen)
    batches = [random_batch(phase5, gen, lengths) for lengths in shapes]
    expected = expected_of(model, batches, smoothing)
    got = phase6.evaluate(model, batches, phase5.LabelSmoothingLoss(PAD, smoothing))
    expect_evaluation(got, *expected)


@pytest.mark.task("evaluate")
def test_it_does_not_matter_how_sentences_are_put_into_batches(phase4, phase5, phase6, gen):
    model = small_transformer(phase4).double()
    randomise_transformer(model, gen)
    pairs = [([4, 5, 6], [7]), ([0], [4, 5, 0, 6, 7]), ([5, 4], []), ([7, 7, 4, 5], [6, 0])]
    loss_fn = phase5.LabelSmoothingLoss(PAD, 0.1)
    together = given_batch(made_batch(phase5, pairs))
    logits = model.eval()(together.src, together.tgt_in, together.src_mask, together.tgt_mask)
    real = together.tgt_out != PAD
    accuracy = float((logits.argmax(dim=-1) == together.tgt_out)[real].double().mean())
    loss = float(loss_fn(logits, together.tgt_out).detach())
    for cuts in ((4,), (1, 4), (2, 3, 4), (1, 2, 3, 4)):
        batches = [made_batch(phase5, pairs[a:b]) for a, b in zip((0, *cuts), cuts)]
        expect_evaluation(phase6.evaluate(model, batches, loss_fn), loss, accuracy, f"evaluate in {len(cuts)} batches")


@pytest.mark.task("evaluate")
@pytest.mark.holds("which ones are not real")
def test_padding_is_neither_right_nor_wrong(phase5, phase6, in_guest, gen):
    batch = made_batch(phase5, [([4], [5, 6, 7, 0]), ([4], [])])  # 6 real tokens, 4 pads
    for table_says, accuracy in ((PAD, 0.0), (EOS, 2 / 6), (5, 1 / 6)):
        table = torch.zeros(TGT_VOCAB, TGT_VOCAB, dtype=torch.float64)
        table[:, table_says] = 6.0
        past, source = (normal(gen, rows, TGT_VOCAB, scale=0.1, dtype=table.dtype) for rows in (TGT_VOCAB, SRC_VOCAB))
        model = model_of_tables(in_guest, table, past, source)
        loss, _ = expected_of(model, [batch])
        got = phase6.evaluate(model, [batch], phase5.LabelSmoothingLoss(PAD, 0.1))
        label = f"evaluate for a model that always answers {table_says} (pad is {PAD})"
        expect_evaluation(got, loss, accuracy, label)


@pytest.mark.task("evaluate")
def test_a_model_that_is_always_right_has_an_accuracy_of_one(phase5, phase6, in_guest, gen):
    chain = [5, 6, 4, 7, 0]  # each of these words has one that follows it
    batches = [made_batch(phase5, [([4], chain), ([5, 6], chain)])]
    batches.append(made_batch(phase5, [([7], chain)]))
    table = torch.zeros(TGT_VOCAB, TGT_VOCAB, dtype=torch.float64)
    for word, following in zip([BOS, *chain], [*chain, EOS]):
        table[word, following] = 9.0
    past, source = (normal(gen, rows, TGT_VOCAB, scale=0.1, dtype=table.dtype) for rows in (TGT_VOCAB, SRC_VOCAB))
    model = model_of_tables(in_guest, table, past, source)
    loss, _ = expected_of(model, batches, 0.0)
    got = phase6.evaluate(model, batches, phase5.LabelSmoothingLoss(PAD, 0.0))
    expect_evaluation(got, loss, 1.0)


@pytest.mark.task("evaluate")
@given(gen=generators(), count=st.integers(1, 4))
def test_batches_to_evaluate_may_come_from_a_generator(phase5, phase6, in_guest, gen, count):
    # loss = sum over batches of loss * num_tokens / sum of num_tokens, in one pass over the batches
    model = context_model(in_guest, gen)
    batches = [random_batch(phase5, gen, [n, 3 - n]) for n in range(count)]
    stream = in_guest.recorders.stream(batches)
    expected = expected_of(model, batches)
    got = phase6.evaluate(model, stream, phase5.LabelSmoothingLoss(PAD, 0.1))
    expect_evaluation(got, *expected, label=f"evaluate for a generator of {count}")


@pytest.mark.task("evaluate")
@pytest.mark.parametrize("training", [True, False])
def test_the_model_runs_in_evaluation_mode_and_comes_back_in_its_own(phase5, phase6, in_guest, gen, training):
    model, batches = context_model(in_guest, gen), ragged_batches(phase5, gen)
    model.train(training)
    expected = expected_of(model, batches)
    in_guest.notes.begin()
    got = phase6.evaluate(model, batches, phase5.LabelSmoothingLoss(PAD, 0.1))
    expect_evaluation(got, *expected)
    why = "model.eval() before the first batch, so that nothing is dropped"
    expect_evaluation_mode(in_guest, "the forward pass", why)
    checks.expect_same(model.training, training, "model.training after evaluate", RESTORED)


@pytest.mark.task("evaluate")
def test_no_gradients_are_kept(phase5, phase6, in_guest, gen):
    model, batches = context_model(in_guest, gen), ragged_batches(phase5, gen)
    expected = expected_of(model, batches)
    in_guest.notes.begin()
    got = phase6.evaluate(model, batches, phase5.LabelSmoothingLoss(PAD, 0.1))
    expect_evaluation(got, *expected)
    why = "torch.no_grad() around the forward pass: the graph costs memory, and nobody needs it"
    expect_no_gradients(in_guest, "the forward pass", why)


@pytest.mark.task("evaluate")
def test_dropout_does_not_touch_the_measurement(phase4, phase5, phase6, gen):
    dropping, plain = small_transformer(phase4, dropout=0.5), small_transformer(phase4)
    randomise_transformer(dropping, gen)
    plain.load_state_dict(dropping.state_dict())
    batches, loss_fn = ragged_batches(phase5, gen), phase5.LabelSmoothingLoss(PAD, 0.1)
    known = [given_batch(batch) for batch in batches]
    logits = [plain(batch.src, batch.tgt_in, batch.src_mask, batch.tgt_mask) for batch in known]
    counts = [batch.num_tokens for batch in known]
    losses = [float(loss_fn(scores, batch.tgt_out).detach()) for scores, batch in zip(logits, known)]
    right = [
        int(((scores.argmax(-1) == batch.tgt_out) & (batch.tgt_out != PAD)).sum())
        for scores, batch in zip(logits, known)
    ]
    loss = sum(value * count for value, count in zip(losses, counts)) / sum(counts)
    for _ in range(2):
        got = phase6.evaluate(dropping.train(), batches, loss_fn)
        expect_evaluation(got, loss, sum(right) / sum(counts), "evaluate with a dropout of 0.5")
    layers = [dropping.encoder, dropping.decoder, dropping.positional_encoding]
    checks.expect_that(all(part.training for part in layers), "parts of the model stay in evaluation mode", RESTORED)


@pytest.mark.task("evaluate")
@pytest.mark.holds("even if something raised")
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("what", ["the model", "the loss", "the batches"])
def test_the_mode_is_put_back_even_after_an_error(phase5, phase6, in_guest, gen, what, training):
    model = context_model(in_guest, gen, fails_at=2 if what == "the model" else 0).train(training)
    batches = ragged_batches(phase5, gen)
    loss_fn = in_guest.recorders.breaking_loss if what == "the loss" else phase5.LabelSmoothingLoss(PAD, 0.1)
    stream = in_guest.recorders.stream(batches, breaks_at=3 if what == "the batches" else 0)
    label = f"evaluate where {what} raised a RuntimeError"
    checks.expect_raises(RuntimeError, lambda: phase6.evaluate(model, stream, loss_fn), label)
    checks.expect_same(model.training, training, f"model.training after {label}", RESTORED)


@pytest.mark.task("evaluate")
def test_evaluation_follows_the_device_of_model_and_batches(phase5, phase6, in_guest, gen):
    model, batches = context_model(in_guest, gen), ragged_batches(phase5, gen)
    args = (model, batches, phase5.LabelSmoothingLoss(PAD, 0.1))
    expected = expected_of(model, batches)
    got = contract.on_another_device(in_guest, phase6.evaluate, args, "evaluate")
    expect_evaluation(got, *expected, "evaluate on another device than torch's default")


@pytest.mark.task("evaluate")
@pytest.mark.holds("ValueError: if there is no real target token")
@pytest.mark.parametrize("training", [True, False])
def test_nothing_to_measure_is_a_value_error(phase5, phase6, in_guest, gen, training):
    model = context_model(in_guest, gen).train(training)
    loss_fn = phase5.LabelSmoothingLoss(PAD, 0.1)
    checks.expect_raises(ValueError, lambda: phase6.evaluate(model, [], loss_fn), "evaluate without batches")
    checks.expect_same(model.training, training, "model.training after evaluate without batches", RESTORED)
    some = random_batch(phase5, gen, [2, 1])
    nothing = torch.full_like(some.tgt_out, PAD)
    empty = phase5.Batch(some.src, some.tgt_in, nothing, some.src_mask, some.tgt_mask, 0, PAD)
    label = "evaluate with nothing but padding to predict"
    checks.expect_raises(ValueError, lambda: phase6.evaluate(model, [empty], loss_fn), label)
    checks.expect_same(model.training, training, f"model.training after {label}", RESTORED)


@pytest.mark.task("evaluate")
def test_evaluating_changes_nothing_and_can_be_repeated(phase5, phase6, in_guest, gen):
    model, batches = context_model(in_guest, gen), ragged_batches(phase5, gen)
    expected, before = expected_of(model, batches), state_of(model)
    for number in (1, 2):
        got = phase6.evaluate(model, batches, phase5.LabelSmoothingLoss(PAD, 0.1))
        expect_evaluation(got, *expected, label=f"evaluate at call {number}")
    after = model.state_dict()
    for name, value in before.items():
        checks.expect_close(after[name], value, f"{name} after evaluate", "measuring is not learning")

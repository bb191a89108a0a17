"""Phase 6: one step of training, and many (paper 5)."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from tests.oracles import training as oracle
from tests.oracles.embedding import sinusoidal_encoding
from tests.oracles.torch_transformer import leaves_of
from tests.oracles.torch_transformer import logits as logits_by_torch
from tests.support import checks, contract
from tests.support.phase6 import (
    BOS,
    EOS,
    PAD,
    SRC_VOCAB,
    TGT_VOCAB,
    context_model,
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

STEP = "train mode, gradients to zero, forward, loss, backward, clip if asked, optimizer.step(), scheduler.step()"
CLOSE = 1e-6  # clip_grad_norm_ adds 1e-6 to the norm it divides by


def expect_loss(got: Any, expected: float, label: str, why: str = "") -> None:
    """``got`` is a Python float with this value."""
    checks.expect_that(got is not None, f"{label} is None, expected a float: is a `return` missing?")
    why = why or "loss_fn(model(src, tgt_in, src_mask, tgt_mask), tgt_out), with the weights before the update"
    checks.expect_that(isinstance(got, float), f"{label} is a {type(got).__name__}, expected a float", "loss.item()")
    checks.expect_number(got, expected, label, why, tolerance=CLOSE)


def expect_tables(model: Any, expected: oracle.Weights, label: str, why: str, tolerance: float = CLOSE) -> None:
    """The model's tables have these values."""
    state = model.state_dict()
    for name in ("table", "past", "source"):
        checks.expect_close(state[name], expected[name], f"{name} {label}", why, tolerance=tolerance)


def steep_start(phase5: Any, in_guest: Any, gen: torch.Generator, smoothing: float) -> tuple[Any, Any]:
    """A model and a batch of one token whose gradient has a norm well over 1, a usual limit."""
    while True:
        model, batch = context_model(in_guest, gen), random_batch(phase5, gen, [0])
        if oracle.norm(oracle.gradients(tables_of(model), numbers_of(batch), smoothing)) > 1.3:
            return model, batch


# -- train_step ---------------------------------------------------------------------------------------------


def undecided_start(phase5: Any, in_guest: Any) -> tuple[Any, Any]:
    """A model of zeros, for which all 8 tokens are as probable, and a batch whose one target token is EOS."""
    tables = [torch.zeros(rows, TGT_VOCAB, dtype=torch.float64) for rows in (TGT_VOCAB, TGT_VOCAB, SRC_VOCAB)]
    return model_of_tables(in_guest, *tables), made_batch(phase5, [([4], [])])


@pytest.mark.task("train_step")
def test_a_step_from_equal_probabilities_calculated_by_hand(phase5, phase6, in_guest):
    model, batch = undecided_start(phase5, in_guest)
    loss = phase6.train_step(model, batch, phase5.LabelSmoothingLoss(PAD, 0.0), in_guest.optim.sgd(model, 0.8))
    expect_loss(loss, math.log(8.0), "the loss of 8 equal probabilities, ln 8,")
    # The gradient of a logit is p - 1 at the right token and p elsewhere: -7/8 and 1/8, times -0.8.
    expected = torch.zeros(TGT_VOCAB, TGT_VOCAB, dtype=torch.float64)
    expected[BOS] = -0.1
    expected[BOS, EOS] = 0.7
    label, why = "table after one step of SGD with rate 0.8", f"EOS gets +0.7 after BOS, all others get -0.1: {STEP}"
    checks.expect_close(model.state_dict()["table"], expected, label, why)


@pytest.mark.task("train_step")
@pytest.mark.holds(
    "Learn from one batch: forward", "The loss before the update", "Conventions of training and evaluation"
)
@pytest.mark.core
def test_a_step_goes_down_the_gradient_of_the_loss(phase5, phase6, in_guest, gen):
    model, batch = context_model(in_guest, gen), random_batch(phase5, gen, [4, 1, 2])
    before, numbers = tables_of(model), numbers_of(batch)
    loss = phase6.train_step(model, batch, phase5.LabelSmoothingLoss(PAD, 0.1), in_guest.optim.sgd(model, 0.7))
    expect_loss(loss, oracle.loss(before, numbers, 0.1), "the loss that train_step returns")
    expected = oracle.sgd(before, oracle.gradients(before, numbers, 0.1), 0.7)
    expect_tables(model, expected, "after one step of SGD", STEP)


@pytest.mark.task("train_step")
@given(gen=generators(), lengths=st.lists(st.integers(0, 5), min_size=1, max_size=4), smoothing=st.floats(0.0, 0.5))
def test_a_step_is_right_for_every_batch(phase5, phase6, in_guest, gen, lengths, smoothing):
    # theta <- theta - lr * grad of loss(theta)
    model, batch = context_model(in_guest, gen), random_batch(phase5, gen, lengths)
    before, numbers = tables_of(model), numbers_of(batch)
    loss_fn = phase5.LabelSmoothingLoss(PAD, smoothing)
    loss = phase6.train_step(model, batch, loss_fn, in_guest.optim.sgd(model, 1.3))
    expect_loss(loss, oracle.loss(before, numbers, smoothing), "the loss that train_step returns")
    expected = oracle.sgd(before, oracle.gradients(before, numbers, smoothing), 1.3)
    expect_tables(model, expected, "after one step of SGD", STEP)


@pytest.mark.task("train_step")
def test_a_step_of_a_whole_transformer_is_the_one_autograd_gives(phase4, phase5, phase6, in_guest, gen):
    model = small_transformer(phase4).double()
    randomise_transformer(model, gen)
    batch = random_batch(phase5, gen, [3, 5])
    before = state_of(model)
    leaves, positions = leaves_of(model), torch.from_numpy(sinusoidal_encoding(20, 12))
    held = given_batch(batch)
    logits = logits_by_torch(held.src, held.tgt_in, leaves, 3, positions, held.src_mask, held.tgt_mask)
    loss = F.cross_entropy(logits.flatten(0, 1), held.tgt_out.flatten(), ignore_index=PAD, label_smoothing=0.1)
    gradients = torch.autograd.grad(loss, list(leaves.values()))
    got = phase6.train_step(model, batch, phase5.LabelSmoothingLoss(PAD, 0.1), in_guest.optim.sgd(model, 0.2))
    expect_loss(got, float(loss.detach()), "the loss that train_step returns for a Transformer")
    after = model.state_dict()
    for name, gradient in zip(leaves, gradients):
        expected = before[name] - 0.2 * gradient
        # The table of positions may have been made in float32.
        checks.expect_close(after[name], expected, f"{name} after one step of SGD", STEP, tolerance=1e-5)


@pytest.mark.task("train_step")
@pytest.mark.holds("Gradients left over")
def test_gradients_left_over_from_earlier_do_not_count(phase5, phase6, in_guest, gen):
    model, batch = context_model(in_guest, gen), random_batch(phase5, gen, [3, 2])
    before, numbers = tables_of(model), numbers_of(batch)
    optimizer = in_guest.optim.sgd(model, 0.5)
    in_guest.optim.leave_gradients(model, 0.25)
    phase6.train_step(model, batch, phase5.LabelSmoothingLoss(PAD, 0.1), optimizer)
    expected = oracle.sgd(before, oracle.gradients(before, numbers, 0.1), 0.5)
    why = "backward() adds to the gradients that are there: set them to zero before it"
    expect_tables(model, expected, "after a step that found old gradients", why)


@pytest.mark.task("train_step")
def test_two_steps_of_adam_are_two_steps_of_adam(phase5, phase6, in_guest, gen):
    model, optimizer_oracle = context_model(in_guest, gen), oracle.Adam(0.03)
    loss_fn, optimizer = phase5.LabelSmoothingLoss(PAD, 0.1), in_guest.optim.adam(model, 0.03)
    tables = tables_of(model)
    for number, lengths in enumerate(([2, 4, 1], [5, 0], [1, 1, 3]), start=1):
        batch = random_batch(phase5, gen, lengths)
        numbers = numbers_of(batch)
        loss = phase6.train_step(model, batch, loss_fn, optimizer)
        expect_loss(loss, oracle.loss(tables, numbers, 0.1), f"the loss of step {number}")
        tables = optimizer_oracle.step(tables, oracle.gradients(tables, numbers, 0.1))
        why = "each step uses the gradient of its own batch alone, and steps once"
        expect_tables(model, tables, f"after step {number} of Adam", why)


@pytest.mark.task("train_step")
@pytest.mark.holds("max_norm: if given")
@pytest.mark.parametrize("share", [0.1, 0.9, 1.5])
def test_clipping_bounds_the_norm_of_all_gradients_together(phase5, phase6, in_guest, gen, share):
    # g <- g * min(1, max_norm / ||g||), ||g|| over all parameters, then theta <- theta - lr * g
    model, batch = context_model(in_guest, gen), random_batch(phase5, gen, [4, 1, 2])
    before, numbers = tables_of(model), numbers_of(batch)
    gradient = oracle.gradients(before, numbers, 0.1)
    max_norm = share * oracle.norm(gradient)
    in_guest.optim.leave_gradients(model, 9.0)
    loss_fn, optimizer = phase5.LabelSmoothingLoss(PAD, 0.1), in_guest.optim.sgd(model, 2.0)
    phase6.train_step(model, batch, loss_fn, optimizer, max_norm=max_norm)
    expected = oracle.sgd(before, oracle.clip(gradient, max_norm), 2.0)
    why = "clip after backward() and before optimizer.step(), with one norm over all parameters"
    label = f"after a step with max_norm at {share} times the norm of the gradients"
    expect_tables(model, expected, label, why, tolerance=2e-5)


@pytest.mark.task("train_step")
def test_without_max_norm_nothing_is_clipped(phase5, phase6, in_guest, gen):
    model, batch = steep_start(phase5, in_guest, gen, 0.0)
    before, numbers = tables_of(model), numbers_of(batch)
    gradient = oracle.gradients(before, numbers, 0.0)
    for max_norm in (None, 1e6):
        model.load_state_dict({name: torch.tensor(value) for name, value in before.items()})
        loss_fn, optimizer = phase5.LabelSmoothingLoss(PAD, 0.0), in_guest.optim.sgd(model, 3.0)
        phase6.train_step(model, batch, loss_fn, optimizer, None, max_norm)
        label = f"after a step with max_norm={max_norm}"
        why = "None means no clipping, and a norm under the limit stays as it is"
        expect_tables(model, oracle.sgd(before, gradient, 3.0), label, why)


@pytest.mark.task("train_step")
@pytest.mark.holds("0 is a limit like any other")
def test_a_limit_of_0_is_a_limit(phase5, phase6, in_guest, gen):
    model, batch = steep_start(phase5, in_guest, gen, 0.0)
    before, numbers = tables_of(model), numbers_of(batch)
    loss_fn, optimizer = phase5.LabelSmoothingLoss(PAD, 0.0), in_guest.optim.sgd(model, 3.0)
    loss = phase6.train_step(model, batch, loss_fn, optimizer, max_norm=0.0)
    expect_loss(loss, oracle.loss(before, numbers, 0.0), "the loss that train_step returns")
    why = "only None means no clipping: ask `max_norm is not None`, because 0.0 counts as false"
    expect_tables(model, before, "after a step with max_norm=0.0", why)


@pytest.mark.task("train_step")
@pytest.mark.holds("put into training mode")
@pytest.mark.parametrize("training", [True, False])
def test_the_step_is_made_in_training_mode_with_gradients(phase5, phase6, in_guest, gen, training):
    model, batch = context_model(in_guest, gen), random_batch(phase5, gen, [4, 2])
    model.train(training)
    expected = oracle.loss(tables_of(model), numbers_of(batch), 0.1)
    in_guest.notes.begin()
    loss = phase6.train_step(model, batch, phase5.LabelSmoothingLoss(PAD, 0.1), in_guest.optim.sgd(model, 0.1))
    expect_loss(loss, expected, "the loss that train_step returns")
    why = "model.train() before the forward pass: an evaluation may have left the model in evaluation mode"
    modes = in_guest.notes.of("training")
    checks.expect_that(len(modes) > 0 and all(modes), "the forward pass ran in evaluation mode", why)
    checks.expect_same(model.training, True, "model.training after the step", why)


@pytest.mark.task("train_step")
@pytest.mark.holds("its method ``step()`` is called after")
def test_the_scheduler_moves_on_after_the_optimizer(phase5, phase6, in_guest, gen):
    model, batch = context_model(in_guest, gen), random_batch(phase5, gen, [4, 2])
    loss_fn, optimizer = phase5.LabelSmoothingLoss(PAD, 0.1), in_guest.optim.sgd(model, 0.8)
    scheduler = in_guest.optim.halving_scheduler(optimizer)
    tables, numbers = tables_of(model), numbers_of(batch)
    in_guest.notes.begin()
    for step, rate in ((1, 0.8), (2, 0.4), (3, 0.2)):
        phase6.train_step(model, batch, loss_fn, optimizer, scheduler)
        tables = oracle.sgd(tables, oracle.gradients(tables, numbers, 0.1), rate)
        why = "the first step uses the first rate: optimizer.step(), and then scheduler.step(), once each"
        before = in_guest.notes.before("scheduler step", "optimizer step")
        checks.expect_same(before, list(range(1, step + 1)), "optimizer steps before each", why)
        expect_tables(model, tables, f"after step {step} with a rate that is halved after each", why)


@pytest.mark.task("train_step")
def test_a_transformer_learns_at_the_rates_of_the_noam_schedule(phase4, phase5, phase6, in_guest, gen):
    model = small_transformer(phase4)
    randomise_transformer(model, gen)
    batch, loss_fn = random_batch(phase5, gen, [3, 5, 1]), phase5.LabelSmoothingLoss(PAD, 0.1)
    optimizer = in_guest.optim.adam(model, 1.0)
    scheduler = phase5.NoamScheduler(optimizer, 12, warmup_steps=20, factor=0.5)
    losses = [phase6.train_step(model, batch, loss_fn, optimizer, scheduler, 1.0) for _ in range(12)]
    checks.expect_that(losses[0] is not None, "train_step returned None, expected the loss: is a `return` missing?")
    checks.expect_that(
        losses[-1] < losses[0] - 0.3, f"the loss went from {losses[0]:.3f} to {losses[-1]:.3f} in 12 steps", STEP
    )
    why = "one scheduler.step() for every optimizer.step()"
    expected = phase5.noam_learning_rate(13, 12, 20, 0.5)
    checks.expect_number(in_guest.optim.rate(optimizer), expected, "the rate after 12 steps", why)


@pytest.mark.task("train_step")
def test_a_step_leaves_the_batch_as_it_is(phase5, phase6, in_guest, gen):
    model, batch = context_model(in_guest, gen), random_batch(phase5, gen, [4, 2])
    expected = oracle.loss(tables_of(model), numbers_of(batch), 0.1)
    names = ("src", "tgt_in", "tgt_out", "src_mask", "tgt_mask")
    before = {name: getattr(batch, name).clone() for name in names}
    loss = phase6.train_step(model, batch, phase5.LabelSmoothingLoss(PAD, 0.1), in_guest.optim.sgd(model, 0.1))
    expect_loss(loss, expected, "the loss that train_step returns")
    for name in names:
        checks.expect_equal(getattr(batch, name), before[name], f"batch.{name} after the step")


@pytest.mark.task("train_step")
def test_a_step_follows_the_device_of_model_and_batch(phase5, phase6, in_guest, gen):
    model, batch = context_model(in_guest, gen), random_batch(phase5, gen, [4, 1, 2])
    losses, tables = descend(tables_of(model), [batch], [0.7])
    args = (phase6.train_step, model, batch, phase5.LabelSmoothingLoss(PAD, 0.1), 0.7)
    loss, state = contract.train_on_another_device(in_guest, *args, label="train_step")
    expect_loss(loss, losses[0], "the loss that train_step returns on another device than torch's default")
    for name, value in tables.items():
        checks.expect_close(state[name], value, f"{name} after a step on another device", STEP, tolerance=CLOSE)


# -- train --------------------------------------------------------------------------------------------------


def descend(tables: oracle.Weights, batches: list[Any], rates: list[float], max_norm: float | None = None) -> Any:
    """Losses and tables of one SGD step a batch, by the oracle."""
    losses = []
    for batch, rate in zip(batches, rates):
        numbers = numbers_of(batch)
        losses.append(oracle.loss(tables, numbers, 0.1))
        gradient = oracle.clip(oracle.gradients(tables, numbers, 0.1), max_norm)
        tables = oracle.sgd(tables, gradient, rate)
    return losses, tables


def expect_losses(got: Any, expected: list[float], label: str, tolerance: float = CLOSE, why: str = "") -> None:
    """``got`` is a list of floats with these values."""
    why = why or "each step learns from the next batch, once"
    checks.expect_that(isinstance(got, list), f"{label} is a {type(got).__name__}, expected a list of floats")
    checks.expect_same(len(got), len(expected), f"the number of losses in {label}", "one loss for every batch")
    for step, (loss, wanted) in enumerate(zip(got, expected), start=1):
        kind = f"{label}: the loss of step {step}"
        checks.expect_that(isinstance(loss, float), f"{kind} is a {type(loss).__name__}, expected a float")
        checks.expect_number(loss, wanted, kind, why, tolerance=tolerance)


@pytest.mark.task("train")
def test_the_losses_of_two_steps_calculated_by_hand(phase5, phase6, in_guest):
    model, batch = undecided_start(phase5, in_guest)
    # A step of rate r moves EOS ahead by r in `table`, by r in `past`, and by r / 2 in `source`, whose two rows share
    # it: by 2.5 r = ln 7. Then EOS is 7 times as probable as each of the 7 others: 1/2.
    optimizer = in_guest.optim.sgd(model, math.log(7.0) / 2.5)
    got = phase6.train(model, [batch, batch], phase5.LabelSmoothingLoss(PAD, 0.0), optimizer)
    expect_losses(got, [math.log(8.0), math.log(2.0)], "what train returns for p = 1/8, then p = 1/2")


@pytest.mark.task("train")
@pytest.mark.holds("Learn from one batch after another", "The losses of the steps, in order")
@pytest.mark.core
def test_training_is_one_step_for_every_batch_in_order(phase5, phase6, in_guest, gen):
    model = context_model(in_guest, gen)
    batches = [random_batch(phase5, gen, lengths) for lengths in ([3, 1], [2], [0, 4, 1], [5, 2])]
    losses, tables = descend(tables_of(model), batches, [0.6] * 4)
    got = phase6.train(model, batches, phase5.LabelSmoothingLoss(PAD, 0.1), in_guest.optim.sgd(model, 0.6))
    expect_losses(got, losses, "what train returns")
    expect_tables(model, tables, "after four steps", "one train_step for every batch, in order")


@pytest.mark.task("train")
@pytest.mark.holds("read once and in order")
@given(gen=generators(), count=st.integers(0, 5))
def test_batches_may_come_from_a_generator(phase5, phase6, in_guest, gen, count):
    # theta_t+1 = theta_t - lr * grad of loss(theta_t; batch_t), each batch read once
    model = context_model(in_guest, gen)
    batches = [random_batch(phase5, gen, [n % 3 + 1, n]) for n in range(count)]
    losses, tables = descend(tables_of(model), batches, [0.6] * count)
    stream = in_guest.recorders.stream(batches)
    in_guest.notes.begin()
    got = phase6.train(model, stream, phase5.LabelSmoothingLoss(PAD, 0.1), in_guest.optim.sgd(model, 0.6))
    expect_losses(got, losses, f"what train returns for a generator of {count}")
    why = "batches can be read once only, and have no length"
    expect_tables(model, tables, f"after {count} steps", why)
    checks.expect_same(in_guest.notes.count("batch"), count, "the number of batches that were read", why)


@pytest.mark.task("train")
def test_training_follows_the_device_of_model_and_batches(phase5, phase6, in_guest, gen):
    model = context_model(in_guest, gen)
    batches = [random_batch(phase5, gen, lengths) for lengths in ([3, 1], [2])]
    losses, _ = descend(tables_of(model), batches, [0.6, 0.6])
    args = (phase6.train, model, batches, phase5.LabelSmoothingLoss(PAD, 0.1), 0.6)
    got, _ = contract.train_on_another_device(in_guest, *args, label="train")
    expect_losses(got, losses, "what train returns on another device than torch's default")


@pytest.mark.task("train")
def test_no_batches_give_no_losses_and_no_steps(phase5, phase6, in_guest, gen):
    model, batch = context_model(in_guest, gen), random_batch(phase5, gen, [2, 1])
    loss_fn, optimizer = phase5.LabelSmoothingLoss(PAD, 0.1), in_guest.optim.sgd(model, 0.6)
    on_step = in_guest.recorders.on_step
    losses, tables = descend(tables_of(model), [batch], [0.6])
    in_guest.notes.begin()
    expect_losses(phase6.train(model, [], loss_fn, optimizer, on_step=on_step), [], "what train returns for no batches")
    checks.expect_same(in_guest.notes.of("step"), [], "the calls of on_step for no batches")
    got = phase6.train(model, [batch], loss_fn, optimizer, on_step=on_step)
    expect_losses(got, losses, "what train returns for one batch after none")
    expect_tables(model, tables, "after one batch after none", "no batch, no step")
    types, steps = in_guest.notes.of("types"), in_guest.notes.of("step")
    checks.expect_same(types, [["int", "float"]], "the types of what on_step was told", "on_step(step, loss)")
    checks.expect_same(steps, [1], "the steps that on_step was told", "every call of train counts from 1")


@pytest.mark.task("train")
@pytest.mark.holds("on_step: if given")
def test_on_step_is_told_step_and_loss_right_after_each_step(phase5, phase6, in_guest, gen):
    # on_step(t, loss(theta_t-1; batch_t)) for t = 1, 2, ...
    model = context_model(in_guest, gen)
    batches = [random_batch(phase5, gen, lengths) for lengths in ([3, 1], [2], [0, 4, 1])]
    losses, tables = descend(tables_of(model), batches, [0.6, 0.3, 0.15])
    loss_fn, optimizer = phase5.LabelSmoothingLoss(PAD, 0.1), in_guest.optim.sgd(model, 0.6)
    scheduler = in_guest.optim.halving_scheduler(optimizer)
    notes = in_guest.notes
    notes.begin()
    got = phase6.train(model, batches, loss_fn, optimizer, scheduler, on_step=in_guest.recorders.on_step)
    expect_losses(got, losses, "what train returns", why="pass scheduler on to train_step, which moves it once a step")
    why = "on_step(step, loss) once after every step, and steps count from 1"
    checks.expect_same(notes.of("types"), [["int", "float"]] * 3, "the types of what on_step was told", why)
    checks.expect_same(notes.of("step"), [1, 2, 3], "the steps that on_step was told", why)
    expect_losses(notes.of("loss"), losses, "what on_step was told")
    why = "on_step comes right after its own step, not before it and not at the end of all"
    for kind in ("optimizer", "scheduler"):
        before = notes.before("on_step", f"{kind} step")
        checks.expect_same(before, [1, 2, 3], f"{kind} steps at each call of on_step", why)
    expect_tables(model, tables, "after three steps", "on_step changes nothing")


@pytest.mark.task("train")
def test_without_max_norm_no_step_of_training_is_clipped(phase5, phase6, in_guest, gen):
    model, batch = steep_start(phase5, in_guest, gen, 0.1)
    losses, tables = descend(tables_of(model), [batch, batch], [0.1, 0.1])
    got = phase6.train(model, [batch, batch], phase5.LabelSmoothingLoss(PAD, 0.1), in_guest.optim.sgd(model, 0.1))
    expect_losses(got, losses, "what train returns")
    expect_tables(model, tables, "after two steps along a steep gradient", "max_norm is None: nothing is clipped")


@pytest.mark.task("train")
@pytest.mark.holds("as for ``train_step``")
@pytest.mark.parametrize("by_name", [True, False])
def test_scheduler_and_max_norm_reach_every_step(phase5, phase6, in_guest, gen, by_name):
    model = context_model(in_guest, gen)
    batches = [random_batch(phase5, gen, lengths) for lengths in ([3, 1], [2], [0, 4, 1])]
    losses, tables = descend(tables_of(model), batches, [0.6, 0.3, 0.15], max_norm=0.125)
    loss_fn, optimizer = phase5.LabelSmoothingLoss(PAD, 0.1), in_guest.optim.sgd(model, 0.6)
    scheduler = in_guest.optim.halving_scheduler(optimizer)
    in_guest.notes.begin()
    if by_name:
        got = phase6.train(model, batches, loss_fn, optimizer, max_norm=0.125, scheduler=scheduler)
    else:
        got = phase6.train(model, batches, loss_fn, optimizer, scheduler, 0.125, None)
    why = "pass scheduler and max_norm on to train_step"
    checks.expect_same(in_guest.notes.count("scheduler step"), 3, "the steps of the scheduler", why)
    expect_losses(got, losses, "what train returns", tolerance=2e-5, why=why)
    expect_tables(model, tables, "after three clipped steps at halved rates", why, tolerance=2e-5)

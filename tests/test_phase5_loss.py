"""Phase 5: cross-entropy against smoothed targets (paper 5.4; Szegedy et al. 2016)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from tests.oracles import mechanics as oracle
from tests.support import checks, contract
from tests.support.inputs import array, integers, leaf, normal
from tests.support.strategies import generators, sizes

TASK = "LabelSmoothingLoss"
FORMULA = "q(k) = (1 - eps) [k == y] + eps / V, loss = -sum_k q(k) log p(k), mean over the tokens that are not padding"
GRADIENT = "at every real token the gradient is (softmax(logits) - q) / number of real tokens; at padding it is 0"

# A ragged batch, 4 + 2 + 1 real tokens of 12; the padding is the id 3 of 6, and 0 is an ordinary token.
TARGET = np.array([[5, 0, 1, 4], [2, 0, 3, 3], [4, 3, 3, 3]])
smoothings = st.sampled_from([0.0, 0.05, 0.1, 0.3, 0.9, 1.0])


def ragged_target() -> Tensor:
    """A fresh tensor of ``TARGET``: code that writes into its input spoils its own test only."""
    return torch.tensor(TARGET)


def ragged_loss(logits: Tensor, smoothing: float = 0.1) -> float:
    """The loss of ``logits`` (3, 4, 6) against ``TARGET``."""
    return oracle.label_smoothing_loss(array(logits), TARGET, 3, smoothing)


def ragged_gradient(logits: Tensor, smoothing: float = 0.1) -> np.ndarray:
    """The gradient of that loss."""
    return oracle.label_smoothing_gradient(array(logits), TARGET, 3, smoothing)


def expect_loss(got: Any, expected: float, label: str, why: str = FORMULA, dtype: Any = torch.float32) -> None:
    """``got`` is a scalar tensor of this value."""
    checks.expect_shape(got, (), label, "a loss is one number for the whole batch: a tensor without dimensions")
    checks.expect_close(got, expected, label, why, dtype=dtype)


def expect_loss_and_gradient(
    criterion: Any, logits: Tensor, target: Tensor, pad_id: int, smoothing: float, label: str, why: str = FORMULA
) -> None:
    """The loss and its gradient are those of the formula."""
    logits = leaf(logits)
    loss = criterion(logits, target)
    expect_loss(loss, oracle.label_smoothing_loss(array(logits), target.numpy(), pad_id, smoothing), label, why)
    gradient = oracle.label_smoothing_gradient(array(logits), target.numpy(), pad_id, smoothing)
    expect_gradient(loss, logits, gradient, GRADIENT if why == FORMULA else why)


def expect_gradient(loss: Tensor, logits: Tensor, expected: np.ndarray, why: str = GRADIENT) -> None:
    """The gradient of the scalar ``loss`` with respect to ``logits`` has these values."""
    probe = checks.probe_like(loss).item()  # expect_gradients weighs the one entry of the loss with it
    gradients = {"logits": torch.from_numpy(expected * probe).to(logits.dtype)}
    checks.expect_gradients(loss, {"logits": logits}, gradients, "the loss", why)


# -- the formula --------------------------------------------------------------------------------------------


@pytest.mark.task(TASK)
def test_the_loss_of_one_token_of_four_calculated_by_hand(phase5):
    # p = (1/2, 1/4, 1/8, 1/8) and, with eps = 0.4, q = 0.6 (1, 0, 0, 0) + 0.1 (1, 1, 1, 1) = (0.7, 0.1, 0.1, 0.1).
    halves = torch.tensor([1.0, 2.0, 3.0, 3.0])
    logits = torch.stack([-halves * np.log(2.0), torch.tensor([0.0, 9.0, 0.0, 0.0])])[None]  # (1, 2, 4)
    got = phase5.LabelSmoothingLoss(3, 0.4)(logits, torch.tensor([[0, 3]]))
    why = "(0.7 * 1 + 0.1 * 2 + 0.1 * 3 + 0.1 * 3) ln 2 = 1.5 ln 2; the second token is padding: " + FORMULA
    expect_loss(got, 1.5 * np.log(2.0), "the loss for p = (1/2, 1/4, 1/8, 1/8)", why)


@pytest.mark.task(TASK)
@pytest.mark.holds("Cross-entropy against softened", "q(k) = (1 - smoothing)", "-sum_k q(k) log p(k)")
@pytest.mark.core
def test_the_loss_is_cross_entropy_against_the_smoothed_target(phase5, gen):
    logits = normal(gen, 3, 4, 6, scale=2.0)
    expected = ragged_loss(logits)
    got = phase5.LabelSmoothingLoss(3, 0.1)(logits, ragged_target())
    expect_loss(got, expected, "LabelSmoothingLoss(3, 0.1)(logits, target)")


@pytest.mark.task(TASK)
@pytest.mark.holds("target: ``int64 (B, L)``", "A scalar tensor")
@given(gen=generators(), dims=sizes(3, 2, 7), smoothing=smoothings, data=st.data())
def test_loss_and_gradient_are_right_at_every_size(phase5, gen, dims, smoothing, data):
    # loss = mean over real tokens of -sum over v of q_v log p_v, q = (1 - eps) one_hot + eps / V
    batch, length, vocab_size = dims
    pad_id = data.draw(st.integers(0, vocab_size - 1))
    target = integers(gen, 0, vocab_size, batch, length)
    logits = normal(gen, batch, length, vocab_size, scale=3.0)
    criterion = phase5.LabelSmoothingLoss(pad_id=pad_id, smoothing=smoothing)
    label = f"LabelSmoothingLoss({pad_id}, {smoothing}) at V = {vocab_size}"
    expect_loss_and_gradient(criterion, logits, target, pad_id, smoothing, label)


@pytest.mark.task(TASK)
@given(gen=generators(), dims=sizes(3, 2, 7), smoothing=smoothings, data=st.data())
def test_the_loss_is_that_of_torch_with_label_smoothing_and_ignore_index(phase5, gen, dims, smoothing, data):
    batch, length, vocab_size = dims
    pad_id = data.draw(st.integers(0, vocab_size - 1))
    target = integers(gen, 0, vocab_size, batch, length)
    target[0, 0] = (pad_id + 1) % vocab_size  # torch gives NaN where all is padding
    logits = leaf(normal(gen, batch, length, vocab_size, scale=3.0, dtype=torch.float64))
    reference = F.cross_entropy(
        logits.reshape(-1, vocab_size), target.reshape(-1), ignore_index=pad_id, label_smoothing=smoothing
    )
    (gradient,) = torch.autograd.grad(reference, [logits])
    loss = phase5.LabelSmoothingLoss(pad_id, smoothing)(logits, target)
    label = f"LabelSmoothingLoss({pad_id}, {smoothing}), against F.cross_entropy(label_smoothing, ignore_index)"
    expect_loss(loss, reference.item(), label, dtype=torch.float64)
    expect_gradient(loss, logits, array(gradient))


@pytest.mark.task(TASK)
def test_without_smoothing_it_is_plain_cross_entropy(phase5, gen):
    logits = normal(gen, 3, 4, 6, scale=2.0)
    chosen = array(logits).reshape(-1, 6)[[0, 1, 2, 3, 4, 5, 8]]
    log_p = [oracle.log_softmax(row)[y] for row, y in zip(chosen, (5, 0, 1, 4, 2, 0, 4))]
    got = phase5.LabelSmoothingLoss(3, smoothing=0.0)(logits, ragged_target())
    why = "with eps = 0 it is -log p(y), averaged over the real tokens; is eps exchanged with 1 - eps?"
    expect_loss(got, -np.mean(log_p), "LabelSmoothingLoss(3, smoothing=0.0)(logits, target)", why)


@pytest.mark.task(TASK)
def test_with_full_smoothing_the_target_does_not_matter(phase5, gen):
    logits = normal(gen, 1, 1, 5, scale=2.0)
    expected = -oracle.log_softmax(array(logits)[0, 0]).mean()
    criterion = phase5.LabelSmoothingLoss(0, smoothing=1.0)
    why = "with eps = 1 the target distribution is 1 / V for every token, the padding token included"
    for y in (1, 2, 3, 4):
        expect_loss(
            criterion(logits, torch.tensor([[y]])), expected, f"the loss with smoothing=1.0 and target {y}", why
        )


@pytest.mark.task(TASK)
@pytest.mark.holds("from 0 (plain cross-entropy) to 1", "Remember the settings")
@given(gen=generators(), smoothing=st.floats(0.0, 1.0))
def test_the_loss_is_a_mixture_of_its_two_extremes(phase5, gen, smoothing):
    # loss(eps) = (1 - eps) loss(0) + eps loss(1)
    logits = normal(gen, 3, 4, 6, scale=2.0, dtype=torch.float64)
    plain, uniform = (phase5.LabelSmoothingLoss(3, eps)(logits, ragged_target()) for eps in (0.0, 1.0))
    label = "the loss with smoothing={:.3g}"
    expect_loss(plain, ragged_loss(logits, 0.0), label.format(0), dtype=None)
    expected = (1.0 - smoothing) * plain + smoothing * uniform
    got = phase5.LabelSmoothingLoss(3, smoothing)(logits, ragged_target())
    why = "the loss is (1 - eps) * (loss at eps = 0) + eps * (loss at eps = 1)"
    checks.expect_close(got, expected, label.format(smoothing), why)


@pytest.mark.task(TASK)
def test_the_default_smoothing_is_that_of_the_paper(phase5, gen):
    logits = normal(gen, 3, 4, 6, scale=2.0)
    expected = ragged_loss(logits)
    got = phase5.LabelSmoothingLoss(3)(logits, ragged_target())
    expect_loss(got, expected, "LabelSmoothingLoss(3)(logits, target)", "the paper's epsilon is 0.1 (5.4)")


@pytest.mark.task(TASK)
@pytest.mark.parametrize("vocab_size", [2, 7, 50])
def test_equal_logits_cost_the_log_of_the_vocabulary(phase5, vocab_size):
    logits = torch.full((2, 3, vocab_size), 1.5)
    target = torch.tensor([[1, 0, 1], [1, 1, 0]])
    why = "p(k) = 1 / V for every token, so -sum_k q(k) log p(k) = log V: does q add up to 1?"
    got = phase5.LabelSmoothingLoss(0, 0.3)(logits, target)
    expect_loss(got, np.log(vocab_size), f"the loss of equal logits at V = {vocab_size}", why)


@pytest.mark.task(TASK)
def test_the_loss_is_least_where_the_model_says_the_smoothed_target(phase5):
    q = oracle.target_distribution(4, 13, 0.1)
    logits = torch.from_numpy(np.log(q)).reshape(1, 1, 13).requires_grad_(True)
    loss = phase5.LabelSmoothingLoss(0, 0.1)(logits, torch.tensor([[4]]))
    why = "at p = q the loss is the entropy of q, 0.537 for eps = 0.1 and V = 13; a KL divergence would be 0 there"
    expect_loss(loss, -(q * np.log(q)).sum(), "the loss where p is the smoothed target", why, dtype=torch.float64)
    expect_gradient(loss, logits, np.zeros((1, 1, 13)), "p = q is the minimum: the gradient p - q is 0")


@pytest.mark.task(TASK)
@pytest.mark.parametrize("pad_id", [0, 3])
def test_the_padding_token_has_its_share_of_the_target(phase5, pad_id):
    logits = leaf(torch.tensor([[[0.5, -1.0, 2.0, 1.0]]]))
    target = torch.tensor([[2]])
    loss = phase5.LabelSmoothingLoss(pad_id, 0.4)(logits, target)
    why = "every one of the V tokens gets eps / V, padding and the right token included: not eps / (V - 1) or (V - 2)"
    expected = oracle.label_smoothing_loss(array(logits), target.numpy(), pad_id, 0.4)
    expect_loss(loss, expected, f"the loss of one token at V = 4, pad_id={pad_id}, smoothing=0.4", why)
    expect_gradient(loss, logits, oracle.label_smoothing_gradient(array(logits), target.numpy(), pad_id, 0.4), why)


# -- padding and the mean -----------------------------------------------------------------------------------


@pytest.mark.task(TASK)
@pytest.mark.holds("changes neither the loss nor a gradient")
@pytest.mark.parametrize("size", [0.0, 30.0, 1e6, 3e38])
def test_logits_at_padding_have_no_influence(phase5, gen, size):
    logits = normal(gen, 3, 4, 6, scale=2.0)
    noise = normal(gen, 3, 4, 6, scale=1.0).sign() * size
    changed = leaf(torch.where(torch.tensor(TARGET == 3)[:, :, None], noise, logits))
    loss = phase5.LabelSmoothingLoss(3, 0.1)(changed, ragged_target())
    why = "take out the positions whose target is padding, and divide by the number of the others"
    if size == 3e38:
        why = "a loss at padding may be infinite, and infinity times 0 is NaN: masked_fill puts 0 in its place"
    expected = ragged_loss(logits)
    expect_loss(loss, expected, f"the loss with logits of size {size:g} at padding", why)
    expect_gradient(loss, changed, ragged_gradient(logits))


@pytest.mark.task(TASK)
@pytest.mark.holds("Average the loss over all tokens")
def test_every_token_counts_the_same_in_short_and_long_rows(phase5):
    target = torch.tensor([[1, 1, 1, 1], [1, 3, 3, 3]])
    logits = torch.zeros(2, 4, 5)
    logits[1, 0, 1] = -9.0  # the one token of the short row is badly wrong
    cheap, dear = (-oracle.log_softmax(array(logits[row, 0]))[1] for row in (0, 1))
    got = phase5.LabelSmoothingLoss(3, 0.0)(logits, target)
    why = "one mean over all real tokens of the batch (here 5): not over rows, not over B * L, and no sum"
    expect_loss(got, (4 * cheap + dear) / 5, "the loss of a row of 4 tokens and a row of 1", why)


@pytest.mark.task(TASK)
@pytest.mark.holds("positions whose target is padding do not count")
@given(gen=generators(), extra=st.integers(1, 4))
def test_more_padding_changes_nothing(phase5, gen, extra):
    # loss = sum over target != PAD of loss[b, l] / count of target != PAD
    logits = normal(gen, 3, 4, 6, scale=2.0)
    longer = torch.cat([logits, normal(gen, 3, extra, 6, scale=9.0)], dim=1)
    target = torch.cat([ragged_target(), torch.full((3, extra), 3)], dim=1)
    expected = ragged_loss(logits)
    got = phase5.LabelSmoothingLoss(3, 0.1)(longer, target)
    expect_loss(
        got, expected, f"the loss with {extra} more columns of padding", "padding counts neither above nor below"
    )


@pytest.mark.task(TASK)
@pytest.mark.holds("If all targets are padding")
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_a_batch_of_padding_costs_nothing_and_backward_works(phase5, gen, smoothing):
    criterion = phase5.LabelSmoothingLoss(3, smoothing)
    real = normal(gen, 3, 4, 6)
    expected = ragged_loss(real, smoothing)
    expect_loss(criterion(real, ragged_target()), expected, "the loss of a batch with real tokens")
    logits = leaf(normal(gen, 2, 3, 6, scale=5.0))
    loss = criterion(logits, torch.full((2, 3), 3))
    why = "0 / 0 is NaN: divide by at least 1, and keep the graph (a new tensor of 0 has none)"
    expect_loss(loss, 0.0, "the loss where every target is padding", why)
    expect_gradient(loss, logits, np.zeros((2, 3, 6)), why)


@pytest.mark.task(TASK)
def test_two_calls_do_not_mix(phase5, gen):
    criterion = phase5.LabelSmoothingLoss(3, 0.2)
    other = phase5.LabelSmoothingLoss(0, 0.0)
    for batch, length, vocab_size in ((2, 5, 7), (4, 3, 6), (2, 5, 7)):
        logits = normal(gen, batch, length, vocab_size)
        target = integers(gen, 0, vocab_size, batch, length)
        label = f"the loss at (B, L, V) = ({batch}, {length}, {vocab_size})"
        expect_loss(
            criterion(logits, target), oracle.label_smoothing_loss(array(logits), target.numpy(), 3, 0.2), label
        )
        expect_loss(other(logits, target), oracle.label_smoothing_loss(array(logits), target.numpy(), 0, 0.0), label)


# -- numbers, devices, layouts ------------------------------------------------------------------------------


@pytest.mark.task(TASK)
@pytest.mark.holds("large values must not overflow")
@pytest.mark.parametrize("size", [200.0, 1000.0])
def test_confident_logits_stay_finite(phase5, gen, size):
    logits = normal(gen, 3, 4, 6).sign() * size
    logits[0, 0], logits[0, 1] = -size, size  # all equal, far from 0
    loss = phase5.LabelSmoothingLoss(3, 0.1)(logits, ragged_target())
    label = f"the loss of logits of +-{size:g}"
    why = "exp(200) overflows and log(0) is -inf: use log_softmax, or take the maximum away first"
    checks.expect_shape(loss, (), label)
    checks.expect_finite(loss, label, why)
    expect_loss_and_gradient(phase5.LabelSmoothingLoss(3, 0.1), logits, ragged_target(), 3, 0.1, label, why)


@pytest.mark.task(TASK)
def test_the_loss_faces_float64(phase5, gen):
    logits = normal(gen, 3, 4, 6, scale=2.0, dtype=torch.float64)
    expected = ragged_loss(logits)
    criterion = phase5.LabelSmoothingLoss(3, 0.1)
    contract.float64_in_and_out(
        criterion, [logits, ragged_target()], expected, "LabelSmoothingLoss(3, 0.1)(logits, target)"
    )
    free = leaf(logits)
    expect_gradient(criterion(free, ragged_target()), free, ragged_gradient(logits))


@pytest.mark.task(TASK)
@pytest.mark.holds("Code follows the device of its inputs")
def test_the_loss_follows_the_device_of_the_logits(phase5, in_guest, gen):
    logits, label = normal(gen, 3, 4, 6), "LabelSmoothingLoss(3, 0.1)(logits, target)"
    criterion, all_padding = phase5.LabelSmoothingLoss(3, 0.1), torch.full((3, 4), 3)
    expect_loss(criterion(logits, ragged_target()), ragged_loss(logits), label)
    contract.follows_the_device(in_guest, criterion, (logits, ragged_target()), label)
    contract.follows_the_device(in_guest, criterion, (logits, all_padding), f"{label} where all is padding")


@pytest.mark.task(TASK)
def test_the_loss_faces_odd_memory_layouts(phase5, gen):
    logits = normal(gen, 3, 4, 6)
    length_first = logits.transpose(0, 1).contiguous().transpose(0, 1)  # `view` cannot merge its B and L
    criterion, why = phase5.LabelSmoothingLoss(3, 0.1), "`view` needs contiguous memory; `reshape` does not"
    got = criterion(length_first, ragged_target())
    expect_loss(got, ragged_loss(logits), "the loss for logits that are not contiguous", why)
    contract.odd_memory_layout(criterion, [logits, ragged_target()], ragged_loss(logits), "the loss")
    got = criterion(logits, ragged_target().t().contiguous().t())
    expect_loss(got, ragged_loss(logits), "the loss for a target that is not contiguous", why)


@pytest.mark.task(TASK)
def test_the_loss_faces_unchanged_inputs_copies_and_both_modes(phase5, gen):
    logits = normal(gen, 3, 4, 6)
    expected = ragged_loss(logits)
    module, fresh = phase5.LabelSmoothingLoss(3, 0.1), phase5.LabelSmoothingLoss(3, 0.1)
    contract.inputs_unchanged(module, [logits, ragged_target()], expected, "the loss")
    contract.copies_behave_alike(module, fresh, [logits, ragged_target()], expected, "the loss")
    contract.expect_parameters(module, {}, "LabelSmoothingLoss(3, 0.1)")
    checks.expect_close(module.train()(logits, ragged_target()), expected, "the loss in training mode")
    checks.expect_close(
        module.eval()(logits, ragged_target()), expected, "the loss in evaluation mode", "smooth in both modes"
    )

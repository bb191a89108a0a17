"""Phase 5: the padding mask, the look-ahead mask and both at once (paper 3.2.3)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from tests.oracles import mechanics as oracle
from tests.support import checks, contract
from tests.support.inputs import integers
from tests.support.strategies import generators, sizes

POLARITY = "True means `may attend`: False for padding and for the future"


def expect_mask(got: Any, expected: np.ndarray, label: str, why: str = POLARITY) -> None:
    """``got`` is this boolean mask: shape, dtype, entries."""
    ones = "the dimensions of size 1 broadcast over the batch, the heads or the queries"
    checks.expect_shape(got, expected.shape, label, ones)
    checks.expect_dtype(got, torch.bool, label, f"masks are boolean; {POLARITY}")
    checks.expect_equal(got, torch.from_numpy(expected), label, why)


def columns_first(tokens: Tensor) -> Tensor:
    """The same tokens, laid out in memory column by column: a transpose, which `view` cannot flatten."""
    return tokens.t().contiguous().t()


def padded_words(gen: torch.Generator, pad_id: int) -> Tensor:
    """Rows of words above ``pad_id``, of random lengths, with padding behind them."""
    tokens, lengths = integers(gen, pad_id + 1, 90, 4, 7), integers(gen, 1, 8, 4)
    return torch.where(torch.arange(7) < lengths[:, None], tokens, pad_id)


def expect_unchanged(tokens: Tensor, before: Tensor, label: str) -> None:
    """The caller's tokens are as they were."""
    why = "write nothing into the caller's tensor: a comparison such as `tokens != pad_id` makes a new one"
    checks.expect_equal(tokens, before, f"`tokens` after {label}", why)


# -- padding_mask -------------------------------------------------------------------------------------------


@pytest.mark.task("padding_mask")
@pytest.mark.holds("Allow attention to every token", "True where the token is real", "tokens are ``int64 (B, L)``")
@pytest.mark.core
def test_the_padding_mask_is_true_at_every_real_token(phase5, gen):
    tokens = torch.tensor([[5, 7, 3, 3], [6, 3, 3, 3], [4, 5, 6, 7]])
    expected = np.array([[[[1, 1, 0, 0]]], [[[1, 0, 0, 0]]], [[[1, 1, 1, 1]]]], dtype=bool)
    expect_mask(phase5.padding_mask(tokens, 3), expected, "padding_mask(tokens, pad_id=3)")
    tokens = padded_words(gen, 3)
    expected = oracle.padding_mask(tokens.numpy(), 3)
    expect_mask(phase5.padding_mask(tokens, 3), expected, "padding_mask(tokens, pad_id=3) of other tokens")


@pytest.mark.task("padding_mask")
@given(gen=generators(), dims=sizes(3, 2, 7), data=st.data())
def test_padding_is_found_wherever_it_stands_and_whatever_its_id(phase5, gen, dims, data):
    # mask[b, 0, 0, k] = (tokens[b, k] != pad_id)
    batch, length, vocab_size = dims
    pad_id = data.draw(st.integers(0, vocab_size - 1))
    tokens = integers(gen, 0, vocab_size, batch, length)
    expected = oracle.padding_mask(tokens.numpy(), pad_id)
    expect_mask(phase5.padding_mask(tokens, pad_id), expected, f"padding_mask(tokens, pad_id={pad_id})")


@pytest.mark.task("padding_mask")
@pytest.mark.parametrize("pad_id", [0, 3, 7])
def test_only_the_given_id_is_padding(phase5, pad_id):
    tokens = torch.arange(8).reshape(2, 4)
    why = "compare with `pad_id` itself: not with 0, not with <, not with the truth of the token"
    label = f"padding_mask(tokens, pad_id={pad_id})"
    expect_mask(phase5.padding_mask(tokens, pad_id), oracle.padding_mask(tokens.numpy(), pad_id), label, why)


@pytest.mark.task("padding_mask")
def test_a_row_of_padding_allows_nothing_and_a_full_row_everything(phase5):
    tokens = torch.tensor([[2, 2, 2], [1, 0, 4]])
    expected = np.array([[[[0, 0, 0]]], [[[1, 1, 1]]]], dtype=bool)
    expect_mask(phase5.padding_mask(tokens, 2), expected, "padding_mask of an all-padding row and a full row")


@pytest.mark.task("padding_mask")
def test_the_padding_mask_lets_attention_see_the_real_keys_alone(phase5):
    tokens = torch.tensor([[5, 6, 1, 1, 1], [5, 6, 7, 8, 1]])
    mask = phase5.padding_mask(tokens, 1)
    checks.expect_shape(mask, (2, 1, 1, 5), "padding_mask(tokens, 1)")
    checks.expect_dtype(mask, torch.bool, "padding_mask(tokens, 1)", "masks are boolean")
    weights = torch.zeros(2, 4, 3, 5).masked_fill(~mask, float("-inf")).softmax(dim=-1)  # 4 heads, 3 queries
    expected = np.zeros((2, 4, 3, 5))
    expected[0, :, :, :2] = 1 / 2
    expected[1, :, :, :4] = 1 / 4
    checks.expect_close(weights, expected, "the attention weights of equal scores under padding_mask", POLARITY)


@pytest.mark.task("padding_mask")
@pytest.mark.holds("On the device of ``tokens``", "never changes an input in place")
def test_the_padding_mask_faces_other_devices_odd_layouts_and_unchanged_tokens(phase5, in_guest, gen):
    tokens = integers(gen, 0, 4, 3, 5)
    before, expected = tokens.clone(), oracle.padding_mask(tokens.numpy(), 2)
    expect_mask(phase5.padding_mask(tokens, 2), expected, "padding_mask(tokens, 2)")
    expect_unchanged(tokens, before, "padding_mask(tokens, 2)")
    expect_mask(phase5.padding_mask(columns_first(tokens), 2), expected, "padding_mask of non-contiguous tokens")
    contract.follows_the_device(in_guest, phase5.padding_mask, (tokens, 2), "padding_mask(tokens, 2)")
    contract.on_meta(lambda t: phase5.padding_mask(t, 2), [tokens], (3, 1, 1, 5), "padding_mask(tokens, 2)")


# -- look_ahead_mask ----------------------------------------------------------------------------------------


@pytest.mark.task("look_ahead_mask")
@pytest.mark.holds("to itself and to what came before", "True at ``[0, 0, q, k]``", "length: ``L``")
@pytest.mark.core
def test_the_look_ahead_mask_is_the_lower_triangle_with_its_diagonal(phase5, gen):
    expected = np.array([[[[1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0], [1, 1, 1, 1]]]], dtype=bool)
    why = "query q (the row) may attend to key k (the column) where k <= q: True on and below the diagonal"
    expect_mask(phase5.look_ahead_mask(4), expected, "look_ahead_mask(4)", why)
    length = int(integers(gen, 10, 80, 1))
    expect_mask(phase5.look_ahead_mask(length), oracle.look_ahead_mask(length), f"look_ahead_mask({length})", why)


@pytest.mark.task("look_ahead_mask")
@given(lengths=st.lists(st.integers(1, 9), min_size=2, max_size=4))
def test_the_look_ahead_mask_is_right_at_every_length_in_any_order(phase5, lengths):
    # mask[0, 0, q, k] = (k <= q)
    for length in lengths:
        expect_mask(phase5.look_ahead_mask(length), oracle.look_ahead_mask(length), f"look_ahead_mask({length})")


@pytest.mark.task("look_ahead_mask")
def test_a_single_position_attends_to_itself(phase5):
    expected = np.ones((1, 1, 1, 1), dtype=bool)
    expect_mask(phase5.look_ahead_mask(1), expected, "look_ahead_mask(1)", "every position sees itself: k <= q")


@pytest.mark.task("look_ahead_mask")
def test_position_q_sees_itself_and_the_q_before_it(phase5):
    mask = phase5.look_ahead_mask(7)
    checks.expect_shape(mask, (1, 1, 7, 7), "look_ahead_mask(7)")
    checks.expect_dtype(mask, torch.bool, "look_ahead_mask(7)", "masks are boolean")
    why = "row q has q + 1 keys: one more shows the answer, one less hides the position from itself"
    checks.expect_equal(mask.sum(dim=-1), torch.arange(1, 8).reshape(1, 1, 7), "the number of keys of each query", why)


@pytest.mark.task("look_ahead_mask")
def test_nothing_after_a_position_reaches_it_through_the_look_ahead_mask(phase5):
    mask = phase5.look_ahead_mask(5)
    checks.expect_shape(mask, (1, 1, 5, 5), "look_ahead_mask(5)")
    checks.expect_dtype(mask, torch.bool, "look_ahead_mask(5)", "masks are boolean")
    weights = torch.zeros(2, 3, 5, 5).masked_fill(~mask, float("-inf")).softmax(dim=-1)
    values = torch.tensor([1.0, 10.0, 100.0, 1000.0, 10000.0])
    means = values.cumsum(dim=0) / torch.arange(1, 6)
    why = "with equal scores every query averages the values up to and including its own"
    checks.expect_close(weights @ values, means.expand(2, 3, 5), "attention with equal scores under the mask", why)


@pytest.mark.task("look_ahead_mask")
@pytest.mark.holds("device: where the mask is made")
def test_the_look_ahead_mask_is_made_on_the_device_asked_for(phase5, in_guest):
    why = "pass `device` on to where the mask is made"
    expected = oracle.look_ahead_mask(3)
    expect_mask(phase5.look_ahead_mask(3, "cpu"), expected, 'look_ahead_mask(3, "cpu")')
    expect_mask(phase5.look_ahead_mask(3, device=None), expected, "look_ahead_mask(3, device=None)")
    label = 'look_ahead_mask(3, device="meta")'
    got = phase5.look_ahead_mask(3, device="meta")
    checks.expect_shape(got, (1, 1, 3, 3), label, why)
    checks.expect_dtype(got, torch.bool, label, "masks are boolean")
    checks.expect_that(got.device.type == "meta", f"{label} is on {got.device.type}", why)
    expect_mask(phase5.look_ahead_mask(3), expected, "look_ahead_mask(3) after one for another device")
    label = "look_ahead_mask(3) after torch.set_default_device(...)"
    got = contract.made_by_default(in_guest, phase5.look_ahead_mask, (3,), label)
    expect_mask(got, expected, label)


# -- decoder_mask -------------------------------------------------------------------------------------------


@pytest.mark.task("decoder_mask")
@pytest.mark.holds("Both masks at once", "True at ``[b, 0, q, k]``")
@pytest.mark.core
def test_the_decoder_mask_hides_the_future_and_the_padding(phase5, gen):
    tokens = torch.tensor([[1, 5, 3, 3], [1, 5, 6, 7]])
    ragged = [[1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 0, 0], [1, 1, 0, 0]]
    full = [[1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0], [1, 1, 1, 1]]
    expected = np.array([[ragged], [full]], dtype=bool)
    why = "True at [b, 0, q, k] only where k <= q and token k of row b is real: `and`, not `or`"
    expect_mask(phase5.decoder_mask(tokens, 3), expected, "decoder_mask(tokens, pad_id=3)", why)
    tokens = padded_words(gen, 3)
    expected = oracle.decoder_mask(tokens.numpy(), 3)
    expect_mask(phase5.decoder_mask(tokens, 3), expected, "decoder_mask(tokens, pad_id=3) of other tokens", why)


@pytest.mark.task("decoder_mask")
@given(gen=generators(), dims=sizes(3, 1, 7), data=st.data())
def test_the_decoder_mask_is_right_wherever_the_padding_stands(phase5, gen, dims, data):
    # mask[b, 0, q, k] = (tokens[b, k] != pad_id) and k <= q
    batch, length, vocab_size = dims
    pad_id = data.draw(st.integers(0, vocab_size - 1))
    tokens = integers(gen, 0, vocab_size, batch, length)
    expected = oracle.decoder_mask(tokens.numpy(), pad_id)
    why = "a key counts by its own token: padding hides a column of the mask, not a row"
    expect_mask(phase5.decoder_mask(tokens, pad_id), expected, f"decoder_mask(tokens, pad_id={pad_id})", why)


@pytest.mark.task("decoder_mask")
def test_padding_in_front_hides_its_column_from_every_query(phase5):
    tokens = torch.tensor([[9, 4, 5], [4, 9, 5]])
    expected = np.array([[[[0, 0, 0], [0, 1, 0], [0, 1, 1]]], [[[1, 0, 0], [1, 0, 0], [1, 0, 1]]]], dtype=bool)
    why = "the padding mask is about keys (the last dimension); a query that is padding keeps its real keys"
    expect_mask(phase5.decoder_mask(tokens, 9), expected, "decoder_mask with padding before real tokens", why)


@pytest.mark.task("decoder_mask")
@pytest.mark.parametrize("pad_id", [0, 3, 5])
def test_the_decoder_mask_takes_the_padding_id_it_is_given(phase5, pad_id):
    tokens = torch.tensor([[1, 2, 3], [4, 5, 0]])
    expected = oracle.decoder_mask(tokens.numpy(), pad_id)
    why = "pass `pad_id` on: another id is an ordinary token"
    expect_mask(phase5.decoder_mask(tokens, pad_id), expected, f"decoder_mask(tokens, pad_id={pad_id})", why)


@pytest.mark.task("decoder_mask")
@given(gen=generators(), dims=sizes(2, 2, 7))
def test_without_padding_every_row_has_the_same_triangle(phase5, gen, dims):
    # mask[b, 0, q, k] = (k <= q) where no token is padding
    batch, length = dims
    tokens = integers(gen, 1, 6, batch, length)
    expected = np.repeat(oracle.look_ahead_mask(length), batch, axis=0)
    why = "one mask of (L, L) for each row of the batch, where L is the length of `tokens`"
    expect_mask(phase5.decoder_mask(tokens, 0), expected, "decoder_mask of tokens without padding", why)


@pytest.mark.task("decoder_mask")
@pytest.mark.holds("On the device of ``tokens``")
def test_the_decoder_mask_faces_other_devices_odd_layouts_and_unchanged_tokens(phase5, in_guest, gen):
    tokens = integers(gen, 0, 4, 3, 5)
    before, expected = tokens.clone(), oracle.decoder_mask(tokens.numpy(), 2)
    expect_mask(phase5.decoder_mask(tokens, 2), expected, "decoder_mask(tokens, 2)")
    expect_unchanged(tokens, before, "decoder_mask(tokens, 2)")
    expect_mask(phase5.decoder_mask(columns_first(tokens), 2), expected, "decoder_mask of non-contiguous tokens")
    contract.follows_the_device(in_guest, phase5.decoder_mask, (tokens, 2), "decoder_mask(tokens, 2)")
    contract.on_meta(lambda t: phase5.decoder_mask(t, 2), [tokens], (3, 1, 5, 5), "decoder_mask(tokens, 2)")

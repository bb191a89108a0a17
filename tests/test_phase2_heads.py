"""Phase 2: cutting the features of every position into heads, and putting them together again (paper 3.2.2)."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given

from tests.oracles import attention as oracle
from tests.support import checks, contract
from tests.support.inputs import array, leaf, normal
from tests.support.strategies import generators, head_sizes, sizes

LAYOUT = "first (B, L, h, d_k), each position cut into h pieces of d_k features; then exchange dimensions 1 and 2"
BACK = "first exchange dimensions 1 and 2, so that the heads of a position stand together; then join the last two"


def positions_and_features(batch, length, d_model):
    """``(B, L, d_model)`` whose entries say where they are: 1000 * sequence + 10 * position + feature / 10."""
    b, t, f = torch.meshgrid(torch.arange(batch), torch.arange(length), torch.arange(d_model), indexing="ij")
    return 1000.0 * b + 10.0 * t + f / 10.0


# -- split_heads --------------------------------------------------------------------------------------------


@pytest.mark.task("split_heads")
def test_two_positions_of_four_features_split_into_two_heads(phase2):
    x = torch.tensor([[[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]]])
    expected = torch.tensor([[[[1.0, 2.0], [5.0, 6.0]], [[3.0, 4.0], [7.0, 8.0]]]])
    why = f"head 0 gets features 0 and 1 of both positions, head 1 gets features 2 and 3: {LAYOUT}"
    checks.expect_close(phase2.split_heads(x, 2), expected, "split_heads([[1, 2, 3, 4], [5, 6, 7, 8]], 2)", why)


@pytest.mark.task("split_heads")
@pytest.mark.holds("Head ``j`` holds the features")
@pytest.mark.core
def test_head_j_holds_the_jth_piece_of_every_position(phase2):
    x = positions_and_features(2, 5, 12)
    got = phase2.split_heads(x, 3)
    checks.expect_shape(got, (2, 3, 5, 4), "split_heads(x, 3) of x (2, 5, 12)", LAYOUT)
    for j in range(3):
        checks.expect_close(got[:, j], x[:, :, 4 * j : 4 * j + 4], f"head {j} of split_heads(x, 3)", LAYOUT)


@pytest.mark.task("split_heads")
@pytest.mark.holds("Cut the features of every position")
@pytest.mark.core
@given(gen=generators(), heads=head_sizes(), dims=sizes(2, 1, 7))
def test_split_is_right_at_every_size(phase2, gen, heads, dims):
    # split[b, h, l, j] = x[b, l, h * d_k + j]
    num_heads, _, d_model = heads
    x = normal(gen, *dims, d_model)
    label = f"split_heads(x, {num_heads}) of x {tuple(x.shape)}"
    checks.expect_close(phase2.split_heads(x, num_heads), oracle.split_heads(array(x), num_heads), label, LAYOUT)


@pytest.mark.task("split_heads")
@pytest.mark.parametrize("num_heads", [1, 6], ids=["one head", "one feature a head"])
def test_split_into_one_head_or_into_single_features(phase2, gen, num_heads):
    x = normal(gen, 2, 5, 6)
    got = phase2.split_heads(x, num_heads)
    label = f"split_heads(x, {num_heads}) of x (2, 5, 6)"
    checks.expect_close(got, oracle.split_heads(array(x), num_heads), label, LAYOUT)


@pytest.mark.task("split_heads")
@given(gen=generators())
def test_split_leaves_every_position_at_its_place(phase2, gen):
    # split(x[:, P])[b, h] = split(x)[b, h, P]
    x = normal(gen, 3, 5, 8)
    order = torch.randperm(5, generator=gen)
    got = phase2.split_heads(x[:, order], 2)
    expected = oracle.split_heads(array(x), 2)[:, :, order.numpy()]
    checks.expect_close(got, expected, "split_heads of reordered positions", "a position stays whole: " + LAYOUT)


@pytest.mark.task("split_heads")
def test_split_passes_every_gradient_back_to_its_feature(phase2, gen):
    x = leaf(normal(gen, 2, 5, 6, dtype=torch.float64))
    got = phase2.split_heads(x, 3)
    checks.expect_shape(got, (2, 3, 5, 2), "split_heads(x, 3)")
    expected = torch.from_numpy(oracle.merge_heads(array(checks.probe_like(got))))
    checks.expect_gradients(got, {"x": x}, {"x": expected}, "split_heads(x, 3)")


@pytest.mark.task("split_heads")
def test_split_faces_float64_and_odd_memory_layouts(phase2, gen):
    x = normal(gen, 2, 5, 12, dtype=torch.float64)
    expected, label = oracle.split_heads(array(x), 3), "split_heads(x, 3)"

    def call(x):
        return phase2.split_heads(x, 3)

    contract.float64_in_and_out(call, [x], expected, label)
    contract.odd_memory_layout(call, [x], expected, label)
    length_first = x.transpose(0, 1).contiguous().transpose(0, 1)
    checks.expect_close(call(length_first), expected, f"{label} of a transposed x", "`view` needs contiguous memory")


@pytest.mark.task("split_heads")
def test_split_faces_other_devices_and_leaves_its_input_as_it_is(phase2, in_guest, gen):
    x = normal(gen, 2, 5, 12)
    contract.inputs_unchanged(
        lambda x: phase2.split_heads(x, 4), [x], oracle.split_heads(array(x), 4), "split_heads(x, 4)"
    )
    contract.follows_the_device(in_guest, phase2.split_heads, (x, 4), "split_heads(x, 4)")
    contract.on_meta(lambda x: phase2.split_heads(x, 4), [x], (2, 4, 5, 3), "split_heads(x, 4)")


# -- merge_heads --------------------------------------------------------------------------------------------


@pytest.mark.task("merge_heads")
def test_two_heads_of_two_positions_merged(phase2):
    heads = torch.tensor([[[[1.0, 2.0], [5.0, 6.0]], [[3.0, 4.0], [7.0, 8.0]]]])
    expected = torch.tensor([[[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]]])
    why = f"a position has its features of head 0, then those of head 1: {BACK}"
    checks.expect_close(phase2.merge_heads(heads), expected, "merge_heads of two heads of two positions", why)


@pytest.mark.task("merge_heads")
@pytest.mark.holds("Put the heads of every position side by side")
@pytest.mark.core
def test_merge_puts_the_heads_of_every_position_side_by_side(phase2):
    x = positions_and_features(2, 5, 12)
    heads = torch.stack(x.split(4, dim=-1), dim=1)
    why = f"merge_heads undoes split_heads: {BACK}"
    checks.expect_close(phase2.merge_heads(heads), x, "merge_heads of x (2, 5, 12) cut into 3 heads", why)


@pytest.mark.task("merge_heads")
@pytest.mark.core
@given(gen=generators(), dims=sizes(4, 1, 6))
def test_merge_is_right_at_every_size(phase2, gen, dims):
    # merged[b, l, h * d_k + j] = x[b, h, l, j]
    x = normal(gen, *dims)
    label = f"merge_heads(x) of x {tuple(x.shape)}"
    checks.expect_close(phase2.merge_heads(x), oracle.merge_heads(array(x)), label, BACK)


@pytest.mark.task("merge_heads")
@pytest.mark.holds("It is the inverse of")
@given(gen=generators(), heads=head_sizes(), dims=sizes(2, 1, 7))
def test_merge_is_the_inverse_of_split(phase2, gen, heads, dims):
    num_heads, d_k, d_model = heads
    x = normal(gen, *dims, d_model)
    # What a split by view and transpose gives: not contiguous, as merge_heads meets it in practice.
    cut = torch.from_numpy(oracle.split_heads(array(x), num_heads)).float()
    cut = cut.transpose(1, 2).contiguous().transpose(1, 2)
    checks.expect_close(phase2.merge_heads(cut), x, f"merge_heads of x {tuple(x.shape)} cut into {num_heads}", BACK)


@pytest.mark.task("merge_heads")
@given(gen=generators())
def test_merge_leaves_every_position_at_its_place(phase2, gen):
    # merge(x[:, :, P])[b] = merge(x)[b, P]
    x = normal(gen, 3, 2, 5, 4)
    order = torch.randperm(5, generator=gen)
    expected = oracle.merge_heads(array(x))[:, order.numpy()]
    checks.expect_close(phase2.merge_heads(x[:, :, order]), expected, "merge_heads of reordered positions", BACK)


@pytest.mark.task("merge_heads")
def test_merge_passes_every_gradient_back_to_its_head(phase2, gen):
    x = leaf(normal(gen, 2, 3, 5, 4, dtype=torch.float64))
    got = phase2.merge_heads(x)
    checks.expect_shape(got, (2, 5, 12), "merge_heads(x) of x (2, 3, 5, 4)")
    expected = torch.from_numpy(oracle.split_heads(array(checks.probe_like(got)), 3))
    checks.expect_gradients(got, {"x": x}, {"x": expected}, "merge_heads(x)")


@pytest.mark.task("merge_heads")
def test_merge_faces_float64_and_odd_memory_layouts(phase2, gen):
    x = normal(gen, 2, 3, 5, 4, dtype=torch.float64)
    expected = oracle.merge_heads(array(x))
    contract.float64_in_and_out(phase2.merge_heads, [x], expected, "merge_heads(x)")
    contract.odd_memory_layout(phase2.merge_heads, [x], expected, "merge_heads(x)")


@pytest.mark.task("merge_heads")
def test_merge_faces_other_devices_and_leaves_its_input_as_it_is(phase2, in_guest, gen):
    x = normal(gen, 2, 3, 5, 4)
    contract.inputs_unchanged(phase2.merge_heads, [x], oracle.merge_heads(array(x)), "merge_heads(x)")
    contract.follows_the_device(in_guest, phase2.merge_heads, (x,), "merge_heads(x)")
    contract.on_meta(phase2.merge_heads, [x], (2, 5, 12), "merge_heads(x)")

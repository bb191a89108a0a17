"""Phase 1: sinusoidal positional encoding and its shift (paper 3.5)."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.oracles import embedding as oracle
from tests.support import checks
from tests.support.inputs import array

even_widths = st.integers(1, 8).map(lambda pairs: 2 * pairs)


# -- sinusoidal_encoding ------------------------------------------------------------------------------------


@pytest.mark.task("sinusoidal_encoding")
def test_two_positions_of_width_four_written_out(phase1):
    got = phase1.sinusoidal_encoding(2, 4)
    # Position 1 has the angles 1 / 10000^0 = 1 and 1 / 10000^(2/4) = 0.01.
    expected = np.array([[0.0, 1.0, 0.0, 1.0], [0.8414710, 0.5403023, 0.0099998, 0.9999500]])
    why = "a row is sin 1, cos 1, sin 0.01, cos 0.01 for position 1: sine and cosine take turns, one angle a pair"
    checks.expect_close(got, expected, "sinusoidal_encoding(2, 4)", why)


@pytest.mark.task("sinusoidal_encoding")
@pytest.mark.holds("Build the table of sinusoidal", "sin(pos / 10000^(2i / d_model))")
@pytest.mark.core
def test_encoding_is_the_formula_of_section_3_5(phase1):
    got = phase1.sinusoidal_encoding(11, 6)
    why = "PE[pos, 2i] = sin(pos / 10000^(2i / d_model)), PE[pos, 2i + 1] = cos of the same angle"
    checks.expect_close(
        got, oracle.sinusoidal_encoding(11, 6), "sinusoidal_encoding(11, 6)", why, tolerance=oracle.FLOAT32
    )


@pytest.mark.task("sinusoidal_encoding")
@pytest.mark.holds("Where positions are encoded")
@pytest.mark.core
@given(max_len=st.integers(1, 128), d_model=even_widths)
def test_encoding_is_right_at_every_size(phase1, max_len, d_model):
    # PE[pos, 2i] = sin(pos / 10000^(2i / d_model)), PE[pos, 2i + 1] = cos of the same angle
    label = f"sinusoidal_encoding({max_len}, {d_model})"
    expected = oracle.sinusoidal_encoding(max_len, d_model)
    checks.expect_close(phase1.sinusoidal_encoding(max_len, d_model), expected, label, tolerance=oracle.FLOAT32)


@pytest.mark.task("sinusoidal_encoding")
@pytest.mark.holds("Tensor ``(max_len, d_model)`` in torch's default dtype")
def test_encoding_has_the_default_dtype(phase1, in_guest):
    got = phase1.sinusoidal_encoding(5, 4)
    checks.expect_shape(got, (5, 4), "sinusoidal_encoding(5, 4)")
    checks.expect_dtype(got, torch.float32, "sinusoidal_encoding(5, 4)", "use torch's default dtype")
    checks.expect_close(got, oracle.sinusoidal_encoding(5, 4), "sinusoidal_encoding(5, 4)", tolerance=oracle.FLOAT32)
    expect_default_dtype(in_guest, phase1.sinusoidal_encoding, (5, 4), "sinusoidal_encoding(5, 4)")


def expect_default_dtype(in_guest, function, args, label):
    got = in_guest.devices.with_default_dtype(torch.float64, function, *args)
    why = "use torch.get_default_dtype(), or make tensors without dtype="
    checks.expect_dtype(got, torch.float64, f"{label} after torch.set_default_dtype(torch.float64)", why)


@pytest.mark.task("sinusoidal_encoding")
@pytest.mark.holds("counted from 0 (paper 3.5)")
def test_the_first_position_is_zeros_and_ones(phase1):
    got = phase1.sinusoidal_encoding(3, 8)
    checks.expect_shape(got, (3, 8), "sinusoidal_encoding(3, 8)")
    why = "positions count from 0: sin(0) = 0 in the even columns, cos(0) = 1 in the odd ones"
    checks.expect_close(got[0], torch.tensor([0.0, 1.0] * 4), "the encoding of position 0", why)


@pytest.mark.task("sinusoidal_encoding")
@given(max_len=st.integers(2, 60), d_model=even_widths)
def test_each_pair_is_a_clock_hand_of_length_one(phase1, max_len, d_model):
    got = phase1.sinusoidal_encoding(max_len, d_model)
    checks.expect_shape(got, (max_len, d_model), f"sinusoidal_encoding({max_len}, {d_model})")
    lengths = got[:, 0::2] ** 2 + got[:, 1::2] ** 2
    why = "columns 2i and 2i + 1 are sine and cosine of one angle, so their squares add up to 1"
    checks.expect_close(lengths, torch.ones(max_len, d_model // 2), "the squared length of each pair", why)
    turn = got[1, 0] * got[0, 1] - got[1, 1] * got[0, 0]  # sin of the angle between positions 0 and 1
    why = "the first pair turns by 1 radian from one position to the next"
    checks.expect_close(turn, np.sin(1.0), "the sine of the first hand's turn", why)


@pytest.mark.task("sinusoidal_encoding")
@pytest.mark.holds("right to 0.002")
def test_far_positions_and_wide_models_are_close_to_the_formula(phase1):
    got = phase1.sinusoidal_encoding(5000, 64)
    label = "sinusoidal_encoding(5000, 64)"
    why = "count positions and compute angles in float32 at least: float16 holds whole numbers up to 2048 only"
    checks.expect_close(got, oracle.sinusoidal_encoding(5000, 64), label, why, tolerance=2e-3)


@pytest.mark.task("sinusoidal_encoding")
def test_encoding_is_a_new_table_at_every_call(phase1):
    first = phase1.sinusoidal_encoding(6, 4)
    checks.expect_shape(first, (6, 4), "sinusoidal_encoding(6, 4)")
    first.fill_(7.0)
    second = phase1.sinusoidal_encoding(6, 4)
    expected = oracle.sinusoidal_encoding(6, 4)
    checks.expect_close(
        second, expected, "sinusoidal_encoding(6, 4) after the caller changed an earlier one", tolerance=oracle.FLOAT32
    )


# -- position_shift_matrix ----------------------------------------------------------------------------------


@pytest.mark.task("position_shift_matrix")
def test_a_shift_by_one_turns_the_first_pair_by_one_radian(phase1):
    got = phase1.position_shift_matrix(1, 2)
    # sin(pos + 1) = cos(1) sin(pos) + sin(1) cos(pos), cos(pos + 1) = -sin(1) sin(pos) + cos(1) cos(pos)
    expected = np.array([[0.5403023, 0.8414710], [-0.8414710, 0.5403023]])
    why = "M @ (sin pos, cos pos) is (sin(pos + 1), cos(pos + 1)): M = [[cos 1, sin 1], [-sin 1, cos 1]]"
    checks.expect_close(got, expected, "position_shift_matrix(1, 2)", why)


@pytest.mark.task("position_shift_matrix")
@pytest.mark.holds("Build the matrix that moves", "PE[pos + offset] = M @ PE[pos]")
@pytest.mark.core
def test_shift_matrix_moves_every_position_by_the_offset(phase1):
    matrix = phase1.position_shift_matrix(3, 6)
    checks.expect_shape(matrix, (6, 6), "position_shift_matrix(3, 6)")
    encoding = oracle.sinusoidal_encoding(12, 6)
    moved = array(matrix) @ encoding[:9].T  # (6, 9): column pos is M @ PE[pos]
    why = (
        "M @ PE[pos] must be PE[pos + 3]: pair i turns by b = 3 / 10000^(2i / d_model), sin(a + b) = cos(b) sin(a) + "
        "sin(b) cos(a), and likewise for cos(a + b)"
    )
    checks.expect_close(
        torch.tensor(moved.T), encoding[3:], "position_shift_matrix(3, 6) @ PE[pos]", why, tolerance=oracle.FLOAT32
    )


@pytest.mark.task("position_shift_matrix")
@pytest.mark.holds("depends on ``offset`` alone", "negative numbers are allowed")
@pytest.mark.core
@given(offset=st.integers(-40, 40), pairs=st.integers(1, 6), first=st.integers(0, 40))
def test_one_matrix_serves_all_positions(phase1, offset, pairs, first):
    # M(k) @ PE[pos] = PE[pos + k] for every pos and k
    d_model = 2 * pairs
    matrix = phase1.position_shift_matrix(offset, d_model)
    label = f"position_shift_matrix({offset}, {d_model})"
    checks.expect_shape(matrix, (d_model, d_model), label)
    start = first + max(0, -offset)
    encoding = oracle.sinusoidal_encoding(start + max(0, offset) + 1, d_model)
    moved = torch.tensor(array(matrix) @ encoding[start])
    checks.expect_close(
        moved,
        encoding[start + offset],
        f"{label} @ PE[{start}]",
        "the offset may be negative",
        tolerance=oracle.FLOAT32,
    )


@pytest.mark.task("position_shift_matrix")
@given(a=st.integers(-20, 20), b=st.integers(-20, 20), pairs=st.integers(1, 5))
def test_shifts_add_up_and_undo_each_other(phase1, a, b, pairs):
    # M(a) @ M(b) = M(a + b), M(a) @ M(a)^T = I
    d_model = 2 * pairs
    one, other = phase1.position_shift_matrix(a, d_model), phase1.position_shift_matrix(b, d_model)
    both = phase1.position_shift_matrix(a + b, d_model)
    checks.expect_shape(one, (d_model, d_model), f"position_shift_matrix({a}, {d_model})")
    checks.expect_close(one @ other, both, f"M({a}) @ M({b}), compared with M({a + b})", tolerance=oracle.FLOAT32)
    why = "each block is a rotation, so the transpose is the inverse"
    checks.expect_close(one @ one.T, torch.eye(d_model), f"M({a}) @ M({a}) transposed", why, tolerance=oracle.FLOAT32)


@pytest.mark.task("position_shift_matrix")
@pytest.mark.holds("Tensor ``(d_model, d_model)`` in torch's default dtype")
def test_shift_by_zero_is_the_identity(phase1):
    got = phase1.position_shift_matrix(0, 10)
    checks.expect_close(got, torch.eye(10), "position_shift_matrix(0, 10)", "no shift changes nothing")


@pytest.mark.task("position_shift_matrix")
@pytest.mark.holds("in torch's default dtype")
def test_shift_matrix_has_the_default_dtype(phase1, in_guest):
    label = "position_shift_matrix(2, 6)"
    checks.expect_dtype(phase1.position_shift_matrix(2, 6), torch.float32, label, "use torch's default dtype")
    expect_default_dtype(in_guest, phase1.position_shift_matrix, (2, 6), label)


@pytest.mark.task("position_shift_matrix")
@pytest.mark.holds("The angle addition formulas")
def test_shift_matrix_turns_each_pair_alone(phase1):
    got = phase1.position_shift_matrix(5, 8)
    checks.expect_shape(got, (8, 8), "position_shift_matrix(5, 8)")
    blocks = torch.block_diag(*[torch.ones(2, 2)] * 4)
    why = "the pair (2i, 2i + 1) depends on itself only: the matrix is block-diagonal with 2 x 2 blocks"
    checks.expect_close(got * (1 - blocks), torch.zeros(8, 8), "the part outside the 2 x 2 blocks", why)
    rates = 5.0 / 10000.0 ** (np.arange(4) / 4)
    why = "pair i turns by offset / 10000^(2i / d_model), and its cosine stands on the diagonal twice"
    checks.expect_close(torch.diagonal(got), np.repeat(np.cos(rates), 2), "the diagonal", why, tolerance=oracle.FLOAT32)

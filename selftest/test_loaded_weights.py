"""What a module says it holds is compared with what the host had loaded into it."""

from __future__ import annotations

import pytest
import torch

from kata.sandbox.host.loaded import LoadedWeights

TOP, PART = 1, 2


def loaded(state):
    weights = LoadedWeights()
    weights.note_part(TOP, "encoder", PART)
    weights.note_load(TOP, state)
    return weights


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
def test_another_dtype_rounds(dtype):
    sent = torch.linspace(-2.0, 2.0, 50)
    loaded({"weight": sent}).compare(TOP, [("weight", sent.to(dtype))])


@pytest.mark.parametrize("told", [torch.zeros(3), torch.full((3,), float("inf")), torch.ones(4), torch.full((3,), 0.9)])
def test_other_values_are_refused(told):
    with pytest.raises(AssertionError, match="weight holds other values"):
        loaded({"weight": torch.ones(3)}).compare(TOP, [("weight", told)])


@pytest.mark.parametrize("dtype", [torch.bool, torch.int64, torch.float16, torch.bfloat16])
def test_no_dtype_hides_that_values_are_others(dtype):
    told = torch.full((3,), 1.05).to(dtype)
    with pytest.raises(AssertionError, match="weight holds other values"):
        loaded({"weight": torch.full((3,), 1.2)}).compare(TOP, [("weight", told)])


def test_a_copy_holds_what_was_loaded_into_the_first():
    weights = loaded({"encoder.bias": torch.ones(2), "encoder.weight": torch.ones(2)})
    weights.note_copy(TOP, 7)
    weights.note_copy(PART, 8)
    weights.compare(7, [("encoder.bias", torch.ones(2))])
    weights.compare(8, [("bias", torch.ones(2))])
    for module, name in ((7, "encoder.bias"), (8, "bias")):
        with pytest.raises(AssertionError, match="holds other values"):
            weights.compare(module, [(name, torch.zeros(2))])


def test_a_part_holds_its_part_of_the_state():
    weights = loaded({"encoder.bias": torch.ones(2)})
    weights.compare(PART, [("bias", torch.ones(2))])
    with pytest.raises(AssertionError, match=r"encoder\.bias holds"):
        weights.compare(PART, [("bias", torch.zeros(2))])
    weights.note_load(PART, {"bias": torch.zeros(2)})
    weights.compare(TOP, [("encoder.bias", torch.zeros(2))])


def test_a_parameter_that_was_not_there_to_be_loaded_is_refused_but_not_a_buffer():
    weights = loaded({"w.weight": torch.ones(2)})
    weights.compare(TOP, [("pe", torch.zeros(2))])
    with pytest.raises(AssertionError, match=r"w\.bias was not there"):
        weights.compare(TOP, [("w.bias", torch.zeros(2))])


def test_a_parameter_that_is_gone_is_missed_unless_another_one_is_the_same():
    weights = loaded(
        {"one.weight": torch.ones(2), "other.weight": torch.ones(2), "bias": torch.zeros(2), "pe": torch.ones(1)}
    )
    weights.compare(TOP, [("one.weight", torch.ones(2)), ("bias", torch.zeros(2))], whole=True)
    weights.compare(TOP, [("one.weight", torch.ones(2))])
    for told in ([], [("one.weight", torch.ones(2))], [("bias", torch.zeros(2))]):
        with pytest.raises(AssertionError, match="is gone now"):
            weights.compare(TOP, told, whole=True)


@pytest.mark.parametrize("whole", [True, False])
def test_an_object_in_place_of_a_parameter_is_refused(whole):
    weights = loaded({"weight": torch.ones(2)})
    with pytest.raises(AssertionError, match="weight is no tensor any more"):
        weights.compare(TOP, [("weight", object())], whole)
    with pytest.raises(AssertionError, match="weight is no tensor any more"):
        weights.note_part(TOP, "weight", 9)
    weights.compare(TOP, [("p", 0.5)])  # a number beside the parameters


@pytest.mark.parametrize("dtype", [torch.bool, torch.int64])
def test_a_parameter_that_holds_no_floating_point_numbers_is_refused(dtype):
    with pytest.raises(AssertionError, match="a parameter holds floating point numbers"):
        loaded({"weight": torch.ones(2, dtype=dtype)})
    loaded({"positions": torch.ones(2, dtype=dtype)})


def test_what_was_handed_on_or_never_loaded_may_hold_anything():
    weights = loaded({"weight": torch.ones(2)})
    weights.compare(9, [("weight", torch.zeros(2))])
    weights.hand_on(PART)
    weights.compare(TOP, [("weight", torch.zeros(2))])


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), float("nan")])
def test_an_expectation_that_is_not_finite_is_an_error_of_the_test(value):
    from tests.support import checks

    with pytest.raises(checks.NoExpectation):
        checks.expect_close(torch.tensor([1.0]), [value], "the output")
    with pytest.raises(checks.NoExpectation):
        checks.expect_close(torch.tensor([value]), [value], "the output")
    with pytest.raises(checks.NoExpectation):
        checks.expect_number(value, value, "the rate")

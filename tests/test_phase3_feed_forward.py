"""Phase 3: the position-wise feed-forward network (paper 3.3)."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.oracles import layers as oracle
from tests.support import checks, contract
from tests.support.inputs import array, leaf, normal, randomise, weights_of
from tests.support.strategies import generators, sizes

FORMULA = "max(0, x W1 + b1) W2 + b2: linear1, then ReLU, then linear2, and nothing else"
LABEL = "PositionwiseFeedForward(4, 7)(x)"


def make_network(phase3, gen, d_model=4, d_ff=7):
    module = phase3.PositionwiseFeedForward(d_model, d_ff)
    shapes = {
        "linear1.weight": (d_ff, d_model),
        "linear1.bias": (d_ff,),
        "linear2.weight": (d_model, d_ff),
        "linear2.bias": (d_model,),
    }
    label = f"PositionwiseFeedForward({d_model}, {d_ff})"
    contract.expect_parameters(module, shapes, label)
    randomise(module, gen, shapes, label, scale=1.0)
    return module.eval()  # training mode has a test of its own


def network_with(phase3, d_model, d_ff, **values):
    """A network with these weights (``w1 b1 w2 b2``, transposed as nn.Linear keeps them); the rest is 0."""
    module = phase3.PositionwiseFeedForward(d_model, d_ff)
    names = {"w1": "linear1.weight", "b1": "linear1.bias", "w2": "linear2.weight", "b2": "linear2.bias"}
    state = {name: torch.zeros_like(value) for name, value in module.state_dict().items()}
    state.update({names[name]: value for name, value in values.items()})
    module.load_state_dict(state)
    return module.eval()


def formula(module, x):
    return oracle.feed_forward(array(x), weights_of(module))


@pytest.mark.task("PositionwiseFeedForward")
def test_the_first_bias_moves_the_bend_and_the_second_the_level(phase3):
    module = network_with(
        phase3,
        2,
        3,
        w1=torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]),
        b1=torch.tensor([-1.0, 2.0, 0.0]),
        w2=torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 10.0]]),
        b2=torch.tensor([-4.0, 0.5]),
    )
    x = torch.tensor([[0.0, 0.0], [3.0, -5.0], [0.5, 1.0]])
    expected = torch.tensor([[-4.0, 2.5], [-2.0, 0.5], [-4.0, 18.5]])
    why = "b1 is added before max(0, .) and b2 after W2; there is no second ReLU, so the output may be negative"
    checks.expect_close(module(x), expected, "a network of 2, 3 and 2 units, calculated by hand", why)


@pytest.mark.task("PositionwiseFeedForward")
@pytest.mark.holds("max(0, x W1 + b1) W2 + b2")
@pytest.mark.core
def test_feed_forward_is_equation_2(phase3, gen):
    module = make_network(phase3, gen)
    x = normal(gen, 2, 3, 4, scale=2.0)
    checks.expect_close(module(x), formula(module, x), LABEL, FORMULA, dtype=torch.float32)
    twin = oracle.torch_feed_forward(module, 4, 7)
    checks.expect_close(module(x), twin(x), f"{LABEL}, compared with Linear, ReLU, Linear", FORMULA)


@pytest.mark.task("PositionwiseFeedForward")
@pytest.mark.holds("linear1: ", "linear2: ", "Create the two layers")
@given(gen=generators(), dims=sizes(4, 1, 9), scale=st.sampled_from([1e-3, 1.0, 5.0]))
def test_feed_forward_is_right_at_every_size(phase3, gen, dims, scale):
    # FFN(x) = max(0, x W_1 + b_1) W_2 + b_2
    batch, length, d_model, d_ff = dims
    module = make_network(phase3, gen, d_model, d_ff)
    x = normal(gen, batch, length, d_model, scale=scale)
    label = f"PositionwiseFeedForward({d_model}, {d_ff})(x)"
    checks.expect_close(module(x), formula(module, x), label, FORMULA, dtype=torch.float32)
    twin = oracle.torch_feed_forward(module, d_model, d_ff)
    checks.expect_close(module(x), twin(x), f"{label}, compared with Linear, ReLU, Linear", FORMULA)


@pytest.mark.task("PositionwiseFeedForward")
def test_two_opposite_hidden_units_make_the_absolute_value(phase3):
    eye = torch.eye(3)
    module = network_with(phase3, 3, 6, w1=torch.cat([eye, -eye]), w2=torch.cat([eye, eye], dim=1))
    x = torch.tensor([[[-2.0, 0.0, 0.5], [1.0, -0.1, -30.0]]])
    why = "max(0, a) + max(0, -a) = |a|; GELU, leaky ReLU, a clipped or a missing ReLU give something else"
    checks.expect_close(module(x), x.abs(), "a network with W1 = (I, -I) and W2 = (I, I)", why)


@pytest.mark.task("PositionwiseFeedForward")
@given(gen=generators(), factor=st.sampled_from([0.25, 3.0, 40.0]))
def test_without_biases_the_output_grows_in_proportion_to_the_input(phase3, gen, factor):
    # max(0, c x W_1) W_2 = c max(0, x W_1) W_2 for c > 0
    w1, w2 = normal(gen, 7, 4), normal(gen, 4, 7)
    module = network_with(phase3, 4, 7, w1=w1, w2=w2)
    x = normal(gen, 3, 2, 4)
    why = "max(0, c a) = c max(0, a) for every c > 0: ReLU has no scale of its own, GELU and tanh have"
    checks.expect_close(module(x), formula(module, x), f"{LABEL} without biases", FORMULA)
    checks.expect_close(module(factor * x), factor * module(x), f"the output for {factor} x", why, tolerance=1e-4)


@pytest.mark.task("PositionwiseFeedForward")
@pytest.mark.holds("Apply the same two-layer network", "Apply the network to")
@given(gen=generators(), dims=sizes(4, 2, 7))
def test_every_position_passes_through_the_same_network_alone(phase3, gen, dims):
    # FFN(x)[b, l] = FFN(x[b, l])
    batch, length, d_model, d_ff = dims
    module = make_network(phase3, gen, d_model, d_ff)
    x = normal(gen, batch, length, d_model)
    label, why = f"PositionwiseFeedForward({d_model}, {d_ff})(x)", "position-wise: no position looks at another"
    alone = torch.stack([torch.stack([module(row) for row in sequence]) for sequence in x])
    checks.expect_close(alone, formula(module, x), f"{label}, one position at a time", FORMULA)
    checks.expect_close(module(x), alone, f"{label}, compared with one position at a time", why)


@pytest.mark.task("PositionwiseFeedForward")
@pytest.mark.holds("There is no dropout inside")
def test_there_is_no_dropout_inside(phase3, gen):
    module = make_network(phase3, gen, 4, 40)
    x = normal(gen, 5, 6, 4)
    expected = formula(module, x)
    label, why = "PositionwiseFeedForward(4, 40)(x)", "dropout acts on a sublayer's output, in AddAndNorm"
    for _ in range(3):
        checks.expect_close(module.train()(x), expected, f"{label} in training mode", why)
    checks.expect_close(module.eval()(x), expected, f"{label} in evaluation mode", why)


@pytest.mark.task("PositionwiseFeedForward")
def test_feed_forward_takes_any_number_of_leading_dimensions(phase3, gen):
    module = make_network(phase3, gen)
    why = "the layers act on the last dimension; nothing depends on the others"
    # One shape comes twice: nothing of the first call may be remembered.
    for shape in [(4,), (3, 4), (2, 3, 4), (1, 1, 4), (4, 4, 4), (4, 4, 4), (2, 5, 3, 4)]:
        x = normal(gen, *shape)
        label = f"PositionwiseFeedForward(4, 7)(x) for x of shape {shape}"
        checks.expect_close(module(x), formula(module, x), label, why)


@pytest.mark.task("PositionwiseFeedForward")
def test_input_and_all_weights_get_the_gradients_of_the_formula(phase3, gen):
    module = make_network(phase3, gen).double()
    x = leaf(normal(gen, 3, 5, 4, dtype=torch.float64))
    twin = oracle.torch_feed_forward(module, 4, 7)
    output, reference = module(x), twin(x)
    checks.expect_close(output, reference, LABEL, FORMULA)
    inputs = {
        "x": x,
        "linear1.weight": module.linear1.weight,
        "linear1.bias": module.linear1.bias,
        "linear2.weight": module.linear2.weight,
        "linear2.bias": module.linear2.bias,
    }
    probe = checks.probe_like(reference)
    gradients = torch.autograd.grad((reference * probe).sum(), [x, *twin.parameters()])
    checks.expect_gradients(output, inputs, dict(zip(inputs, gradients)), LABEL)


@pytest.mark.task("PositionwiseFeedForward")
def test_feed_forward_faces_float64(phase3, gen):
    module = make_network(phase3, gen).double()
    x = normal(gen, 3, 5, 4, dtype=torch.float64)
    contract.float64_in_and_out(module, [x], formula(module, x), LABEL)


@pytest.mark.task("PositionwiseFeedForward")
@pytest.mark.holds("Code follows the dtype and device of its inputs")
def test_feed_forward_faces_other_devices_dtypes_and_odd_layouts(phase3, in_guest, gen):
    module = make_network(phase3, gen)
    x = normal(gen, 3, 5, 4)
    contract.odd_memory_layout(module, [x], formula(module, x), LABEL)
    contract.follows_the_device(in_guest, module, (x,), LABEL)
    contract.answers_in_bfloat16(module.bfloat16(), [x], LABEL)
    contract.on_meta(module.float().to("meta"), [x], (3, 5, 4), LABEL)


@pytest.mark.task("PositionwiseFeedForward")
def test_feed_forward_faces_copies_and_unchanged_inputs(phase3, gen):
    module, fresh = make_network(phase3, gen).eval(), make_network(phase3, gen).eval()
    x = normal(gen, 3, 5, 4)
    expected = formula(module, x)
    contract.copies_behave_alike(module, fresh, [x], expected, LABEL)
    contract.inputs_unchanged(module, [x], expected, LABEL)

"""Phase 3: layer normalisation (Ba et al. 2016; paper 3.1)."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.oracles import layers as oracle
from tests.support import checks, contract
from tests.support.inputs import array, leaf, normal, randomise, weights_of
from tests.support.strategies import generators, sizes

# A float32 row of nearly equal features loses digits, in any right answer: random sizes are drawn in float64.
ROUNDING = 3e-4

BIASED = "over the last dimension take mean and biased variance (divide by d_model): (x - mean) / sqrt(var + eps)"


def make_norm(phase3, gen, d_model, *args, **kwargs):
    if not args and not kwargs:
        kwargs = {"eps": 1e-5}  # another default is a mistake of its own, with a test of its own
    module = phase3.LayerNorm(d_model, *args, **kwargs)
    shapes = {"weight": (d_model,), "bias": (d_model,)}
    contract.expect_parameters(module, shapes, f"LayerNorm({d_model})")
    randomise(module, gen, shapes, f"LayerNorm({d_model})")
    return module


def double(gen, *shape, scale=1.0):
    return normal(gen, *shape, scale=scale, dtype=torch.float64)


def formula(module, x, eps=1e-5):
    weights = weights_of(module)
    return oracle.layer_norm(array(x), weights["weight"], weights["bias"], eps)


def gradients_of(twin, x, names):
    """The gradients of torch's own module for the sum that expect_gradients takes."""
    output = twin(x)
    tensors = [x if name == "x" else dict(twin.named_parameters())[name] for name in names]
    return dict(zip(names, torch.autograd.grad((output * checks.probe_like(output)).sum(), tensors)))


@pytest.mark.task("LayerNorm")
def test_a_row_of_ones_and_fives_written_out(phase3):
    module = phase3.LayerNorm(4, 1e-5)
    contract.expect_parameters(module, {"weight": (4,), "bias": (4,)}, "LayerNorm(4, 1e-5)")
    state = {"weight": torch.tensor([1.0, 2.0, 3.0, 4.0]), "bias": torch.tensor([0.0, 0.0, 10.0, 10.0])}
    module.load_state_dict(state, strict=False)
    # The mean is 3 and the variance 4, so the row becomes -1, -1, 1, 1 before gain and bias.
    got, expected = module(torch.tensor([[1.0, 1.0, 5.0, 5.0]])), np.array([[-1.0, -2.0, 13.0, 14.0]])
    why = "(x - 3) / sqrt(4) * weight + bias: " + BIASED
    checks.expect_close(got, expected, "LayerNorm(4, 1e-5) of (1, 1, 5, 5)", why)


@pytest.mark.task("LayerNorm")
@pytest.mark.holds("(x - mean) / sqrt(var + eps) * weight + bias", "the biased variance")
@pytest.mark.core
def test_layer_norm_is_the_formula_with_the_biased_variance(phase3, gen):
    module = make_norm(phase3, gen, 6)
    x = normal(gen, 2, 3, 6, scale=5.0)
    label = "LayerNorm(6)(x)"
    checks.expect_close(module(x), formula(module, x), label, BIASED, dtype=torch.float32, tolerance=ROUNDING)
    twin = oracle.torch_layer_norm(module, 6)
    checks.expect_close(module(x), twin(x), f"{label}, compared with torch's own", BIASED, tolerance=ROUNDING)


@pytest.mark.task("LayerNorm")
@given(gen=generators(), dims=sizes(3, 2, 8), scale=st.sampled_from([1e-3, 1.0, 5.0]))
def test_layer_norm_is_right_at_every_width_and_scale(phase3, gen, dims, scale):
    # y = gain * (x - mean) / sqrt(var + eps) + bias, var = mean of (x - mean)^2
    batch, length, d_model = dims
    module = make_norm(phase3, gen, d_model).double()
    x = double(gen, batch, length, d_model, scale=scale)
    label = f"LayerNorm({d_model})(x) for values around {scale:g}"
    checks.expect_close(module(x), formula(module, x), label, BIASED)
    twin = oracle.torch_layer_norm(module, d_model)
    checks.expect_close(module(x), twin(x), f"{label}, compared with torch's own", BIASED)


@pytest.mark.task("LayerNorm")
@pytest.mark.holds("weight: parameter", "bias: parameter")
def test_gain_starts_as_ones_and_bias_as_zeros(phase3):
    module = phase3.LayerNorm(3, eps=1e-12)
    contract.expect_parameters(module, {"weight": (3,), "bias": (3,)}, "LayerNorm(3)")
    checks.expect_close(module.weight, torch.ones(3), "the weight of a new LayerNorm(3)", "the gain starts as ones")
    checks.expect_close(module.bias, torch.zeros(3), "the bias of a new LayerNorm(3)", "it starts as zeros")
    x = torch.tensor([[-1.0, 0.0, 1.0], [7.0, 7.0, 1.0]])
    expected = torch.tensor([[-(1.5**0.5), 0.0, 1.5**0.5], [0.5**0.5, 0.5**0.5, -(2.0**0.5)]])
    checks.expect_close(module(x), expected, "a new LayerNorm(3) on (-1, 0, 1) and (7, 7, 1)", BIASED)


@pytest.mark.task("LayerNorm")
def test_the_default_eps_is_1e_5(phase3):
    # The variance is 1e-5, too: the root of their sum is sqrt(2) times the root of each.
    x = torch.tensor([[-(1e-5**0.5), 1e-5**0.5]], dtype=torch.float64)
    expected = torch.tensor([[-(0.5**0.5), 0.5**0.5]], dtype=torch.float64)
    label = "LayerNorm(2) of a row of variance 1e-5, with the default eps"
    checks.expect_close(phase3.LayerNorm(2).double()(x), expected, label, "the default of eps is 1e-5", tolerance=1e-6)


@pytest.mark.task("LayerNorm")
def test_two_features_become_minus_one_and_one(phase3):
    x = torch.tensor([[[-1.0, 1.0], [3.0, 7.0], [0.5, 0.0]]])
    expected = torch.tensor([[[-1.0, 1.0], [-1.0, 1.0], [1.0, -1.0]]])
    why = "the variance of (-1, 1) is ((-1)^2 + 1^2) / 2 = 1: divide by the number of features, not by one less"
    checks.expect_close(phase3.LayerNorm(2, eps=1e-12)(x), expected, "a new LayerNorm(2) on rows of two numbers", why)


@pytest.mark.task("LayerNorm")
@pytest.mark.holds("``eps`` stands inside the root")
@given(gen=generators(), dims=sizes(3, 2, 8), eps=st.sampled_from([1e-3, 0.25, 4.0]))
def test_eps_is_added_to_the_variance_inside_the_root(phase3, gen, dims, eps):
    # y = gain * (x - mean) / sqrt(var + eps) + bias
    batch, length, d_model = dims
    module = make_norm(phase3, gen, d_model, eps=eps).double()
    x = double(gen, batch, length, d_model)
    why = "divide by sqrt(var + eps), with the eps that was given to __init__"
    checks.expect_close(module(x), formula(module, x, eps), f"LayerNorm({d_model}, eps={eps})(x)", why)


@pytest.mark.task("LayerNorm")
@given(gen=generators(), d_model=st.integers(2, 8), factor=st.sampled_from([0.01, 0.5, 30.0]))
def test_scaling_a_row_and_eps_alike_changes_nothing(phase3, gen, d_model, factor):
    module = make_norm(phase3, gen, d_model, 1e-3).double()  # eps by its place
    scaled = phase3.LayerNorm(d_model, eps=1e-3 * factor**2).double()
    scaled.load_state_dict(module.state_dict())
    x = double(gen, 3, 2, d_model)
    checks.expect_close(module(x), formula(module, x, 1e-3), f"LayerNorm({d_model}, 1e-3)(x)", BIASED)
    why = "the variance grows with the square of the scale; the root brings it back to the scale"
    checks.expect_close(scaled(factor * x), module(x), f"LayerNorm of {factor} x, compared with that of x", why)


@pytest.mark.task("LayerNorm")
@given(gen=generators(), d_model=st.integers(2, 8))
def test_shifting_a_row_changes_nothing(phase3, gen, d_model):
    module = make_norm(phase3, gen, d_model).double()
    x, shift = double(gen, 4, 3, d_model), double(gen, 4, 3, 1, scale=3.0)  # one number a row
    checks.expect_close(module(x), formula(module, x), f"LayerNorm({d_model})(x)", BIASED)
    label = "LayerNorm of x + one number a row, compared with that of x,"
    why = "subtract the mean of the row itself, also before the variance is taken"
    checks.expect_close(module(x + shift), module(x), label, why, tolerance=1e-8)


@pytest.mark.task("LayerNorm")
@pytest.mark.holds("still keeps two digits")
@pytest.mark.parametrize("mean, spread", [(1e3, 1.0), (1e4, 1.0), (-1e4, 2.0), (0.0, 1e-6), (0.0, 1e12)])
def test_rows_far_from_0_and_of_any_size_keep_their_digits_in_float32(phase3, gen, mean, spread):
    module = make_norm(phase3, gen, 8)
    x = mean + normal(gen, 4, 3, 8, scale=spread)
    label = f"LayerNorm(8) of float32 rows with a mean of {mean:g} and a spread of {spread:g}"
    why = (
        "subtract the mean before you square: the mean of the squares minus the square of the mean has lost its digits"
    )
    got = module(x)
    checks.expect_shape(got, (4, 3, 8), label)
    checks.expect_finite(got, label, why)
    checks.expect_close(got, formula(module, x), label, why, tolerance=1e-2)


@pytest.mark.task("LayerNorm")
@pytest.mark.holds("keeps a constant row from dividing by zero")
def test_a_constant_row_gives_the_bias_and_finite_gradients(phase3, gen):
    module = make_norm(phase3, gen, 5)
    rows = torch.stack([torch.full((5,), 3.0), torch.zeros(5), normal(gen, 5), torch.full((5,), -0.5)])
    why = "a constant row has variance 0: eps inside the root keeps 0 / 0 away, in the gradient too"
    x = leaf(rows)
    output = module(x)
    checks.expect_shape(output, (4, 5), "LayerNorm(5)(x)")
    checks.expect_finite(output, "LayerNorm(5) of constant rows", why)
    checks.expect_close(output, formula(module, rows), "LayerNorm(5) of constant rows", why, tolerance=ROUNDING)
    (gradient,) = torch.autograd.grad((output * checks.probe_like(output)).sum(), x)
    checks.expect_finite(gradient, "the gradient of x at constant rows", why)
    x, module = leaf(rows.double()), module.double()
    expected = gradients_of(oracle.torch_layer_norm(module, 5), x, ["x"])
    checks.expect_gradients(module(x), {"x": x}, expected, "LayerNorm(5) of constant rows", why)


@pytest.mark.task("LayerNorm")
def test_a_single_feature_gives_the_bias(phase3, gen):
    module = make_norm(phase3, gen, 1)
    x = normal(gen, 2, 3, 1, scale=5.0)
    expected = module.bias.detach().expand(2, 3, 1)
    why = "one feature is its own mean and its biased variance is 0; the unbiased one is 0 / 0"
    checks.expect_close(module(x), expected, "LayerNorm(1)(x)", why)


@pytest.mark.task("LayerNorm")
@pytest.mark.holds("Normalise the features of every position on their own", "Normalise the last dimension")
@given(gen=generators(), dims=sizes(3, 2, 6))
def test_a_position_never_sees_another(phase3, gen, dims):
    # LayerNorm(x)[b, l] = LayerNorm(x[b, l])
    batch, length, d_model = dims
    module = make_norm(phase3, gen, d_model).double()
    x = double(gen, batch, length, d_model)
    others = double(gen, batch, length, d_model, scale=4.0) + 2.0
    others[0, 0] = x[0, 0]
    label, why = f"LayerNorm({d_model})(x)", "mean and variance over the last dimension alone: not time, not batch"
    checks.expect_close(module(x)[:, :1], formula(module, x[:, :1]), f"{label} at position 0", why)
    checks.expect_close(module(x[:, :1]), module(x)[:, :1], f"{label} of position 0 alone", why)
    checks.expect_close(module(x[:1]), module(x)[:1], f"{label} of sequence 0 alone", why)
    changed = module(others)[0, 0]
    checks.expect_close(changed, module(x)[0, 0], f"{label} where all other positions changed", why)


@pytest.mark.task("LayerNorm")
def test_training_and_evaluation_normalise_alike(phase3, gen):
    module = make_norm(phase3, gen, 4)
    why = "layer norm keeps no running statistics: that is batch norm"
    for number in range(3):
        x = normal(gen, 3, 2, 4, scale=2.0) + number
        expected = formula(module, x)
        trained, evaluated = module.train()(x), module.eval()(x)
        checks.expect_close(trained, expected, "LayerNorm(4)(x) in training mode", why, tolerance=ROUNDING)
        checks.expect_close(evaluated, expected, "LayerNorm(4)(x) in evaluation mode", why, tolerance=ROUNDING)


@pytest.mark.task("LayerNorm")
@pytest.mark.holds("any number of leading dimensions")
def test_layer_norm_takes_any_number_of_leading_dimensions(phase3, gen):
    module = make_norm(phase3, gen, 5)
    why = "use dim=-1 with keepdim=True, which works for every number of dimensions"
    # One shape comes twice: nothing of the first call may be remembered.
    for shape in [(5,), (3, 5), (2, 3, 5), (1, 1, 5), (5, 5, 5), (5, 5, 5), (2, 4, 3, 5)]:
        x = normal(gen, *shape, scale=2.0)
        label = f"LayerNorm(5)(x) for x of shape {shape}"
        checks.expect_close(module(x), formula(module, x), label, why, tolerance=ROUNDING)


@pytest.mark.task("LayerNorm")
@given(gen=generators(), dims=sizes(3, 2, 7), scale=st.sampled_from([1e-3, 1.0, 5.0]))
def test_input_gain_and_bias_get_the_gradients_of_the_formula(phase3, gen, dims, scale):
    # z = (x - mean) / s: dz_i / dx_j = (delta_ij - 1/d - z_i z_j / d) / s, d y / d gain = z, d y / d bias = 1
    batch, length, d_model = dims
    module = make_norm(phase3, gen, d_model).double()
    x = leaf(double(gen, batch, length, d_model, scale=scale))
    twin = oracle.torch_layer_norm(module, d_model)
    output, label = module(x), f"LayerNorm({d_model})(x)"
    checks.expect_close(output, twin(x), label, BIASED)
    why = "mean and variance depend on x too, so no .detach() and no no_grad around them"
    inputs = {"x": x, "weight": module.weight, "bias": module.bias}
    checks.expect_gradients(output, inputs, gradients_of(twin, x, list(inputs)), label, why)


@pytest.mark.task("LayerNorm")
def test_layer_norm_faces_float64(phase3, gen):
    module = make_norm(phase3, gen, 6).double()
    x = double(gen, 3, 4, 6)
    contract.float64_in_and_out(module, [x], formula(module, x), "LayerNorm(6)(x)")


@pytest.mark.task("LayerNorm")
@pytest.mark.holds("Code follows the dtype and device of its inputs")
def test_layer_norm_faces_other_devices_dtypes_and_odd_layouts(phase3, in_guest, gen):
    module = make_norm(phase3, gen, 6)
    x = normal(gen, 3, 5, 6)
    contract.odd_memory_layout(module, [x], formula(module, x), "LayerNorm(6)(x)")
    contract.follows_the_device(in_guest, module, (x,), "LayerNorm(6)(x)")
    contract.answers_in_bfloat16(module.bfloat16(), [x], "LayerNorm(6)(x)")
    contract.on_meta(module.float().to("meta"), [x], (3, 5, 6), "LayerNorm(6)(x)")


@pytest.mark.task("LayerNorm")
@pytest.mark.holds("never changes an input in place")
def test_layer_norm_faces_copies_and_unchanged_inputs(phase3, gen):
    module, fresh = make_norm(phase3, gen, 6).eval(), make_norm(phase3, gen, 6).eval()
    x = normal(gen, 3, 5, 6)
    expected = formula(module, x)
    contract.copies_behave_alike(module, fresh, [x], expected, "LayerNorm(6)(x)")
    contract.inputs_unchanged(module, [x], expected, "LayerNorm(6)(x)")

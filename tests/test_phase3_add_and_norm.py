"""Phase 3: residual connection, dropout and layer norm in the paper's order (paper 3.1, 5.4).

Most tests compare with ``module.norm`` itself: a mistake in LayerNorm costs LayerNorm's points, not these. The core
test does not: two parts that agree with one another may both do nothing.
"""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.oracles import layers as oracle
from tests.support import checks, contract
from tests.support.inputs import array, leaf, non_contiguous, normal, randomise, weights_of
from tests.support.strategies import generators, sizes

ORDER = "norm(x + dropout(sublayer_output)): drop out, add, normalise, in this order (post-norm)"


def make_join(phase3, gen, d_model=6, dropout=0.0):
    module = phase3.AddAndNorm(d_model, dropout=dropout)
    shapes = {"norm.weight": (d_model,), "norm.bias": (d_model,)}
    randomise(module, gen, shapes, f"AddAndNorm({d_model})")
    return module


def pair(gen, *shape, dtype=torch.float32):
    """What went into a sublayer and what came out; x stands off zero, so that a norm has work to do."""
    return normal(gen, *shape, scale=2.0, dtype=dtype) + 10.0, normal(gen, *shape, scale=2.0, dtype=dtype)


def by_own_norm(module, total):
    """What the module's own norm makes of ``total``; it has to look like a norm at least."""
    expected = module.norm(total)
    checks.expect_shape(expected, total.shape, "norm(x)", "finish LayerNorm first")
    rows = array(expected).reshape(-1, total.shape[-1])
    works = abs(rows.mean()) < 5.0 and rows.std(axis=0).max() > 0.02
    checks.expect_that(bool(works), "the module's norm does not normalise", "finish LayerNorm first")
    return expected


def by_formula(module, total):
    """What the formula makes of ``total`` with the weights of the module's norm."""
    weights = weights_of(module.norm)
    why = "the parameters of LayerNorm, `weight` and `bias`"
    checks.expect_that({"weight", "bias"} <= set(weights), "the norm of AddAndNorm has no weight or no bias", why)
    return oracle.layer_norm(array(total), weights["weight"], weights["bias"])


@pytest.mark.task("AddAndNorm")
def test_ones_and_threes_with_what_the_sublayer_gave_written_out(phase3):
    module = phase3.AddAndNorm(4, dropout=0.0)
    contract.expect_parameters(module, {"norm.weight": (4,), "norm.bias": (4,)}, "AddAndNorm(4)")
    state = {"norm.weight": torch.ones(4), "norm.bias": torch.tensor([0.0, 0.0, 10.0, 10.0])}
    module.load_state_dict(state, strict=False)
    # The sum is (1, 1, 5, 5), with mean 3 and variance 4.
    x, sublayer_output = torch.tensor([[1.0, 3.0, 1.0, 3.0]]), torch.tensor([[0.0, -2.0, 4.0, 2.0]])
    got, expected = module(x, sublayer_output), torch.tensor([[-1.0, -1.0, 11.0, 11.0]])
    checks.expect_close(got, expected, "AddAndNorm(4) of (1, 3, 1, 3) and (0, -2, 4, 2)", ORDER)


@pytest.mark.task("AddAndNorm")
@pytest.mark.holds("x: what went into the sublayer")
@pytest.mark.core
def test_the_sum_is_normalised(phase3, gen):
    module = make_join(phase3, gen, 6, dropout=0.5).eval()
    x, sublayer_output = pair(gen, 2, 3, 6)
    got, expected = module(x, sublayer_output), by_formula(module, x + sublayer_output)
    checks.expect_close(module.norm(x + sublayer_output), expected, "norm(x)", "finish LayerNorm first", tolerance=1e-3)
    checks.expect_close(got, expected, "AddAndNorm(6)(x, sublayer_output)", ORDER, tolerance=1e-4)


@pytest.mark.task("AddAndNorm")
@pytest.mark.holds("Join a sublayer to the residual stream", "Return ``norm(x + dropout(sublayer_output))``")
@given(gen=generators(), dims=sizes(3, 2, 8), scale=st.sampled_from([1e-3, 1.0, 5.0]))
def test_add_and_norm_is_the_formula_of_section_3_1(phase3, gen, dims, scale):
    # out = LayerNorm(x + Sublayer(x))
    batch, length, d_model = dims
    module = make_join(phase3, gen, d_model, dropout=0.3).double().eval()
    x, sublayer_output = normal(gen, 2, batch, length, d_model, scale=scale, dtype=torch.float64)
    expected = by_formula(module, x + sublayer_output)
    label = f"AddAndNorm({d_model})(x, sublayer_output) for values around {scale:g}"
    why = "LayerNorm(x + sublayer_output), the norm with its default eps"
    checks.expect_close(module(x, sublayer_output), expected, label, why)


@pytest.mark.task("AddAndNorm")
@pytest.mark.holds("norm: ``LayerNorm`` of this phase")
def test_add_and_norm_owns_one_norm_and_nothing_else_that_learns(phase3, gen):
    module = make_join(phase3, gen)
    contract.expect_parameters(module, {"norm.weight": (6,), "norm.bias": (6,)}, "AddAndNorm(6)")
    x, sublayer_output = pair(gen, 2, 3, 6)
    expected = by_own_norm(module, x + sublayer_output)
    checks.expect_close(module(x, sublayer_output), expected, "AddAndNorm(6)(x, sublayer_output)", ORDER)


def added_in_training(module, x, sublayer_output):
    """What training mode added to ``x``, found from the output of a norm with gain 1 and bias 0.

    The norm moves and stretches a row as a whole. Where the sublayer gave 0, as in the first two columns, the
    sum is x, dropped or not: these two tell how the row was moved and stretched, hence the sum everywhere.
    """
    state = module.state_dict()
    plain = {"norm.weight": torch.ones(x.shape[-1]), "norm.bias": torch.zeros(x.shape[-1])}
    module.load_state_dict({name: plain.get(name, value) for name, value in state.items()})
    output = module.train()(x.clone(), sublayer_output.clone())  # whether it writes to them is asked elsewhere
    checks.expect_shape(output, x.shape, "AddAndNorm(x, sublayer_output) in training mode")
    first, second = output[..., :1].detach(), output[..., 1:2].detach()
    stretch = (x[..., 1:2] - x[..., :1]) / (second - first)
    return x[..., :1] + (output.detach() - first) * stretch - x


@pytest.mark.task("AddAndNorm")
@pytest.mark.holds("dropout on the sublayer's output alone")
def test_training_drops_entries_of_the_sublayer_alone(phase3, gen, manual_seed):
    module = phase3.AddAndNorm(12, dropout=0.5)
    x, sublayer_output = normal(gen, 5, 20, 12), normal(gen, 5, 20, 12).sign() * 2.0
    x[..., 0], x[..., 1], sublayer_output[..., :2] = -3.0, 3.0, 0.0
    manual_seed(1)
    added = added_in_training(module, x, sublayer_output)
    kept = added.abs() > 1.0
    why = "norm(x + dropout(sublayer_output)): x itself and the output of the norm are not dropped out"
    label = "what training mode adds to x at dropout 0.5 (0, or twice the sublayer's output)"
    checks.expect_close(added, torch.where(kept, 2.0 * sublayer_output, torch.zeros(())), label, why, tolerance=1e-3)
    share = kept[..., 2:].float().mean().item()
    why = "drop every entry with probability p, on its own"
    checks.expect_that(0.4 < share < 0.6, f"{share:.0%} of the sublayer's output is kept at dropout 0.5", why)
    for dim, name in enumerate(["sequence", "position", "feature"]):
        varied = kept[..., 2:]
        same = bool((varied == varied.select(dim, 0).unsqueeze(dim)).all())
        checks.expect_that(not same, f"dropout drops the same entries for every {name}", why)
    manual_seed(2)
    again = added_in_training(module, x, sublayer_output).abs() > 1.0
    checks.expect_that(not torch.equal(again, kept), "dropout drops the same entries at every call", why)


@pytest.mark.task("AddAndNorm")
def test_gradients_in_training_pass_where_nothing_was_dropped(phase3, gen, manual_seed):
    module = make_join(phase3, gen, 8, dropout=0.5).double().train()
    x, sublayer_output = (leaf(tensor) for tensor in pair(gen, 6, 10, 8, dtype=torch.float64))
    manual_seed(3)
    output = module(x, sublayer_output)
    checks.expect_shape(output, (6, 10, 8), "AddAndNorm(8)(x, sublayer_output) in training mode")
    checks.expect_that(output.requires_grad, "AddAndNorm(8)(x, sublayer_output) carries no gradient")
    of_x, of_sublayer = torch.autograd.grad(
        (output * checks.probe_like(output)).sum(), [x, sublayer_output], allow_unused=True
    )
    why = "both must reach the norm: x as it is, the sublayer's output through dropout"
    checks.expect_that(of_x is not None and of_sublayer is not None, "x or the sublayer's output gets no gradient", why)
    kept = of_sublayer != 0.0
    expected = torch.where(kept, 2.0 * of_x, torch.zeros((), dtype=torch.float64))
    checks.expect_close(of_sublayer, expected, "the gradient of the sublayer's output (0, or twice that of x)", why)
    share = kept.double().mean().item()
    checks.expect_that(0.4 < share < 0.6, f"{share:.0%} of the sublayer's output gets a gradient at dropout 0.5", ORDER)


@pytest.mark.task("AddAndNorm")
def test_dropping_everything_leaves_the_residual_path(phase3, gen):
    module = make_join(phase3, gen, 6, dropout=1.0).train()
    x, sublayer_output = pair(gen, 3, 4, 6)
    label, why = "AddAndNorm(6, dropout=1.0)(x, sublayer_output) in training mode", "only norm(x) is left: " + ORDER
    contract.inputs_unchanged(module, [x, sublayer_output], by_own_norm(module, x), label)
    checks.expect_close(module(x, sublayer_output), by_own_norm(module, x), label, why)
    both = by_own_norm(module, x + sublayer_output)
    label, why = "AddAndNorm(6, dropout=1.0) in evaluation mode", "in evaluation mode nothing is dropped"
    checks.expect_close(module.eval()(x, sublayer_output), both, label, why)


@pytest.mark.task("AddAndNorm")
@pytest.mark.holds("dropout: ``nn.Dropout``", "``dropout`` is the probability that a number is set to zero")
def test_the_dropout_given_is_the_dropout_used(phase3, gen):
    x, sublayer_output = pair(gen, 3, 4, 6)
    module = make_join(phase3, gen, 6, dropout=0.0).train()
    label, why = "AddAndNorm(6, dropout=0.0)(x, sublayer_output) in training mode", "pass `dropout` on to nn.Dropout"
    expected = by_own_norm(module, x + sublayer_output)
    checks.expect_close(module(x.clone(), sublayer_output.clone()), expected, label, why)
    checks.expect_number(phase3.AddAndNorm(6, 0.25).dropout.p, 0.25, "the p of AddAndNorm(6, 0.25).dropout", why)
    why = "the paper's P_drop is 0.1 (5.4)"
    checks.expect_number(phase3.AddAndNorm(6).dropout.p, 0.1, "the default dropout", why)


@pytest.mark.task("AddAndNorm")
@given(gen=generators(), dims=sizes(3, 2, 7))
def test_both_ways_into_the_sum_carry_the_same_gradient(phase3, gen, dims):
    # d out / d x = d out / d sublayer_output = J_LayerNorm(x + sublayer_output)
    batch, length, d_model = dims
    module = make_join(phase3, gen, d_model, dropout=0.5).double().eval()
    x, sublayer_output = (leaf(tensor) for tensor in pair(gen, batch, length, d_model, dtype=torch.float64))
    total = leaf(x + sublayer_output)
    expected = by_own_norm(module, total)
    probe = checks.probe_like(expected)
    of_total, of_weight, of_bias = torch.autograd.grad(
        (expected * probe).sum(), [total, module.norm.weight, module.norm.bias]
    )
    inputs = {"x": x, "sublayer_output": sublayer_output, "weight": module.norm.weight, "bias": module.norm.bias}
    gradients = {"x": of_total, "sublayer_output": of_total, "weight": of_weight, "bias": of_bias}
    label = f"AddAndNorm({d_model})(x, sublayer_output)"
    output = module(x, sublayer_output)
    checks.expect_close(output, expected, label, ORDER)
    checks.expect_gradients(output, inputs, gradients, label)


@pytest.mark.task("AddAndNorm")
def test_add_and_norm_takes_any_number_of_leading_dimensions(phase3, gen):
    module = make_join(phase3, gen, 6)
    # One shape comes twice: nothing of the first call may be remembered.
    for shape in [(3, 6), (2, 3, 6), (1, 4, 6), (6, 6, 6), (6, 6, 6), (2, 4, 3, 6)]:
        x, sublayer_output = pair(gen, *shape)
        label = f"AddAndNorm(6) for inputs of shape {shape}"
        checks.expect_close(module(x, sublayer_output), by_own_norm(module, x + sublayer_output), label, ORDER)


@pytest.mark.task("AddAndNorm")
def test_add_and_norm_faces_float64(phase3, gen):
    module = make_join(phase3, gen).double()
    x, sublayer_output = pair(gen, 3, 5, 6, dtype=torch.float64)
    expected = array(by_own_norm(module, x + sublayer_output))
    contract.float64_in_and_out(module, [x, sublayer_output], expected, "AddAndNorm(6)(x, sublayer_output)")


@pytest.mark.task("AddAndNorm")
@pytest.mark.holds("Code follows the dtype and device of its inputs")
def test_add_and_norm_faces_other_devices_dtypes_and_odd_layouts(phase3, in_guest, gen):
    module = make_join(phase3, gen)
    x, sublayer_output = pair(gen, 3, 5, 6)
    expected = by_own_norm(module, non_contiguous(x + sublayer_output))
    contract.odd_memory_layout(module, [x, sublayer_output], expected, "AddAndNorm(6)(x, sublayer_output)")
    contract.follows_the_device(in_guest, module, (x, sublayer_output), "AddAndNorm(6)(x, sublayer_output)")
    contract.answers_in_bfloat16(module.bfloat16(), [x, sublayer_output], "AddAndNorm(6)(x, sublayer_output)")
    contract.on_meta(module.float().to("meta"), [x, sublayer_output], (3, 5, 6), "AddAndNorm(6)(x, sublayer_output)")


@pytest.mark.task("AddAndNorm")
@pytest.mark.holds("both are left as they were")
def test_add_and_norm_faces_copies_and_unchanged_inputs(phase3, gen):
    module, fresh = make_join(phase3, gen, 6, 0.3).eval(), make_join(phase3, gen, 6, 0.3).eval()
    x, sublayer_output = pair(gen, 3, 5, 6)
    expected = by_own_norm(module, x + sublayer_output)
    label = "AddAndNorm(6)(x, sublayer_output)"
    contract.copies_behave_alike(module, fresh, [x, sublayer_output], expected, label)
    contract.inputs_unchanged(module, [x, sublayer_output], expected, label)

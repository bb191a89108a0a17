"""Phase 2: multi-head attention (paper 3.2.2)."""

from __future__ import annotations

import copy
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.oracles import attention as oracle
from tests.support import checks, contract
from tests.support.inputs import array, leaf, normal, randomise, weights_of
from tests.support.strategies import generators, head_sizes, sizes

FORMULA = "split w_q(query), w_k(key), w_v(value) into heads, attend in each (sqrt(d_k)), merge, then w_o"
MASKED = "the mask broadcasts to (B, h, L_q, L_k) and holds for every head; True means `may attend`"
PARAMETERS = [f"{name}.{kind}" for name in ("w_q", "w_k", "w_v", "w_o") for kind in ("weight", "bias")]
SHAPES = list(oracle.mask_shapes(2, 3, 4, 5).items())
# Who has the formula and not yet the masks has earned something.
MASKED_OR_NOT = [pytest.param(False, id="no mask", marks=pytest.mark.core), pytest.param(True, id="a mask")]
NAMED_SHAPES = pytest.mark.parametrize("name, shape", SHAPES, ids=[f"mask {name}" for name, _ in SHAPES])


def make(phase2, gen, d_model=12, num_heads=3, dtype=torch.float32):
    """A MultiHeadAttention with random weights, large enough that the softmax is peaked."""
    module = phase2.MultiHeadAttention(d_model, num_heads)
    state = module.state_dict()
    missing = [name for name in PARAMETERS if name not in state]
    why = "four nn.Linear(d_model, d_model) with bias: w_q, w_k, w_v, w_o"
    if missing:
        checks.fail(f"MultiHeadAttention({d_model}, {num_heads}) has no parameter {missing[0]!r}", why)
    shapes = {name: (d_model, d_model) if name.endswith("weight") else (d_model,) for name in PARAMETERS}
    randomise(module, gen, shapes, f"MultiHeadAttention({d_model}, {num_heads})", scale=1.2 / d_model**0.5)
    module.eval()  # a dropout inside is a mistake of its own, with a test of its own
    return module.double() if dtype == torch.float64 else module


def inputs(gen, batch=2, length_q=4, length_k=5, d_model=12, dtype=torch.float32):
    """Query, key and value, three different tensors."""
    query = normal(gen, batch, length_q, d_model, dtype=dtype)
    return query, normal(gen, batch, length_k, d_model, dtype=dtype), normal(gen, batch, length_k, d_model, dtype=dtype)


def attend(module, *arguments):
    """The submission's output and weights."""
    return checks.expect_pair(module(*arguments), "MultiHeadAttention.forward")


def formula(module, tensors, num_heads, mask=None):
    """Output and weights by the NumPy oracle."""
    query, key, value = map(array, tensors)
    return oracle.multi_head(query, key, value, weights_of(module), num_heads, mask)


def expect_attention(got, expected, what="", why=FORMULA, dtype=None):
    """Output and weights have these values; the weights are looked at first, being the cause."""
    checks.expect_shape(got[0], expected[0].shape, f"the output{what}", "the output is (B, L_q, d_model)")
    shape_why = "return the weights of every head, (B, h, L_q, L_k), not their mean"
    checks.expect_shape(got[1], expected[1].shape, f"the weights{what}", shape_why)
    checks.expect_close(got[1], expected[1], f"the weights{what}", why, dtype=dtype)
    checks.expect_close(got[0], expected[0], f"the output{what}", why, dtype=dtype)


@pytest.mark.task("MultiHeadAttention")
def test_two_heads_of_one_feature_weigh_two_keys_apart(phase2):
    module = phase2.MultiHeadAttention(2, 2).eval()  # what training mode changes has a test of its own
    label = "MultiHeadAttention(2, 2)"
    state = {name: torch.eye(2) if name.endswith("weight") else torch.zeros(2) for name in PARAMETERS}
    contract.expect_parameters(module, {name: tuple(value.shape) for name, value in state.items()}, label)
    state.update({"w_o.weight": torch.tensor([[1.0, 1.0], [0.0, 1.0]]), "w_o.bias": torch.tensor([0.0, 10.0])})
    module.load_state_dict(state, strict=False)
    query = torch.tensor([[[1.0, 0.0]]])
    key, value = torch.tensor([[[math.log(3.0), 0.0], [0.0, 5.0]]]), torch.tensor([[[8.0, 8.0], [4.0, 4.0]]])
    # Head 0 has the scores ln 3 and 0, head 1 has 0 and 0: 0.75 * 8 + 0.25 * 4 = 7 and 0.5 * 8 + 0.5 * 4 = 6.
    weights, output = np.array([[[[0.75, 0.25]], [[0.5, 0.5]]]]), np.array([[[13.0, 16.0]]])
    why = "each head scores with its own feature; the heads give 7 and 6, and W_O makes 7 + 6 and 6 + 10 of them"
    expect_attention(attend(module, query, key, value), (output, weights), f" of {label}", why)


@pytest.mark.task("MultiHeadAttention")
@pytest.mark.holds(
    "Attend with ``h`` heads",
    "Concat(head_1, ..., head_h) W_O",
    "Project, split, attend",
    "one linear layer whose output",
)
@pytest.mark.core
def test_multi_head_attention_is_the_formula_of_section_3_2_2(phase2, gen):
    module, tensors = make(phase2, gen), inputs(gen)
    expect_attention(attend(module, *tensors), formula(module, tensors, 3), dtype=torch.float32)


@pytest.mark.task("MultiHeadAttention")
@pytest.mark.holds("``(B, L_q, d_model)``, ``(B, L_k, d_model)`` and", "the weights of every head")
@pytest.mark.parametrize("masked", MASKED_OR_NOT)
@given(gen=generators(), heads=head_sizes(), dims=sizes(3, 1, 7))
def test_multi_head_attention_is_right_at_every_size(phase2, masked, gen, heads, dims):
    # MultiHead(Q, K, V) = Concat(head_1, ..., head_h) W_O, head_i = Attention(Q W_Q,i, K W_K,i, V W_V,i)
    num_heads, _, d_model = heads
    batch, length_q, length_k = dims
    module = make(phase2, gen, d_model, num_heads)
    tensors = inputs(gen, batch, length_q, length_k, d_model)
    mask = torch.rand(batch, 1, length_q, length_k, generator=gen) < 0.6 if masked else None
    what = f" of MultiHeadAttention({d_model}, {num_heads}) for B = {batch}, L_q = {length_q}, L_k = {length_k}"
    got = attend(module, *tensors, mask) if masked else attend(module, *tensors)
    why = MASKED if masked else FORMULA
    expect_attention(got, formula(module, tensors, num_heads, mask), what + (" and a mask" if masked else ""), why)


@pytest.mark.task("MultiHeadAttention")
@given(gen=generators(), heads=head_sizes(), masked=st.booleans())
def test_multi_head_attention_agrees_with_torch(phase2, gen, heads, masked):
    # MultiHead(Q, K, V) = Concat(head_1, ..., head_h) W_O, and its gradients
    num_heads, _, d_model = heads
    module = make(phase2, gen, d_model, num_heads, torch.float64)
    twin = oracle.TorchMultiHead(module.state_dict(), d_model, num_heads)
    ours = dict(zip(("query", "key", "value"), map(leaf, inputs(gen, d_model=d_model, dtype=torch.float64))))
    theirs = {name: leaf(x) for name, x in ours.items()}
    mask = oracle.open_mask(gen, 2, num_heads, 4, 5) if masked else None
    output, weights = attend(module, *ours.values(), mask)
    expected, expected_weights = twin(theirs["query"], theirs["key"], theirs["value"], mask)
    what = f" of MultiHeadAttention({d_model}, {num_heads}), compared with torch's own"
    why = f"{FORMULA}; {MASKED}" if masked else FORMULA
    expect_attention((output, weights), (expected.detach(), expected_weights.detach()), what, why)
    theirs.update(twin.parameters)
    ours.update(dict(module.named_parameters()))
    loss = (expected * checks.probe_like(expected)).sum()
    gradients = dict(zip(theirs, torch.autograd.grad(loss, list(theirs.values()))))
    checks.expect_gradients(output, ours, gradients, "the output of MultiHeadAttention")


@pytest.mark.task("MultiHeadAttention")
@pytest.mark.holds("w_q, w_k, w_v, w_o", "Create the four projections")
def test_it_has_four_projections_with_biases(phase2, gen):
    module, tensors = make(phase2, gen, 6, 2), inputs(gen, d_model=6)
    shapes = {name: (6, 6) if name.endswith("weight") else (6,) for name in PARAMETERS}
    contract.expect_parameters(module, shapes, "MultiHeadAttention(6, 2)")
    expect_attention(attend(module, *tensors), formula(module, tensors, 2))


@pytest.mark.task("MultiHeadAttention")
@pytest.mark.holds("ValueError: if ``num_heads`` does not divide")
@pytest.mark.parametrize("d_model, num_heads", [(10, 4), (4, 8), (9, 2)])
def test_a_number_of_heads_that_does_not_divide_d_model_is_refused(phase2, gen, d_model, num_heads):
    label = f"MultiHeadAttention({d_model}, {num_heads})"
    checks.expect_raises(ValueError, lambda: phase2.MultiHeadAttention(d_model, num_heads), label)
    tensors = inputs(gen, d_model=d_model)
    for fits in (1, d_model):
        module = make(phase2, gen, d_model, fits)
        what = f" of MultiHeadAttention({d_model}, {fits})"
        expect_attention(attend(module, *tensors), formula(module, tensors, fits), what)


@pytest.mark.task("MultiHeadAttention")
@pytest.mark.parametrize("num_heads", [2, 8])
def test_each_head_divides_by_the_root_of_its_own_width(phase2, num_heads):
    # All projections are the identity, and every head has the dot products sqrt(d_k) ln 3 and 0.
    module, d_k = phase2.MultiHeadAttention(16, num_heads).eval(), 16 // num_heads
    state = {f"{name}.weight": torch.eye(16) for name in ("w_q", "w_k", "w_v", "w_o")}
    state.update({f"{name}.bias": torch.zeros(16) for name in ("w_q", "w_k", "w_v", "w_o")})
    module.load_state_dict(state)
    query, key, value = torch.zeros(1, 1, 16), torch.zeros(1, 2, 16), torch.zeros(1, 2, 16)
    query[..., ::d_k], key[:, 0, ::d_k], value[:, 0] = np.log(3.0), d_k**0.5, 4.0
    got = attend(module, query, key, value)
    expected = np.full((1, 1, 16), 3.0), np.broadcast_to([0.75, 0.25], (1, num_heads, 1, 2))
    why = f"divide the scores of a head by sqrt(d_k) = sqrt({d_k}), not by sqrt(d_model) = sqrt(16)"
    expect_attention(got, expected, f" for d_model = 16 and {num_heads} heads", why)


@pytest.mark.task("MultiHeadAttention")
@pytest.mark.holds("mask: broadcasts to ``(B, h, L_q, L_k)``")
@NAMED_SHAPES
def test_the_mask_holds_at_every_shape(phase2, gen, name, shape):
    module, tensors = make(phase2, gen), inputs(gen)
    mask = oracle.open_mask(gen, *shape)
    got = attend(module, *tensors, mask)
    what = f" with a mask of shape {name} = {tuple(shape)}"
    checks.expect_shape(got[1], (2, 3, 4, 5), f"the weights{what}", "the weights of every head: (B, h, L_q, L_k)")
    for head in range(3):
        forbidden = ~mask.expand(2, 3, 4, 5)[:, head]
        largest = got[1][:, head][forbidden].abs().max().item()
        checks.expect_that(largest == 0.0, f"head {head} gives a forbidden key the weight {largest:.6g}{what}", MASKED)
    expect_attention(got, formula(module, tensors, 3, mask), what, MASKED)


@pytest.mark.task("MultiHeadAttention")
@pytest.mark.parametrize("name", ["(1, 1, 1, L_k)", "(B, 1, 1, L_k)", "(B, 1, L_q, L_k)", "(L_q, L_k)"])
def test_a_position_that_all_heads_forbid_influences_nothing(phase2, gen, name):
    module = make(phase2, gen, dtype=torch.float64)
    tensors = [leaf(x) for x in inputs(gen, dtype=torch.float64)]
    mask = oracle.open_mask(gen, *dict(SHAPES)[name])
    allowed = mask.expand(2, 1, 4, 5)[:, 0]
    output, _ = attend(module, *tensors, mask)
    expected = formula(module, tensors, 3, mask)[0]
    checks.expect_close(output, expected, f"the output with a mask {name}", MASKED)
    for j in range(5):
        blind = ~allowed[..., j].unsqueeze(-1)  # (B, L_q, 1): queries that may not see position j
        loss = (output * checks.probe_like(output) * blind).sum()
        for label, gradient in zip(("key", "value"), torch.autograd.grad(loss, tensors[1:], retain_graph=True)):
            what = f"the gradient of {label} {j} from queries that may not see it, mask {name}"
            checks.expect_close(gradient[:, j], torch.zeros(2, 12, dtype=torch.float64), what, MASKED)
        others = [x.detach().clone() for x in tensors]
        others[1][:, j], others[2][:, j] = normal(gen, 12, scale=5.0), normal(gen, 12, scale=5.0)
        got, _ = attend(module, *others, mask)
        checks.expect_shape(got, (2, 4, 12), "the output")
        kept = torch.where(blind, got, torch.from_numpy(expected))
        what = f"the output of queries that may not see position {j}, after changing it, mask {name}"
        checks.expect_close(kept, expected, what, MASKED)


@pytest.mark.task("MultiHeadAttention")
def test_a_query_that_may_attend_to_nothing_gives_the_bias_of_w_o(phase2, gen):
    module = make(phase2, gen, dtype=torch.float64)
    tensors = [leaf(x) for x in inputs(gen, dtype=torch.float64)]
    mask = oracle.open_mask(gen, 2, 1, 4, 5)
    mask[0, :, 1] = mask[1] = False
    output, weights = attend(module, *tensors, mask)
    what = " where some queries may attend to nothing"
    checks.expect_finite(output, f"the output{what}", "a softmax over nothing but -inf is 0 / 0")
    why = "zero weights give zero heads, and w_o makes its bias of them"
    expect_attention((output, weights), formula(module, tensors, 3, mask), what, why)
    checks.expect_close(output[0, 1], module.state_dict()["w_o.bias"], "the output of such a query", why)
    named = dict(zip(("query", "key", "value"), tensors))
    named.update(dict(module.named_parameters()))
    gradients = torch.autograd.grad((output * checks.probe_like(output)).sum(), list(named.values()))
    for label, gradient in zip(named, gradients):
        checks.expect_finite(gradient, f"the gradient of {label}{what}", "keep rows of nothing but -inf out of softmax")
    alone = torch.zeros(5, 12, dtype=torch.float64)
    checks.expect_close(gradients[1][1], alone, "the gradient of keys that no query may attend to")


@pytest.mark.task("MultiHeadAttention")
@given(gen=generators())
def test_reordering_the_positions_reorders_self_attention(phase2, gen):
    # MHA(P x) = P MHA(x), with weights P A P^T
    module, x = make(phase2, gen), normal(gen, 2, 5, 12)
    output, weights = formula(module, (x, x, x), 3)
    order = torch.randperm(5, generator=gen)
    moved, n = x[:, order], order.numpy()
    why = "MHA(P x) = P MHA(x): heads are cut from the features of a position, never across positions"
    expected = output[:, n], weights[:, :, n][:, :, :, n]
    expect_attention(attend(module, moved, moved, moved), expected, " after reordering the positions", why)


@pytest.mark.task("MultiHeadAttention")
@given(gen=generators())
def test_every_sequence_of_a_ragged_batch_is_as_if_alone(phase2, gen):
    # MHA(x, mask l < n)[b, :n] = MHA(x[b, :n])
    module, x = make(phase2, gen), normal(gen, 3, 6, 12)
    lengths = [6, 2, 4]
    mask = (torch.arange(6) < torch.tensor(lengths).unsqueeze(1)).reshape(3, 1, 1, 6)
    output, weights = attend(module, x, x, x, mask)
    checks.expect_shape(output, (3, 6, 12), "the output")
    checks.expect_shape(weights, (3, 3, 6, 6), "the weights")
    why = "each sequence has its own row of the mask, the same for all its heads"
    for b, length in enumerate(lengths):
        alone = x[b : b + 1, :length]
        got = output[b : b + 1, :length], weights[b : b + 1, :, :length, :length]
        expect_attention(got, formula(module, (alone, alone, alone), 3), f" of sequence {b}, padded from {length}", why)


@pytest.mark.task("MultiHeadAttention")
@given(gen=generators())
def test_exchanging_heads_exchanges_their_weights_alone(phase2, gen):
    # Concat over P(heads) with the rows of W_O in the order P is the same sum over heads of head_i W_O,i
    module, tensors = make(phase2, gen), inputs(gen)
    output, weights = formula(module, tensors, 3)
    order = torch.randperm(3, generator=gen)
    features = (4 * order.unsqueeze(1) + torch.arange(4)).flatten()
    state = {name: value.clone() for name, value in module.state_dict().items()}
    for name in ("w_q", "w_k", "w_v"):
        state[f"{name}.weight"] = state[f"{name}.weight"][features]
        state[f"{name}.bias"] = state[f"{name}.bias"][features]
    state["w_o.weight"] = state["w_o.weight"][:, features]
    module.load_state_dict(state)
    why = "head j works on features j * d_k to (j + 1) * d_k - 1 of every projection, and on nothing else"
    expect_attention(attend(module, *tensors), (output, weights[:, order.numpy()]), " after exchanging heads", why)


@pytest.mark.task("MultiHeadAttention")
def test_query_key_and_value_each_play_their_own_part(phase2, gen):
    module, (query, key, value) = make(phase2, gen), inputs(gen)
    expect_attention(attend(module, query, key, value), formula(module, (query, key, value), 3))
    why = "the weights come from query and key; the value is what is averaged by them"
    for tensors, what in [
        ((query, key, key), " of forward(query, key, key)"),
        ((query, value, value), " of forward(query, memory, memory)"),
        ((key, key, value), " of forward(key, key, value)"),
        ((query, query, query), " of forward(query, query, query)"),
    ]:
        expect_attention(attend(module, *tensors), formula(module, tensors, 3), what, why)


@pytest.mark.task("MultiHeadAttention")
def test_a_call_does_not_depend_on_the_calls_before(phase2, gen):
    module = make(phase2, gen)
    why = "keep nothing of one call for the next: other lengths, other masks, other sequences"
    masks = [oracle.open_mask(gen, 2, 1, 4, 5), None, oracle.open_mask(gen, 4, 5), oracle.open_mask(gen, 2, 1, 4, 5)]
    for mask in masks:
        tensors = inputs(gen)
        what = " of a later call with a mask" if mask is not None else " of a later call without a mask"
        expect_attention(attend(module, *tensors, mask), formula(module, tensors, 3, mask), what, why)
    for length_q, length_k in [(7, 3), (1, 6)]:
        tensors = inputs(gen, 3, length_q, length_k)
        expect_attention(attend(module, *tensors), formula(module, tensors, 3), " of a later call, other lengths", why)


# -- what every task faces ----------------------------------------------------------------------------------


@pytest.mark.task("MultiHeadAttention")
def test_multi_head_attention_is_the_same_in_training_and_evaluation(phase2, gen):
    module, tensors = make(phase2, gen), inputs(gen)
    expected = formula(module, tensors, 3)
    why = "there is no dropout inside: training and evaluation mode give the same"
    expect_attention(attend(module.train(), *tensors), expected, " in training mode", why)
    expect_attention(attend(module.eval(), *tensors), expected, " in evaluation mode", why)


@pytest.mark.task("MultiHeadAttention")
def test_multi_head_attention_faces_float64(phase2, gen):
    module, tensors = make(phase2, gen, dtype=torch.float64), inputs(gen, dtype=torch.float64)
    mask = oracle.open_mask(gen, 2, 1, 4, 5)
    expected = formula(module, tensors, 3, mask)
    for part, label in enumerate(("the output", "the weights")):
        contract.float64_in_and_out(
            lambda *given, part=part: attend(module, *given)[part], [*tensors, mask], expected[part], label
        )


@pytest.mark.task("MultiHeadAttention")
def test_multi_head_attention_faces_odd_memory_layouts(phase2, gen):
    module, tensors = make(phase2, gen), inputs(gen)
    mask = oracle.open_mask(gen, 2, 1, 4, 5)
    expected = formula(module, tensors, 3, mask)[0]
    contract.odd_memory_layout(lambda *given: attend(module, *given)[0], [*tensors, mask], expected, "the output")
    length_first = [x.transpose(0, 1).contiguous().transpose(0, 1) for x in tensors]
    got, _ = attend(module, *length_first, mask.expand(2, 3, 4, 5))
    checks.expect_close(
        got, expected, "the output for transposed inputs and an expanded mask", "`view` needs contiguous memory"
    )


@pytest.mark.task("MultiHeadAttention")
@pytest.mark.holds("Code follows the dtype and device of its inputs")
def test_multi_head_attention_follows_device_and_dtype(phase2, in_guest, gen):
    module, tensors = make(phase2, gen), inputs(gen)
    expect_attention(attend(module, *tensors), formula(module, tensors, 3))
    mask = oracle.open_mask(gen, 2, 1, 4, 5)
    for given_mask in (None, mask):
        contract.follows_the_device(in_guest, module, (*tensors, given_mask), "(output, weights)")
    module = module.bfloat16()
    for part, label in enumerate(("the output", "the weights")):
        contract.answers_in_bfloat16(lambda *given, part=part: attend(module, *given)[part], [*tensors, mask], label)
    module = module.float().to("meta")
    for part, shape in enumerate([(2, 4, 12), (2, 3, 4, 5)]):
        label = ("the output", "the weights")[part]
        contract.on_meta(lambda *given, part=part: attend(module, *given)[part], tensors, shape, label)
        contract.on_meta(
            lambda *given, part=part: attend(module, *given)[part], [*tensors, mask], shape, f"{label} with a mask"
        )


@pytest.mark.task("MultiHeadAttention")
def test_multi_head_attention_faces_copies_and_unchanged_inputs(phase2, gen):
    module, fresh, tensors = make(phase2, gen).eval(), make(phase2, gen).eval(), inputs(gen)
    mask = oracle.open_mask(gen, 2, 1, 4, 5)
    # Copied before any call: a module may keep its last weights for plotting, and these cannot be copied.
    twin = copy.deepcopy(module)
    expected = formula(module, tensors, 3, mask)[0]
    before = {name: value.clone() for name, value in module.state_dict().items()}
    contract.inputs_unchanged(lambda *given: attend(module, *given)[0], [*tensors, mask], expected, "the output")
    for name, value in module.state_dict().items():
        checks.expect_close(value, before[name], f"{name} after a call", "a call must not change the weights")
    expect_attention(attend(twin, *tensors, mask), formula(module, tensors, 3, mask), " of a deep copy")
    fresh.load_state_dict(module.state_dict())
    why = "what the module computes with must be in its state dict"
    what = " after loading the state dict into a new module"
    expect_attention(attend(fresh, *tensors, mask), formula(module, tensors, 3, mask), what, why)

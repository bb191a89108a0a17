"""Phase 2: scaled dot-product attention without a mask, and what every task faces (paper 3.2.1)."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from tests.oracles import attention as oracle
from tests.support import checks, contract
from tests.support.inputs import array, leaf, normal
from tests.support.strategies import generators, sizes

ATTEND = "scaled_dot_product_attention(query, key, value)"
SCORES = "softmax(query @ key^T / sqrt(d_k)) over the keys, then weights @ value"
# Who has the formula and not yet the masks has earned something.
MASKED_OR_NOT = [pytest.param(False, id="no mask", marks=pytest.mark.core), pytest.param(True, id="a mask")]


def attend(phase2, query, key, value, mask=None):
    """The submission's output and weights."""
    if mask is None:
        return checks.expect_pair(phase2.scaled_dot_product_attention(query, key, value), ATTEND)
    return checks.expect_pair(phase2.scaled_dot_product_attention(query, key, value, mask), ATTEND)


def inputs(gen, lead=(2, 3), length_q=4, length_k=5, d_k=6, d_v=7, dtype=torch.float32):
    """Query, key and value, large enough that the softmax is peaked."""
    query = normal(gen, *lead, length_q, d_k, scale=1.4, dtype=dtype)
    key = normal(gen, *lead, length_k, d_k, scale=1.4, dtype=dtype)
    return query, key, normal(gen, *lead, length_k, d_v, scale=1.4, dtype=dtype)


def formula(tensors, mask=None):
    """Output and weights by the NumPy oracle."""
    query, key, value = map(array, tensors)
    return oracle.attention(query, key, value, mask)


def expect_attention(got, expected, what="", why="", dtype=None, tolerance=None):
    """Output and weights have these values; the weights are looked at first, being the cause."""
    checks.expect_shape(got[0], expected[0].shape, f"the output{what}", "weights @ value is (..., L_q, d_v)")
    checks.expect_close(got[1], expected[1], f"the weights{what}", why, dtype, tolerance)
    checks.expect_close(got[0], expected[0], f"the output{what}", why or "output = weights @ value", dtype, tolerance)


@pytest.mark.task("scaled_dot_product_attention")
@pytest.mark.parametrize("d_k", [1, 3, 16, 50])
def test_scores_are_divided_by_the_root_of_d_k(phase2, d_k):
    # The dot products are sqrt(d_k) ln 3 and 0, so the scores differ by ln 3 and the weights are as 3 to 1.
    query, key = torch.zeros(1, 1, d_k), torch.zeros(1, 2, d_k)
    query[0, 0, 0], key[0, 0, 0] = math.log(3.0), math.sqrt(d_k)
    output, weights = attend(phase2, query, key, torch.tensor([[[8.0], [4.0]]]))
    why = f"divide query @ key^T by sqrt(d_k), d_k = query.size(-1); here sqrt({d_k})"
    checks.expect_close(weights, np.array([[[0.75, 0.25]]]), f"the weights for d_k = {d_k}", why)
    checks.expect_close(output, np.array([[[7.0]]]), f"the output for d_k = {d_k}", "0.75 * 8 + 0.25 * 4 = 7")


@pytest.mark.task("scaled_dot_product_attention")
@pytest.mark.holds("softmax(query @ key^T / sqrt(d_k))", "(paper 3.2.1, equation 1)")
@pytest.mark.core
def test_attention_is_equation_1_of_the_paper(phase2, gen):
    query, key, value = inputs(gen, lead=(3,))
    expected = oracle.attention(array(query), array(key), array(value))
    expect_attention(attend(phase2, query, key, value), expected, why=SCORES, dtype=torch.float32)


@pytest.mark.task("scaled_dot_product_attention")
@pytest.mark.holds("``d_v`` may differ from ``d_k``", "``(output, weights)`` of shapes ``(..., L_q, d_v)``")
@pytest.mark.parametrize("lead", [(), (3,), (2, 3)], ids=["one sequence", "a batch", "a batch of heads"])
@pytest.mark.parametrize("masked", MASKED_OR_NOT)
@given(gen=generators(), dims=sizes(4, 1, 8))
def test_attention_is_right_at_every_size(phase2, lead, masked, gen, dims):
    # Attention(Q, K, V) = softmax(Q K^T / sqrt(d_k)) V
    length_q, length_k, d_k, d_v = dims
    query, key, value = inputs(gen, lead, length_q, length_k, d_k, d_v, torch.float64)
    mask = torch.rand(*lead, length_q, length_k, generator=gen) < 0.6 if masked else None
    expected = oracle.attention(array(query), array(key), array(value), mask)
    what = f" for query {tuple(query.shape)}, key {tuple(key.shape)}, value {tuple(value.shape)}"
    what += " and a mask" if masked else ""
    why = SCORES + (", True in the mask means `may attend`" if masked else "")
    expect_attention(attend(phase2, query, key, value, mask), expected, what, why, dtype=torch.float64)


@pytest.mark.task("scaled_dot_product_attention")
@given(gen=generators(), dims=sizes(4, 2, 7), masked=st.booleans())
def test_attention_agrees_with_torch(phase2, gen, dims, masked):
    # Attention(Q, K, V) = softmax(Q K^T / sqrt(d_k)) V, and its gradients
    length_q, length_k, d_k, d_v = dims
    query, key, value = inputs(gen, (2, 3), length_q, length_k, d_k, d_v, torch.float64)
    mask = oracle.open_mask(gen, 2, 1, length_q, length_k) if masked else None
    ours, theirs = [leaf(x) for x in (query, key, value)], [leaf(x) for x in (query, key, value)]
    output, _ = attend(phase2, ours[0], ours[1], ours[2], mask)
    expected = F.scaled_dot_product_attention(theirs[0], theirs[1], theirs[2], attn_mask=mask)
    why = SCORES + (", True in the mask means `may attend`" if masked else "")
    checks.expect_close(output, expected, "the output, compared with torch's attention", why)
    gradients = torch.autograd.grad((expected * checks.probe_like(expected)).sum(), theirs)
    names = ("query", "key", "value")
    checks.expect_gradients(output, dict(zip(names, ours)), dict(zip(names, gradients)), "the output")


@pytest.mark.task("scaled_dot_product_attention")
@given(gen=generators(), masked=st.booleans())
def test_weights_of_every_query_are_a_distribution_over_the_keys(phase2, gen, masked):
    # a[q, k] >= 0, sum over k of a[q, k] = 1
    query, key, value = inputs(gen)
    mask = oracle.open_mask(gen, 4, 5) if masked else None
    _, weights = attend(phase2, query, key, value, mask)
    checks.expect_shape(weights, (2, 3, 4, 5), "the weights")
    why = "the softmax runs over the keys (the last dimension), after the mask"
    checks.expect_that(bool((weights >= 0).all()), "some weights are negative", why)
    checks.expect_close(weights.sum(-1), np.ones((2, 3, 4)), "the sum of each query's weights", why)


@pytest.mark.task("scaled_dot_product_attention")
def test_the_output_is_the_mean_of_the_values_by_the_weights(phase2, gen):
    query, key, value = inputs(gen)
    same = normal(gen, 2, 3, 1, 7)
    output, _ = attend(phase2, query, key, same.expand(2, 3, 5, 7))
    why = "the weights of a query add up to 1, so the mean of equal values is that value"
    checks.expect_close(output, same.expand(2, 3, 4, 7), "the output where all values are equal", why)
    output, _ = attend(phase2, query, same.expand(2, 3, 5, 7)[..., :6], value)
    why = "equal keys get equal weights"
    expected = value.mean(-2, keepdim=True).expand(2, 3, 4, 7)
    checks.expect_close(output, expected, "the output where all keys are equal", why)


@pytest.mark.task("scaled_dot_product_attention")
def test_one_key_is_always_attended_to(phase2, gen):
    query, key, value = inputs(gen, length_k=1)
    expected = array(value.expand(2, 3, 4, 7)), np.ones((2, 3, 4, 1))
    expect_attention(attend(phase2, query, key, value), expected, " for a single key", "softmax over the keys")


@pytest.mark.task("scaled_dot_product_attention")
@given(gen=generators())
def test_permuting_the_keys_with_their_values_permutes_only_the_weights(phase2, gen):
    # Attention(Q, P K, P V) = Attention(Q, K, V), with weights A P^T
    query, key, value = inputs(gen)
    output, weights = oracle.attention(array(query), array(key), array(value))
    order = torch.randperm(5, generator=gen)
    got = attend(phase2, query, key[..., order, :], value[..., order, :])
    why = "attention has no notion of order: each weight goes with its key and value"
    expect_attention(got, (output, weights[..., order.numpy()]), " after reordering the keys and values", why)


@pytest.mark.task("scaled_dot_product_attention")
@given(gen=generators())
def test_permuting_the_queries_permutes_the_outputs(phase2, gen):
    # Attention(P Q, K, V) = P Attention(Q, K, V)
    query, key, value = inputs(gen)
    output, weights = oracle.attention(array(query), array(key), array(value))
    order = torch.randperm(4, generator=gen)
    expected = output[..., order.numpy(), :], weights[..., order.numpy(), :]
    why = "a query's row depends on that query alone, not on the other queries"
    expect_attention(attend(phase2, query[..., order, :], key, value), expected, " after reordering the queries", why)


@pytest.mark.task("scaled_dot_product_attention")
@given(gen=generators())
def test_adding_one_vector_to_all_keys_changes_nothing(phase2, gen):
    # q . (k + c) = q . k + q . c, and softmax(s + constant) = softmax(s)
    query, key, value = inputs(gen)
    expected = oracle.attention(array(query), array(key), array(value))
    shift = normal(gen, 2, 3, 1, 6)
    why = "it adds the same number to all scores of a query, and a softmax over the keys does not see that"
    expect_attention(attend(phase2, query, key + shift, value), expected, " after adding one vector to all keys", why)


@pytest.mark.task("scaled_dot_product_attention")
@given(gen=generators(), masked=st.booleans())
def test_batch_and_heads_do_not_mix(phase2, gen, masked):
    # Attention(Q, K, V)[b, h] = Attention(Q[b, h], K[b, h], V[b, h])
    query, key, value = inputs(gen)
    mask = oracle.open_mask(gen, 2, 3, 4, 5) if masked else None
    together = attend(phase2, query, key, value, mask)
    expect_attention(together, oracle.attention(array(query), array(key), array(value), mask))
    why = "every batch entry and every head attends within itself"
    for b, h in np.ndindex(2, 3):
        alone = attend(phase2, query[b, h], key[b, h], value[b, h], None if mask is None else mask[b, h])
        expected = array(together[0][b, h]), array(together[1][b, h])
        expect_attention(alone, expected, f" of batch entry {b}, head {h}, computed alone", why)


@pytest.mark.task("scaled_dot_product_attention")
@pytest.mark.parametrize("size", [60, 1000, 20000])
def test_large_scores_stay_finite(phase2, gen, size):
    # Whole numbers and sqrt(4) = 2: the scores are exact. What follows is not: float32 has 7 digits.
    query = torch.full((2, 3, 4), float(size))
    query[:, 1] *= -1.0
    key = torch.randint(-3, 4, (2, 5, 4), generator=gen).float()
    value = normal(gen, 2, 5, 7)
    expected = oracle.attention(array(query), array(key), array(value))
    output, weights = attend(phase2, query, key, value)
    why = "subtract the largest score before exp, or use torch.softmax: exp(89) is infinite in float32"
    checks.expect_shape(weights, (2, 3, 5), "the weights")
    checks.expect_finite(weights, f"a weight for scores around {size}", why)
    expect_attention((output, weights), expected, f" for scores around {size}", why, tolerance=2e-2)


@pytest.mark.task("scaled_dot_product_attention")
def test_one_tensor_may_be_query_key_and_value(phase2, gen):
    x = leaf(normal(gen, 3, 5, 4, scale=1.2, dtype=torch.float64))
    output, weights = attend(phase2, x, x, x)
    why = "in self-attention the three are one tensor: changing one in place changes all"
    expect_attention((output, weights), formula([x, x, x]), " of attention(x, x, x)", why)
    expected = oracle.attention_gradients(array(x), array(x), array(x), array(checks.probe_like(output)))
    total = expected["query"] + expected["key"] + expected["value"]
    checks.expect_gradients(output, {"x": x}, {"x": total}, "the output of attention(x, x, x)")


@pytest.mark.task("scaled_dot_product_attention")
def test_gradients_reach_query_key_and_value(phase2, gen):
    query, key, value = (leaf(x) for x in inputs(gen, dtype=torch.float64))
    output, _ = attend(phase2, query, key, value)
    checks.expect_shape(output, (2, 3, 4, 7), "the output")
    probe = array(checks.probe_like(output))
    expected = oracle.attention_gradients(array(query), array(key), array(value), probe)
    named = {"query": query, "key": key, "value": value}
    checks.expect_gradients(output, named, expected, "the output", "let autograd see every step: no .detach(), .data")


# -- what every task faces ----------------------------------------------------------------------------------


def calls(phase2):
    """Calls that give the output alone and the weights alone, with the label of each."""
    return [
        (lambda *tensors: attend(phase2, *tensors)[0], "the output"),
        (lambda *tensors: attend(phase2, *tensors)[1], "the weights"),
    ]


@pytest.mark.task("scaled_dot_product_attention")
def test_attention_faces_float64(phase2, gen):
    tensors = inputs(gen, dtype=torch.float64)
    mask = oracle.open_mask(gen, 2, 1, 4, 5)
    for given_mask in (None, mask):
        expected = formula(tensors, given_mask)
        arguments = [*tensors] if given_mask is None else [*tensors, mask]
        for (call, label), values in zip(calls(phase2), expected):
            contract.float64_in_and_out(call, arguments, values, label)


@pytest.mark.task("scaled_dot_product_attention")
@pytest.mark.holds("No input need be contiguous")
def test_attention_faces_odd_memory_layouts(phase2, gen):
    tensors = inputs(gen)
    mask = oracle.open_mask(gen, 2, 1, 4, 5)
    expected = formula(tensors, mask)
    for (call, label), values in zip(calls(phase2), expected):
        contract.odd_memory_layout(call, [*tensors, mask], values, label)
        heads_last = [x.transpose(1, 2).contiguous().transpose(1, 2) for x in tensors]
        what = f"{label} for heads cut by view and transpose, with an expanded mask"
        checks.expect_close(call(*heads_last, mask.expand(2, 3, 4, 5)), values, what, "`view` needs contiguous memory")


@pytest.mark.task("scaled_dot_product_attention")
@pytest.mark.holds("Code follows the dtype and device of its inputs")
def test_attention_follows_device_and_dtype(phase2, in_guest, gen):
    tensors = inputs(gen)
    expect_attention(attend(phase2, *tensors), formula(tensors))
    mask = oracle.open_mask(gen, 2, 1, 4, 5)
    for given_mask in (None, mask):
        arguments = (*tensors, given_mask)
        contract.follows_the_device(in_guest, phase2.scaled_dot_product_attention, arguments, "(output, weights)")
    for (call, label), shape in zip(calls(phase2), [(2, 3, 4, 7), (2, 3, 4, 5)]):
        contract.answers_in_bfloat16(call, tensors, label)
        contract.answers_in_bfloat16(call, [*tensors, mask], f"{label} with a mask")
        contract.on_meta(call, tensors, shape, label)
        contract.on_meta(call, [*tensors, mask], shape, f"{label} with a mask")


@pytest.mark.task("scaled_dot_product_attention")
@pytest.mark.holds("never changes an input in place")
def test_attention_leaves_its_inputs_as_they_are(phase2, gen):
    tensors = inputs(gen)
    mask = oracle.open_mask(gen, 2, 1, 4, 5)
    for given_mask in (None, mask):
        expected = formula(tensors, given_mask)
        arguments = [*tensors] if given_mask is None else [*tensors, mask]
        for (call, label), values in zip(calls(phase2), expected):
            contract.inputs_unchanged(call, arguments, values, label)

"""Phase 2: what a mask forbids has no influence, and a query without any allowed key gives zeros (paper 3.2.3)."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.oracles import attention as oracle
from tests.support import checks
from tests.support.inputs import array, leaf, normal
from tests.support.strategies import generators

ATTEND = "scaled_dot_product_attention(query, key, value, mask)"
SHAPES = list(oracle.mask_shapes(2, 3, 4, 5).items())
NAMED_SHAPES = pytest.mark.parametrize("name, shape", SHAPES, ids=[f"mask {name}" for name, _ in SHAPES])
TRUE_ALLOWS = "True in the mask means `may attend`; it broadcasts to (..., L_q, L_k); forbid before the softmax"
NO_NAN = "a softmax over nothing but -inf is 0 / 0: fill with a finite number or replace the -inf rows before it"


def attend(phase2, query, key, value, mask):
    """The submission's output and weights."""
    return checks.expect_pair(phase2.scaled_dot_product_attention(query, key, value, mask=mask), ATTEND)


def inputs(gen, dtype=torch.float32):
    """Query, key and value for B = 2, h = 3, L_q = 4, L_k = 5, d_k = 6, d_v = 7."""
    query = normal(gen, 2, 3, 4, 6, scale=1.4, dtype=dtype)
    key = normal(gen, 2, 3, 5, 6, scale=1.4, dtype=dtype)
    return query, key, normal(gen, 2, 3, 5, 7, scale=1.4, dtype=dtype)


def expect_attention(got, expected, what="", why="", tolerance=None):
    """Output and weights have these values; the weights are looked at first, being the cause."""
    checks.expect_shape(got[0], expected[0].shape, f"the output{what}", "weights @ value is (..., L_q, d_v)")
    checks.expect_close(got[1], expected[1], f"the weights{what}", why, tolerance=tolerance)
    checks.expect_close(got[0], expected[0], f"the output{what}", why, tolerance=tolerance)


@pytest.mark.task("scaled_dot_product_attention")
@pytest.mark.holds("gets weight exactly 0", "mask: broadcasts to ``(..., L_q, L_k)``", "A mask is boolean")
@NAMED_SHAPES
def test_the_softmax_runs_over_the_allowed_keys_alone(phase2, gen, name, shape):
    query, key, value = inputs(gen)
    mask = oracle.open_mask(gen, *shape)
    got = attend(phase2, query, key, value, mask)
    expected = oracle.attention(array(query), array(key), array(value), mask)
    what = f" with a mask of shape {name} = {tuple(shape)}"
    checks.expect_shape(got[1], (2, 3, 4, 5), f"the weights{what}")
    forbidden = ~mask.expand(2, 3, 4, 5)
    largest = got[1][forbidden].abs().max().item()
    checks.expect_that(largest == 0.0, f"a forbidden key has the weight {largest:.6g}, not 0{what}", TRUE_ALLOWS)
    expect_attention(got, expected, what, TRUE_ALLOWS)


@pytest.mark.task("scaled_dot_product_attention")
@NAMED_SHAPES
def test_a_forbidden_key_and_its_value_influence_nothing(phase2, gen, name, shape):
    query, key, value = inputs(gen)
    mask = oracle.open_mask(gen, *shape)
    allowed = mask.expand(2, 3, 4, 5)
    output, weights = (torch.from_numpy(x) for x in oracle.attention(array(query), array(key), array(value), mask))
    for j in range(5):
        other_key, other_value = key.clone(), value.clone()
        other_key[..., j, :], other_value[..., j, :] = normal(gen, 6, scale=9.0), normal(gen, 7, scale=9.0)
        got = attend(phase2, query, other_key, other_value, mask)
        what = f" of queries that may not see key {j}, after changing it, mask {name}"
        checks.expect_shape(got[0], output.shape, "the output")
        checks.expect_shape(got[1], weights.shape, "the weights")
        # Queries that may see the key are of no interest here: theirs are set to what is expected.
        seen = allowed[..., j].unsqueeze(-1)
        kept = [torch.where(seen, good, x.double()) for good, x in zip((output, weights), got)]
        checks.expect_close(kept[1], weights, f"the weights{what}", TRUE_ALLOWS, tolerance=2e-5)
        checks.expect_close(kept[0], output, f"the output{what}", TRUE_ALLOWS, tolerance=2e-5)


@pytest.mark.task("scaled_dot_product_attention")
@pytest.mark.holds("no influence on the output or on any gradient")
@NAMED_SHAPES
def test_a_forbidden_key_and_its_value_get_no_gradient(phase2, gen, name, shape):
    query, key, value = (leaf(x) for x in inputs(gen, torch.float64))
    mask = oracle.open_mask(gen, *shape)
    output, _ = attend(phase2, query, key, value, mask)
    checks.expect_shape(output, (2, 3, 4, 7), "the output")
    probe = checks.probe_like(output)
    expected = oracle.attention_gradients(array(query), array(key), array(value), array(probe), mask)
    named = {"query": query, "key": key, "value": value}
    checks.expect_gradients(output, named, expected, f"the output with a mask {name}", TRUE_ALLOWS)
    blind = ~mask.expand(2, 3, 4, 5)
    for j in range(5):
        loss = (output * probe * blind[..., j].unsqueeze(-1)).sum()  # of the queries that may not see key j
        for label, gradient in zip(("key", "value"), torch.autograd.grad(loss, (key, value), retain_graph=True)):
            what = f"the gradient of {label} {j} from queries that may not see it, mask {name}"
            checks.expect_close(gradient[..., j, :], torch.zeros_like(gradient[..., j, :]), what, TRUE_ALLOWS)


@pytest.mark.task("scaled_dot_product_attention")
@given(gen=generators(), share=st.sampled_from([0.15, 0.4, 0.9]))
def test_any_mask_gives_the_softmax_over_the_allowed_keys(phase2, gen, share):
    # a[q, k] = mask[q, k] exp(s[q, k]) / sum over k' of mask[q, k'] exp(s[q, k']), and 0 where no key is allowed
    query, key, value = inputs(gen)
    name, shape = SHAPES[int(torch.randint(len(SHAPES), (), generator=gen))]
    mask = torch.rand(*shape, generator=gen) < share
    expected = oracle.attention(array(query), array(key), array(value), mask)
    expect_attention(attend(phase2, query, key, value, mask), expected, f" with a mask {name}", TRUE_ALLOWS)


@pytest.mark.task("scaled_dot_product_attention")
@pytest.mark.holds("None allows everything")
def test_a_mask_that_allows_everything_is_no_mask(phase2, gen):
    query, key, value = inputs(gen)
    expected = oracle.attention(array(query), array(key), array(value))
    everything = torch.ones(4, 5, dtype=torch.bool)
    expect_attention(attend(phase2, query, key, value, everything), expected, " with an all-True mask", TRUE_ALLOWS)
    expect_attention(attend(phase2, query, key, value, None), expected, " with mask=None", "None allows everything")


@pytest.mark.task("scaled_dot_product_attention")
def test_with_a_causal_mask_no_query_sees_the_future(phase2, gen):
    x = normal(gen, 3, 6, 4, scale=1.4)
    mask = torch.ones(6, 6, dtype=torch.bool).tril()
    whole = oracle.attention(array(x), array(x), array(x), mask)
    why = "query t sees keys 0 to t: leaving out what comes later must not change it"
    for length in range(1, 7):
        start = x[:, :length]
        expected = whole[0][:, :length], whole[1][:, :length, :length]
        what = f" of the first {length} of 6 positions under a causal mask"
        expect_attention(attend(phase2, start, start, start, mask[:length, :length]), expected, what, why)


@pytest.mark.task("scaled_dot_product_attention")
@given(gen=generators())
def test_hidden_keys_are_as_good_as_absent(phase2, gen):
    # Attention(Q, K, V, mask k < n) = Attention(Q, K[:n], V[:n])
    query, key, value = inputs(gen)
    real = int(torch.randint(1, 5, (), generator=gen))
    expected = oracle.attention(array(query), array(key[..., :real, :]), array(value[..., :real, :]))
    output, weights = attend(phase2, query, key, value, torch.arange(5) < real)
    why = "the allowed weights alone add up to 1: forbid before the softmax, not after it"
    checks.expect_shape(weights, (2, 3, 4, 5), "the weights")
    checks.expect_close(weights[..., :real], expected[1], f"the weights where the keys from {real} on are hidden", why)
    checks.expect_close(output, expected[0], f"the output where the keys from {real} on are hidden", why)


@pytest.mark.task("scaled_dot_product_attention")
@pytest.mark.parametrize("size", [200.0, 2000.0, 20000.0])
def test_a_large_forbidden_score_does_not_drown_the_allowed_ones(phase2, gen, size):
    # Whole scores, exact in float32: the first key's is far above the others, or the others are far below 0.
    value = normal(gen, 1, 3, 5)
    mask = torch.tensor([[False, True, True], [True, True, False]])
    for offset in (0.0, -size):
        key = torch.tensor([[[size + offset], [1.0 + offset], [offset]]])
        query = torch.ones(1, 2, 1)
        expected = oracle.attention(array(query), array(key), array(value), mask)
        scores = ", ".join(f"{score:g}" for score in key.flatten().tolist())
        why = "a forbidden score counts as minus infinity, also in the maximum that a softmax subtracts"
        got = attend(phase2, query, key, value, mask)
        expect_attention(got, expected, f" for the scores {scores}", why, tolerance=2e-2)  # float32 has 7 digits


# -- queries that may attend to nothing ---------------------------------------------------------------------


def masks_with_empty_rows(gen):
    """Masks under which some queries may attend to nothing and others to something."""
    rows = oracle.open_mask(gen, 2, 3, 4, 5)
    rows[0, 1, 2] = rows[1, :, 0] = False
    queries = torch.tensor([True, False, True, False]).unsqueeze(1)
    first = torch.tensor([False, True]).reshape(2, 1, 1, 1) & oracle.open_mask(gen, 2, 1, 1, 5)
    pairs = oracle.open_mask(gen, 4, 5)
    pairs[3] = False
    return {"(B, h, L_q, L_k)": rows, "(L_q, 1)": queries, "(B, 1, 1, L_k)": first, "(L_q, L_k)": pairs}


@pytest.mark.task("scaled_dot_product_attention")
@pytest.mark.holds("gets all-zero weights")
def test_a_query_that_may_attend_to_nothing_gives_zeros(phase2, gen):
    query, key, value = inputs(gen)
    for name, mask in masks_with_empty_rows(gen).items():
        got = attend(phase2, query, key, value, mask)
        what = f" with a mask {name} that forbids some queries everything"
        for part, label in zip(got, ("output", "weights")):
            checks.expect_shape(part, (2, 3, 4, 7 if label == "output" else 5), f"the {label}{what}")
            checks.expect_finite(part, f"the {label}{what}", NO_NAN)
        expected = oracle.attention(array(query), array(key), array(value), mask)
        why = "rows that are False everywhere give weights and output of exactly 0: fill the weights with 0 there"
        expect_attention(got, expected, what, why)


@pytest.mark.task("scaled_dot_product_attention")
@pytest.mark.holds("neither the result nor a gradient is NaN")
def test_a_query_that_may_attend_to_nothing_gives_no_nan_in_any_gradient(phase2, gen):
    for name, mask in masks_with_empty_rows(gen).items():
        query, key, value = tensors = [leaf(x) for x in inputs(gen, torch.float64)]
        output, _ = attend(phase2, query, key, value, mask)
        checks.expect_shape(output, (2, 3, 4, 7), "the output")
        checks.expect_that(output.requires_grad, "the output carries no gradient", "no .detach(), .data or no_grad")
        probe = checks.probe_like(output)
        what = f" with a mask {name} that forbids some queries everything"
        labels = ("query", "key", "value")
        for label, gradient in zip(labels, torch.autograd.grad((output * probe).sum(), tensors, retain_graph=True)):
            why = "zeroing NaN afterwards is too late: backward multiplies by it. Keep -inf rows out of the softmax"
            checks.expect_finite(gradient, f"the gradient of {label}{what}", why)
        expected = oracle.attention_gradients(array(query), array(key), array(value), array(probe), mask)
        checks.expect_gradients(output, dict(zip(labels, tensors)), expected, f"the output{what}")


@pytest.mark.task("scaled_dot_product_attention")
def test_one_forbidden_everything_leaves_the_next_call_alone(phase2, gen):
    query, key, value = inputs(gen)
    nothing = torch.zeros(1, 1, 1, 5, dtype=torch.bool)
    for mask in (nothing, ~nothing, nothing):
        expected = oracle.attention(array(query), array(key), array(value), mask)
        what = " with an all-True mask" if bool(mask.any()) else " with an all-False mask"
        expect_attention(attend(phase2, query, key, value, mask), expected, what, NO_NAN)

"""Phase 4: one layer of the encoder, one layer of the decoder (paper 3.1, 3.2.3)."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.oracles import torch_transformer as twin
from tests.oracles import transformer as oracle
from tests.support import checks, contract
from tests.support.inputs import array, leaf, non_contiguous, normal, randomise, weights_of
from tests.support.phase4 import (
    causal,
    expect_gradients_like,
    lengths_mask,
    load_by_hand,
    masks,
    parameter,
    random_mask,
)
from tests.support.strategies import generators, head_sizes, sizes

# Pairwise distinct: batch, heads, d_k = 4, target length, hidden width, source length, d_model.
B, H, L_TGT, D_FF, L_SRC, D = 2, 3, 5, 7, 8, 12
ENCODER = f"EncoderLayer({D}, {H}, {D_FF})"
DECODER = f"DecoderLayer({D}, {H}, {D_FF})"
ENCODER_STEPS = "x = add_norm1(x, self_attention(x, x, x)), then add_norm2(x, feed_forward(x))"
DECODER_STEPS = (
    "x = add_norm1(x, self_attention(x, x, x)), then add_norm2(x, cross_attention(x, memory, memory)), "
    "then add_norm3(x, feed_forward(x))"
)


def mask_array(mask):
    return None if mask is None else array(mask)


def decoder_formula(layer, x, memory, self_mask, memory_mask):
    """The layer's output by the NumPy oracle."""
    return oracle.decoder_layer(array(x), array(memory), weights_of(layer), H, array(self_mask), array(memory_mask))


# -- EncoderLayer -------------------------------------------------------------------------------------------


MEAN = {"w_v.weight": [[1.0, 0.0], [0.0, 1.0]], "w_o.weight": [[1.0, 0.0], [0.0, 1.0]]}
"""With these weights and all others 0 an attention gives the mean of what it may attend to: all scores are 0."""

# Hidden unit max(0, x_0); then 9 times it to x_1, and 4 to x_0. The last norm has a gain and a bias of its own.
TURNS = {"linear1.weight": [[1.0, 0.0]], "linear2.weight": [[0.0], [9.0]], "linear2.bias": [4.0, 0.0]}
LAST = {"norm.weight": [2.0, 3.0], "norm.bias": [10.0, 20.0]}


@pytest.mark.task("EncoderLayer")
def test_encoder_layer_of_two_features_calculated_by_hand(phase4):
    layer = phase4.EncoderLayer(2, 1, 1, 0.0).eval()
    load_by_hand(layer, "EncoderLayer(2, 1, 1)", self_attention=MEAN, feed_forward=TURNS, add_norm2=LAST)
    x = torch.tensor([[[0.0, 10.0], [110.0, 0.0], [0.0, 40.0]]])
    # The norm of two features is (-1, 1) or (1, -1), by which is larger. Attention adds the mean (36.7, 16.7) to
    # each: (36.7, 26.7), (146.7, 16.7), (36.7, 56.7) become (1, -1), (1, -1), (-1, 1). The network adds (4, 9) to the
    # first two and (4, 0) to the third: (5, 8), (5, 8), (3, 1) become (-1, 1), (-1, 1), (1, -1); then gain and bias.
    expected = np.array([[[8.0, 23.0], [8.0, 23.0], [12.0, 17.0]]])
    checks.expect_close(layer(x), expected, "EncoderLayer(2, 1, 1)(x), calculated by hand", ENCODER_STEPS)


def make_encoder_layer(phase4, gen, dropout=0.0):
    layer = phase4.EncoderLayer(D, H, D_FF, dropout)
    randomise(layer, gen, oracle.layer_shapes("encoder", D, D_FF), ENCODER)
    return layer.eval()  # what dropout does has tests of its own


@pytest.mark.task("EncoderLayer")
@pytest.mark.holds("One layer of the encoder", "Run the layer: ``x`` and the result are ``(B, L_src")
@pytest.mark.core
def test_encoder_layer_is_attention_then_feed_forward_each_added_and_normed(phase4, gen):
    layer = make_encoder_layer(phase4, gen)
    x = normal(gen, B, L_SRC, D)
    expected = oracle.encoder_layer(array(x), weights_of(layer), H)
    checks.expect_close(layer(x), expected, f"{ENCODER}(x)", ENCODER_STEPS, dtype=torch.float32)


@pytest.mark.task("EncoderLayer")
@pytest.mark.holds("Every mask is boolean")
@given(gen=generators(), heads=head_sizes(), dims=sizes(3, 2, 5), shape=st.integers(0, 4))
def test_encoder_layer_is_right_at_every_size_and_mask(phase4, gen, heads, dims, shape):
    # a = LN(x + MHA(x, x, x, mask)), out = LN(a + FFN(a))
    num_heads, _, d_model = heads
    batch, length, d_ff = dims
    layer = phase4.EncoderLayer(d_model, num_heads, d_ff, 0.0).double().eval()
    randomise(
        layer, gen, oracle.layer_shapes("encoder", d_model, d_ff), f"EncoderLayer({d_model}, {num_heads}, {d_ff})"
    )
    x = normal(gen, batch, length, d_model, dtype=torch.float64)
    mask = masks(gen, batch, num_heads, length, length)[shape]
    expected = oracle.encoder_layer(array(x), weights_of(layer), num_heads, mask_array(mask))
    label = f"EncoderLayer({d_model}, {num_heads}, {d_ff})(x, mask)"
    checks.expect_close(layer(x, mask), expected, label, "the mask goes to the self-attention as it is")


@pytest.mark.task("EncoderLayer")
def test_encoder_layer_agrees_with_torch_in_value_and_gradient(phase4, gen):
    layer = make_encoder_layer(phase4, gen).double()
    leaves = twin.leaves_of(layer)
    x = leaf(normal(gen, B, L_SRC, D, dtype=torch.float64))
    other = leaf(x)
    mask = random_mask(gen, B, 1, 1, L_SRC)
    output, expected = layer(x, mask), twin.encoder_layer(other, leaves, H, mask)
    label = f"{ENCODER}(x, mask), compared with nn.TransformerEncoderLayer"
    checks.expect_close(output, expected, label, ENCODER_STEPS)
    inputs = {"x": (x, other), **{name: (parameter(layer, name), value) for name, value in leaves.items()}}
    expect_gradients_like(output, expected, inputs, f"{ENCODER}(x, mask)")


@pytest.mark.task("EncoderLayer")
def test_a_masked_position_has_no_influence_and_the_others_have_all(phase4, gen):
    layer = make_encoder_layer(phase4, gen)
    x, mask = normal(gen, B, L_SRC, D), lengths_mask([L_SRC, L_SRC - 2], L_SRC)
    changed = x.clone()
    changed[1, -2:] += 3.0
    expected = oracle.encoder_layer(array(x), weights_of(layer), H, array(mask))
    checks.expect_close(layer(x, mask), expected, f"{ENCODER}(x, mask)", "pass the mask on to the self-attention")
    why = "row 1 masks its last two positions; no other position may notice what stands there"
    got = layer(changed, mask)[1, :-2]
    checks.expect_close(got, expected[1, :-2], "the output at positions that are not masked", why)


@pytest.mark.task("EncoderLayer")
def test_encoder_layer_does_not_know_the_order_of_its_positions(phase4, gen):
    layer = make_encoder_layer(phase4, gen)
    x, order = normal(gen, B, L_SRC, D), torch.randperm(L_SRC, generator=gen)
    expected = oracle.encoder_layer(array(x), weights_of(layer), H)
    why = "without a mask every position sees every other, before and after it: reordering x reorders the output alike"
    checks.expect_close(layer(x[:, order]), expected[:, order], f"{ENCODER} of a reordered x", why)
    why = "a sequence must not depend on its neighbours in the batch"
    checks.expect_close(layer(x[1:]), expected[1:], f"{ENCODER} of the second sequence alone", why)


@pytest.mark.task("EncoderLayer")
@pytest.mark.holds(
    "joined to the residual stream by its own", "self_attention: ", "feed_forward: ", "add_norm1: ", "add_norm2: "
)
def test_encoder_layer_has_two_sublayers_and_two_norms(phase4, gen):
    layer = make_encoder_layer(phase4, gen)
    contract.expect_parameters(layer, oracle.layer_shapes("encoder", D, D_FF), ENCODER)
    count = sum(value.numel() for _, value in layer.named_parameters())
    by_hand = 4 * D * D + 4 * D + 2 * D * D_FF + D_FF + D + 4 * D
    checks.expect_same(count, by_hand, f"the number of parameters of {ENCODER}")
    # With the attention silenced, what is left shows which norm stands where.
    state = {name: value * 0 if "attention" in name else value for name, value in layer.state_dict().items()}
    layer.load_state_dict(state)
    x = normal(gen, B, L_TGT, D)
    expected = oracle.encoder_layer(array(x), weights_of(layer), H)
    why = "add_norm1 follows the self-attention, add_norm2 the feed-forward network"
    checks.expect_close(layer(x), expected, f"{ENCODER}(x) with attention weights of zero", why)


@pytest.mark.task("EncoderLayer")
def test_encoder_layer_drops_out_what_each_sublayer_adds(phase4, gen):
    x = normal(gen, B, L_TGT, D)
    layer = make_encoder_layer(phase4, gen, dropout=1.0).train()
    weights = weights_of(layer)
    once = oracle.add_and_norm(array(x), 0.0, oracle.part(weights, "add_norm1"))
    twice = oracle.add_and_norm(once, 0.0, oracle.part(weights, "add_norm2"))
    why = "give `dropout` to both AddAndNorm: at 1.0 nothing but x comes through the two norms"
    checks.expect_close(layer(x), twice, f"{ENCODER[:-1]}, dropout=1.0)(x) in training mode", why)
    why = "in evaluation mode nothing is dropped"
    expected = oracle.encoder_layer(array(x), weights, H)
    checks.expect_close(layer.eval()(x), expected, f"{ENCODER[:-1]}, dropout=1.0)(x) in evaluation mode", why)
    layer = make_encoder_layer(phase4, gen, dropout=0.0).train()
    expected = oracle.encoder_layer(array(x), weights_of(layer), H)
    why = "give `dropout` to both AddAndNorm: at 0 training mode is exact"
    checks.expect_close(layer(x), expected, f"{ENCODER[:-1]}, dropout=0.0)(x) in training mode", why)


@pytest.mark.task("EncoderLayer")
@pytest.mark.holds("``dropout`` is for the output")
@pytest.mark.parametrize("given_dropout", [None, 0.37])
def test_encoder_layer_uses_the_dropout_it_is_given(phase4, gen, given_dropout):
    # in training LN(x + Dropout_p(sublayer)), in evaluation LN(x + sublayer)
    layer = phase4.EncoderLayer(D, H, D_FF, *[] if given_dropout is None else [given_dropout])
    for name in ("add_norm1", "add_norm2"):
        why = "the default is 0.1, the paper's P_drop (5.4)" if given_dropout is None else "pass `dropout` on"
        checks.expect_number(parameter(layer, name).dropout.p, given_dropout or 0.1, f"the dropout of {name}", why)
    randomise(layer, gen, oracle.layer_shapes("encoder", D, D_FF), ENCODER)
    x = normal(gen, B, L_TGT, D)
    expected = oracle.encoder_layer(array(x), weights_of(layer), H)
    checks.expect_close(layer.eval()(x), expected, f"{ENCODER}(x) in evaluation mode")


@pytest.mark.task("EncoderLayer")
def test_encoder_layer_faces_other_devices_dtypes_and_odd_layouts(phase4, in_guest, gen):
    layer = make_encoder_layer(phase4, gen)
    x, mask = normal(gen, B, L_SRC, D), random_mask(gen, B, 1, L_SRC, L_SRC)
    expected = oracle.encoder_layer(array(x), weights_of(layer), H, array(mask))
    contract.odd_memory_layout(layer, [x, mask], expected, f"{ENCODER}(x, mask)")
    contract.float64_in_and_out(layer.double(), [x.double(), mask], expected, f"{ENCODER}(x, mask)")
    contract.follows_the_device(in_guest, layer, (x.double(), mask), f"{ENCODER}(x, mask)")
    contract.answers_in_bfloat16(layer.bfloat16(), [x, mask], f"{ENCODER}(x, mask)")
    contract.on_meta(layer.float().to("meta"), [x, mask], (B, L_SRC, D), f"{ENCODER}(x, mask)")


@pytest.mark.task("EncoderLayer")
def test_encoder_layer_faces_copies_and_unchanged_inputs(phase4, gen):
    layer, fresh = make_encoder_layer(phase4, gen, 0.3).eval(), make_encoder_layer(phase4, gen, 0.3).eval()
    x, mask = normal(gen, B, L_SRC, D), random_mask(gen, B, 1, 1, L_SRC)
    expected = oracle.encoder_layer(array(x), weights_of(layer), H, array(mask))
    contract.inputs_unchanged(layer, [x, mask], expected, f"{ENCODER}(x, mask)")
    contract.copies_behave_alike(layer, fresh, [x, mask], expected, f"{ENCODER}(x, mask)")


# -- DecoderLayer -------------------------------------------------------------------------------------------


@pytest.mark.task("DecoderLayer")
def test_decoder_layer_of_two_features_calculated_by_hand(phase4):
    layer, parts = phase4.DecoderLayer(2, 1, 1, 0.0).eval(), {"self_attention": MEAN, "cross_attention": MEAN}
    load_by_hand(layer, "DecoderLayer(2, 1, 1)", **parts, feed_forward=TURNS, add_norm3=LAST)
    x, memory = torch.tensor([[[0.0, 10.0], [110.0, 0.0]]]), torch.tensor([[[0.0, 0.0], [0.0, 8.0]]])
    memory_mask = torch.tensor([[True, False], [True, True]])[None, None]  # position 0 sees memory 0 alone
    # The norm of two features is (-1, 1) or (1, -1). Self-attention adds the mean (55, 5): both become (1, -1).
    # Cross-attention adds (0, 0) to the first and (0, 4) to the second: (1, -1) and (-1, 1). The network adds (4, 9)
    # and (4, 0): (5, 8) and (3, 1) become (-1, 1) and (1, -1); then gain and bias.
    got, expected = layer(x, memory, None, memory_mask), np.array([[[8.0, 23.0], [12.0, 17.0]]])
    label = "DecoderLayer(2, 1, 1)(x, memory, None, memory_mask), calculated by hand"
    checks.expect_close(got, expected, label, DECODER_STEPS)


def make_decoder_layer(phase4, gen, dropout=0.0):
    layer = phase4.DecoderLayer(D, H, D_FF, dropout)
    randomise(layer, gen, oracle.layer_shapes("decoder", D, D_FF), DECODER)
    return layer.eval()  # what dropout does has tests of its own


@pytest.mark.task("DecoderLayer")
@pytest.mark.holds(
    "One layer of the decoder", "Run the layer: ``x`` and the result are ``(B, L_tgt", "self_attention: "
)
@pytest.mark.core
def test_decoder_layer_attends_to_itself_then_to_the_memory_then_feeds_forward(phase4, gen):
    layer = make_decoder_layer(phase4, gen)
    x, memory = normal(gen, B, L_TGT, D), normal(gen, B, L_SRC, D)
    expected = oracle.decoder_layer(array(x), array(memory), weights_of(layer), H)
    checks.expect_close(layer(x, memory), expected, f"{DECODER}(x, memory)", DECODER_STEPS, dtype=torch.float32)


@pytest.mark.task("DecoderLayer")
@given(gen=generators(), heads=head_sizes(), dims=sizes(4, 2, 6), shapes=st.tuples(*[st.integers(0, 4)] * 2))
def test_decoder_layer_is_right_at_every_size_and_mask(phase4, gen, heads, dims, shapes):
    # a = LN(x + MHA(x, x, x, self_mask)), b = LN(a + MHA(a, m, m, memory_mask)), out = LN(b + FFN(b))
    num_heads, _, d_model = heads
    batch, len_tgt, len_src, d_ff = dims
    layer = phase4.DecoderLayer(d_model, num_heads, d_ff, 0.0).double().eval()
    randomise(
        layer, gen, oracle.layer_shapes("decoder", d_model, d_ff), f"DecoderLayer({d_model}, {num_heads}, {d_ff})"
    )
    x = normal(gen, batch, len_tgt, d_model, dtype=torch.float64)
    memory = normal(gen, batch, len_src, d_model, dtype=torch.float64)
    self_mask = masks(gen, batch, num_heads, len_tgt, len_tgt)[shapes[0]]
    memory_mask = masks(gen, batch, num_heads, len_tgt, len_src)[shapes[1]]
    expected = oracle.decoder_layer(
        array(x), array(memory), weights_of(layer), num_heads, mask_array(self_mask), mask_array(memory_mask)
    )
    label = f"DecoderLayer({d_model}, {num_heads}, {d_ff})(x, memory, self_mask, memory_mask)"
    why = "self_mask goes to the self-attention, memory_mask to the cross-attention"
    checks.expect_close(layer(x, memory, self_mask, memory_mask), expected, label, why)


@pytest.mark.task("DecoderLayer")
def test_decoder_layer_agrees_with_torch_in_value_and_gradient(phase4, gen):
    layer = make_decoder_layer(phase4, gen).double()
    leaves = twin.leaves_of(layer)
    x = leaf(normal(gen, B, L_TGT, D, dtype=torch.float64))
    memory = leaf(normal(gen, B, L_SRC, D, dtype=torch.float64))
    other_x, other_memory = leaf(x), leaf(memory)
    self_mask, memory_mask = causal(L_TGT), random_mask(gen, B, 1, 1, L_SRC)
    output = layer(x, memory, self_mask, memory_mask)
    expected = twin.decoder_layer(other_x, other_memory, leaves, H, self_mask, memory_mask)
    label = f"{DECODER}(x, memory, self_mask, memory_mask)"
    checks.expect_close(output, expected, f"{label}, compared with nn.TransformerDecoderLayer", DECODER_STEPS)
    inputs = {"x": (x, other_x), "memory": (memory, other_memory)}
    inputs.update({name: (parameter(layer, name), value) for name, value in leaves.items()})
    expect_gradients_like(output, expected, inputs, label)


@pytest.mark.task("DecoderLayer")
def test_nothing_leaks_from_the_future_through_a_causal_mask(phase4, gen):
    layer = make_decoder_layer(phase4, gen).double()
    x, memory = normal(gen, B, L_TGT, D, dtype=torch.float64), normal(gen, B, L_SRC, D, dtype=torch.float64)
    expected = oracle.decoder_layer(array(x), array(memory), weights_of(layer), H, array(causal(L_TGT)))
    why = "self_mask goes to the self-attention; the queries of the cross-attention come from x, not from the memory"
    for t in range(L_TGT):
        changed = torch.cat([x[:, : t + 1], x[:, t + 1 :] + normal(gen, B, L_TGT - t - 1, D, scale=3.0)], dim=1)
        got = layer(changed, memory, causal(L_TGT))
        checks.expect_shape(got, x.shape, f"{DECODER}(x, memory, self_mask)")
        label = f"the output at positions 0 to {t}, after x changed behind them,"
        checks.expect_close(got[:, : t + 1], expected[:, : t + 1], label, why)


@pytest.mark.task("DecoderLayer")
def test_masked_memory_has_no_influence_however_much_of_it_there_is(phase4, gen):
    layer = make_decoder_layer(phase4, gen)
    x, memory = normal(gen, B, L_TGT, D), normal(gen, B, L_SRC, D)
    expected = oracle.decoder_layer(array(x), array(memory), weights_of(layer), H, array(causal(L_TGT)))
    why = "memory_mask goes to the cross-attention, where keys and values both come from the memory"
    for extra in (1, 4):
        padded = torch.cat([memory, normal(gen, B, extra, D, scale=3.0)], dim=1)
        mask = lengths_mask([L_SRC] * B, L_SRC + extra)
        label = f"{DECODER}(x, memory, ...) with {extra} masked position(s) added to the memory"
        checks.expect_close(layer(x, padded, causal(L_TGT), mask), expected, label, why)


@pytest.mark.task("DecoderLayer")
@pytest.mark.holds("the decoder asks and the encoder answers", "cross_attention: ")
def test_the_memory_is_a_set_of_keys_with_their_values(phase4, gen):
    layer = make_decoder_layer(phase4, gen)
    x, memory = normal(gen, B, L_TGT, D), normal(gen, B, L_SRC, D)
    expected = oracle.decoder_layer(array(x), array(memory), weights_of(layer), H)
    order = torch.randperm(L_SRC, generator=gen)
    why = "the decoder asks (queries from x), the memory answers (keys and values): its order must not matter"
    checks.expect_close(layer(x, memory[:, order]), expected, f"{DECODER}(x, memory) with the memory reordered", why)
    alone = memory[:, 3:4]
    expected = oracle.decoder_layer(array(x), array(alone), weights_of(layer), H)
    checks.expect_close(layer(x, alone), expected, f"{DECODER}(x, memory) with one position of memory", why)


@pytest.mark.task("DecoderLayer")
@pytest.mark.holds(
    "joined to the residual stream by its own", "feed_forward: ", "add_norm1: ", "add_norm2: ", "add_norm3: "
)
def test_decoder_layer_has_three_sublayers_and_three_norms(phase4, gen):
    layer = make_decoder_layer(phase4, gen)
    contract.expect_parameters(layer, oracle.layer_shapes("decoder", D, D_FF), DECODER)
    count = sum(value.numel() for _, value in layer.named_parameters())
    by_hand = 8 * D * D + 8 * D + 2 * D * D_FF + D_FF + D + 6 * D
    checks.expect_same(count, by_hand, f"the number of parameters of {DECODER}")
    # With all attention silenced, what is left shows which norm stands where.
    state = {name: value * 0 if "attention" in name else value for name, value in layer.state_dict().items()}
    layer.load_state_dict(state)
    x, memory = normal(gen, B, L_TGT, D), normal(gen, B, L_SRC, D)
    expected = oracle.decoder_layer(array(x), array(memory), weights_of(layer), H)
    why = "add_norm1 follows the self-attention, add_norm2 the cross-attention, add_norm3 the feed-forward network"
    checks.expect_close(layer(x, memory), expected, f"{DECODER}(x, memory) with attention weights of zero", why)


@pytest.mark.task("DecoderLayer")
def test_decoder_layer_drops_out_what_each_sublayer_adds(phase4, gen):
    x, memory = normal(gen, B, L_TGT, D), normal(gen, B, L_SRC, D)
    layer = make_decoder_layer(phase4, gen, dropout=1.0).train()
    weights, expected = weights_of(layer), array(x)
    for name in ("add_norm1", "add_norm2", "add_norm3"):
        expected = oracle.add_and_norm(expected, 0.0, oracle.part(weights, name))
    why = "give `dropout` to all three AddAndNorm: at 1.0 nothing but x comes through the three norms"
    checks.expect_close(layer(x, memory), expected, f"{DECODER[:-1]}, dropout=1.0)(x, memory) in training mode", why)
    expected = oracle.decoder_layer(array(x), array(memory), weights, H)
    label = f"{DECODER[:-1]}, dropout=1.0)(x, memory) in evaluation mode"
    checks.expect_close(layer.eval()(x, memory), expected, label, "in evaluation mode nothing is dropped")
    layer = make_decoder_layer(phase4, gen, dropout=0.0).train()
    expected = oracle.decoder_layer(array(x), array(memory), weights_of(layer), H)
    why = "give `dropout` to all three AddAndNorm: at 0 training mode is exact"
    checks.expect_close(layer(x, memory), expected, f"{DECODER[:-1]}, dropout=0.0)(x, memory) in training mode", why)


@pytest.mark.task("DecoderLayer")
@pytest.mark.holds("``dropout`` is for the output")
@pytest.mark.parametrize("given_dropout", [None, 0.37])
def test_decoder_layer_uses_the_dropout_it_is_given(phase4, gen, given_dropout):
    # in training LN(x + Dropout_p(sublayer)), in evaluation LN(x + sublayer)
    layer = phase4.DecoderLayer(D, H, D_FF, *[] if given_dropout is None else [given_dropout])
    for name in ("add_norm1", "add_norm2", "add_norm3"):
        why = "the default is 0.1, the paper's P_drop (5.4)" if given_dropout is None else "pass `dropout` on"
        checks.expect_number(parameter(layer, name).dropout.p, given_dropout or 0.1, f"the dropout of {name}", why)
    randomise(layer, gen, oracle.layer_shapes("decoder", D, D_FF), DECODER)
    x, memory = normal(gen, B, L_TGT, D), normal(gen, B, L_SRC, D)
    expected = oracle.decoder_layer(array(x), array(memory), weights_of(layer), H)
    checks.expect_close(layer.eval()(x, memory), expected, f"{DECODER}(x, memory) in evaluation mode")


@pytest.mark.task("DecoderLayer")
def test_decoder_layer_faces_other_devices_dtypes_and_odd_layouts(phase4, in_guest, gen):
    layer = make_decoder_layer(phase4, gen)
    x, memory = normal(gen, B, L_TGT, D), normal(gen, B, L_SRC, D)
    self_mask, memory_mask = random_mask(gen, B, 1, L_TGT, L_TGT), random_mask(gen, B, 1, 1, L_SRC)
    inputs = [x, memory, self_mask, memory_mask]
    label = f"{DECODER}(x, memory, self_mask, memory_mask)"
    expected = decoder_formula(layer, *inputs)
    contract.odd_memory_layout(layer, inputs, expected, label)
    checks.expect_close(layer(non_contiguous(x), *inputs[1:]), expected, f"{label} for a non-contiguous x")
    doubles = [x.double(), memory.double(), self_mask, memory_mask]
    contract.float64_in_and_out(layer.double(), doubles, expected, label)
    contract.follows_the_device(in_guest, layer, doubles, label)
    contract.answers_in_bfloat16(layer.bfloat16(), inputs, label)
    contract.on_meta(layer.float().to("meta"), inputs, (B, L_TGT, D), label)


@pytest.mark.task("DecoderLayer")
def test_decoder_layer_faces_copies_and_unchanged_inputs(phase4, gen):
    layer, fresh = make_decoder_layer(phase4, gen, 0.3).eval(), make_decoder_layer(phase4, gen, 0.3).eval()
    inputs = [normal(gen, B, L_TGT, D), normal(gen, B, L_SRC, D), causal(L_TGT), random_mask(gen, B, 1, 1, L_SRC)]
    label = f"{DECODER}(x, memory, self_mask, memory_mask)"
    expected = decoder_formula(layer, *inputs)
    contract.inputs_unchanged(layer, inputs, expected, label)
    contract.copies_behave_alike(layer, fresh, inputs, expected, label)
    why = "the layer must keep nothing from one call to the next: another memory gives another answer"
    other = normal(gen, B, L_SRC, D)
    expected = decoder_formula(layer, inputs[0], other, *inputs[2:])
    checks.expect_close(layer(inputs[0], other, *inputs[2:]), expected, f"{label} with another memory", why)

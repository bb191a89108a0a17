"""Phase 4: the stacks of encoder and decoder layers (paper 3.1).

Most expected values here come from single layers of the submission itself, chained by the test: a stack is
right if it chains its layers rightly. Without the formula, in the tests marked ``core``, no stack earns anything.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.oracles import torch_transformer as twin
from tests.oracles import transformer as oracle
from tests.support import checks, contract
from tests.support.inputs import array, leaf, normal, randomise, told_state, weights_of
from tests.support.phase4 import (
    causal,
    expect_gradients_like,
    expect_registered,
    expect_right,
    expect_working,
    lengths_mask,
    load_by_hand,
    masks,
    parameter,
    part_of,
    random_mask,
)
from tests.support.strategies import few, generators, head_sizes, sizes

# Pairwise distinct: batch, layers = heads - 1, heads, target length, hidden width, source length, d_model.
B, N, H, L_TGT, D_FF, L_SRC, D = 2, 3, 4, 5, 7, 9, 8
ENCODER = f"Encoder({N}, {D}, {H}, {D_FF})"
DECODER = f"Decoder({N}, {D}, {H}, {D_FF})"
CHAIN = "layers[0] comes first, each later one takes the output of the one before, and nothing comes after the last"


# Gain and bias of the last norm in a layer: two features are (-1, 1) or (1, -1) before them.
MINUS_TWO = {"norm.weight": [-2.0, -2.0]}
LAST = {"norm.weight": [5.0, 7.0], "norm.bias": [10.0, 20.0]}


def chain(kind, state, sizes, x, *context, dropout=0.0):
    """Single layers of the submission with a stack's weights, one after the other.

    Args:
        kind: the submission's EncoderLayer or DecoderLayer.
        state: the stack's state dict.
        sizes: number of layers, d_model, num_heads, d_ff.
        x: what goes into the first layer.
        context: memory and masks, for every layer the same.
        dropout: of every layer, all in training mode if it is not 0.
    """
    num_layers, *others = sizes
    name = "EncoderLayer" if len(context) < 2 else "DecoderLayer"
    for number in range(num_layers):
        layer = kind(*others, dropout).train(dropout > 0).to(x.dtype)
        layer.load_state_dict(part_of(state, f"layers.{number}"))
        y = layer(x, *context)
        expect_working(y, x, name, acts=dropout == 0)  # at dropout 1 little is left to do
        x = y.detach()
    return x


def layers_of(stack):
    """The weights of a stack's layers, for an oracle."""
    return {name: value for name, value in weights_of(stack).items() if name.startswith("layers.")}


# -- Encoder ------------------------------------------------------------------------------------------------


@pytest.mark.task("Encoder")
def test_two_encoder_layers_that_do_nothing_but_normalise(phase4):
    stack, label = phase4.Encoder(2, 2, 1, 1, 0.0), "Encoder(2, 2, 1, 1)"
    load_by_hand(stack, label, **{"layers.0.add_norm2": MINUS_TWO, "layers.1.add_norm2": LAST})
    # Layer 0 makes (-1, 1) of (1, 3), and (2, -2) with its gain; layer 1 makes (1, -1) of that, then (15, 13).
    got, expected = stack(torch.tensor([[[1.0, 3.0]]])), np.array([[[15.0, 13.0]]])
    checks.expect_close(got, expected, f"{label}(x), calculated by hand", CHAIN)


def make_encoder(phase4, gen, dropout=0.0):
    stack = phase4.Encoder(N, D, H, D_FF, dropout)
    expect_registered(stack.state_dict(), [f"layers.{number}" for number in range(N)], ENCODER)
    randomise(stack, gen, oracle.stack_shapes("encoder", N, D, D_FF), ENCODER)
    return stack


def chain_encoder(phase4, stack, x, mask=None, dropout=0.0):
    return chain(phase4.EncoderLayer, stack.state_dict(), (N, D, H, D_FF), x, mask, dropout=dropout)


@pytest.mark.task("Encoder")
@pytest.mark.holds("A stack of encoder layers", "no further normalisation")
@pytest.mark.core
def test_encoder_runs_its_layers_one_after_the_other(phase4, gen):
    stack = make_encoder(phase4, gen)
    x = normal(gen, B, L_SRC, D)
    got, expected = stack(x), oracle.encoder(array(x), layers_of(stack), H)
    expect_right(chain_encoder(phase4, stack, x), expected, "EncoderLayer")
    checks.expect_close(got, expected, f"{ENCODER}(x)", CHAIN, tolerance=1e-4)


@pytest.mark.task("Encoder")
@few
@given(gen=generators(), heads=head_sizes(2, 4), dims=sizes(4, 1, 5), shape=st.integers(0, 4))
def test_encoder_is_right_at_every_size_and_mask(phase4, gen, heads, dims, shape):
    # out = layer_N(... layer_1(x, mask) ..., mask)
    num_heads, _, d_model = heads
    num_layers, batch, length, d_ff = dims
    sizes = (num_layers, d_model, num_heads, d_ff)
    stack = phase4.Encoder(*sizes, 0.0).double()
    expect_registered(stack.state_dict(), ["layers.0"], "Encoder")
    randomise(stack, gen, oracle.stack_shapes("encoder", num_layers, d_model, d_ff), "Encoder")
    x = normal(gen, batch, length, d_model, dtype=torch.float64)
    mask = masks(gen, batch, num_heads, length, length)[shape]
    expected = chain(phase4.EncoderLayer, stack.state_dict(), sizes, x, mask)
    label = f"Encoder({num_layers}, {d_model}, {num_heads}, {d_ff})(x, mask)"
    checks.expect_close(stack(x, mask), expected, label, "every layer gets the same mask")


@pytest.mark.task("Encoder")
def test_encoder_agrees_with_torch_in_value_and_gradient(phase4, gen):
    stack = make_encoder(phase4, gen).double()
    leaves = twin.leaves_of(stack)
    x = leaf(normal(gen, B, L_SRC, D, dtype=torch.float64))
    other, mask = leaf(x), random_mask(gen, B, 1, 1, L_SRC)
    output, expected = stack(x, mask), twin.encoder(other, leaves, H, mask)
    label = f"{ENCODER}(x, mask)"
    checks.expect_close(output, expected, f"{label}, compared with nn.TransformerEncoder", CHAIN)
    inputs = {"x": (x, other), **{name: (parameter(stack, name), value) for name, value in leaves.items()}}
    expect_gradients_like(output, expected, inputs, label, "every layer takes part, and no .detach() between them")


@pytest.mark.task("Encoder")
def test_encoder_is_the_formula_and_reads_in_both_directions(phase4, gen):
    stack = make_encoder(phase4, gen)
    x = normal(gen, B, L_SRC, D)
    changed = x.clone()
    changed[:, -1] += 3.0
    for given_x, what in ((x, "x"), (changed, "x with another last position")):
        expected = oracle.encoder(array(given_x), weights_of(stack), H)
        why = "the encoder has no causal mask of its own: the first output depends on the last input"
        checks.expect_close(stack(given_x), expected, f"{ENCODER}({what})", why)


@pytest.mark.task("Encoder")
@pytest.mark.holds("every one with the same mask")
def test_a_masked_position_stays_masked_in_every_layer(phase4, gen):
    stack = make_encoder(phase4, gen)
    x, mask = normal(gen, B, L_SRC, D), lengths_mask([L_SRC, L_SRC - 3], L_SRC)
    changed = x.clone()
    changed[1, -3:] += 3.0
    expected = chain_encoder(phase4, stack, x, mask)
    checks.expect_close(stack(x, mask), expected, f"{ENCODER}(x, mask)", "pass the mask to every layer")
    got = stack(changed, mask)[1, :-3]
    why = "row 1 masks its last three positions: what stands there must not show at the others"
    checks.expect_close(got, expected[1, :-3], "the output at positions that are not masked", why)


@pytest.mark.task("Encoder")
@pytest.mark.holds("layers: ", "Create the layers")
def test_the_layers_of_the_encoder_are_registered_and_independent(phase4, gen):
    stack = make_encoder(phase4, gen)
    contract.expect_parameters(stack, oracle.stack_shapes("encoder", N, D, D_FF), ENCODER)
    count = sum(value.numel() for _, value in stack.named_parameters())
    expected = N * (4 * D * D + 4 * D + 2 * D * D_FF + D_FF + D + 4 * D)
    checks.expect_same(count, expected, f"the number of parameters of {ENCODER}")
    expect_layers_independent(stack, gen, ENCODER)
    x = normal(gen, B, L_TGT, D)
    checks.expect_close(stack(x), chain_encoder(phase4, stack, x), f"{ENCODER}(x)", CHAIN)


def expect_layers_independent(stack, gen, label):
    """Values loaded into one layer stay in that layer."""
    found = told_state(stack)
    state = {name: normal(gen, *found[name].shape) for name in sorted(found)}
    stack.load_state_dict(state)
    after = stack.state_dict()
    why = "make a new layer for each place: [layer] * N is the same layer N times"
    for name, value in state.items():
        checks.expect_close(after[name], value, f"{name} of {label} after loading a state dict", why)


@pytest.mark.task("Encoder")
@pytest.mark.parametrize("dropout", [0.0, 1.0])
def test_encoder_passes_its_dropout_to_every_layer(phase4, gen, dropout):
    stack = make_encoder(phase4, gen, dropout).train()
    x = normal(gen, B, L_SRC, D)
    expected = chain_encoder(phase4, stack, x, dropout=dropout)
    label = f"{ENCODER[:-1]}, dropout={dropout})(x) in training mode"
    checks.expect_close(stack(x), expected, label, f"give `dropout` to every layer: at {dropout:g} nothing is random")


@pytest.mark.task("Encoder")
def test_encoder_switches_every_layer_to_evaluation_and_back(phase4, gen):
    stack = make_encoder(phase4, gen, 0.5)
    x = normal(gen, B, L_SRC, D)
    why = "eval() and train() must reach the layers: they belong in an nn.ModuleList, and dropout obeys its module"
    got = stack.eval()(x)
    checks.expect_close(got, chain_encoder(phase4, stack, x), f"{ENCODER[:-1]}, 0.5)(x) in evaluation mode", why)
    first, second = stack.train()(x).detach(), stack(x).detach()
    moved = min(float((first - got.detach()).abs().max()), float((first - second).abs().max()))
    checks.expect_that(moved > 1e-3, f"{ENCODER[:-1]}, 0.5)(x) is not random in training mode", why)
    default = phase4.Encoder(2, D, H, D_FF)
    for name in ("layers.0.add_norm1", "layers.1.add_norm2"):
        checks.expect_number(parameter(default, name).dropout.p, 0.1, f"the default dropout of {name}")


@pytest.mark.task("Encoder")
def test_encoder_faces_other_devices_dtypes_and_odd_layouts(phase4, in_guest, gen):
    stack = make_encoder(phase4, gen).double()
    x, mask = normal(gen, B, L_SRC, D, dtype=torch.float64), random_mask(gen, B, 1, L_SRC, L_SRC)
    expected = chain_encoder(phase4, stack, x, mask)
    contract.float64_in_and_out(stack, [x, mask], expected, f"{ENCODER}(x, mask)")
    contract.odd_memory_layout(stack, [x, mask], expected, f"{ENCODER}(x, mask)")
    contract.follows_the_device(in_guest, stack, (x, mask), f"{ENCODER}(x, mask)")
    contract.answers_in_bfloat16(stack.bfloat16(), [x, mask], f"{ENCODER}(x, mask)")
    contract.on_meta(stack.double().to("meta"), [x, mask], (B, L_SRC, D), f"{ENCODER}(x, mask)")


@pytest.mark.task("Encoder")
def test_encoder_faces_copies_and_unchanged_inputs(phase4, gen):
    stack, fresh = make_encoder(phase4, gen, 0.3).eval(), make_encoder(phase4, gen, 0.3).eval()
    x, mask = normal(gen, B, L_SRC, D), random_mask(gen, B, 1, 1, L_SRC)
    expected = chain_encoder(phase4, stack, x, mask)
    contract.inputs_unchanged(stack, [x, mask], expected, f"{ENCODER}(x, mask)")
    contract.copies_behave_alike(stack, fresh, [x, mask], expected, f"{ENCODER}(x, mask)")


# -- Decoder ------------------------------------------------------------------------------------------------


@pytest.mark.task("Decoder")
def test_two_decoder_layers_that_add_the_memory_and_normalise(phase4):
    stack, label = phase4.Decoder(2, 2, 1, 1, 0.0), "Decoder(2, 2, 1, 1)"
    mean = {"w_v.weight": [[1.0, 0.0], [0.0, 1.0]], "w_o.weight": [[1.0, 0.0], [0.0, 1.0]]}
    reads = {f"layers.{number}.cross_attention": mean for number in (0, 1)}
    load_by_hand(stack, label, **reads, **{"layers.0.add_norm3": MINUS_TWO, "layers.1.add_norm3": LAST})
    # Layer 0 makes (1, -1) of (3, 1) and adds the memory: (1, 3) and (5, -1) become (-1, 1) and (1, -1), with its gain
    # (2, -2) and (-2, 2). Layer 1 makes (1, -1) and (-1, 1) of them and adds the memory: (1, 3) and (3, 1); then gain
    # and bias.
    got = stack(torch.tensor([[[3.0, 1.0]], [[3.0, 1.0]]]), torch.tensor([[[0.0, 4.0]], [[4.0, 0.0]]]))
    why = f"{CHAIN}; all see the same memory"
    checks.expect_close(got, np.array([[[5.0, 27.0]], [[15.0, 13.0]]]), f"{label}(x, memory), calculated by hand", why)


def make_decoder(phase4, gen, dropout=0.0):
    stack = phase4.Decoder(N, D, H, D_FF, dropout)
    expect_registered(stack.state_dict(), [f"layers.{number}" for number in range(N)], DECODER)
    randomise(stack, gen, oracle.stack_shapes("decoder", N, D, D_FF), DECODER)
    return stack


def chain_decoder(phase4, stack, x, memory, self_mask=None, memory_mask=None, dropout=0.0):
    context = (memory, self_mask, memory_mask)
    return chain(phase4.DecoderLayer, stack.state_dict(), (N, D, H, D_FF), x, *context, dropout=dropout)


@pytest.mark.task("Decoder")
@pytest.mark.holds("A stack of decoder layers", "no further normalisation")
@pytest.mark.core
def test_decoder_runs_its_layers_one_after_the_other_over_one_memory(phase4, gen):
    stack = make_decoder(phase4, gen)
    x, memory = normal(gen, B, L_TGT, D), normal(gen, B, L_SRC, D)
    got, expected = stack(x, memory), oracle.decoder(array(x), array(memory), layers_of(stack), H)
    expect_right(chain_decoder(phase4, stack, x, memory), expected, "DecoderLayer")
    checks.expect_close(got, expected, f"{DECODER}(x, memory)", f"{CHAIN}; all see the same memory", tolerance=1e-4)


@pytest.mark.task("Decoder")
@few
@given(gen=generators(), heads=head_sizes(2, 4), dims=sizes(5, 1, 6), shapes=st.tuples(*[st.integers(0, 4)] * 2))
def test_decoder_is_right_at_every_size_and_mask(phase4, gen, heads, dims, shapes):
    # out = layer_N(... layer_1(x, m, self_mask, memory_mask) ..., m, self_mask, memory_mask)
    num_heads, _, d_model = heads
    batch, num_layers, d_ff, len_tgt, len_src = dims
    sizes = (num_layers, d_model, num_heads, d_ff)
    stack = phase4.Decoder(*sizes, 0.0).double()
    expect_registered(stack.state_dict(), ["layers.0"], "Decoder")
    randomise(stack, gen, oracle.stack_shapes("decoder", num_layers, d_model, d_ff), "Decoder")
    x = normal(gen, batch, len_tgt, d_model, dtype=torch.float64)
    memory = normal(gen, batch, len_src, d_model, dtype=torch.float64)
    self_mask = masks(gen, batch, num_heads, len_tgt, len_tgt)[shapes[0]]
    memory_mask = masks(gen, batch, num_heads, len_tgt, len_src)[shapes[1]]
    expected = chain(phase4.DecoderLayer, stack.state_dict(), sizes, x, memory, self_mask, memory_mask)
    label = f"Decoder({num_layers}, {d_model}, {num_heads}, {d_ff})(x, memory, self_mask, memory_mask)"
    why = "every layer gets the memory, self_mask and memory_mask, in this order"
    checks.expect_close(stack(x, memory, self_mask, memory_mask), expected, label, why)


@pytest.mark.task("Decoder")
def test_decoder_agrees_with_torch_in_value_and_gradient(phase4, gen):
    stack = make_decoder(phase4, gen).double()
    leaves = twin.leaves_of(stack)
    x = leaf(normal(gen, B, L_TGT, D, dtype=torch.float64))
    memory = leaf(normal(gen, B, L_SRC, D, dtype=torch.float64))
    other_x, other_memory, memory_mask = leaf(x), leaf(memory), random_mask(gen, B, 1, 1, L_SRC)
    output = stack(x, memory, causal(L_TGT), memory_mask)
    expected = twin.decoder(other_x, other_memory, leaves, H, causal(L_TGT), memory_mask)
    label = f"{DECODER}(x, memory, self_mask, memory_mask)"
    checks.expect_close(output, expected, f"{label}, compared with nn.TransformerDecoder", CHAIN)
    inputs = {"x": (x, other_x), "memory": (memory, other_memory)}
    inputs.update({name: (parameter(stack, name), value) for name, value in leaves.items()})
    why = "every layer takes part, every layer sees the memory, and no .detach() between them"
    expect_gradients_like(output, expected, inputs, label, why)


@pytest.mark.task("Decoder")
def test_decoder_is_the_formula_and_no_future_leaks_through_its_layers(phase4, gen):
    stack = make_decoder(phase4, gen).double()
    x, memory = normal(gen, B, L_TGT, D, dtype=torch.float64), normal(gen, B, L_SRC, D, dtype=torch.float64)
    expected = oracle.decoder(array(x), array(memory), weights_of(stack), H, array(causal(L_TGT)))
    why = "every layer gets self_mask; one layer without it is enough to see the future"
    for t in range(L_TGT):
        changed = torch.cat([x[:, : t + 1], x[:, t + 1 :] + normal(gen, B, L_TGT - t - 1, D, scale=3.0)], dim=1)
        got = stack(changed, memory, causal(L_TGT))
        checks.expect_shape(got, x.shape, f"{DECODER}(x, memory, self_mask)")
        label = f"the output at positions 0 to {t}, after x changed behind them,"
        checks.expect_close(got[:, : t + 1], expected[:, : t + 1], label, why)


@pytest.mark.task("Decoder")
@pytest.mark.holds("with the same memory and masks")
def test_masked_memory_has_no_influence_in_any_layer(phase4, gen):
    stack = make_decoder(phase4, gen)
    x, memory = normal(gen, B, L_TGT, D), normal(gen, B, L_SRC, D)
    expected = chain_decoder(phase4, stack, x, memory, causal(L_TGT))
    padded = torch.cat([memory, normal(gen, B, 2, D, scale=3.0)], dim=1)
    got = stack(x, padded, causal(L_TGT), lengths_mask([L_SRC] * B, L_SRC + 2))
    why = "every layer gets memory_mask, for its cross-attention"
    checks.expect_close(got, expected, f"{DECODER}(x, memory, ...) with two masked positions added to the memory", why)


@pytest.mark.task("Decoder")
@pytest.mark.holds("layers: ", "Create the layers")
def test_the_layers_of_the_decoder_are_registered_and_independent(phase4, gen):
    stack = make_decoder(phase4, gen)
    contract.expect_parameters(stack, oracle.stack_shapes("decoder", N, D, D_FF), DECODER)
    count = sum(value.numel() for _, value in stack.named_parameters())
    expected = N * (8 * D * D + 8 * D + 2 * D * D_FF + D_FF + D + 6 * D)
    checks.expect_same(count, expected, f"the number of parameters of {DECODER}")
    expect_layers_independent(stack, gen, DECODER)
    x, memory = normal(gen, B, L_TGT, D), normal(gen, B, L_SRC, D)
    checks.expect_close(stack(x, memory), chain_decoder(phase4, stack, x, memory), f"{DECODER}(x, memory)", CHAIN)


@pytest.mark.task("Decoder")
@pytest.mark.parametrize("dropout", [0.0, 1.0])
def test_decoder_passes_its_dropout_to_every_layer(phase4, gen, dropout):
    stack = make_decoder(phase4, gen, dropout).train()
    x, memory = normal(gen, B, L_TGT, D), normal(gen, B, L_SRC, D)
    expected = chain_decoder(phase4, stack, x, memory, dropout=dropout)
    label = f"{DECODER[:-1]}, dropout={dropout})(x, memory) in training mode"
    why = f"give `dropout` to every layer: at {dropout:g} nothing is random"
    checks.expect_close(stack(x, memory), expected, label, why)


@pytest.mark.task("Decoder")
def test_decoder_switches_every_layer_to_evaluation_and_back(phase4, gen):
    stack = make_decoder(phase4, gen, 0.5)
    x, memory = normal(gen, B, L_TGT, D), normal(gen, B, L_SRC, D)
    why = "eval() and train() must reach the layers: they belong in an nn.ModuleList, and dropout obeys its module"
    got = stack.eval()(x, memory)
    expected = chain_decoder(phase4, stack, x, memory)
    checks.expect_close(got, expected, f"{DECODER[:-1]}, 0.5)(x, memory) in evaluation mode", why)
    first, second = stack.train()(x, memory).detach(), stack(x, memory).detach()
    moved = min(float((first - got.detach()).abs().max()), float((first - second).abs().max()))
    checks.expect_that(moved > 1e-3, f"{DECODER[:-1]}, 0.5)(x, memory) is not random in training mode", why)
    default = phase4.Decoder(2, D, H, D_FF)
    for name in ("layers.0.add_norm1", "layers.0.add_norm2", "layers.1.add_norm3"):
        checks.expect_number(parameter(default, name).dropout.p, 0.1, f"the default dropout of {name}")


@pytest.mark.task("Decoder")
def test_decoder_faces_other_devices_dtypes_and_odd_layouts(phase4, in_guest, gen):
    stack = make_decoder(phase4, gen).double()
    x, memory = normal(gen, B, L_TGT, D, dtype=torch.float64), normal(gen, B, L_SRC, D, dtype=torch.float64)
    inputs = [x, memory, causal(L_TGT), random_mask(gen, B, 1, 1, L_SRC)]
    expected = chain_decoder(phase4, stack, *inputs)
    label = f"{DECODER}(x, memory, self_mask, memory_mask)"
    contract.float64_in_and_out(stack, inputs, expected, label)
    contract.odd_memory_layout(stack, inputs, expected, label)
    contract.follows_the_device(in_guest, stack, inputs, label)
    contract.answers_in_bfloat16(stack.bfloat16(), inputs, label)
    contract.on_meta(stack.double().to("meta"), inputs, (B, L_TGT, D), label)


@pytest.mark.task("Decoder")
def test_decoder_faces_copies_unchanged_inputs_and_other_memories(phase4, gen):
    stack, fresh = make_decoder(phase4, gen, 0.3).eval(), make_decoder(phase4, gen, 0.3).eval()
    inputs = [normal(gen, B, L_TGT, D), normal(gen, B, L_SRC, D), causal(L_TGT), random_mask(gen, B, 1, 1, L_SRC)]
    expected = chain_decoder(phase4, stack, *inputs)
    label = f"{DECODER}(x, memory, self_mask, memory_mask)"
    contract.inputs_unchanged(stack, inputs, expected, label)
    contract.copies_behave_alike(stack, fresh, inputs, expected, label)
    inputs[1] = normal(gen, B, L_SRC, D)
    why = "the decoder must keep nothing from one call to the next: another memory gives another answer"
    checks.expect_close(stack(*inputs), chain_decoder(phase4, stack, *inputs), f"{label} with another memory", why)

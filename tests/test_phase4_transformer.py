"""Phase 4: the whole Transformer, from tokens to logits (paper 3, 3.4, figure 1).

Many expected values come from the submission's own Encoder and Decoder, put together by the test; whether
those are right is judged elsewhere. The NumPy model and torch's stacks judge the whole, in the core test too.
"""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.oracles import torch_transformer as twin
from tests.oracles import transformer as oracle
from tests.oracles.embedding import sinusoidal_encoding
from tests.support import checks, contract
from tests.support.inputs import array, integers, leaf, randomise, weights_of
from tests.support.phase4 import (
    TIED,
    causal,
    expect_gradients_like,
    expect_registered,
    expect_right,
    expect_working,
    lengths_mask,
    masks,
    parameter,
    part_of,
    random_mask,
    randomise_shared,
)
from tests.support.strategies import few, generators, sizes

# Pairwise distinct: batch, layers, heads, target length, hidden width, d_model, source length, vocabularies.
B, N, H, L_TGT, D_FF, D, L_SRC, V_SRC, V_TGT = 3, 2, 4, 5, 7, 8, 9, 11, 13
MODEL = "Transformer(...)"
STACKS = [f"{stack}.layers.{number}" for stack in ("encoder", "decoder") for number in range(N)]
CONFIG = {"d_model": D, "num_heads": H, "num_layers": N, "d_ff": D_FF, "max_len": 20}
# The table of the positional encoding may have been made in float32; a peaked softmax enlarges its rounding.
TABLE = 2e-5
ENCODE = "encode is encoder(positional_encoding(src_embedding(src)), src_mask)"
DECODE = "decode is decoder(positional_encoding(tgt_embedding(tgt)), memory, tgt_mask, src_mask)"


def make_model(phase4, gen, dropout=0.0, dtype=torch.float64, **changes):
    model = phase4.Transformer(V_SRC, V_TGT, **{**CONFIG, "dropout": dropout, **changes}).to(dtype)
    expect_registered(model.state_dict(), STACKS, MODEL)
    randomise(model, gen, oracle.model_shapes(V_SRC, V_TGT, D, N, D_FF), MODEL)
    return model


def tokens_for(gen, batch=B, len_src=L_SRC, len_tgt=L_TGT):
    return integers(gen, 0, V_SRC, batch, len_src), integers(gen, 0, V_TGT, batch, len_tgt)


def own_memory(phase4, state, src, src_mask):
    """What encode should give, with an Encoder of the submission's own that has the model's weights."""
    encoder = phase4.Encoder(N, D, H, D_FF, 0.0).double().eval()
    encoder.load_state_dict(part_of(state, "encoder"))
    x = torch.tensor(oracle.embed(array(src), array(state["src_embedding.embedding.weight"])))
    memory = encoder(x, src_mask)
    expect_working(memory, x, "Encoder")
    return memory.detach()


def own_hidden(phase4, state, tgt, memory, tgt_mask, src_mask):
    """What decode should give, with a Decoder of the submission's own that has the model's weights."""
    decoder = phase4.Decoder(N, D, H, D_FF, 0.0).double().eval()
    decoder.load_state_dict(part_of(state, "decoder"))
    x = torch.tensor(oracle.embed(array(tgt), array(state["tgt_embedding.embedding.weight"])))
    hidden = decoder(x, memory, tgt_mask, src_mask)
    expect_working(hidden, x, "Decoder")
    return hidden.detach()


def own_logits(phase4, model, src, tgt, src_mask=None, tgt_mask=None):
    state = model.state_dict()
    memory = own_memory(phase4, state, src, src_mask)
    hidden = own_hidden(phase4, state, tgt, memory, tgt_mask, src_mask)
    return array(hidden) @ array(state["output_projection.weight"]).T


@pytest.mark.task("Transformer")
@pytest.mark.holds(
    "The whole model of figure 1", "Predict, for every target position", "Logits ``(B, L_tgt, tgt_vocab_size)``"
)
@pytest.mark.core
def test_the_model_embeds_encodes_decodes_and_projects(phase4, gen):
    model = make_model(phase4, gen)
    src, tgt = tokens_for(gen)
    src_mask, tgt_mask = lengths_mask([L_SRC, L_SRC - 2, L_SRC - 5], L_SRC), causal(L_TGT)
    why = f"{ENCODE}; {DECODE}; forward is output_projection(decode(tgt, encode(src, src_mask), ...))"
    got = model(src, tgt, src_mask, tgt_mask)
    expected = oracle.logits(array(src), array(tgt), weights_of(model), H, array(src_mask), array(tgt_mask))
    own = torch.tensor(own_logits(phase4, model, src, tgt, src_mask, tgt_mask))
    expect_right(own, expected, "Encoder and Decoder")
    checks.expect_close(got, expected, f"{MODEL}(src, tgt, src_mask, tgt_mask)", why, tolerance=1e-4)


@pytest.mark.task("Transformer")
@few
@given(gen=generators(), dims=sizes(4, 2, 6), shapes=st.tuples(*[st.integers(0, 4)] * 2), shared=st.booleans())
def test_the_model_is_the_formula_at_every_mask(phase4, gen, dims, shapes, shared):
    batch, num_layers, len_src, len_tgt = dims
    vocabularies = (V_SRC, V_SRC) if shared else (V_SRC, V_TGT)
    config = {**CONFIG, "d_model": 6, "num_heads": 3, "num_layers": num_layers - 1, "dropout": 0.0}
    model = phase4.Transformer(*vocabularies, share_embeddings=shared, **config).double()
    expect_registered(model.state_dict(), ["encoder.layers.0", "decoder.layers.0"], MODEL)
    weights = oracle.model_shapes(*vocabularies, 6, num_layers - 1, D_FF, shared)
    (randomise_shared if shared else randomise)(model, gen, weights, MODEL)
    src, tgt = integers(gen, 0, vocabularies[0], batch, len_src), integers(gen, 0, vocabularies[1], batch, len_tgt)
    src_mask = masks(gen, batch, 3, 1, len_src)[shapes[0]]  # one for all queries, as it serves both attentions
    tgt_mask = masks(gen, batch, 3, len_tgt, len_tgt)[shapes[1]]
    arrays = [None if mask is None else array(mask) for mask in (src_mask, tgt_mask)]
    expected = oracle.logits(array(src), array(tgt), weights_of(model), 3, *arrays)
    label = f"Transformer({vocabularies[0]}, {vocabularies[1]}, ...)(src, tgt, src_mask, tgt_mask)"
    why = "follow figure 1; the logits go out as they are, without softmax"
    checks.expect_close(model(src, tgt, src_mask, tgt_mask), expected, label, why, tolerance=1e-4)


@pytest.mark.task("Transformer")
@pytest.mark.parametrize("shared", [False, True])
def test_every_parameter_gets_the_gradient_that_torchs_stacks_give_it(phase4, gen, shared):
    size = V_SRC if shared else V_TGT
    model = phase4.Transformer(V_SRC, size, **CONFIG, dropout=0.0, share_embeddings=shared).double()
    expect_registered(model.state_dict(), STACKS, MODEL)
    shapes = oracle.model_shapes(V_SRC, size, D, N, D_FF, shared)
    (randomise_shared if shared else randomise)(model, gen, shapes, MODEL, scale=0.3)
    leaves = twin.leaves_of(model, shared=TIED if shared else ())
    src, tgt = tokens_for(gen)
    tgt = tgt % size
    src_mask, tgt_mask = random_mask(gen, B, 1, 1, L_SRC), causal(L_TGT)
    # The submission's table of positions, rounded to float32 where it was made, would blur small gradients.
    positions = torch.tensor(sinusoidal_encoding(L_SRC, D)).float().double()
    expected = twin.logits(src, tgt, leaves, H, positions, src_mask, tgt_mask)
    output = model(src, tgt, src_mask, tgt_mask)
    label = f"{MODEL}(src, tgt, src_mask, tgt_mask)"
    checks.expect_close(output, expected, f"{label}, compared with torch's stacks", tolerance=1e-4)
    inputs = {name: (parameter(model, name), value) for name, value in leaves.items()}
    why = "every parameter acts, in its own place, and no .detach() or no_grad cuts the way to it"
    if shared:
        why = "one matrix, used three times: its gradient is the sum of all three uses"
    expect_gradients_like(output, expected, inputs, label, why, tolerance=1e-4)


@pytest.mark.task("Transformer")
@pytest.mark.holds(
    "Embed the source", "Embed the target", "memory: from", "tgt: ``int64 (B, L_tgt)``.", "src: ``int64 (B, L_src)``"
)
def test_encode_and_decode_are_the_two_halves_of_forward(phase4, gen):
    model = make_model(phase4, gen)
    src, tgt = tokens_for(gen)
    src_mask, tgt_mask = lengths_mask([L_SRC, L_SRC - 2, L_SRC - 5], L_SRC), causal(L_TGT)
    memory = model.encode(src, src_mask)
    state = model.state_dict()
    expected = own_memory(phase4, state, src, src_mask)
    checks.expect_close(memory, expected, "encode(src, src_mask)", ENCODE, tolerance=TABLE)
    hidden = model.decode(tgt, memory, tgt_mask, src_mask)
    expected = own_hidden(phase4, state, tgt, memory.detach(), tgt_mask, src_mask)
    checks.expect_close(hidden, expected, "decode(tgt, memory, tgt_mask, src_mask)", DECODE, tolerance=TABLE)
    why = "forward is output_projection(decode(tgt, encode(src, src_mask), tgt_mask, src_mask))"
    logits = model(src, tgt, src_mask, tgt_mask)
    label = "forward, compared with output_projection(decode(tgt, encode(src, ...), ...))"
    checks.expect_close(logits, model.output_projection(hidden), label, why)


@pytest.mark.task("Transformer")
def test_masks_may_be_none(phase4, gen):
    model = make_model(phase4, gen)
    src, tgt = tokens_for(gen)
    why = "a mask of None allows everything: pass it on as it is"
    expected = own_logits(phase4, model, src, tgt)
    checks.expect_close(model(src, tgt, None, None), expected, f"{MODEL}(src, tgt, None, None)", why, tolerance=TABLE)


@pytest.mark.task("Transformer")
def test_decode_answers_from_the_memory_it_is_given(phase4, gen):
    model = make_model(phase4, gen)
    (first, tgt), (second, _) = tokens_for(gen), tokens_for(gen)
    memories = [model.encode(src, None) for src in (first, second)]
    model(second, tgt, None, None)
    state = model.state_dict()
    why = "decode uses its argument `memory` and keeps nothing from earlier calls"
    for number, memory in enumerate(memories, start=1):
        expected = own_hidden(phase4, state, tgt, memory.detach(), None, None)
        got = model.decode(tgt, memory, None, None)
        checks.expect_close(got, expected, f"decode of memory {number}", why, tolerance=TABLE)
    shorter = tgt[:, :2]
    expected = own_hidden(phase4, state, shorter, memories[0].detach(), None, None)
    got = model.decode(shorter, memories[0], None, None)
    checks.expect_close(got, expected, "decode of a shorter target", why, tolerance=TABLE)


@pytest.mark.task("Transformer")
def test_decode_hands_a_gradient_on_to_the_memory(phase4, gen):
    model = make_model(phase4, gen)
    src, tgt = tokens_for(gen)
    given = model.encode(src, None)
    checks.expect_shape(given, (B, L_SRC, D), "encode(src, None)")
    memory, other = leaf(given), leaf(given)
    leaves = twin.leaves_of(model)
    x = torch.tensor(oracle.embed(array(tgt), array(leaves["tgt_embedding.embedding.weight"])))
    expected = twin.decoder(x, other, part_of(leaves, "decoder"), H)
    output, label = model.decode(tgt, memory, None, None), "decode(tgt, memory, None, None)"
    checks.expect_close(output, expected, f"{label}, compared with torch's stack", DECODE, tolerance=TABLE)
    why = "through the memory the encoder learns what the decoder needs: no .detach() and no no_grad on the way"
    expect_gradients_like(output, expected, {"memory": (memory, other)}, label, why, tolerance=1e-3)


# -- what must and what must not have influence -------------------------------------------------------------


@pytest.mark.task("Transformer")
@pytest.mark.holds("what the decoder has seen so far", "``tgt_mask`` of the model")
def test_no_logit_depends_on_a_later_target_token(phase4, gen):
    model = make_model(phase4, gen)
    src, tgt = tokens_for(gen)
    expected = own_logits(phase4, model, src, tgt, None, causal(L_TGT))
    why = "tgt_mask goes to the decoder's self-attention: a model that sees the next token learns nothing"
    for t in range(L_TGT):
        changed = torch.cat([tgt[:, : t + 1], (tgt[:, t + 1 :] + 1) % V_TGT], dim=1)
        got = model(src, changed, None, causal(L_TGT))
        checks.expect_shape(got, expected.shape, f"{MODEL}(src, tgt, None, tgt_mask)")
        label = f"the logits at positions 0 to {t}, after the tokens behind them changed,"
        checks.expect_close(got[:, : t + 1], expected[:, : t + 1], label, why, tolerance=TABLE)


@pytest.mark.task("Transformer")
@pytest.mark.holds("``src_mask`` of the model")
def test_padding_the_source_changes_no_logit(phase4, gen):
    model = make_model(phase4, gen)
    src, tgt = tokens_for(gen)
    expected = own_logits(phase4, model, src, tgt, None, causal(L_TGT))
    why = "src_mask serves twice: in the encoder, and in the cross-attention of the decoder"
    for extra in (1, 4):
        padded = torch.cat([src, integers(gen, 0, V_SRC, B, extra)], dim=1)
        got = model(padded, tgt, lengths_mask([L_SRC] * B, L_SRC + extra), causal(L_TGT))
        label = f"the logits after {extra} masked token(s) were added to the source"
        checks.expect_close(got, expected, label, why, tolerance=TABLE)


@pytest.mark.task("Transformer")
def test_each_sentence_of_a_batch_is_translated_for_itself(phase4, gen):
    model = make_model(phase4, gen)
    src, tgt = tokens_for(gen)
    src_mask, tgt_mask = random_mask(gen, B, 1, 1, L_SRC), causal(L_TGT)
    expected = own_logits(phase4, model, src, tgt, src_mask, tgt_mask)
    for row in range(B):
        rows = slice(row, row + 1)
        got = model(src[rows], tgt[rows], src_mask[rows], tgt_mask)
        why = "no sequence may depend on its neighbours in the batch"
        checks.expect_close(got, expected[rows], f"the logits of sentence {row} alone", why, tolerance=TABLE)


@pytest.mark.task("Transformer")
@pytest.mark.parametrize("side", ["source", "target"])
def test_a_repeated_token_still_knows_its_positions(phase4, gen, side):
    model = make_model(phase4, gen)
    src, tgt = tokens_for(gen)
    state = model.state_dict()
    if side == "source":
        same = src[:, :1].expand(B, L_SRC)
        got, expected = model.encode(same, None), own_memory(phase4, state, same, None)
    else:
        same, memory = tgt[:, :1].expand(B, L_TGT), own_memory(phase4, state, src, None)
        got, expected = model.decode(same, memory, None, None), own_hidden(phase4, state, same, memory, None, None)
    why = f"the {side} needs the positional encoding: without it all positions of one repeated token are alike"
    checks.expect_close(got, expected, f"the states of a {side} of one repeated token", why, tolerance=TABLE)


@pytest.mark.task("Transformer")
@pytest.mark.holds("max_len: the longest sequence")
@pytest.mark.parametrize("max_len", [6, 10])
def test_the_longest_sequence_has_max_len_tokens(phase4, gen, max_len):
    model = make_model(phase4, gen, max_len=max_len)
    src, tgt = tokens_for(gen, len_src=max_len, len_tgt=max_len)
    expected = own_logits(phase4, model, src, tgt)
    label = f"Transformer(..., max_len={max_len})"
    checks.expect_close(model(src, tgt, None, None), expected, f"{label} with L = {max_len}", tolerance=TABLE)
    memory = torch.zeros(B, max_len, D, dtype=torch.float64)
    longer_src, longer_tgt = tokens_for(gen, len_src=max_len + 1, len_tgt=max_len + 1)
    numbers = (max_len + 1, max_len)
    checks.expect_raises(ValueError, lambda: model.encode(longer_src, None), f"{label}, a longer source", numbers)
    call = lambda: model.decode(longer_tgt, memory, None, None)  # noqa: E731
    checks.expect_raises(ValueError, call, f"{label}, a longer target", numbers)


# -- faces --------------------------------------------------------------------------------------------------


@pytest.mark.task("Transformer")
def test_the_model_faces_other_devices_dtypes_and_odd_layouts(phase4, in_guest, gen):
    model = make_model(phase4, gen)
    src, tgt = tokens_for(gen)
    inputs = [src, tgt, random_mask(gen, B, 1, 1, L_SRC), causal(L_TGT)]
    expected = own_logits(phase4, model, *inputs)
    label = f"{MODEL}(src, tgt, src_mask, tgt_mask)"
    turned = [src.T.contiguous().T, tgt.T.contiguous().T]
    checks.expect_close(model(*turned, *inputs[2:]), expected, f"{label}, tokens not contiguous", tolerance=TABLE)
    contract.float64_in_and_out(model, inputs, expected, label, tolerance=TABLE)
    why = "everything made on the way must follow the dtype of the parameters"
    checks.expect_close(model.float()(*inputs), expected, label, why, dtype=torch.float32, tolerance=2e-3)
    contract.follows_the_device(in_guest, model, inputs, label)
    contract.answers_in_bfloat16(model.bfloat16(), inputs, label)
    contract.on_meta(model.float().to("meta"), inputs, (B, L_TGT, V_TGT), label)


@pytest.mark.task("Transformer")
def test_the_model_faces_copies_and_unchanged_inputs(phase4, gen):
    model, fresh = make_model(phase4, gen, 0.3).eval(), make_model(phase4, gen, 0.3).eval()
    src, tgt = tokens_for(gen)
    inputs = [src, tgt, random_mask(gen, B, 1, 1, L_SRC), causal(L_TGT)]
    label = f"{MODEL}(src, tgt, src_mask, tgt_mask)"
    expected = model(*inputs)
    checks.expect_close(expected, own_logits(phase4, model, *inputs), label, tolerance=TABLE)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    contract.inputs_unchanged(model, inputs, expected, label)
    contract.copies_behave_alike(model, fresh, inputs, expected, label)
    for name, value in model.state_dict().items():
        checks.expect_close(value, before[name], f"{name} after a call", "a call must not change the weights")

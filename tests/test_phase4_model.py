"""Phase 4: what a Transformer is made of, how it starts, what it shares, and its two modes (paper 3.4, 5.4)."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from tests.oracles import transformer as oracle
from tests.support import checks, contract
from tests.support.inputs import array, integers, normal, randomise, told_state, weights_of
from tests.support.phase4 import (
    TIED,
    causal,
    expect_registered,
    lengths_mask,
    load_by_hand,
    parameter,
    randomise_shared,
)

# Pairwise distinct: batch, layers, heads, target length, hidden width, d_model, source length, vocabularies.
B, N, H, L_TGT, D_FF, D, L_SRC, V_SRC, V_TGT = 3, 2, 4, 5, 7, 8, 9, 11, 13
CONFIG = {"d_model": D, "num_heads": H, "num_layers": N, "d_ff": D_FF, "max_len": 20}
MODEL = f"Transformer({V_SRC}, {V_TGT}, ...)"
TABLE = 2e-5


def make_model(phase4, dropout=0.0, share=False, src_size=V_SRC, tgt_size=V_TGT):
    model = phase4.Transformer(src_size, tgt_size, **CONFIG, dropout=dropout, share_embeddings=share).double()
    names = [f"{stack}.layers.{number}" for stack in ("encoder", "decoder") for number in range(N)]
    expect_registered(model.state_dict(), names, f"Transformer({src_size}, {tgt_size}, ...)")
    return model


def shapes_of(share=False, src_size=V_SRC, tgt_size=V_TGT):
    return oracle.model_shapes(src_size, tgt_size, D, N, D_FF, share)


def batch_of(gen, src_size=V_SRC, tgt_size=V_TGT):
    return [
        integers(gen, 0, src_size, B, L_SRC),
        integers(gen, 0, tgt_size, B, L_TGT),
        lengths_mask([L_SRC, L_SRC - 2, L_SRC - 5], L_SRC),
        causal(L_TGT),
    ]


def expect_varied(output, label):
    """No stub: the numbers differ."""
    checks.expect_that(bool(output.detach().std() > 1e-2), f"{label} is the same number everywhere")


def project_own(model, weight, src, tgt, src_mask, tgt_mask):
    """Logits from the model's own hidden states and a given output matrix."""
    hidden = model.decode(tgt, model.encode(src, src_mask), tgt_mask, src_mask)
    checks.expect_shape(hidden, (B, L_TGT, D), "decode(tgt, memory, tgt_mask, src_mask)")
    expect_varied(hidden, "decode(tgt, memory, tgt_mask, src_mask)")
    return array(hidden) @ array(weight).T


@pytest.mark.task("Transformer")
def test_a_model_of_two_features_calculated_by_hand(phase4):
    model, label = phase4.Transformer(2, 2, 2, 1, 1, 1, 0.0, 5), "Transformer(2, 2, d_model=2, num_layers=1, ...)"
    eye, words = [[1.0, 0.0], [0.0, 1.0]], {"embedding.weight": [[9.0, 0.0], [0.0, 9.0]]}
    load_by_hand(
        model,
        label,
        src_embedding=words,
        tgt_embedding=words,
        **{"encoder.layers.0.add_norm2": {"norm.weight": [4.0, 4.0]}},
        **{"decoder.layers.0.cross_attention": {"w_v.weight": eye, "w_o.weight": eye}},
        output_projection={"weight": [[3.0, 1.0], [0.0, 5.0]]},
    )
    # The norm of two features is (-1, 1) or (1, -1), by which is larger. The memory of source word 0 is (4, -4), that
    # of word 1 (-4, 4). The target starts with (1, -1) and adds the memory: (1, -1) and (-1, 1) when normed. The
    # logits are (3 - 1, -5) and (-3 + 1, 5).
    got = model(torch.tensor([[0], [1]]), torch.tensor([[0], [0]]), None, None)
    why = "embed, encode, decode with the memory, project: output_projection(decode(tgt, encode(src, ...), ...))"
    checks.expect_close(got, np.array([[[2.0, -5.0]], [[-2.0, 5.0]]]), f"the logits of {label}", why)


# -- parts --------------------------------------------------------------------------------------------------


@pytest.mark.task("Transformer")
@pytest.mark.holds(
    "src_embedding, tgt_embedding: ",
    "positional_encoding: ",
    "encoder: ",
    "decoder: ",
    "num_layers: ",
    "src_vocab_size, tgt_vocab_size: ",
)
def test_the_model_has_exactly_the_parameters_of_figure_1(phase4, gen):
    model = make_model(phase4)
    contract.expect_parameters(model, oracle.model_shapes(V_SRC, V_TGT, D, N, D_FF), MODEL)
    feed_forward = 2 * D * D_FF + D_FF + D
    layers = N * (4 * D * D + 4 * D + feed_forward + 4 * D) + N * (8 * D * D + 8 * D + feed_forward + 6 * D)
    count = sum(value.numel() for _, value in model.named_parameters())
    checks.expect_same(count, (V_SRC + 2 * V_TGT) * D + layers, f"the number of parameters of {MODEL}")
    # Values loaded under each name must stand under that name alone.
    found = told_state(model)
    state = {name: normal(gen, *found[name].shape, dtype=found[name].dtype) for name in sorted(found)}
    model.load_state_dict(state)
    after = model.state_dict()
    for name, value in state.items():
        why = "nothing is shared unless share_embeddings=True, and no two layers are one"
        checks.expect_close(after[name], value, f"{name} after loading a state dict", why)


@pytest.mark.task("Transformer")
@pytest.mark.holds("output_projection: ", "before the output projection")
def test_the_logits_are_a_linear_map_of_the_hidden_states(phase4, gen):
    model = make_model(phase4)
    randomise(model, gen, shapes_of(), MODEL)
    inputs = batch_of(gen)
    expected = project_own(model, model.state_dict()["output_projection.weight"], *inputs)
    why = "hidden @ output_projection.weight.T: no bias, no softmax, no scale"
    checks.expect_close(model(*inputs), expected, f"the logits of {MODEL}", why)
    state = {name: value.clone() for name, value in model.state_dict().items()}
    model.load_state_dict({**state, "output_projection.weight": state["output_projection.weight"] * -3.0})
    checks.expect_close(model(*inputs), expected * -3.0, "the logits with the output projection times -3", why)


@pytest.mark.task("Transformer")
@pytest.mark.holds("the defaults are the paper's base model")
def test_the_defaults_are_the_papers_base_model(phase4, in_guest):
    model = in_guest.building.on_meta(phase4.Transformer, 11, 13)
    contract.expect_parameters(model, oracle.model_shapes(11, 13, 512, 6, 2048), "Transformer(11, 13)")
    x = torch.zeros(1, 3, 512, device="meta")
    _, weights = parameter(model, "encoder.layers.5.self_attention")(x, x, x)
    checks.expect_same(tuple(weights.shape), (1, 8, 3, 3), "the shape (B, h, L, L) of the attention weights")
    for name in ("positional_encoding", "encoder.layers.0.add_norm1", "decoder.layers.5.add_norm3"):
        checks.expect_number(parameter(model, name).dropout.p, 0.1, f"the default dropout of {name}")
    tokens = torch.zeros(1, 5000, dtype=torch.int64, device="meta")
    embedded = model.positional_encoding(model.tgt_embedding(tokens))
    checks.expect_shape(embedded, (1, 5000, 512), "5000 embedded tokens, the default of max_len")
    longer = torch.zeros(1, 5001, dtype=torch.int64, device="meta")
    label = "Transformer(11, 13) with 5001 tokens"
    checks.expect_raises(ValueError, lambda: model.encode(longer, None), label, mentions=(5001, 5000))


# -- how the parameters start -------------------------------------------------------------------------------


def expect_normal(weight, std, label):
    values = weight.detach().double().flatten()
    why = "draw embeddings (and what is shared with them) from a normal distribution of deviation d_model ** -0.5"
    got = float(values.std())
    checks.expect_that(abs(got / std - 1) < 0.12, f"{label} starts with deviation {got:.4f}, expected {std:.4f}", why)
    checks.expect_that(abs(float(values.mean())) < 0.15 * std, f"{label} starts with a mean far from 0", why)
    far = float((values.abs() > 2 * std).double().mean())
    label = f"{label} has {far:.1%} of its values beyond two deviations, a normal distribution has 4.6%"
    checks.expect_that(0.02 < far < 0.08, label, why)


def expect_xavier_uniform(weight, label):
    values = weight.detach().double().flatten()
    bound = math.sqrt(6.0 / sum(weight.shape))
    why = "every parameter with more than one dimension but the embeddings: nn.init.xavier_uniform_, in [-b, b]"
    largest, std = float(values.abs().max()), float(values.std())
    wanted = f"expected b = sqrt(6 / (fan_in + fan_out)) = {bound:.4f}"
    message = f"{label} starts with values up to {largest:.4f}, {wanted}"
    checks.expect_that(0.93 * bound < largest <= bound * 1.0001, message, why)
    expected = bound / math.sqrt(3.0)
    message = f"{label} starts with deviation {std:.4f}, expected b / sqrt(3) = {expected:.4f}"
    checks.expect_that(abs(std / expected - 1) < 0.12, message, why)


@pytest.mark.task("Transformer")
@pytest.mark.holds("start normal with mean 0")
@pytest.mark.parametrize("shared", [False, True])
def test_parameters_start_as_agreed(phase4, shared):
    size = 120 if shared else 150
    model = phase4.Transformer(120, size, d_model=24, num_heads=3, num_layers=2, d_ff=40, share_embeddings=shared)
    shapes = oracle.model_shapes(120, size, 24, 2, 40, shared)
    contract.expect_parameters(model, shapes, f"Transformer(120, {size}, ...)", shared=TIED if shared else ())
    state = model.state_dict()
    for name in TIED if shared else TIED[:2]:
        expect_normal(state[name], 24**-0.5, name)
    for name, value in model.named_parameters():
        if value.dim() > 1 and name not in (TIED if shared else TIED[:2]):
            expect_xavier_uniform(value, name)
        if name.endswith("norm.weight"):
            checks.expect_close(value, torch.ones(24), f"{name} at the start", "the gains of norms start at 1")
        if name.endswith("norm.bias"):
            checks.expect_close(value, torch.zeros(24), f"{name} at the start", "the biases of norms start at 0")


@pytest.mark.task("Transformer")
def test_every_matrix_starts_with_values_of_its_own(phase4):
    model = make_model(phase4)
    contract.expect_parameters(model, oracle.model_shapes(V_SRC, V_TGT, D, N, D_FF), MODEL)
    seen: dict[tuple[float, ...], str] = {}
    for name, value in model.state_dict().items():
        if value.dim() < 2 or not value.dtype.is_floating_point or name.endswith(".pe"):
            continue
        first = tuple(value.flatten()[:8].tolist())
        why = "draw every matrix anew: copies of one layer that start alike"
        checks.expect_that(first not in seen, f"{name} starts with the same values as {seen.get(first)}", why)
        seen[first] = name


# -- sharing ------------------------------------------------------------------------------------------------


@pytest.mark.task("Transformer")
@pytest.mark.holds("share_embeddings: True")
def test_sharing_makes_three_matrices_one(phase4, gen):
    model = make_model(phase4, share=True, tgt_size=V_SRC)
    label = f"Transformer({V_SRC}, {V_SRC}, ..., share_embeddings=True)"
    contract.expect_parameters(model, oracle.model_shapes(V_SRC, V_SRC, D, N, D_FF, shared=True), label, shared=TIED)
    why = "assign one parameter to all three places; a copy starts alike but learns for itself"
    table = normal(gen, V_SRC, D, dtype=torch.float64)
    state = model.state_dict()
    for name in TIED:
        checks.expect_that(name in state, f"{label} has no {name} in its state dict", why)
        checks.expect_close(state[name], state[TIED[0]], name, why)
    randomise_shared(model, gen, shapes_of(True, tgt_size=V_SRC), label)
    state = {name: value.clone() for name, value in model.state_dict().items()}
    model.load_state_dict({**state, **dict.fromkeys(TIED, table)})
    inputs = batch_of(gen, tgt_size=V_SRC)
    expected = oracle.embed(array(inputs[0]), array(table))
    got = model.positional_encoding(model.src_embedding(inputs[0]))
    checks.expect_close(got, expected, "the embedded source", why, tolerance=TABLE)
    checks.expect_close(model(*inputs), project_own(model, table, *inputs), f"the logits of {label}", why)


@pytest.mark.task("Transformer")
def test_what_one_use_of_the_shared_matrix_learns_all_uses_know(phase4, gen):
    model = make_model(phase4, share=True, tgt_size=V_SRC)
    randomise_shared(model, gen, shapes_of(True, tgt_size=V_SRC), MODEL)
    src, tgt, src_mask, tgt_mask = batch_of(gen, tgt_size=V_SRC)
    output = model(src, tgt, src_mask, tgt_mask)
    checks.expect_shape(output, (B, L_TGT, V_SRC), "the logits")
    shared = model.src_embedding.embedding.weight
    (whole,) = torch.autograd.grad((output * checks.probe_like(output)).sum(), [shared])
    # The same model with three matrices of equal values: each use's share of the gradient.
    apart = make_model(phase4, tgt_size=V_SRC)
    apart.load_state_dict(model.state_dict())
    output = apart(src, tgt, src_mask, tgt_mask)
    shares = torch.autograd.grad((output * checks.probe_like(output)).sum(), [parameter(apart, name) for name in TIED])
    smallest = min(float(share.abs().max()) for share in shares)
    checks.expect_that(smallest > 1e-6, "one of the three matrices gets no gradient where nothing is shared")
    why = "the gradient of the shared matrix is the sum of its three uses: source, target, output"
    checks.expect_close(whole, sum(shares), "the gradient of the shared matrix", why)


@pytest.mark.task("Transformer")
@pytest.mark.holds("ValueError: if embeddings are to be shared")
def test_sharing_needs_vocabularies_of_one_size(phase4, gen):
    label = "Transformer(11, 13, share_embeddings=True)"
    call = lambda: phase4.Transformer(11, 13, **CONFIG, share_embeddings=True)  # noqa: E731
    checks.expect_raises(ValueError, call, label, mentions=(11, 13))
    # Equal sizes alone share nothing.
    model = make_model(phase4, src_size=V_TGT)
    label = f"Transformer({V_TGT}, {V_TGT}, ...)"
    contract.expect_parameters(model, oracle.model_shapes(V_TGT, V_TGT, D, N, D_FF), label)
    randomise(model, gen, shapes_of(src_size=V_TGT), label)
    state = model.state_dict()
    inputs = batch_of(gen, src_size=V_TGT)
    expected = oracle.embed(array(inputs[0]), array(state[TIED[0]]))
    got = model.positional_encoding(model.src_embedding(inputs[0]))
    checks.expect_close(got, expected, "the embedded source", "share only if share_embeddings=True", tolerance=TABLE)
    expected = project_own(model, state[TIED[2]], *inputs)
    checks.expect_close(model(*inputs), expected, f"the logits of {label}", "share only if share_embeddings=True")


# -- dropout and modes --------------------------------------------------------------------------------------


@pytest.mark.task("Transformer")
@pytest.mark.holds("dropout: of every dropout")
def test_dropout_goes_everywhere(phase4, gen):
    inputs = batch_of(gen)
    model = make_model(phase4, dropout=0.0)
    randomise(model, gen, shapes_of(), MODEL)
    why = "dropout=0.0 must reach the positional encoding, the encoder and the decoder: nothing is random then"
    expected = model.eval()(*inputs)
    checks.expect_shape(expected, (B, L_TGT, V_TGT), f"{MODEL}(src, tgt, src_mask, tgt_mask)")
    expect_varied(expected, f"{MODEL}(src, tgt, src_mask, tgt_mask)")
    checks.expect_close(model.train()(*inputs), expected, f"the logits of {MODEL}, dropout=0.0 in training mode", why)
    model = make_model(phase4, dropout=0.37)
    places = ["positional_encoding"]
    places += [f"encoder.layers.{n}.add_norm{place}" for n in range(N) for place in (1, 2)]
    places += [f"decoder.layers.{n}.add_norm{place}" for n in range(N) for place in (1, 2, 3)]
    for name in places:
        why = "pass `dropout` on to every part that has one"
        checks.expect_number(parameter(model, name).dropout.p, 0.37, f"{name}.dropout.p with dropout=0.37", why)


@pytest.mark.task("Transformer")
def test_source_and_target_embeddings_are_dropped_out(phase4, gen):
    model = make_model(phase4, dropout=1.0)
    randomise(model, gen, shapes_of(), MODEL)
    src, tgt, src_mask, tgt_mask = batch_of(gen)
    weights = weights_of(model)
    expect_varied(model.eval().encode(src, src_mask), "encode in evaluation mode")
    model.train()
    why = "the sum of embedding and position goes through the dropout of positional_encoding (5.4)"
    silent = array(model.encoder(torch.zeros(B, L_SRC, D, dtype=torch.float64), src_mask))
    memory = model.encode(src, src_mask)
    checks.expect_close(memory, silent, "encode in training mode with dropout=1.0", why)
    x = torch.zeros(B, L_TGT, D, dtype=torch.float64)
    hidden = model.decode(tgt, memory, tgt_mask, src_mask)
    expected = model.decoder(x, memory, tgt_mask, src_mask)
    checks.expect_close(hidden, expected, "decode in training mode with dropout=1.0", why)
    checks.expect_close(
        model(src, tgt, src_mask, tgt_mask), array(hidden) @ weights[TIED[2]].T, "the logits with dropout=1.0", why
    )


@pytest.mark.task("Transformer")
def test_evaluation_mode_is_exact_and_training_mode_is_random(phase4, gen):
    model, exact = make_model(phase4, dropout=0.5), make_model(phase4, dropout=0.0)
    randomise(model, gen, shapes_of(), MODEL)
    exact.load_state_dict(model.state_dict())
    inputs = batch_of(gen)
    expected = exact(*inputs)
    checks.expect_shape(expected, (B, L_TGT, V_TGT), f"{MODEL}(src, tgt, src_mask, tgt_mask)")
    why = "eval() must reach every dropout, and what it reaches must obey"
    got = model.eval()(*inputs)
    checks.expect_close(got, expected, f"the logits of {MODEL}, dropout=0.5 in evaluation mode", why)
    first, second = model.train()(*inputs).detach(), model(*inputs).detach()
    apart = min(float((first - got.detach()).abs().max()), float((first - second).abs().max()))
    checks.expect_that(apart > 1e-2, f"{MODEL}, dropout=0.5 is not random in training mode", why)

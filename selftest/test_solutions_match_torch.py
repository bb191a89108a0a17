"""The reference solutions against torch's own modules: the same outputs and gradients, in float64.

The suites have their own oracles; this is the second opinion on the solutions that those are calibrated with.
Every weight is drawn anew: a double norm or a swapped bias cannot be seen at the usual initial values.
"""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from solutions.phase2_attention import MultiHeadAttention, scaled_dot_product_attention
from solutions.phase3_layers import LayerNorm
from solutions.phase4_transformer import Decoder, DecoderLayer, Encoder, EncoderLayer, Transformer
from solutions.phase5_mechanics import LabelSmoothingLoss, look_ahead_mask

TOLERANCE = 1e-6
B, L_SRC, L_TGT, D_MODEL, HEADS, D_FF = 3, 5, 7, 12, 4, 20


@pytest.fixture
def gen():
    return torch.Generator().manual_seed(20170612)


def draw(gen, *shape):
    return torch.randn(*shape, generator=gen, dtype=torch.float64).requires_grad_()


def randomised(module, gen):
    """The module in float64 with every parameter drawn anew."""
    module = module.double()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=gen, dtype=torch.float64) * 0.7)
    return module


def close(got, expected, what):
    assert got.shape == expected.shape, what
    assert got.dtype == torch.float64, what
    assert (got - expected).abs().max().item() < TOLERANCE, what


def same_gradients(got, expected, inputs, pairs, gen):
    """Compare the gradients of a random projection of two outputs.

    Args:
        got, expected: the outputs.
        inputs: tensors that both came from.
        pairs: name to (list of our parameters, torch's parameter that holds them stacked).
        gen: source of the projection.
    """
    direction = torch.randn(got.shape, generator=gen, dtype=torch.float64)
    ours = [parameter for mine, _ in pairs.values() for parameter in mine]
    mine = torch.autograd.grad((got * direction).sum(), [*inputs, *ours], retain_graph=True)
    theirs = torch.autograd.grad((expected * direction).sum(), [*inputs, *(theirs for _, theirs in pairs.values())])
    for number in range(len(inputs)):
        close(mine[number], theirs[number], f"gradient of input {number}")
    rest = iter(mine[len(inputs) :])
    for (name, (parts, _)), gradient in zip(pairs.items(), theirs[len(inputs) :]):
        close(torch.cat([next(rest) for _ in parts]), gradient, f"gradient of {name}")


def copy(pairs):
    """Carry our weights over to torch's."""
    with torch.no_grad():
        for ours, theirs in pairs.values():
            theirs.copy_(torch.cat(list(ours)))


def attention_pairs(ours, theirs, prefix=""):
    projections = (ours.w_q, ours.w_k, ours.w_v)
    return {
        f"{prefix}in_proj_weight": ([linear.weight for linear in projections], theirs.in_proj_weight),
        f"{prefix}in_proj_bias": ([linear.bias for linear in projections], theirs.in_proj_bias),
        f"{prefix}out_proj.weight": ([ours.w_o.weight], theirs.out_proj.weight),
        f"{prefix}out_proj.bias": ([ours.w_o.bias], theirs.out_proj.bias),
    }


def layer_pairs(ours, theirs):
    pairs = attention_pairs(ours.self_attention, theirs.self_attn, "self ")
    couples = [
        (ours.feed_forward.linear1, theirs.linear1, "linear1"),
        (ours.feed_forward.linear2, theirs.linear2, "linear2"),
        (ours.add_norm1.norm, theirs.norm1, "norm1"),
        (ours.add_norm2.norm, theirs.norm2, "norm2"),
    ]
    if hasattr(theirs, "multihead_attn"):
        pairs.update(attention_pairs(ours.cross_attention, theirs.multihead_attn, "cross "))
        couples.append((ours.add_norm3.norm, theirs.norm3, "norm3"))
    for mine, other, name in couples:
        pairs[f"{name}.weight"] = ([mine.weight], other.weight)
        pairs[f"{name}.bias"] = ([mine.bias], other.bias)
    return pairs


def key_masks(gen):
    """Which source tokens are real, (B, L_SRC): the first of every row is, some others are not."""
    real = torch.rand(B, L_SRC, generator=gen) > 0.4
    real[:, 0] = True
    return real


@pytest.mark.parametrize("masked", [False, True], ids=["no mask", "padding and look-ahead"])
def test_attention_is_that_of_nn_multihead_attention(masked, gen):
    ours = randomised(MultiHeadAttention(D_MODEL, HEADS), gen)
    theirs = nn.MultiheadAttention(D_MODEL, HEADS, batch_first=True).double()
    pairs = attention_pairs(ours, theirs)
    copy(pairs)
    query, key, value = draw(gen, B, L_TGT, D_MODEL), draw(gen, B, L_SRC, D_MODEL), draw(gen, B, L_SRC, D_MODEL)
    real = key_masks(gen) if masked else torch.ones(B, L_SRC, dtype=torch.bool)
    allowed = torch.rand(L_TGT, L_SRC, generator=gen) > 0.4 if masked else torch.ones(L_TGT, L_SRC, dtype=torch.bool)
    allowed[:, 0] = True
    got, weights = ours(query, key, value, real[:, None, None, :] & allowed)
    options = {"key_padding_mask": ~real, "attn_mask": ~allowed, "average_attn_weights": False}
    expected, expected_weights = theirs(query, key, value, **options)
    close(got, expected, "output")
    close(weights, expected_weights, "weights")
    same_gradients(got, expected, [query, key, value], pairs, gen)


def test_one_head_is_scaled_dot_product_attention(gen):
    query, key, value = draw(gen, B, 2, L_TGT, 6), draw(gen, B, 2, L_SRC, 6), draw(gen, B, 2, L_SRC, 4)
    mask = key_masks(gen)[:, None, None, :]
    got, _ = scaled_dot_product_attention(query, key, value, mask)
    expected = F.scaled_dot_product_attention(query, key, value, attn_mask=mask)
    close(got, expected, "output")
    same_gradients(got, expected, [query, key, value], {}, gen)


@pytest.mark.parametrize("eps", [1e-5, 0.3])
def test_layer_norm_is_nn_layer_norm(eps, gen):
    ours, theirs = randomised(LayerNorm(D_MODEL, eps), gen), nn.LayerNorm(D_MODEL, eps).double()
    pairs = {"weight": ([ours.weight], theirs.weight), "bias": ([ours.bias], theirs.bias)}
    copy(pairs)
    x = draw(gen, B, L_SRC, D_MODEL)
    scaled = 5.0 * x + 2.0
    close(ours(scaled), theirs(scaled), "output")
    same_gradients(ours(scaled), theirs(scaled), [x], pairs, gen)


@pytest.mark.parametrize("count", [1, 2], ids=["one layer", "a stack of two"])
def test_the_encoder_is_that_of_torch(count, gen):
    ours = randomised(Encoder(count, D_MODEL, HEADS, D_FF, dropout=0.0), gen)
    theirs = [
        nn.TransformerEncoderLayer(D_MODEL, HEADS, D_FF, dropout=0.0, batch_first=True).double() for _ in range(count)
    ]
    pairs = {}
    for number, layer in enumerate(ours.layers):
        pairs.update({f"layer {number} {k}": v for k, v in layer_pairs(layer, theirs[number]).items()})
    copy(pairs)
    x, real = draw(gen, B, L_SRC, D_MODEL), key_masks(gen)
    got, expected = ours(x, real[:, None, None, :]), x
    for layer in theirs:
        expected = layer(expected, src_key_padding_mask=~real)
    close(got, expected, "output")
    same_gradients(got, expected, [x], pairs, gen)


@pytest.mark.parametrize("count", [1, 2], ids=["one layer", "a stack of two"])
def test_the_decoder_is_that_of_torch(count, gen):
    ours = randomised(Decoder(count, D_MODEL, HEADS, D_FF, dropout=0.0), gen)
    theirs = [
        nn.TransformerDecoderLayer(D_MODEL, HEADS, D_FF, dropout=0.0, batch_first=True).double() for _ in range(count)
    ]
    pairs = {}
    for number, layer in enumerate(ours.layers):
        pairs.update({f"layer {number} {k}": v for k, v in layer_pairs(layer, theirs[number]).items()})
    copy(pairs)
    x, memory, real = draw(gen, B, L_TGT, D_MODEL), draw(gen, B, L_SRC, D_MODEL), key_masks(gen)
    past = look_ahead_mask(L_TGT)
    got, expected = ours(x, memory, past, real[:, None, None, :]), x
    for layer in theirs:
        expected = layer(expected, memory, tgt_mask=~past[0, 0], memory_key_padding_mask=~real)
    close(got, expected, "output")
    same_gradients(got, expected, [x, memory], pairs, gen)


def test_single_layers_are_what_the_stacks_are_made_of():
    assert type(Encoder(1, D_MODEL, HEADS, D_FF).layers[0]) is EncoderLayer
    assert type(Decoder(1, D_MODEL, HEADS, D_FF).layers[0]) is DecoderLayer


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.5, 1.0])
@pytest.mark.parametrize("pad_id", [0, 3])
def test_the_loss_is_cross_entropy_with_label_smoothing(smoothing, pad_id, gen):
    logits = draw(gen, B, L_TGT, 9)
    target = torch.randint(0, 9, (B, L_TGT), generator=gen)
    target[0, 2:] = pad_id
    target[1, 0] = (pad_id + 1) % 9
    got = LabelSmoothingLoss(pad_id, smoothing)(4.0 * logits, target)
    flat = (4.0 * logits).reshape(-1, 9)
    expected = F.cross_entropy(flat, target.reshape(-1), label_smoothing=smoothing, ignore_index=pad_id)
    close(got, expected, "loss")
    same_gradients(got, expected, [logits], {}, gen)


@pytest.mark.parametrize(
    ("d_model", "num_heads", "d_ff", "known"),
    [(512, 8, 2048, 63_082_496), (1024, 16, 4096, 214_245_376)],
    ids=["base", "big"],
)
def test_the_papers_models_have_the_number_of_parameters_that_arithmetic_gives(d_model, num_heads, d_ff, known):
    vocabulary, layers = 37_000, 6
    attention = 4 * d_model * d_model + 4 * d_model  # four projections with their biases
    feed_forward = 2 * d_model * d_ff + d_ff + d_model
    norm = 2 * d_model
    encoder_layer = attention + feed_forward + 2 * norm
    decoder_layer = 2 * attention + feed_forward + 3 * norm
    expected = vocabulary * d_model + layers * (encoder_layer + decoder_layer)
    assert expected == known
    with torch.device("meta"):
        model = Transformer(vocabulary, vocabulary, d_model, num_heads, layers, d_ff, share_embeddings=True)
    assert sum(parameter.numel() for parameter in model.parameters()) == expected

"""Phase 1: input embedding, and the module that adds the positions to it (paper 3.4, 3.5)."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.oracles import embedding as oracle
from tests.support import checks, contract
from tests.support.inputs import array, integers, leaf, non_contiguous, normal, randomise, weights_of
from tests.support.strategies import generators, sizes

# -- TokenEmbedding -----------------------------------------------------------------------------------------


@pytest.mark.task("TokenEmbedding")
def test_the_rows_of_a_table_of_three_tokens_are_doubled(phase1):
    module = phase1.TokenEmbedding(3, 4)
    contract.expect_parameters(module, {"embedding.weight": (3, 4)}, "TokenEmbedding(3, 4)")
    table = torch.tensor([[1.0, 2.0, 3.0, 4.0], [0.0, 0.0, 0.0, 0.0], [5.0, -6.0, 7.0, -8.0]])
    module.load_state_dict({"embedding.weight": table}, strict=False)
    expected = np.array([[[10.0, -12.0, 14.0, -16.0], [2.0, 4.0, 6.0, 8.0]]])
    why = "token 2 is row 2 and token 0 is row 0, each times sqrt(d_model) = sqrt(4) = 2"
    checks.expect_close(module(torch.tensor([[2, 0]])), expected, "TokenEmbedding(3, 4)([[2, 0]])", why)


def make_embedding(phase1, gen, vocab_size=11, d_model=6):
    module = phase1.TokenEmbedding(vocab_size, d_model)
    shapes = {"embedding.weight": (vocab_size, d_model)}
    label = f"TokenEmbedding({vocab_size}, {d_model})"
    contract.expect_parameters(module, shapes, label)
    randomise(module, gen, shapes, label, scale=1.0)
    return module


@pytest.mark.task("TokenEmbedding")
@pytest.mark.holds(
    "Look up a learned vector", "Return the tokens' rows", "embedding: ``nn.Embedding`` with", "Create the table, a row"
)
@pytest.mark.core
def test_embedding_is_the_row_times_the_root_of_d_model(phase1, gen):
    module = make_embedding(phase1, gen)
    tokens = integers(gen, 0, 11, 2, 5)
    expected = oracle.token_embedding(tokens.numpy(), weights_of(module)["embedding.weight"])
    why = "look the tokens up, then multiply by sqrt(d_model) (paper 3.4)"
    checks.expect_close(module(tokens), expected, "TokenEmbedding(11, 6)(tokens)", why, dtype=torch.float32)


@pytest.mark.task("TokenEmbedding")
@pytest.mark.holds("tokens: ``int64 (B, L)``", "Tensor ``(B, L, d_model)``", "Tokens are ``int64 (B, L)``")
@pytest.mark.core
@given(gen=generators(), dims=sizes(4, 2, 9))
def test_embedding_is_right_at_every_size(phase1, gen, dims):
    # out[b, l] = sqrt(d_model) * table[tokens[b, l]]
    vocab_size, d_model, batch, length = dims
    module = make_embedding(phase1, gen, vocab_size, d_model)
    tokens = integers(gen, 0, vocab_size, batch, length)
    expected = oracle.token_embedding(tokens.numpy(), weights_of(module)["embedding.weight"])
    checks.expect_close(module(tokens), expected, f"TokenEmbedding({vocab_size}, {d_model})(tokens)")


@pytest.mark.task("TokenEmbedding")
def test_one_embedding_serves_batches_of_every_shape(phase1, gen):
    module = make_embedding(phase1, gen, 7, 4)
    table = weights_of(module)["embedding.weight"]
    for shape in [(1, 1), (1, 5), (5, 1), (4, 4), (4, 4), (3, 2)]:  # one shape twice: nothing is remembered
        tokens = integers(gen, 0, 7, *shape)
        label = f"TokenEmbedding(7, 4)(tokens) for tokens of shape {shape}"
        checks.expect_close(module(tokens), oracle.token_embedding(tokens.numpy(), table), label)


@pytest.mark.task("TokenEmbedding")
@pytest.mark.holds("Every row is learned")
def test_every_row_that_was_looked_up_learns(phase1, gen):
    module = make_embedding(phase1, gen, 5, 4)
    tokens = torch.tensor([[0, 1, 2, 3, 4, 0], [3, 3, 2, 1, 0, 4]])
    output = module(tokens)
    probe = checks.probe_like(output) * 4**0.5
    expected = torch.zeros(5, 4).index_add(0, tokens.flatten(), probe.reshape(-1, 4))
    why = "no row is special: a padding_idx freezes one, .detach() or .data freezes all"
    checks.expect_gradients(output, {"weight": module.embedding.weight}, {"weight": expected}, "the embedding", why)


@pytest.mark.task("TokenEmbedding")
def test_embedding_faces_float64(phase1, gen):
    module = make_embedding(phase1, gen).double()
    tokens = integers(gen, 0, 11, 3, 4)
    table, label = weights_of(module)["embedding.weight"], "TokenEmbedding(11, 6)(tokens)"
    expected = oracle.token_embedding(tokens.numpy(), table)
    # The root may have been kept in float32; the table's digits must all be there.
    contract.float64_in_and_out(module, [tokens], expected, label, tolerance=1e-6)
    root = module(tokens)[0, 0, 0].item() / table[tokens[0, 0], 0]
    contract.float64_in_and_out(module, [tokens], table[tokens.numpy()] * root, label)


@pytest.mark.task("TokenEmbedding")
@pytest.mark.holds("Code follows the dtype and device of its inputs")
def test_embedding_follows_device_and_dtype(phase1, in_guest, gen):
    module, tokens, label = make_embedding(phase1, gen), integers(gen, 0, 11, 2, 3), "TokenEmbedding(11, 6)(tokens)"
    contract.follows_the_device(in_guest, module, (tokens,), label)
    contract.answers_in_bfloat16(module.bfloat16(), [tokens], label)
    contract.on_meta(module.float().to("meta"), [tokens], (2, 3, 6), label)


@pytest.mark.task("TokenEmbedding")
def test_embedding_faces_copies_and_unchanged_inputs(phase1, gen):
    module, fresh = make_embedding(phase1, gen).eval(), make_embedding(phase1, gen).eval()
    tokens = integers(gen, 0, 11, 2, 5)
    expected = oracle.token_embedding(tokens.numpy(), weights_of(module)["embedding.weight"])
    contract.copies_behave_alike(module, fresh, [tokens], expected, "TokenEmbedding(11, 6)(tokens)")
    contract.inputs_unchanged(module, [tokens], expected, "TokenEmbedding(11, 6)(tokens)")
    checks.expect_close(module.train()(tokens), expected, "TokenEmbedding(11, 6)(tokens) in training mode")


@pytest.mark.task("TokenEmbedding")
def test_embedding_leaves_its_table_as_it_is(phase1, gen):
    module = make_embedding(phase1, gen)
    before = module.state_dict()["embedding.weight"].clone()
    tokens = integers(gen, 0, 11, 2, 5)
    expected = oracle.token_embedding(tokens.numpy(), array(before))
    checks.expect_close(module(tokens), expected, "TokenEmbedding(11, 6)(tokens)")
    why = "scale the looked-up vectors, not the table"
    checks.expect_close(module.state_dict()["embedding.weight"], before, "the table after a call", why)


# -- PositionalEncoding -------------------------------------------------------------------------------------


@pytest.mark.task("PositionalEncoding")
def test_the_sines_and_cosines_of_two_positions_are_added(phase1):
    module = phase1.PositionalEncoding(2, dropout=0.0, max_len=5)
    # PE[0] = (sin 0, cos 0) = (0, 1) and PE[1] = (sin 1, cos 1).
    expected = np.array([[[10.0, 21.0], [30.8414710, 40.5403023]]])
    why = "position 0 gets (0, 1), position 1 gets (sin 1, cos 1) = (0.8415, 0.5403)"
    x = torch.tensor([[[10.0, 20.0], [30.0, 40.0]]])
    checks.expect_close(module(x), expected, "PositionalEncoding(2)([[10, 20], [30, 40]])", why)


@pytest.mark.task("PositionalEncoding")
@pytest.mark.holds("Add the sinusoidal encoding", "the same encoding for every sequence")
@pytest.mark.core
def test_positional_encoding_adds_the_table_to_every_sequence(phase1, gen):
    module = phase1.PositionalEncoding(6, dropout=0.0, max_len=20)
    x = normal(gen, 3, 5, 6)
    expected = array(x) + oracle.sinusoidal_encoding(5, 6)
    why = "add PE[:L] of PE = sinusoidal_encoding(max_len, d_model) along the length, to every sequence alike"
    checks.expect_close(
        module(x), expected, "PositionalEncoding(6)(x)", why, dtype=torch.float32, tolerance=oracle.FLOAT32
    )


@pytest.mark.task("PositionalEncoding")
@pytest.mark.holds("Tensor ``(B, L, d_model)``")
@pytest.mark.core
@given(gen=generators(), dims=sizes(3, 1, 9), pairs=st.integers(1, 5))
def test_positional_encoding_is_right_at_every_size(phase1, gen, dims, pairs):
    # out[b, l] = x[b, l] + PE[l]
    batch, length, spare = dims
    module = phase1.PositionalEncoding(2 * pairs, dropout=0.0, max_len=length + spare)
    x = normal(gen, batch, length, 2 * pairs)
    expected = array(x) + oracle.sinusoidal_encoding(length, 2 * pairs)
    checks.expect_close(module(x), expected, f"PositionalEncoding({2 * pairs})(x)", tolerance=oracle.FLOAT32)


@pytest.mark.task("PositionalEncoding")
@pytest.mark.holds("ValueError: if ``L`` is more")
def test_the_longest_sequence_fits_and_a_longer_one_is_refused(phase1, gen):
    module = phase1.PositionalEncoding(4, dropout=0.0, max_len=7)
    x = normal(gen, 2, 7, 4)
    expected = array(x) + oracle.sinusoidal_encoding(7, 4)
    checks.expect_close(module(x), expected, "PositionalEncoding(4, max_len=7)(x) with L = 7", tolerance=oracle.FLOAT32)
    for length in (8, 9):
        too_long = normal(gen, 2, length, 4)
        label = f"a sequence of L = {length} with max_len = 7"
        checks.expect_raises(ValueError, lambda x=too_long: module(x), label, mentions=(length, 7))


@pytest.mark.task("PositionalEncoding")
@pytest.mark.holds("Create the table once")
def test_5000_positions_fit_unless_told_otherwise(phase1, gen):
    module = phase1.PositionalEncoding(2).eval()
    x = normal(gen, 1, 5000, 2)
    output = module(x)
    checks.expect_shape(output, (1, 5000, 2), "PositionalEncoding(2)(x) with L = 5000")
    start = array(x[:, :100]) + oracle.sinusoidal_encoding(100, 2)
    checks.expect_close(output[:, :100], start, "PositionalEncoding(2)(x) with L = 5000", tolerance=oracle.FLOAT32)
    label = "a sequence of L = 5001 with the default max_len"
    checks.expect_raises(ValueError, lambda: module(normal(gen, 1, 5001, 2)), label, mentions=(5001, 5000))


@pytest.mark.task("PositionalEncoding")
def test_one_encoding_serves_batches_of_every_shape(phase1, gen):
    module = phase1.PositionalEncoding(4, dropout=0.0, max_len=6)
    for shape in [(1, 1, 4), (1, 5, 4), (5, 1, 4), (9, 3, 4), (4, 4, 4), (4, 4, 4)]:  # nothing is remembered
        x = normal(gen, *shape)
        expected = array(x) + oracle.sinusoidal_encoding(shape[1], 4)
        checks.expect_close(
            module(x), expected, f"PositionalEncoding(4)(x) for x of shape {shape}", tolerance=oracle.FLOAT32
        )


@pytest.mark.task("PositionalEncoding")
@pytest.mark.holds("pe: buffer")
def test_the_table_is_a_buffer_and_not_trained(phase1, gen):
    module = phase1.PositionalEncoding(6, dropout=0.0, max_len=9)
    contract.expect_parameters(module, {}, "PositionalEncoding(6)")
    names = [name for name, _ in module.named_buffers()]
    checks.expect_that(
        "pe" in names, f"PositionalEncoding(6) has no buffer 'pe'; its buffers: {names}", "register_buffer"
    )
    x = leaf(normal(gen, 2, 4, 6))
    output = module(x)
    checks.expect_close(
        output, array(x) + oracle.sinusoidal_encoding(4, 6), "PositionalEncoding(6)(x)", tolerance=oracle.FLOAT32
    )
    checks.expect_gradients(output, {"x": x}, {"x": checks.probe_like(output)}, "PositionalEncoding(6)(x)")


@pytest.mark.task("PositionalEncoding")
@pytest.mark.holds("applied to the sum")
def test_dropout_acts_on_the_sum_in_training_mode_only(phase1, gen, manual_seed):
    module = phase1.PositionalEncoding(8, dropout=0.5, max_len=40)
    x = normal(gen, 6, 30, 8) + 3.0
    total = array(x) + oracle.sinusoidal_encoding(30, 8)
    manual_seed(1)
    trained = module.train()(x)
    checks.expect_shape(trained, (6, 30, 8), "PositionalEncoding(8)(x) in training mode")
    kept = array(trained) != 0.0
    why = "dropout(x + PE): the sum is dropped out as a whole, and what is kept is divided by 1 - p"
    checks.expect_that(0.4 < kept.mean() < 0.6, f"{kept.mean():.0%} of the values are kept at dropout 0.5", why)
    expected = np.where(kept, 2.0 * total, 0.0)
    checks.expect_close(trained, expected, "PositionalEncoding(8)(x) in training mode", why, tolerance=oracle.FLOAT32)
    for dim, name in enumerate(["sequence", "position", "feature"]):
        same = (kept == kept.take([0], axis=dim)).all()
        checks.expect_that(not same, f"dropout drops the same entries for every {name}", "drop every entry on its own")
    manual_seed(2)
    different = array(module(x)) != array(trained)
    checks.expect_that(bool(different.any()), "dropout is the same for every seed of torch's random numbers", why)
    why = "in evaluation mode nothing is dropped: use the nn.Dropout in self.dropout"
    checks.expect_close(
        module.eval()(x), total, "PositionalEncoding(8)(x) in evaluation mode", why, tolerance=oracle.FLOAT32
    )


@pytest.mark.task("PositionalEncoding")
@pytest.mark.holds("dropout: ``nn.Dropout``", "the probability that a dropout sets")
def test_the_dropout_given_is_the_dropout_used(phase1, gen):
    x = normal(gen, 2, 5, 4)
    total = array(x) + oracle.sinusoidal_encoding(5, 4)
    none = phase1.PositionalEncoding(4, dropout=0.0, max_len=9).train()
    checks.expect_close(
        none(x), total, "PositionalEncoding(4, dropout=0.0)(x) in training mode", tolerance=oracle.FLOAT32
    )
    everything = phase1.PositionalEncoding(4, dropout=1.0, max_len=9).train()
    label = "PositionalEncoding(4, dropout=1.0)(x) in training mode"
    checks.expect_close(everything(x), torch.zeros(2, 5, 4), label, "pass `dropout` on to nn.Dropout")
    default = phase1.PositionalEncoding(4)
    checks.expect_number(default.dropout.p, 0.1, "the default dropout", "the paper's P_drop is 0.1 (5.4)")


@pytest.mark.task("PositionalEncoding")
def test_positional_encoding_faces_float64(phase1, gen):
    module = phase1.PositionalEncoding(6, dropout=0.0, max_len=20).double()
    x = normal(gen, 2, 5, 6, dtype=torch.float64)
    expected = array(x) + oracle.sinusoidal_encoding(5, 6)
    # The table may have been made in float32 before the module became float64.
    contract.float64_in_and_out(module, [x], expected, "PositionalEncoding(6)(x)", tolerance=oracle.FLOAT32)


@pytest.mark.task("PositionalEncoding")
@pytest.mark.holds("Code follows the dtype and device")
def test_positional_encoding_answers_in_the_dtype_of_its_input(phase1, gen):
    module = phase1.PositionalEncoding(6, dropout=0.0, max_len=20)
    got = module(normal(gen, 2, 5, 6).to(torch.bfloat16))
    checks.expect_dtype(got, torch.bfloat16, "PositionalEncoding(6)(x) of x in bfloat16", "the sum has x's dtype")


@pytest.mark.task("PositionalEncoding")
def test_positional_encoding_faces_other_devices_and_odd_layouts(phase1, in_guest, gen):
    module = phase1.PositionalEncoding(6, dropout=0.0, max_len=20)
    x = normal(gen, 3, 5, 6)
    expected = array(x) + oracle.sinusoidal_encoding(5, 6)
    checks.expect_close(
        module(non_contiguous(x)), expected, "PositionalEncoding(6)(x), non-contiguous", tolerance=oracle.FLOAT32
    )
    contract.follows_the_device(in_guest, module, (x,), "PositionalEncoding(6)(x)")
    contract.on_meta(module.to("meta"), [x], (3, 5, 6), "PositionalEncoding(6)(x)")


@pytest.mark.task("PositionalEncoding")
@pytest.mark.holds("it is left as it was", "never changes an input in place")
def test_positional_encoding_faces_copies_and_unchanged_inputs(phase1, gen):
    module = phase1.PositionalEncoding(6, dropout=0.3, max_len=20).eval()
    fresh = phase1.PositionalEncoding(6, dropout=0.3, max_len=20).eval()
    x = normal(gen, 3, 5, 6)
    expected = module(x)
    checks.expect_close(
        expected, array(x) + oracle.sinusoidal_encoding(5, 6), "PositionalEncoding(6)(x)", tolerance=oracle.FLOAT32
    )
    contract.inputs_unchanged(module, [x], expected, "PositionalEncoding(6)(x)")
    contract.copies_behave_alike(module, fresh, [x], expected, "PositionalEncoding(6)(x)")

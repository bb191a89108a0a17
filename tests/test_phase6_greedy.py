"""Phase 6: greedy decoding (paper 3.1, auto-regression).

Most tests decode with a ``TableModel``, whose answer to every prefix and every source is known.
"""

from __future__ import annotations

from typing import Any, Sequence

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from tests.oracles import decoding as oracle
from tests.support import checks, contract
from tests.support.inputs import array, integers, normal
from tests.support.phase6 import (
    expect_evaluation_mode,
    expect_no_gradients,
    logits_of,
    randomise_transformer,
    small_transformer,
)
from tests.support.strategies import generators

VOCAB, ROWS = 7, 101
PAD, BOS, EOS = 3, 1, 2
OWN = "each row goes on with its own most probable token (argmax over the vocabulary), until its first EOS"
PADDED = "a row that has ended gets pad_id whatever the model says"
FORMAT = "int64 (B, L): without BOS, with EOS, L the length of the longest row"


def random_table(gen: torch.Generator, sources: int = 5) -> Tensor:
    """Random next-token scores, distinct in every row; padding is never said, EOS about every fourth time."""
    table = torch.rand(sources, ROWS, VOCAB, generator=gen, dtype=torch.float64).argsort(dim=-1).double()
    table[..., PAD] = -5.0
    table[..., EOS] += 0.7
    return table


def table_that_says(gen: torch.Generator, sentences: Sequence[Sequence[int]]) -> Tensor:
    """A table whose source ``s`` is answered with ``sentences[s]``, and with noise after that."""
    table = torch.rand(len(sentences), 9973, VOCAB, generator=gen, dtype=torch.float64)
    table[..., PAD] = -5.0
    table[..., EOS] = -5.0
    for source, sentence in enumerate(sentences):
        for t, token in enumerate(sentence):
            table[source, oracle.row_of(sentence[:t], array(table[source])), token] = 9.0
    return table


def sources_for(rows: Sequence[int], sources: int) -> tuple[Tensor, Tensor]:
    """Padded sources, with their mask, that a ``TableModel`` reads as these rows of its tables."""
    tokens = torch.full((len(rows), 4), PAD)
    for b, row in enumerate(rows):
        tokens[b, : b % 3 + 1] = 0
        tokens[b, 0] = next(word for word in range(10, 40) if oracle.source_row([word], sources) == row)
    tokens[-1, :] = torch.where(tokens[-1] == PAD, 0, tokens[-1])  # one source without padding
    return tokens, (tokens != PAD)[:, None, None, :]


def padded(sentences: Sequence[Sequence[int]]) -> Tensor:
    """Sentences as one tensor."""
    longest = max(len(sentence) for sentence in sentences)
    return torch.tensor([list(sentence) + [PAD] * (longest - len(sentence)) for sentence in sentences])


def expect_said(got: Any, expected: Tensor, label: str, why: str = "", pad_id: int = PAD) -> None:
    """``got`` holds these tokens; the message says so where padding is missing or the shape is another."""
    checks.expect_shape(got, expected.shape, label, f"{why}; {FORMAT}" if why and why != OWN else FORMAT)
    if got.dtype == expected.dtype:
        wrong = (got.cpu() != expected).nonzero()
        if len(wrong) and expected[tuple(wrong[0])] == pad_id:
            why = f"{PADDED} (here {pad_id})"
    checks.expect_equal(got, expected, label, why)


def decode(phase6: Any, model: Any, src: Tensor, src_mask: Any, max_len: int) -> Any:
    """``greedy_decode`` with the ids of this file."""
    return phase6.greedy_decode(model, src, src_mask, BOS, EOS, PAD, max_len)


@pytest.mark.task("greedy_decode")
@pytest.mark.holds("``int64 (B, L)`` with ``L <= max_len``", "the length of the longest row")
@pytest.mark.core
def test_every_row_says_its_own_sentence(phase6, in_guest, gen):
    said = [[4, 5, 4, EOS], [0, EOS], [6, 6, 0, 5, 4, EOS]]
    model = in_guest.fakes.TableModel(table_that_says(gen, said), BOS).eval()
    src, src_mask = sources_for([0, 1, 2], 3)
    got = decode(phase6, model, src, src_mask, 9)
    expect_said(got, padded(said), "greedy_decode of three rows", OWN)


@pytest.mark.task("greedy_decode")
@pytest.mark.holds("taking the most probable token", "starts from BOS alone")
@given(gen=generators(), rows=st.lists(st.integers(0, 4), min_size=1, max_size=5), max_len=st.integers(1, 7))
def test_greedy_is_the_most_probable_token_at_every_step(phase6, in_guest, gen, rows, max_len):
    # y_t = argmax of P(y | y_<t, X) until EOS or max_len
    table = random_table(gen)
    model = in_guest.fakes.TableModel(table, BOS).eval()
    src, src_mask = sources_for(rows, 5)
    said = [oracle.greedy(array(table[row]), EOS, max_len) for row in rows]
    got = decode(phase6, model, src, src_mask, max_len)
    expect_said(got, padded(said), f"greedy_decode of {len(rows)} rows, max_len={max_len}", OWN)


@pytest.mark.task("greedy_decode")
@given(gen=generators(), rows=st.lists(st.integers(0, 4), min_size=2, max_size=5))
def test_a_batch_is_decoded_as_its_rows_are_one_by_one(phase6, in_guest, gen, rows):
    # greedy(X)[b] = greedy(X[b]), padded to the longest
    table = random_table(gen)
    model = in_guest.fakes.TableModel(table, BOS).eval()
    src, src_mask = sources_for(rows, 5)
    together = decode(phase6, model, src, src_mask, 6)
    longest = max(len(oracle.greedy(array(table[row]), EOS, 6)) for row in rows)
    checks.expect_shape(together, (len(rows), longest), "greedy_decode of the batch", FORMAT)
    for b, row in enumerate(rows):
        alone = decode(phase6, model, src[b : b + 1], src_mask[b : b + 1], 6)
        said = oracle.greedy(array(table[row]), EOS, 6)
        expect_said(alone, torch.tensor([said]), f"greedy_decode of row {b} alone", OWN)
        expected = torch.tensor(said + [PAD] * (longest - len(said)))
        checks.expect_equal(together[b], expected, f"row {b} of the batch", "no row depends on the others")


@pytest.mark.task("greedy_decode")
@pytest.mark.holds("how many tokens an answer has at most")
@pytest.mark.parametrize("max_len", [1, 3, 4, 5, 6])
def test_max_len_counts_the_tokens_made_with_eos_and_without_bos(phase6, in_guest, gen, max_len):
    said = [[4, 5, 0, EOS], [6, 0, 0, 6, 5, 4, 4, 6]]  # the second never ends
    model = in_guest.fakes.TableModel(table_that_says(gen, said), BOS).eval()
    src, src_mask = sources_for([0, 1], 2)
    expected = padded([sentence[:max_len] for sentence in said])
    got = decode(phase6, model, src, src_mask, max_len)
    why = "at most max_len tokens, EOS counted, BOS not; EOS is made by the model and never forced"
    expect_said(got, expected, f"greedy_decode with max_len={max_len}", why)


@pytest.mark.task("greedy_decode")
@pytest.mark.holds("All ends once every row")
def test_decoding_stops_as_soon_as_every_row_has_ended(phase6, in_guest, gen):
    said = [[4, 5, EOS], [EOS], [0, EOS]]
    model = in_guest.fakes.TableModel(table_that_says(gen, said), BOS).eval()
    src, src_mask = sources_for([0, 1, 2], 3)
    in_guest.notes.begin()
    got = decode(phase6, model, src, src_mask, 50)
    why = "stop when all rows have had their EOS, not at max_len and not when the first row ends"
    expect_said(got, padded(said), "greedy_decode", why)
    calls = in_guest.notes.count("decode")  # 3 for all rows at once, 6 for one row after another
    checks.expect_that(calls <= 6, f"model.decode was called {calls} times for rows of 3, 1 and 2 tokens", why)


@pytest.mark.task("greedy_decode")
@pytest.mark.holds("from then on it gets padding")
def test_nothing_follows_eos_but_padding(phase6, in_guest, gen):
    # After its EOS the first row would say EOS again, and then words.
    said = [[4, EOS], [0, 6, 5, 4, 0, EOS]]
    table = table_that_says(gen, [[4, EOS, EOS, 5, 5, 6], said[1]])
    model = in_guest.fakes.TableModel(table, BOS).eval()
    src, src_mask = sources_for([0, 1], 2)
    expect_said(decode(phase6, model, src, src_mask, 8), padded(said), "greedy_decode", PADDED)


@pytest.mark.task("greedy_decode")
@pytest.mark.parametrize("ids", [(0, 6, 5), (6, 0, 1), (5, 4, 0)])
def test_the_ids_given_are_the_ids_used(phase6, in_guest, gen, ids):
    pad_id, bos_id, eos_id = ids
    word = next(token for token in range(VOCAB) if token not in ids)
    table = normal(gen, 2, ROWS, VOCAB, dtype=torch.float64)
    table[..., [pad_id, bos_id]] = -9.0
    table[:, 0, eos_id] = -9.0
    table[1, :, word] = 9.0  # this source is answered with one word for ever
    said = [oracle.greedy(array(table[0]), eos_id, 6), [word] * 6]
    expected = torch.full((2, 6), pad_id)
    expected[0, : len(said[0])], expected[1] = torch.tensor(said[0]), word
    model = in_guest.fakes.TableModel(table, bos_id).eval()
    src, src_mask = sources_for([0, 1], 2)
    in_guest.notes.begin()
    got = phase6.greedy_decode(model, src, src_mask, bos_id, eos_id, pad_id, 6)
    label = f"greedy_decode with bos_id={bos_id}, eos_id={eos_id}, pad_id={pad_id}"
    expect_said(got, expected, label, "no id is a constant", pad_id)
    first = in_guest.notes.distinct("first token")
    checks.expect_same(first, [bos_id], "what the decoder's input starts with", "start from BOS")


@pytest.mark.task("greedy_decode")
@pytest.mark.holds("The source is encoded once")
def test_the_source_is_encoded_once(phase6, in_guest, gen):
    said = [[4, 5, 4, 0, EOS], [0, 6, EOS]]
    model = in_guest.fakes.TableModel(table_that_says(gen, said), BOS).eval()
    src, src_mask = sources_for([0, 1], 2)
    in_guest.notes.begin()
    expect_said(decode(phase6, model, src, src_mask, 9), padded(said), "greedy_decode", OWN)
    why = "the memory does not depend on the target: encode before the loop, for the whole batch"
    checks.expect_same(in_guest.notes.count("encode"), 1, "the number of calls of model.encode", why)


@pytest.mark.task("greedy_decode")
@pytest.mark.holds("``src_mask`` its mask", "Every mask is boolean")
def test_the_source_mask_reaches_encoder_and_decoder(phase6, in_guest, gen):
    table = random_table(gen, sources=11)
    model = in_guest.fakes.TableModel(table, BOS).eval()
    src = torch.tensor([[4, 5, PAD, PAD], [6, PAD, PAD, PAD], [4, 4, 6, 5]])
    src_mask = (src != PAD)[:, None, None, :]
    for mask, label in ((src_mask, "with a mask of the source"), (None, "with src_mask=None")):
        visible = [[word for word in row if mask is None or word != PAD] for row in src.tolist()]
        said = [oracle.greedy(array(table[oracle.source_row(words, 11)]), EOS, 6) for words in visible]
        got = decode(phase6, model, src, mask, 6)
        why = "pass src_mask to model.encode and to model.decode, as it is"
        expect_said(got, padded(said), f"greedy_decode {label}", why)


@pytest.mark.task("greedy_decode")
@pytest.mark.parametrize("training", [True, False])
def test_decoding_runs_in_evaluation_mode_and_without_gradients(phase6, in_guest, gen, training):
    said = [[4, 5, 4, EOS], [0, EOS]]
    model = in_guest.fakes.TableModel(table_that_says(gen, said), BOS).train(training)
    src, src_mask = sources_for([0, 1], 2)
    in_guest.notes.begin()
    got = decode(phase6, model, src, src_mask, 9)
    why = "model.eval() while decoding: in training mode dropout makes the answer random"
    expect_said(got, padded(said), f"greedy_decode of a model that was in training={training}", why)
    expect_evaluation_mode(in_guest, "encode or decode", why)
    expect_no_gradients(in_guest, "encode or decode", "torch.no_grad()")
    why = "put the model back into the mode it came in"
    checks.expect_same(model.training, training, "model.training after greedy_decode", why)


def said_by(weights: Any, src: Tensor, count: int, causal: bool) -> Tensor:
    """Greedy answers of ``count`` tokens, made here by the formulas; later words are hidden or not."""
    tokens = torch.full((len(src), 1), BOS)
    for _ in range(count):
        logits = logits_of(weights, src, tokens, causal=causal)
        tokens = torch.cat([tokens, logits[:, -1].argmax(dim=-1, keepdim=True)], dim=1)
    return tokens[:, 1:]


def load_talkative_weights(model: Any, gen: torch.Generator) -> Any:
    """Random weights with which a Transformer never says pad or EOS, and minds what was said before."""
    randomise_transformer(model, gen, (9, 11))
    state = {name: value.clone() for name, value in model.state_dict().items()}
    for name, value in state.items():
        if "cross_attention.w_o" in name or (name.startswith("decoder") and name.endswith("norm.bias")):
            value *= 0.2
    rows = normal(gen, 3, state["output_projection.weight"].size(1))
    # Words 5 to 10 have the logits of rows and -rows, so one of them is above the 0 of all others.
    state["output_projection.weight"] = torch.cat([torch.zeros_like(rows), torch.zeros_like(rows[:2]), rows, -rows])
    model.load_state_dict(state)
    return {name: array(value) for name, value in state.items()}


@pytest.mark.task("greedy_decode")
def test_a_transformer_says_what_it_says_in_training(phase4, phase5, phase6, gen):
    model = small_transformer(phase4, dropout=0.5, vocab=(9, 11)).eval()
    for _ in range(30):  # until it matters that the words before the last do not see the ones after them
        weights = load_talkative_weights(model, gen)
        src = integers(gen, 4, 9, 3, 5)
        src[0, 3:] = PAD
        expected = said_by(weights, src, 6, causal=True)
        if not torch.equal(expected, said_by(weights, src, 6, causal=False)):
            break
    src_mask = phase5.padding_mask(src, PAD)
    why = "the last position's argmax after BOS and the tokens so far, under a look-ahead mask as in training"
    for dtype in (torch.float32, torch.float64):
        got = decode(phase6, model.to(dtype).train(), src, src_mask, 6)
        expect_said(got, expected, f"greedy_decode of a Transformer in {str(dtype)[6:]}", why)


@pytest.mark.task("greedy_decode")
def test_decoding_leaves_source_and_mask_as_they_are(phase6, in_guest, gen):
    said = [[4, 5, 4, EOS], [0, EOS]]
    model = in_guest.fakes.TableModel(table_that_says(gen, said).float(), BOS).eval()
    src, src_mask = sources_for([0, 1], 2)
    src_before, mask_before = src.clone(), src_mask.clone()
    for number in (1, 2):
        got = decode(phase6, model, src, src_mask, 9)
        expect_said(got, padded(said), f"greedy_decode at call {number}", "a call leaves nothing behind")
    checks.expect_equal(src, src_before, "src after decoding", "do not write into the caller's tensors")
    checks.expect_equal(src_mask, mask_before, "src_mask after decoding", "do not write into the caller's tensors")


@pytest.mark.task("greedy_decode")
@pytest.mark.holds("on the device of ``src``")
def test_greedy_decoding_stays_on_the_device_of_the_source(phase6, in_guest, gen):
    said = [[4, 5, EOS], [0, EOS]]
    model = in_guest.fakes.TableModel(table_that_says(gen, said), BOS).eval()
    src, src_mask = sources_for([0, 1], 2)
    expected = decode(phase6, model, src, src_mask, 6)
    args = (model, src, src_mask, BOS, EOS, PAD, 6)
    got = contract.on_another_device(in_guest, phase6.greedy_decode, args, "greedy_decode")
    expect_said(got, expected, "greedy_decode on another device than torch's default")

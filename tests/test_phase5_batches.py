"""Phase 5: sentence pairs of different lengths become one batch (paper 5.1)."""

from __future__ import annotations

from typing import Any, Sequence

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.oracles import mechanics as oracle
from tests.support import checks
from tests.support.inputs import integers

# Ids that hide nothing: padding is not 0, and 0 is an ordinary token.
PAD, BOS, EOS = 3, 1, 2

words = st.lists(st.sampled_from([0, 4, 5, 6, 7, 8]), max_size=6)
sentence_pairs = st.lists(st.tuples(words, words), min_size=1, max_size=5)


def expect_tokens(batch: Any, pairs: Sequence, pad_id: int, bos_id: int, eos_id: int) -> None:
    """The three token tensors and their count are those of ``pairs``."""
    src = oracle.pad([list(src) + [eos_id] for src, _ in pairs], pad_id)
    tgt_in = oracle.pad([[bos_id] + list(tgt) for _, tgt in pairs], pad_id)
    tgt_out = oracle.pad([list(tgt) + [eos_id] for _, tgt in pairs], pad_id)
    checks.expect_that(batch is not None, "make_batch returned None, expected a Batch: is a `return` missing?")
    got_src, got_in, got_out = batch.src, batch.tgt_in, batch.tgt_out  # a diagnosis sees all, whichever fails first
    expect_ids(got_src, src, "src", "src = ids + [eos], padded on the right to the longest of the batch")
    expect_ids(got_in, tgt_in, "tgt_in", "tgt_in = [bos] + ids: no EOS, padded on the right")
    expect_ids(got_out, tgt_out, "tgt_out", "tgt_out = ids + [eos]: no BOS, one step ahead of tgt_in")
    count = sum(len(tgt) + 1 for _, tgt in pairs)
    why = "num_tokens is an int: the tokens of tgt_out that are not padding, EOS counted"
    checks.expect_same(batch.num_tokens, count, "batch.num_tokens", why)
    checks.expect_same(batch.pad_id, pad_id, "batch.pad_id", "keep the pad_id that was given")


def expect_ids(got: Any, expected: np.ndarray, name: str, why: str) -> None:
    """``got`` holds these token ids, int64."""
    checks.expect_shape(got, expected.shape, f"batch.{name}", why)
    tokens = "token ids are int64: `torch.tensor(rows, dtype=torch.int64)`; `torch.Tensor(rows)` makes float32"
    checks.expect_dtype(got, torch.int64, f"batch.{name}", tokens)
    checks.expect_equal(got, torch.from_numpy(expected), f"batch.{name}", why)


def expect_mask(got: Any, expected: Any, name: str, why: str) -> None:
    """``got`` is this boolean mask."""
    expected = torch.as_tensor(expected)
    checks.expect_shape(got, expected.shape, f"batch.{name}", why)
    checks.expect_equal(got, expected, f"batch.{name}", why)


def batch_of(phase5: Any, pairs: Sequence, pad_id: int = PAD, bos_id: int = BOS, eos_id: int = EOS) -> Any:
    """``make_batch`` of copies of the lists: code that writes into them spoils its own test only."""
    copies = [(list(src), list(tgt)) for src, tgt in pairs]
    batch = phase5.make_batch(copies, pad_id, bos_id, eos_id)
    checks.expect_that(batch is not None, "make_batch returned None, expected a Batch: is a `return` missing?")
    return batch


@pytest.mark.task("make_batch")
@pytest.mark.holds("into one rectangular batch", "src_ids + [eos]")
@pytest.mark.core
def test_a_batch_of_two_pairs_written_out(phase5, gen):
    expect_two_pairs(phase5, [10, 11, 12, 13], [20, 21, 22, 23])
    expect_two_pairs(phase5, integers(gen, 10, 90, 4).tolist(), integers(gen, 10, 90, 4).tolist())


def expect_two_pairs(phase5: Any, src_words: Sequence[int], tgt_words: Sequence[int]) -> None:
    """The batch of a source of three words with a target of one, and of one of one word with a target of three."""
    (a, b, c, d), (e, f, g, h) = src_words, tgt_words
    pairs = [([a, b, c], [e]), ([d], [f, g, h])]
    batch = phase5.make_batch(pairs, pad_id=PAD, bos_id=BOS, eos_id=EOS)
    checks.expect_that(batch is not None, "make_batch returned None, expected a Batch: is a `return` missing?")
    got_src, got_in, got_out = batch.src, batch.tgt_in, batch.tgt_out
    src = np.array([[a, b, c, EOS], [d, EOS, PAD, PAD]])
    expect_ids(got_src, src, "src", "src = ids + [eos], then padding on the right")
    tgt_in = np.array([[BOS, e, PAD, PAD], [BOS, f, g, h]])
    expect_ids(got_in, tgt_in, "tgt_in", "tgt_in = [bos] + ids, then padding on the right")
    tgt_out = np.array([[e, EOS, PAD, PAD], [f, g, h, EOS]])
    expect_ids(got_out, tgt_out, "tgt_out", "tgt_out = ids + [eos], then padding on the right")
    why = "tgt_out has 2 + 4 real tokens, EOS counted"
    checks.expect_same(batch.num_tokens, 6, "batch.num_tokens", why)


@pytest.mark.task("make_batch")
@pytest.mark.holds("``num_tokens`` is an ``int``")
@given(pairs=sentence_pairs, special=st.permutations([1, 2, 3, 9]))
def test_a_batch_holds_its_pairs_whatever_their_lengths(phase5, pairs, special):
    # src = s EOS PAD..., tgt_in = BOS t PAD..., tgt_out = t EOS PAD..., num_tokens = sum of (len(t) + 1)
    pad_id, bos_id, eos_id, _ = special
    expect_tokens(batch_of(phase5, pairs, pad_id, bos_id, eos_id), pairs, pad_id, bos_id, eos_id)


@pytest.mark.task("make_batch")
@given(pairs=sentence_pairs)
def test_the_decoder_reads_one_step_behind_what_it_should_answer(phase5, pairs):
    batch = batch_of(phase5, pairs)
    longest = max(len(tgt) for _, tgt in pairs) + 1
    for name in ("tgt_in", "tgt_out"):
        checks.expect_shape(getattr(batch, name), (len(pairs), longest), f"batch.{name}")
    answers, reads = batch.tgt_out.clone(), batch.tgt_in
    begin = torch.full((len(pairs),), BOS)
    checks.expect_equal(reads[:, 0], begin, "the first token the decoder reads", "tgt_in begins with BOS")
    ends = torch.tensor([len(tgt) for _, tgt in pairs])
    last = answers.gather(1, ends[:, None])[:, 0]
    checks.expect_equal(
        last, torch.full_like(begin, EOS), "the last real token of each answer", "tgt_out ends with EOS"
    )
    answers[torch.arange(len(pairs)), ends] = PAD  # without EOS the two are the same, shifted by one
    why = "the decoder reads token t and should answer token t + 1"
    checks.expect_equal(reads[:, 1:], answers[:, :-1], "batch.tgt_in[:, 1:], against tgt_out[:, :-1] without EOS", why)


@pytest.mark.task("make_batch")
@pytest.mark.holds("padded on the right with", "Padding is on the right")
def test_source_and_target_are_padded_each_to_its_own_longest(phase5):
    pairs = [([4, 5, 6, 7, 8], [4]), ([5], [6, 7]), ([6, 7, 8], [])]
    batch = batch_of(phase5, pairs)
    why = "nothing is cut: each side is as long as its longest sentence and one special token"
    checks.expect_shape(batch.src, (3, 6), "batch.src", why)
    checks.expect_shape(batch.tgt_in, (3, 3), "batch.tgt_in", why)
    checks.expect_shape(batch.tgt_out, (3, 3), "batch.tgt_out", why)
    expect_tokens(batch, pairs, PAD, BOS, EOS)


@pytest.mark.task("make_batch")
@pytest.mark.holds("a list may be empty")
def test_an_empty_sentence_still_has_its_special_tokens(phase5):
    pairs = [([], []), ([4, 5], []), ([], [6, 7, 8])]
    batch = batch_of(phase5, pairs)
    src = np.array([[EOS, PAD, PAD], [4, 5, EOS], [EOS, PAD, PAD]])
    expect_ids(batch.src, src, "src", "an empty source is EOS alone")
    tgt_in = np.array([[BOS, PAD, PAD, PAD], [BOS, PAD, PAD, PAD], [BOS, 6, 7, 8]])
    expect_ids(batch.tgt_in, tgt_in, "tgt_in", "an empty target reads BOS alone")
    checks.expect_same(batch.num_tokens, 6, "batch.num_tokens", "the EOS of an empty target is a real token")
    alone = batch_of(phase5, [([], [])])
    expect_tokens(alone, [([], [])], PAD, BOS, EOS)


@pytest.mark.task("make_batch")
def test_one_pair_alone_needs_no_padding(phase5):
    pairs = [([7, 0, 7], [0, 0, 9, 4])]
    expect_tokens(batch_of(phase5, pairs), pairs, PAD, BOS, EOS)


@pytest.mark.task("make_batch")
@pytest.mark.parametrize("special", [(0, 1, 2), (9, 7, 8), (2, 0, 1), (1, 2, 0)])
def test_the_special_ids_are_the_ones_given(phase5, special):
    pad_id, bos_id, eos_id = special
    pairs = [([3, 4], [5, 6, 3]), ([5], [4])]
    batch = phase5.make_batch(pairs, pad_id=pad_id, bos_id=bos_id, eos_id=eos_id)
    expect_tokens(batch, pairs, pad_id, bos_id, eos_id)


@pytest.mark.task("make_batch")
def test_large_ids_and_repeated_ids_are_kept(phase5):
    far = 2**40 + 1
    pairs = [([far, far, 0], [0, far]), ([16777217], [5, 5, 5, 5])]
    why = "token ids are int64: float32 ends at 2**24 and int32 at 2**31"
    batch = batch_of(phase5, pairs)
    expect_ids(batch.src, np.array([[far, far, 0, EOS], [16777217, EOS, PAD, PAD]]), "src", why)
    expect_tokens(batch, pairs, PAD, BOS, EOS)


@pytest.mark.task("make_batch")
def test_the_masks_of_a_batch_written_out(phase5):
    batch = batch_of(phase5, [([4, 5], [6]), ([4], [6, 7])])
    src_mask = torch.tensor([[[[1, 1, 1]]], [[[1, 1, 0]]]], dtype=torch.bool)
    why = "src_mask = padding_mask(src, pad_id): the EOS of the source may be attended to"
    expect_mask(batch.src_mask, src_mask, "src_mask", why)
    short, long = [[1, 0, 0], [1, 1, 0], [1, 1, 0]], [[1, 0, 0], [1, 1, 0], [1, 1, 1]]
    tgt_mask = torch.tensor([[short], [long]], dtype=torch.bool)
    why = "tgt_mask = decoder_mask(tgt_in, pad_id): of what the decoder reads"
    expect_mask(batch.tgt_mask, tgt_mask, "tgt_mask", why)


@pytest.mark.task("make_batch")
@pytest.mark.holds("``src_mask`` is the padding mask")
@given(pairs=sentence_pairs)
def test_the_masks_of_a_batch_belong_to_its_tokens(phase5, pairs):
    # src_mask = (src != PAD), tgt_mask[q, k] = (tgt_in[k] != PAD) and k <= q
    batch = batch_of(phase5, pairs)
    src = oracle.pad([src + [EOS] for src, _ in pairs], PAD)
    tgt_in = oracle.pad([[BOS] + tgt for _, tgt in pairs], PAD)
    src_mask, tgt_mask = oracle.padding_mask(src, PAD), oracle.decoder_mask(tgt_in, PAD)
    expect_mask(batch.src_mask, src_mask, "src_mask", "padding_mask(src, pad_id)")
    expect_mask(batch.tgt_mask, tgt_mask, "tgt_mask", "decoder_mask(tgt_in, pad_id): of what the decoder reads")


@pytest.mark.task("make_batch")
@pytest.mark.holds("ValueError: if ``pairs`` is empty")
def test_no_pairs_are_refused_and_one_pair_is_not(phase5):
    expect_tokens(batch_of(phase5, [([4], [5])]), [([4], [5])], PAD, BOS, EOS)
    checks.expect_raises(ValueError, lambda: phase5.make_batch([], PAD, BOS, EOS), "make_batch([], ...)")


@pytest.mark.task("make_batch")
def test_the_callers_lists_stay_as_they_are(phase5, in_guest):
    pairs = [([4, 5], [6]), ([7], [8, 4, 5]), ([], [6])]
    expected = [([4, 5], [6]), ([7], [8, 4, 5]), ([], [6])]
    again = in_guest.pair_lists.second_batch(phase5.make_batch, pairs, PAD, BOS, EOS)
    expect_tokens(again, expected, PAD, BOS, EOS)
    after = in_guest.pair_lists.lists_after(phase5.make_batch, [list(pair) for pair in expected], PAD, BOS, EOS)
    why = "ids + [eos] makes a new list; append, extend, insert and += write into the caller's"
    checks.expect_same([tuple(pair) for pair in after], expected, "the list of pairs after make_batch", why)


@pytest.mark.task("make_batch")
def test_a_batch_moves_to_another_device_as_a_whole(phase5):
    pairs = [([4, 5], [6]), ([7], [8, 4, 5])]
    batch = batch_of(phase5, pairs)
    expect_tokens(batch, pairs, PAD, BOS, EOS)
    moved = batch.to("meta")
    for name, shape in (("src", (2, 3)), ("tgt_in", (2, 4)), ("src_mask", (2, 1, 1, 3)), ("tgt_mask", (2, 1, 4, 4))):
        got = getattr(moved, name)
        checks.expect_shape(got, shape, f'batch.to("meta").{name}')
        checks.expect_that(
            got.device.type == "meta", f'batch.to("meta").{name} is on {got.device.type}', "return a Batch"
        )

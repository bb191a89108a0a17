"""Phase 6: length penalty and beam search (paper 6.1; Wu et al. 2016, section 7).

Beams run over a ``TableModel``: a trained model forgives most mistakes of a search, a table of random numbers none.
"""

from __future__ import annotations

import math
from typing import Any, Sequence

import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from torch import Tensor

from tests.oracles import decoding as oracle
from tests.support import checks, contract
from tests.support.inputs import array, integers, normal, weights_of
from tests.support.phase6 import (
    PAD,
    expect_evaluation_mode,
    expect_no_gradients,
    logits_of,
    randomise_transformer,
    small_transformer,
)
from tests.support.strategies import generators

BOS, EOS, A, B, C = 0, 1, 2, 3, 4
RULE = "extend every live hypothesis by every token, keep the beam_size best of all, collect those that end in EOS"
SCORE = "score = log-probability / length_penalty(number of tokens); EOS counts, BOS does not"
LENGTHS = "search on while a hypothesis is live: alpha 0 prefers what is probable, a large alpha what is long"
CLEAR = 1e-3  # decisions closer than this are not asked for
CLOSE = 1e-4

alphas = st.sampled_from([0.0, 0.3, 0.6, 1.0, 1.7])


# -- length_penalty -----------------------------------------------------------------------------------------

WU = "((5 + length) / 6) ** alpha: Wu et al. 2016, equation 14"


@pytest.mark.task("length_penalty")
@pytest.mark.core
def test_length_penalty_is_that_of_wu(phase6, gen):
    others = [(length, float(torch.rand(1, generator=gen)) + 0.2) for length in integers(gen, 21, 400, 3).tolist()]
    for length, alpha, expected in (
        (7, 1.0, 2.0),  # 12 / 6
        (13, 2.0, 9.0),  # (18 / 6) ** 2
        (1, 0.6, 1.0),  # 1 to any power
        (5, 0.6, 1.358655),
        (10, 0.6, 1.732862),
        (20, 0.6, 2.354362),
        *((length, alpha, oracle.length_penalty(length, alpha)) for length, alpha in others),
    ):
        got = phase6.length_penalty(length, alpha)
        checks.expect_number(got, expected, f"length_penalty({length}, {alpha})", WU, tolerance=1e-6)


@pytest.mark.task("length_penalty")
@pytest.mark.holds("((5 + length) / 6) ^ alpha", "What a log-probability is divided by", "length: number of tokens")
@given(length=st.integers(1, 500), alpha=st.floats(0.0, 3.0))
def test_length_penalty_is_the_formula_at_every_length(phase6, length, alpha):
    # lp(Y) = ((5 + |Y|) / (5 + 1))^alpha
    got = phase6.length_penalty(length, alpha)
    label = f"length_penalty({length}, {alpha:.4g})"
    checks.expect_number(got, oracle.length_penalty(length, alpha), label, WU)
    checks.expect_that(isinstance(got, float), f"{label} is a {type(got).__name__}, expected a float")


@pytest.mark.task("length_penalty")
@pytest.mark.holds("0 switches the penalty off")
@given(length=st.integers(1, 100))
def test_alpha_0_switches_the_penalty_off(phase6, length):
    # lp = ((5 + n) / 6)^alpha: 1 for alpha = 0; for alpha = 1 six tokens more add 1
    got = phase6.length_penalty(length, 0.0)
    checks.expect_number(got, 1.0, f"length_penalty({length}, 0.0)", "anything to the power of 0 is 1")
    longer, twice = phase6.length_penalty(length + 6, 1.0), phase6.length_penalty(length, 1.0)
    checks.expect_number(longer - twice, 1.0, f"length_penalty({length + 6}, 1.0) - length_penalty({length}, 1.0)", WU)


# -- beam_search --------------------------------------------------------------------------------------------


def search(phase6: Any, model: Any, beam_size: int, alpha: float, max_len: int, src: Tensor | None = None) -> Any:
    """``beam_search`` of one source with the ids of this file."""
    src = torch.tensor([[7, 5]]) if src is None else src
    mask = torch.ones(1, 1, 1, src.size(1), dtype=torch.bool)
    return phase6.beam_search(model, src, mask, BOS, EOS, max_len, beam_size=beam_size, alpha=alpha)


def model_of(in_guest: Any, table: Any, dtype: torch.dtype = torch.float64) -> Any:
    """A model that answers from this table, whatever the source."""
    return in_guest.fakes.TableModel(torch.as_tensor(table)[None].to(dtype), BOS).eval()


def random_table(gen: torch.Generator, vocab_size: int, max_len: int, scale: float = 1.0) -> Tensor:
    """Random logits for every prefix; EOS is a little less likely than its share."""
    table = normal(gen, oracle.prefixes_up_to(vocab_size, max_len), vocab_size, scale=scale, dtype=torch.float64)
    table[:, EOS] -= 0.3
    return table + normal(gen, len(table), 1, scale=3.0, dtype=torch.float64)  # logits, not log-probabilities


def clear_case(
    gen: torch.Generator, vocab_size: int, max_len: int, beam_size: int, alpha: float = 0.6, eos_id: int = EOS
) -> tuple[Tensor, list[oracle.Answer]]:
    """A random table on which no decision of the search is a near tie, and the answers by the rule."""
    while True:
        table = random_table(gen, vocab_size, max_len)
        expected, clearance = oracle.beam_search(array(table), eos_id, max_len, beam_size, alpha)
        if clearance > CLEAR:
            return table, expected


def expect_answers(got: Any, expected: Sequence[oracle.Answer], label: str, why: str = "") -> None:
    """``got`` is a list of hypotheses with these tokens and scores, in this order."""
    checks.expect_that(got is not None, f"{label} is None, expected a list: is a `return` missing?")
    checks.expect_that(isinstance(got, list), f"{label} is a {type(got).__name__}, expected a list")
    said = [hypothesis.tokens for hypothesis in got]
    for place, tokens in enumerate(said):
        plain = isinstance(tokens, list) and all(type(token) is int for token in tokens)
        checks.expect_that(plain, f"{label}: the tokens of hypothesis {place} are no list of plain ints: {tokens!r}")
    wanted = [tokens for tokens, _ in expected]
    for place, (ours, theirs) in enumerate(zip(said, wanted)):
        if ours != theirs:
            if ours == theirs[:-1]:
                why = "the last token is missing: EOS belongs to it, max_len does not count BOS, live ones go on"
            elif ours[1:] == theirs:
                why = "there is one token too many in front: BOS is no part of the answer"
            message = f"{label}: hypothesis {place} (0 is the best) is wrong\n  expected: {theirs}\n  got:      {ours}"
            checks.fail(message, why or RULE)
    checks.expect_same(len(said), len(wanted), f"{label}: the number of hypotheses", why or RULE)
    for place, (hypothesis, (tokens, expected_score)) in enumerate(zip(got, expected)):
        score = hypothesis.score
        name = f"{label}: the score of hypothesis {place}, {tokens}"
        kind = type(score).__name__
        checks.expect_that(isinstance(score, float), f"{name}, is a {kind}, expected a float", ".item()")
        checks.expect_number(score, expected_score, name, SCORE, tolerance=CLOSE)


@pytest.mark.task("beam_search")
def test_a_beam_of_two_finds_what_a_greedy_search_misses(phase6, in_guest):
    # Greedy takes A and ends at 0.6 * 0.55 = 0.33; B, less probable at first, ends at 0.4 * 0.9 = 0.36.
    after = {(): {A: 0.6, B: 0.4}, (A,): {EOS: 0.55, C: 0.45}, (B,): {EOS: 0.9, C: 0.1}}
    got = search(phase6, model_of(in_guest, oracle.written_table(after, vocab_size=5, length=2)), 2, 0.0, 2)
    expected = [([B, EOS], math.log(0.36)), ([A, EOS], math.log(0.33))]
    expect_answers(got, expected, "beam_search(beam_size=2, alpha=0) of 0.36 and 0.33")


@pytest.mark.task("beam_search")
@pytest.mark.holds(
    "Search for the most probable answers",
    "extends every live hypothesis by every token",
    "those that end in EOS leave the beam",
    "they call the three methods",
)
@pytest.mark.core
@given(gen=generators(), beam_size=st.integers(1, 4), max_len=st.integers(1, 5), alpha=alphas)
def test_beam_search_follows_the_rule_on_random_tables(phase6, in_guest, gen, beam_size, max_len, alpha):
    # score(Y) = log P(Y | X) / lp(Y), over the beam_size best prefixes of each length
    table = random_table(gen, 5, max_len)
    expected, clearance = oracle.beam_search(array(table), EOS, max_len, beam_size, alpha)
    assume(clearance > CLEAR)
    got = search(phase6, model_of(in_guest, table), beam_size, alpha, max_len)
    label = f"beam_search(beam_size={beam_size}, alpha={alpha}, max_len={max_len})"
    expect_answers(got, expected, label)


@pytest.mark.task("beam_search")
@pytest.mark.holds("starts with one live hypothesis")
@given(gen=generators(), sizes=st.sampled_from([(2, 4), (3, 3), (4, 2), (6, 2)]), alpha=alphas)
def test_a_beam_that_is_wide_enough_finds_what_exhaustive_search_finds(phase6, in_guest, gen, sizes, alpha):
    # argmax over all Y of log P(Y | X) / lp(Y), if beam_size >= V^max_len
    vocab_size, max_len = sizes
    table = random_table(gen, vocab_size, max_len)
    expected = oracle.exhaustive(array(table), EOS, max_len, alpha)
    assume(all(better[1] - worse[1] > CLEAR for better, worse in zip(expected, expected[1:])))
    beam_size = vocab_size**max_len
    got = search(phase6, model_of(in_guest, table), beam_size, alpha, max_len)
    label = f"beam_search over {vocab_size} tokens, max_len={max_len}, beam_size={beam_size}"
    expect_answers(got, expected, label, "with such a beam nothing is ever dropped: every answer must be there, once")


@pytest.mark.task("beam_search")
@pytest.mark.holds("keep their finite log-probability")
def test_improbable_answers_keep_their_log_probabilities_in_float32(phase6, in_guest, gen):
    clearance = 0.0
    while clearance < 0.1:  # float32 has 7 digits
        table = random_table(gen, 4, 2, scale=60.0)
        expected, clearance = oracle.beam_search(array(table), EOS, 2, 16, 0.6)
    got = search(phase6, model_of(in_guest, table, torch.float32), 16, 0.6, 2)
    why = "a token 104 below the best has probability 0 in float32 and its logarithm is -inf: use log_softmax"
    expect_answers(got, expected, "beam_search over logits of size 60 in float32", why)


@pytest.mark.task("beam_search")
@given(gen=generators(), max_len=st.integers(1, 6))
def test_a_beam_of_one_without_penalty_is_greedy(phase6, in_guest, gen, max_len):
    # y_t = argmax of P(y | y_<t, X), score = sum over t of log P(y_t | y_<t, X)
    table = random_table(gen, 6, max_len, scale=2.0)
    assume(oracle.beam_search(array(table), EOS, max_len, 1, 0.0)[1] > CLEAR)
    said = oracle.greedy(array(table), EOS, max_len)
    total = sum(oracle.log_probabilities(array(table), said[:t])[token] for t, token in enumerate(said))
    got = search(phase6, model_of(in_guest, table), 1, 0.0, max_len)
    why = "one hypothesis, its best token each time"
    expect_answers(got, [(said, total)], "beam_search(beam_size=1, alpha=0)", why)


@pytest.mark.task("beam_search")
def test_each_token_is_appended_to_the_hypothesis_it_extends(phase6, in_guest):
    # The second hypothesis becomes the first: whoever appends by position glues tokens to the wrong prefix.
    table = oracle.written_table(
        {
            (): {A: 0.6, B: 0.4},
            (A,): {A: 0.35, B: 0.35, C: 0.2, EOS: 0.1},
            (B,): {C: 0.8, A: 0.2},
            (A, A): {EOS: 1.0},
            (A, B): {EOS: 1.0},
            (B, C): {EOS: 0.9, A: 0.1},
        },
        vocab_size=5,
        length=3,
    )
    expected, _ = oracle.beam_search(table, EOS, 3, 3, 0.0)
    got = search(phase6, model_of(in_guest, table), 3, 0.0, 3)
    why = "the kept extensions come from different parents: take tokens and log-probability from the right one"
    expect_answers(got[:1] if got else got, [([B, C, EOS], expected[0][1])], "the best of beam_search", why)


@pytest.mark.task("beam_search")
@pytest.mark.holds("An extension that is not kept is gone")
def test_eos_outside_the_kept_extensions_is_not_collected(phase6, in_guest):
    # EOS comes third at the first step; with a beam of two it is gone, however good its score would have been.
    table = oracle.written_table(
        {
            (): {A: 0.4, B: 0.35, EOS: 0.25},
            (A,): {A: 0.36, B: 0.34, EOS: 0.3},
            (B,): {C: 0.4, A: 0.35, B: 0.25},
            (A, A): {EOS: 0.6, A: 0.4},
            (B, C): {EOS: 0.5, A: 0.3, B: 0.2},
        },
        vocab_size=5,
        length=3,
    )
    expected, clearance = oracle.beam_search(table, EOS, 3, 2, 0.0)
    checks.expect_that([EOS] not in [tokens for tokens, _ in expected] and clearance > 1e-6, "the test's table")
    got = search(phase6, model_of(in_guest, table), 2, 0.0, 3)
    why = "only an EOS among the beam_size kept extensions is collected: one that ranks below them is dropped"
    expect_answers(got, expected, "beam_search(beam_size=2)", why)


@pytest.mark.task("beam_search")
def test_eos_takes_a_place_among_the_kept_extensions(phase6, in_guest):
    # EOS and A are kept at the first step, B is not, though it would lead further than A.
    table = oracle.written_table(
        {
            (): {EOS: 0.5, A: 0.3, B: 0.2},
            (A,): {A: 0.6, B: 0.4},
            (A, A): {EOS: 0.7, A: 0.3},
            (A, B): {EOS: 0.6, A: 0.4},
            (B,): {C: 0.99, A: 0.01},
            (B, C): {EOS: 0.99, A: 0.01},
        },
        vocab_size=5,
        length=3,
    )
    expected, _ = oracle.beam_search(table, EOS, 3, 2, 0.0)
    checks.expect_same([tokens for tokens, _ in expected], [[EOS], [A, A, EOS]], "the answers by the rule")
    got = search(phase6, model_of(in_guest, table), 2, 0.0, 3)
    why = "beam_size extensions are kept in all, EOS or not: what ends leaves the beam, and nothing moves up for it"
    expect_answers(got, expected, "beam_search(beam_size=2)", why)


@pytest.mark.task("beam_search")
def test_a_hypothesis_that_ended_early_does_not_stop_better_ones(phase6, in_guest):
    table = oracle.written_table(
        {
            (): {EOS: 0.45, A: 0.4, B: 0.15},
            (A,): {B: 0.95, C: 0.05},
            (B,): {A: 0.5, B: 0.5},
            (A, B): {C: 0.97, A: 0.03},
            (A, B, C): {EOS: 0.98, A: 0.02},
        },
        vocab_size=5,
        length=4,
    )
    got = search(phase6, model_of(in_guest, table), 2, 1.0, 4)
    expected, _ = oracle.beam_search(table, EOS, 4, 2, 1.0)
    checks.expect_same(expected[0][0], [A, B, C, EOS], "the best by the rule")
    why = "the first EOS is not the end: go on while a hypothesis is live, a longer one may score better"
    expect_answers(got, expected, "beam_search(beam_size=2, alpha=1)", why)


@pytest.mark.task("beam_search")
def test_alpha_decides_between_short_and_long(phase6, in_guest):
    table = oracle.written_table(
        {(): {EOS: 0.52, A: 0.48}, (A,): {B: 0.9, EOS: 0.1}, (A, B): {C: 0.8, A: 0.2}, (A, B, C): {EOS: 1.0}},
        vocab_size=5,
        length=4,
    )
    long = math.log(0.48 * 0.9 * 0.8)
    for alpha, best, score in ((0.0, [EOS], math.log(0.52)), (2.0, [A, B, C, EOS], long / 1.5**2)):
        got = search(phase6, model_of(in_guest, table), 2, alpha, 4)
        label = f"the best of beam_search(alpha={alpha})"
        why = f"{SCORE}; {LENGTHS}"
        expect_answers(got[:1] if got else got, [(best, score)], label, why)


@pytest.mark.task("beam_search")
@pytest.mark.holds("counts EOS and not BOS")
def test_long_answers_have_the_penalty_of_their_own_length(phase6, in_guest, gen):
    clearance = 0.0
    lengths: set[int] = set()
    order: list[list[int]] = []
    plain_order: list[list[int]] = []
    while clearance <= CLEAR or len(lengths) < 2 or min(lengths) < 7 or order != plain_order:
        table = random_table(gen, 4, 4)  # longer prefixes share its rows
        table[:, EOS] -= 1.0
        expected, clearance = oracle.beam_search(array(table), EOS, 12, 3, 0.9)
        order, lengths = [tokens for tokens, _ in expected], {len(tokens) for tokens, _ in expected}
        plain_order = [tokens for tokens, _ in oracle.beam_search(array(table), EOS, 12, 3, 0.0)[0]]
    got = search(phase6, model_of(in_guest, table), 3, 0.9, 12)
    expect_answers(got, expected, "beam_search(beam_size=3, alpha=0.9, max_len=12)", SCORE)


@pytest.mark.task("beam_search")
@pytest.mark.holds("The search ends when")
@pytest.mark.parametrize("max_len", [1, 2, 3])
def test_hypotheses_that_reach_max_len_are_answers_too(phase6, in_guest, gen, max_len):
    clearance = 0.0
    while clearance <= CLEAR:
        table = random_table(gen, 5, 3)
        table[:, EOS] = -40.0  # nothing ever ends
        expected, clearance = oracle.beam_search(array(table), EOS, max_len, 3, 0.6)
    got = search(phase6, model_of(in_guest, table), 3, 0.6, max_len)
    why = "what is still live after max_len tokens is ranked together with what was collected; no EOS is put on"
    expect_answers(got, expected, f"beam_search(max_len={max_len}) where nothing ends", why)


@pytest.mark.task("beam_search")
@pytest.mark.holds("are then ranked by")
def test_the_collected_and_the_live_are_ranked_together(phase6, in_guest):
    table = oracle.written_table(
        {
            (): {A: 0.55, EOS: 0.05, B: 0.4},
            (A,): {A: 0.9, EOS: 0.1},
            (B,): {EOS: 0.7, C: 0.3},
            (A, A): {C: 0.95, EOS: 0.05},
        },
        vocab_size=5,
        length=3,
    )
    expected, _ = oracle.beam_search(table, EOS, 3, 2, 0.0)
    checks.expect_same([tokens for tokens, _ in expected], [[A, A, C], [B, EOS]], "the answers by the rule")
    got = search(phase6, model_of(in_guest, table), 2, 0.0, 3)
    expect_answers(got, expected, "beam_search(beam_size=2, max_len=3)", "an unended hypothesis may be the best")


@pytest.mark.task("beam_search")
@pytest.mark.holds("fewer extensions than")
@pytest.mark.parametrize("beam_size", [7, 40])
def test_a_beam_wider_than_the_vocabulary_starts_with_what_there_is(phase6, in_guest, gen, beam_size):
    table, expected = clear_case(gen, 3, 3, beam_size)
    got = search(phase6, model_of(in_guest, table), beam_size, 0.6, 3)
    why = "at the first step there is one hypothesis and so no more extensions than tokens; none may occur twice"
    expect_answers(got, expected, f"beam_search over 3 tokens with beam_size={beam_size}", why)


@pytest.mark.task("beam_search")
@pytest.mark.holds("At most ``beam_size`` hypotheses")
def test_the_defaults_are_those_of_the_paper(phase6, in_guest, gen):
    table, expected = clear_case(gen, 6, 4, beam_size=4)
    got = phase6.beam_search(model_of(in_guest, table), torch.tensor([[5, 6]]), None, BOS, EOS, 4)
    expect_answers(got, expected, "beam_search without beam_size and alpha", "a beam of 4 and alpha 0.6 (6.1)")


@pytest.mark.task("beam_search")
def test_other_ids_of_bos_and_eos_serve_as_well(phase6, in_guest, gen):
    table, expected = clear_case(gen, 5, 3, beam_size=2, eos_id=3)
    model = in_guest.fakes.TableModel(table[None], 4).eval()
    in_guest.notes.begin()
    got = phase6.beam_search(model, torch.tensor([[5, 6]]), None, 4, 3, 3, 2)
    expect_answers(got, expected, "beam_search with bos_id=4, eos_id=3", "no id is a constant")
    first = in_guest.notes.distinct("first token")
    checks.expect_same(first, [4], "what the decoder's input starts with", "BOS comes first")


@pytest.mark.task("beam_search")
@pytest.mark.holds("src: one row")
@given(gen=generators(), words=st.lists(st.integers(4, 12), min_size=1, max_size=4), pads=st.integers(0, 2))
def test_source_and_mask_go_with_every_hypothesis(phase6, in_guest, gen, words, pads):
    # log P(Y | X) = sum over t of log P(y_t | y_<t, X), with one and the same X for every Y
    tables = torch.stack([random_table(gen, 4, 3) for _ in range(5)])
    expected, clearance = oracle.beam_search(array(tables[oracle.source_row(words, 5)]), EOS, 3, 3, 0.6)
    assume(clearance > CLEAR)
    model = in_guest.fakes.TableModel(tables, BOS).eval()
    src = torch.tensor([words + [PAD] * pads])
    src_mask = torch.tensor([True] * len(words) + [False] * pads)[None, None, None, :]
    src_before, mask_before = src.clone(), src_mask.clone()
    in_guest.notes.begin()
    got = phase6.beam_search(model, src, src_mask, BOS, EOS, 3, 3, 0.6)
    why = "every hypothesis reads the same memory under the same src_mask, in encode and in decode"
    expect_answers(got, expected, f"beam_search of a source of {len(words)} words and {pads} pads", why)
    calls = in_guest.notes.count("encode")
    checks.expect_same(calls, 1, "the number of calls of model.encode", "encode the source once")
    checks.expect_equal(src, src_before, "src after the search", "do not write into the caller's tensors")
    checks.expect_equal(src_mask, mask_before, "src_mask after the search", "do not write into the caller's tensors")


@pytest.mark.task("beam_search")
@pytest.mark.parametrize("training", [True, False])
def test_the_search_runs_in_evaluation_mode_and_without_gradients(phase6, in_guest, gen, training):
    table, expected = clear_case(gen, 5, 4, beam_size=3)
    model = model_of(in_guest, table).train(training)
    in_guest.notes.begin()
    for number in (1, 2):
        got = search(phase6, model, 3, 0.6, 4)
        why = "model.eval() while searching: in training mode dropout makes the answer random"
        expect_answers(got, expected, f"beam_search at call {number} of a model in training={training}", why)
    expect_evaluation_mode(in_guest, "encode or decode", why)
    expect_no_gradients(in_guest, "encode or decode", "torch.no_grad()")
    why = "put the model back into the mode it came in"
    checks.expect_same(model.training, training, "model.training after beam_search", why)


@pytest.mark.task("beam_search")
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_scores_of_a_transformer_are_those_of_its_forward_pass(phase4, phase5, phase6, gen, dtype):
    # With a beam that drops nothing, every answer is there; its score must be what training would call it.
    model = small_transformer(phase4, dropout=0.5, vocab=(9, 4)).to(dtype)
    randomise_transformer(model, gen, (9, 4))
    weights = weights_of(model)
    src = integers(gen, 4, 9, 1, 5)
    src[0, 3:] = PAD
    src_mask = phase5.padding_mask(src, PAD)
    got = phase6.beam_search(model.train(), src, src_mask, BOS, EOS, 3, beam_size=64, alpha=0.6)
    checks.expect_that(got is not None, "beam_search returned None, expected a list: is a `return` missing?")
    count = 1 + 3 + 9 + 27
    checks.expect_same(len(got), count, "the number of answers of at most 3 tokens out of 4 (EOS ends)", RULE)
    for length in (1, 2, 3):
        answers = [(hypothesis.tokens, hypothesis.score) for hypothesis in got if len(hypothesis.tokens) == length]
        tokens = torch.tensor([tokens for tokens, _ in answers])
        tgt_in = torch.cat([torch.full((len(tokens), 1), BOS), tokens[:, :-1]], dim=1)
        logits = logits_of(weights, src.expand(len(tokens), -1), tgt_in)
        totals = logits.log_softmax(dim=-1).gather(2, tokens.unsqueeze(2)).sum(dim=(1, 2))
        expected = totals / oracle.length_penalty(length, 0.6)
        scores = torch.tensor([score for _, score in answers], dtype=torch.float64)
        why = "decode under a look-ahead mask as in training, then log_softmax over the vocabulary"
        checks.expect_close(scores, expected, f"the scores of the answers of {length} tokens", why, tolerance=CLOSE)
    ranked = [hypothesis.score for hypothesis in got]
    checks.expect_that(ranked == sorted(ranked, reverse=True), "the answers are not sorted, best score first", SCORE)


@pytest.mark.task("beam_search")
def test_beam_search_stays_on_the_device_of_the_source(phase6, in_guest, gen):
    model = model_of(in_guest, torch.rand(997, 6, generator=gen, dtype=torch.float64))
    src, mask = torch.tensor([[7, 5]]), torch.ones(1, 1, 1, 2, dtype=torch.bool)
    expected = [found.tokens for found in phase6.beam_search(model, src, mask, BOS, EOS, 5)]
    args = (model, src, mask, BOS, EOS, 5)
    got = contract.on_another_device(in_guest, phase6.beam_search, args, "beam_search")
    checks.expect_same([found.tokens for found in got], expected, "beam_search on another device than torch's default")

"""All six phases together, as the learner wrote them: train a small model, and decode with it.

Each phase is graded beside the reference code of the others. Here nothing is lent: the model is made of phases 1
to 4, fed by phase 5, trained and asked by phase 6.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import torch

from tests.oracles import decoding as oracle
from tests.oracles import mechanics, training
from tests.oracles import transformer as model_oracle
from tests.support import checks
from tests.support.inputs import array, randomise, weights_of

PAD, BOS, EOS = 0, 1, 2
LETTERS = (3, 4, 5)
VOCAB = 6
PHASES = "each phase may pass by itself; look at what one hands to the next: shapes, masks, pad_id, train and eval"

# All strings of one to three letters, and each of them reversed.
PAIRS = [(list(word), list(word[::-1])) for length in (1, 2, 3) for word in product(LETTERS, repeat=length)]
STEPS = 150


SHAPES = model_oracle.model_shapes(VOCAB, VOCAB, d_model=32, num_layers=1, d_ff=64)


def small_model(phase4: Any) -> Any:
    """Small enough to learn the strings in two seconds."""
    return phase4.Transformer(VOCAB, VOCAB, d_model=32, num_heads=4, num_layers=1, d_ff=64, dropout=0.0, max_len=12)


def make(phase5: Any, pairs: list[tuple[list[int], list[int]]]) -> Any:
    """A batch, checked for being one."""
    batch = phase5.make_batch(pairs, PAD, BOS, EOS)
    checks.expect_that(batch is not None, "make_batch returned None, expected a Batch", PHASES)
    return batch


def best_of(phase5: Any, phase6: Any, model: Any, pair: tuple[list[int], list[int]]) -> Any:
    """The best hypothesis of a beam of three for the source of ``pair``."""
    alone = make(phase5, [pair])
    found = phase6.beam_search(model, alone.src, alone.src_mask, BOS, EOS, 6, beam_size=3, alpha=0.6)
    checks.expect_that(bool(found), "beam_search returned no hypothesis", PHASES)
    return found[0]


def shuffled_batches(phase5: Any, gen: torch.Generator) -> list[Any]:
    """As many batches as there are steps; all strings occur before any occurs again."""
    batches: list[Any] = []
    half = len(PAIRS) // 2
    while len(batches) < STEPS:
        order = torch.randperm(len(PAIRS), generator=gen).tolist()
        batches += [make(phase5, [PAIRS[i] for i in part]) for part in (order[:half], order[half:])]
    return batches


def answers_of(tokens: torch.Tensor) -> list[list[int]]:
    """The rows as lists, without padding at the end."""
    rows = tokens.tolist()
    return [row[: row.index(EOS) + 1] if EOS in row else row for row in rows]


def expect_reversed(answers: list[list[int]], pairs: list[tuple[list[int], list[int]]], label: str) -> None:
    """All but one in twenty of the strings come back reversed, with EOS."""
    wrong = [(src, answer) for (src, tgt), answer in zip(pairs, answers) if answer != [*tgt, EOS]]
    if len(answers) != len(pairs) or len(wrong) > len(pairs) / 20:
        example = f"; {wrong[0][0]} became {wrong[0][1]} (EOS is {EOS})" if wrong else ""
        checks.fail(f"{label}: {len(pairs) - len(wrong)} of {len(pairs)} strings are right{example}", PHASES)


def test_the_six_files_make_one_model(phase4, phase5, gen):
    model = small_model(phase4).double().eval()
    randomise(model, gen, SHAPES, "Transformer(...)", scale=0.4)
    batch = make(phase5, [([3, 4, 5, 3], [5, 4]), ([5], [3, 3, 4]), ([4, 4], [])])
    numbers, weights = training.Numbers(batch), weights_of(model)
    logits = model(batch.src, batch.tgt_in, batch.src_mask, batch.tgt_mask)
    masks = array(batch.src_mask), array(batch.tgt_mask)
    expected = model_oracle.logits(numbers.src, numbers.tgt_in, weights, 4, *masks)
    # The table of positions may have been made in float32.
    checks.expect_close(logits, expected, "the logits of the assembled model", PHASES, tolerance=1e-4)


def test_evaluate_agrees_with_the_formulas_on_the_assembled_model(phase4, phase5, phase6, gen):
    model = small_model(phase4).double()
    randomise(model, gen, SHAPES, "Transformer(...)", scale=0.4)
    batch = make(phase5, PAIRS[:12])
    found = phase6.evaluate(model, [batch], phase5.LabelSmoothingLoss(PAD, 0.1))
    checks.expect_that(found is not None, "evaluate returned None", PHASES)
    numbers = training.Numbers(batch)
    masks = array(batch.src_mask), array(batch.tgt_mask)
    logits = model_oracle.logits(numbers.src, numbers.tgt_in, weights_of(model), 4, *masks)
    loss = mechanics.label_smoothing_loss(logits, numbers.tgt_out, PAD, 0.1)
    checks.expect_number(found.loss, loss, "evaluate's loss of the assembled model", PHASES, tolerance=1e-4)


def test_the_six_files_decode_a_source_alone_as_in_a_batch(phase4, phase5, phase6, gen):
    model = small_model(phase4)
    randomise(model, gen, SHAPES, "Transformer(...)", scale=0.4)
    everything = make(phase5, PAIRS)
    decoded = phase6.greedy_decode(model, everything.src, everything.src_mask, BOS, EOS, PAD, 6)
    checks.expect_that(decoded is not None, "greedy_decode returned None", PHASES)
    answers = answers_of(decoded)
    for i in range(0, len(PAIRS), 7):
        alone = make(phase5, [PAIRS[i]])
        one = phase6.greedy_decode(model, alone.src, alone.src_mask, BOS, EOS, PAD, 6)
        checks.expect_same(answers_of(one)[0], answers[i], f"greedy_decode of {PAIRS[i][0]} alone", PHASES)


def test_a_beams_score_is_what_the_model_gives_to_the_tokens(phase4, phase5, phase6, gen):
    model = small_model(phase4)
    randomise(model, gen, SHAPES, "Transformer(...)", scale=0.4)
    for pair in PAIRS[2::9]:
        found, alone = best_of(phase5, phase6, model, pair), make(phase5, [pair])
        # The same tokens as a target of the training, shifted by BOS; a model of random weights may say padding.
        tgt_in = torch.tensor([[BOS, *found.tokens[:-1]]])
        logits = model(alone.src, tgt_in, alone.src_mask, phase5.look_ahead_mask(len(found.tokens)))
        steps = range(len(found.tokens))
        total = float(logits.detach().double().log_softmax(-1)[0, steps, found.tokens].sum())
        score = total / oracle.length_penalty(len(found.tokens), 0.6)
        checks.expect_number(found.score, score, f"the score of the best answer to {pair[0]}", PHASES, tolerance=1e-3)


def test_the_six_files_learn_to_reverse_strings(phase4, phase5, phase6, in_guest, gen):
    model, loss_fn = small_model(phase4), phase5.LabelSmoothingLoss(PAD, 0.1)
    optimizer = in_guest.optim.adam(model, 1.0)
    scheduler = phase5.NoamScheduler(optimizer, 32, warmup_steps=30, factor=0.35)
    losses = phase6.train(model, shuffled_batches(phase5, gen), loss_fn, optimizer, scheduler, max_norm=1.0)
    checks.expect_that(isinstance(losses, list), "train returned no list of losses", PHASES)
    checks.expect_same(len(losses), STEPS, "the number of losses", PHASES)
    start, end = losses[0], sum(losses[-10:]) / 10
    # With 6 tokens and a smoothing of 0.1 no loss can be below 0.42.
    label = f"the loss went from {start:.2f} to {end:.2f} in {STEPS} steps, expected less than 0.6"
    checks.expect_that(0.4 < end < 0.6 < start, label, PHASES)

    everything, chosen = make(phase5, PAIRS), PAIRS[2::5]
    accuracy = phase6.evaluate(model, [everything], loss_fn).token_accuracy
    checks.expect_that(0.95 < accuracy <= 1.0, f"evaluate finds a token accuracy of {accuracy:.2f} after it", PHASES)
    decoded = phase6.greedy_decode(model, everything.src, everything.src_mask, BOS, EOS, PAD, 6)
    checks.expect_shape(decoded, (len(PAIRS), 4), "greedy_decode of all strings", PHASES)
    expect_reversed(answers_of(decoded), PAIRS, "greedy_decode")
    expect_reversed([best_of(phase5, phase6, model, pair).tokens for pair in chosen], chosen, "beam_search")

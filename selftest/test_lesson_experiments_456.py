"""The cheaper experiments of lessons 4 to 6, run again: what the lessons conclude from them still holds."""

from __future__ import annotations

import json
from dataclasses import replace
from statistics import mean

import pytest
import torch

from selftest.test_lesson_claims_456 import VOCAB, floor, measured

pytest.importorskip("matplotlib")

from lessons.figures import baseline, convergence, phase4, phase5, phase6  # noqa: E402
from lessons.figures.toys import Recipe, fresh_pairs, measure_run, no_shift, see_everything, train_model  # noqa: E402

pytestmark = [pytest.mark.proof, pytest.mark.timeout(240)]


@pytest.fixture(autouse=True)
def _one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with torch.random.fork_rng(devices=[]):
        yield
    torch.set_num_threads(threads)


def test_without_the_look_ahead_mask_every_token_is_right_and_no_word():
    run = measure_run(Recipe(spoil=see_everything))
    assert run["accuracy"] > 0.99
    assert run["exact"] == 0.0
    assert floor(VOCAB, 0.1) < run["loss"] < floor(VOCAB, 0.1) + 0.05


def test_without_the_shift_the_floor_is_reached_at_once_and_no_word_is_right():
    run = measure_run(Recipe(steps=80, spoil=no_shift))
    assert run["accuracy"] == 1.0
    assert run["exact"] == 0.0
    assert run["loss"] < floor(VOCAB, 0.1) + 0.03


def test_without_a_source_no_more_than_the_statistics_of_words_is_learnt():
    run = measure_run(Recipe(spoil=phase4.hide_source))
    assert 2.116 < run["loss"] < 2.116 + 0.1


def test_batches_by_length_have_the_padding_that_was_measured():
    found = measured(5)["padding"]
    assert [phase5.share_of_padding(1), phase5.share_of_padding(20)] == [found["mixed"], found["sorted"]]


def test_a_mistake_of_its_own_makes_the_rest_worse_but_the_first_mistake_no_earlier():
    found = phase6.measure_exposure(train_model(Recipe(steps=phase6.HALF_TRAINED))[0])
    assert found["forced_exact"] == found["free_exact"]
    assert found["after_mistake"] < found["after_right"] - 0.2
    assert found["words"] == sum(len(source) == 8 for source, _ in fresh_pairs("reverse", 4000, seed=7))


def test_large_first_steps_lower_the_loss_and_cut_post_norm_off_from_its_first_layers():
    found = {}
    for name, warmup, pre_norm in (("warmup", 100, False), ("none", 0, False), ("pre", 0, True)):
        recipe = replace(convergence.DEEP, steps=convergence.FIRST_STEPS, warmup=warmup)
        found[name] = convergence.measure_first_steps(recipe, pre_norm)
    assert found["none"]["loss"] < found["warmup"]["loss"]
    assert found["none"]["first_decoder_layer"] < found["warmup"]["first_decoder_layer"] / 30
    assert found["none"]["first_decoder_layer"] < found["pre"]["first_decoder_layer"] / 30


def test_a_lower_rate_brings_the_loss_down_at_once():
    _, losses = train_model(convergence.LATE["drop"])
    before, after = mean(losses[550:600]) - floor(VOCAB, 0.1), mean(losses[650:700]) - floor(VOCAB, 0.1)
    assert 0 < after < before / 3


def test_the_baseline_falls_with_every_phase_and_comes_out_the_same_again():
    kept = json.loads(baseline.MEASURED.read_text(encoding="utf-8"))
    losses = [kept["loss"][str(phase)] for phase in range(1, 7)]
    assert losses == sorted(losses, reverse=True)
    for phase in (1, 2):
        again = [baseline.measure_after(phase, seed)[0] for seed in range(baseline.SEEDS)]
        assert sum(again) / baseline.SEEDS == pytest.approx(kept["loss"][str(phase)], rel=0.1)

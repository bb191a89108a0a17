"""The cheaper experiments of lessons 1 to 3, run again: what the lessons conclude from them still holds."""

from __future__ import annotations

import json
import math

import pytest
import torch

from kata.course.phases import PROJECT

pytest.importorskip("matplotlib")

from lessons.figures import phase1, phase2, phase3  # noqa: E402

pytestmark = [pytest.mark.proof, pytest.mark.timeout(240)]


@pytest.fixture(autouse=True)
def _one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with torch.random.fork_rng(devices=[]):
        yield
    torch.set_num_threads(threads)


def kept(number: int) -> dict:
    path = PROJECT / "lessons" / "figures" / "measured" / f"phase{number}.json"
    return json.loads(path.read_text(encoding="utf-8"))


def test_without_positions_the_reverser_stays_at_the_floor_and_with_them_it_learns():
    none, sinusoids = phase1.train_reverser("none"), phase1.train_reverser("sinusoids")
    assert abs(none["accuracy"] - 1 / 7) < 0.01
    assert math.log(7) < sum(none["losses"][-50:]) / 50 < math.log(7) + 0.06
    assert sinusoids["accuracy"] == 1.0
    assert none["losses"][0] == pytest.approx(kept(1)["none"]["losses"][0], abs=1e-3)


def test_one_head_stays_at_half_and_two_do_not():
    assert 0.49 < phase2.mean_of_last(phase2.learn_neighbours(1)) < 0.53
    assert phase2.mean_of_last(phase2.learn_neighbours(2)) < 0.02


def test_statistics_of_scores_come_out_the_same():
    again = phase2.saturation()
    for name, numbers in kept(2)["saturation"].items():
        assert again[name] == pytest.approx(numbers, rel=1e-2), name


@pytest.mark.parametrize("kind", ["plain", "residual", "post"])
def test_gradients_through_depth_come_out_the_same(kind):
    assert phase3.gradient_through_depth(kind) == pytest.approx(kept(3)["depth"][kind], rel=1e-2)


@pytest.mark.parametrize("kind", ["post", "pre"])
def test_gradients_of_layers_come_out_the_same(kind):
    assert phase3.gradient_of_layers(kind) == pytest.approx(kept(3)["layers"][kind], rel=1e-2, abs=1e-3)


def test_the_shift_of_a_step_and_the_gradients_at_the_top_come_out_the_same():
    measured = kept(3)
    assert phase3.gradient_of_last_layer("post", 6) == pytest.approx(measured["last_layer"]["post"][1], rel=1e-2)
    for kind in ("post", "none"):
        again, before = (run["shift"] for run in (phase3.shift_of_one_step(kind), measured["shift"][kind]))
        assert sum(again) == pytest.approx(sum(before), rel=0.1)

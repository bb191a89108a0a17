"""What phase 6 proves and shows about convergence: inequalities in numbers, tables against measurements."""

from __future__ import annotations

import json
from statistics import mean

import pytest
import torch
from torch import Tensor, nn

from kata.course.phases import COURSE, PROJECT
from selftest.test_lesson_claims_456 import VOCAB, floor

pytest.importorskip("matplotlib")

from lessons.figures import convergence as shown  # noqa: E402
from lessons.figures.toys import Recipe, draw_pairs, new_model, to_batch  # noqa: E402

TEXTS = [(PROJECT / COURSE[5].lesson(lang)).read_text(encoding="utf-8") for lang in ("en", "ja")]
MEASURED = json.loads((PROJECT / "lessons" / "figures" / "measured" / "phase6.json").read_text(encoding="utf-8"))


class LogisticLoss:
    """The mean of log(1 + exp(-y a . theta)): smooth with the constant L, no quadratic."""

    def __init__(self, seed: int) -> None:
        generator = torch.Generator().manual_seed(seed)
        self.rows = torch.randn(40, 5, generator=generator, dtype=torch.float64)
        signs = torch.randint(0, 2, (40, 1), generator=generator) * 2 - 1
        self.rows = self.rows * signs
        self.constant = torch.linalg.matrix_norm(self.rows, 2).item() ** 2 / (4 * 40)

    def __call__(self, theta: Tensor) -> tuple[float, Tensor]:
        theta = theta.clone().requires_grad_()
        loss = nn.functional.softplus(-self.rows @ theta).mean()
        (gradient,) = torch.autograd.grad(loss, theta)
        return loss.item(), gradient


@pytest.mark.parametrize("seed", range(5))
def test_the_descent_inequality_holds_for_a_smooth_function_and_any_step(seed):
    loss = LogisticLoss(seed)
    generator = torch.Generator().manual_seed(100 + seed)
    for _ in range(50):
        theta, step = (torch.randn(5, generator=generator, dtype=torch.float64) * 3 for _ in range(2))
        (before, gradient), (after, _) = loss(theta), loss(theta + step)
        assert after <= before + (gradient @ step).item() + loss.constant / 2 * step.square().sum().item() + 1e-12


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_step_smaller_than_2_over_l_descends_also_when_clipped(share):
    loss = LogisticLoss(0)
    rate = share * 2 / loss.constant
    for norm in (None, 0.1):
        theta = torch.full((5,), 4.0, dtype=torch.float64)
        before, gradient = loss(theta)
        for _ in range(100):
            length = gradient.norm().item()
            clipped = gradient if norm is None or length <= norm else gradient * norm / length
            theta = theta - rate * clipped
            after, gradient = loss(theta)
            assert after < before
            before = after
            if gradient.norm() < 1e-5:  # arrived: what is left is rounding
                break


def test_a_step_beyond_2_over_l_can_go_up():
    theta = 1.0
    for rate, goes_up in ((0.99, False), (1.01, True)):
        assert ((theta - rate * 2 * theta) ** 2 > theta**2) == goes_up


def test_a_constant_rate_ends_in_the_noise_ball_and_a_falling_one_does_not():
    for name in ("large", "small"):
        rate = shown.RATES[name](1)
        assert shown.expected_loss(shown.RATES[name])[-1] == pytest.approx(rate / (2 * (2 - rate)), rel=1e-6)
        assert rate / (2 * (2 - rate)) == pytest.approx(rate / 4, rel=0.35)
    losses = shown.expected_loss(shown.RATES["root"])
    assert losses[-1] < shown.expected_loss(shown.RATES["small"])[-1] / 5
    for step in (1000, 9999):  # about rate / 4, which falls with the root of the step
        assert losses[step] == pytest.approx(shown.RATES["root"](step) / 4, rel=0.03)


def test_a_rate_that_falls_too_fast_does_not_arrive():
    assert shown.expected_loss(lambda step: 0.5 / step**2)[-1] > 1


def test_the_recursion_is_what_walks_do():
    rate, generator = 0.5, torch.Generator().manual_seed(0)
    theta = torch.full((200_000,), shown.START, dtype=torch.float64)
    for _ in range(12):
        theta = theta - rate * (theta + torch.randn(theta.shape, generator=generator, dtype=torch.float64))
    expected = shown.expected_loss(lambda step: rate, 13)[-1]
    assert theta.square().mean().item() / 2 == pytest.approx(expected, rel=0.02)


def test_a_sign_step_keeps_to_its_inequality_and_stays_away_from_the_minimum():
    loss = LogisticLoss(1)
    rate, theta = 0.05, torch.full((5,), 4.0, dtype=torch.float64)
    ends = []
    for _ in range(2000):
        before, gradient = loss(theta)
        theta = theta - rate * gradient.sign()
        after, _ = loss(theta)
        bound = before - rate * gradient.abs().sum().item() + loss.constant / 2 * rate**2 * 5
        assert after <= bound + 1e-12
        ends.append(after)
    assert any(after > before for before, after in zip(ends[-20:], ends[-19:]))


def test_the_table_of_rates_is_what_was_measured():
    lowest = floor(VOCAB, 0.1)
    above, exact = {}, {}
    for name, runs in MEASURED["late"].items():
        above[name] = [mean(run["losses"][-8:]) - lowest for run in runs]
        exact[name] = [run["exact"] for run in runs]
        cells = [", ".join(f"{value:.3f}" for value in above[name])]
        cells.append(", ".join(f"{100 * share:.0f} %" for share in exact[name]))
        assert all(f"| {' | '.join(cells)} |" in text for text in TEXTS), (name, cells)
    assert max(above["drop"]) < min(above["constant"]) / 4
    assert max(above["root"]) < min(above["constant"])


def test_the_table_of_first_steps_is_what_was_measured():
    middle = {}
    for name, runs in MEASURED["first_steps"].items():
        middle[name] = {key: sorted(run[key] for run in runs)[1] for key in runs[0]}
        found = middle[name]
        gradients = f"{found['encoder']:.2g} | {found['first_decoder_layer']:.1g}"
        cells = f"| {found['loss']:.2f} | {gradients} | {found['end']:.2f} |"
        assert all(cells in text for text in TEXTS), (name, cells)
    for norm in ("post", "pre"):  # without a warm-up the loss falls further, and the gradient is smaller after it
        assert middle[f"{norm}_none"]["loss"] < middle[f"{norm}_warmup"]["loss"]
        assert middle[f"{norm}_none"]["encoder"] < middle[f"{norm}_warmup"]["encoder"] / 5
    assert middle["post_none"]["first_decoder_layer"] < middle["pre_none"]["first_decoder_layer"] / 100
    assert middle["pre_none"]["end"] < middle["post_warmup"]["end"] < middle["post_none"]["end"] - 0.3


def test_pre_norm_has_the_weights_of_post_norm_and_gives_other_answers():
    recipe = Recipe(layers=2, d_model=16)
    post, pre = new_model(recipe), shown.with_pre_norm(new_model(recipe))
    weights = pre.state_dict()
    assert all(torch.equal(weights[name], value) for name, value in post.state_dict().items())
    assert [name for name in weights if name not in post.state_dict()] == [
        f"{stack}.layers.2.{name}" for stack in ("encoder", "decoder") for name in ("weight", "bias")
    ]
    batch = to_batch(draw_pairs("reverse", 4, torch.Generator().manual_seed(0)))
    one, other = (model(batch.src, batch.tgt_in, batch.src_mask, batch.tgt_mask) for model in (post, pre))
    assert one.shape == other.shape and not torch.allclose(one, other)

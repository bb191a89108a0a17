"""What the lessons of phase 3 claim and a computer can check: proofs in numbers, tables against measurements."""

from __future__ import annotations

import json
import math

import pytest
import torch
from torch import nn

from kata.course.phases import PROJECT
from selftest.lesson_claims import measured, says
from solutions.phase3_layers import LayerNorm, PositionwiseFeedForward
from solutions.phase4_transformer import EncoderLayer

BASELINE = PROJECT / "lessons" / "figures" / "measured" / "baseline.json"


@pytest.fixture(autouse=True)
def _float64_and_a_seed():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield
    torch.set_default_dtype(torch.float32)
    torch.set_num_threads(threads)


def test_the_gradient_of_layer_norm_is_the_formula():
    norm, x, upstream = LayerNorm(7), torch.randn(3, 7, requires_grad=True), torch.randn(3, 7)
    nn.init.normal_(norm.weight)
    norm(x).backward(upstream)
    g = norm.weight * upstream
    sigma = torch.sqrt(x.var(dim=-1, unbiased=False, keepdim=True) + norm.eps)
    hat = (x - x.mean(dim=-1, keepdim=True)) / sigma
    formula = (g - g.mean(dim=-1, keepdim=True) - hat * (g * hat).mean(dim=-1, keepdim=True)) / sigma
    torch.testing.assert_close(x.grad, formula)


def test_layer_norm_forgets_shift_and_scale_and_halves_the_gradient_of_doubled_weights():
    norm, x = LayerNorm(16, eps=0.0), torch.randn(4, 16)
    torch.testing.assert_close(norm(x + 5), norm(x))
    torch.testing.assert_close(norm(3 * x), norm(x))
    torch.testing.assert_close(norm(x).norm(dim=-1), torch.full((4,), 4.0))
    upstream, gradients = torch.randn(4, 16), []
    weight = torch.randn(16, 16)
    for factor in (1, 2):
        scaled = (factor * weight).requires_grad_()
        gradients.append(torch.autograd.grad(norm(x @ scaled), scaled, upstream)[0])
    torch.testing.assert_close(gradients[1], gradients[0] / 2)
    shifted = norm(x @ weight + 7.0)
    torch.testing.assert_close(shifted, norm(x @ weight))
    assert not torch.allclose(norm(x @ weight + torch.arange(16.0)), norm(x @ weight))


def test_how_much_the_two_variances_differ():
    assert f"{100 * (math.sqrt(64 / 63) - 1):.1f} {100 * (math.sqrt(512 / 511) - 1):.1f}" == "0.8 0.1"
    row = torch.tensor([1.0, 2, 3, 6])
    unbiased = (row - row.mean()) / row.std()
    says(3, "−" + f"{-unbiased[0]:.4f}", f"{unbiased[3]:.4f}")


def test_the_feed_forward_network_is_a_memory():
    network, x = PositionwiseFeedForward(6, 10), torch.randn(6)
    keys, values = network.linear1.weight, network.linear2.weight.T
    recalled = sum((x @ keys[j] + network.linear1.bias[j]).clamp(min=0) * values[j] for j in range(10))
    torch.testing.assert_close(network(x), recalled + network.linear2.bias)


def test_two_thirds_of_an_encoder_layer_are_its_feed_forward_network():
    layer = EncoderLayer(512, 8, 2048)
    share = sum(p.numel() for p in layer.feed_forward.parameters()) / sum(p.numel() for p in layer.parameters())
    assert abs(share - 2 / 3) < 0.001


def test_a_feed_forward_block_shrinks_a_gradient_by_the_factor_that_was_computed():
    width, squares = 64, []
    for _ in range(30):
        block = PositionwiseFeedForward(width, 4 * width)
        for layer in (block.linear1, block.linear2):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
        x, upstream = torch.randn(64, width, requires_grad=True), torch.randn(64, width)
        gradient = torch.autograd.grad(block(x), x, upstream)[0]
        squares.append((gradient.square().mean() / upstream.square().mean()).item())
    assert abs(sum(squares) / len(squares) - 0.32) < 0.01
    assert f"{0.32**0.5:.3f}" == "0.566"
    assert f"{0.32**12:.1e} {1.32**12:.0f}" == "1.2e-06 28"


def test_gradients_through_depth_are_what_the_figure_shows():
    found = measured(3)["depth"]
    assert 0.5e-6 < found["plain"][-1] < 2.5e-6
    assert 22 < found["residual"][-1] < 36
    assert 0.6 < found["post"][-1] < 1.1
    assert f"{found['plain'][-1] * 1e6:.1f} {found['residual'][-1]:.0f} {found['post'][-1]:.2f}" == "1.3 29 0.78"
    says(3, "1.3 · 10⁻⁶", "29", "0.78")


def test_the_jacobian_of_post_norm_is_the_product_the_lesson_writes():
    block, norm, x = PositionwiseFeedForward(5, 9), LayerNorm(5), torch.randn(5)
    identity, jacobian = torch.eye(5), torch.autograd.functional.jacobian
    inside = x + block(x)
    sigma = torch.sqrt(inside.var(unbiased=False) + norm.eps)
    hat = norm(inside)
    of_norm = (identity - torch.ones(5, 5) / 5 - torch.outer(hat, hat) / 5) / sigma
    torch.testing.assert_close(jacobian(lambda z: norm(z + block(z)), x), of_norm @ (identity + jacobian(block, x)))
    torch.testing.assert_close(
        jacobian(lambda z: z + block(norm(z)), x), identity + jacobian(block, norm(x)) @ jacobian(norm, x)
    )


def test_gradients_at_the_top_do_not_shrink_with_depth_in_post_norm_and_shrink_slowly_in_pre_norm():
    found = measured(3)
    assert f"{found['layers']['post'][-1]:.2f} {found['layers']['pre'][-1]:.2f}" == "2.01 0.28"
    post, pre = found["last_layer"]["post"], found["last_layer"]["pre"]
    assert post[-1] > post[0] and pre == sorted(pre, reverse=True)
    assert pre[-1] > 2 * pre[0] * math.sqrt(2 / 24)
    rows = (" | ".join(f"{norm:.2f}" for norm in norms) for norms in (post, pre))
    says(3, "2.01", "0.28", *rows, f"{pre[0]:.2f}", f"{pre[0] * math.sqrt(2 / 24):.2f}")


def test_normalised_layers_shift_more_and_learn_sooner():
    found = measured(3)["shift"]
    mean = {kind: sum(found[kind]["shift"]) / len(found[kind]["shift"]) for kind in found}
    assert 2.5 < mean["post"] / mean["none"] < 3.5
    assert sum(found["post"]["losses"][-20:]) < sum(found["none"]["losses"][-20:])
    says(3, f"{mean['post']:.3f}", f"{mean['none']:.3f}", f"{found['none']['losses'][0]:.0f}")


def test_warm_up_lets_post_norm_use_a_high_rate_from_the_start():
    found = measured(3)
    early, late = (found["warmup_after"][steps] for steps in ("300", "600"))
    assert min(early["post"]) > 1.9 > 0.03 > max(early["pre"])
    assert sorted(late["post"])[1] < 0.03 < max(late["post"]) < 0.5
    assert min(late["post_5e-4"]) > 1.8 > max(late["post_1e-3"])
    below = found["warmup_below"]
    without = min(step for step in below["post"] if step)
    assert max(below["post_warmup"]) < without
    assert below["post_1e-3"] == below["post_5e-4"] == [None] * 3
    says(3, str(max(below["post_warmup"])), str(without))
    for name in early:
        says(3, " | ".join(f"{one:.3f}, {other:.3f}" for one, other in zip(early[name], late[name])))


def test_eps_outside_the_root_looks_fine_on_a_constant_row_and_gives_nan():
    row = torch.full((4,), 3.0, requires_grad=True)
    output = (row - row.mean()) / (row.var(unbiased=False).sqrt() + 1e-5)
    assert output.tolist() == [0.0] * 4
    output.sum().backward()
    assert row.grad.isnan().all()


def test_the_model_that_grows_has_the_losses_that_were_measured():
    losses = json.loads(BASELINE.read_text(encoding="utf-8"))["loss"]
    says(3, f"{losses['2']:.3f}", f"{losses['3']:.3f}")

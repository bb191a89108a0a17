"""What the lessons of phase 3 claim and a computer can check: proofs in numbers, tables against measurements."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from selftest.lesson_claims import measured, says
from solutions.phase3_layers import LayerNorm, PositionwiseFeedForward
from solutions.phase4_transformer import EncoderLayer


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


def test_post_norm_has_the_greater_gradients_at_the_top_and_needs_the_warm_up():
    found = measured(3)
    assert f"{found['layers']['post'][-1]:.2f} {found['layers']['pre'][-1]:.2f}" == "2.01 0.28"
    ends = found["warmup_at_the_end"]
    assert min(ends["post"]) > 1.5 > 0.1 > max(*ends["post_warmup"], *ends["pre"])
    says(3, "2.01", "0.28", *(" | ".join(f"{loss:.3f}" for loss in ends[name]) for name in ends))

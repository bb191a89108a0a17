"""What the lessons of phases 1 and 2 claim and a computer can check: proofs in numbers, tables against measurements."""

from __future__ import annotations

import json
import math

import pytest
import torch
from torch import nn
from torch.nn.functional import scaled_dot_product_attention as torch_attention

from kata.course.phases import COURSE, PROJECT
from selftest.lesson_claims import measured, says
from selftest.lesson_text import lesson
from solutions.phase1_embedding import PositionalEncoding, TokenEmbedding, position_shift_matrix, sinusoidal_encoding
from solutions.phase2_attention import MultiHeadAttention, merge_heads, scaled_dot_product_attention, split_heads
from solutions.phase4_transformer import Encoder, Transformer
from solutions.phase5_mechanics import LabelSmoothingLoss, make_batch
from solutions.phase6_training import train_step


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


# Phase 1


def test_an_encoder_is_permutation_equivariant_until_it_has_positions_or_a_mask():
    encoder, x, order = Encoder(2, 8, 2, 16).eval(), torch.randn(1, 5, 8), torch.randperm(5)
    torch.testing.assert_close(encoder(x[:, order]), encoder(x)[:, order])
    places = PositionalEncoding(8).eval()
    assert not torch.allclose(encoder(places(x[:, order])), encoder(places(x))[:, order])
    mask = torch.ones(5, 5, dtype=torch.bool).tril()
    assert not torch.allclose(encoder(x[:, order], mask), encoder(x, mask)[:, order])


def test_attention_is_invariant_to_the_order_of_keys_and_values():
    attention, query, memory = MultiHeadAttention(8, 2), torch.randn(1, 3, 8), torch.randn(1, 5, 8)
    shuffled = memory[:, [3, 0, 4, 1, 2]]
    torch.testing.assert_close(attention(query, memory, memory)[0], attention(query, shuffled, shuffled)[0])


def test_the_shift_matrix_is_a_block_diagonal_rotation():
    table, width = sinusoidal_encoding(60, 12), 12
    for offset in (-7, 0, 1, 30):
        matrix = position_shift_matrix(offset, width)
        torch.testing.assert_close(matrix @ table[20], table[20 + offset])
        torch.testing.assert_close(matrix @ matrix.T, torch.eye(width))
        torch.testing.assert_close(matrix.T, position_shift_matrix(-offset, width))
        torch.testing.assert_close(matrix.det(), torch.tensor(1.0))
        blocks = torch.block_diag(*torch.ones(width // 2, 2, 2))
        assert (matrix * (1 - blocks)).abs().max() == 0
    both = position_shift_matrix(4, width) @ position_shift_matrix(-9, width)
    torch.testing.assert_close(both, position_shift_matrix(-5, width))


def test_dot_products_depend_on_the_distance_alone_and_peak_where_the_query_was_turned_to():
    table = sinusoidal_encoding(101, 512)
    speeds = 10000 ** (-torch.arange(0, 512, 2) / 512)
    torch.testing.assert_close(table[30] @ table[75], torch.cos(45 * speeds).sum())
    torch.testing.assert_close(table[0] @ table[45], torch.cos(45 * speeds).sum())
    assert (table @ (position_shift_matrix(-10, 512) @ table[50])).argmax() == 40
    torch.testing.assert_close((table[3] - table[10]).norm(), (table[60] - table[67]).norm())


def test_numbers_about_the_encoding():
    table = sinusoidal_encoding(100, 512)
    torch.testing.assert_close(table.norm(dim=1), torch.full((100,), 16.0))
    energy = torch.linalg.eigvalsh(table @ table.T).flip(0).cumsum(0)
    assert int((energy < 0.99 * energy[-1]).sum()) + 1 == 30
    assert f"{10000 ** (510 / 512):.1f}" == "9646.6"
    assert f"{44 - 7 * 2 * math.pi:.4f}" == "0.0177"
    says(1, "10000^{510/512} = 9646.6", "44 = 7 \\cdot 2\\pi + 0.0177", "99 %", "30 ", "262,144")
    mirror = torch.diag(torch.tensor([-1.0, 1.0] * 4))
    angles = 5 * 10000 ** (-torch.arange(0, 8, 2) / 8)
    backwards = torch.stack([-torch.sin(angles), torch.cos(angles)], dim=1).flatten()
    torch.testing.assert_close(mirror @ sinusoidal_encoding(6, 8)[5], backwards)


def test_the_embedding_is_as_long_as_the_lesson_says():
    embedding = TokenEmbedding(1000, 512)
    nn.init.normal_(embedding.embedding.weight, std=512**-0.5)
    lengths = embedding(torch.arange(1000)).norm(dim=-1)
    assert abs(lengths.mean() - 22.6) < 0.1
    assert abs(nn.Embedding(1000, 512).weight.std() - 1) < 0.01


def test_what_float32_through_exp_and_log_loses():
    torch.set_default_dtype(torch.float32)
    position = torch.arange(5000, dtype=torch.float32).unsqueeze(1)
    angle = position * torch.exp(torch.arange(0, 512, 2).float() * (-math.log(10000.0) / 512))
    error = (torch.sin(angle) - sinusoidal_encoding(5000, 512)[:, 0::2]).abs()
    assert error[:128].max() == pytest.approx(6.9e-6, rel=0.3)
    assert error.max() == pytest.approx(3.9e-4, rel=0.3)
    says(1, "6.9e-6", "3.9e-4")


def test_the_kernel_falls_by_a_quarter_with_each_factor_of_ten_and_equal_speeds_repeat():
    geometric, equal = 10000 ** (-torch.arange(0, 512, 2) / 512), torch.arange(1, 257) / 256
    kernel = [torch.cos(distance * geometric).mean() for distance in (10, 100, 1000)]
    assert all(0.2 < one - other < 0.3 for one, other in zip(kernel, kernel[1:]))
    assert all(torch.cos(distance * equal).mean().abs() < 0.2 for distance in (*range(4, 1500), *range(1700, 3000)))
    assert torch.cos(1608 * equal).mean() > 0.95
    z = torch.polar(torch.ones(256), 7 * geometric)
    torch.testing.assert_close(
        z * torch.polar(torch.ones(256), 5 * geometric), torch.polar(torch.ones(256), 12 * geometric)
    )


def test_the_slow_half_of_the_pairs_shares_two_directions():
    slow = 10000 ** (-torch.arange(0, 512, 2) / 512) * 99 < 1
    assert int(slow.sum()) == 128 and slow[128:].all()
    energy = torch.linalg.svdvals(sinusoidal_encoding(100, 512)[:, 256:]) ** 2
    assert f"{100 * energy[:2].sum() / energy.sum():.2f} %" == "99.99 %"
    says(1, "128", "256", "99.99 %")


def test_which_rows_of_an_embedding_a_step_moves():
    def moved(optimizer_of, shared=False):
        table = nn.Embedding(6, 4)
        optimizer = optimizer_of(table.parameters())
        for tokens in ([0, 1], [2]):
            before = table.weight.detach().clone()
            output = table(torch.tensor(tokens))
            (output @ table.weight.T if shared else output).square().sum().backward()
            optimizer.step()
            optimizer.zero_grad()
        return (table.weight != before).any(dim=1).tolist()

    assert moved(lambda parameters: torch.optim.SGD(parameters, lr=0.1)) == [False, False, True, False, False, False]
    assert moved(lambda parameters: torch.optim.Adam(parameters)) == [True, True, True, False, False, False]
    assert all(moved(lambda parameters: torch.optim.SGD(parameters, lr=0.1), shared=True))


def test_what_the_size_of_the_batch_does_as_a_length():
    table = sinusoidal_encoding(50, 8)

    def added(batch, length, table):
        return torch.zeros(batch, length, 8) + table[:batch]

    torch.testing.assert_close(added(5, 5, table)[0], table[:5])
    torch.testing.assert_close(added(1, 5, table)[0], table[:1].expand(5, 8))
    with pytest.raises(RuntimeError):
        added(2, 5, table)
    torch.testing.assert_close(added(2, 5, table.unsqueeze(1))[1], table[1].expand(5, 8))


def test_the_reverser_without_positions_ends_where_the_proof_says():
    found = measured(1)
    assert found["sinusoids"]["accuracy"] == found["learned"]["accuracy"] == 1.0
    spread = math.sqrt(1 / 7 * 6 / 7 / 8000)  # of the share of right letters in 1000 words of 8
    assert abs(found["none"]["accuracy"] - 1 / 7) < 2 * spread
    says(1, "8000", f" {100 * spread:.1f}")
    last = sum(found["none"]["losses"][-50:]) / 50
    assert math.log(7) < last < math.log(7) + 0.05
    says(1, f"| {last:.3f} |", f"| {100 * found['none']['accuracy']:.2f} % |", "1.946")
    for kind in ("sinusoids", "learned"):
        assert f"{sum(found[kind]['losses'][-50:]) / 50:.3f}" == "0.002"


# Phase 2


def test_the_jacobian_of_the_softmax_vanishes_where_one_weight_is_one():
    scores = torch.randn(6)
    weights = torch.softmax(scores, dim=0)
    jacobian = torch.autograd.functional.jacobian(lambda s: torch.softmax(s, dim=0), scores)
    torch.testing.assert_close(jacobian, torch.diag(weights) - torch.outer(weights, weights))
    saturated = torch.autograd.functional.jacobian(lambda s: torch.softmax(s, dim=0), 200 * scores)
    assert saturated.abs().max() < 1e-9


def test_the_table_of_saturation_is_what_random_vectors_give():
    found = measured(2)["saturation"]
    for width, variance in zip((1, 4, 16, 64, 256, 1024), found["variance"]):
        assert abs(variance / width - 1) < 0.05
    assert f"{found['unscaled_greatest'][-1]:.2f} {found['scaled_greatest'][-1]:.2f}" == "0.95 0.17"
    assert f"{found['unscaled_jacobian'][-1]:.2f} {found['scaled_jacobian'][-1]:.2f}" == "0.07 0.24"
    says(2, "0.95", "0.17", "0.07", "0.24")
    scores = (torch.randn(200, 1, 1024) @ torch.randn(200, 1024, 32)).squeeze(1)
    assert abs(torch.softmax(scores, dim=-1).max(dim=-1)[0].mean() - found["unscaled_greatest"][-1]) < 0.03
    assert abs(torch.softmax(scores / 32, dim=-1).max(dim=-1)[0].mean() - found["scaled_greatest"][-1]) < 0.02


def test_a_mask_after_the_softmax_leaks_and_a_mask_before_does_not():
    query, key, value = torch.randn(1, 4), torch.randn(3, 4), torch.randn(3, 4)
    other = key.clone()
    other[2] += 1
    mask = torch.tensor([[True, True, False]])
    before = [scaled_dot_product_attention(query, k, value, mask)[1] for k in (key, other)]
    after = [scaled_dot_product_attention(query, k, value)[1] * mask for k in (key, other)]
    torch.testing.assert_close(before[0], before[1])
    assert not torch.allclose(after[0], after[1])
    assert after[0].sum() < 1


def test_a_finite_fill_alone_gives_an_empty_row_equal_weights():
    scores = torch.randn(1, 4).masked_fill(torch.ones(1, 4, dtype=torch.bool), torch.finfo(torch.float64).min)
    torch.testing.assert_close(torch.softmax(scores, dim=-1), torch.full((1, 4), 0.25))
    filled = torch.randn(1, 4, requires_grad=True)
    every = torch.ones(1, 4, dtype=torch.bool)
    torch.softmax(filled.masked_fill(every, -math.inf), dim=-1).masked_fill(every, 0.0).sum().backward()
    assert torch.isfinite(filled.grad).all(), "the lesson's remark about masked_fill and its luck"


def test_the_bias_of_w_k_has_no_effect():
    attention, x = MultiHeadAttention(8, 2), torch.randn(2, 5, 8)
    output = attention(x, x, x)[0]
    output.square().sum().backward()
    assert attention.w_k.bias.grad.abs().max() < 1e-12
    assert attention.w_q.bias.grad.abs().max() > 1e-6
    attention.w_k.bias.data += 3
    torch.testing.assert_close(attention(x, x, x)[0], output)


def test_one_head_leaves_half_of_two_neighbours_out():
    pairs = torch.randn(20000, 2 * 6)
    for alpha in (0.1, 0.5, 0.9):
        mixed = alpha * pairs[:, :6] + (1 - alpha) * pairs[:, 6:]
        best = mixed @ torch.linalg.lstsq(mixed, pairs)[0]
        assert abs((best - pairs).square().mean() - 0.5) < 0.01
    found = measured(2)["heads_at_the_end"]
    assert 0.5 <= found["1"] < 0.52
    says(2, *(f"| {heads} | {found[heads]:.3f} |" for heads in ("1", "2", "4")))


def test_the_lookup_is_learned_sooner_with_the_scale():
    found = measured(2)
    first = {name: found["lookup"][name][0] for name in ("scaled", "unscaled")}
    assert f"{first['scaled']:.2f} {first['unscaled']:.2f}" == "0.92 1.70"
    rows = (" | ".join(f"{loss:.3f}" for loss in found["lookup_at_rates"][name]) for name in first)
    says(2, "0.92", "1.70", *(f"| {row} |\n" for row in rows))


def test_a_view_alone_mixes_positions_and_a_split_does_not():
    x, order = torch.randn(1, 6, 8), torch.randperm(6)
    torch.testing.assert_close(split_heads(x[:, order], 2), split_heads(x, 2)[:, :, order])
    torch.testing.assert_close(merge_heads(split_heads(x, 4)), x)
    attended = scaled_dot_product_attention(*[split_heads(x, 2)] * 3)[0]
    for head in (0, 1):
        part = x[..., 4 * head : 4 * head + 4]
        torch.testing.assert_close(attended[:, head], torch_attention(part, part, part))

    def wrong(z):
        return scaled_dot_product_attention(*[z.reshape(1, 2, 6, 4)] * 3)[0].reshape(1, 6, 8)

    assert not torch.allclose(wrong(x[:, order]), wrong(x)[:, order])


def test_the_future_leaks_where_one_of_split_and_merge_has_the_wrong_view_and_not_where_both_have():
    splits = (split_heads, lambda z, heads: z.reshape(1, heads, 6, 8 // heads))
    merges = (merge_heads, lambda z: z.reshape(1, 6, 8))
    mask = torch.ones(6, 6, dtype=torch.bool).tril()
    leaks = []
    for heads in (2, 4):
        for split in splits:
            for merge in merges:
                x = torch.randn(1, 6, 8)
                reach = torch.autograd.functional.jacobian(
                    lambda z, split=split, merge=merge, heads=heads: merge(
                        scaled_dot_product_attention(*[split(z, heads)] * 3, mask)[0]
                    ),
                    x,
                )[0, :, :, 0].abs()
                leaks.append(bool(reach.sum(dim=(1, 3)).triu(1).any()))
    assert leaks == [False, True, True, False] * 2


def test_how_far_one_nan_gets(monkeypatch):
    def with_infinity(query, key, value, mask=None):
        scores = query @ key.transpose(-2, -1) / math.sqrt(query.size(-1))
        scores = scores + torch.zeros_like(scores).masked_fill(~mask, -math.inf)
        weights = torch.softmax(scores, dim=-1).masked_fill(~mask, 0.0)
        return weights @ value, weights

    monkeypatch.setattr("solutions.phase2_attention.scaled_dot_product_attention", with_infinity)
    for max_norm, counts in ((None, [74, 87]), (1.0, [87, 87])):
        torch.manual_seed(0)
        model = Transformer(20, 20, 16, 4, 2, 32, dropout=0.0, max_len=20)
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
        batch = make_batch([([5, 6, 7], [5, 6]), ([8, 9], [9, 8, 7])], 0, 1, 2)
        batch.src_mask[1] = False
        for count in counts:
            train_step(model, batch, LabelSmoothingLoss(0), optimizer, max_norm=max_norm)
            assert sum(bool(p.isnan().any()) for p in model.parameters()) == count
    assert len(list(model.parameters())) == 87
    says(2, "74", "87")


def test_all_positions_at_once_is_what_one_after_another_is_and_takes_less_time_as_measured():
    timing = pytest.importorskip("lessons.figures.timing")
    layer, x = MultiHeadAttention(timing.WIDTH, timing.HEADS), torch.randn(2, 12, timing.WIDTH)
    torch.testing.assert_close(timing.all_at_once(layer, x), timing.one_after_another(layer, x))
    kept = json.loads(timing.RESULTS.read_text(encoding="utf-8"))
    at, found = kept["lengths"].index(512), kept["devices"][-1]
    ratio = round(found["one_after_another"][at] / found["all_at_once"][at])
    assert f"512 positions take {ratio} times as long" in lesson(COURSE[1], "en").text
    assert f"512 位置で {ratio} 倍" in lesson(COURSE[1], "ja").text


def test_back_through_one_attention_by_hand():
    phase2_flow = pytest.importorskip("lessons.figures.phase2_flow")
    found = phase2_flow.hand_example()
    value, slope = found["V"], found["O"].grad
    weights, by_weights = found["A"], slope @ value.T
    torch.testing.assert_close(found["V"].grad, weights.T @ slope)
    torch.testing.assert_close(found["A"].grad, by_weights)
    jacobians = [torch.diag(row) - torch.outer(row, row) for row in weights]
    by_scores = torch.stack([jacobian @ row for jacobian, row in zip(jacobians, by_weights)])
    torch.testing.assert_close(found["S"].grad, by_scores)
    assert by_weights[0, 1] == 2 and by_scores[0, 1] == 0 and jacobians[0].abs().max() == 0
    assert by_scores.sum(dim=1).abs().max() < 1e-12
    by_query, by_key = by_scores @ found["K"] / 2**0.5, by_scores.T @ found["Q"] / 2**0.5
    by_x = by_query @ found["Q"].T + by_key @ found["K"].T + found["V"].grad @ value.T
    for name, by_hand in (("Q", by_query), ("K", by_key), ("X", by_x)):
        torch.testing.assert_close(found[name].grad, by_hand)
    steepness = sum(found[name].grad.square().sum().item() for name in "QKV")
    says(2, f"{jacobians[1][0, 0]:.4f}", f"{steepness:.1f}", f"{by_query[1, 0]:.3f}", f"{by_key[0, 0]:.3f}")
    says(2, *(f"{number:.3f}" for number in (by_x[0, 0], by_x[1, 0], by_x[1, 1])), r"\mathcal L = 3")
    assert found["loss"].item() == pytest.approx(3)
    assert phase2_flow.loss_after(0.003) < phase2_flow.loss_after(0.0) < phase2_flow.loss_after(0.3)


def test_the_two_heads_of_the_figure_see_two_different_likenesses():
    phase2_flow = pytest.importorskip("lessons.figures.phase2_flow")
    said = {names[0]: (meaning, tense) for names, meaning, tense in phase2_flow.WORDS}
    assert said["walk"][1] == said["run"][1] and said["walk"][0] != said["run"][0]
    assert said["run"][0] == said["ran"][0] and said["run"][1] != said["ran"][1]


def test_the_arithmetic_of_cost():
    width, heads = 512, 8
    for length, shown in ((100, ("0.10", "0.01", "0.21")), (10_000, ("10.5", "102.4", "21.0"))):
        counts = (4 * length * width**2, 2 * length**2 * width, 8 * length * width**2)
        digits = 2 if length == 100 else 1
        assert tuple(f"{count / 1e9:.{digits}f}" for count in counts) == shown
        assert all(number in lesson(COURSE[1], "en").text for number in shown)
    length = 6 * width
    assert 2 * length**2 * width == 12 * length * width**2
    assert [heads * length**2 * 4 / 2**20 for length in (512, 4096)] == [8, 512]
    attention = MultiHeadAttention(width, heads)
    assert sum(p.numel() for p in attention.parameters() if p.dim() == 2) == 4 * width**2
    small = MultiHeadAttention(24, 4)
    assert torch.linalg.matrix_rank(small.w_q.weight[:6].T @ small.w_k.weight[:6]) == 6
    assert math.isinf(torch.tensor(88.8, dtype=torch.float32).exp())
    assert not math.isinf(torch.tensor(88.7, dtype=torch.float32).exp())


def test_the_model_that_grows_has_the_losses_that_were_measured():
    path = PROJECT / "lessons" / "figures" / "measured" / "baseline.json"
    losses = json.loads(path.read_text(encoding="utf-8"))["loss"]
    for number in (1, 2):
        says(number, *(f" {losses[str(phase)]:.2f} " for phase in range(1, number)), f" {losses[str(number)]:.2f}")

"""What the lessons work out by hand: tables of shapes, examples on paper, asides with a number in them."""

from __future__ import annotations

import math
import re

import pytest
import torch

from kata.course.phases import COURSE
from selftest.lesson_claims import measured, says
from selftest.lesson_text import LANGUAGES, lesson
from solutions.phase1_embedding import sinusoidal_encoding
from solutions.phase2_attention import MultiHeadAttention
from solutions.phase3_layers import AddAndNorm, LayerNorm
from solutions.phase4_transformer import Transformer
from solutions.phase5_mechanics import LabelSmoothingLoss, noam_learning_rate

SIZES = {
    1: [{"B": 2, "L": 5, "V": 100, "d_model": 8, "max_len": 50}],
    2: [{"B": 2, "L_q": 3, "L_k": 5, "L": length, "d_model": 8, "h": 4, "d_k": 2} for length in (3, 5)],
    3: [{"B": 2, "L": 3, "d_model": 4, "d_ff": 16}],
    4: [{"B": 2, "L_src": 7, "L_tgt": 5, "d_model": 8, "h": 2, "d_ff": 32, "V_src": 20, "V_tgt": 30}],
    5: [{"B": 2, "L_src": 5, "L_tgt": 4, "L": 5, "V": 10}],
}
"""What stands above each table; where L is the length of either side, one entry for each."""


@pytest.fixture(autouse=True)
def _a_seed():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield


@pytest.mark.parametrize("number", SIZES)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_shapes_of_an_example_are_those_of_the_letters(number, lang):
    section = lesson(COURSE[number - 1], lang).sections()["shapes"]
    rows = [
        re.findall(r"`(\([^`]*\))`", cell)
        for row in re.findall(r"^\| .+ \| (.+ \| .+) \|$", section, re.M)
        for cell in row.split(" | ")
    ]
    checked = 0
    for letters, numbers in zip(rows[::2], rows[1::2]):
        possible = {
            tuple(map(int, shape if isinstance(shape, tuple) else (shape,)))
            for sizes in SIZES[number]
            for shape in (eval(text, {}, sizes) for text in letters)
        }
        for shape in numbers:
            assert tuple(map(int, re.findall(r"\d+", shape))) in possible, (letters, shape)
            checked += 1
    assert checked >= 8
    for name, size in SIZES[number][0].items():
        if len(SIZES[number]) == 1 and name not in ("L", "max_len", "B"):
            assert str(size) in section, name


# Phase 1


def minus(numbers) -> str:
    """Numbers as a table of the lessons shows them."""
    return ", ".join(f"{number:.4f}" for number in numbers).replace("-", "−")


def test_a_word_at_position_one_by_hand():
    rows = [[math.sin(place), math.cos(place), math.sin(place / 100), math.cos(place / 100)] for place in range(3)]
    torch.testing.assert_close(sinusoidal_encoding(3, 4), torch.tensor(rows))
    for row in rows[1:]:
        says(1, minus(row).replace(", ", " | "))
    says(1, f"({minus(2 * one + other for one, other in zip((0.5, -0.5, 0.25, 0), rows[1]))})")
    sine, cosine = math.sin(1), math.cos(1)
    products = (cosine * sine, sine * sine, cosine * cosine)
    says(1, *(f"{product:.5f}" for product in products), f"{512 * 512:,}", f"{math.log(7):.3f}", f"{100 / 7:.1f}")
    assert 10000**0.5 == 100  # where the wavelengths end if the exponent is halved


def test_learned_positions_are_quicker_on_the_toy_because_their_rows_differ_more():
    losses = {kind: measured(1)[kind]["losses"] for kind in ("sinusoids", "learned")}
    assert sum(losses["learned"][:100]) < sum(losses["sinusoids"][:100])
    table, drawn = sinusoidal_encoding(8, 32), torch.randn(8, 32)
    near = (table[1:] - table[:-1]).norm(dim=1).mean()
    assert (drawn[1:] - drawn[:-1]).norm(dim=1).mean() > 2 * near


# Phase 2


def test_the_weights_by_hand():
    scores = torch.tensor([1.0, 0.0, 2.0])
    says(2, f"{scores.exp().sum():.4f}", *(f"{math.exp(score):.4f}" for score in scores))
    weights = torch.softmax(scores, dim=0)
    says(2, *(f"{weight:.4f}" for weight in (*weights, *torch.softmax(scores[:2], dim=0))))
    assert abs(weights[:2].sum() - 1 / 3) < 0.01
    assert round(math.exp(16) / 1e6) == 9
    assert f"{1 - 1 / 16:.2f}" == "0.94"
    says(2, "0.94")
    width, rank = 24, 4
    assert all((heads * width**2 > 2 * width**2) == (heads > 2) for heads in (1, 2, 3, rank))


def test_scores_of_width_64_are_often_above_8_and_16_apart():
    query, key = torch.randn(20000, 64), torch.randn(20000, 2, 64)
    scores = (key @ query.unsqueeze(2)).squeeze(2)
    assert 0.25 < (scores.abs() > 8).double().mean() < 0.4
    assert 0.1 < ((scores[:, 0] - scores[:, 1]).abs() > 16).double().mean() < 0.2


# Phase 3


def test_a_row_of_four_through_layer_norm_by_hand():
    x = torch.tensor([1.0, 2, 3, 6], dtype=torch.float64, requires_grad=True)
    norm = LayerNorm(4).double()
    y, g = norm(x), torch.tensor([1.0, 0, 0, 0], dtype=torch.float64)
    y.backward(g)

    def row(numbers):
        return minus(numbers.tolist()).replace("−0.0000", "0").replace(" 0.0000", " 0")

    says(3, row(y.detach()), row(x.grad), row((x.detach() - 3) / x.detach().std()), f"{3.5**0.5:.4f}")
    says(3, f"−{-(g * y.detach()).mean():.4f}", "14/3", f"= {x.grad[0]:.4f}")
    assert f"{0.57**24:.0e} {1.15**24:.0f}" == "1e-06 29"  # "a millionth", "thirty"


def test_dropout_around_the_sum_shows_in_training_alone():
    frame, x, s = AddAndNorm(6, dropout=0.5), torch.randn(4, 6), torch.randn(4, 6)

    def around():
        return frame.norm(frame.dropout(x + s))

    torch.testing.assert_close(frame.eval()(x, s), around())
    frame.train()
    seen = []
    for way in (lambda: frame(x, s), around):
        torch.manual_seed(1)
        seen.append(way())
    assert not torch.allclose(*seen)


# Phase 4


def test_the_chain_rule_by_hand_and_what_sharing_saves():
    parts = [-math.log(chance) for chance in (0.5, 0.6, 0.9)]
    says(4, f"{sum(parts):.3f} = " + " + ".join(f"{part:.3f}" for part in parts), f"{sum(parts) / 3:.3f}")
    assert math.exp(-sum(parts)) == pytest.approx(0.27)
    assert round(2 * 37000 * 512 / 1e6) == 38
    assert [round((12 + 18) * 2 * width / 1e6, 2) for width in (512, 1024)] == [0.03, 0.06]
    assert sum(range(1, 21)) == 210
    assert torch.randn(100_000).exp().mean().log().item() == pytest.approx(0.5, abs=0.03)


def test_swapped_roles_in_the_cross_attention_are_noticed_only_where_lengths_differ():
    attention, target = MultiHeadAttention(8, 2), torch.randn(1, 5, 8)
    for length, runs in ((7, False), (5, True)):
        memory = torch.randn(1, length, 8)
        swapped = attention(memory, target, target)[0]
        assert swapped.size(1) == length
        if runs:
            assert (target + swapped).shape == target.shape
        else:
            with pytest.raises(RuntimeError):
                target + swapped


def test_padding_as_a_query_is_not_zero_and_a_shared_matrix_learns_in_all_rows():
    model = Transformer(12, 12, 8, 2, 1, 16, dropout=0.0, max_len=9, share_embeddings=True)
    src, tgt = torch.tensor([[3, 4, 0]]), torch.tensor([[1, 5]])
    memory = model.encode(src, (src != 0)[:, None, None, :])
    assert memory[0, 2].abs().max() > 0.1
    model(src, tgt, None, None).log_softmax(-1)[..., 6].sum().backward()
    assert (model.src_embedding.embedding.weight.grad != 0).any(dim=1).all()


# Phase 5


def test_three_means_of_two_sentences():
    assert [(2 * 1 + 8 * 2) / 10, (1 + 2) / 2, (2 + 16) / 16] == [1.8, 1.5, 1.125]
    says(5, "| 1.8 |", "| 1.5 |", "| 1.125 |")


def test_a_smoothed_loss_by_hand_in_both_ways():
    logits = torch.tensor([[[0.7, 0.1, 0.1, 0.1]]]).log()
    loss = LabelSmoothingLoss(3, 0.1)(logits, torch.tensor([[0]])).item()
    one, other = -0.925 * math.log(0.7), -3 * 0.025 * math.log(0.1)
    sharp, mean = 0.9 * -math.log(0.7), 0.1 * (-math.log(0.7) - 3 * math.log(0.1)) / 4
    assert loss == pytest.approx(one + other, abs=1e-6) and loss == pytest.approx(sharp + mean, abs=1e-6)
    says(5, f"{one:.5f} + {other:.5f} = {loss:.5f}", f"{sharp:.5f} + {mean:.5f}")


def test_how_much_an_output_changes_in_a_first_step_of_the_worst_kind():
    size = torch.randn(100_000).abs().mean().item()
    assert f"{7e-4 * 512 * 0.8:.2f} {size:.1f}" == "0.29 0.8"
    assert f"{100 * noam_learning_rate(1, 512, 4000) * 512 * 0.8:.3f} %" == "0.007 %"
    assert f"{noam_learning_rate(400, 64, 400):.2e}" == "6.25e-03"
    says(5, "0.29", "0.007 %", r"6.25 \cdot 10^{-3}")


def test_the_last_columns_of_the_smoothing_table_are_what_was_measured():
    for run in measured(5)["smoothing"].values():
        accuracy, exact = 100 * run["accuracy"], 100 * run["exact"]
        cells = [f"{accuracy:.{0 if accuracy == 100 else 1 if accuracy < 99 else 2}f} %"]
        cells.append(f"{exact:.{0 if exact == 100 else 1}f} %")
        says(5, f"{run['confidence']:.3f} | {' | '.join(cells)} |")


# Phase 6


def test_what_token_accuracy_makes_of_a_sentence_and_means_of_means():
    assert f"{0.95**20:.2f}" == "0.36"
    says(6, "0.95^{20} = 0.36", "1.2", "2.0")
    assert [(1.0 * 90 + 3.0 * 10) / 100, (1.0 + 3.0) / 2] == [1.2, 2.0]
    mistakes = sum(0.001 * (100 - step) for step in range(100))
    assert mistakes == pytest.approx(0.001 * 100**2 / 2, rel=0.02)


def test_without_the_shift_forty_steps_are_enough():
    assert measured(6)["curves"]["no_shift"]["losses"][39] < 0.7 < measured(6)["curves"]["healthy"]["losses"][39]
    says(6, "40 ")

"""Numbers in the lessons that no block prints: settings are those of the scripts, results are computed here."""

from __future__ import annotations

import inspect
import math
from statistics import mean

import pytest
import torch

from kata.course.phases import COURSE
from selftest.lesson_claims import measured, says
from selftest.lesson_text import lesson
from solutions.phase2_attention import MultiHeadAttention
from solutions.phase3_layers import LayerNorm, PositionwiseFeedForward
from solutions.phase4_transformer import Transformer

pytest.importorskip("matplotlib")

from lessons.figures import convergence, phase1, phase2, phase2_flow, phase3, phase4, phase5, phase6, toys  # noqa: E402


def says_in_each(number: int, english: str, japanese: str) -> None:
    """Assert that each lesson of a phase shows its own text, spaces and emphasis aside."""
    for lang, wanted in (("en", english), ("ja", japanese)):
        assert wanted in lesson(COURSE[number - 1], lang).text.replace("*", ""), f"{lang}: {wanted}"


def defaults(function) -> dict:
    return {name: value.default for name, value in inspect.signature(function).parameters.items()}


def rate(value: float) -> str:
    """A learning rate as the lessons write it."""
    return f"{value:.1e}".replace("e-0", "e-").replace(".0e", "e")


# Settings of the experiments


def test_settings_of_the_experiments_of_phases_1_to_3():
    letters, length, steps = phase1.LETTERS, phase1.LENGTH, phase1.STEPS
    says_in_each(1, f"words of {length} letters backwards", f"{length} 文字の語を逆順に")
    says_in_each(1, f"drawn from {letters}. We train it three times for {steps} steps", f"{letters} 種類から選びます")
    says_in_each(1, f"(2 layers, width {defaults(phase1.Reverser)['d_model']}", "(2 層、幅 32、4 ヘッド)")
    lookup, neighbours = defaults(phase2.learn_lookup), defaults(phase2.learn_neighbours)
    says_in_each(2, f"{phase2.KEYS} random keys", f"乱数のキー {phase2.KEYS} 個")
    says_in_each(2, f"projections of width {lookup['width']}", f"幅 {lookup['width']} の射影二つ")
    says_in_each(2, f"last 20 of {lookup['steps']} steps", f"{lookup['steps']} ステップ学習したときの最後の 20")
    says_in_each(2, f"last 20 of {neighbours['steps']} steps", f"{neighbours['steps']} ステップのうち最後の 20")
    says(2, "| " + " | ".join(f"{value:g}".replace("3e-04", "0.0003") for value in phase2.RATES) + " |")
    assert lookup["slots"] == 16
    says_in_each(3, f"with {phase3.DEPTH} feed-forward blocks of width 64", f"ブロック {phase3.DEPTH} 個")
    says_in_each(3, f"Mean shift over {phase3.SHIFT_STEPS} steps", f"{phase3.SHIFT_STEPS} ステップの平均のずれ")
    says(3, " | ".join(f"N = {depth}" for depth in phase3.DEPTHS))
    high, warmup = phase3.ARMS["post_warmup"]
    says_in_each(3, f"post-norm at {high:g}, {warmup} steps of warm-up", f"{high:g}、ウォームアップ {warmup} ステップ")
    for name in ("post_1e-3", "post_5e-4"):
        says_in_each(3, f"| post-norm at {phase3.ARMS[name][0]:g} |", f"| Post-LN、{phase3.ARMS[name][0]:g} |")
    last = phase3.STEPS
    says_in_each(3, f"then {last - 19} to {last}", f"{last - 19}〜{last} の平均")


def test_settings_of_the_experiments_of_phases_4_and_5():
    recipe, words = toys.Recipe(), len(toys.fresh_pairs("reverse"))
    span = (toys.SHORTEST, toys.LONGEST)
    assert recipe.layers == 1
    for number in (4, 6):
        says_in_each(number, "words of {} to {} letters".format(*span), "{}〜{} 文字の語".format(*span))
    says_in_each(4, f"width {recipe.d_model}, 4 heads", f"幅 {recipe.d_model}、4 ヘッド")
    says_in_each(4, f"{phase4.STEPS} steps of {recipe.batch_size} words", f"{recipe.batch_size} 語ずつ {phase4.STEPS} ")
    says_in_each(4, f"label smoothing {recipe.smoothing}", f"ラベル平滑化は {recipe.smoothing}")
    says_in_each(
        5, f"width {recipe.d_model}, {recipe.steps} steps", f"幅 {recipe.d_model}、逆順の課題を {recipe.steps} "
    )
    says_in_each(5, f"on {words} new words", f"新しい語 {words} 個")
    deep, low = phase5.DEEP, phase5.ARMS["low"]
    assert (deep.warmup, low.warmup, low.steps) == (100, 0, deep.steps)
    says_in_each(
        5, f"({deep.layers} layers in each stack, width {deep.d_model})", f"{deep.layers} 層、幅 {deep.d_model}"
    )
    says_in_each(5, f"{deep.steps} steps, three random starts", f"{deep.steps} ステップ学習します")
    says_in_each(5, f"rises to {rate(deep.rate)} over 100 steps", f"100 ステップかけて {rate(deep.rate)} まで")
    says_in_each(5, f"no warm-up, from {rate(low.rate)}", f"ウォームアップなし、{rate(low.rate)} から")


def test_settings_of_the_experiments_of_phase_6():
    recipe, runs = toys.Recipe(), phase6.RUNS
    says_in_each(
        6, f"{recipe.steps} steps each, {toys.VOCAB} tokens", f"{recipe.steps} ステップ、{toys.VOCAB} トークン"
    )
    highest = rate(runs["healthy"].rate)
    says_in_each(6, f"highest rate {highest}, {recipe.warmup} steps of warm-up", f"最大の学習率 {highest}、")
    for name in ("too_low", "too_high"):
        says(6, f"| {rate(runs[name].rate)} |")
    says(6, *(rate(peak) for peak in convergence.PEAKS))
    half, maps = phase6.HALF_TRAINED, phase6.MAP_STEPS
    says_in_each(6, f"trained for {half} steps", f"学習は {half} ステップで")
    says_in_each(6, f"after {maps} steps, for the word", f"{maps} ステップ学習させた後の")
    says(6, "".join(chr(ord("a") + letter - toys.FIRST_LETTER) for letter in phase6.WORD))
    late, drop = convergence.LATE, convergence.DROP
    assert late["drop"].late(drop) == 1.0 and late["drop"].late(drop + 1) == 0.1
    says_in_each(6, f"batches of {late['root'].batch_size} and 100 steps", f"バッチは {late['root'].batch_size}、")
    high = late["constant"].rate
    says_in_each(
        6, f"{rate(high)}, from step {drop + 1} on {rate(high / 10)}", f"ステップ {drop + 1} から {rate(high / 10)}"
    )
    says_in_each(6, f"| {rate(late['low'].rate)}, constant |", f"| {rate(late['low'].rate)}、一定 |")
    last = late["constant"].steps
    says_in_each(6, f"steps {last - 7 * convergence.EVERY} to {last}", f"{last - 7 * convergence.EVERY}〜{last} の平均")
    steps = convergence.DEEP.steps
    says_in_each(6, f"loss, {convergence.FIRST_STEPS} steps", f"損失、{convergence.FIRST_STEPS} ステップ後")
    says_in_each(6, f"loss, {steps} steps", f"損失、{steps} ステップ後")


# Results


def test_the_matrices_of_the_gradient_by_hand():
    found = phase2_flow.hand_example()
    for name in "VAS":
        rows = r" \\ ".join(" & ".join(f"{value:g}" for value in row) for row in found[name].grad.tolist())
        says(2, rf"\begin{{bmatrix}} {rows} \end{{bmatrix}}")
    says(2, f"{6 * 512}", "88.7")


def test_the_factor_of_a_feed_forward_block():
    square = 0.4 / 2 * 1.6
    says(3, f"c^2 = {square:.2f}", f"c = {square**0.5:.3f}", r"1.2\cdot 10^{-6}", f"1.32^{{12}} = {1.32**12:.0f}")
    assert f"{square**12:.1e}" == "1.2e-06"
    says(3, *(f"{100 * (math.sqrt(width / (width - 1)) - 1):.1f} %" for width in (64, 512)))


def test_the_table_of_parameters():
    width, inner = 512, 2048
    parts = [MultiHeadAttention(width, 8), PositionwiseFeedForward(width, inner), LayerNorm(width)]
    says(4, *(f"{sum(p.numel() for p in part.parameters()):,}" for part in parts), f"{37000 * width:,}")
    for total, d in ((65, 512), (213, 1024)):
        layers = {512: 44_138_496, 1024: 176_357_376}[d]
        says(4, f"{round((total * 1e6 - layers) / d, -2):,.0f}".replace(",", "{,}"))
    says(4, f"{52 / 7:.4f}", f"{49 / 13:.4f}", f"{sum(range(1, 21))} ")


def test_small_numbers_of_phase_5():
    says(5, f"1/0.9 = {1 / 0.9:.2f}", f" {1 / (1 - 0.98):.0f} ")
    rates = [0.5 * step / 8 for step in (1, 2, 3, 4)]
    says_in_each(5, ", ".join(f"{value:g}" for value in rates), "、".join(f"{value:g}" for value in rates))
    runs = measured(5)["smoothing"]
    sure, surest = (f"{100 * runs[eps]['confidence']:.0f} %" for eps in ("0.3", "0.0"))
    says_in_each(5, f"that is {sure} sure", f"確信が {sure} のモデル")
    says_in_each(5, f"that is {surest} sure", f"{surest} のモデル")
    assert runs["0.3"]["accuracy"] >= runs["0.0"]["accuracy"]


def test_every_step_of_the_tree():
    for prefix, chances in phase6.STEP.items():
        before = math.prod(phase6.STEP[prefix[:place]]["abE".index(token)] for place, token in enumerate(prefix))
        for token, chance in zip("abE", chances):
            phase = {0: ("a", "b", "E"), 1: ("ab", "bE"), 2: ("aba", "abE", "abb"), 3: ("abaE", "abaa")}[len(prefix)]
            if prefix + token in phase:
                says(6, f"{' '.join(prefix + token)} ({round(before * chance, 4):g})")


def test_the_way_back_costs_two_ways_forward():
    counter = pytest.importorskip("torch.utils.flop_counter").FlopCounterMode
    model = Transformer(13, 13, d_model=64, num_heads=4, num_layers=2, d_ff=256, dropout=0.0, max_len=20)
    tokens = torch.randint(1, 13, (4, 16))
    with counter(display=False) as forward:
        logits = model(tokens, tokens, None, None)
    with counter(display=False) as backward:
        logits.sum().backward()
    assert backward.get_total_flops() == pytest.approx(2 * forward.get_total_flops(), rel=0.02)


def test_where_the_healthy_curve_bends():
    losses = measured(6)["curves"]["healthy"]["losses"]
    means = [mean(losses[step : step + 10]) for step in range(0, 150, 10)]
    falls = [one - other for one, other in zip(means, means[2:])]
    flattest = falls.index(min(falls[:6]))
    assert falls[flattest] < falls[flattest - 1] and falls[flattest] < falls[flattest + 2] / 1.5
    bend = means[flattest + 1]
    says_in_each(6, f"(the bend at {bend:.1f})", f"({bend:.1f} の曲がり角)")


def test_a_quarter_of_the_rate_leaves_about_a_quarter_of_the_distance():
    found = measured(6)["late"]
    high, low = (
        mean(mean(run["losses"][-8:]) for run in found[name]) - convergence.FLOOR for name in ("constant", "low")
    )
    assert low / high == pytest.approx(1 / 4, abs=0.08)


def test_the_shares_before_and_after_a_mistake_in_words():
    found = measured(6)["exposure"]
    assert found["after_right"] == pytest.approx(4 / 5, abs=0.05)
    assert found["after_mistake"] == pytest.approx(1 / 3, abs=0.05)

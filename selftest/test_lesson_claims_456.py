"""What the lessons of phases 4 to 6 claim and a computer can check: proofs in numbers, tables against measurements."""

from __future__ import annotations

import json
import math

import pytest
import torch

from kata.course import lessons
from kata.course.phases import COURSE, PROJECT
from kata.diagnosis.misconceptions import catalogue
from solutions.phase2_attention import MultiHeadAttention, scaled_dot_product_attention
from solutions.phase4_transformer import DecoderLayer, EncoderLayer, Transformer
from solutions.phase5_mechanics import LabelSmoothingLoss, decoder_mask, make_batch, noam_learning_rate, padding_mask
from solutions.phase6_training import beam_search, greedy_decode, length_penalty

VOCAB, LETTERS, SHORTEST, LONGEST = 13, 10, 3, 8
"""Of the toy tasks in the lessons: tokens, letters among them, lengths of the words."""


def lesson(number: int, lang: str) -> str:
    return (PROJECT / COURSE[number - 1].lesson(lang)).read_text(encoding="utf-8")


def both(number: int) -> list[str]:
    return [lesson(number, "en"), lesson(number, "ja")]


def measured(number: int) -> dict:
    path = PROJECT / "lessons" / "figures" / "measured" / f"phase{number}.json"
    return json.loads(path.read_text(encoding="utf-8"))


def count(module: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def entropy(distribution: list[float]) -> float:
    return -sum(p * math.log(p) for p in distribution if p > 0)


def smoothed(distribution: list[float], eps: float) -> list[float]:
    return [(1 - eps) * p + eps / len(distribution) for p in distribution]


def floor(vocab: int, eps: float) -> float:
    return entropy(smoothed([1.0] + [0.0] * (vocab - 1), eps))


@pytest.mark.parametrize("number", [4, 5, 6])
@pytest.mark.parametrize("lang", ["en", "ja"])
def test_every_task_has_three_hints_that_read_as_plain_text(number, lang):
    phase = COURSE[number - 1]
    for task in phase.tasks:
        found = lessons.hints(phase, task.name, lang)
        assert len(found) == 3, task.name
        assert len(set(found)) == 3
        for hint in found:
            assert len(hint) > 20
            assert not any(mark in hint for mark in ("\\frac", "\\sqrt", "```math", "</", "<a", "|---"))


class TestPhase4:
    def test_the_parameters_of_base_and_big_are_those_of_the_lesson(self):
        sizes = {}
        for name, width, heads, d_ff in (("base", 512, 8, 2048), ("big", 1024, 16, 4096)):
            layers = [count(layer(width, heads, d_ff)) for layer in (EncoderLayer, DecoderLayer)]
            sizes[name] = (*layers, 6 * sum(layers) + 37000 * width)
        assert sizes["base"] == (3_152_384, 4_204_032, 63_082_496)
        assert sizes["big"][2] == 214_245_376
        # Without biases in the attention: 18 attentions of four biases.
        assert sizes["base"][2] - 18 * 4 * 512 == 63_045_632
        assert sizes["big"][2] - 18 * 4 * 1024 == 214_171_648
        # And a model is its layers and its matrices, nothing else.
        small = [count(layer(8, 2, 20)) for layer in (EncoderLayer, DecoderLayer)]
        assert count(Transformer(10, 10, 8, 2, 3, 20, share_embeddings=True)) == 3 * sum(small) + 10 * 8
        assert count(Transformer(10, 10, 8, 2, 3, 20)) == 3 * sum(small) + 3 * 10 * 8
        for number in ("3,152,384", "4,204,032", "44,138,496", "63,082,496", "63,045,632", "214,171,648"):
            assert all(number in text for text in both(4))

    def test_no_vocabulary_gives_both_numbers_of_table_3(self):
        base = [(millions * 1e6 - 44_138_496) / 512 for millions in (64.5, 65, 65.5)]
        big = [(millions * 1e6 - 176_357_376) / 1024 for millions in (212.5, 213, 213.5)]
        assert [round(base[1], -2), round(big[1], -2)] == [40_700, 35_800]
        assert base[0] > big[2]

    @pytest.mark.parametrize("position", range(1, 6))
    def test_no_output_depends_on_a_later_target(self, position):
        torch.manual_seed(position)
        model = Transformer(9, 11, 12, 3, 2, 20, dropout=0.0, max_len=8).double().eval()
        src, tgt = torch.randint(1, 9, (2, 4)), torch.randint(1, 11, (2, 6))
        changed = tgt.clone()
        changed[:, position:] = (tgt[:, position:] + 1) % 10 + 1
        one, other = (model(src, x, None, decoder_mask(x, 0)) for x in (tgt, changed))
        assert torch.equal(one[:, :position], other[:, :position])
        assert not torch.allclose(one[:, position:], other[:, position:])

    def test_logits_start_with_variance_one(self):
        torch.manual_seed(0)
        model = Transformer(2000, 2000, d_model=256, num_layers=1, share_embeddings=True, dropout=0.0)
        src = torch.randint(1, 2000, (4, 10))
        logits = model(src, src, None, None).detach()
        # A token that reads itself stands out; the lesson speaks of the others.
        others = logits.masked_select(torch.nn.functional.one_hot(src, 2000) == 0)
        assert others.std().item() == pytest.approx(1.0, rel=0.05)

    def test_the_cross_attention_by_hand(self):
        query, key = torch.zeros(2, 4), torch.zeros(3, 4)
        query[:, 0], key[:, 0] = 2 * torch.tensor([2.0, 3.0]).log(), torch.arange(3.0)
        value = torch.tensor([[7.0, 0.0], [14.0, 0.0], [0.0, 13.0]])
        output, weights = scaled_dot_product_attention(query, key, value)
        by_hand = torch.tensor([[1 / 7, 2 / 7, 4 / 7], [1 / 13, 3 / 13, 9 / 13]])
        torch.testing.assert_close(weights, by_hand)
        torch.testing.assert_close(output, torch.tensor([[5, 52 / 7], [49 / 13, 9]]))
        output, _ = scaled_dot_product_attention(query, key, value, torch.tensor([True, True, False]))
        torch.testing.assert_close(output, torch.tensor([[35 / 3, 0], [49 / 4, 0]]))

    def test_what_a_decoder_can_know_without_a_source(self):
        total = tokens = 0.0
        lengths = range(SHORTEST, LONGEST + 1)
        for place in range(LONGEST + 1):
            reached = sum(length >= place for length in lengths) / len(lengths)
            stops = (place in lengths) / len(lengths) / reached
            left = LETTERS - place
            chances = [stops] + [(1 - stops) / left] * left
            chances += [0.0] * (VOCAB - len(chances))
            total += reached * entropy(smoothed(chances, 0.1))
            tokens += reached
        assert total / tokens == pytest.approx(2.116, abs=5e-4)
        found = measured(4)["no_source"]["loss"]
        assert total / tokens < found < total / tokens + 0.04

    def test_the_table_of_the_experiment_is_what_was_measured(self):
        runs = measured(4)
        assert runs["right"]["exact"] > 0.98 and runs["leak"]["exact"] == runs["no_source"]["exact"] == 0.0
        assert floor(VOCAB, 0.1) < runs["leak"]["loss"] < runs["right"]["loss"] < floor(VOCAB, 0.1) + 0.02
        assert runs["leak"]["accuracy"] == 1.0 > runs["right"]["accuracy"] > 0.99
        for name, run in runs.items():
            percent = 100 * run["accuracy"]
            row = f"| {run['loss']:.3f} | {percent:.{0 if percent == 100 else 2 if percent > 99 else 1}f} % |"
            exact = f"{100 * run['exact']:.0f} %"
            row += f" **{exact}** |" if name == "leak" else f" {exact} |"
            assert all(row in text for text in both(4)), name


class TestPhase5:
    @pytest.mark.parametrize(("vocab", "gap", "lowest"), [(13, 4.77, 0.537), (37000, 12.72, 1.377)])
    def test_the_best_logits_and_the_floor_of_label_smoothing(self, vocab, gap, lowest):
        logits = torch.zeros(1, 1, vocab, dtype=torch.float64)
        logits[0, 0, 5] = math.log(1 + vocab * 0.9 / 0.1)
        logits.requires_grad_()
        loss = LabelSmoothingLoss(0, 0.1)(logits, torch.tensor([[5]]))
        loss.backward()
        assert logits.grad.abs().max() < 1e-12
        assert loss.item() == pytest.approx(floor(vocab, 0.1))
        assert [round(logits[0, 0, 5].item(), 2), round(loss.item(), 3)] == [gap, lowest]

    def test_the_gradient_of_the_smoothed_loss_is_p_minus_q(self):
        logits = torch.tensor([[[0.7, 0.1, 0.1, 0.1]]]).log().requires_grad_()
        loss = LabelSmoothingLoss(3, 0.1)(logits, torch.tensor([[0]]))
        loss.backward()
        assert loss.item() == pytest.approx(0.50262, abs=1e-5)
        torch.testing.assert_close(logits.grad[0, 0], torch.tensor([-0.225, 0.075, 0.075, 0.075]))

    def test_the_mean_is_over_real_tokens(self):
        # Logits for which the loss of a token is 1.0 or 2.0: two and eight of them.
        def logits_for(loss: float) -> list[float]:
            right = math.exp(-loss)
            return [math.log(right), *[math.log((1 - right) / 3)] * 3]

        rows = [[logits_for(1.0)] * 2 + [[9.0, 0.0, 0.0, 0.0]] * 6, [logits_for(2.0)] * 8]
        target = torch.tensor([[0, 0] + [3] * 6, [0] * 8])
        assert LabelSmoothingLoss(3, 0.0)(torch.tensor(rows), target).item() == pytest.approx(1.8)

    def test_the_numbers_of_the_schedule(self):
        shown = {1: "1.747e-7", 4000: "6.988e-4", 8000: "4.941e-4", 100_000: "1.398e-4"}
        for step, text in shown.items():
            assert noam_learning_rate(step, 512, 4000) == pytest.approx(float(text), rel=5e-4)
            assert all(text in source for source in both(5))
        for width, warmup in ((512, 4000), (1024, 4000), (64, 400), (4, 4)):
            rates = [noam_learning_rate(step, width, warmup) for step in (warmup - 1, warmup, warmup + 1)]
            assert max(rates) == rates[1] == pytest.approx((width * warmup) ** -0.5)
        assert [noam_learning_rate(step, 4, 4) for step in (1, 2, 3, 4, 16)] == [0.0625, 0.125, 0.1875, 0.25, 0.125]

    def test_with_the_exponent_minus_a_half_twice_the_branches_cross_at_the_cube_root(self):
        rates = [min(step**-0.5, step * 4000**-0.5) for step in range(1, 5000)]
        assert max(rates) == rates[15] == 0.25
        assert 15 < 0.25 * 4000**0.5 < 16
        [entry] = [entry for entry in catalogue() if entry.id == "noam-warmup-exponent"]
        assert all("16" in text and "0.25 * d_model^-0.5" in text for text in (entry.en, entry.ja))

    def test_what_padding_costs_is_what_was_measured(self):
        found = measured(5)["padding"]
        assert found["sorted"] < 0.15 < 0.3 < found["mixed"]
        for text, lang in zip(both(5), ("en", "ja")):
            shares = [f"{100 * found[name]:.0f} %" for name in ("sorted", "mixed")]
            assert all(share in text for share in shares)
            assert (f"takes about {found['time']} times" if lang == "en" else f"約 {found['time']} 倍") in text

    def test_the_model_that_grows_has_the_losses_that_were_measured(self):
        found = json.loads((PROJECT / "lessons/figures/measured/baseline.json").read_text(encoding="utf-8"))
        losses = [found["loss"][str(number)] for number in range(1, 7)]
        assert losses == sorted(losses, reverse=True)
        for number, loss in enumerate(losses, 1):
            shown = (f"{loss:.3f}", f"{100 * found['words'][str(number)]:.0f} %")
            assert number < 4 or all(words in text for text in both(number) for words in shown), number

    def test_the_first_step_of_adam_is_the_rate_whatever_the_gradient(self):
        weights = torch.zeros(3, requires_grad=True)
        adam = torch.optim.Adam([weights], lr=7e-4, betas=(0.9, 0.98), eps=1e-9)
        weights.grad = torch.tensor([1e3, -1.0, 1e-5])
        adam.step()
        torch.testing.assert_close(weights.detach(), torch.tensor([-7e-4, 7e-4, -7e-4]), rtol=1e-3, atol=0)

    def test_padding_changes_nothing_at_real_places(self):
        torch.manual_seed(0)
        model = Transformer(9, 9, 12, 3, 2, 20, dropout=0.0, max_len=20).double().eval()
        pair, longer = ([4, 5], [6, 7, 8]), ([3] * 9, [3] * 9)
        alone, beside = make_batch([pair], 0, 1, 2), make_batch([pair, longer], 0, 1, 2)
        one, other = (model(b.src, b.tgt_in, b.src_mask, b.tgt_mask) for b in (alone, beside))
        torch.testing.assert_close(one[0], other[0, :4])
        unmasked = model(beside.src, beside.tgt_in, None, beside.tgt_mask)
        assert not torch.allclose(unmasked[0, :4], one[0])

    def test_the_batch_by_hand(self):
        batch = make_batch([([5, 6, 7, 8], [3, 4, 5]), ([9, 4], [6])], 0, 1, 2)
        assert batch.src.tolist() == [[5, 6, 7, 8, 2], [9, 4, 2, 0, 0]]
        assert batch.tgt_in.tolist() == [[1, 3, 4, 5], [1, 6, 0, 0]]
        assert batch.tgt_out.tolist() == [[3, 4, 5, 2], [6, 2, 0, 0]]
        assert batch.num_tokens == 6
        assert batch.tgt_mask[1, 0].int().tolist() == [[1, 0, 0, 0], *[[1, 1, 0, 0]] * 3]
        assert torch.equal(batch.src_mask, padding_mask(batch.src, 0))

    def test_the_tables_of_the_experiments_are_what_was_measured(self):
        found = measured(5)
        for runs in found["warmup"].values():
            row = " | ".join(f"{run['loss']:.2f} ({100 * run['accuracy']:.0f} %)" for run in runs)
            assert all(row in text for text in both(5))
        losses = {name: [run["loss"] for run in runs] for name, runs in found["warmup"].items()}
        assert max(losses["warmup"]) < min(losses["none"]) and max(losses["low"]) < min(losses["none"])
        for eps, run in found["smoothing"].items():
            best = 1 / (1 - float(eps) + float(eps) / VOCAB)
            row = f"| {eps} | {run['perplexity']:.3f} | {best:.4g} | {run['confidence']:.3f} | "
            assert all(row in text for text in both(5)), row
            assert best < run["perplexity"] < 1.06 * best


class ThreeTokens(torch.nn.Module):
    """The decoder of the lesson's tree: a is 0, b is 1, E is 2, BOS is 3; the prefix decides."""

    TREE = {"": (0.55, 0.42, 0.03), "a": (0.15, 0.80, 0.05), "b": (0.06, 0.04, 0.90)}
    TREE.update({"ab": (0.85, 0.05, 0.10), "aba": (0.06, 0.04, 0.90)})

    def encode(self, src, src_mask):
        return src

    def decode(self, tgt, memory, tgt_mask, src_mask):
        prefixes = ["".join("abE"[token] for token in row[1:]) for row in tgt.tolist()]
        last = torch.tensor([self.TREE[prefix] for prefix in prefixes], dtype=torch.float64).log()
        return last.unsqueeze(1).expand(-1, tgt.size(1), -1)

    def output_projection(self, hidden):
        return hidden


class TestPhase6:
    def test_the_tree_of_the_lesson(self):
        model, src = ThreeTokens(), torch.zeros(1, 1, dtype=torch.int64)
        greedy = greedy_decode(model, src, None, bos_id=3, eos_id=2, pad_id=0, max_len=4)
        assert greedy.tolist() == [[0, 1, 0, 2]]
        for alpha, best in (
            (0.0, [([1, 2], -0.9729), ([0, 1, 0, 2], -1.0889)]),
            (0.6, [([0, 1, 0, 2], -0.8537), ([1, 2], -0.8869)]),
        ):
            found = beam_search(model, src, None, bos_id=3, eos_id=2, max_len=4, beam_size=2, alpha=alpha)
            assert [(hypothesis.tokens, round(hypothesis.score, 4)) for hypothesis in found] == best

    def test_from_which_alpha_on_the_long_answer_wins(self):
        short, long = math.log(0.378), math.log(0.3366)
        alpha = math.log(long / short) / math.log(9 / 7)
        assert round(alpha, 3) == 0.448
        for shift, wins in ((-1e-6, False), (1e-6, True)):
            at = alpha + shift
            assert (long / length_penalty(4, at) > short / length_penalty(2, at)) == wins

    def test_the_table_of_length_penalties(self):
        shown = {1: "1", 2: "1.0969", 4: "1.2754", 5: "1.3587", 10: "1.7329", 20: "2.3544"}
        assert {length: f"{length_penalty(length, 0.6):.5g}" for length in shown} == shown
        assert all(" | ".join(shown.values()) in text for text in both(6))

    def test_clipping_keeps_the_direction_only_for_all_parameters_together(self):
        parameters = [torch.zeros(2, requires_grad=True) for _ in range(2)]
        parameters[0].grad, parameters[1].grad = torch.tensor([3.0, 0.0]), torch.tensor([0.0, 4.0])
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        torch.testing.assert_close(parameters[0].grad, torch.tensor([0.6, 0.0]), rtol=1e-4, atol=1e-6)
        torch.testing.assert_close(parameters[1].grad, torch.tensor([0.0, 0.8]), rtol=1e-4, atol=1e-6)

    def test_the_table_of_curves_is_what_was_measured(self):
        names = ("healthy", "too_low", "too_high", "leak", "no_shift")
        runs = [measured(6)["curves"][name] for name in names]
        assert [run["exact"] for run in runs] == [1.0, 0.0, 0.0, 0.0, 0.0]
        for run in runs:
            percent = 100 * run["accuracy"]
            row = f"| {run['loss']:.3f} | {percent:.{2 if 99 < percent < 100 else 0 if percent == 100 else 1}f} % |"
            assert all(row in text for text in both(6)), row
        no_shift = measured(6)["curves"]["no_shift"]["losses"]
        assert no_shift[59] < floor(VOCAB, 0.1) + 0.03

    def test_what_is_said_of_the_translation_toy_is_what_was_measured(self):
        found = measured(6)["en_ja"]
        shown = [str(found["steps"]), str(found["sentences"])]
        shown += [f"{100 * found[name]:.1f} %" for name in ("exact", "withheld")]
        assert all(number in text for text in both(6) for number in shown)

    def test_the_gradient_of_the_key_bias_is_zero_but_for_rounding(self):
        torch.manual_seed(0)
        attention = MultiHeadAttention(8, 2).double()
        x = torch.randn(2, 5, 8, dtype=torch.float64)
        attention(x, x, x)[0].square().sum().backward()
        sizes = {name: parameter.grad.abs().max().item() for name, parameter in attention.named_parameters()}
        assert sizes.pop("w_k.bias") < 1e-12
        assert min(sizes.values()) > 1e-3

    def test_the_first_loss_is_the_log_of_the_vocabulary_and_a_half(self):
        assert all(r"\ln 13 + \tfrac12 = 3.06" in text for text in both(6))
        assert round(math.log(13) + 0.5, 2) == 3.06
        starts = [run["losses"][0] for run in measured(6)["curves"].values()]
        assert all(2.9 < start < 3.4 for start in starts)

    def test_the_rate_at_which_a_curve_turns_is_no_good_highest_rate(self):
        losses = measured(6)["curves"]["too_high"]["losses"]
        means = [sum(losses[end - 10 : end]) for end in range(10, 101)]
        turn = means.index(min(means)) + 5  # the middle of the ten steps with the lowest losses
        assert 40 <= turn <= 50
        assert "steps 40 and 50" in lesson(6, "en") and "ステップ 40 と 50" in lesson(6, "ja")
        assert all(rate in text for text in both(6) for rate in ("2.4e-2", "3e-2"))
        assert [f"{6e-2 * step / 100:.1e}" for step in (40, 50)] == ["2.4e-02", "3.0e-02"]
        peaks = measured(6)["peaks"]
        shown = [", ".join(f"{100 * share:.0f}" for share in peaks[rate]) for rate in ("0.024", "0.012", "0.002")]
        for text in both(6):
            assert all(percents.replace(", ", separator) in text for percents, separator in zip(shown, [", "] * 3))
        assert max(peaks["0.024"]) < min(peaks["0.012"]) <= max(peaks["0.012"]) < min(peaks["0.002"])

    def test_the_table_of_the_exposure_bias_is_what_was_measured(self):
        found = measured(6)["exposure"]
        assert found["forced_exact"] == found["free_exact"]
        shown = [found["after_right"], found["after_mistake"], found["forced"][6], found["free"][6]]
        for text in both(6):
            rows = [f"| {100 * value:.1f} % |" for value in shown] + [f"| {100 * found['free_exact']:.2f} % |"]
            assert all(row in text for row in rows)
            assert str(found["words"]) in text
        assert all(free <= forced for free, forced in zip(found["free"], found["forced"]))

    def test_the_attention_maps_are_what_the_lesson_says(self):
        maps = {toy: torch.tensor(weights) for toy, weights in measured(6)["maps"].items()}
        size = len(maps["copy"])
        assert maps["copy"].argmax(dim=1).tolist() == list(range(size))
        letters = list(range(size - 1))
        assert maps["reverse"][:-1].argmax(dim=1).tolist() == letters[::-1]
        word = [7, 4, 12, 9, 3, 6]
        by_content = [word.index(token) for token in sorted(word)]
        assert maps["sort"][:4].argmax(dim=1).tolist() == by_content[:4]
        assert maps["sort"][4:].argmax(dim=1).tolist() == [size - 1] * 3  # the head rests on EOS

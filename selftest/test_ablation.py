"""``train TOY --without PART``: exactly that part is gone from the learner's model, and what is said was seen."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch
from torch.nn import functional

from kata.commands import train as command
from kata.commands.ablation_report import AblationCommand
from kata.toys.ablation import ABLATIONS, SMALL
from kata.toys.learner import Learner, LearnerError
from kata.toys.registry import TOYS
from kata.toys.training import DIVERGED, DONE, Training
from selftest.submissions import make_target, solution
from selftest.test_training import ALL, learner, one_thread  # noqa: F401 (fixtures)

pytestmark = pytest.mark.timeout(150)  # the first optimizer imports torch._dynamo, which takes long on a busy machine

TINY = {**SMALL, "steps": 4, "every": 2, "d_model": 16, "d_ff": 16, "train_pairs": 60, "held_pairs": 5, "batch_size": 4}


def without(learner, name, apply=True):  # noqa: F811
    toy = replace(TOYS["reverse"], **TINY)
    training = Training(learner, toy, toy.corpus(0), 0, "cpu")
    training.model.eval()
    if apply:
        ABLATIONS[name].apply(training)
    return training


def test_the_command_offers_every_part():
    assert tuple(ABLATIONS) == command.PARTS


def test_without_positions_the_encoder_does_not_know_the_order(learner):  # noqa: F811
    source, order = torch.tensor([[5, 6, 7, 8]]), [2, 0, 3, 1]
    for apply in (True, False):
        model = without(learner, "positions", apply).model
        same = torch.allclose(model.encode(source, None)[:, order], model.encode(source[:, order], None), atol=1e-5)
        assert same == apply


def test_without_scaling_the_scores_are_plain_dot_products(learner):  # noqa: F811
    x, weights = torch.randn(1, 3, 16), {}
    for apply in (True, False):
        attention = without(learner, "scaling", apply).model.decoder.layers[0].cross_attention
        with torch.no_grad():
            q, k = (
                functional.linear(x, part.weight, part.bias).reshape(1, 3, 4, 4).transpose(1, 2)
                for part in (attention.w_q, attention.w_k)
            )
            weights[apply] = attention(x, x, x)[1]
            assert torch.allclose(weights[apply], torch.softmax(q @ k.mT / (1 if apply else 2), -1), atol=1e-5)


def test_without_residuals_what_went_into_a_sublayer_is_lost(learner):  # noqa: F811
    model = without(learner, "residual").model
    x, y = torch.randn(2, 3, 16)
    for add_norm in (model.encoder.layers[0].add_norm2, model.decoder.layers[0].add_norm3):
        assert torch.equal(add_norm(x, y), add_norm.norm(y))
        assert torch.equal(add_norm(x=x, sublayer_output=y), add_norm.norm(y))


def test_without_norm_the_sum_is_all_and_every_parameter_has_a_gradient(learner):  # noqa: F811
    training = without(learner, "norm")
    x, y = torch.randn(2, 3, 16)
    assert torch.equal(training.model.encoder.layers[0].add_norm1(x, y), x + y)
    assert training.run(1, lambda: False, lambda entry: None, lambda entry: None) == DONE
    assert all(parameter.grad is not None for parameter in training.model.parameters())


def test_without_the_mask_a_target_token_sees_the_next_one_and_no_padding(learner):  # noqa: F811
    training = without(learner, "mask")
    batch = training._batch([([3, 4], [4, 3]), ([5], [5])])
    assert batch.tgt_mask.expand(2, 1, 3, 3)[:, 0, 0].tolist() == [[True, True, True], [True, True, False]]
    assert training.translate(list(training.corpus.train[:2])), "it still writes alone"


def test_without_warmup_the_rate_is_highest_at_once_and_falls_as_ever(learner):  # noqa: F811
    rates = {}
    for apply in (True, False):
        training = without(learner, "warmup", apply)
        rates[apply] = []
        for _ in range(130):
            rates[apply].append(training.optimizer.param_groups[0]["lr"])
            training.scheduler.step()
    assert rates[True][:100] == [max(rates[False])] * 100
    assert rates[True][100:] == rates[False][100:] and rates[False][0] < rates[False][99]


def test_without_smoothing_the_loss_is_cross_entropy(learner):  # noqa: F811
    training = without(learner, "smoothing")
    logits, target = torch.randn(2, 3, 7), torch.tensor([[3, 4, 2], [5, 2, 0]])
    expected = functional.cross_entropy(logits.reshape(-1, 7), target.reshape(-1), ignore_index=0)
    assert torch.allclose(training.loss_fn(logits, target), expected)


BYPASSED = [
    ("positions", 1, "self.pe[:length].to(x.dtype)", "sinusoidal_encoding(length, x.size(-1))"),
    ("residual", 4, "self.add_norm2(x, self.feed_forward(x))", "self.add_norm2.forward(x, self.feed_forward(x))"),
    ("norm", 3, "self.norm(x + self", "self.norm.forward(x + self"),
    ("scaling", 2, "self.w_q(query)", "nn.functional.linear(query, self.w_q.weight, self.w_q.bias)"),
]


@pytest.mark.parametrize(("name", "phase", "old", "new"), BYPASSED, ids=[name for name, *_ in BYPASSED])
def test_code_that_does_not_pass_the_place_is_told_and_not_compared(name, phase, old, new, tmp_path):
    target = make_target(tmp_path / "target", ALL)
    source = solution(phase)
    assert old in source
    file = next(target.glob(f"phase{phase}_*.py"))
    file.write_text(source.replace(old, new), encoding="utf-8")
    bypassing = Learner(target)
    try:
        with pytest.raises(LearnerError, match="could not be taken away") as told:
            without(bypassing, name)
        assert "取り除けません" in told.value.pair[1]
    finally:
        bypassing.close()


@pytest.fixture
def compare(monkeypatch, tmp_path, capsys):
    """Run the command with tiny models; gives (status, output), and where the comparison lies."""
    for name, value in TINY.items():
        monkeypatch.setitem(SMALL, name, value)

    def call(*arguments, target="solutions"):
        folders = ["--runs", str(tmp_path / "runs"), "--into", str(tmp_path / "pictures")]
        status = command.main(["reverse", "--target", str(target), *folders, *arguments, "--device", "cpu"])
        captured = capsys.readouterr()
        return status, captured.out + captured.err

    call.runs, call.pictures = tmp_path / "runs", tmp_path / "pictures" / "phase6"
    return call


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_both_trainings_are_in_one_picture_and_their_figures_in_one_sentence(compare, lang):
    status, out = compare("--without", "mask", "--lang", lang)
    assert status == 0, out
    found = json.loads((compare.runs / "without" / "reverse-mask" / "comparison.json").read_text(encoding="utf-8"))
    assert found["without"] == "mask"
    full, ablated = found["full"], found["ablated"]
    assert [len(history["steps"]) for history in (full, ablated)] == [4, 4]
    assert full["steps"][0]["loss"] != ablated["steps"][0]["loss"], "the mask was not taken away"
    for history in (full, ablated):
        assert f"{history['validations'][-1]['cross_entropy']:.3f}" in out
    assert ("look-ahead mask" if lang == "en" else "先読みマスク") in out
    assert (compare.pictures / "reverse_without_mask.png").read_bytes().startswith(b"\x89PNG")
    assert not (compare.runs / "reverse").exists(), "not the learner's training of this toy"


def test_a_part_is_taken_from_the_finished_phases_within_the_reference(compare, tmp_path):
    status, out = compare("--without", "smoothing", "--with", "2", target=make_target(tmp_path / "target", (2,)))
    assert status == 0 and "Yours: phase 2." in out


def history(exact, tokens, loss):
    return {"validations": [{"step": 600, "exact": exact, "token_accuracy": tokens, "cross_entropy": loss}]}


SEEN = [
    (DONE, history(0.0, 0.99, 0.1), "nearly no string right"),
    (DONE, history(0.97, 0.98, 0.102), "hardly a difference"),
    (DONE, history(0.5, 0.9, 0.4), None),
    (DONE, history(0.5, 0.9, 0.1), None),
    (DIVERGED, {"validations": [], "steps": [{"step": 7, "loss": float("nan")}]}, "nan at step 7"),
]


@pytest.mark.parametrize(
    ("outcome", "ablated", "words"), SEEN, ids=["leak", "hardly", "figures only", "one figure", "diverged"]
)
def test_a_sentence_never_claims_what_the_run_did_not_show(outcome, ablated, words):
    telling = AblationCommand.__new__(AblationCommand)
    telling.part = ABLATIONS["mask"]
    told = telling.seen(history(0.98, 0.99, 0.1), ablated, outcome, "en")
    for _, _, other in SEEN:
        assert other is None or (other in told) == (other == words)


LATER = [
    ((300, 450), "by step 450 without"),
    ((300, 300), None),
    ((300, None), "not at all without"),
    ((None, 300), None),
]


@pytest.mark.parametrize(("steps", "said"), LATER)
def test_what_learns_later_is_told_with_its_step(steps, said):
    def with_half_at(step):
        found = history(0.98, 0.99, 0.1)
        early = [{**found["validations"][0], "step": at, "exact": 0.5 if at == step else 0.4} for at in (300, 450)]
        return {"validations": [*early, *found["validations"]] if step else early}

    telling = AblationCommand.__new__(AblationCommand)
    telling.part = ABLATIONS["norm"]
    told = telling.seen(with_half_at(steps[0]), with_half_at(steps[1]), DONE, "en")
    assert ("Half of the strings came out right by step 300 with it, and" in told) == (said is not None)
    assert said is None or said in told
    assert ("hardly a difference" in told) == (steps == (300, 300))


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["reverse", "--without", "masks"], "did you mean mask?"),
        (["en-ja", "--without", "mask"], "no other toy"),
        (["reverse", "--without", "mask", "--resume"], "no --resume"),
    ],
)
def test_bad_usage_is_status_2(arguments, named, capsys):
    with pytest.raises(SystemExit) as caught:
        command.main(arguments)
    assert caught.value.code == 2
    assert named in capsys.readouterr().err

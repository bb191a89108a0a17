"""``train --compile``: what it gives is said, what it cannot do is said as well, and trying it changes no training."""

from __future__ import annotations

import json

import pytest
import torch
from torch import nn

from kata.commands import train as command
from kata.toys import compiling
from kata.toys.compiling import TIMED, UNTIMED, Compiled, NotCompiled, try_compile
from kata.toys.learner import LearnerError
from selftest.test_training import learner, losses, new_training, one_thread, run, tiny  # noqa: F401 (fixtures)

pytestmark = pytest.mark.timeout(150)  # the first optimizer imports torch._dynamo, which takes long on a busy machine


class Wrapped(nn.Module):
    """Stands for a compiled model: the same parameters, and it counts its calls."""

    def __init__(self, model):
        super().__init__()
        self.model, self.calls = model, 0

    def forward(self, *args):
        self.calls += 1
        return self.model(*args)


def raises(error):
    def call(*args, **kwargs):
        raise error

    return call


def test_trying_leaves_weights_gradients_mode_and_random_state_as_they_were(learner, monkeypatch):  # noqa: F811
    monkeypatch.setattr(torch, "compile", Wrapped)
    training = new_training(learner)
    run(training, 2)
    training.model.eval()
    state = {name: value.clone() for name, value in training.model.state_dict().items()}
    random = torch.get_rng_state()
    found = try_compile(training)
    assert found.model.calls == UNTIMED + TIMED
    assert found.first > 0 and found.with_it > 0 and found.without > 0
    assert torch.equal(torch.get_rng_state(), random)
    assert not training.model.training and training.step == 2
    assert all(torch.equal(value, state[name]) for name, value in training.model.state_dict().items())
    assert all(parameter.grad is None for parameter in training.model.parameters())


@pytest.mark.parametrize("when", ["at once", "at the first step"])
def test_what_the_compiler_raises_is_a_reason_in_one_line(when, learner, monkeypatch):  # noqa: F811
    error = RuntimeError("backend='inductor' raised:")
    error.__cause__ = OSError("no g++ here\nand more lines")
    monkeypatch.setattr(torch, "compile", raises(error) if when == "at once" else lambda model: Failing(error))
    training = new_training(learner)
    with pytest.raises(NotCompiled, match=r"^OSError: no g\+\+ here$"):
        try_compile(training)
    assert all(parameter.grad is None for parameter in training.model.parameters())


class Failing(nn.Module):
    def __init__(self, error):
        super().__init__()
        self.forward = raises(error)


def test_what_the_learners_code_raises_is_not_the_compilers_fault(learner, monkeypatch):  # noqa: F811
    training = new_training(learner)
    monkeypatch.setattr(training.model, "forward", lambda *arguments: 1 / 0)
    with pytest.raises(LearnerError, match="ZeroDivisionError"):
        try_compile(training)


def history(folder):
    found = json.loads((folder / "history.json").read_text(encoding="utf-8"))
    return [(step["loss"], step["lr"]) for step in found["steps"]], found["validations"]


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_where_it_does_not_work_the_command_says_so_and_trains_as_ever(lang, tiny, capsys, monkeypatch):  # noqa: F811
    assert tiny(capsys)[0] == 0
    plain = history(tiny.folder)
    monkeypatch.setattr(torch, "compile", raises(RuntimeError("not supported on Python 3.99")))
    status, out = tiny(capsys, "--compile", "--lang", lang)
    assert status == 0, out
    assert "RuntimeError: not supported on Python 3.99" in out and "Traceback" not in out
    assert history(tiny.folder) == plain


@pytest.mark.parametrize(("with_it", "used", "said"), [(0.001, 8, "uses it"), (0.003, 0, "without it")])
def test_only_what_is_faster_is_used(with_it, used, said, tiny, capsys, monkeypatch):  # noqa: F811
    made = []

    def found(training):
        made.append(Wrapped(training.model))
        return Compiled(made[0], 7.0, with_it, 0.002)

    monkeypatch.setattr(compiling, "try_compile", found)
    monkeypatch.setattr(compiling, "fall_back_later", lambda: None)
    status, out = tiny(capsys, "--compile")
    assert status == 0, out
    assert f"after 7 s of compiling a step takes {1000 * with_it:.1f} ms with it and 2.0 ms without" in out
    assert said in out
    assert made[0].calls == used
    assert (
        torch.load(tiny.folder / "checkpoint.pt", weights_only=True)["model"].keys()
        == made[0].model.state_dict().keys()
    )


def test_it_does_not_go_with_without(capsys):
    with pytest.raises(SystemExit) as refused:
        command.main(["reverse", "--without", "mask", "--compile"])
    assert refused.value.code == 2
    assert "leave one of them out" in capsys.readouterr().err


@pytest.mark.proof
@pytest.mark.timeout(600)
def test_the_real_compiler_gives_a_model_that_learns_the_same(learner):  # noqa: F811
    training = new_training(learner)
    try:
        training.trained = try_compile(training).model
    except NotCompiled as reason:
        pytest.skip(f"nothing compiles here: {reason}")
    run(training, 6)
    plain = new_training(learner)
    run(plain, 6)
    assert losses(training) == pytest.approx(losses(plain), rel=0.05)  # dropout draws differently

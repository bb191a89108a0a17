"""A submission behind the wall behaves as it does in the tests' own process, forked or started."""

from __future__ import annotations

import copy
import os
import time

import pytest
import torch

from kata.course.phases import REFERENCE
from kata.sandbox.errors import GuestDied, TestTimeout
from kata.source.rules import RuleBroken
from kata.testing.in_process import DirectSubmission
from kata.testing.outcome import judge

pytestmark = pytest.mark.timeout(120)

PHASE = "phase1_embedding"
SOURCE = '''\
import math
import os
import sys
import time

import torch
from torch import nn


class Block(nn.Module):
    """A few parameters, one of them used twice, one frozen, one not used; a buffer; dropout; two results."""

    def __init__(self, width=3, dropout=0.0):
        super().__init__()
        self.first = nn.Linear(width, width)
        self.second = nn.Linear(width, 2)
        self.frozen = nn.Parameter(torch.ones(width), requires_grad=False)
        self.unused = nn.Parameter(torch.ones(2))
        self.dropout = nn.Dropout(dropout)
        self.register_buffer("shift", torch.arange(float(width)))

    def forward(self, x, mask=None):
        hidden = torch.tanh(self.first(self.first(x) * self.frozen) + self.shift)
        hidden = self.dropout(hidden)
        if mask is not None:
            hidden = hidden.masked_fill(~mask, 0.0)
        return self.second(hidden), {"hidden": [hidden, hidden.detach()], "x": x}


def product(a, b):
    return a * b


def adds_in_place(x, values):
    x += 1.0
    values[0].zero_()
    return x * 2.0


def raises(name, *arguments):
    raise {"Own": Own, "Stop": StopIteration, "Interrupt": Interrupt}.get(name) or getattr(
        __import__("builtins"), name
    )(*arguments)


class Own(ValueError):
    def __init__(self):
        super().__init__("of its own")


class Interrupt(KeyboardInterrupt):
    pass


def prints(text):
    print(text)
    print(text, file=sys.stderr)
    os.write(1, text.encode())


def leaves(status):
    os._exit(status)


def sleeps(seconds):
    time.sleep(seconds)


def answers():
    return [1, (2.5, None), {"a": "b", 3: torch.float64}, float("nan"), 2**70]


def reaches(name, *arguments):
    place = torch
    for part in name.split("."):
        place = getattr(place, part)
    return place(*arguments)


def windows(x):
    return x.unfold(-1, 2, 1)


calls = 0


def counts():
    global calls
    calls += 1
    return calls
'''


@pytest.fixture(scope="module", params=["direct", "fork", pytest.param("spawn", marks=pytest.mark.proof)])
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def submission(kind, tmp_path_factory):
    from kata.sandbox.host.submission import WalledSubmission

    target = tmp_path_factory.mktemp("target")
    (target / f"{PHASE}.py").write_text(SOURCE, encoding="utf-8")
    threads, before = torch.get_num_threads(), os.environ.get("KATA_WALL_START")
    if kind == "spawn":
        os.environ["KATA_WALL_START"] = "spawn"
    elif kind == "fork" and not hasattr(os, "fork"):
        pytest.skip("no fork here")
    made = (
        DirectSubmission(target, REFERENCE, False) if kind == "direct" else WalledSubmission(target, REFERENCE, False)
    )
    yield made
    made.close()
    torch.set_num_threads(threads)
    if kind == "spawn":
        os.environ.pop("KATA_WALL_START")
        os.environ.update({"KATA_WALL_START": before} if before else {})


@pytest.fixture
def phase(submission):
    """The phase, during a test; the submission's random numbers start the same."""
    submission.begin(PHASE, 5, 60.0)
    yield submission.phase(PHASE, PHASE)
    submission.end()


def made(phase, dtype=torch.float64):
    """A block with known weights, and an input."""
    block = phase.Block().to(dtype)
    gen = torch.Generator().manual_seed(3)
    state = {name: torch.randn(value.shape, generator=gen, dtype=dtype) for name, value in block.state_dict().items()}
    block.load_state_dict(state)
    return block, state, torch.randn(4, 3, generator=gen, dtype=dtype)


def by_hand(state, x):
    """What a block computes."""
    first = torch.nn.functional.linear(x, state["first.weight"], state["first.bias"]) * state["frozen"]
    first = torch.nn.functional.linear(first, state["first.weight"], state["first.bias"])
    hidden = torch.tanh(first + state["shift"])
    return torch.nn.functional.linear(hidden, state["second.weight"], state["second.bias"]), hidden


def close(got, expected):
    torch.testing.assert_close(got, expected, rtol=1e-12, atol=1e-12)


def test_values_and_their_structure_come_back(phase):
    block, state, x = made(phase)
    output, more = block(x)
    expected, hidden = by_hand(state, x)
    close(output, expected)
    close(more["hidden"][0], hidden)
    assert not more["hidden"][1].requires_grad
    assert torch.equal(more["x"], x)
    value = phase.answers()
    assert value[:3] == [1, (2.5, None), {"a": "b", 3: torch.float64}]
    assert value[3] != value[3]
    assert value[4] == 2**70


def test_gradients_reach_inputs_and_parameters(phase):
    block, state, x = made(phase)
    x = x.requires_grad_(True)
    names = ["first.weight", "first.bias", "second.weight", "second.bias"]
    leaves = {name: value.clone().requires_grad_(name in names) for name, value in state.items()}
    expected, hidden = by_hand(leaves, x)
    wanted = torch.autograd.grad(expected.pow(2).sum() + hidden.sum(), [x, *(leaves[name] for name in names)])
    output, more = block(x)
    parameters = dict(block.named_parameters())
    total = output.pow(2).sum() + more["hidden"][0].sum()
    for found, value in zip(torch.autograd.grad(total, [x, *(parameters[name] for name in names)]), wanted):
        close(found, value)


def test_backward_fills_the_gradients_of_parameters(phase):
    block, state, x = made(phase)
    block(x)[0].sum().backward()
    parameters = dict(block.named_parameters())
    assert parameters["first.weight"].grad.abs().sum() > 0
    assert parameters["unused"].grad is None
    assert not parameters["frozen"].requires_grad
    close(parameters["second.bias"].grad, torch.full((2,), 4.0, dtype=torch.float64))


def test_gradients_flow_from_call_to_call_and_through_the_tests_own_operations(phase):
    a, b = torch.tensor([2.0, 3.0], requires_grad=True), torch.tensor([5.0, 7.0], requires_grad=True)
    total = phase.product(phase.product(a, b).exp().log(), a).sum()
    of_a, of_b = torch.autograd.grad(total, [a, b])
    torch.testing.assert_close(of_a, (2 * a * b).detach())
    torch.testing.assert_close(of_b, (a * a).detach())


def test_what_needs_no_gradient_carries_none(phase):
    block, _, x = made(phase)
    with torch.no_grad():
        assert not block(x)[0].requires_grad
    a = torch.ones(2, requires_grad=True)
    assert not phase.product(a.detach(), torch.ones(2)).requires_grad
    assert phase.product(a, torch.ones(2)).requires_grad


def test_an_argument_given_back_is_the_argument(phase):
    block, _, x = made(phase)
    x = x.requires_grad_(True)
    assert block(x)[1]["x"] is x


def test_overlapping_windows_carry_values_and_gradients(phase):
    x = torch.arange(4.0, requires_grad=True)
    windows = phase.windows(x)
    assert windows.tolist() == [[0, 1], [1, 2], [2, 3]]
    assert torch.autograd.grad(windows.sum(), x)[0].tolist() == [1, 2, 2, 1]


def test_changes_in_place_are_seen_by_the_test(phase):
    x, value = torch.zeros(3), torch.ones(2)
    assert phase.adds_in_place(x, [value]).tolist() == [2.0] * 3
    assert x.tolist() == [1.0] * 3
    assert value.tolist() == [0.0] * 2


def test_changes_in_place_can_be_kept_from_the_test(submission, kind):
    if kind == "direct":
        pytest.skip("in one process there is one tensor")
    submission.begin(PHASE, 5, 60.0, writes_back=False)
    phase = submission.phase(PHASE, PHASE)
    x = torch.zeros(3)
    phase.product(x, x)
    assert not submission.changed_inputs
    phase.adds_in_place(x, [x.clone()])
    assert submission.changed_inputs
    assert x.tolist() == [0.0] * 3
    submission.end()


def test_a_copy_has_parameters_of_its_own(phase):
    block, state, x = made(phase)
    twin = copy.deepcopy(block)
    block.load_state_dict({name: torch.zeros_like(value) for name, value in state.items()})
    close(twin(x)[0], by_hand(state, x)[0])
    assert block(x)[0].abs().sum() == 0
    assert list(twin.state_dict()) == list(state)
    assert all(torch.equal(value, state[name]) for name, value in twin.state_dict().items())


def test_modes_and_dtypes_are_set_from_outside(phase):
    block = phase.Block(3, dropout=0.5)
    x = torch.ones(50, 3)
    assert block.training
    assert (block(x)[1]["hidden"][0] == 0).any()
    block.eval()
    assert not block.training
    assert torch.equal(block(x)[0], block(x)[0])
    assert block.double()(x.double())[0].dtype == torch.float64
    assert block.to("meta")(torch.empty(2, 3, device="meta", dtype=torch.float64))[0].shape == (2, 2)


def test_random_numbers_come_from_the_seed_that_the_test_sets(phase, submission):
    block = phase.Block(3, dropout=0.5)
    x = torch.ones(50, 3)
    submission.seed(1)
    first = block(x)[0]
    assert not torch.equal(block(x)[0], first)
    submission.seed(1)
    assert torch.equal(block(x)[0], first)


# -- exceptions --


@pytest.mark.parametrize("name", ["ValueError", "TypeError", "KeyError", "ZeroDivisionError", "NotImplementedError"])
def test_exceptions_keep_their_type_and_text(phase, name):
    with pytest.raises(getattr(__import__("builtins"), name), match="some words"):
        phase.raises(name, "some words")


def test_exceptions_of_a_submissions_own_come_as_what_they_are_a_kind_of(phase):
    with pytest.raises(ValueError, match="of its own"):
        phase.raises("Own")


def test_the_place_of_an_exception_is_told(phase, tmp_path_factory):
    with pytest.raises(RuntimeError) as caught:
        phase.product(torch.ones(2), torch.ones(3))
    verdict = judge(caught.value, [tmp_path_factory.getbasetemp()])
    line = SOURCE.splitlines().index("    return a * b") + 1
    assert f"{PHASE}.py:{line}, in product (`return a * b`)" in verdict.message
    assert verdict.state == "failed"


def test_what_a_submission_raises_ends_no_loop_and_no_run_of_the_tests(phase, kind):
    if kind == "direct":
        pytest.skip("in one process an exception is what it is")
    with pytest.raises(RuntimeError, match="StopIteration"):
        phase.raises("Stop")
    with pytest.raises(GuestDied, match="KeyboardInterrupt"):
        phase.raises("Interrupt")
    assert phase.answers()[0] == 1


def test_forbidden_functions_raise_when_called_and_the_others_work(phase, kind):
    if kind == "direct":
        pytest.skip("the tests need them in this process")
    x = torch.ones(2, 3)
    for name in ("layer_norm", "ops.aten.layer_norm", "_C._VariableFunctions.layer_norm", "nn.functional.layer_norm"):
        with pytest.raises(RuleBroken, match="layer_norm"):
            phase.reaches(name, x, (3,))
    with pytest.raises(RuleBroken, match="label_smoothing"):
        phase.reaches("nn.functional.cross_entropy", x, torch.tensor([0, 1]), None, None, -100, None, "mean", 0.1)
    loss = phase.reaches("nn.functional.cross_entropy", x, torch.tensor([0, 1]))
    assert loss.item() == pytest.approx(1.0986123)
    assert phase.reaches("softmax", x, -1).sum().item() == pytest.approx(2.0)


# -- output, ends and limits --


def test_output_is_kept_with_the_test_that_printed_it(phase, submission, capfd):
    phase.prints("first words\n")
    time.sleep(0.2)  # the reader is another thread
    assert (submission.take_output() + capfd.readouterr().out).count("first words") >= 2


def test_output_beyond_a_limit_is_dropped(phase, submission, kind):
    if kind == "direct":
        pytest.skip("pytest keeps it")
    phase.prints("x" * 90_000)
    time.sleep(0.3)
    output = submission.take_output()
    assert len(output) < 20_000
    assert "more bytes" in output


def test_a_guest_that_ends_or_hangs_is_replaced(submission, kind):
    if kind == "direct":
        pytest.skip("there is no guest")
    phase = submission.phase(PHASE, PHASE)
    submission.begin(PHASE, 5, 60.0)
    assert phase.counts() == 1
    with pytest.raises(GuestDied, match="exit status 3"):
        phase.leaves(3)
    with pytest.raises(GuestDied):
        phase.counts()
    submission.end()
    submission.begin(PHASE, 5, 60.0)
    assert phase.counts() == 1
    submission.end()
    submission.begin(PHASE, 5, 0.5)
    with pytest.raises(TestTimeout):
        phase.sleeps(60)
    submission.end()
    submission.begin(PHASE, 5, 60.0)
    assert phase.counts() == 1
    submission.end()


def test_objects_of_an_earlier_test_are_refused(submission, kind):
    if kind == "direct":
        pytest.skip("they live on")
    submission.begin(PHASE, 5, 60.0)
    block = submission.phase(PHASE, PHASE).Block()
    submission.end()
    submission.begin(PHASE, 5, 60.0)
    with pytest.raises(TypeError, match="earlier test"):
        block(torch.ones(1, 3))
    submission.end()

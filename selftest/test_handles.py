"""What the submission's objects answer is compared with what was loaded into them, whichever way it is asked for."""

from __future__ import annotations

import copy

import pytest
import torch

from kata.sandbox.host.handles import Handle
from kata.sandbox.host.loaded import LoadedWeights

STATE = {"norm.weight": torch.ones(2), "norm.bias": torch.zeros(2)}
OTHERS = {name: value + 1.0 for name, value in STATE.items()}


class Guest:
    """Answers as it is told."""

    def __init__(self):
        self.loaded = LoadedWeights()
        self.answer = None

    def request(self, request):
        return self.answer

    def nonsense(self, about):
        return RuntimeError(about)

    def told(self, answer):
        self.answer = answer
        return self


@pytest.fixture
def guest():
    return Guest()


@pytest.fixture
def module(guest):
    handle = Handle(guest, 1, "AddAndNorm", 1)
    handle.load_state_dict(STATE)
    return handle


def test_what_was_loaded_is_taken(guest, module):
    guest.told(STATE)
    assert module.state_dict() == STATE
    guest.told(list(STATE.items()))
    assert dict(module.named_parameters()) == STATE
    guest.told(module)
    assert module.eval().double() is module


ASKED = {
    "state_dict": lambda guest, module: guest.told(OTHERS) and module.state_dict(),
    "an empty state_dict": lambda guest, module: guest.told({}) and module.state_dict(),
    "a state_dict that is none": lambda guest, module: guest.told(Handle(guest, 5, "State", 1)) and module.state_dict(),
    "a state_dict of objects": lambda guest, module: (
        guest.told(dict.fromkeys(STATE, Handle(guest, 5, "Told", 1))) and module.state_dict()
    ),
    "named_parameters": lambda guest, module: guest.told(list(OTHERS.items())) and module.named_parameters(),
    "lists for pairs": lambda guest, module: guest.told([list(p) for p in STATE.items()]) and module.named_parameters(),
    "eval": lambda guest, module: guest.told(Handle(guest, 5, "AddAndNorm", 1)) and module.eval(),
    "to": lambda guest, module: guest.told(None) and module.to(torch.float64),
}


@pytest.mark.parametrize("ask", ASKED.values(), ids=ASKED)
def test_what_was_not_loaded_is_refused(guest, module, ask):
    with pytest.raises(AssertionError):
        ask(guest, module)


@pytest.mark.parametrize("way", ["attribute", "item", "get_submodule", "copy"])
def test_a_part_or_a_copy_holds_what_was_loaded(guest, module, way):
    guest.told(Handle(guest, 2, "LayerNorm", 1))
    if way == "copy":
        twin = copy.deepcopy(module)
        names = ("norm.weight", "norm.bias")
    else:
        ways = {"attribute": lambda: module.norm, "item": lambda: module["norm"]}
        twin = ways.get(way, lambda: module.get_submodule("norm"))()
        names = ("weight", "bias")
    right = dict(zip(names, STATE.values()))
    guest.told(right)
    assert twin.state_dict() == right
    guest.told(dict(zip(names, OTHERS.values())))
    with pytest.raises(AssertionError, match="holds other values"):
        twin.state_dict()


def test_a_parameter_asked_for_by_its_name_is_compared(guest, module):
    guest.told(Handle(guest, 2, "LayerNorm", 1))
    norm = module.norm
    guest.told(OTHERS["norm.weight"])
    with pytest.raises(AssertionError, match="holds other values"):
        assert norm.weight is None


def test_what_other_code_was_handed_is_not_compared_any_more(guest, module):
    guest.told(0.5)
    Handle(guest, 9, "train_step", 1)(module)
    guest.told(OTHERS)
    assert module.state_dict() == OTHERS

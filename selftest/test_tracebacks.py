"""Where an exception came from, in terms that code of every style shares."""

from __future__ import annotations

import sys
import types

import pytest
from torch import nn

from kata.sandbox.tracebacks import origin

SOURCE = """
from torch import nn

class MultiHeadAttention(nn.Module):
    def forward(self, x):
        return self._attend(x)
    def _attend(self, x):
        return x + None

class MyAttention(MultiHeadAttention):
    pass

class DecoderLayer(nn.Module):
    def __init__(self):
        super().__init__()
        self.self_attention, self.cross_attention = MultiHeadAttention(), MyAttention()
        self.layers = nn.ModuleList([MultiHeadAttention()])
    def forward(self, which):
        part = self.layers[0] if which == "layers" else getattr(self, which)
        return part(1)

def _check(number):
    if number > 3:
        raise ValueError("too much")
    assert number > 1, "too little"
    return number / 0

def split_heads(number):
    return [_check(each) for each in (number,)]
"""


@pytest.fixture(scope="module")
def phase():
    module = types.ModuleType("package.phase")
    sys.modules["package.phase"] = module
    exec(compile(SOURCE, "phase.py", "exec"), module.__dict__)
    yield module
    del sys.modules["package.phase"]


def of(call, *arguments):
    with pytest.raises(Exception) as caught:
        call(*arguments)
    return origin(caught.value, "package")


@pytest.mark.parametrize(
    ("part", "name"),
    [("self_attention", "self_attention"), ("cross_attention", "cross_attention"), ("layers", "layers.0")],
)
def test_the_part_of_a_module_is_named_that_was_called(phase, part, name):
    assert of(phase.DecoderLayer(), part) == {
        "calls": ["DecoderLayer.forward", f"{name}: MultiHeadAttention.forward"],
        "raised": False,
    }


def test_helpers_of_the_learner_s_own_are_part_of_what_calls_them(phase):
    assert of(phase.split_heads, 2)["calls"] == ["split_heads"]


@pytest.mark.parametrize(("number", "raised"), [(4, True), (1, True), (2, False)], ids=["raise", "assert", "division"])
def test_what_the_code_raises_itself_is_told_from_what_python_raises(phase, number, raised):
    assert of(phase.split_heads, number)["raised"] is raised


def test_what_torch_raises_is_not_the_code_s_own(phase):
    phase.embed = types.FunctionType(compile("nn.Linear(2, 'x')", "phase.py", "eval"), phase.__dict__)
    phase.nn = nn
    assert of(phase.embed) == {"calls": [], "raised": False}


def test_a_stranger_s_exception_comes_from_nowhere():
    assert of(int, "x") == {"calls": [], "raised": False}

"""In a guest: which parameters still have their first values, and in which order a module's parts are listed."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from kata.sandbox.guest import parameter_order
from kata.sandbox.guest.initial_values import FreshParameters

PHASE = "phase3_layers"


class Layer(nn.Linear):
    """Stands for a class of the submission."""


Layer.__module__ = f"kata_submission_7.{PHASE}"


@pytest.fixture
def fresh():
    return FreshParameters([PHASE])


def noted(fresh, module):
    fresh.note(module)
    fresh.look_again()
    return module


def test_a_parameter_is_fresh_until_it_is_changed(fresh):
    layer = noted(fresh, Layer(3, 4))
    assert fresh.holds(layer.weight)
    layer.weight.grad = torch.ones(4, 3)
    torch.optim.SGD([layer.weight], 0.1).step()
    assert not fresh.holds(layer.weight)
    assert fresh.holds(layer.bias)
    layer.load_state_dict(layer.state_dict())
    assert not fresh.holds(layer.bias)


def test_a_state_dict_tells_the_same_of_its_tensors(fresh):
    layer = noted(fresh, Layer(3, 4))
    assert all(fresh.holds(value) for value in layer.state_dict().values())
    assert not fresh.holds(layer.weight[0])
    assert not fresh.holds(layer.weight.detach().clone())
    layer.load_state_dict(layer.state_dict())
    fresh.look_again()
    assert not any(fresh.holds(value) for value in layer.state_dict().values())


def test_another_dtype_keeps_a_parameter_fresh(fresh):
    layer = noted(fresh, Layer(3, 4))
    assert fresh.holds(layer.state_dict()["weight"])
    layer.double()
    fresh.look_again()
    assert fresh.holds(layer.weight) and fresh.holds(layer.state_dict()["weight"])


def test_what_another_phase_defines_is_the_same_for_everybody(fresh):
    assert not fresh.holds(noted(fresh, nn.Linear(3, 4)).weight)
    inside = noted(fresh, nn.Sequential(Layer(3, 4)))
    assert not fresh.holds(inside[0].weight)


def test_what_is_noted_later_does_not_become_fresh_again(fresh):
    layer = noted(fresh, Layer(3, 4))
    with torch.no_grad():
        layer.weight.fill_(1.0)
    noted(fresh, layer)
    assert not fresh.holds(layer.weight)


def test_a_test_begins_with_nothing(fresh):
    layer = noted(fresh, Layer(3, 4))
    fresh.forget()
    assert not fresh.holds(layer.weight)


def test_a_module_with_an_idea_of_its_own_costs_nothing_but_that(fresh):
    class Odd(Layer):
        def parameters(self, recurse=True):
            raise ValueError

    Odd.__module__ = Layer.__module__
    assert not fresh.holds(noted(fresh, Odd(3, 4)).weight)
    with torch.inference_mode():
        uncounted = noted(fresh, Layer(3, 4))
    assert not fresh.holds(uncounted.weight)


class Model(nn.Module):
    """Two parameters in this order; the first is known under another name, too."""

    def __init__(self):
        super().__init__()
        self.z = nn.Linear(2, 2, bias=False)
        self.b = nn.Linear(2, 2, bias=False)
        self.a = self.z


def test_parameters_come_by_name_and_a_shared_one_under_its_first():
    model = Model()
    pairs = parameter_order.in_order(model, list(model.named_parameters()))
    assert [name for name, _ in pairs] == ["a.weight", "b.weight"]
    assert pairs[0][1] is model.z.weight
    assert parameter_order.parameters_of(model) == [model.z.weight, model.b.weight]
    model.b.weight.requires_grad_(False)
    assert parameter_order.parameters_of(model.forward) == [model.z.weight]
    assert parameter_order.parameters_of(len) is None


def test_what_has_no_names_stays_as_it_is():
    model = Model()
    assert parameter_order.in_order(model, list(model.parameters())) == [model.z.weight, model.b.weight]
    assert parameter_order.in_order(model, [("b", 1), ("a", 2)]) == [("a", 2), ("b", 1)]
    assert parameter_order.in_order(model, [(2, 1), (1, 2)]) == [(2, 1), (1, 2)]

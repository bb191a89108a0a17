"""Numbers of 16 bits: what excuses code from them is what torch lacks on this machine, not what an exception says."""

from __future__ import annotations

import pytest
import torch

from tests.support import contract

INPUTS = [torch.ones(2, 3)]


def refuses(x):
    raise RuntimeError("\"norm_cpu\" not implemented for 'BFloat16'")


def test_words_excuse_nobody_where_torch_has_the_operators(monkeypatch):
    monkeypatch.setattr(contract, "_torch_computes_in_bfloat16", lambda: True)
    with pytest.raises(AssertionError, match="for inputs in bfloat16"):
        contract.answers_in_bfloat16(refuses, INPUTS, "f(x)")


def test_an_operator_that_torch_lacks_is_nobodys_mistake(monkeypatch):
    monkeypatch.setattr(contract, "_torch_computes_in_bfloat16", lambda: False)
    contract.answers_in_bfloat16(refuses, INPUTS, "f(x)")


def test_the_torch_that_is_tested_with_computes_in_bfloat16():
    if tuple(map(int, torch.__version__.split(".")[:2])) >= (2, 13):
        assert contract._torch_computes_in_bfloat16()

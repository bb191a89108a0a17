"""The stand-in for torch's compiler answers what uncompiled code asks, and gives way to the real one."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from kata.course.phases import PROJECT

START = "import sys, torch\nfrom kata.sandbox import fast_start\nfast_start.install_light_dynamo()\n"
OPTIMIZER = """
weight = torch.ones(3, requires_grad=True)
optimizer = torch.optim.Adam([weight], lr=0.5)
weight.sum().backward()
optimizer.step()
torch.testing.assert_close(weight, weight)  # looks through all modules
shape = (torch.empty(2, 3, device="meta") + torch.empty(3, device="meta")).shape
print(weight.tolist(), tuple(shape))
"""
COMPILER = """
print(torch.compile(lambda x: x + 1, backend="eager")(torch.ones(2)).tolist())
"""
CONFIG = """
from torch._dynamo import config
print(config.__name__)
"""
LOADED = "\nprint('torch._dynamo.eval_frame' in sys.modules)"

pytestmark = [
    pytest.mark.skipif(not hasattr(torch, "_disable_dynamo"), reason="this torch asks no compiler"),
    pytest.mark.proof,  # the real compiler takes seconds to import
]


def lines_of(code):
    run = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, timeout=100)
    assert run.returncode == 0, run.stderr
    return run.stdout.splitlines()


def test_what_it_answers_is_what_the_compiler_answers_and_whoever_wants_that_gets_it():
    alone, *loaded, result, name, loaded_at_last = lines_of(START + OPTIMIZER + LOADED + COMPILER + CONFIG + LOADED)
    assert loaded == ["False"]
    assert (result, name, loaded_at_last) == ("[2.0, 2.0]", "torch._dynamo.config", "True")
    with_compiler, *loaded = lines_of("import sys, torch\n" + OPTIMIZER + LOADED)
    assert loaded == ["True"]
    assert alone == with_compiler

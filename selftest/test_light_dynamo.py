"""The stand-in for torch's compiler answers what uncompiled code asks, and gives way to the real one."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from kata.course import PROJECT

START = "import sys, torch\nfrom kata import light_dynamo\nlight_dynamo.install()\n"
OPTIMIZER = """
weight = torch.ones(3, requires_grad=True)
optimizer = torch.optim.Adam([weight], lr=0.5)
weight.sum().backward()
optimizer.step()
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

pytestmark = pytest.mark.skipif(not hasattr(torch, "_disable_dynamo"), reason="this torch asks no compiler")


def lines_of(code):
    run = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, timeout=100)
    assert run.returncode == 0, run.stderr
    return run.stdout.splitlines()


def test_optimizers_and_the_meta_device_do_without_the_compiler():
    with_it, *loaded = lines_of(START + OPTIMIZER + LOADED)
    assert loaded == ["False"]
    without_it, *loaded = lines_of("import sys, torch\n" + OPTIMIZER + LOADED)
    assert loaded == ["True"]
    assert with_it == without_it


@pytest.mark.parametrize(("code", "expected"), [(COMPILER, "[2.0, 2.0]"), (CONFIG, "torch._dynamo.config")])
def test_whoever_wants_the_compiler_gets_it(code, expected):
    assert lines_of(START + OPTIMIZER + code + LOADED)[1:] == [expected, "True"]

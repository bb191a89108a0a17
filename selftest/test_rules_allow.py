"""The primitives rule lets honest code pass: the solutions, the stubs, and many right ways to write a task."""

from __future__ import annotations

import sys

import pytest

from kata.course.phases import COURSE, REFERENCE
from kata.source.rules import check, check_phase, forbidden_tasks
from selftest.submissions import make_target, phase

IMPORTS = "import math\nimport torch\nimport torch.nn.functional as F\nfrom torch import Tensor, nn\n"

ALLOWED = (
    "nn.Linear(8, 8)",
    "nn.Embedding(8, 8)",
    "nn.Dropout(0.1)",
    "nn.ModuleList([nn.Linear(8, 8)])",
    "nn.Parameter(torch.ones(8))",
    "torch.softmax(x, dim=-1)",
    "F.softmax(x, -1)",
    "nn.Softmax(dim=-1)",
    "torch.einsum('bqd,bkd->bqk', q, k)",
    "torch.var(x, -1, unbiased=False)",
    "torch.linalg.norm(x)",
    "x.norm()",
    "F.normalize(x)",
    "F.relu(x)",
    "F.linear(x, w)",
    "F.kl_div(a, b)",
    "F.nll_loss(a, b)",
    "F.cross_entropy(x, y)",
    "F.cross_entropy(x, y, ignore_index=0, reduction='sum')",
    "nn.CrossEntropyLoss(ignore_index=0)",
    "loss = nn.CrossEntropyLoss(None, None, -100, None, 'sum')",
    "nn.utils.clip_grad_norm_(model.parameters(), 1.0)",
    "nn.utils.rnn.pad_sequence(rows, batch_first=True)",
    "from torch.nn.utils.rnn import pad_sequence\npad_sequence(rows)",
    "nn.init.xavier_uniform_(w)",
    "torch.optim.Adam(p)",
    "from torch.optim.lr_scheduler import LRScheduler\nclass NoamScheduler(LRScheduler):\n    pass",
    "class NoamScheduler(torch.optim.lr_scheduler._LRScheduler):\n    pass",
    "from torch.optim import lr_scheduler\nclass Noam(lr_scheduler.LRScheduler):\n"
    "    def __init__(self, o):\n        lr_scheduler.LRScheduler.__init__(self, o)",
    "import torch.optim.lr_scheduler",
    "class LayerNorm(nn.Module):\n    pass\nLayerNorm(8)",
    "class MultiheadAttention(nn.Module):\n    pass\nMultiheadAttention(8, 2)",
    "class Transformer(nn.Module):\n    pass\nTransformer()",
    "def scaled_dot_product_attention(q, k, v):\n    return v\nscaled_dot_product_attention(q, k, v)",
    "def layer_norm(x):\n    return x\nlayer_norm(x)",
    "from torch.nn import *\nclass LayerNorm(Module):\n    pass\nLayerNorm(8)",
    "from torch.nn import *\nfrom .phase3_layers import LayerNorm\nLayerNorm(8)",
    "class A(nn.Module):\n    def __init__(self):\n        self.LayerNorm = nn.Linear(1, 1)\n"
    "    def forward(self, x):\n        return self.LayerNorm(x)",
    "class Loss(nn.Module):\n    def __init__(self, label_smoothing):\n        super().__init__()\n"
    "        self.label_smoothing = label_smoothing\n        self.loss = F.cross_entropy",
    "def mine(x, label_smoothing):\n    return F.cross_entropy(x, x)\nmine(x, label_smoothing=0.1)",
    "mine(x, label_smoothing=0.1)",
    "model.eval()",
    "torch.compile(model)",
    "getattr(model, name)",
    "getattr(self, f'layer{n}')",
    "getattr(torch, 'float32')",
    "hasattr(torch, 'inference_mode')",
    "vars(batch)",
    "self.__dict__",
    "from operator import attrgetter\nsorted(beams, key=attrgetter('score'))",
    "import re\nre.compile('x')",
    "functional = nn.functional\nfunctional.relu(x)",
    "def f(x):\n    B, L, F = x.shape\n    return x.view(B * L, F)",
    "for F in range(3):\n    print(F)",
    "F = x.size(0)\nprint(F)",
    "def f(x):\n    F: int = x.shape\n    return F.layer_norm",
    "def f(path):\n    with path.open() as F:\n        return F.layer_norm",
    "def f(nn):\n    return nn.LayerNorm",
    "def f(x):\n    return [F for F in x]",
    "def f(x, eval=False):\n    return x if eval else 2 * x",
    "for nn_ in range(3):\n    print(nn_)",
    "def f(x: torch.Tensor, device: torch.device | str) -> 'nn.LayerNorm':\n    return x.to(torch.float64)",
    "# nn.LayerNorm, from solutions import phase2_attention, eval('1')",
    "'''Like nn.MultiheadAttention(d_model, h), without import solutions.'''",
    "raise ValueError('do not use nn.LayerNorm or F.scaled_dot_product_attention')",
    "import numpy as np\nnp.exp(x)",
    "import numpy.linalg",
    "from numpy import ndarray",
    "from typing_extensions import Self",
    "import abc, collections, contextlib, copy, dataclasses, enum, functools, heapq, itertools, json, logging",
    "import os, random, re, string, sys, time, typing, warnings",
    "from collections.abc import Iterable",
    "from .phase1_embedding import TokenEmbedding\nTokenEmbedding(8, 8)",
    "from . import phase1_embedding\nphase1_embedding.TokenEmbedding(8, 8)",
    "from .phase1_embedding import nn\nnn.Linear(8, 8)",
    "from .my_helpers import something",
    "print(torch.__version__)",
    "sys.version_info",
)


def findings(folder, source, number=2):
    (folder / phase(number).file).write_text(source, encoding="utf-8")
    return [finding.message() for finding in check_phase(phase(number), folder)]


@pytest.mark.parametrize("snippet", ALLOWED)
def test_honest_code_is_left_alone(snippet, tmp_path):
    assert findings(tmp_path, IMPORTS + snippet + "\n") == []


@pytest.mark.parametrize("one", COURSE, ids=lambda one: one.id)
def test_solution_and_stub_are_clean(one, tmp_path):
    assert [finding.message() for finding in check_phase(one, REFERENCE)] == []
    assert [finding.message() for finding in check_phase(one, make_target(tmp_path))] == []


@pytest.mark.parametrize(
    "content",
    [b"", b"def broken(:\n", b"x = 1\x00\n", b"x = '\xff\xfe'\n", b"\xef\xbb\xbfimport torch\r\n", None],
    ids=["empty", "syntax error", "NUL", "not UTF-8", "BOM and CRLF", "missing"],
)
def test_a_file_that_python_cannot_read_is_left_to_its_import(content, tmp_path):
    if content is not None:
        (tmp_path / phase(2).file).write_bytes(content)
    assert check_phase(phase(2), tmp_path) == []
    assert forbidden_tasks(phase(2), tmp_path) == {}


def test_a_byte_order_mark_and_crlf_hide_nothing(tmp_path):
    (tmp_path / phase(2).file).write_bytes(b"\xef\xbb\xbfimport torch\r\ntorch.layer_norm\r\n")
    assert [finding.line for finding in check_phase(phase(2), tmp_path)] == [2]


def test_the_standard_library_is_known_where_python_does_not_list_it(monkeypatch):
    known = check._standard_library()
    assert {"math", "sys", "json", "os", "dataclasses"} <= known
    monkeypatch.delattr(sys, "stdlib_module_names", raising=False)
    found = check._standard_library()
    assert {"math", "sys", "json", "os", "dataclasses"} <= found  # compiled, built in, a package, files
    assert not {"torch", "numpy"} & (known | found)


def test_a_loss_that_is_partly_applied_may_have_every_argument_but_its_smoothing(tmp_path):
    (tmp_path / phase(5).file).write_text(
        "from functools import partial\nimport torch.nn.functional as F\n"
        "loss = partial(F.cross_entropy, a, b, None, None, -100, None, 'mean')\n",
        encoding="utf-8",
    )
    assert check_phase(phase(5), tmp_path) == []

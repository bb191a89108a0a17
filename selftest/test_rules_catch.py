"""The primitives rule: every forbidden thing is caught, however it is spelt."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from kata.source.rules import check_phase, table
from selftest.submissions import phase

IMPORTS = (
    "import math\nimport operator\nimport sys\nimport torch\nimport torch.nn.functional as F\nfrom torch import nn\n"
)

# Rule to snippets that break it; most stand behind IMPORTS.
FORBIDDEN: dict[str, tuple[str, ...]] = {
    "attention": (
        "nn.MultiheadAttention(8, 2)",
        "torch.nn.MultiheadAttention(8, 2)",
        "from torch.nn import MultiheadAttention",
        "from torch.nn import MultiheadAttention as Innocent",
        "from torch.nn.modules.activation import MultiheadAttention",
        "from torch.nn.modules import MultiheadAttention",
        "import torch.nn.modules.transformer",
        "import torch.nn.modules.transformer as t",
        "from torch.nn.modules import transformer",
        "nn.modules.transformer.TransformerEncoderLayer(8, 2)",
        "nn.Transformer()",
        "nn.TransformerEncoder",
        "nn.TransformerDecoderLayer(8, 2)",
        "F.scaled_dot_product_attention(q, k, v)",
        "nn.functional.scaled_dot_product_attention(q, k, v)",
        "torch.nn.functional.scaled_dot_product_attention(q, k, v)",
        "from torch.nn.functional import scaled_dot_product_attention as sdpa",
        "F.multi_head_attention_forward(x)",
        "import torch.nn.attention.flex_attention",
        "from torch.nn.attention import flex_attention",
        "nn.quantizable.MultiheadAttention(8, 2)",
        "class Mine(nn.MultiheadAttention):\n    pass",
        "f = F.scaled_dot_product_attention\nf(q, k, v)",
        "torch.functional.F.scaled_dot_product_attention(q, k, v)",
        "nn.modules.linear.F.scaled_dot_product_attention(q, k, v)",
    ),
    "normalisation": (
        "nn.LayerNorm(8)",
        "torch.nn.LayerNorm(8)",
        "import torch as t\nt.nn.LayerNorm(8)",
        "import torch.nn as n\nn.LayerNorm(8)",
        "from torch import nn as n\nn.LayerNorm(8)",
        "n = nn\nn.LayerNorm(8)",
        "n = nn\nm = n\nm.LayerNorm(8)",
        "n = torch\nn = n.nn\nn.LayerNorm(8)",
        "n = torch\ndef f():\n    global n\n    n = n.nn\nn.LayerNorm(8)",
        "def f():\n    return late.LayerNorm(8)\nsoon = nn\nlate = soon",
        "m, k = nn, 1\nm.LayerNorm(8)",
        "(n := nn).LayerNorm(8)",
        "[n := nn for _ in [0]]\nn.LayerNorm(8)",
        "(nn or nn).LayerNorm(8)",
        "(nn if x else F).LayerNorm(8)",
        "(F if x else nn).LayerNorm(8)",
        "(nn if x else nn).LayerNorm(8)",
        "n: object = nn\nn.LayerNorm(8)",
        "class A:\n    n = nn\n    layer = n.LayerNorm(8)",
        "class A:\n    nn = 3\n    def f(self):\n        return nn.LayerNorm(8)",
        "from torch.nn import *\nLayerNorm(8)",
        "def LayerNorm(d): pass\nfrom torch.nn import *\nLayerNorm(8)",
        "from torch.nn.functional import *\nclass A:\n    def layer_norm(self): pass\nlayer_norm(x)",
        "from torch.nn.modules.normalization import LayerNorm",
        "import torch.nn.modules.normalization as quiet",
        "nn.modules.normalization.LayerNorm(8)",
        "nn.modules.LayerNorm(8)",
        "nn.GroupNorm(1, 8)",
        "nn.RMSNorm(8)",
        "nn.BatchNorm1d(8)",
        "nn.LazyBatchNorm1d()",
        "nn.SyncBatchNorm(8)",
        "nn.InstanceNorm1d(8)",
        "nn.LocalResponseNorm(2)",
        "F.layer_norm(x, (8,))",
        "F.group_norm(x, 1)",
        "F.batch_norm(x, m, v)",
        "F.instance_norm(x)",
        "torch.layer_norm(x, (8,))",
        "torch.native_layer_norm(x, (8,), None, None, 1e-5)",
        "torch.batch_norm(x)",
        "from torch import layer_norm",
        "torch.functional.F.layer_norm(x, (8,))",
        "getattr(nn, 'LayerNorm')(8)",
        "getattr(nn, 'LayerNorm', None)(8)",
        "getattr(nn, 'Layer' + 'Norm')(8)",
        "getattr(nn, f'LayerNorm')(8)",
        "getattr(getattr(torch, 'nn'), 'LayerNorm')(8)",
        "get = getattr\nnn2 = nn\nget(nn2.modules.normalization, 'LayerNorm')",
        "operator.attrgetter('LayerNorm')",
        "operator.attrgetter('nn.LayerNorm')",
        "operator.methodcaller('LayerNorm', 8)",
        "from operator import attrgetter as pick\npick('nn.LayerNorm')",
        "class Mine(nn.LayerNorm):\n    pass",
        "layers = {'norm': nn.LayerNorm}",
        "def f(make=nn.LayerNorm):\n    return make(8)",
        "lambda: nn.LayerNorm(8)",
        "def f():\n    from torch import nn as hidden\n    return hidden.LayerNorm(8)",
        "def f():\n    global late\n    late = nn\ndef g():\n    return late.LayerNorm(8)",
        "if True:\n    import torch.nn as n\nn.LayerNorm(8)",
        "try:\n    from torch.nn import LayerNorm\nexcept ImportError:\n    pass",
        "from .phase1_embedding import nn as other\nother.LayerNorm(8)",
        "from . import phase1_embedding as p\np.nn.LayerNorm(8)",
        "from .phase1_embedding import *\nF.layer_norm(x, (8,))",
    ),
    "label-smoothing": (
        "F.cross_entropy(x, y, label_smoothing=0.1)",
        "nn.functional.cross_entropy(x, y, label_smoothing=0.1)",
        "from torch.nn.functional import cross_entropy as ce\nce(x, y, label_smoothing=0.1)",
        "ce = F.cross_entropy\nce(x, y, label_smoothing=0.1)",
        "F.cross_entropy(x, y, None, None, -100, None, 'mean', 0.1)",
        "F.cross_entropy(x, y, **{'label_smoothing': 0.1})",
        "F.cross_entropy(*[x, y, None, None, -100, None, 'mean', 0.1])",
        "nn.CrossEntropyLoss(label_smoothing=0.1)",
        "nn.modules.loss.CrossEntropyLoss(label_smoothing=0.1)",
        "from torch.nn import CrossEntropyLoss as Loss\nLoss(label_smoothing=0.1)",
        "nn.CrossEntropyLoss(None, None, -100, None, 'mean', 0.1)",
        "loss = nn.CrossEntropyLoss()\nloss.label_smoothing = 0.1",
        "loss = nn.CrossEntropyLoss()\nsetattr(loss, 'label_smoothing', 0.1)",
        "class Mine(nn.CrossEntropyLoss):\n    def __init__(self):\n        super().__init__(label_smoothing=0.1)",
        "class Mine(nn.CrossEntropyLoss):\n    def __init__(self):\n        self.label_smoothing = 0.1",
        "from functools import partial\npartial(F.cross_entropy, label_smoothing=0.1)",
        "import functools as ft\nft.partial(nn.CrossEntropyLoss, label_smoothing=0.1)",
        "from functools import partial\npartial(nn.CrossEntropyLoss, None, None, -100, None, 'mean', 0.1)",
        "from functools import partial as p\np(F.cross_entropy, **{'label_smoothing': 0.1})",
        "from torch.nn.functional import *\ncross_entropy(x, y, label_smoothing=0.1)",
    ),
    "schedulers": (
        "torch.optim.lr_scheduler.LambdaLR(o, f)",
        "from torch.optim.lr_scheduler import LambdaLR",
        "from torch.optim.lr_scheduler import *",
        "from torch.optim import lr_scheduler\nlr_scheduler.OneCycleLR(o)",
        "from torch import optim\noptim.lr_scheduler.StepLR(o, 1)",
        "import torch.optim.lr_scheduler as s\ns.CosineAnnealingLR(o, 5)",
        "torch.optim.swa_utils.SWALR(o)",
    ),
    "internals": (
        "import numpy as np\nnp.lib.stride_tricks.as_strided(x, (10,))",
        "from numpy.lib.stride_tricks import as_strided",
        "import numpy.ctypeslib",
        "import numpy._core",
        "torch.ops.aten.native_layer_norm(x)",
        "torch._C._nn.scaled_dot_product_attention(q, k, v)",
        "from torch import _C",
        "from torch._C import _nn",
        "torch._VF.layer_norm(x)",
        "torch._refs.nn.functional.layer_norm(x)",
        "torch._native_multi_head_attention(q)",
        "torch._scaled_dot_product_flash_attention(q, k, v)",
        "torch.jit.CompilationUnit('def f(x): return torch.layer_norm(x)')",
        "torch.load('answer.pt')",
        "import torch._dynamo",
        "import torch.testing._internal.common_nn",
        "torch.hub.load('a', 'b')",
        "import torch.utils.cpp_extension",
    ),
    "libraries": (
        "import transformers",
        "import transformers.models.bert as b",
        "from einops import rearrange",
        "import xformers.ops",
        "import jax.numpy as jnp",
        "def f():\n    import keras",
        "import scipy.special",
        "import torchvision",
        "import phase1_embedding",
        "import kata_submission_1.phase1_embedding",
    ),
    "answers": (
        "import solutions",
        "import solutions.phase2_attention as mine",
        "from solutions.phase2_attention import split_heads",
        "from solutions import phase2_attention",
        "from tests.oracles import attention",
        "import tests.support.checks",
        "import kata.session",
        "from kata import scoring",
        "from exercises.phase1_embedding import TokenEmbedding",
        "import selftest",
        "import conftest",
        "from ..solutions.phase2_attention import split_heads",
        "from .. import solutions",
        "from ...kata import x",
        "def f():\n    from solutions.phase2_attention import split_heads",
    ),
    "dynamic": (
        "sys._getframe().f_builtins['eval']",
        "import os\nos.sys.modules['torch']",
        "import os\ns = os.sys\ns.modules",
        "import dataclasses\ndataclasses.builtins.eval('1')",
        "import dataclasses\ndataclasses.inspect",
        "import os\nos.__dict__['sys']",
        "import os\nvars(os)",
        "print.__self__.eval('1')",
        "sys._getframe(1).f_locals",
        "class A:\n    __array_interface__ = {}",
        "class A:\n    def __array_interface__(self): pass",
        "A = type('A', (), {'__array_interface__': {}})",
        "x.__array_struct__",
        "eval('nn.LayerNorm')(8)",
        "run = eval\nrun('nn.LayerNorm')",
        "list(map(eval, ['nn.LayerNorm']))",
        "exec('from torch.nn import LayerNorm')",
        "compile('1', 'x', 'eval')",
        "__import__('torch').nn",
        "find = __import__\nfind('solutions')",
        "import importlib",
        "import importlib.util as u",
        "from importlib import import_module",
        "import builtins\nbuiltins.eval('1')",
        "from builtins import eval as e",
        "__builtins__['eval']('1')",
        "globals()['nn']",
        "g = globals\ng()['nn']",
        "locals()['nn']",
        "vars()['nn']",
        "vars(nn)['LayerNorm'](8)",
        "nn.__dict__['LayerNorm'](8)",
        "sys.modules['solutions']",
        "from sys import modules",
        "getattr(sys, 'modules')",
        "sys.__dict__['modules']",
        "import pkgutil",
        "import pydoc\npydoc.locate('torch.nn.LayerNorm')",
        "import runpy",
        "import ctypes",
        "import gc",
        "import pickle",
        "import inspect",
        "import __main__",
        "name = 'Layer' + kind\ngetattr(nn, name)(8)",
        "getattr(nn, f'{kind}Norm')(8)",
        "getattr(nn, ''.join(['Layer', 'Norm']))(8)",
        "getattr(nn, 'mroNreyaL'[::-1])(8)",
        "getattr(*(torch.nn, 'LayerNorm'))",
        "get = getattr\nget(nn, 'Layer' + kind)",
        "operator.attrgetter('Layer' + kind)",
        "nn.__getattribute__('LayerNorm')",
        "nn.Module.__subclasses__()",
        "getattr(nn.Module, '__subclasses__')()",
        "(lambda: 0).__globals__['nn']",
        "def f(module):\n    return module.LayerNorm(8)\nf(nn)",
        "def f(module=nn):\n    return module.LayerNorm(8)",
        "[nn][0].LayerNorm(8)",
        "n = nn\n[n][0].LayerNorm(8)",
        "[getattr(torch, 'nn').functional][0].layer_norm(x, (8,))",
        "first, *rest = (nn,)\nfirst.LayerNorm(8)",
        "for module in (nn, F):\n    module.LayerNorm(8)",
        "class A:\n    module = nn\nA.module.LayerNorm(8)",
        "class A:\n    def f(self):\n        self.module = nn",
        "import typing\ntyping.get_type_hints(f)",
        "getattr(nn, " + " + ".join(["'a'"] * 4000) + ")",
        "x = y" + ".z" * 1400,
    ),
}

CASES = [(rule, snippet) for rule, snippets in FORBIDDEN.items() for snippet in snippets]


def write_phase(folder: Path, source: str, number: int = 2) -> list[str]:
    """Write the source as a phase's file and return the ids of the rules it breaks."""
    (folder / phase(number).file).write_text(source, encoding="utf-8")
    return [finding.rule.id for finding in check_phase(phase(number), folder)]


@pytest.mark.parametrize(("rule", "snippet"), CASES, ids=[f"{r}: {s[:40]}" for r, s in CASES])
def test_what_is_forbidden_is_caught(rule, snippet, tmp_path):
    assert write_phase(tmp_path, IMPORTS) == []
    assert rule in write_phase(tmp_path, IMPORTS + snippet + "\n")


@pytest.mark.parametrize("rule", FORBIDDEN)
def test_it_is_caught_in_a_helper_file_beside_the_phase_too(rule, tmp_path):
    for snippet in FORBIDDEN[rule]:
        (tmp_path / "helper.py").write_text(IMPORTS + snippet + "\n", encoding="utf-8")
        assert rule in write_phase(tmp_path, "from .helper import something\n"), snippet


def test_a_dotted_import_brings_the_name_before_the_dot(tmp_path):
    assert write_phase(tmp_path, "import torch.nn.modules\ntorch.nn.LayerNorm(8)\n") == ["normalisation"]


def test_every_rule_has_cases():
    assert set(FORBIDDEN) == {rule.id for rule in table.RULES}


@pytest.mark.parametrize(
    "way_in",
    [
        "from . import helper",
        "from . import helper as h",
        "from .helper import *",
        "from .helper import f",
        "def g():\n    from .helper import f",
        "from .between import g",
    ],
)
def test_helper_files_are_found_however_they_are_imported(way_in, tmp_path):
    (tmp_path / "between.py").write_text("from .helper import f as g\n", encoding="utf-8")
    (tmp_path / "helper.py").write_text("import torch\nf = torch.layer_norm\n", encoding="utf-8")
    assert "normalisation" in write_phase(tmp_path, way_in + "\n")


@pytest.mark.parametrize(
    "use",
    [
        "from .helper import n\nn.LayerNorm(8)",
        "from .helper import n as m\nm.LayerNorm(8)",
        "from . import helper\nhelper.n.LayerNorm(8)",
        "from .helper import *\nn.LayerNorm(8)",
        "from .between import n\nn.LayerNorm(8)",
    ],
)
def test_a_module_fetched_through_a_helper_is_followed(use, tmp_path):
    (tmp_path / "helper.py").write_text("from torch import nn as n\n", encoding="utf-8")
    (tmp_path / "between.py").write_text("from .helper import n\n", encoding="utf-8")
    assert write_phase(tmp_path, use + "\n") == ["normalisation"]


def test_files_that_import_each_other_end_the_search(tmp_path):
    (tmp_path / "left.py").write_text("from .right import *\nfrom .right import a\n", encoding="utf-8")
    (tmp_path / "right.py").write_text("from .left import *\nfrom .left import a\n", encoding="utf-8")
    assert write_phase(tmp_path, "from .left import *\nfrom .left import a\na.LayerNorm\nb.LayerNorm\n") == []


def test_a_name_is_followed_through_files_that_import_each_other(tmp_path):
    (tmp_path / "helper.py").write_text("from .phase2_attention import quiet as n\n", encoding="utf-8")
    source = "from torch import nn\nquiet = nn\nfrom .helper import n\nn.LayerNorm(8)\n"
    assert write_phase(tmp_path, source) == ["normalisation"]


@pytest.mark.timeout(60)
@pytest.mark.parametrize("step", [1, -1])
def test_a_name_is_followed_through_any_number_of_others(step, tmp_path):
    aliases = "".join([f"a{number} = a{number + 1}\n" for number in range(8_000)][::step])
    assert write_phase(tmp_path, f"{IMPORTS}{aliases}a8000 = nn\na0.LayerNorm(8)\n") == ["normalisation"]


def test_a_name_is_followed_through_files_that_were_read_before_anybody_asked_for_it(tmp_path):
    (tmp_path / "zero.py").write_text("from torch import nn as n\n", encoding="utf-8")
    (tmp_path / "two.py").write_text("from .zero import *\n", encoding="utf-8")
    (tmp_path / "one.py").write_text("from .two import *\n", encoding="utf-8")
    for first, second, third in itertools.permutations(("zero", "two", "one")):
        source = f"from .{first} import a\nfrom .{second} import a\nfrom .{third} import a\nfrom . import one\n"
        assert write_phase(tmp_path, source + "one.n.LayerNorm(8)\n") == ["normalisation"]


@pytest.mark.timeout(60)
def test_a_variable_that_is_written_again_and_again_takes_no_time(tmp_path):
    again = "    x = x.T\n" * 200
    assert write_phase(tmp_path, f"{IMPORTS}def f(x):\n{again}    return x\n") == []


@pytest.mark.timeout(60)
def test_files_that_all_import_all_the_others_take_no_time(tmp_path):
    names = [f"helper{number}" for number in range(12)]
    everything = "".join(f"from .{name} import *\nfrom .{name} import n\n" for name in names)
    for name in names:
        (tmp_path / f"{name}.py").write_text(everything, encoding="utf-8")
    assert write_phase(tmp_path, everything + "n.LayerNorm(8)\n") == []
    (tmp_path / "helper7.py").write_text(everything + "from torch import nn as n\n", encoding="utf-8")
    assert write_phase(tmp_path, everything + "n.LayerNorm(8)\n") == ["normalisation"]


def test_a_variable_that_may_stand_for_anything_hides_something(tmp_path):
    steps = "".join(f"x = x.{letter}\n" for letter in "abcdefgh")
    assert write_phase(tmp_path, f"{IMPORTS}x = torch\n{steps}") == ["dynamic"]


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "source",
    [
        "".join(f"from .h{n} import *\n" for n in range(4000)) + "".join(f"a{n}\n" for n in range(4000)),
        "".join(f"b{n}=b{n + 1}\na=b{n}\nb{n}.c\n" for n in range(4_500)) + "b4500 = torch\nb4500 = nn",
    ],
    ids=["stars", "bindings"],
)
def test_more_names_than_anybody_can_follow_hide_something(source, tmp_path):
    assert "dynamic" in write_phase(tmp_path, IMPORTS + source + "\n")

"""In a guest nothing of the installed torch is left that does an exercise's work, whatever torch that is.

Searched are all operators of all namespaces and every function and class that torch has imported or may still import.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from kata.course.phases import PROJECT
from kata.sandbox.confinement import forbidden_operators as rule
from kata.sandbox.confinement.confine import without
from kata.source.rules import table

SEARCH = """
import gc, json, sys, types
from kata.sandbox.guest import preparation, worker
import torch
schemas = torch._C._jit_get_all_schemas()
preparation.prepare()
from kata.sandbox.confinement import forbidden_operators as rule

def value_of(kind, argument):
    if argument.has_default_value():
        return argument.default_value
    text = str(kind)
    for start, value in (("Tensor", torch.zeros(2, 2, 2)), ("int", 1), ("float", 0.1), ("bool", False), ("number", 1),
                         ("Optional", None), ("str", "none"), ("List[Tensor]", [torch.zeros(2, 2, 2)]),
                         ("List[int]", [2]), ("List[float]", [0.1]), ("List[bool]", [False]), ("Device", "cpu")):
        if text.startswith(start):
            return value
    return None

told = {"operators": {}, "functions": [], "arguments": []}
for schema in schemas:
    names = {argument.name for argument in schema.arguments}
    suspicious = names & {"normalized_shape", "num_heads", "num_head", "label_smoothing", "head_dim"}
    if "::" not in schema.name or schema.name.split("::")[0] not in ("aten", "prims", "quantized", "static_runtime"):
        continue
    if suspicious and not rule.rule_of(schema.name.split("::")[1]) and schema.name != "aten::cross_entropy_loss":
        told["arguments"].append(schema.name)
    if not rule.rule_of(schema.name.split("::")[1]):
        continue
    try:
        namespace, name = schema.name.split("::")
        packet = getattr(getattr(torch.ops, namespace), name)
        call = getattr(packet, schema.overload_name or "default")
        positional = [value_of(a.type, a) for a in schema.arguments if not a.kwarg_only]
        keywords = {a.name: value_of(a.type, a) for a in schema.arguments if a.kwarg_only}
        call(*positional, **keywords)
        told["operators"][f"{schema.name}.{schema.overload_name}"] = "ran"
    except rule.ForbiddenPrimitive:
        told["operators"][f"{schema.name}.{schema.overload_name}"] = "forbidden"
    except Exception as error:
        told["operators"][f"{schema.name}.{schema.overload_name}"] = f"{type(error).__name__}: {error}"[:200]
gc.unfreeze()
for function in gc.get_objects():
    if type(function) is types.FunctionType and str(function.__module__).startswith("torch."):
        if rule._rule_of_function(function.__module__, function.__qualname__) and function.__code__.co_consts != CLOSED:
            told["functions"].append(f"{function.__module__}.{function.__qualname__}")
sys.stdout.write(json.dumps(told))
""".replace("CLOSED", "rule._closed.__code__.co_consts")


@pytest.fixture(scope="module")
def found():
    """What a search in a process that is ready to become a guest has found."""
    command = [sys.executable, "-W", "ignore", "-c", SEARCH]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_every_operator_that_does_an_exercises_work_refuses(found):
    refused = [name for name, end in found["operators"].items() if end == "forbidden"]
    # Of another namespace or device: there is no kernel for it here.
    away = [name for name, end in found["operators"].items() if "Could not run" in end or "SymInt" in end]
    rest = {name: end for name, end in found["operators"].items() if name not in refused and name not in away}
    assert len(refused) > 50
    assert rest == {}


def test_no_operator_takes_the_arguments_of_one_under_another_name(found):
    assert found["arguments"] == []


def test_every_function_that_does_an_exercises_work_has_lost_its_code(found):
    assert found["functions"] == []


def files_of(module):
    path = Path(torch.__file__).parent.joinpath(*module.split(".")[1:])
    return [*path.rglob("*.py"), *([path.with_suffix(".py")] if path.with_suffix(".py").is_file() else [])]


@pytest.mark.parametrize("module", rule.MODULES)
def test_what_may_still_be_imported_does_no_exercises_work(module):
    for file in files_of(module):
        loaded = any(getattr(known, "__file__", None) == str(file) for known in list(sys.modules.values()))
        names = [
            node.name
            for node in ast.walk(ast.parse(file.read_bytes()))
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and rule.rule_of(node.name)
        ]
        assert loaded or not names, f"{file} defines {names}"


def test_the_allowance_has_none_of_the_modules_that_the_static_rule_names():
    for module in rule.MODULES:
        forbidden = [r.id for r in (table.ATTENTION, table.NORMALISATION, table.SCHEDULERS) if _matches(module, r)]
        assert not forbidden, module
    for module in ("torch.onnx", "torch.nn.attention.flex_attention", "torch._inductor", "torch.ao", "torch.utilsx"):
        assert not rule.is_allowed(module), module


def _matches(name, r):
    from fnmatch import fnmatchcase

    return any(fnmatchcase(name, pattern) for pattern in r.names)


def test_a_link_does_not_lead_to_what_is_hidden(tmp_path):
    (tmp_path / "lib" / "torch" / "nn").mkdir(parents=True)
    (tmp_path / "lib" / "other").mkdir()
    (tmp_path / "lib64").symlink_to("lib")
    found = without(tmp_path, tmp_path / "lib" / "torch")
    assert set(found) == {tmp_path / "lib" / "other"}


EVERYDAY = """
import copy, io, pickle
import torch
from torch import nn
from kata.sandbox.guest.preparation import prepare

prepare()
module = nn.Sequential(nn.Linear(2, 3), nn.Dropout(0.1), nn.Embedding(3, 2))
for dtype in (torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.bool):
    print(torch.ones(2, 2).to(dtype), torch.zeros(0, 3, dtype=dtype))
loss = module[0](torch.ones(1, 2)).sum()
print(loss, module, module[0].weight, f"{loss.detach():.3f}", torch.empty(2, device="meta"))
loss.backward()
print(module[0].weight.grad, copy.deepcopy(module), pickle.loads(pickle.dumps(torch.ones(2))))
saved = io.BytesIO()
torch.save(module.state_dict(), saved)
saved.seek(0)
module.load_state_dict(torch.load(saved))
torch.set_printoptions(precision=2)
nn.utils.clip_grad_norm_(module.parameters(), 1.0)
for kind in (torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW):
    kind(module.parameters(), lr=0.1).step()
"""


def test_what_everybody_does_while_looking_for_a_mistake_is_allowed():
    run = subprocess.run([sys.executable, "-c", EVERYDAY], cwd=PROJECT, capture_output=True, text=True, timeout=200)
    assert run.returncode == 0, run.stderr[-2000:]

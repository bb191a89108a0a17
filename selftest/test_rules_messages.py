"""The primitives rule: which tasks a finding concerns, and what the message says."""

from __future__ import annotations

import pytest

from kata.source.rules import forbidden_tasks, table
from selftest.submissions import make_target, phase, replaced, solution, with_bodies

FILE = phase(2).file
ALL = [task.name for task in phase(2).tasks]


@pytest.fixture
def target(tmp_path):
    """The solutions, in a folder of that the messages can name."""
    return make_target(tmp_path / "mine", solved=(1, 2, 3, 4, 5, 6))


def write(target, source):
    (target / FILE).write_text(source, encoding="utf-8")
    return source.splitlines()


def line_with(lines, part):
    return next(number for number, line in enumerate(lines, start=1) if part in line)


def test_a_clean_phase_has_no_forbidden_task(target):
    assert forbidden_tasks(phase(2), target) == {}


def test_a_finding_in_a_function_concerns_that_task_alone(target):
    lines = write(target, with_bodies(solution(2), {"merge_heads": "return torch.layer_norm(x, (8,))"}))
    found = forbidden_tasks(phase(2), target)
    assert list(found) == ["merge_heads"]
    assert f"mine/{FILE}:{line_with(lines, 'torch.layer_norm')} uses" in found["merge_heads"]
    assert "torch.layer_norm" in found["merge_heads"]
    assert table.NORMALISATION.en in found["merge_heads"]


def test_a_finding_in_a_method_concerns_its_class(target):
    body = "return nn.MultiheadAttention(8, 2)(query, key, value)"
    write(target, with_bodies(solution(2), {"MultiHeadAttention.forward": body}))
    assert list(forbidden_tasks(phase(2), target)) == ["MultiHeadAttention"]


def test_a_finding_in_a_decorator_a_default_or_a_base_concerns_the_task(target):
    source = replaced(solution(2), "def merge_heads(x: Tensor)", "@eval('id')\ndef merge_heads(x: Tensor)")
    source = replaced(source, "num_heads: int) -> Tensor", "num_heads: int = nn.LayerNorm(8)) -> Tensor")
    source = replaced(source, "class MultiHeadAttention(nn.Module)", "class MultiHeadAttention(nn.MultiheadAttention)")
    write(target, source)
    assert set(forbidden_tasks(phase(2), target)) == {"merge_heads", "split_heads", "MultiHeadAttention"}


@pytest.mark.parametrize(
    "addition",
    [
        "from torch.nn import LayerNorm",
        "norm = nn.LayerNorm(8)",
        "def my_helper(x):\n    return F.layer_norm(x, (8,))\nimport torch.nn.functional as F",
        "class Helper(nn.LayerNorm):\n    pass",
    ],
)
def test_a_finding_outside_all_tasks_concerns_the_whole_phase(addition, target):
    write(target, solution(2) + addition + "\n")
    assert list(forbidden_tasks(phase(2), target)) == ALL


@pytest.mark.parametrize("module", ["ctypes", "transformers"])
def test_an_import_that_no_exercise_needs_concerns_the_whole_phase_wherever_it_stands(module, target):
    write(target, with_bodies(solution(2), {"merge_heads": f"import {module}\nreturn {module}"}))
    assert list(forbidden_tasks(phase(2), target)) == ALL  # it can be handed to another task


def test_a_finding_in_a_helper_file_concerns_the_whole_phase_and_names_the_helper(target):
    (target / "helper.py").write_text("import torch\n\nnorm = torch.layer_norm\n", encoding="utf-8")
    write(target, solution(2) + "from .helper import norm\n")
    found = forbidden_tasks(phase(2), target)
    assert list(found) == ALL
    assert "mine/helper.py:3 uses" in found["split_heads"]


def test_a_helper_file_that_nobody_imports_concerns_nobody(target):
    (target / "helper.py").write_text("import transformers\n", encoding="utf-8")
    assert forbidden_tasks(phase(2), target) == {}


def test_the_first_finding_of_a_task_is_the_one_that_is_told(target):
    lines = write(target, with_bodies(solution(2), {"merge_heads": "eval('1')\nreturn torch.layer_norm(x, (8,))"}))
    assert f":{line_with(lines, 'eval(')} uses eval" in forbidden_tasks(phase(2), target)["merge_heads"]


def test_the_message_is_there_in_japanese(target):
    lines = write(target, with_bodies(solution(2), {"merge_heads": "return torch.layer_norm(x, (8,))"}))
    message = forbidden_tasks(phase(2), target, "ja")["merge_heads"]
    assert f"mine/{FILE}:{line_with(lines, 'torch.layer_norm')} が" in message
    assert "torch.layer_norm" in message
    assert table.NORMALISATION.ja in message


@pytest.mark.parametrize("rule", table.RULES, ids=lambda rule: rule.id)
def test_every_rule_says_what_to_do_in_both_languages(rule):
    assert rule.en.isascii()
    assert len(rule.en) > 20
    assert not rule.ja.isascii()
    assert len(rule.ja) > 15

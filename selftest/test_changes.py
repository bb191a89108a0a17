"""Which tasks a save touches: never too few."""

from __future__ import annotations

import pytest

from kata.course.phases import COURSE, REFERENCE
from kata.course.suites import tasks_used
from kata.diagnosis.misconceptions import catalogue
from kata.source.changes import compare
from selftest.submissions import phase, replaced, solution

EVERY = {each.number: {task.name for task in each.tasks} for each in COURSE}


def affected(number, after, before=None):
    return compare(phase(number), solution(number) if before is None else before, after).affected


@pytest.mark.parametrize("entry", catalogue(), ids=lambda entry: entry.id)
def test_a_mistake_touches_every_task_that_loses_points_by_it(entry):
    right = (REFERENCE / entry.phase.file).read_text(encoding="utf-8")
    assert {entry.task, *entry.also} <= compare(entry.phase, right, entry.source()).affected


def test_what_is_rewritten_is_told_apart_from_what_builds_on_it():
    merged = replaced(solution(2), "def merge_heads(x: Tensor) -> Tensor:", "def merge_heads(x):")
    assert compare(phase(2), solution(2), merged) == ({"merge_heads"}, {"merge_heads", "MultiHeadAttention"})
    assert compare(phase(2), solution(2), "import os\n" + solution(2)) == (set(), EVERY[2])


def test_what_is_not_used_is_not_touched():
    merged = replaced(solution(2), "def merge_heads(x: Tensor) -> Tensor:", "def merge_heads(x):")
    assert affected(2, merged) == {"merge_heads", "MultiHeadAttention"}
    layer = replaced(solution(4), "class EncoderLayer(nn.Module):", "class EncoderLayer(nn.Module):\n    extra = 1")
    assert affected(4, layer) == {"EncoderLayer", "Encoder", "Transformer"}


@pytest.mark.parametrize("number", [each.number for each in COURSE])
def test_a_comment_touches_nothing(number):
    assert affected(number, solution(number) + "\n# a remark\n") == set()
    assert affected(number, '"""Another docstring."""\n' + solution(number).split('"""', 2)[2]) == set()


def test_a_part_that_the_tests_alone_use_counts():
    assert tasks_used(phase(4))["Transformer"] == {"Transformer", "Encoder", "Decoder"}
    assert tasks_used(phase(4))["Decoder"] == {"Decoder", "DecoderLayer"}
    alone = "class Encoder:\n    x = {}\n\nclass Transformer:\n    pass\n"
    assert affected(4, alone.format(2), alone.format(1)) == {"Encoder", "Transformer"}


class Suite:
    """A phase whose suite is this source."""

    number, tasks, given = 4, phase(4).tasks, ("Piece",)

    def __init__(self, folder, *lines):
        self._path = folder / "test_phase4_made_up.py"
        marked = f'@pytest.mark.task("Encoder")\ndef test_it(phase4, made):\n    {lines[-1]}\n'
        self._path.write_text("\n".join([*lines[:-1], marked]), encoding="utf-8")

    def suite(self):
        return [self._path]


def test_what_a_fixture_uses_counts_and_a_given_piece_too(tmp_path):
    suite = Suite(tmp_path, "@pytest.fixture", "def made(phase4):", "    return phase4.Piece(phase4.Decoder)", "pass")
    assert tasks_used(suite)["Encoder"] == {"Encoder", "Decoder", "Piece"}
    assert tasks_used(suite)["Decoder"] == {"Decoder"}


def test_a_whole_module_given_to_a_stranger_counts_as_all_of_it(tmp_path):
    assert tasks_used(Suite(tmp_path, "stranger(phase4)"))["Encoder"] == EVERY[4] | {"Piece"}
    helper = ["def own(phase4):", "    return phase4.Decoder"]
    assert tasks_used(Suite(tmp_path, *helper, "own(phase4)"))["Encoder"] == {"Encoder", "Decoder"}


def test_code_that_may_read_its_own_file_is_touched_by_a_comment():
    reads = solution(2) + "\nSOURCE = open(__file__).read()\n"
    assert compare(COURSE[1], reads, reads + "# a remark\n").affected == {task.name for task in COURSE[1].tasks}


@pytest.mark.parametrize(
    "source",
    [
        "def train({}:\n",
        "VALUE = eval('{}')\n",
        "import torch\nprint({})\n",
        "import importlib.util as anything\n\ndef train():\n    return {}\n",
        "from inspect import getsource\n\ndef train():\n    return {}\n",
        "import torch\nx = torch.__dict__[{}]\n",
        "def train():\n    pass\n\ndef train():\n    return {}\n",
        "def train():\n    global x\n    x = {}\n",
    ],
    ids=[
        "no Python",
        "eval",
        "a statement",
        "a module",
        "a way in",
        "a dictionary of names",
        "defined twice",
        "a global name",
    ],
)
def test_what_cannot_be_told_touches_everything(source):
    assert affected(6, source.format(2), source.format(1)) == EVERY[6]
    assert affected(6, source.format(1), solution(6)) == EVERY[6]


def test_a_variable_passes_a_change_on_to_all_that_share_it():
    shared = "cache = {}\n\ndef split_heads(x):\n    cache[1] = %s\n\ndef merge_heads(x):\n    return cache\n"
    assert affected(2, shared % 2, shared % 1) == {"split_heads", "merge_heads"}
    helper = (
        "def helper():\n    return %s\n\ndef split_heads(x):\n    return helper()\n\ndef merge_heads(x):\n    pass\n"
    )
    assert affected(2, helper % 2, helper % 1) == {"split_heads"}
    lost, own = "def split_heads(x):\n    return max(x)\n", "def max(x):\n    return x\n"
    assert affected(2, lost, lost + own) == affected(2, lost + own, lost) == {"split_heads"}
    named = "def split_heads(x):\n    return %s\n\ndef merge_heads(x):\n    return find('split_heads')\n"
    assert affected(2, named % 2, named % 1) == {"split_heads", "merge_heads"}
    for way in (
        "from .phase2_attention import split_heads",
        "from . import phase2_attention as me\n    me.split_heads(x)",
    ):
        own = f"def split_heads(x):\n    return %s\n\ndef merge_heads(x):\n    {way}\n"
        assert affected(2, own % 2, own % 1) == {"split_heads", "merge_heads"}

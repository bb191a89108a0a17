"""Tasks that go wrong while they are called: each costs itself alone, and its message names it and the way out."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree

import pytest

from selftest.grader_runs import TEST_TIMEOUT, run_grader, scores_of, tasks_of
from selftest.submissions import make_target, phase, replaced, solution, with_bodies

pytestmark = [pytest.mark.proof, pytest.mark.timeout(300)]

HOSTILE = (
    "[bold red]b[/] \x1b[31mred\x1b[0m <script>x</script> | cell `code` @someone https://a.b ::error:: </failure> ]]> "
    "\x00 \ud800 &amp; end"
)

# The text of an exception of a submission, as Python source.
RAISE_HOSTILE = f"raise ValueError({HOSTILE!a})"

UNPRINTABLE = """\
class Unprintable(Exception):
    def __str__(self):
        raise RuntimeError('no')
raise Unprintable()"""


def broken_phases():
    """Phase number to source; phases 4 and 6 are stubs."""
    first = with_bodies(solution(1), {"TokenEmbedding.forward": "import sys\nsys.exit(0)"})
    second = with_bodies(
        solution(2),
        {"scaled_dot_product_attention": RAISE_HOSTILE, "split_heads": "return x.reshape(x.shape[0], -1)"},
    )
    second = replaced(second, "def merge_heads(", "def unite_heads(").replace("merge_heads(", "unite_heads(")
    second = replaced(second, "class MultiHeadAttention", "@print\nclass MultiHeadAttention")
    third = with_bodies(
        solution(3),
        {
            "LayerNorm.__init__": "self.weight = nn.Parameter(torch.ones(d_model))",
            "PositionwiseFeedForward.forward": "import os\nos._exit(0)",
        },
    )
    fifth = with_bodies(
        solution(5),
        {
            "padding_mask": "while True:\n    pass",
            "look_ahead_mask": "return look_ahead_mask(length, device)",
            "decoder_mask": "raise KeyboardInterrupt",
            "make_batch": "pass",
            "LabelSmoothingLoss.forward": 'raise NotImplementedError("Phase 5: LabelSmoothingLoss")',
            "NoamScheduler.__init__": UNPRINTABLE,
        },
    )
    return {1: first, 2: second, 3: third, 5: fifth}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("bad_calls")


@pytest.fixture(scope="module")
def run(folder):
    target = make_target(folder / "mine")
    for number, source in broken_phases().items():
        (target / phase(number).file).write_text(source, encoding="utf-8")
    options = ["--json", folder / "r.json", "--junit", folder / "r.xml", "--markdown", folder / "r.md"]
    return run_grader("--target", target, *options, "--gradescope", folder / "g.json", KATA_TEST_TIMEOUT=TEST_TIMEOUT)


@pytest.fixture(scope="module")
def report(run, folder):
    assert run.status == 0, run.out + run.err
    return json.loads((folder / "r.json").read_text(encoding="utf-8"))


# Task to its state and what its message says.
EXPECTED = {
    "scaled_dot_product_attention": (
        "failed",
        ["ValueError", "phase2_attention.py:", "in scaled_dot_product_attention"],
    ),
    "split_heads": ("failed", ["split_heads", "shape", "expected", "got"]),
    "merge_heads": ("failed", ["phase2_attention.py does not define 'merge_heads'", "renamed"]),
    "MultiHeadAttention": ("failed", ["NoneType"]),
    "LayerNorm": ("failed", ["AttributeError", "phase3_layers.py:", "in __init__", "before Module.__init__() call"]),
    "PositionwiseFeedForward": ("error", ["ended its process"]),
    "padding_mask": ("error", ["no answer after 4 s", "endless loop"]),
    "look_ahead_mask": ("error", ["RecursionError", "phase5_mechanics.py:", "in look_ahead_mask"]),
    "decoder_mask": ("error", ["KeyboardInterrupt", "phase5_mechanics.py:", "in decoder_mask"]),
    "make_batch": ("failed", ["None"]),
    "LabelSmoothingLoss": ("todo", ["Phase 5: LabelSmoothingLoss"]),
    "NoamScheduler": ("failed", ["Unprintable", "phase5_mechanics.py:", "cannot be printed"]),
}


def test_a_task_that_is_right_but_for_its_neighbour_is_worth_its_points(report):
    task = tasks_of(report)["AddAndNorm"]  # it is made of LayerNorm
    assert (task["state"], task["score"], task["passed_given"]) == ("passed", task["max_score"], ["LayerNorm"])


@pytest.mark.parametrize("name", EXPECTED)
def test_the_task_earns_nothing_and_its_message_says_why(name, report):
    task = tasks_of(report)[name]
    state, parts = EXPECTED[name]
    assert (task["state"], task["score"]) == (state, 0.0), task
    for part in parts:
        assert part in task["message"], task["message"]
    assert "Traceback" not in task["message"]
    assert len(task["message"]) <= 1200


def test_what_is_right_beside_it_keeps_its_points(report):
    scores = scores_of(report)
    assert (scores[1], scores[5]) == (80.0, 10.0)
    assert tasks_of(report)["noam_learning_rate"]["state"] == "passed"
    assert scores[4] == scores[6] == 0.0
    assert {task["state"] for number in (4, 6) for task in report["phases"][number - 1]["tasks"]} == {"todo"}


def test_hostile_text_reaches_the_json_report_as_plain_printable_text(report):
    message = tasks_of(report)["scaled_dot_product_attention"]["message"]
    assert "[bold red]b[/]" in message
    assert all(character.isprintable() or character == "\n" for character in message)


def test_hostile_text_is_no_markup_in_the_terminal(run):
    assert "\x1b" not in run.out
    assert "[bold red]b[/]" in run.out
    assert "Traceback" not in run.err


def test_hostile_text_is_no_element_in_junit(report, folder):
    root = ElementTree.parse(folder / "r.xml").getroot()
    known = {"testsuites", "testsuite", "testcase", "failure", "error", "system-out"}
    assert {element.tag for element in root.iter()} <= known
    [case] = [case for case in root.iter("testcase") if case.get("name") == "scaled_dot_product_attention"]
    assert "<script>" in case[0].text
    for suite, entry in zip(root, report["phases"]):
        assert int(suite.get("errors")) == sum(task["state"] == "error" for task in entry["tasks"])


def test_hostile_text_is_no_markup_in_markdown(folder):
    text = (folder / "r.md").read_text(encoding="utf-8")
    [row] = [line for line in text.splitlines() if "`scaled_dot_product_attention`" in line]
    assert len(re.findall(r"(?<!\\)\|", row)) == 6
    assert "<" not in row.replace("<br>", "")
    assert len(re.findall(r"(?<!\\)`", row)) == 2
    assert "@" not in row
    assert "::" not in row
    assert "://" not in row
    assert "\\[bold red\\]" in row


def test_hostile_text_is_plain_text_for_gradescope(folder):
    results = json.loads((folder / "g.json").read_text(encoding="utf-8"))
    assert {test["output_format"] for test in results["tests"]} == {"text"}
    assert "\x1b" not in json.dumps(results, ensure_ascii=False)

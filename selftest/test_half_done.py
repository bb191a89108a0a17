"""A submission with one phase solved: full marks there, nothing elsewhere, and all reports say the same."""

from __future__ import annotations

import json
from collections import Counter
from xml.etree import ElementTree

import pytest

from kata.course.phases import COURSE
from selftest.grader_runs import run_grader, scores_of, tasks_of
from selftest.submissions import make_target

pytestmark = pytest.mark.timeout(300)

SOLVED = 2

# The contract, version 1: key to type. A list of one holds any number of such entries.
KNOWN = {"id": str, "en": str, "ja": str}
TASK = {
    "name": str, "state": str, "score": float, "max_score": float, "passed": int, "total": int, "message": str,
    "diagnoses": [KNOWN], "passed_given": [str], "not_gradable": int, "points_not_gradable": float,
}  # fmt: skip
PHASE = {
    "phase": int, "id": str, "score": float, "max_score": float, "seconds": float, "tested_with_own": [str],
    "tasks": [TASK],
}  # fmt: skip
REPORT = {
    "version": int, "target": str, "seed": int, "score": float, "max_score": float, "assembled": bool, "trust": str,
    "phases": [PHASE],
}  # fmt: skip


def check_types(value, contract, where="report"):
    """Every key of the contract is there with its type, in its order, and no other but ``diagnosis``."""
    if isinstance(contract, dict):
        assert [key for key in value if key != "diagnosis"] == list(contract), where
        for key, kind in contract.items():
            check_types(value[key], kind, f"{where}.{key}")
    elif isinstance(contract, list):
        assert type(value) is list, where
        for number, entry in enumerate(value):
            check_types(entry, contract[0], f"{where}[{number}]")
    else:
        assert type(value) is contract, f"{where} is {value!r}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("half_done")


@pytest.fixture(scope="module")
def run(folder):
    target = make_target(folder / "mine", solved=(SOLVED,))
    options = ["--json", folder / "r.json", "--junit", folder / "r.xml", "--markdown", folder / "r.md"]
    return run_grader("--target", target, *options, "--gradescope", folder / "g.json", "--fail-under", "16.6")


@pytest.fixture(scope="module")
def report(run, folder):
    assert run.status == 0, run.out + run.err
    return json.loads((folder / "r.json").read_text(encoding="utf-8"))


def test_the_solved_phase_scores_exactly_one_hundred_and_the_others_nothing(report):
    assert scores_of(report) == {phase.number: 100.0 if phase.number == SOLVED else 0.0 for phase in COURSE}
    assert report["score"] == 100.0
    assert report["max_score"] == 600.0
    for phase in report["phases"]:
        for task in phase["tasks"]:
            state = "passed" if phase["phase"] == SOLVED else "todo"
            assert task["state"] == state
            assert task["passed"] == (task["total"] if state == "passed" else 0)


def test_the_json_report_keeps_the_contract_key_by_key(report):
    check_types(report, REPORT)
    assert report["version"] == 1
    assert report["seed"] == 0
    assert report["assembled"] is False
    assert report["trust"]
    assert [phase["phase"] for phase in report["phases"]] == [1, 2, 3, 4, 5, 6]
    for phase, known in zip(report["phases"], COURSE):
        assert (phase["id"], phase["max_score"]) == (known.id, 100.0)
        assert [task["name"] for task in phase["tasks"]] == [task.name for task in known.tasks]
        assert [task["max_score"] for task in phase["tasks"]] == [float(task.points) for task in known.tasks]
        assert phase["seconds"] >= 0.0
        for task in phase["tasks"]:
            assert task["state"] in ("todo", "failed", "passed", "error", "forbidden")
            assert 0 <= task["passed"] <= task["total"]
            diagnosis = task["diagnosis"]
            assert diagnosis is None or [type(diagnosis[key]) for key in ("id", "en", "ja")] == [str, str, str]
        assert phase["score"] == pytest.approx(sum(task["score"] for task in phase["tasks"]))
    assert report["score"] == pytest.approx(sum(phase["score"] for phase in report["phases"]))


def test_the_terminal_agrees(run, report):
    assert all(task in run.out for task in tasks_of(report))
    assert "100 / 600" in run.out
    assert "Next: write sinusoidal_encoding" in run.out
    assert [line for line in run.err.splitlines() if not line.startswith("grading ...")] == []  # on a slow machine


def test_junit_agrees(report, folder):
    root = ElementTree.parse(folder / "r.xml").getroot()
    suites = {suite.get("name"): suite for suite in root.iter("testsuite")}
    assert list(suites) == [phase["id"] for phase in report["phases"]]
    for phase in report["phases"]:
        suite, tasks = suites[phase["id"]], phase["tasks"]
        cases = list(suite.iter("testcase"))
        assert [case.get("name") for case in cases] == [task["name"] for task in tasks]
        assert {case.get("classname") for case in cases} == {phase["id"]}
        kinds = Counter(task["state"] for task in tasks)
        assert int(suite.get("tests")) == len(tasks)
        assert int(suite.get("errors")) == kinds["error"]
        assert int(suite.get("failures")) == len(tasks) - kinds["error"] - kinds["passed"]
        assert float(suite.get("time")) == pytest.approx(phase["seconds"], abs=1e-3)
        for case, task in zip(cases, tasks):
            assert (len(case) == 0) == (task["state"] == "passed")


def test_markdown_agrees(report, folder):
    text = (folder / "r.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| ") and "`" in line]
    assert len(rows) == len(tasks_of(report))
    for row, (name, task) in zip(rows, tasks_of(report).items()):
        assert f"| `{name}` | {task['score']:g} / {task['max_score']:g} | {task['passed']}/{task['total']} |" in row
        assert row.count("|") == 6
    assert text.startswith("# Transformer Kata: 100 / 600\n")


def test_gradescope_agrees(report, folder):
    results = json.loads((folder / "g.json").read_text(encoding="utf-8"))
    assert results["score"] == report["score"]
    assert results["execution_time"] > 0
    *tests, for_the_instructor = results["tests"]
    assert (for_the_instructor["visibility"], for_the_instructor["output"]) == ("hidden", report["trust"])
    assert report["trust"] not in results["output"]
    assert len(tests) == len(tasks_of(report))
    for test, (name, task) in zip(tests, tasks_of(report).items()):
        assert test["name"].endswith(f": {name}")
        assert (test["score"], test["max_score"]) == (task["score"], task["max_score"])
        assert test["status"] == ("passed" if task["state"] == "passed" else "failed")
        assert test["output_format"] == "text"
        assert test["tags"][1] == task["state"]
        assert (test["extra_data"]["execution_time"] > 0) == (task["state"] == "passed")
        assert "visibility" not in test


@pytest.mark.proof
@pytest.mark.parametrize("solved", [1, 3, 4, 5, 6])
def test_every_other_phase_stands_on_its_own_too(solved, tmp_path):
    run = run_grader("--target", make_target(tmp_path / "mine", solved=(solved,)), "--json", "-")
    assert run.status == 0
    assert scores_of(run.report) == {phase.number: 100.0 if phase.number == solved else 0.0 for phase in COURSE}

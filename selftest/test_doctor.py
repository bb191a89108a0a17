"""``python grader.py doctor`` says what works here, and of a machine that breaks the reference that it does not."""

from __future__ import annotations

import json
import sys

import pytest

from kata.commands.doctor import TEXTS
from selftest.grader_runs import run_grader
from selftest.test_reference_check import BROKEN

pytestmark = pytest.mark.timeout(240)


def findings(run):
    return {finding["id"]: finding for finding in json.loads(run.out)["findings"]}


def test_where_all_is_well_it_has_tried_one_test_of_every_kind():
    run = run_grader("doctor", "--json", "-")
    assert run.status == 0, run.err
    found = findings(run)
    assert set(found) <= set(TEXTS)
    assert {found[key]["state"] for key in ("packages", "reference", "prints", "crash", "loop")} == {"ok"}
    assert found["crash"]["found"] == "exit status 7"
    assert sys.version.split()[0] in found["python"]["found"]


@pytest.mark.proof
def test_a_machine_that_breaks_the_reference_is_status_3_and_the_task_is_named():
    run = run_grader("doctor", "--json", "-", "--lang", "ja", PYTHONPATH=str(BROKEN))
    assert run.status == 3
    reference = findings(run)["reference"]
    assert reference["state"] == "broken"
    assert reference["found"].startswith("sinusoidal_encoding: ")
    assert "no kernel image" in reference["found"]


def test_grading_needs_no_matplotlib(tmp_path):
    for name in ("matplotlib", "matplotlib_fontja"):
        (tmp_path / f"{name}.py").write_text("raise ImportError('not installed')\n", encoding="utf-8")
    run = run_grader(1, "--target", "solutions", "--json", "-", PYTHONPATH=str(tmp_path))
    assert run.status == 0
    assert run.report["score"] == 100.0

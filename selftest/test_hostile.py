"""Hostile submissions get the verdict that they deserve, and harm nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest

from kata.course.phases import PROJECT
from selftest.hostile import cases

SAMPLE = ("os_exit_call", "planted_conftest")
"""Two that take seconds; ``python -m selftest.hostile`` runs all of them."""


def run_table(*names):
    """The table of ``python -m selftest.hostile``, and its exit status."""
    command = [sys.executable, "-m", "selftest.hostile", *names]
    done = subprocess.run(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True, check=False)
    return done.returncode, done.stdout


@pytest.mark.timeout(200)
def test_a_sample_of_hostile_submissions_gets_the_expected_verdicts():
    status, table = run_table(*SAMPLE)
    assert status == 0, table


def test_every_submission_says_what_it_tries_and_what_is_expected():
    assert set(SAMPLE) <= set(cases.names())
    for name in cases.names():
        case = cases.read(name)
        assert case.about.endswith("."), name
        assert (case.score is None) != (case.below is None), name
        assert set(case.states) <= {task.name for task in case.phase.tasks}, name


@pytest.mark.proof
@pytest.mark.timeout(2400)
def test_every_hostile_submission_gets_the_expected_verdict():
    status, table = run_table()
    assert status == 0, "\n".join(line for line in table.splitlines() if not line.endswith("  yes"))

"""Seeds and KATA_JOBS are read at one place, and what makes no sense there is said in one line."""

from __future__ import annotations

import pytest

from kata.settings import BadSetting, jobs
from selftest.grader_runs import run_grader, run_pytest


@pytest.mark.parametrize("seed", ["-1", "x", "1.5"])
def test_grader_and_pytest_refuse_the_same_seeds(seed):
    assert run_grader("--seed", seed).status == 2
    refused = run_pytest("--seed", seed, "tests")
    assert refused.status == 4
    assert "Traceback" not in refused.err


@pytest.mark.parametrize("text", ["abc", "-2", "1.5", "²"])
def test_a_number_of_jobs_that_is_none_is_named(text):
    run = run_grader("--target", "solutions", KATA_JOBS=text)
    assert run.status == 2
    assert f"KATA_JOBS={text}" in run.err
    assert "Traceback" not in run.err


def test_the_number_of_jobs(monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 8)
    for text, expected in (("", 4), ("0", 4), (" 3 ", 3), ("12", 12)):
        monkeypatch.setenv("KATA_JOBS", text)
        assert jobs(4) == expected
    monkeypatch.setenv("KATA_JOBS", "two")
    with pytest.raises(BadSetting, match="KATA_JOBS=two"):
        jobs(4)

"""The suites run under pytest's widespread plugins: in several processes, in any order, with coverage."""

from __future__ import annotations

import importlib.util
import re
from collections import Counter

import pytest

from kata.course.phases import COURSE
from selftest.grader_runs import run_pytest
from selftest.submissions import make_target, replaced, solution

OUTCOME = re.compile(r"(\d+) (passed|failed|todo|error|errors)\b")


def installed(plugin):
    """Skip where a plugin is not installed."""
    missing = importlib.util.find_spec(plugin) is None
    return pytest.mark.skipif(missing, reason=f"{plugin} is not installed")


@pytest.fixture(scope="module")
def target(tmp_path_factory):
    """Phase 1 with a wrong task, phase 2 as a stub."""
    folder = make_target(tmp_path_factory.mktemp("plugins") / "mine")
    wrong = replaced(solution(1), " * math.sqrt(self.d_model)", "")
    (folder / COURSE[0].file).write_text(wrong, encoding="utf-8")
    return folder


def outcomes(target, *arguments):
    """How many tests ended how, and all that was said."""
    suites = ("tests/test_phase1_modules.py", "tests/test_phase2_heads.py")
    run = run_pytest(f"--target={target}", "-q", *arguments, *suites, timeout=200)
    assert "INTERNALERROR" not in run.out + run.err, run.out + run.err
    last = [line for line in run.out.splitlines() if " in " in line and OUTCOME.search(line)][-1]
    return Counter({state: int(count) for count, state in OUTCOME.findall(last)}), run.out


@pytest.fixture(scope="module")
def plain(target):
    """Without any of them."""
    counted, out = outcomes(target, "-p", "no:randomly", "-p", "no:xdist")
    assert counted["passed"] and counted["failed"] and counted["todo"]
    return counted, out


@pytest.mark.timeout(240)
def test_reports_are_plain_data(target, plain):
    counted, out = outcomes(target, "-p", "no:randomly", "-p", "selftest.serialised_reports")
    assert counted == plain[0]
    assert "look at:" in out


@installed("xdist")
@pytest.mark.timeout(240)
def test_xdist(target, plain):
    counted, out = outcomes(target, "-p", "no:randomly", "-n", "2")
    assert counted == plain[0]
    assert "look at:" in out


@installed("pytest_randomly")
@pytest.mark.timeout(240)
@pytest.mark.parametrize("order", ["1", "2"])
def test_randomly(target, plain, order):
    assert outcomes(target, "-p", "randomly", f"--randomly-seed={order}")[0] == plain[0]


@installed("pytest_cov")
@pytest.mark.timeout(240)
def test_cov(target, plain):
    counted, out = outcomes(target, f"--cov={target}", "--cov-report=term")
    assert counted == plain[0]
    assert re.search(r"phase1_embedding\.py +\d+ +\d+ +[1-9]\d*%", out)

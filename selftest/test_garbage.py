"""The garbage collector waits while a process starts, and works afterwards: here, and where submissions run."""

from __future__ import annotations

import subprocess
import sys

import pytest

from kata.course import PROJECT
from selftest.grader_runs import run_grader
from selftest.submissions import make_target, solution

WAITS = """
import gc
from kata import garbage
garbage.wait()
print(gc.isenabled(), end=" ")
garbage.keep_what_is_there()
print(gc.isenabled(), gc.get_freeze_count() > 1000)
"""


def test_it_waits_and_then_keeps_what_is_there():
    done = subprocess.run([sys.executable, "-c", WAITS], cwd=PROJECT, stdout=subprocess.PIPE, check=True, timeout=60)
    assert done.stdout.split() == [b"False", b"True", b"True"]


@pytest.mark.parametrize("start", ["fork", pytest.param("spawn", marks=pytest.mark.proof)])
def test_a_submission_has_its_garbage_collected(tmp_path, start):
    target = make_target(tmp_path / "mine")
    works = "import gc\n\nif not gc.isenabled() or gc.get_freeze_count() < 1000:\n    raise RuntimeError\n"
    (target / "phase1_embedding.py").write_text(f"{solution(1)}\n{works}", encoding="utf-8")
    report = run_grader("1", "--target", target, "--json", "-", KATA_WALL_START=start).report
    assert report["score"] == 100.0, report

"""No mistake that ends in exceptions is given another's name: two crashes of one type are not one behaviour."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from kata.course.phases import COURSE, PROJECT


@pytest.mark.proof
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("phase", COURSE, ids=lambda phase: phase.id)
def test_without_its_own_entry_a_crash_has_no_name(phase):
    command = [sys.executable, "-m", "selftest.false_names", str(phase.number), "--crashes"]
    run = subprocess.run(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    told = re.search(r"^(\d+) mistakes without their own entry, (\d+) given another's name$", run.stdout, re.MULTILINE)
    assert told and int(told[1]) >= 2, run.stdout
    assert (run.returncode, int(told[2])) == (0, 0), run.stdout

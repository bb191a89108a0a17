"""Environments that break programs: what Python is told, where the project lies, a pytest that fails itself."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest

from kata.course.phases import PROJECT
from kata.grading.session_client import SuitesBroken, WarmSession
from selftest.grader_runs import environment, run_grader
from selftest.submissions import phase

pytestmark = pytest.mark.timeout(240)

PARTS = ("conftest.py", "exercises", "grader.py", "kata", "lessons", "pyproject.toml", "solutions", "tests")

FAILS = """
import _pytest.main, pytest

def perform_collect(self, *arguments, **options):
    raise {error}("the abacus is broken")

_pytest.main.Session.perform_collect = perform_collect
"""


def copied(folder):
    """What grading needs of the project, in another folder."""
    for name in PARTS:
        if (PROJECT / name).is_dir():
            shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy(PROJECT / name, folder / name)
    return folder


def test_where_python_is_told_not_to_look_beside_the_script():
    run = run_grader(1, "--target", "solutions", "--json", "-", PYTHONSAFEPATH="1")
    assert run.status == 0, run.err
    assert run.report["score"] == 100.0


@pytest.mark.skipif(sys.platform == "win32", reason="names of files are Unicode there")
def test_a_folder_whose_name_the_locale_cannot_spell(tmp_path):
    project = copied(tmp_path / "写経 コピー")
    command = [sys.executable, project / "grader.py", "1", "--target", project / "solutions", "--json", "-"]
    poor = environment(LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    done = subprocess.run(command, cwd=tmp_path, env=poor, capture_output=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["score"] == 100.0
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--task", "split_heads"]
    done = subprocess.run(
        [*command, "--target=solutions"], cwd=project, env=poor, capture_output=True, timeout=200, check=False
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("error", ["RuntimeError", "pytest.UsageError"])
def test_what_pytest_says_when_it_fails_itself_is_shown(error, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(FAILS.format(error=error), encoding="utf-8")
    run = run_grader(1, "--target", "solutions", PYTHONPATH=str(tmp_path))
    assert run.status == 2
    assert "The suites could not be run" in run.out + run.err
    assert "the abacus is broken" in run.out + run.err


@pytest.mark.parametrize("error", ["RuntimeError", "pytest.UsageError"])
def test_a_session_that_stays_says_it_too(error, tmp_path, monkeypatch):
    (tmp_path / "sitecustomize.py").write_text(FAILS.format(error=error), encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), str(PROJECT)]))
    with WarmSession([phase(1)]) as session, pytest.raises(SuitesBroken, match="the abacus is broken"):
        list(session.run(phase(1).id, PROJECT / "solutions"))

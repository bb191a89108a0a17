"""The workflow for GitHub Classroom: its steps, run as a job runs them, read only ``exercises/`` of the student."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kata.course.phases import COURSE, PROJECT, REFERENCE
from selftest.grader_runs import environment
from selftest.submissions import make_target, replaced, solution

yaml = pytest.importorskip("yaml", reason="python -m pip install -r requirements-dev.txt")
pytestmark = pytest.mark.skipif(os.name != "posix", reason="the job runs Linux")

TEMPLATE = PROJECT / "docs" / "templates" / "github-classroom.yml"
WORKFLOW = yaml.safe_load(TEMPLATE.read_text(encoding="utf-8"))
[JOB] = WORKFLOW["jobs"].values()
STEPS = {step.get("name", step.get("uses")): step for step in JOB["steps"]}


def run_step(name: str, folder: Path) -> subprocess.CompletedProcess:
    """Run a step's commands in the folder of a job."""
    bin_folder = Path(sys.executable).parent
    more = {
        "KATA_PHASES": "1", "GITHUB_STEP_SUMMARY": str(folder / "summary"), "GITHUB_OUTPUT": str(folder / "output"),
        "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}",
    }  # fmt: skip
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", STEPS[name]["run"]]
    return subprocess.run(
        command, cwd=folder, env=environment(**more), capture_output=True, text=True, timeout=200, check=False
    )


@pytest.fixture
def job(tmp_path):
    """A job's folder: the student's repository beside the course."""
    (tmp_path / "kata").symlink_to(PROJECT)
    make_target(tmp_path / "student" / "exercises")
    return tmp_path


def test_the_course_is_pinned_and_the_job_may_change_nothing():
    assert WORKFLOW["env"]["KATA_REF"] not in ("", "main", "master")
    checkouts = [step["with"] for step in JOB["steps"] if step.get("uses", "").startswith("actions/checkout")]
    assert [where["path"] for where in checkouts] == ["student", "kata"]
    assert checkouts[1]["ref"] == "${{ env.KATA_REF }}"
    assert all(where["persist-credentials"] is False for where in checkouts)
    assert WORKFLOW["permissions"] == {"actions": "read", "checks": "write", "contents": "read"}
    assert all("@" in step["uses"] for step in JOB["steps"] if "uses" in step)


def test_the_course_comes_from_the_published_repository():
    [address] = re.findall(
        r'(?m)^Repository = "https://github\.com/(.+)"$', (PROJECT / "pyproject.toml").read_text("utf-8")
    )
    assert WORKFLOW["env"]["KATA_REPOSITORY"] == address, f"KATA_REPOSITORY in {TEMPLATE} is not that of pyproject.toml"


def test_only_ordinary_files_of_exercises_are_taken(job):
    exercises = job / "student" / "exercises"
    (exercises / COURSE[1].file).unlink()
    (exercises / COURSE[1].file).symlink_to(REFERENCE / COURSE[1].file)
    (exercises / "tests").mkdir()
    (exercises / "tests" / "conftest.py").write_text("x = 1\n", encoding="utf-8")
    (job / "student" / "grader.py").write_text("x = 1\n", encoding="utf-8")
    assert run_step("Take the exercises, and nothing else", job).returncode == 0
    taken = {path.name for path in (job / "submission").iterdir()}
    assert taken == {phase.file for phase in COURSE if phase.number != 2}


def test_a_folder_that_is_a_link_to_the_solutions_gives_nothing(job):
    shutil.rmtree(job / "student" / "exercises")
    (job / "student" / "exercises").symlink_to(REFERENCE)
    run_step("Take the exercises, and nothing else", job)
    assert list((job / "submission").iterdir()) == []


@pytest.mark.proof
@pytest.mark.timeout(240)
def test_the_points_and_the_report_come_out(job):
    wrong = replaced(solution(1), " * math.sqrt(self.d_model)", "")
    (job / "student" / "exercises" / COURSE[0].file).write_text(wrong, encoding="utf-8")
    for name in ("Take the exercises, and nothing else", "Grade", "Points"):
        done = run_step(name, job)
        assert done.returncode == 0, done.stdout + done.stderr
    assert "Known mistake" in (job / "summary").read_text(encoding="utf-8")
    output = (job / "output").read_text(encoding="utf-8")
    result = json.loads(base64.b64decode(output.partition("result=")[2]))
    assert (result["version"], result["status"], result["max_score"]) == (1, "fail", 100.0)
    points = {test["name"]: test["score"] for test in result["tests"]}
    assert points.pop(f"{COURSE[0].id}: TokenEmbedding") == 0.0
    assert sum(points.values()) == 80.0
    assert STEPS["classroom-resources/autograding-grading-reporter@v1"]["env"] == {
        "POINTS_RESULTS": "${{ steps.points.outputs.result }}"
    }

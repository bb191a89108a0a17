"""The workflow that publishes the site puts notebooks that know its repository on a branch of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from kata.course.phases import COURSE, PROJECT
from kata.i18n import LANGUAGES
from notebooks.cells import cells
from notebooks.publishing import BRANCH
from selftest.grader_runs import environment

yaml = pytest.importorskip("yaml", reason="python -m pip install -r requirements-dev.txt")
pytestmark = [pytest.mark.proof, pytest.mark.skipif(os.name != "posix", reason="the job runs Linux")]

WORKFLOW = yaml.safe_load((PROJECT / ".github" / "workflows" / "site.yml").read_text(encoding="utf-8"))
JOB = WORKFLOW["jobs"]["publish"]
[STEP] = [step["run"] for step in JOB["steps"] if "the notebooks" in step.get("name", "")]
ADDRESS = "https://github.com/example/kata"


def git(folder, *arguments):
    command = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, timeout=60).stdout


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """The job's folder after the step, twice: what is checked out and, as its ``origin``, the hosted repository."""
    if find_spec("nbformat") is None:
        (pytest.fail if os.environ.get("KATA_NOTEBOOKS") == "required" else pytest.skip)(
            "nbformat is not installed (python -m pip install -r requirements-notebook.txt)"
        )
    folder = tmp_path_factory.mktemp("job")
    git(folder, "init", "--quiet", "--bare", "hosted")
    work = folder / "work"
    work.mkdir()
    for name in ("kata", "lessons", "solutions", "exercises", "pyproject.toml", "requirements.txt"):
        (work / name).symlink_to(PROJECT / name)
    for path in (PROJECT / "notebooks").rglob("*.*"):
        if path.suffix in (".py", ".ipynb"):
            copy = work / path.relative_to(PROJECT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())
    git(work, "init", "--quiet")
    git(work, "remote", "add", "origin", str(folder / "hosted"))
    git(work, "add", ".")
    git(work, "commit", "--quiet", "-m", "all")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for sha in ("first", "second"):
        (folder / sha).mkdir()
        more = {"REPO_URL": ADDRESS, "RUNNER_TEMP": str(folder / sha), "GITHUB_SHA": sha, "PATH": path}
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", STEP]
        done = subprocess.run(
            command, cwd=work, env=environment(**more), capture_output=True, text=True, timeout=100, check=False
        )
        assert done.returncode == 0, done.stderr
    return work


def test_the_branch_holds_the_notebooks_for_this_repository_and_nothing_else(checkout):
    hosted = checkout.parent / "hosted"
    names = git(hosted, "ls-tree", "-r", "--name-only", BRANCH).split()
    assert names == sorted(f"notebooks/{lang}/{phase.id}.ipynb" for lang in LANGUAGES for phase in COURSE)
    for lang in LANGUAGES:
        for phase in COURSE:
            made = json.loads(git(hosted, "show", f"{BRANCH}:notebooks/{lang}/{phase.id}.ipynb"))
            found = [(cell["cell_type"], cell["id"], "".join(cell["source"])) for cell in made["cells"]]
            assert found == [tuple(cell) for cell in cells(phase, lang, published=ADDRESS)]
    assert "second" in git(hosted, "log", "-1", "--format=%s", BRANCH), "a later push takes the place of an earlier one"
    assert git(hosted, "rev-list", "--count", BRANCH).strip() == "1"


def test_the_site_of_the_same_job_holds_them(checkout):
    """The site is built in the same folder, after the step, and told the same address."""
    assert ADDRESS in (checkout / "notebooks" / "en" / f"{COURSE[0].id}.ipynb").read_text(encoding="utf-8")
    assert git(checkout, "status", "--porcelain").strip(), "the index of the checkout itself stays as it was"
    names = [step.get("name") or step.get("run") or step.get("uses") for step in JOB["steps"]]
    [made] = [number for number, name in enumerate(names) if "the notebooks" in name]
    assert made < names.index("python -m site_build")
    assert JOB["env"] == {"REPO_URL": "${{ github.server_url }}/${{ github.repository }}"}
    assert WORKFLOW["permissions"]["contents"] == "write"

"""What VS Code, Codespaces and Dev Containers are told: one phase in the test explorer, torch for CPUs alone."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest

from kata.course.phases import COURSE, PROJECT
from selftest.grader_runs import environment

SETUP = PROJECT / ".devcontainer" / "setup"


def settings(name: str):
    """A file of VS Code's, whose lines may be comments."""
    return json.loads(re.sub(r"(?m)^\s*//.*$", "", (PROJECT / name).read_text(encoding="utf-8")))


@pytest.mark.parametrize("number", [1, 4])
def test_the_test_explorer_finds_the_tests_of_one_phase_and_no_others(number):
    """It collects with these arguments; the second is what a learner changes."""
    given = settings(".vscode/settings.json")
    assert given["python.testing.pytestEnabled"] and not given["python.testing.unittestEnabled"]
    arguments = [re.sub(r"^phase\d$", f"phase{number}", one) for one in given["python.testing.pytestArgs"]]
    assert f"phase{number}" in arguments
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", *arguments],
        cwd=PROJECT, env=environment(), capture_output=True, text=True, timeout=100, check=True,
    )  # fmt: skip
    found = {line.partition("::")[0] for line in done.stdout.splitlines() if "::" in line}
    assert found == {path.relative_to(PROJECT).as_posix() for path in COURSE[number - 1].suite()}


def test_the_container_offers_what_the_editor_recommends():
    container = settings(".devcontainer/devcontainer.json")
    assert container["postCreateCommand"] == "bash .devcontainer/setup" and SETUP.is_file()
    wanted = settings(".vscode/extensions.json")["recommendations"]
    assert container["customizations"]["vscode"]["extensions"] == wanted


@pytest.mark.skipif(os.name != "posix", reason="the container runs Linux")
def test_the_container_takes_torch_for_cpus_before_anything_asks_for_torch(tmp_path):
    """The script's commands, written down instead of run."""
    said = tmp_path / "said"
    for name in ("python", "apt-get"):
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(f'#!/bin/sh\necho "{name} $*" >> "{said}"\n', encoding="utf-8")
        program.chmod(0o755)
    path = f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(["bash", str(SETUP)], cwd=tmp_path, env=environment(PATH=path), timeout=30, check=True)
    installs = [line for line in said.read_text(encoding="utf-8").splitlines() if line.startswith("python -m pip")]
    [pin] = re.findall(r'(?m)^(torch==[\d.]+); python_version >= "3.10"', (PROJECT / "requirements.txt").read_text())
    assert installs[0].split()[-3:] == [pin, "--index-url", "https://download.pytorch.org/whl/cpu"]
    files = re.findall(r"-r (\S+)", " ".join(installs[1:]))
    assert "requirements.txt" in files and all((PROJECT / name).is_file() for name in files)
    [image] = re.findall(r"^python:(3\.\d+)-", settings(".devcontainer/devcontainer.json")["image"])
    assert tuple(map(int, image.split("."))) >= (3, 10), "older ones take another torch"

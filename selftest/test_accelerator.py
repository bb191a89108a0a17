"""An accelerator changes no verdict: nothing that forks has started autograd, and no guest sees a device."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from kata.course.phases import PROJECT
from kata.diagnosis.misconceptions import by_id
from kata.grading.session_client import session_environment
from kata.sandbox.confinement.limits import clean_environment
from selftest.grader_runs import run_grader, tasks_of
from selftest.platforms.fake_accelerator import NoCompiler, build

THREADS = """
import os
import torch
from kata.sandbox.guest import fork_server, worker
torch.set_num_threads(1)
fork_server.prepare()
print(len(os.listdir("/proc/self/task")), end=" ")
torch.zeros(1, requires_grad=True).backward()
print(len(os.listdir("/proc/self/task")))
"""


@pytest.fixture(scope="module")
def accelerator(tmp_path_factory):
    try:
        return str(build(tmp_path_factory.mktemp("accelerator")))
    except NoCompiler as reason:
        pytest.skip(f"no fake accelerator: {reason}")


@pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="threads are counted in /proc")
def test_the_server_of_the_guests_has_one_thread_when_it_forks(accelerator):
    environment = {**os.environ, "PYTHONPATH": accelerator, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", THREADS], cwd=PROJECT, env=environment, capture_output=True, timeout=100, check=True
    )
    ready, after_backward = map(int, done.stdout.split())
    assert ready == 1
    assert after_backward > 1  # else the accelerator is none, and this proves nothing


@pytest.mark.parametrize("environment", [session_environment(), clean_environment("scratch")])
def test_sessions_and_guests_see_no_accelerator(environment):
    assert environment["CUDA_VISIBLE_DEVICES"] == environment["HIP_VISIBLE_DEVICES"] == "-1"


@pytest.mark.proof
@pytest.mark.timeout(240)
@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_the_solutions_get_all_points(accelerator, start):
    run = run_grader("--target", "solutions", "--json", "-", PYTHONPATH=accelerator, KATA_WALL_START=start)
    assert run.status == 0, run.err
    assert (run.report["score"], run.report["assembled"]) == (600.0, True)


@pytest.mark.proof
@pytest.mark.timeout(240)
def test_a_mistake_gets_its_name(accelerator, tmp_path):
    mistake = by_id("add-and-norm-without-residual")
    run = run_grader(
        mistake.phase.number, "--target", mistake.write(tmp_path / "m"), "--json", "-", PYTHONPATH=accelerator
    )
    named = {name: (task["diagnosis"] or {}).get("id") for name, task in tasks_of(run.report).items()}
    assert named == {"LayerNorm": None, "PositionwiseFeedForward": None, "AddAndNorm": mistake.id}

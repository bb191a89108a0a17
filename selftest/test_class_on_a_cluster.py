"""A class on a Dask cluster: a worker that is lost midway loses no result, and nobody is graded twice."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time

import pytest

from kata.classroom import records
from kata.course.phases import PROJECT
from selftest.grader_runs import environment, run_grader
from selftest.submissions import make_target

distributed = pytest.importorskip("distributed", reason="python -m pip install -r requirements-class.txt")
pytestmark = [pytest.mark.proof, pytest.mark.timeout(400)]

STUDENTS = 8


def test_a_lost_worker_costs_nothing(tmp_path):
    folder = tmp_path / "handed-in"
    for number in range(STUDENTS):
        make_target(folder / f"student-{number}", solved=(1,) if number % 2 else ())
    settings = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": None}
    sys.path.insert(0, str(PROJECT))  # what the workers inherit
    try:
        with distributed.LocalCluster(**settings, env={"PYTHONPATH": str(PROJECT)}) as cluster:
            command = [sys.executable, str(PROJECT / "grader.py"), "class", str(folder), "--phases", "1"]
            command += ["--scheduler", cluster.scheduler_address, "--into", str(tmp_path / "out")]
            process = subprocess.Popen(command, cwd=tmp_path, env=environment(), stderr=subprocess.PIPE, text=True)
            log = tmp_path / "out" / "class.jsonl"
            end = time.monotonic() + 200
            while len(records.read(log)) < 2 and process.poll() is None and time.monotonic() < end:
                time.sleep(0.1)
            with distributed.Client(cluster) as client:
                pids = [worker["pid"] for worker in client.run(lambda: {"pid": os.getpid()}).values()]
            os.kill(pids[0], signal.SIGKILL)
            _, err = process.communicate(timeout=300)
    finally:
        sys.path.remove(str(PROJECT))
    assert process.returncode == 0, err
    lines = log.read_text(encoding="utf-8").splitlines()
    assert len(lines) == STUDENTS  # nobody twice
    with open(tmp_path / "out" / "class.csv", encoding="utf-8-sig", newline="") as stream:
        rows = {row["name"]: row["total"] for row in csv.DictReader(stream)}
    assert rows == {f"student-{number}": "100.0" if number % 2 else "0.0" for number in range(STUDENTS)}


def test_an_address_where_nobody_answers_is_told(tmp_path):
    make_target(tmp_path / "handed-in" / "one")
    run = run_grader("class", "handed-in", "--scheduler", "tcp://127.0.0.1:9", cwd=tmp_path)
    assert run.status == 2
    assert "127.0.0.1:9" in run.err
    assert "Traceback" not in run.err.split("distributed")[0]

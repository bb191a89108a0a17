"""The garbage collector waits while a process starts, and works afterwards: here, and where submissions run."""

from __future__ import annotations

import subprocess
import sys

import pytest

from kata.course.phases import COURSE, PROJECT
from kata.grading.session_client import WarmSession
from kata.session_protocol import Finished
from selftest.submissions import make_target, solution

WAITS = """
import gc
from kata.sandbox import fast_start
fast_start.pause_gc()
import torch
print(gc.isenabled(), end=" ")
fast_start.freeze_and_enable_gc()
print(gc.isenabled(), gc.get_freeze_count() > 1000)
"""


def test_it_waits_and_then_keeps_what_is_there():
    done = subprocess.run([sys.executable, "-c", WAITS], cwd=PROJECT, stdout=subprocess.PIPE, check=True, timeout=60)
    assert done.stdout.split() == [b"False", b"True", b"True"]


@pytest.mark.parametrize("start", ["fork", pytest.param("spawn", marks=pytest.mark.proof)])
def test_a_submission_has_its_garbage_collected(monkeypatch, tmp_path, start):
    monkeypatch.setenv("KATA_WALL_START", start)
    target = make_target(tmp_path / "mine")
    works = "import gc\n\nif not gc.isenabled() or gc.get_freeze_count() < 1000:\n    raise RuntimeError\n"
    (target / COURSE[0].file).write_text(f"{solution(1)}\n{works}", encoding="utf-8")
    with WarmSession(COURSE[:1]) as session:  # which does not ask for the rules
        events = list(session.run(COURSE[0].id, target, ["TokenEmbedding"]))
    assert {event.result.state for event in events if isinstance(event, Finished)} == {"passed"}

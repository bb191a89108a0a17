"""Windows, as far as it can be had elsewhere: without the modules and names that only POSIX has, the grader works."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from kata.commands.watch_mode import keys
from kata.course.phases import PROJECT
from kata.sandbox.errors import GuestDied
from kata.sandbox.host import launch
from selftest import platforms
from selftest.grader_runs import environment, run_grader, tasks_of
from selftest.submissions import make_target, solution, with_bodies

HARNESS = Path(platforms.__file__).parent / "without_posix"

LACKS = """
from kata.sandbox.host import launch
from kata.testing import plugin
print(launch.can_fork(), hasattr(plugin.signal, "SIGALRM"), launch.sys.platform)
"""

CANCEL = """
import sys, threading
from pathlib import Path
from kata.course.phases import COURSE, REFERENCE
from kata.grading.session_client import WarmSession
from kata.session_protocol import Ended, Finished

def states(target):
    events = list(session.run(COURSE[0].id, Path(target), ["sinusoidal_encoding"], diagnose=False))
    return [event.cancelled for event in events if isinstance(event, Ended)], {
        event.result.state for event in events if isinstance(event, Finished)}

with WarmSession(COURSE[:1]) as session:
    print(states(REFERENCE), session.pid)
    threading.Timer(1.0, session.cancel).start()
    print(states(sys.argv[1])[0])
    print(states(REFERENCE), session.pid)
"""


def run_python(code, *arguments, **more):
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=PROJECT,
        env=environment(PYTHONPATH=str(HARNESS), **more),
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def left_running(marker):
    """Processes that were started with this text in their environment."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and marker.encode() in (entry / "environ").read_bytes():
                found.append(entry.name)
        except OSError:
            continue
    return found


@pytest.fixture
def loops(tmp_path):
    target = make_target(tmp_path / "loops", solved=(1,))
    source = with_bodies(solution(1), {"sinusoidal_encoding": "while True:\n    pass"})
    (target / "phase1_embedding.py").write_text(source, encoding="utf-8")
    return target


def test_the_harness_takes_away_what_windows_lacks():
    assert run_python(LACKS) == ["False False win32"]


@pytest.mark.proof
@pytest.mark.timeout(300)
def test_the_solutions_get_all_points():
    run = run_grader("--target", "solutions", "--json", "-", PYTHONPATH=str(HARNESS))
    assert run.status == 0, run.err
    assert (run.report["score"], run.report["assembled"]) == (600.0, True)


@pytest.mark.proof
@pytest.mark.timeout(300)
@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="processes are looked up in /proc")
def test_an_endless_loop_costs_its_tests_and_leaves_nothing_running(loops, tmp_path):
    here = f"{HARNESS}{os.pathsep}{tmp_path}"
    run = run_grader(1, "--target", loops, "--json", "-", PYTHONPATH=here, KATA_TEST_TIMEOUT="4")
    tasks = tasks_of(run.report)
    assert tasks["sinusoidal_encoding"]["message"] == "no answer after 4 s. Is there an endless loop?"
    assert tasks["TokenEmbedding"]["state"] == "passed"
    time.sleep(1.0)
    assert left_running(here) == []


@pytest.mark.proof
@pytest.mark.timeout(300)
def test_a_save_ends_a_run_and_not_its_session(loops):
    first, cancelled, second = run_python(CANCEL, loops)
    assert first.startswith("([False], {'passed'})")
    assert cancelled == "[True]"
    assert second == first  # process id and all


@pytest.mark.timeout(60)
def test_a_guest_that_dies_at_its_start_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(launch, "PROJECT", Path(os.sep))  # where there is no package kata
    monkeypatch.delenv("PYTHONPATH", raising=False)
    server = launch.SpawnServer()
    try:
        started = time.monotonic()
        with pytest.raises(GuestDied, match="exit status 1; .*No module named"):
            server.spawn({})
        assert time.monotonic() - started < 30
    finally:
        server.close()


@pytest.mark.parametrize(
    "typed, heard",
    [("\xe0H", [""]), ("\xe0Q", [""]), ("\0S", [""]), ("Q", ["q"]), ("\xe0Sh", ["", "h"])],
    ids=["Up", "Page Down", "Delete on the keypad", "Q", "Delete, then H"],
)
def test_keys_of_two_characters_are_no_letters(monkeypatch, typed, heard):
    left = list(typed)
    console = SimpleNamespace(kbhit=lambda: bool(left), getwch=lambda: left.pop(0))
    monkeypatch.setattr(keys, "termios", None)
    monkeypatch.setitem(sys.modules, "msvcrt", console)
    assert [keys.read_key(0.05) for _ in heard] == heard
    assert not left


def test_ctrl_c_interrupts_where_keys_are_read_one_by_one(monkeypatch):
    console = SimpleNamespace(kbhit=lambda: True, getwch=lambda: "\x03")
    monkeypatch.setattr(keys, "termios", None)
    monkeypatch.setitem(sys.modules, "msvcrt", console)
    with pytest.raises(KeyboardInterrupt):
        keys.read_key(0.05)

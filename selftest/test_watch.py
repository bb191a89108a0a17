"""``python grader.py watch`` in a pseudo-terminal: save, hang, break, delete, resize, quit."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from rich.cells import cell_len

from kata.commands.watch_mode.polling import GONE, LOOK_CLOSELY, Polling
from kata.commands.watch_mode.scoreboard import Scoreboard
from kata.course.phases import COURSE, PROJECT
from selftest.grader_runs import environment
from selftest.submissions import make_target, solution, with_bodies

pytestmark = pytest.mark.timeout(240)
if sys.platform == "win32":
    pytest.skip("there is no pseudo-terminal", allow_module_level=True)

from selftest.terminal import Terminal  # noqa: E402

WRONG = with_bodies(solution(1), {"sinusoidal_encoding": "return torch.ones(max_len, d_model)"})
HANGS = with_bodies(solution(1), {"sinusoidal_encoding": "while True:\n    pass"})


@pytest.fixture
def target(tmp_path):
    return make_target(tmp_path / "mine")


@pytest.fixture
def watching(target, tmp_path):
    """Start watch on the target; afterwards nothing of it may be left."""
    scratch = tmp_path / "tmp"
    scratch.mkdir()
    with Terminal(["watch", "--target", target], TMPDIR=str(scratch)) as terminal:
        terminal.wait_for("#task-sinusoidal_encoding")
        yield terminal
        if terminal.process.poll() is None:
            terminal.press("q")
            assert terminal.end() == 0
        assert terminal.is_restored()
        assert list(scratch.iterdir()) == []
        until = time.monotonic() + 5.0
        while left_behind(str(scratch)) and time.monotonic() < until:
            time.sleep(0.1)
        assert left_behind(str(scratch)) == []


def left_behind(scratch):
    """Processes that have our scratch folder in their environment."""
    found = []
    for entry in Path("/proc").iterdir() if Path("/proc").is_dir() else ():
        try:
            if entry.name.isdigit() and scratch.encode() in (entry / "environ").read_bytes():
                found.append((entry / "cmdline").read_bytes())
        except OSError:
            continue
    return found


def save(target, source):
    """Save phase 1."""
    (target / "phase1_embedding.py").write_text(source, encoding="utf-8")


def test_without_a_terminal_it_refuses():
    command = [sys.executable, str(PROJECT / "grader.py"), "watch"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=environment())
    assert (done.returncode, done.stdout) == (2, "")
    assert "needs a terminal" in done.stderr


def test_a_save_is_graded_and_a_hang_leaves_every_key_alive(watching, target):
    save(target, WRONG)
    verdict = watching.wait_for(r"Next: .*\n")
    assert "✗ sinusoidal_encoding" in verdict
    assert "expected: 0" in verdict
    assert "✓ position_shift_matrix" in verdict
    assert "Next: repair sinusoidal_encoding in" in verdict
    save(target, HANGS)
    watching.wait_for("phase 1 saved")
    time.sleep(1.0)
    watching.press("l")
    assert "Training, evaluation" in watching.wait_for("beam_search")
    watching.press("x")
    watching.wait_for("x is no key here")
    save(target, solution(1))
    verdict = watching.wait_for(r"Next: .*\n")
    assert "100 / 100" in verdict
    assert "4 of 29 tasks" in verdict
    watching.press("s")
    watching.wait_for("yours is the solution, line by line")


@pytest.mark.proof
def test_what_is_no_python_what_is_deleted_and_what_is_restored(watching, target):
    save(target, "def sinusoidal_encoding(:\n")
    assert "phase1_embedding.py:1 is not valid Python" in " ".join(watching.wait_for("Next: ").split())
    (target / "phase1_embedding.py").unlink()
    watching.wait_for("is gone")
    watching.wait_for("Next: ")
    save(target, solution(1))
    assert "100 / 100" in watching.wait_for("Next: ")
    assert (target / "phase1_embedding.py").read_text(encoding="utf-8") == solution(1)


@pytest.mark.proof
def test_a_known_mistake_is_named_and_the_diff_waits_for_the_pass(watching, target):
    save(target, with_bodies(solution(1), {"TokenEmbedding.forward": "return self.embedding(tokens)"}))
    assert "Known mistake: " in watching.wait_for("Next: ")
    watching.press("h")
    watching.wait_for("hint 1 of 3")
    watching.press("n")
    watching.wait_for("Nothing is written yet in phase 2")
    watching.press("s")
    watching.wait_for("once a task of this phase has passed")
    watching.press("a")
    watching.wait_for("3 of 29 tasks")


@pytest.mark.proof
def test_enter_grades_again_and_a_helper_file_counts(watching, target):
    helper = target / "helper.py"
    helper.write_text("SCALE = 2.0\n", encoding="utf-8")
    body = "from .helper import SCALE\nreturn self.embedding(tokens) * self.d_model**0.5 * SCALE"
    save(target, with_bodies(solution(1), {"TokenEmbedding.forward": body}))
    assert "✗ TokenEmbedding" in watching.wait_for("Next: ")
    time.sleep(2.0)  # the new file is found
    helper.write_text("SCALE = 1.0\n", encoding="utf-8")
    assert "100 / 100" in watching.wait_for("Next: ")
    watching.press("\n")
    assert "100 / 100" in watching.wait_for("Next: ")


@pytest.mark.proof
def test_saves_in_a_row_end_with_the_verdict_on_the_last(watching, target):
    for number in range(3):
        save(target, HANGS + f"# {number}\n")
        watching.wait_for("phase 1 saved")
    save(target, solution(1))
    assert "100 / 100" in watching.wait_for("Next: ")


@pytest.mark.proof
def test_only_what_a_save_has_touched_is_run_again(watching, target):
    save(target, solution(1))
    assert "100 / 100" in watching.wait_for("Next: ")
    save(target, solution(1) + "# a remark\n")
    assert "100 / 100" in watching.wait_for("Next: ")
    save(target, WRONG)
    verdict = watching.wait_for(r"Next: .*\n")
    assert "✗ sinusoidal_encoding" in verdict
    assert "✓ position_shift_matrix" in verdict
    save(target, solution(1))
    assert "100 / 100" in watching.wait_for("Next: ")


@pytest.mark.proof
def test_what_was_saved_does_not_wait_for_what_builds_on_it(watching, target):
    path = target / "phase2_attention.py"
    path.write_text(solution(2), encoding="utf-8")
    assert "100 / 100" in watching.wait_for(r"Next: .*\n")
    path.write_text(with_bodies(solution(2), {"merge_heads": "return x"}), encoding="utf-8")
    seen = watching.wait_for(r"builds on it: .*\n")
    assert "✗ merge_heads" in seen
    assert seen.endswith("and what builds on it: MultiHeadAttention ...\n")
    assert "✓ split_heads" in watching.wait_for(r"Next: .*\n")


@pytest.mark.proof
def test_another_size_of_the_screen_is_used(watching, target):
    watching.resize(60, 20)
    save(target, WRONG)
    lines = watching.wait_for("Next: ").splitlines()
    assert all(cell_len(line) <= 60 for line in lines if str(target) not in line)


@pytest.mark.proof
def test_the_scrollback_keeps_every_verdict_and_the_screen_shows_the_last(watching, target):
    save(target, WRONG)
    watching.wait_for(r"Next: repair .*\n")
    save(target, solution(1))
    watching.wait_for(r"Next: n for phase 2.*\n")
    watching.listen(0.5)
    shown = watching.screens()[-1]
    assert "100 / 100" in shown.text
    assert "expected: 0" not in shown.text
    kept = "\n".join(shown.scrolled)
    assert kept.count("expected: 0") == 1
    assert kept.count("Next: ") == 2  # the welcome and the first verdict
    assert not re.search("before this save|grading|starting|looking for", kept)


@pytest.mark.proof
def test_two_saves_within_a_second_give_one_report(watching, target):
    save(target, solution(1))
    watching.wait_for(r"Next: n for phase 2.*\n")
    time.sleep(1.2)
    for remark in "ab":  # nothing has to be run again: the verdict is there at once
        save(target, solution(1) + f"# {remark}\n")
        watching.wait_for(r"saved[^~]*Next: n for phase 2.*\n")
    watching.listen(0.3)
    shown = watching.screens()[-1]
    assert len(re.findall("phase 1 saved", "\n".join([*shown.scrolled, shown.text]))) == 2


@pytest.mark.proof
def test_the_verdict_on_the_task_at_hand_never_leaves_the_screen(watching, target):
    save(target, WRONG)
    watching.wait_for(r"Next: repair .*\n")
    shown = len(watching.screens())
    for key, answer in (("h", "hint 1 of 3"), ("l", "beam_search"), ("s", "yours is the solution"), ("x", "no key")):
        watching.press(key)
        watching.wait_for(answer)
    save(target, HANGS)
    watching.wait_for("tests done")
    watching.press("l")
    watching.wait_for("beam_search")
    save(target, WRONG)
    watching.wait_for(r"Next: repair .*\n")
    later = watching.screens()[shown - 1 :]
    assert len(later) > 7
    for screen in later:
        assert re.search(r"[✗…] sinusoidal_encoding +(\d+/\d+ tests|before this save: \d+/\d+)", screen.text), (
            screen.text
        )
        assert "values wrong" in screen.text


@pytest.mark.proof
def test_a_phase_that_passes_spends_no_hint_and_a_spent_one_is_counted(watching, target):
    save(target, solution(1))
    watching.wait_for(r"Next: n for phase 2.*\n")
    for key in "hhh":
        watching.press(key)
        watching.wait_for("no hint is needed")
    save(target, with_bodies(solution(1), {"PositionalEncoding.forward": "return x"}))
    watching.wait_for(r"Next: repair PositionalEncoding .*\n")
    for number in (1, 2, 3):
        watching.press("h")
        assert "PositionalEncoding" in watching.wait_for(f"hint {number} of 3")


@pytest.mark.proof
def test_what_is_still_to_do_does_not_build_on_anything_and_who_fails_by_another_says_so(watching, target):
    path = target / "phase2_attention.py"
    todo = {"MultiHeadAttention.forward": 'raise NotImplementedError("Phase 2: MultiHeadAttention")'}
    path.write_text(with_bodies(solution(2), todo), encoding="utf-8")
    watching.wait_for(r"Next: write MultiHeadAttention .*\n")
    path.write_text(with_bodies(solution(2), {**todo, "merge_heads": "return x"}), encoding="utf-8")
    watching.wait_for(r"Next: repair merge_heads .*\n")
    assert "builds on it" not in watching.said
    path.write_text(with_bodies(solution(2), {"merge_heads": "return x"}), encoding="utf-8")
    assert "right, given a right `merge_heads`" in watching.wait_for(r"Next: repair merge_heads .*\n")


EDITOR = """#!{python}
import pathlib, sys
pathlib.Path({told!r}).write_text("\\n".join(sys.argv[1:]))
"""


@pytest.mark.proof
@pytest.mark.parametrize("name", ["code", "vim"])
def test_the_file_is_opened_at_the_task_at_hand(name, target, tmp_path):
    told, line = tmp_path / "told", solution(1)[: solution(1).index("class TokenEmbedding")].count("\n") + 1
    program = tmp_path / "bin" / name
    program.parent.mkdir()
    program.write_text(EDITOR.format(python=sys.executable, told=str(told)), encoding="utf-8")
    program.chmod(0o755)
    save(target, with_bodies(solution(1), {"TokenEmbedding.forward": "return self.embedding(tokens)"}))
    with Terminal(["watch", "1", "--target", target], VISUAL=str(program)) as terminal:
        terminal.wait_for(r"Next: repair TokenEmbedding.*\n")
        terminal.press("o")
        terminal.wait_for(rf"Opened:\s+[^:]*:{line}")
        path = str(target / "phase1_embedding.py")
        until = time.monotonic() + 10
        while not told.exists() and time.monotonic() < until:
            time.sleep(0.05)
        assert told.read_text().splitlines() == (["-g", f"{path}:{line}"] if name == "code" else [f"+{line}", path])
        terminal.press("l")  # the keys are ours again
        terminal.wait_for("beam_search")
        terminal.press("q")
        assert terminal.end() == 0
        assert terminal.is_restored()


@pytest.mark.proof
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_it_in_good_order(number, watching, target):
    save(target, HANGS)
    watching.wait_for("phase 1 saved")
    os.kill(watching.process.pid, number)
    assert watching.end() == 128 + number
    assert "Traceback" not in watching.said


def test_polling_sees_content_not_time(tmp_path):
    path = tmp_path / "a.py"
    path.write_text("1")
    polling = Polling([path])
    assert polling.changed(0.0) == []
    os.utime(path, (1, 1))  # touched, nothing more
    assert polling.changed(1.0) == []
    path.write_text("2")
    assert polling.changed(2.0) == [path]
    assert polling.changed(2.1) == []
    stamp = path.stat()
    path.write_text("3")  # a second save within one tick of a coarse clock
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert polling.changed(2.0 + LOOK_CLOSELY - 0.1) == [path]


@pytest.mark.timeout(30)
def test_polling_opens_ordinary_files_alone(tmp_path):
    pipe, zero, path = tmp_path / "pipe.py", tmp_path / "zero.py", tmp_path / "a.py"
    os.mkfifo(pipe)
    zero.symlink_to("/dev/zero")
    path.write_text("1")
    polling = Polling([pipe, path])
    polling.add([zero])
    assert polling.changed(0.0) == []
    path.unlink()
    path.symlink_to("/dev/zero")
    assert polling.changed(10.0) == [path]
    pipe.unlink()
    pipe.write_text("1")
    assert polling.changed(20.0) == [pipe]
    assert Scoreboard(tmp_path, "en")._source(COURSE[0]) is None  # missing
    (tmp_path / COURSE[0].file).symlink_to("/dev/zero")
    assert Scoreboard(tmp_path, "en")._source(COURSE[0]) is None


def test_polling_waits_a_moment_before_a_file_counts_as_gone(tmp_path):
    path = tmp_path / "a.py"
    path.write_text("1")
    polling = Polling([path])
    path.unlink()
    assert polling.changed(10.0) == []
    path.write_text("1")  # an editor that writes a new file and moves it into place
    assert polling.changed(10.1) == []
    path.unlink()
    assert polling.changed(11.0) == []
    assert polling.changed(11.0 + GONE) == [path]
    assert polling.changed(12.0) == []
    path.write_text("1")
    assert polling.changed(13.0) == [path]

"""``python grader.py repro TASK``: the failing call as a script that runs on its own and expects nothing."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from kata.commands import repro
from kata.course.phases import PROJECT
from kata.session import repro as session_repro
from kata.session import serve
from selftest.grader_runs import run_grader
from selftest.submissions import make_target, phase, replaced, solution, with_bodies

pytestmark = pytest.mark.timeout(240)


def write(folder, monkeypatch, number, source, task):
    """The exit status, and what is written into a folder about a task of a phase with this source."""
    target = make_target(folder / "mine")
    (target / phase(number).file).write_text(source, encoding="utf-8")
    monkeypatch.chdir(folder)
    status = repro.main([task, "--target", str(target)])
    file = folder / f"repro_{task}.py"
    return status, file.read_text(encoding="utf-8") if file.is_file() else ""


def run(folder, task):
    """The script's run."""
    command = [sys.executable, f"repro_{task}.py"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=100)


def test_a_crash_happens_again_outside_of_the_tests(tmp_path, monkeypatch, capsys):
    source = with_bodies(solution(1), {"PositionalEncoding.forward": "return self.dropout(x + self.pe[: x.size(1)])"})
    status, code = write(tmp_path, monkeypatch, 1, source, "PositionalEncoding")
    assert status == 0
    assert "module = phase1.PositionalEncoding(4, dropout=0.0, max_len=7)\nresult = module(x)\nprint(result)" in code
    assert "a ValueError whose message names 8 and 7" in capsys.readouterr().out
    done = run(tmp_path, "PositionalEncoding")
    assert done.returncode == 1
    assert "The size of tensor a (8) must match the size of tensor b (7)" in done.stderr


def test_a_wrong_value_comes_again_and_what_is_expected_is_not_told(tmp_path, monkeypatch, capsys):
    source = replaced(
        solution(3), "return normalised * self.weight + self.bias", "return normalised * self.weight + 7.5"
    )
    status, code = write(tmp_path, monkeypatch, 3, source, "LayerNorm")
    assert status == 0
    told = " ".join(capsys.readouterr().out.split())
    got, expected = (float(re.search(rf"{word}: (\S+)", told).group(1)) for word in ("got", "expected"))
    done = run(tmp_path, "LayerNorm")
    assert done.returncode == 0, done.stderr
    numbers = [float(number) for number in re.findall(r"-?\d+\.\d*", done.stdout)]
    assert got in numbers
    assert expected not in numbers
    assert "expected" not in code
    assert len(code.splitlines()) < 25


def test_a_gradient_is_asked_for_again(tmp_path, monkeypatch):
    source = replaced(
        solution(3), "keepdim=True)  # (..., 1)\n        variance", "keepdim=True).detach()\n        variance"
    )
    status, code = write(tmp_path, monkeypatch, 3, source, "LayerNorm")
    assert status == 0
    assert "torch.autograd.grad([output], [x" in code
    done = run(tmp_path, "LayerNorm")
    assert done.returncode == 0, done.stderr
    assert "tensor(" in done.stdout


def test_answers_that_make_no_script_are_no_mistake_of_the_suites(monkeypatch):
    monkeypatch.setattr(session_repro, "script_of", lambda *arguments: [][10**6])
    assert serve._written_out("a", None, "mine").reason == "its answers make no script: IndexError"


def test_what_passes_or_is_not_written_has_nothing_to_repeat(tmp_path, monkeypatch, capsys):
    assert write(tmp_path, monkeypatch, 1, solution(1), "TokenEmbedding") == (0, "")
    assert "TokenEmbedding passes" in capsys.readouterr().out
    (tmp_path / "other").mkdir()
    source = with_bodies(
        solution(1), {"sinusoidal_encoding": 'raise NotImplementedError("Phase 1: sinusoidal_encoding")'}
    )
    assert write(tmp_path / "other", monkeypatch, 1, source, "sinusoidal_encoding") == (1, "")
    assert "hint 1 sinusoidal_encoding" in capsys.readouterr().out


def test_an_unknown_task_is_refused():
    done = run_grader("repro", "no_such_task")
    assert done.status == 2
    assert "invalid choice" in done.err
    assert (PROJECT / ".gitignore").read_text(encoding="utf-8").count("repro_*") == 2

"""``python grader.py reset``: the stub comes back, and nothing that a learner wrote is ever lost."""

from __future__ import annotations

import os
import re
import shutil
import stat

import pytest

from kata.commands.reset import main
from kata.course.phases import COURSE, REFERENCE
from kata.source import reset as resetting
from selftest.grader_runs import run_grader
from selftest.submissions import make_target, solution

FILE = "phase2_attention.py"


@pytest.fixture
def target(tmp_path):
    shutil.copytree(REFERENCE, tmp_path / "work", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "work"


@pytest.fixture(scope="module")
def stubs(tmp_path_factory):
    return make_target(tmp_path_factory.mktemp("reset") / "stubs")


def kept(target):
    """Contents of all copies."""
    return [path.read_bytes() for path in sorted((target / ".kata" / "kept").glob("*"))]


@pytest.mark.parametrize("phase", COURSE, ids=lambda phase: phase.id)
def test_a_phase_is_the_stub_again_and_its_old_content_is_kept(phase, target, stubs, capsys):
    before = (target / phase.file).read_bytes()
    assert main([str(phase.number), "--target", str(target)]) == 0
    assert (target / phase.file).read_bytes() == (stubs / phase.file).read_bytes()
    assert kept(target) == [before]
    [copy] = re.findall(r"kept in (.*)", capsys.readouterr().out)
    assert re.fullmatch(rf".*/\.kata/kept/{phase.id}-\d{{4}}-\d\d-\d\d-\d{{6}}\.py", copy)


@pytest.mark.parametrize(
    ("phase", "task"), [(phase, task.name) for phase in COURSE for task in phase.tasks], ids=lambda part: str(part)[:30]
)
def test_one_task_is_the_stub_again_and_the_rest_of_the_file_is_untouched(phase, task, target, stubs):
    before = (target / phase.file).read_text(encoding="utf-8")
    resetting.reset(phase, target, task)
    after = (target / phase.file).read_text(encoding="utf-8")
    start, end = resetting.places(resetting.ast.parse(before), task)[0]
    head, tail = before.splitlines()[: start - 1], before.splitlines()[end:]
    lines = after.splitlines()
    assert lines[: len(head)] == head
    assert lines[len(lines) - len(tail) :] == tail
    middle = "\n".join(lines[len(head) : len(lines) - len(tail)])
    assert middle in (stubs / phase.file).read_text(encoding="utf-8")
    assert f'raise NotImplementedError("Phase {phase.number}: {task}")' in middle
    assert kept(target) == [before.encode()]


def test_a_stub_is_left_alone(stubs, capsys):
    assert main(["2", "--target", str(stubs)]) == 0
    assert main(["2", "split_heads", "--target", str(stubs)]) == 0
    assert capsys.readouterr().out.count("nothing was changed") == 2
    assert not (stubs / ".kata").exists()


def test_a_missing_file_comes_back(target, stubs):
    (target / FILE).unlink()
    assert main(["2", "--target", str(target)]) == 0
    (target / FILE).unlink()
    assert main(["2", "split_heads", "--target", str(target)]) == 0
    assert (target / FILE).read_bytes() == (stubs / FILE).read_bytes()
    assert not (target / ".kata").exists()


@pytest.mark.parametrize(
    "content", [b"def (:\n", b"\xff\xfe broken", b"x = 1\x00", b"def f():\n  return (\n"], ids=repr
)
def test_a_file_that_is_no_python_is_reset_as_a_whole_but_not_in_part(content, target, stubs, capsys):
    (target / FILE).write_bytes(content)
    assert main(["2", "split_heads", "--target", str(target)]) == 2
    assert (target / FILE).read_bytes() == content
    assert f"python grader.py reset 2 --target {target}" in capsys.readouterr().out
    assert main(["2", "--target", str(target)]) == 0
    assert (target / FILE).read_bytes() == (stubs / FILE).read_bytes()
    assert kept(target) == [content]


def test_windows_line_ends_and_a_byte_order_mark_stay(target):
    content = b"\xef\xbb\xbf" + solution(2).replace("\n", "\r\n").encode()
    (target / FILE).write_bytes(content)
    assert main(["2", "split_heads", "--target", str(target)]) == 0
    after = (target / FILE).read_bytes()
    assert after.startswith(b"\xef\xbb\xbf")
    assert after.count(b"\n") == after.count(b"\r\n")
    assert b"Phase 2: split_heads" in after
    assert kept(target) == [content]


@pytest.mark.parametrize(
    "content",
    [
        "def other():\n    return '\x0c'\n\x0c\ndef split_heads(x, n):\n    return x",
        "@decorate\n@twice(\n    1)\ndef split_heads(x, n): return x\n\nafter = 1\n",
        "def split_heads(x, n):\n    return 1\n\n\ndef other():\n    pass\n\n\ndef split_heads(x, n):\n    return 2\n",
        "class split_heads:\n    pass\n",
        "other = 1",
        "split_heads = lambda x, n: x",
    ],
    ids=["form-feed", "decorated", "twice", "a-class", "missing", "assigned"],
)
def test_odd_definitions_of_a_task_are_found(content, tmp_path):
    (tmp_path / FILE).write_text(content, encoding="utf-8")
    done = resetting.reset(COURSE[1], tmp_path, "split_heads")
    after = (tmp_path / FILE).read_text(encoding="utf-8")
    compile(after, FILE, "exec")
    assert after.count("def split_heads(") == 1
    assert "@" not in after
    assert "class split_heads" not in after
    assert ("other" in content) == ("other" in after)
    assert ("after = 1" in content) == ("after = 1" in after)
    assert done.kept.read_text(encoding="utf-8") == content


def test_no_copy_ever_overwrites_an_earlier_one(target, monkeypatch):
    monkeypatch.setattr(resetting.time, "strftime", lambda form: "2030-01-01-000000")
    contents = [f"# version {number}\n".encode() for number in range(12)]
    for content in contents:
        (target / FILE).write_bytes(content)
        resetting.reset(COURSE[1], target)
    assert sorted(kept(target)) == sorted(contents)


def test_a_write_that_fails_leaves_the_file_as_it_was(target, monkeypatch, capsys):
    before = (target / FILE).read_bytes()

    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(resetting.os, "replace", full)
    assert main(["2", "--target", str(target)]) == 2
    assert "No space left on device" in capsys.readouterr().out
    assert (target / FILE).read_bytes() == before
    assert [path.name for path in target.iterdir() if path.name.startswith(f".{FILE}")] == []


@pytest.mark.skipif(os.name != "posix", reason="links and modes")
def test_links_and_file_modes_stay(target, tmp_path):
    real = tmp_path / "elsewhere.py"
    (target / FILE).rename(real)
    real.chmod(0o640)
    (target / FILE).symlink_to(real)
    assert main(["2", "--target", str(target)]) == 0
    assert (target / FILE).is_symlink()
    assert "NotImplementedError" in real.read_text(encoding="utf-8")
    assert stat.S_IMODE(real.stat().st_mode) == 0o640


def test_a_folder_in_place_of_the_file_is_refused(target, capsys):
    (target / FILE).unlink()
    (target / FILE).mkdir()
    assert main(["2", "--target", str(target)]) == 2
    assert "not an ordinary file" in capsys.readouterr().out


def test_the_solutions_are_never_reset(target, monkeypatch, capsys):
    monkeypatch.setattr(resetting, "REFERENCE", target)
    before = (target / FILE).read_bytes()
    assert main(["2", "--target", str(target)]) == 2
    assert (target / FILE).read_bytes() == before
    assert "holds the solutions" in capsys.readouterr().out


def test_japanese(target, capsys):
    assert main(["2", "split_heads", "--target", str(target), "--lang", "ja"]) == 0
    assert "スタブに戻しました。" in capsys.readouterr().out


def test_bad_usage_is_status_2_and_names_the_tasks(stubs):
    run = run_grader("reset", "2", "nonsense", "--target", stubs)
    assert (run.status, run.out) == (2, "")
    assert "nonsense" in run.err
    assert "merge_heads" in run.err
    run = run_grader("reset", "--help")
    assert run.status == 0
    assert "python grader.py reset 2 split_heads" in run.out


def test_the_solutions_are_refused_under_any_spelling(monkeypatch, tmp_path):
    # A hard link is one file with two names, as a file is on a disk that takes capitals for small letters.
    reference = tmp_path / "solutions"
    shutil.copytree(REFERENCE, reference, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(resetting, "REFERENCE", reference)
    before = (reference / FILE).read_bytes()
    spellings = {"linked": tmp_path / "linked", "hard": tmp_path / "hard"}
    spellings["linked"].symlink_to(reference)
    spellings["hard"].mkdir()
    os.link(reference / FILE, spellings["hard"] / FILE)
    for target in spellings.values():
        with pytest.raises(resetting.CannotReset) as refused:
            resetting.reset(COURSE[1], target)
        assert refused.value.reason == "reference"
    assert (reference / FILE).read_bytes() == before

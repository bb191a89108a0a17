"""The static check, the reports and the names of files: no submission keeps the grader busy or costs a report."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import time
import tracemalloc
import warnings

import pytest

from kata import cli
from kata.course.phases import COURSE, REFERENCE
from kata.diagnosis import diagnose as diagnosis
from kata.grading import grade as grading
from kata.python_source import syntax_tree
from kata.reports import markdown
from kata.results import FAILED, TestResult, printable
from kata.session_protocol import Judged, TurnGranted
from kata.source import files, tree
from kata.source.files import complaint_about, display_path
from kata.source.neighbours import neighbours_of
from kata.source.rules import check
from kata.source.rules.check import check_phase
from kata.source.tree import MAX_NODES

LONG = 3_000  # of these lines a file that is small enough to be read holds no more
MANY = {
    "assignments": "class A:\n    def f(self):\n" + "        self.label_smoothing = 0\n" * LONG,
    "smoothing classes": "from torch.nn import CrossEntropyLoss\n"
    + "class A(CrossEntropyLoss):\n    def f(self):\n"
    + "        self.label_smoothing = 0\n" * (LONG // 10),
    "targets": " = ".join(f"a{n}" for n in range(LONG)) + " = " + ", ".join(f"b{n}" for n in range(LONG)) + "\n",
    "meanings": "import torch\n" + "".join(f"a = torch.x{n}\n" for n in range(199)) + "a\n" * (10 * LONG),
    "imports of one name": "import os as a\n" * LONG + "a\n" * (10 * LONG),
    "chain": "".join(f"a{n} = a{n + 1}\n" for n in range(LONG)) + f"a{LONG} = a0\n",
    "names": "import torch\n" + "".join(f"x{n} = torch\n" for n in range(LONG // 2)),
    "getattr": "x = " + "getattr(" * 60 + "x" + ", 'a')" * 60 + "\n",
    "statements": "def f():\n" + "    pass\n" * (4 * LONG),
    "functions": "".join("    " * n + f"def f{n}():\n" for n in range(60)) + ("    " * 60 + "pass\n") * (LONG // 8),
}


@pytest.mark.parametrize("source", MANY.values(), ids=MANY)
def test_no_source_keeps_the_check_busy(tmp_path, monkeypatch, source):
    monkeypatch.setattr(files, "MAX_SOURCE", 8 * 2**20)  # in what is larger than it nobody looks
    (tmp_path / COURSE[4].file).write_text(source)
    start = time.process_time()
    check_phase(COURSE[4], tmp_path)
    assert time.process_time() - start < 20.0  # of the machine's; the worst took minutes


def test_python_warns_of_nothing_while_a_submission_is_read():
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        assert syntax_tree('x = "\\\x1b"\ny = 1 is 1\n')
    assert warned == []  # Python quotes the line, control codes and all


def test_what_one_task_builds_on_takes_no_memory_for_each_target(tmp_path):
    chain = " = ".join(f"a{number}" for number in range(LONG)) + " = 0\n"
    (tmp_path / COURSE[1].file).write_text(f"{chain}\n\nclass MultiHeadAttention:\n    x = a0\n    y = split_heads\n")
    tracemalloc.start()
    try:
        assert "split_heads" in neighbours_of(COURSE[1], "MultiHeadAttention", tmp_path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 64 * 2**20  # a set for every target took 378 MiB


def test_what_files_cost_to_read_is_counted_before_they_are_read(tmp_path, monkeypatch):
    read = []
    monkeypatch.setattr(check, "read", lambda path: (read.append(path), tree.read(path))[1])
    many = [f"helper{number}" for number in range(100)]
    (tmp_path / COURSE[0].file).write_text("".join(f"from . import {name}\n" for name in many))
    for name in many:
        (tmp_path / f"{name}.py").write_text("x\n" * (files.MAX_SOURCE // 2))
    assert any("more code than" in finding.what for finding in check_phase(COURSE[0], tmp_path))
    assert len(read) < 5


def test_many_files_share_one_budget(tmp_path):
    body = "".join(f"x{n} = y{n} = z{n}\n" for n in range(MAX_NODES // 20))
    for number in range(12):
        (tmp_path / f"helper{number}.py").write_text(f"from . import helper{number + 1}\n{body}")
    (tmp_path / COURSE[0].file).write_text("from . import helper0\n")
    start = time.process_time()
    findings = check_phase(COURSE[0], tmp_path)
    assert any("more code than" in finding.what for finding in findings)
    assert time.process_time() - start < 60.0


def test_a_link_that_leads_in_circles_is_no_file(tmp_path):
    (tmp_path / "loop.py").symlink_to("loop.py")
    (tmp_path / "one.py").symlink_to("two.py")
    (tmp_path / "two.py").symlink_to("one.py")
    for name in ("loop.py", "one.py"):
        assert "not an ordinary file" in complaint_about(tmp_path / name)


@pytest.mark.parametrize(
    "text",
    [
        "::error::hi",
        "  ::add-mask::x",
        "long words ::error file=a,line=1::hi",
        "x" * 79 + "::warning::hi",
        "##[error]hi",
        "::" + ":" * 71 + "ERROR::hi",
        "x::Stop-Commands::token",
        "done ##vso[task.complete result=Succeeded;]",
        "###teamcity[buildStatus status='SUCCESS']",
        "\x1b[31mred",
        "\udc83\udc81",
    ],
)
def test_nothing_printable_speaks_to_a_terminal_or_ci(text):
    shown = printable(text)
    shown.encode("utf-8")
    for width in range(1, len(shown) + 1):  # wherever it is wrapped
        for start in range(0, len(shown), width):
            line = shown[start:].lstrip().lower()
            assert not line.startswith(("::error", "::add-mask", "::warning", "::stop", "##[")), shown
            assert not re.search(r"##\w*\[", line), shown
    assert "\x1b" not in shown


@pytest.mark.parametrize(
    "text", ["www.evil.example/login", "WWW.evil.example", "boss@evil.example", "xmpp:a@b.example"]
)
def test_nothing_becomes_a_link_in_markdown(text):
    shown = html.unescape(markdown.escape(text))
    assert not re.search(r"@[A-Za-z0-9]", shown)
    assert not re.search(r"(?i)www\.", markdown.escape(text))
    assert shown.replace("\u200b", "") == text


def test_operators_keep_their_names():
    assert printable("aten::relu is no aten::gelu") == "aten::relu is no aten::gelu"


@pytest.fixture
def target(tmp_path):
    folder = tmp_path / os.fsdecode(b"\x89\xdb ::error::x \x1b[31m")
    folder.mkdir()
    for phase in COURSE:
        shutil.copy(REFERENCE / phase.file, folder)
    (folder / "loop.py").symlink_to("loop.py")
    return folder


FILES = {"--json": "a.json", "--junit": "a.xml", "--markdown": "a.md", "--gradescope": "b.json"}


def arguments(target, folder):
    return ["1", "--target", str(target), *(part for o, f in FILES.items() for part in (o, str(folder / f)))]


def test_a_folder_of_any_name_gets_all_its_reports(target, tmp_path, capfd):
    assert cli.main(arguments(target, tmp_path)) == 0
    assert json.loads((tmp_path / "a.json").read_text())["score"] == 100.0
    out = capfd.readouterr().out
    for text in [out, *((tmp_path / file).read_text(encoding="utf-8") for file in FILES.values())]:
        assert "::error::" not in text
        assert "\x1b" not in text


@pytest.mark.parametrize("broken", ["json_report", "junit", "markdown", "gradescope"])
def test_a_writer_that_fails_costs_its_own_report_alone(monkeypatch, tmp_path, capfd, broken):
    def fail(*args, **kwargs):
        raise RuntimeError("planted")

    monkeypatch.setattr(getattr(cli, broken), "render", fail)
    assert cli.main(arguments(REFERENCE, tmp_path)) == 2
    assert len([file for file in FILES.values() if (tmp_path / file).exists()]) == 3
    assert "RuntimeError: planted" in capfd.readouterr().out


def test_a_terminal_that_fails_costs_no_file(monkeypatch, tmp_path):
    monkeypatch.setattr(cli.terminal, "show", lambda *args: 1 / 0)
    assert cli.main(arguments(REFERENCE, tmp_path)) == 2
    assert all((tmp_path / file).exists() for file in FILES.values())


def test_a_check_that_fails_costs_its_phase_alone(monkeypatch):
    real = grading.forbidden_tasks

    def fail(phase, *args):
        if phase.number == 1:
            raise RuntimeError("planted")
        return real(phase, *args)

    monkeypatch.setattr(grading, "forbidden_tasks", fail)
    report = grading.grade(REFERENCE, COURSE[:2])
    assert [phase.score for phase in report.phases] == [0.0, 100.0]
    assert "could not be checked (RuntimeError)" in report.phases[0].tasks[0].message


def test_display_path_can_be_printed(tmp_path):
    assert display_path(tmp_path / "a\x1b[1m" / "b.py").isprintable()


def test_a_diagnosis_that_fails_costs_its_name_alone(monkeypatch):
    told = []
    phase = COURSE[0]
    results = {task.name: TestResult(task.name, phase.id, task.name, True, FAILED, "wrong") for task in phase.tasks[:2]}
    diagnoses = diagnosis.Diagnoses(None, REFERENCE, results, {}, told.append, lambda asked: TurnGranted(True, []))
    calls = []

    def fail(bench, phase_id, task, *args, **kwargs):
        calls.append(task)
        raise TypeError("planted")

    monkeypatch.setattr(diagnosis, "diagnose", fail)
    diagnoses.make()
    assert calls == [task.name for task in phase.tasks[:2]]
    assert told == [Judged((phase.id, name)) for name in calls]

"""The bundle for Gradescope, unpacked into the layout that the service documents and run as it runs it."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

import pytest

from kata.classroom.bundle import Settings, write_bundle
from kata.classroom.gradescope import cores
from kata.course.phases import COURSE
from kata.diagnosis.misconceptions import by_id
from kata.grading.run import MAX_JOBS
from selftest.grader_runs import environment, run_grader
from selftest.submissions import make_target, replaced, solution

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the service runs Linux")

IS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
FIRST_TWO = Settings(phases=(COURSE[0].id, COURSE[1].id))


class Service:
    """Gradescope's folders below a prefix: ``source`` is the unpacked bundle, ``run_autograder`` its copy.

    Args:
        prefix: stands for ``/autograder``.
        bundle: the archive.
    """

    def __init__(self, prefix: Path, bundle: Path) -> None:
        self.prefix = prefix
        prefix.mkdir(exist_ok=True)
        with zipfile.ZipFile(bundle) as archive:
            archive.extractall(prefix / "source")
            for info in archive.infolist():
                os.chmod(prefix / "source" / info.filename, info.external_attr >> 16)
        shutil.copy2(prefix / "source" / "run_autograder", prefix)

    def grade(self, handed_in: Path, *before: str, timeout: float = 200) -> dict:
        """What ``results.json`` holds after an upload.

        Args:
            handed_in: folder whose content is uploaded.
            before: command that starts ``run_autograder``.
            timeout: seconds.
        """
        for name in ("submission", "results"):
            shutil.rmtree(self.prefix / name, ignore_errors=True)
        shutil.copytree(handed_in, self.prefix / "submission", symlinks=True)
        (self.prefix / "results").mkdir()
        if before:
            for path in [self.prefix / "results", self.prefix / "submission", *self.prefix.rglob("submission/**/*")]:
                os.chown(path, 65534, 65534)
        done = subprocess.run(
            [*before, str(self.prefix / "run_autograder")],
            env=environment(AUTOGRADER=str(self.prefix), KATA_PYTHON=sys.executable),
            cwd=self.prefix, capture_output=True, text=True, timeout=timeout, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads((self.prefix / "results" / "results.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def place():
    """A folder that every user may enter; pytest's own are closed."""
    folder = Path(tempfile.mkdtemp(prefix="kata-gradescope-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def service(place):
    write_bundle(place / "bundle.zip", FIRST_TWO)
    return Service(place / "autograder", place / "bundle.zip")


def test_the_archive_holds_what_the_service_asks_for_at_its_root_and_is_the_same_each_time(place):
    write_bundle(place / "one.zip", FIRST_TWO)
    write_bundle(place / "two.zip", FIRST_TWO)
    assert (place / "one.zip").read_bytes() == (place / "two.zip").read_bytes()
    with zipfile.ZipFile(place / "one.zip") as archive:
        modes = {info.filename: info.external_attr >> 16 for info in archive.infolist()}
    for script in ("setup.sh", "run_autograder"):
        assert stat.S_ISREG(modes[script])
        assert modes[script] & 0o111
    assert {name.split("/")[1] for name in modes if "/" in name} >= {"grader.py", "kata", "tests", "solutions"}
    assert not [name for name in modes if ".git/" in name or name.endswith(".pyc") or "selftest" in name]


def test_the_scripts_are_bash(service):
    for script in ("setup.sh", "run_autograder"):
        text = (service.prefix / "source" / script).read_text(encoding="utf-8")
        assert text.startswith("#!/usr/bin/env bash\n")
        subprocess.run(["bash", "-n", str(service.prefix / "source" / script)], check=True, timeout=20)


@pytest.mark.parametrize(
    ("told", "sessions"),
    [("50000 100000\n", 1), ("200000 100000\n", 2), ("max 100000\n", min(os.cpu_count(), MAX_JOBS))],
)
def test_no_more_sessions_than_the_container_has_processors_for(told, sessions, tmp_path):
    (tmp_path / "cpu.max").write_text(told, encoding="ascii")
    assert cores(tmp_path / "cpu.max") == sessions
    assert cores(tmp_path / "nothing") == min(os.cpu_count(), MAX_JOBS)


def test_an_empty_or_broken_upload_says_what_to_hand_in(service, tmp_path):
    uploads = {name: tmp_path / name for name in ("empty", "broken", "others")}
    for folder in uploads.values():
        folder.mkdir()
    (uploads["broken"] / "homework.tar.gz").write_bytes(b"no archive")
    (uploads["others"] / COURSE[4].file).write_text("x = 1\n", encoding="utf-8")
    for name, folder in uploads.items():
        results = service.grade(folder)
        assert results["score"] == 0.0
        assert results["tests"] == []
        assert f"Hand in one or more of {COURSE[0].file}, {COURSE[1].file}" in results["output"], name
    assert "homework.tar.gz cannot be read" in service.grade(uploads["broken"])["output"]
    assert COURSE[4].file in service.grade(uploads["others"])["output"]


def test_stubs_of_the_whole_course_are_to_do(service, tmp_path):
    make_target(tmp_path / "stubs")
    results = service.grade(tmp_path / "stubs")
    assert results["score"] == 0.0
    assert {test["tags"][1] for test in results["tests"][:-1]} == {"todo"}
    assert sum(test["max_score"] for test in results["tests"]) == 200.0


@pytest.mark.parametrize(
    "arguments",
    [["."], ["no/such/place.zip"], ["b.zip", "--phases", "none"], ["b.zip", "--time-limit", "0"], []],
    ids=" ".join,
)
def test_bad_usage_is_told(arguments, tmp_path):
    run = run_grader("gradescope-bundle", *arguments, cwd=tmp_path)
    assert run.status == 2
    assert "usage: python grader.py gradescope-bundle" in run.err
    assert not list(tmp_path.iterdir())


def test_the_command_writes_it_with_its_settings(tmp_path):
    options = ("--phases", "4", "--visibility", "after_due_date", "--lang", "ja", "--seed", "7")
    run = run_grader("gradescope-bundle", "b.zip", *options, "--without-solutions", cwd=tmp_path)
    assert (run.status, run.err) == (0, "")
    assert "100 点" in run.out or "100 points" in run.out
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        settings = json.loads(archive.read("bundle.json"))
        names = archive.namelist()
    assert (settings["phases"], settings["seed"], settings["lang"]) == ([COURSE[3].id], 7, "ja")
    assert settings["visibility"] == "after_due_date"
    assert f"transformer-kata/stubs/{COURSE[3].file}" in names
    assert f"transformer-kata/solutions/{COURSE[2].file}" in names
    assert f"transformer-kata/solutions/{COURSE[3].file}" not in names


@pytest.mark.proof
@pytest.mark.timeout(400)
def test_uploads_of_every_kind_are_graded(service, tmp_path):
    whole = make_target(tmp_path / "whole", solved=(1, 2))
    results = service.grade(whole)
    assert results["score"] == 200.0
    assert results["execution_time"] > 0
    assert {test["status"] for test in results["tests"]} == {"passed"}

    mistake = by_id("split-by-view-alone")
    mistake.write(tmp_path / "written")
    (tmp_path / "single").mkdir()
    shutil.copy(tmp_path / "written" / COURSE[1].file, tmp_path / "single" / "phase2_attention (1).py")
    results = service.grade(tmp_path / "single")
    assert 0 < results["score"] < 100
    assert f"Not handed in: {COURSE[0].file} (100 points)" in results["output"]
    assert {test["name"].split(":")[0] for test in results["tests"][:-1]} == {COURSE[1].id}
    [test] = [test for test in results["tests"] if test["name"].endswith(": split_heads")]
    assert mistake.explanation("en") in test["output"]
    assert mistake.id in test["tags"]

    nested = tmp_path / "nested"
    make_target(nested / "my-kata" / "exercises", solved=(1,))
    make_target(nested / "my-kata" / "backup")
    assert service.grade(nested)["score"] == 100.0

    (tmp_path / "archive").mkdir()
    with tarfile.open(tmp_path / "archive" / "all.tar.gz", "w:gz") as archive:
        archive.add(whole, "exercises")
    assert service.grade(tmp_path / "archive")["score"] == 200.0

    broken = make_target(tmp_path / "syntax", solved=(1,))
    (broken / COURSE[1].file).write_text("def (:\n", encoding="utf-8")
    results = service.grade(broken)
    assert results["score"] == 100.0
    assert sum("is not valid Python" in test["output"] for test in results["tests"]) == len(COURSE[1].tasks)


@pytest.mark.proof
@pytest.mark.skipif(not IS_ROOT, reason="only root can become another user")
@pytest.mark.skipif(not shutil.which("setpriv"), reason="needs setpriv")
@pytest.mark.timeout(300)
def test_it_runs_as_a_user_without_privileges(service, tmp_path):
    folder = make_target(tmp_path / "mine", solved=(2,))
    nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    # From a shell: setpriv itself still finds what only root may.
    trial = [*nobody, "sh", "-c", '"$0" -c "import torch"', sys.executable]
    if subprocess.run(trial, check=False, capture_output=True).returncode:
        pytest.skip(f"other users cannot run {sys.executable}")
    results = service.grade(folder, *nobody)
    assert results["score"] == 100.0
    assert (service.prefix / "results" / "results.json").stat().st_uid == 65534


@pytest.mark.proof
@pytest.mark.skipif(not IS_ROOT, reason="only root can become another user")
@pytest.mark.timeout(300)
def test_started_as_root_it_grades_as_nobody_and_the_results_are_roots(service, tmp_path):
    from kata.classroom import gradescope

    if gradescope._unprivileged() is None:
        pytest.skip(f"other users cannot run {sys.executable}")
    (tmp_path / "mine").mkdir()
    tells = "    import os\n    print('I am', os.getuid())\n    return -encoding.to("
    source = replaced(solution(1), "    return encoding.to(", tells)
    (tmp_path / "mine" / COURSE[0].file).write_text(source, encoding="utf-8")
    results = service.grade(tmp_path / "mine")
    assert "I am 65534" in json.dumps(results)
    assert (service.prefix / "results" / "results.json").stat().st_uid == 0


@pytest.mark.proof
@pytest.mark.timeout(200)
def test_an_upload_that_takes_too_long_has_results_all_the_same(place, tmp_path):
    write_bundle(place / "short.zip", Settings(phases=(COURSE[0].id,), time_limit=1.0, lang="ja"))
    service = Service(place / "short", place / "short.zip")
    results = service.grade(make_target(tmp_path / "mine", solved=(1,)))
    assert results["score"] == 0.0
    assert "打ち切りました" in results["output"]


@pytest.mark.proof
@pytest.mark.timeout(300)
def test_without_solutions_it_grades_on_the_students_own_and_names_no_mistake(place, tmp_path):
    settings = Settings(phases=(COURSE[0].id, COURSE[1].id))
    write_bundle(place / "edition.zip", settings, without_solutions=True)
    service = Service(place / "edition", place / "edition.zip")
    folder = make_target(tmp_path / "mine", solved=(1,))
    wrong = replaced(solution(1), " * math.sqrt(self.d_model)", "")
    (folder / COURSE[0].file).write_text(wrong, encoding="utf-8")
    results = service.grade(folder)
    assert results["score"] == 80.0
    [failed] = [test for test in results["tests"] if test["name"].endswith(": TokenEmbedding")]
    assert "expected" in failed["output"]
    assert failed["extra_data"]["diagnoses"] == []

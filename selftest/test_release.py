"""A student edition holds what a student needs, nothing of the answers, and works by itself."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys

import pytest

from kata.course.phases import COURSE, PROJECT, REFERENCE
from kata.course.release import CannotRelease, release
from kata.course.stubs import make_stub
from selftest.grader_runs import environment
from selftest.submissions import replaced, solution

FIRST = COURSE[:3]


@pytest.fixture(scope="module")
def edition(tmp_path_factory):
    """Phases 1 to 3, without any solution."""
    folder = tmp_path_factory.mktemp("release") / "edition"
    release(folder, FIRST, ())
    return folder


def grader(folder, *arguments):
    """Run the edition's own grader, in its folder."""
    command = [sys.executable, "grader.py", *map(str, arguments)]
    done = subprocess.run(
        command, cwd=folder, env=environment(), capture_output=True, text=True, timeout=200, check=False
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


def report_of(folder, *arguments):
    done = grader(folder, *arguments, "--json", "-")
    return json.loads(done.stdout)


def texts_below(folder):
    """Every text file, but the whole project's own map of the course."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix in (".py", ".md", ".json", ".toml", ".txt"):
            yield path, path.read_text(encoding="utf-8")


def test_nothing_in_it_spells_a_solution_out(tmp_path):
    edition = tmp_path / "all"
    release(edition, COURSE, ())
    for phase in COURSE:
        stub = make_stub(phase, solution(phase.number))
        secret = {line.strip() for line in solution(phase.number).splitlines() if len(line.strip()) > 30}
        secret -= {line.strip() for line in stub.splitlines()}
        secret = {line for line in secret if not line.startswith(("from ", "import "))}  # they say nothing
        for path, text in texts_below(edition):
            found = [line for line in secret if line in text]
            assert not found, f"{path.relative_to(edition)}: {found}"


def test_it_holds_no_history_no_selftests_and_no_patches(edition):
    names = {path.name for path in edition.iterdir()}
    assert not names & {".git", "selftest", "benchmarks", ".ci", ".github"}
    for part in ("misconceptions", "fits"):
        assert not list((edition / "kata" / "diagnosis" / part).glob("phase*.py"))
    assert sorted(path.name for path in (edition / "solutions").iterdir()) == ["__init__.py"]
    assert {path.name for path in (edition / "tests").glob("test_*.py")} == {
        path.name for phase in FIRST for path in phase.suite()
    }


def test_every_page_that_its_readme_links_is_there(edition):
    for name in ("README.md", "README.ja.md"):
        text = (edition / name).read_text(encoding="utf-8")
        assert "selftest" not in text
        assert "whole project" not in text
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
            assert (edition / link).exists(), f"{name}: {link}"


def test_its_notebooks_bear_no_badge_which_leads_to_the_whole_project(monkeypatch, tmp_path):
    published = tmp_path / "published"  # a project whose address is known
    published.mkdir()
    for path in PROJECT.iterdir():
        if path.name != "notebooks":
            (published / path.name).symlink_to(path)
    shutil.copytree(PROJECT / "notebooks", published / "notebooks")
    for path in (published / "notebooks").glob("*/*.ipynb"):
        made = json.loads(path.read_text(encoding="utf-8"))
        badge = {
            "cell_type": "markdown",
            "id": "badge",
            "metadata": {},
            "source": ["https://colab.research.google.com/"],
        }
        made["cells"] = [badge, *(cell for cell in made["cells"] if cell["id"] != "badge")]
        path.write_text(json.dumps(made), encoding="utf-8")
    monkeypatch.setattr("kata.course.release.PROJECT", published)
    release(tmp_path / "edition", FIRST, ())
    for path in (tmp_path / "edition" / "notebooks").glob("*/*.ipynb"):
        made = json.loads(path.read_text(encoding="utf-8"))
        assert made["cells"][0]["id"] == "introduction"
        assert not any("colab.research" in line for cell in made["cells"] for line in cell["source"])


def test_untouched_it_shows_the_three_phases(edition):
    report = report_of(edition)
    assert (report["score"], report["max_score"]) == (0.0, 300.0)
    assert "phase1_embedding.py" in grader(edition).stdout


@pytest.mark.timeout(120)
def test_a_training_leads_to_no_solutions(edition):
    told = grader(edition, "train", "reverse").stdout
    assert "Still to do" in told
    assert "--target solutions" not in told


@pytest.mark.proof
@pytest.mark.timeout(240)
def test_right_and_wrong_phases_are_graded_and_explained(edition, tmp_path):
    folder = tmp_path / "student"
    shutil.copytree(edition, folder)
    for phase in FIRST:
        shutil.copy(REFERENCE / phase.file, folder / "exercises")
    wrong = replaced(solution(2), " / math.sqrt(d_k)", " / d_k")
    (folder / "exercises" / COURSE[1].file).write_text(wrong, encoding="utf-8")
    report = report_of(folder)
    scores = {phase["phase"]: phase["score"] for phase in report["phases"]}
    assert (scores[1], scores[3]) == (100.0, 100.0)
    assert 0 < scores[2] < 100
    task = report["phases"][1]["tasks"][0]
    assert task["state"] == "failed"
    assert "expected" in task["message"]


def test_reset_brings_a_stub_back_without_the_solution(edition, tmp_path):
    folder = tmp_path / "student"
    shutil.copytree(edition, folder)
    path = folder / "exercises" / COURSE[1].file
    before = path.read_text(encoding="utf-8")
    path.write_text("nothing = 1\n", encoding="utf-8")
    assert grader(folder, "reset", "2").returncode == 0
    assert path.read_text(encoding="utf-8") == before
    shutil.rmtree(folder / "stubs")
    path.write_text("nothing = 1\n", encoding="utf-8")
    done = grader(folder, "reset", "2")
    assert done.returncode == 2
    assert "stubs/phase2_attention.py" in done.stdout


def test_a_later_edition_comes_over_an_earlier_one_and_leaves_the_work_alone(edition, tmp_path):
    folder = tmp_path / "student"
    shutil.copytree(edition, folder)
    written = folder / "exercises" / COURSE[0].file
    written.write_text("mine = 1\n", encoding="utf-8")
    release(folder, COURSE[:4], ())
    assert written.read_text(encoding="utf-8") == "mine = 1\n"
    assert (folder / "exercises" / COURSE[3].file).is_file()

    later = tmp_path / "later"
    release(later, COURSE[:5], (), exercises=False)
    assert not list((later / "exercises").glob("phase*.py"))
    shutil.copytree(later, folder, dirs_exist_ok=True)
    done = grader(folder, "4", "5")
    assert "phase5_mechanics.py is new" in done.stderr
    assert (folder / "exercises" / COURSE[4].file).is_file()
    assert written.read_text(encoding="utf-8") == "mine = 1\n"


def test_the_reference_of_earlier_phases_comes_along_if_asked(tmp_path):
    release(tmp_path / "later", COURSE[3:4], COURSE[:3])
    assert {path.name for path in (tmp_path / "later" / "solutions").glob("phase*")} == {p.file for p in COURSE[:3]}
    kept = {path.name[:7] for path in (tmp_path / "later" / "kata" / "diagnosis" / "misconceptions").glob("phase*.py")}
    assert kept == {"phase1_", "phase2_", "phase3_"}


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work", encoding="utf-8")
    with pytest.raises(CannotRelease, match="not empty"):
        release(tmp_path, FIRST, ())
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize("wrong", ["0-3", "7", "a", "3-1", ""])
def test_phases_that_do_not_exist_are_refused(wrong, tmp_path):
    done = subprocess.run(
        [sys.executable, str(PROJECT / "grader.py"), "release", str(tmp_path / "x"), "--phases", wrong],
        env=environment(), cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert not (tmp_path / "x").exists()


@pytest.mark.proof
@pytest.mark.timeout(240)
def test_a_phase_without_reference_below_it_is_tested_with_the_students_own(tmp_path):
    folder = tmp_path / "student"
    release(folder, COURSE[:4], ())
    for phase in COURSE[:4]:
        shutil.copy(REFERENCE / phase.file, folder / "exercises")
    assert report_of(folder, "4")["score"] == 100.0
    path = folder / "exercises" / COURSE[1].file
    path.write_text(replaced(solution(2), " / math.sqrt(d_k)", ""), encoding="utf-8")
    done = grader(folder, "4")
    assert "tested with your own phase" in done.stdout
    report = report_of(folder, "4")
    assert report["score"] < 100.0
    assert "phase2_attention" in report["phases"][0]["tested_with_own"]

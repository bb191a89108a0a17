"""After the pass: what is named once a phase is complete, and the page to keep once everything is."""

from __future__ import annotations

import base64
import json
import re

import pytest

from kata import __version__
from kata.commands.certificate import trainings
from kata.course.phases import COURSE, DEFAULT_TARGET
from kata.grading.scoring import PhaseScore, Report, TaskScore
from kata.i18n import LANGUAGES
from kata.reports import certificate, terminal
from selftest.grader_runs import run_grader
from selftest.submissions import make_target

TRAINING = certificate.Training("reverse", 1200, 0.995, 185.2)


def report_of(phases=COURSE, state="passed", assembled=True):
    scores = [
        PhaseScore(
            phase, tuple(TaskScore(task.name, state, task.points, task.points, 5, 5) for task in phase.tasks), 1.25
        )
        for phase in phases
    ]
    return Report("exercises", 7, tuple(scores), assembled)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Two small pictures, with an English and a Japanese text inside."""
    from matplotlib.figure import Figure

    found = []
    for phase, text in zip(COURSE, ("Clock hands & more", "時計の針")):
        path = tmp_path_factory.mktemp("pictures") / "a.png"
        Figure(figsize=(0.5, 0.5)).savefig(path, metadata={"Description": text})
        found.append((phase, path))
    return found


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_page_holds_everything_that_makes_it_ones_own(lang, pictures):
    page = certificate.render(report_of(), pictures, [TRAINING], "2026-01-31", lang, "A <b> C")
    duration = "3 分 5 秒" if lang == "ja" else "3 min 5 s"
    assert "A &lt;b&gt; C" in page
    for held in (
        "600",
        "99.5%",
        "1,200",
        duration,
        "2026-01-31",
        f"Transformer Kata {__version__}",
        "torch ",
        "numpy ",
    ):
        assert held in page
    assert re.search("seed 7|シード 7", page)
    assert page.count("<td>1.2</td>") == len(COURSE)  # seconds
    assert all(phase.title(lang) in page for phase in COURSE)
    assert 'alt="Clock hands &amp; more"' in page
    assert 'alt="時計の針"' in page
    for _, path in pictures:
        assert base64.b64encode(path.read_bytes()).decode() in page
    assert certificate.SENTENCES["worth"][LANGUAGES.index(lang)] in page
    assert certificate.SENTENCES["worth"][1 - LANGUAGES.index(lang)] not in page


def test_the_page_asks_no_other_machine_for_anything(pictures):
    page = certificate.render(report_of(), pictures, [], "2026-01-31", "en")
    assert not re.search(r"""https?:|src="(?!data:)|@import|<script|<link""", page)
    assert "<code>python grader.py train reverse</code>" in page


def test_without_pictures_the_page_says_how_to_get_them():
    assert "brings matplotlib" in certificate.render(report_of(), [], [TRAINING], "2026-01-31", "en")


def test_trainings_are_read_and_damaged_ones_left_out(tmp_path):
    good = {"toy": "reverse", "validations": [{"step": 100, "exact": 0.5}, {"step": 200, "exact": 0.75}]}
    for name, text in (
        ("reverse", json.dumps(good)),
        ("en-ja", json.dumps({**good, "toy": "en-ja", "seconds": 61.5})),
        ("copy", "{"),
        ("sort", json.dumps({"toy": "sort", "validations": []})),
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / "history.json").write_text(text)
    timed, untimed = certificate.Training("en-ja", 200, 0.75, 61.5), certificate.Training("reverse", 200, 0.75)
    assert trainings(tmp_path) == [timed, untimed]
    assert trainings(tmp_path / "nowhere") == []


@pytest.mark.parametrize(
    ("seconds", "en", "ja"),
    [
        (0.2, "1 s", "1 秒"),
        (59.4, "59 s", "59 秒"),
        (59.6, "1 min 0 s", "1 分 0 秒"),
        (185.2, "3 min 5 s", "3 分 5 秒"),
        (7265.0, "2 h 1 min", "2 時間 1 分"),
    ],
)
def test_a_duration_is_told_in_two_units_at_most(seconds, en, ja):
    assert (certificate.duration(seconds, "en"), certificate.duration(seconds, "ja")) == (en, ja)


def test_a_training_whose_time_is_not_known_claims_none():
    assert certificate.Training("sort", 50, 1.0).told("en").endswith("after 50 steps")
    assert " in 3 min 5 s" in TRAINING.told("en") and "(3 分 5 秒)" in TRAINING.told("ja")


def test_before_everything_passes_there_is_no_page(tmp_path):
    target = make_target(tmp_path / "mine")
    run = run_grader("certificate", "--target", target, "--into", tmp_path / "out")
    assert run.status == 1
    assert "0 / 600" in run.out
    assert "Next: write sinusoidal_encoding in " in run.out
    assert not (tmp_path / "out").exists()


@pytest.mark.proof
@pytest.mark.timeout(600)
def test_the_command_writes_the_page_with_a_picture_of_every_phase(tmp_path):
    run = run_grader("certificate", "--target", "solutions", "--into", tmp_path / "out", timeout=580)
    assert run.status == 0, run.out + run.err
    page = (tmp_path / "out" / "certificate.html").read_text(encoding="utf-8")
    assert all(f"<h3>{phase.number} {phase.title('en')}</h3>" in page for phase in COURSE[:5])
    assert page.count("data:image/png;base64,") >= 10


# -- what the report names after a pass --


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_complete_phase_names_pictures_questions_solution_and_the_next_lesson(lang):
    told = "\n".join(terminal.after_the_pass(report_of(COURSE[1:2]), DEFAULT_TARGET, lang))
    for named in ("show 2", "solutions 2", f"lessons/{lang}/phase2_attention.md#questions", f"{lang}/phase3_layers.md"):
        assert named in told


def test_the_whole_course_names_the_page_to_keep_and_only_once_the_six_files_work_together():
    [line] = terminal.after_the_pass(report_of(), DEFAULT_TARGET)
    assert line.endswith("python grader.py certificate")
    assert terminal.after_the_pass(report_of(assembled=False), DEFAULT_TARGET) == []


def test_nothing_is_named_before_the_pass():
    assert terminal.after_the_pass(report_of(COURSE[1:2], "failed"), DEFAULT_TARGET) == []
    assert terminal.after_the_pass(report_of(COURSE[:2]), DEFAULT_TARGET) == []

"""A class: submissions are found however they were handed in, no result is lost, and the map shows what they have."""

from __future__ import annotations

import csv
import json
import re
import shutil
import tarfile
import zipfile

import pytest

from kata.classroom import page, records
from kata.classroom.likeness import alike, shapes
from kata.classroom.submissions import PHASE_FILES, find
from kata.commands import class_report
from kata.course.phases import COURSE, REFERENCE
from kata.diagnosis.misconceptions import of_task
from kata.grading.warm_grade import Cache, _files_of, _key
from kata.reports import markdown
from kata.results import ASSEMBLED, ERROR, FAILED, PASSED, Results, TestResult
from selftest.grader_runs import run_grader
from selftest.submissions import make_target, replaced, solution

ATTENTION = COURSE[1].file


def handed_in(folder):
    """The submissions of a folder, by name."""
    return {submission.name: submission for submission in find(folder)}


def test_folders_clones_archives_and_single_files_are_found(tmp_path):
    make_target(tmp_path / "plain")
    make_target(tmp_path / "clone" / "kata" / "exercises", solved=(1,))
    make_target(tmp_path / "clone" / "kata" / "old")
    shutil.copytree(REFERENCE, tmp_path / "clone" / ".git" / "solutions")
    source = make_target(tmp_path / "plain")
    with zipfile.ZipFile(tmp_path / "zipped.zip", "w") as archive:
        for path in source.glob("*.py"):
            archive.write(path, f"top/exercises/{path.name}")
        archive.writestr("__MACOSX/top/exercises/phase1_embedding.py", "junk")
    with tarfile.open(tmp_path / "tarred.tar.gz", "w:gz") as archive:
        archive.add(source, "mine")
    (tmp_path / "surname_17_phase2_attention.py").write_text("x = 1\n", encoding="utf-8")
    (tmp_path / "surname_17_phase1_embedding-1.py").write_text("y = 1\n", encoding="utf-8")
    (tmp_path / "notes.txt").write_text("nothing", encoding="utf-8")
    found = handed_in(tmp_path)
    assert sorted(found) == ["clone", "plain", "surname_17", "tarred", "zipped"]
    for name in ("plain", "clone", "zipped", "tarred"):
        assert set(PHASE_FILES) <= set(found[name].files), name
        assert not found[name].problem
    assert found["clone"].files[COURSE[0].file].decode() == solution(1)  # of `exercises`, not of `old` or `.git`
    assert found["surname_17"].files == {ATTENTION: b"x = 1\n", COURSE[0].file: b"y = 1\n"}


def test_what_cannot_be_read_has_a_reason_and_loses_nothing(tmp_path):
    make_target(tmp_path / "right")
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04 no archive")
    (tmp_path / "broken.tar.gz").write_bytes(b"nothing")
    (tmp_path / "empty").mkdir()
    (tmp_path / "phase1_embedding.py").write_text("x = 1\n", encoding="utf-8")
    (tmp_path / "homework.py").write_text("x = 1\n", encoding="utf-8")
    found = handed_in(tmp_path)
    assert not found["right"].problem
    for name in ("broken", "empty", "phase1_embedding.py", "homework.py"):
        assert found[name].problem, name
        assert not found[name].files


def test_an_archive_writes_nothing_to_the_disk_and_leads_nowhere(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("../../phase1_embedding.py", "x = 1\n")
    with tarfile.open(tmp_path / "b.tar", "w") as archive:
        link = tarfile.TarInfo("phase1_embedding.py")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    before = sorted(tmp_path.parent.rglob("*.py"))
    found = handed_in(tmp_path)
    assert found["a"].files == {COURSE[0].file: b"x = 1\n"}
    assert found["b"].files == {COURSE[0].file: b""}
    assert sorted(tmp_path.parent.rglob("*.py")) == before


def record(name, score=0.0, states=(), mistakes=(), problem=""):
    """A record as the pool makes it."""
    tasks = [
        {"name": task.name, "state": dict(states).get(task.name, "todo"), "score": 0.0, "max_score": 1.0, "passed": 0,
         "total": 1, "message": "<b>bold</b>", "diagnosis": {"id": dict(mistakes)[task.name], "en": "e", "ja": "j"}
         if task.name in dict(mistakes) else None, "diagnoses": [{"id": "x", "en": "not <b> but `c`", "ja": "`c`"}]}
        for task in COURSE[1].tasks
    ]  # fmt: skip
    phases = [{"phase": 2, "id": COURSE[1].id, "score": score, "max_score": 100.0, "tasks": tasks}]
    report = {"score": score, "max_score": 100.0, "assembled": False, "trust": "", "phases": phases}
    return {"name": name, "digest": "d", "seconds": 1.5, "report": None if problem else report, "markdown": "# x\n",
            "problem": problem, "shapes": {}}  # fmt: skip


def test_results_are_kept_line_by_line_and_a_line_that_was_cut_off_is_none(tmp_path):
    log = tmp_path / "class.jsonl"
    assert records.read(log) == []
    records.append(log, record("a", 1.0))
    records.append(log, record("b", 2.0))
    records.append(log, record("a", 3.0))
    with open(log, "a", encoding="utf-8") as stream:
        stream.write('{"name": "c", "dig')
    assert {one["name"]: one["report"]["score"] for one in records.read(log)} == {"a": 3.0, "b": 2.0}


def test_the_table_has_a_row_a_student_and_no_formula(tmp_path):
    found = [
        record("zoe", 40.0, {"split_heads": "passed", "merge_heads": "failed"}.items(), {"merge_heads": "m-1"}.items()),
        record("=cmd()", problem="=evil"),
        record("＝cmd()", problem="＠evil"),
    ]
    records.write_csv(tmp_path / "class.csv", found, COURSE[1:2])
    with open(tmp_path / "class.csv", encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["name"] for row in rows] == ["'=cmd()", "zoe", "'＝cmd()"]
    assert [row["problem"] for row in rows] == ["'=evil", "", "'＠evil"]
    assert (rows[1]["total"], rows[1]["phase2"]) == ("40.0", "40.0")
    assert (rows[1]["split_heads"], rows[1]["merge_heads"]) == ("passed", "failed")
    assert (rows[1]["mistakes"], rows[1]["seconds"], rows[1]["assembled"]) == ("m-1", "1.5", "no")


def test_why_a_submission_cannot_be_read_is_no_markdown(tmp_path):
    phases = COURSE[1:2]
    options = class_report.make_parser().parse_args([str(tmp_path), "--into", str(tmp_path)])
    problem = "# Kata: 600 / 600 ![x](https://evil.example/x.png) @everyone <b>100</b>"
    class_report._write(options, [{**record("a", problem=problem), "markdown": ""}, record("b", 1.0)], phases)
    [page] = (tmp_path / "reports").glob("001-*.md")
    assert page.read_text(encoding="utf-8") == f"{markdown.escape(problem)}\n"
    assert not re.search(r"(?m)^#|[^\\]\[|://|@\w|<b>", page.read_text(encoding="utf-8"))


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_the_map_shows_everybody_and_asks_nobody_for_anything(tmp_path, lang):
    mistake = {"split_heads": of_task("split_heads")[0].id}
    found = [
        {**record("<script>alert(1)</script>", 10.0, {"split_heads": "failed"}.items(), mistake.items()), "page": "1"},
        {**record("b", 90.0, {"split_heads": "passed", "merge_heads": "error"}.items()), "page": "2"},
        {**record("lost", problem="cannot be read"), "page": "3"},
    ]
    page.write_class(tmp_path / "class.html", found, COURSE[1:2], lang, "reports")
    text = (tmp_path / "class.html").read_text(encoding="utf-8")
    assert "<script" not in text
    assert not re.search(r"(src|href)=\"?(https?:|//)|@import|url\(", text)
    assert "cannot be read" in text
    assert of_task("split_heads")[0].explanation(lang).split("`")[0][:20] in text
    assert text.index(">b</a>") < text.index("alert(1)")  # the strongest first
    page.write_student(tmp_path / "one.html", found[0], COURSE[1:2], lang)
    text = (tmp_path / "one.html").read_text(encoding="utf-8")
    assert "&lt;b&gt;bold" in text
    assert {"en": "not &lt;b&gt; but <code>c</code>", "ja": "<code>c</code>"}[lang] in text


def test_the_table_says_what_the_machine_and_not_the_student_lacks(tmp_path):
    found = record("a", 40.0)
    found["report"]["phases"][0]["tasks"][0]["points_not_gradable"] = 2.5
    records.write_csv(tmp_path / "class.csv", [found], COURSE[1:2])
    assert "2.5 points cannot be graded on this machine" in (tmp_path / "class.csv").read_text(encoding="utf-8-sig")


def test_copies_are_found_under_other_names_and_comments_and_others_are_not():
    copy = solution(2).replace("scores", "energies").replace('"""', '"""Mine. ', 1)
    other = replaced(solution(2), " / math.sqrt(d_k)", " * d_k ** -0.5")
    known = {
        "copy": shapes({ATTENTION: copy.encode()}, COURSE),
        "other": shapes({ATTENTION: other.encode()}, COURSE),
        "same": shapes({ATTENTION: other.replace("scores", "s").encode()}, COURSE),
        "broken": shapes({ATTENTION: b"def (:"}, COURSE),
    }
    groups = alike(known, {name: set() for name in known})
    assert [(phase.number, names) for phase, names in groups] == [(2, ["solutions", "copy"]), (2, ["other", "same"])]
    assert alike(known, {name: {COURSE[1].id} for name in known}) == []


def test_what_a_phase_depends_on_and_nothing_else_decides_whether_it_is_graded_again(tmp_path):
    target = make_target(tmp_path / "handed-in", solved=(2, 3, 4))
    phase3, phase4 = COURSE[2].id, COURSE[3].id

    def keys():
        return {part: _key(part, _files_of(part, target), 0) for part in (phase3, phase4, ASSEMBLED)}

    def changed(name, text):
        before = keys()
        (target / name).write_text(text, encoding="utf-8")
        return {part for part, key in keys().items() if key != before[part]}

    files = _files_of(phase3, target)
    assert len({_key(phase3, files, 0), _key(phase3, files, 1), _key(phase3, files, 0, ["LayerNorm"])}) == 3
    assert COURSE[4].file not in files
    assert changed(COURSE[0].file, "x = 1\n") == {ASSEMBLED}
    assert changed(ATTENTION, "x = 2\n") == {ASSEMBLED}  # phase 4 is tested with the reference's
    assert changed(COURSE[2].file, f"from .{COURSE[4].id} import padding_mask\n") == {phase3, ASSEMBLED}
    assert changed(COURSE[2].file, f"from .ｐ{COURSE[4].id[1:]} import padding_mask\n") == {phase3, ASSEMBLED}
    assert changed(COURSE[4].file, "import helper\n") == {phase3, ASSEMBLED}
    assert changed("helper.py", "y = 1\n") == {phase3, phase4, ASSEMBLED}


def test_errors_are_tried_again():
    cache = Cache()
    results = [TestResult("a", COURSE[1].id, "split_heads", True, state) for state in (PASSED, FAILED, ERROR)]
    cache.put("right", Results(tests=results[:2]))
    cache.put("broken", Results(tests=results))
    assert cache.get("right").tests == results[:2]
    assert cache.get("broken") is None


@pytest.mark.parametrize("wrong", [["nowhere"], [".", "--jobs", "0"], [".", "--shard", "4/3"], [".", "--shard", "x"]])
def test_bad_usage_is_told(wrong, tmp_path):
    run = run_grader("class", *wrong, cwd=tmp_path)
    assert run.status == 2
    assert "Traceback" not in run.err


def test_a_folder_without_submissions_says_what_one_looks_like(tmp_path):
    run = run_grader("class", tmp_path, cwd=tmp_path)
    assert run.status == 2
    assert "name_phase2_attention.py" in run.err


@pytest.mark.proof
@pytest.mark.timeout(400)
def test_a_class_scores_as_single_runs_do_and_goes_on_where_it_stopped(tmp_path):
    folder = tmp_path / "handed-in"
    make_target(folder / "right", solved=(1, 2))
    make_target(folder / "same", solved=(1, 2))
    make_target(folder / "stub")
    wrong = make_target(folder / "wrong", solved=(1, 2))
    (wrong / ATTENTION).write_text(replaced(solution(2), " / math.sqrt(d_k)", ""), encoding="utf-8")
    (folder / "broken.zip").write_bytes(b"nothing")
    options = ("class", folder, "--phases", "1-2", "--jobs", "2", "--into", tmp_path / "out")
    run = run_grader(*options, cwd=tmp_path, timeout=300)
    assert run.status == 0, run.err
    found = {one["name"]: one for one in records.read(tmp_path / "out" / "class.jsonl")}
    assert found["broken"]["problem"]
    for name in ("right", "same", "stub", "wrong"):
        single = run_grader("1", "2", "--target", folder / name, "--json", "-").report
        for part in ("score", "phases"):
            without_time = [json.loads(re.sub(r'"seconds": [\d.]+', '"seconds": 0', json.dumps(one[part])))
                            for one in (single, found[name]["report"])]  # fmt: skip
            assert without_time[0] == without_time[1], name
    assert found["wrong"]["report"]["phases"][1]["tasks"][0]["diagnosis"]
    table = (tmp_path / "out" / "class.csv").read_bytes()

    log = tmp_path / "out" / "class.jsonl"
    lines = [line for line in log.read_text(encoding="utf-8").splitlines() if '"wrong"' not in line[:20]]
    log.write_text("\n".join([*lines, '{"name": "wro']), encoding="utf-8")
    run = run_grader(*options, "--resume", cwd=tmp_path, timeout=300)
    assert run.status == 0, run.err
    assert "right: " not in run.err  # nothing is graded twice
    seconds = re.compile(rb",[\d.]+,([^,]*)\r\n")
    assert seconds.sub(rb",S,\1\r\n", (tmp_path / "out" / "class.csv").read_bytes()) == seconds.sub(
        rb",S,\1\r\n", table
    )
    assert sorted(path.suffix for path in (tmp_path / "out" / "reports").iterdir()) == [".html"] * 5 + [".md"] * 5

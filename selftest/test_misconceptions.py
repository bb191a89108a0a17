"""The catalogue of misconceptions is whole, its mistakes lose points, and they are named to the learner."""

from __future__ import annotations

import ast
import json
import re
from collections import Counter
from dataclasses import replace

import pytest

from kata.course.phases import COURSE, PROJECT
from kata.diagnosis.misconceptions import Misconception, also, by_id, catalogue, of_task
from kata.diagnosis.misconceptions.__main__ import TABLE, table
from selftest import misconceptions
from selftest.grader_runs import run_grader, tasks_of
from selftest.submissions import make_target

ENTRIES = catalogue()
JAPANESE = re.compile(r"[\u3040-\u30ff]")


def test_there_are_enough_for_every_phase_and_task():
    assert len(ENTRIES) >= 120
    assert all(count >= 12 for count in Counter(entry.phase.number for entry in ENTRIES).values())
    own = Counter(entry.task for entry in ENTRIES)
    assert {task.name: own[task.name] for phase in COURSE for task in phase.tasks if own[task.name] < 3} == {}


def test_every_id_is_there_once_and_plain():
    assert [name for name, count in Counter(entry.id for entry in ENTRIES).items() if count > 1] == []
    plain = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
    assert [entry.id for entry in ENTRIES if not plain.fullmatch(entry.id.partition("=")[0])] == []
    assert [entry.id for entry in ENTRIES if entry.fitted != ("=" in entry.id)] == []


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)
def test_every_mistake_is_a_small_change_of_its_own_task(entry):
    names = {task.name for task in entry.phase.tasks}
    assert set(entry.also) <= names - {entry.task}
    ast.parse(entry.source())  # all that is to be replaced stands in the solution once
    affected = misconceptions.affected_tasks(entry)
    assert entry.task in affected
    assert set(entry.also) <= set(affected)
    assert entry in of_task(entry.task)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)
def test_every_mistake_is_explained_in_both_languages(entry):
    assert len(entry.en) > 80
    assert JAPANESE.search(entry.ja)
    assert not JAPANESE.search(entry.en)
    assert entry.en.rstrip()[-1] in ".`)!"
    assert entry.ja.rstrip()[-1] in "。`）"
    for lang in ("en", "ja"):
        lesson = PROJECT / entry.phase.lesson(lang)
        if lesson.is_file():
            assert f'<a id="{entry.lesson}"></a>' in lesson.read_text(encoding="utf-8")
        assert f"{entry.phase.lesson(lang)}#{entry.lesson}" in entry.explanation(lang)


def test_the_table_of_known_mistakes_is_written_from_the_entries():
    assert TABLE.read_text(encoding="utf-8") == table(), "run python -m kata.diagnosis.misconceptions"
    assert all(f"`{entry.id}`" in table() for entry in ENTRIES)


@pytest.mark.parametrize("entry", [entry for entry in ENTRIES if entry.met], ids=lambda entry: entry.id)
def test_where_a_mistake_was_met_is_an_address(entry):
    assert all(re.fullmatch(r"https://[^\s|<>]+", place) for place in entry.met)


def test_what_other_tasks_lose_is_told_of_known_mistakes_alone():
    assert set(also()) <= {entry.id for entry in ENTRIES}
    assert all(also().values())


def test_the_proof_writes_down_which_other_tasks_lose_points_under_every_seed(tmp_path):
    entry, other = by_id("split-by-view-alone"), by_id("mask-inverted")
    finding = misconceptions.Finding(entry, lost={(0, "merge_heads"), (1, "merge_heads"), (1, "MultiHeadAttention")})
    misconceptions.write_also([finding], [0, 1], tmp_path / "also.json")
    written = json.loads((tmp_path / "also.json").read_text(encoding="utf-8"))
    assert written == {**also(), entry.id: ["merge_heads"]}
    assert written[other.id] == list(other.also)


def test_a_change_reaches_the_tasks_that_use_it_and_no_others():
    edits = (("    d_k = query.size(-1)\n", "    d_k = query.size(-2)\n"),)
    entry = Misconception("x", "scaled_dot_product_attention", edits, "", "", "scaling")
    assert misconceptions.affected_tasks(entry) == ["scaled_dot_product_attention", "MultiHeadAttention"]


def test_the_grader_names_a_known_mistake(tmp_path):
    entry = next(entry for entry in ENTRIES if entry.task == "TokenEmbedding")
    target = make_target(tmp_path / "mine", solved=tuple(range(1, 7)))
    (target / entry.phase.file).write_text(entry.source(), encoding="utf-8")
    run = run_grader("1", "--target", target, "--json", tmp_path / "report.json", "--lang", "ja")
    report = tasks_of(json.loads((tmp_path / "report.json").read_text(encoding="utf-8")))
    expected = {"id": entry.id, "en": entry.explanation("en"), "ja": entry.explanation("ja")}
    assert report["TokenEmbedding"]["diagnosis"] == expected
    assert report["PositionalEncoding"]["diagnosis"] is None
    assert "".join(entry.ja.split()) in "".join(run.out.split())


@pytest.mark.proof
@pytest.mark.timeout(2400)
def test_every_mistake_is_caught_and_named_and_one_in_four_is_caught_under_another_seed():
    # `python -m selftest.misconceptions` takes all six seeds
    findings = misconceptions.find(ENTRIES, misconceptions.SEEDS[:2], one_in=4)
    assert misconceptions.holds(findings), misconceptions.table(findings)


@pytest.mark.parametrize(
    "change", [{"escaped": [(0, "x")]}, {"spilled": [(1, "x")]}, {"named": "another"}, {"named": ""}]
)
def test_a_hole_in_a_suite_or_a_wrong_name_is_told(change):
    good = [misconceptions.Finding(entry, named=entry.id, diagnosed=True) for entry in ENTRIES[:10]]
    assert misconceptions.holds(good)
    assert not misconceptions.holds([*good[:-1], replace(good[-1], **change)])
    assert "10 known" in misconceptions.table(good)

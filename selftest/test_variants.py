"""Right answers in other styles get full marks."""

from __future__ import annotations

import pytest

from kata.course.phases import COURSE
from selftest import variants
from selftest.grader_runs import run_grader
from selftest.submissions import replaced
from selftest.variants.__main__ import prove

ALL = variants.variants()


def test_there_are_enough_and_each_says_what_it_does_differently():
    assert len(ALL) >= 40
    assert {variant.phase for variant in ALL} == set(COURSE)
    assert [variant.name for variant in ALL if len(variant.about) < 20] == []


def test_no_two_are_the_same():
    sources = [variant.path.read_bytes() for variant in ALL]
    assert len(set(sources)) == len(sources)


@pytest.mark.proof
@pytest.mark.timeout(120)
def test_a_wrong_variant_is_told(tmp_path):
    phase = COURSE[1]
    path = tmp_path / "wrong.py"
    text = (variants.REFERENCE / phase.file).read_text(encoding="utf-8")
    path.write_text(replaced(text, "key.transpose(-2, -1) / math.sqrt(d_k)", "key.transpose(-2, -1)"), encoding="utf-8")
    ((_, wrong),) = variants.complaints([variants.Variant(phase, path)], 0, False)
    assert any("test_attention_is_equation_1_of_the_paper" in line for line in wrong)


@pytest.mark.proof
@pytest.mark.timeout(600)
def test_a_folder_of_variants_scores_everything(tmp_path):
    target = tmp_path / "mine"
    target.mkdir()
    for phase in COURSE:
        variant = next(variant for variant in ALL if variant.phase == phase)
        (target / phase.file).write_bytes(variant.path.read_bytes())
    report = run_grader("--target", target, "--json", "-", timeout=500).report
    assert (report["score"], report["assembled"]) == (600.0, True)


@pytest.mark.proof
@pytest.mark.timeout(2400)
def test_every_variant_gets_full_marks():
    found = prove(ALL, variants.SEEDS[:1])  # `python -m selftest.variants` takes all six
    assert {f"{variant.phase.id}/{variant.name}": wrong for variant, wrong in found.items() if wrong} == {}

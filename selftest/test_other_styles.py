"""A mistake is named in code that looks nothing like the solution."""

from __future__ import annotations

import pytest

from kata.course.phases import COURSE
from kata.diagnosis.misconceptions import by_id
from kata.grading.session_client import WarmSession
from kata.session_protocol import Diagnosed
from selftest.mistakes_in_variants import MADE
from selftest.submissions import make_target, replaced
from selftest.variants import HERE


def made_in(phase_id):
    """(variant, misconception's id, edits) of a phase."""
    return [
        (name, known, edits)
        for name, made in MADE.items()
        if name.startswith(phase_id)
        for known, edits in made.items()
    ]


def source_of(variant, edits):
    source = (HERE / f"{variant}.py").read_text(encoding="utf-8")
    for find, replacement in edits:
        source = replaced(source, find, replacement)
    return source


def test_every_mistake_can_be_made():
    for phase in COURSE:
        assert len(made_in(phase.id)) >= 7
        for variant, known, edits in made_in(phase.id):
            compile(source_of(variant, edits), variant, "exec")
            assert by_id(known).phase == phase


@pytest.mark.proof
@pytest.mark.timeout(600)
@pytest.mark.parametrize("phase", COURSE, ids=lambda phase: phase.id)
def test_a_known_mistake_is_named_in_another_style(phase, tmp_path):
    named = {}
    with WarmSession([phase]) as session:
        for variant, known, edits in made_in(phase.id):
            target = make_target(tmp_path / f"{variant}-{known}".replace("/", "-"), solved=tuple(range(1, 7)))
            (target / phase.file).write_text(source_of(variant, edits), encoding="utf-8")
            events = session.run(phase.id, target, [by_id(known).task])
            named[variant, known] = [event.id for event in events if isinstance(event, Diagnosed)]
    assert named == {(variant, known): [known] for variant, known, _ in made_in(phase.id)}

"""A mistake is named in code that looks nothing like the solution."""

from __future__ import annotations

import pytest

from kata.course.phases import COURSE
from kata.diagnosis.misconceptions import by_id
from kata.grading.session_client import WarmSession
from kata.session_protocol import Diagnosed
from selftest.mistakes_in_variants import MADE, TOGETHER
from selftest.submissions import make_target, replaced
from selftest.variants import HERE


def made_in(phase_id):
    """(variant, ids of the mistakes, edits) of a phase."""
    return [
        (name, known.split(" + "), edits)
        for table in (MADE, TOGETHER)
        for name, made in table.items()
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
            assert {by_id(each).phase for each in known} == {phase}


@pytest.mark.proof
@pytest.mark.timeout(600)
@pytest.mark.parametrize("phase", COURSE, ids=lambda phase: phase.id)
def test_known_mistakes_are_named_in_another_style(phase, tmp_path):
    named, made = {}, {}
    with WarmSession([phase]) as session:
        for number, (variant, known, edits) in enumerate(made_in(phase.id)):
            target = make_target(tmp_path / str(number), solved=tuple(range(1, 7)))
            (target / phase.file).write_text(source_of(variant, edits), encoding="utf-8")
            events = list(session.run(phase.id, target, sorted({by_id(each).task for each in known})))
            case = f"{variant}: {' + '.join(known)}"
            named[case] = {name for event in events if isinstance(event, Diagnosed) for name in event.ids}
            made[case] = set(known)
    assert named == made

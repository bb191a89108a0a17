"""A guest gets the reference of the phases that its phase builds on, and nothing that shows where it comes from."""

from __future__ import annotations

import base64
import marshal
import types

import pytest

from kata.course.dependencies import builds_on
from kata.course.phases import COURSE, REFERENCE
from kata.grading import run as running
from kata.sandbox.host.reference import compiled
from kata.sandbox.loader import VirtualPackage
from kata.session_protocol import Part


def numbers(*ids):
    return [phase.number for phase in COURSE if phase.id in ids]


def test_a_phase_is_tested_with_what_it_imports_and_what_its_suite_asks_for():
    assert {phase.number: numbers(*builds_on(phase.id)) for phase in COURSE} == {
        1: [], 2: [], 3: [], 4: [1, 2, 3], 5: [], 6: [1, 2, 3, 4, 5],
    }  # fmt: skip


def test_a_phase_whose_reference_is_not_there_is_left_out(tmp_path):
    for phase in COURSE:
        if phase.number in (1, 4):
            (tmp_path / phase.file).write_bytes((REFERENCE / phase.file).read_bytes())
    assert numbers(*builds_on("phase4_transformer", tmp_path)) == [1]


def test_phases_are_judged_before_a_guest_holds_their_reference():
    parts = running._parts(running.Plan(COURSE, REFERENCE, 0))
    assert sorted(parts) == sorted(Part(phase.id, task.name) for phase in COURSE for task in phase.tasks)
    for place, part in enumerate(parts):
        assert not {later.phase for later in parts[place:]} & set(builds_on(part.phase)), part


@pytest.mark.parametrize("sessions", [1, 2, 3, 4])
def test_sessions_begin_with_different_phases_and_ask_for_all_of_them(sessions):
    parts = running._parts(running.Plan(COURSE, REFERENCE, 0))
    orders = [running._begun_elsewhere(parts, place, sessions) for place in range(sessions)]
    assert len({order[0].phase for order in orders}) == sessions
    for order in orders:
        assert sorted(order) == sorted(parts)
        for place, part in enumerate(order):
            assert not {later.phase for later in order[place:]} & set(builds_on(part.phase)), part


def every_code(code):
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from every_code(constant)


@pytest.mark.parametrize("phase", COURSE, ids=lambda phase: phase.id)
def test_compiled_code_names_neither_lines_nor_folder(phase):
    code = marshal.loads(base64.b64decode(compiled(REFERENCE / phase.file)))
    for part in every_code(code):
        assert part.co_filename == f"<reference {phase.id}>"
        assert part.co_firstlineno == 1
        if hasattr(part, "co_lines"):
            assert {line for *_, line in part.co_lines()} <= {0, 1, None}  # 0: how a module begins


def test_a_compiled_phase_works_like_its_file(tmp_path):
    (tmp_path / "mine.py").write_text("from .phase4_transformer import Transformer\n")
    given = {
        phase.id: base64.b64decode(compiled(REFERENCE / phase.file)) for phase in COURSE if phase.number in (1, 2, 3, 4)
    }
    package = VirtualPackage({}, tmp_path, given)
    model = package.load("mine").Transformer(5, 5, d_model=4, num_heads=2, num_layers=1, d_ff=8)
    package.close()
    assert "output_projection.weight" in model.state_dict()

"""One mistake costs once, also inside a phase: a task that fails is tried again with right neighbours."""

from __future__ import annotations

import ast

import pytest

from kata.course.phases import COURSE, REFERENCE
from kata.course.stubs import make_stub
from kata.course.suites import count_tests
from kata.grading.run import Plan, run, sessions_for
from kata.grading.scoring import score_phase
from kata.grading.session_client import WarmSession
from kata.grading.worker import Worker
from kata.results import FAILED, PASSED, TODO, Diagnosis
from kata.session_protocol import Diagnosed, Judged, Running, TriedAgain
from kata.source.neighbours import come_along, neighbours_of, references
from selftest.session_events import results_of
from selftest.submissions import make_target, phase, replaced, solution, with_bodies

TESTED = (1, 2, 3, 4, 5, 6)
pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def session():
    with WarmSession([phase(number) for number in TESTED]) as warm:
        yield warm


def grade(session, number, source, folder):
    """The scores of a phase's tasks by name, and what was named."""
    known = phase(number)
    folder.mkdir()
    (folder / known.file).write_text(source, encoding="utf-8")
    events = list(session.run(known.id, folder))
    diagnoses = {
        event.task: Diagnosis(tuple(event.ids), event.unexplained) for event in events if isinstance(event, Diagnosed)
    }
    again = {event.task: (event.replaced, event.results) for event in events if isinstance(event, TriedAgain)}
    score = score_phase(known, results_of(events), count_tests(known), {}, diagnoses, again)
    return {task.name: task for task in score.tasks}


def lost(scores):
    """Task to points it lost, of those that lost any."""
    return {name: task.max_score - task.score for name, task in scores.items() if task.score < task.max_score}


COSTS = {
    "attention without its root": (2, {}, (" / math.sqrt(d_k)", ""), {"scaled_dot_product_attention": 40}),
    "a table without return": (1, {"sinusoidal_encoding": "pass"}, None, {"sinusoidal_encoding": 30}),
    "an inverted padding mask": (
        5,
        {"padding_mask": "return (tokens == pad_id)[:, None, None, :]"},
        None,
        {"padding_mask": 10},
    ),
    "a decoder layer that is no residual": (
        4,
        {"DecoderLayer.forward": "return self.feed_forward(self.cross_attention(x, memory, memory, memory_mask)[0])"},
        None,
        {"DecoderLayer": 25},
    ),
}


@pytest.mark.parametrize("case", COSTS)
def test_a_mistake_costs_its_own_task_alone(session, tmp_path, case):
    number, bodies, edit, expected = COSTS[case]
    source = with_bodies(solution(number), bodies)
    scores = grade(session, number, replaced(source, *edit) if edit else source, tmp_path / "mine")
    assert lost(scores) == expected
    given = {name: task.passed_given for name, task in scores.items() if task.passed_given}
    assert given and set(given.values()) == {tuple(expected)}


def test_a_task_can_be_done_while_its_neighbours_are_still_stubs(session, tmp_path):
    stub, right = make_stub(phase(2), solution(2)), solution(2)
    cut = stub.index("class MultiHeadAttention")
    source = stub[:cut] + right[right.index("class MultiHeadAttention") :]
    scores = grade(session, 2, source, tmp_path / "mine")
    assert {name: task.state for name, task in scores.items()} == {
        "scaled_dot_product_attention": TODO,
        "split_heads": TODO,
        "merge_heads": TODO,
        "MultiHeadAttention": PASSED,
    }
    assert scores["MultiHeadAttention"].passed_given == ("scaled_dot_product_attention", "split_heads", "merge_heads")


def test_a_mistake_of_its_own_is_named_although_a_neighbour_is_wrong_too(session, tmp_path):
    source = replaced(solution(2), " / math.sqrt(d_k)", "")
    source = replaced(source, "scaled_dot_product_attention(q, k, v, mask)", "scaled_dot_product_attention(q, k, v)")
    scores = grade(session, 2, source, tmp_path / "mine")
    assert {name: task.diagnosis for name, task in scores.items() if task.state == FAILED} == {
        "scaled_dot_product_attention": "attention-not-scaled",
        "MultiHeadAttention": "heads-without-mask",
    }


def test_where_a_neighbour_has_another_signature_the_first_verdict_stands(session, tmp_path):
    source = replaced(solution(2), "split_heads(x: Tensor, num_heads: int)", "split_heads(x: Tensor, heads: int)")
    source = replaced(source, "num_heads, d_model // num_heads)", "heads, d_model // heads) * 2")
    source = source.replace(", self.num_heads)  #", ", heads=self.num_heads)  #")
    scores = grade(session, 2, source, tmp_path / "mine")
    assert scores["MultiHeadAttention"].state == FAILED
    assert "values wrong" in scores["MultiHeadAttention"].message
    assert scores["MultiHeadAttention"].diagnosis == ""


CHEATS = {
    "the reference of itself, through a neighbour's globals": (
        2,
        {
            "split_heads": "return x",
            "MultiHeadAttention.forward": "kind = split_heads.__globals__['MultiHeadAttention']\n"
            "return kind.forward(self, query, key, value, mask) if kind is not MultiHeadAttention else 1 / 0",
        },
        "MultiHeadAttention",
    ),
    "two tasks by each other": (
        1,
        {
            "sinusoidal_encoding": "start = torch.arange(d_model) % 2.0\n"
            "return torch.stack([position_shift_matrix(pos, d_model) @ start for pos in range(max_len)])",
            "position_shift_matrix": "return sinusoidal_encoding(offset + 1, d_model).T @ torch.eye(d_model)[:1] * 0",
        },
        "sinusoidal_encoding",
    ),
    "the reference's file": (
        5,
        {
            "padding_mask": "return tokens",
            "decoder_mask": "import inspect\nsource = open(padding_mask.__code__.co_filename).read()\n"
            "space = {}\nexec(source, space)\nreturn space['decoder_mask'](tokens, pad_id)",
        },
        "decoder_mask",
    ),
}


@pytest.mark.parametrize("cheat", CHEATS)
def test_nothing_is_to_be_had_from_the_reference_of_a_neighbour_but_the_neighbour(session, tmp_path, cheat):
    number, bodies, task = CHEATS[cheat]
    scores = grade(session, number, with_bodies(solution(number), bodies), tmp_path / "mine")
    assert scores[task].score == 0.0


@pytest.mark.parametrize("known", COURSE, ids=lambda phase: phase.id)
def test_the_reference_of_neighbours_holds_earlier_tasks_alone(known):
    for task in known.tasks:
        names = neighbours_of(known, task.name, REFERENCE)
        tree = ast.parse(references(known, names).source)
        defined = {node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
        tasks = [other.name for other in known.tasks]
        assert set(names) <= defined
        assert defined & set(tasks) <= set(tasks[: tasks.index(task.name)])


@pytest.mark.parametrize("known", COURSE, ids=lambda phase: phase.id)
def test_every_task_is_known_whose_reference_comes_with_another(known):
    tasks = {task.name for task in known.tasks}
    for task in tasks:
        tree = ast.parse(references(known, [task]).source)
        defined = {node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
        assert defined & tasks == set(come_along(known, [task]))
    assert come_along(phase(5), ["decoder_mask"]) == ["padding_mask", "look_ahead_mask", "decoder_mask"]


def test_no_guest_holds_a_reference_before_the_verdict_on_it_stands(monkeypatch, tmp_path):
    source = replaced(solution(2), " / math.sqrt(d_k)", "")
    source = replaced(source, "num_heads, d_model // num_heads)", "num_heads, d_model // num_heads) * 2")
    target = make_target(tmp_path / "mine", solved=TESTED)
    (target / phase(2).file).write_text(source, encoding="utf-8")
    told = []
    note = Worker._note
    monkeypatch.setattr(Worker, "_note", lambda worker, event, news: (told.append(event), note(worker, event, news)))
    monkeypatch.setenv("KATA_JOBS", "2")
    phases = (phase(2), phase(4))
    with sessions_for(phases) as sessions:
        results = run(Plan(phases, target, 0), sessions)
    assert set(results.tried_again) == {(phase(2).id, "MultiHeadAttention")}
    begins = next(place for place, event in enumerate(told) if isinstance(event, Running) and "_phase4" in event.test)
    lost = {(test.phase, test.task) for test in results.tests if test.state != PASSED}
    assert {event.task for event in told[:begins] if isinstance(event, Judged)} == lost
    assert {phase_id for phase_id, _ in lost} == {phase(2).id}


def test_a_solved_course_is_not_tried_again(session):
    for number in TESTED:
        assert not any(isinstance(event, TriedAgain) for event in session.run(phase(number).id, REFERENCE))

"""The course map is complete: every task has files, points, titles and tests, and every test has its task."""

from __future__ import annotations

import ast
import json
from collections import Counter

import pytest

from kata.course.phases import COURSE, DEFAULT_TARGET, MAX_SCORE, PROJECT, REFERENCE, SUITES, find_phase, phase_of_suite
from kata.course.suites import count_tests
from selftest.grader_runs import run_pytest

IDS = [phase.id for phase in COURSE]
TASKS = [(phase, task) for phase in COURSE for task in phase.tasks]
TASK_IDS = [task.name for _, task in TASKS]

# A pytest plugin that writes down what was collected.
COLLECTOR = """\
import json, os, pathlib

def pytest_collection_finish(session):
    def marks(item, name):
        return [list(mark.args) for mark in item.iter_markers(name)]
    found = [
        {
            "file": item.path.name,
            "name": item.nodeid,
            "task": marks(item, "task"),
            "core": len(marks(item, "core")),
            "draws": "gen" in item._fixtureinfo.argnames or hasattr(item.obj, "hypothesis"),
        }
        for item in session.items
    ]
    pathlib.Path(os.environ["COLLECTED"]).write_text(json.dumps(found), encoding="utf-8")
"""


@pytest.fixture(scope="module")
def collected(tmp_path_factory):
    """Every test of the suites as pytest sees it, each with the arguments of its markers."""
    folder = tmp_path_factory.mktemp("collector")
    answer = folder / "found.json"
    (folder / "kata_collector.py").write_text(COLLECTOR, encoding="utf-8")
    suites = [path for phase in COURSE for path in phase.suite()]
    more = {"PYTHONPATH": str(folder), "COLLECTED": str(answer)}
    run = run_pytest("--collect-only", "-q", "-p", "kata_collector", *suites, **more)
    assert run.status == 0, run.out[-2000:] + run.err[-2000:]
    return json.loads(answer.read_text(encoding="utf-8"))


def of_phase(collected, phase):
    return [test for test in collected if phase_of_suite(SUITES / test["file"]) == phase]


def test_there_are_six_phases_numbered_from_one():
    assert [phase.number for phase in COURSE] == [1, 2, 3, 4, 5, 6]
    assert all(phase.id.startswith(f"phase{phase.number}_") for phase in COURSE)


@pytest.mark.parametrize("phase", COURSE, ids=IDS)
def test_the_points_of_a_phase_add_up_to_one_hundred(phase):
    assert phase.max_score == sum(task.points for task in phase.tasks) == 100
    assert all(task.points > 0 for task in phase.tasks)
    assert MAX_SCORE == 600


@pytest.mark.parametrize("phase", COURSE, ids=IDS)
def test_a_phase_has_both_titles_and_its_files(phase):
    assert phase.title("en").isascii()
    assert not phase.title("ja").isascii()
    assert phase.paper
    for folder in (DEFAULT_TARGET, REFERENCE):
        assert (folder / phase.file).is_file()
    assert phase.suite(), f"tests/test_phase{phase.number}_*.py is missing"
    assert phase.lesson("en") == f"lessons/en/{phase.id}.md"
    assert phase.lesson("ja") == f"lessons/ja/{phase.id}.md"


def test_names_of_tasks_are_unique_in_the_whole_course():
    assert [name for name, times in Counter(TASK_IDS).items() if times > 1] == []


@pytest.mark.parametrize("phase", COURSE, ids=IDS)
def test_tasks_and_given_pieces_are_defined_in_the_order_of_the_course(phase):
    tree = ast.parse((REFERENCE / phase.file).read_bytes())
    defined = [node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))]
    tasks = [task.name for task in phase.tasks]
    assert [name for name in defined if name in tasks] == tasks
    assert set(phase.given) <= set(defined)


@pytest.mark.parametrize("text", ["{number}", "phase{number}", "{id}", "{id}.py"])
def test_a_phase_is_found_by_number_and_by_name(text):
    for phase in COURSE:
        assert find_phase(text.format(number=phase.number, id=phase.id)) is phase


@pytest.mark.parametrize("text", ["0", "7", "", "phase", "phase2_", "solutions", "２"])
def test_anything_else_is_no_phase_and_the_answer_lists_the_ones_there_are(text):
    with pytest.raises(KeyError) as raised:
        find_phase(text)
    assert all(phase.id in raised.value.args[0] for phase in COURSE)


@pytest.mark.parametrize(("phase", "task"), TASKS, ids=TASK_IDS)
def test_every_task_has_tests_and_one_or_two_of_them_are_core(phase, task, collected):
    own = [test for test in of_phase(collected, phase) if test["task"] == [[task.name]]]
    assert len({test["name"].split("[")[0] for test in own}) >= 3, f"{task.name} has hardly any tests"
    functions = {test["name"].split("[")[0] for test in own if test["core"]}
    assert len(functions) in (1, 2), f"{task.name} has the core tests {sorted(functions)}"


@pytest.mark.parametrize("phase", COURSE, ids=IDS)
def test_every_test_names_one_task_of_its_phase(phase, collected):
    tasks = [[[task.name]] for task in phase.tasks]
    lost = [test["name"] for test in of_phase(collected, phase) if test["task"] not in tasks]
    assert lost == []


@pytest.mark.parametrize("phase", COURSE, ids=IDS)
def test_counting_the_source_gives_what_pytest_collects(phase, collected):
    # A test with several cases is one test.
    names = {(test["name"].split("[")[0], test["task"][0][0]) for test in of_phase(collected, phase) if test["task"]}
    seen = Counter(task for _, task in names)
    assert count_tests(phase) == {task.name: seen[task.name] for task in phase.tasks}


def test_no_suite_belongs_to_no_phase():
    known = {path for phase in COURSE for path in phase.suite()}
    others = {path.name for path in SUITES.glob("test_*.py") if path not in known}
    assert others <= {"test_assembled.py"}


def test_no_test_is_hidden_by_another_of_the_same_name():
    for path in PROJECT.glob("tests/test_*.py"):
        tree = ast.parse(path.read_bytes())
        names = Counter(node.name for node in tree.body if isinstance(node, ast.FunctionDef))
        assert [name for name, times in names.items() if times > 1] == [], path.name


def test_every_task_has_a_core_test_that_draws_by_the_seed(collected):
    drawing = {test["task"][0][0] for test in collected if test["core"] and test["draws"]}
    assert drawing == set(TASK_IDS)  # or a table of the examples in the suites would do

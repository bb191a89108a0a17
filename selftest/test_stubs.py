"""A stub is its solution without the answer: same names, signatures and docstrings, and every task to do."""

from __future__ import annotations

import ast
import importlib
import inspect
import re

import pytest
import torch

from kata.course.phases import COURSE, DEFAULT_TARGET, REFERENCE
from kata.course.stubs import main as write_stubs
from kata.course.stubs import make_stub
from kata.sandbox.loader import package_for
from kata.source.progress import is_untouched
from selftest.submissions import make_target, replaced, solution, with_bodies

IDS = [phase.id for phase in COURSE]
TASKS = [(phase, task.name) for phase in COURSE for task in phase.tasks]
RAISES = re.compile(r'raise NotImplementedError\("Phase \d: \w+"\)')


def parse(text):
    return ast.parse(text)


def public_interface(tree):
    """Everything a learner relies on: name to kind, bases, decorators, signature, annotations and docstring."""
    found = {}

    def note(node, prefix):
        name = prefix + node.name
        if node.name.startswith("_") and node.name != "__init__":
            return
        decorators = [ast.dump(decorator) for decorator in node.decorator_list]
        if isinstance(node, ast.ClassDef):
            found[name] = ("class", [ast.dump(base) for base in node.bases], decorators, ast.get_docstring(node, False))
            for part in node.body:
                if isinstance(part, (ast.FunctionDef, ast.ClassDef)):
                    note(part, f"{name}.")
        else:
            returns = ast.dump(node.returns) if node.returns else None
            found[name] = ("def", ast.dump(node.args), returns, decorators, ast.get_docstring(node, False))

    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            note(node, "")
    return found


@pytest.fixture(scope="module")
def stubs(tmp_path_factory):
    """A folder of stubs, and the phases loaded from it."""
    return make_target(tmp_path_factory.mktemp("stubs"))


@pytest.mark.parametrize("phase", COURSE, ids=IDS)
def test_the_exercise_is_the_stub_of_the_solution_byte_for_byte(phase):
    # One folder is the learner's: whoever has begun to solve it sees this test skipped, not failed.
    if not is_untouched(phase, DEFAULT_TARGET):
        pytest.skip(f"{phase.file} has been worked on")
    expected = make_stub(phase, (REFERENCE / phase.file).read_text(encoding="utf-8"))
    assert (DEFAULT_TARGET / phase.file).read_bytes() == expected.encode()


@pytest.mark.parametrize("phase", COURSE, ids=IDS)
def test_stub_and_solution_promise_the_same(phase, stubs):
    stub = parse((stubs / phase.file).read_text(encoding="utf-8"))
    solved = parse(solution(phase.number))
    assert public_interface(stub) == public_interface(solved)
    assert ast.get_docstring(stub, False) == ast.get_docstring(solved, False)
    assert {task.name for task in phase.tasks} | set(phase.given) == {n for n in public_interface(stub) if "." not in n}


@pytest.mark.parametrize("phase", COURSE, ids=IDS)
def test_every_function_and_class_says_what_it_is_for(phase):
    for name, described in public_interface(parse(solution(phase.number))).items():
        assert described[-1], f"{phase.file}: {name} has no docstring"


@pytest.mark.parametrize("phase", COURSE, ids=IDS)
def test_the_stub_holds_nothing_of_the_answer(phase, stubs):
    for node in parse((stubs / phase.file).read_text(encoding="utf-8")).body:
        if getattr(node, "name", None) in phase.given:
            continue
        assert isinstance(node, (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef, ast.Expr))
        functions = [part for part in ast.walk(node) if isinstance(part, ast.FunctionDef)]
        for function in functions:
            owner = node.name
            assert [type(part) for part in function.body] == [ast.Expr, ast.Raise], f"{owner}.{function.name}"
            raised = ast.get_source_segment((stubs / phase.file).read_text(encoding="utf-8"), function.body[1])
            assert raised == f'raise NotImplementedError("Phase {phase.number}: {owner}")'
        if isinstance(node, ast.ClassDef):
            assert all(part in functions or isinstance(part, ast.Expr) for part in node.body)


@pytest.mark.parametrize("phase", COURSE, ids=IDS)
def test_the_stub_imports_only_what_the_solution_imports(phase, stubs):
    def imported(text):
        nodes = [node for node in ast.walk(parse(text)) if isinstance(node, (ast.Import, ast.ImportFrom))]
        return {(getattr(node, "module", ""), alias.name) for node in nodes for alias in node.names}

    assert imported((stubs / phase.file).read_text(encoding="utf-8")) <= imported(solution(phase.number))


@pytest.fixture(scope="module")
def modules(stubs):
    """The stubs, loaded all six from their folder."""
    package = package_for("", stubs, REFERENCE, assembled=True)
    yield {phase.id: package.load(phase.id) for phase in COURSE}
    package.close()


@pytest.mark.parametrize(("phase", "task"), TASKS, ids=[task for _, task in TASKS])
def test_every_task_is_to_do(phase, task, modules):
    made = getattr(modules[phase.id], task)
    parameters = inspect.signature(made).parameters.values()
    with pytest.raises(NotImplementedError, match=f"^Phase {phase.number}: {task}$"):
        made(*[None for parameter in parameters if parameter.default is parameter.empty])


@pytest.mark.parametrize(("phase", "task"), TASKS, ids=[task for _, task in TASKS])
def test_signatures_read_the_same_at_run_time(phase, task, modules):
    solved = getattr(importlib.import_module(f"solutions.{phase.id}"), task)
    made = getattr(modules[phase.id], task)
    assert str(inspect.signature(made)) == str(inspect.signature(solved))
    assert inspect.getdoc(made) == inspect.getdoc(solved)


def test_what_is_given_works(modules):
    batch = modules["phase5_mechanics"].Batch(*[torch.ones(2, 3) for _ in range(5)], num_tokens=6, pad_id=0)
    assert batch.to("cpu").num_tokens == 6
    assert batch.to("meta").src.device.type == "meta"
    assert modules["phase6_training"].Evaluation(loss=1.5, token_accuracy=0.5).token_accuracy == 0.5
    assert modules["phase6_training"].Hypothesis(tokens=[4, 2], score=-0.5).tokens == [4, 2]


@pytest.mark.parametrize("phase", COURSE, ids=IDS)
def test_a_stub_counts_as_untouched_and_a_solution_does_not(phase, stubs):
    assert is_untouched(phase, stubs)
    assert not is_untouched(phase, REFERENCE)


@pytest.mark.parametrize(
    ("changed", "untouched"),
    [
        (lambda text: text + "# a note\n", True),
        (lambda text: text.replace("\n", "\r\n"), True),
        (lambda text: "\ufeff" + text, True),
        (lambda text: replaced(text, "import math\n", "import math\nimport itertools\n"), True),
        (lambda text: with_bodies(text, {"merge_heads": "return x"}), False),
        (lambda text: with_bodies(text, {"merge_heads": "print(x)\nraise NotImplementedError('later')"}), False),
        (lambda text: with_bodies(text, {"MultiHeadAttention.forward": "return query"}), False),
        (lambda text: replaced(text, "def merge_heads", "def unite_heads"), False),
        (lambda text: text[: text.index("class MultiHeadAttention")], False),
        (lambda text: text + "helper = 1\n", False),
        (lambda text: text + "def broken(:\n", False),
    ],
    ids=[
        "comment",
        "CRLF",
        "BOM",
        "import",
        "body",
        "one line more",
        "method",
        "renamed",
        "deleted",
        "helper",
        "syntax error",
    ],
)
def test_what_counts_as_untouched(changed, untouched, stubs, tmp_path):
    phase = COURSE[1]
    text = (stubs / phase.file).read_text(encoding="utf-8")
    (tmp_path / phase.file).write_bytes(changed(text).encode("utf-8"))
    assert is_untouched(phase, tmp_path) is untouched


def test_stubs_are_written_into_a_folder_but_never_over_work(tmp_path, capsys):
    write_stubs(["--into", str(tmp_path / "new")])
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == sorted(phase.file for phase in COURSE)
    with pytest.raises(SystemExit) as ended:
        write_stubs(["--into", str(tmp_path / "new")])
    assert ended.value.code == 2
    assert "is there already" in capsys.readouterr().err
    (tmp_path / "new" / COURSE[0].file).write_text("work\n", encoding="utf-8")
    write_stubs(["--into", str(tmp_path / "new"), "--force"])
    assert (tmp_path / "new" / COURSE[0].file).read_text(encoding="utf-8") == make_stub(COURSE[0], solution(1))

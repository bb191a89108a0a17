"""The notebooks, run in a kernel: filled with the solutions they score 600, and what goes wrong is said.

They run in a copy of the project, which their first cell has to find. Without the requirements every test here is
skipped and says what is missing; ``KATA_NOTEBOOKS=required`` (continuous integration) turns the skips into errors.
"""

from __future__ import annotations

import os
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from typing import NamedTuple

import pytest

from kata.course.phases import COURSE, PROJECT
from kata.i18n import LANGUAGES
from notebooks.cells import Cell, cells
from selftest.grader_runs import TEST_TIMEOUT, environment
from selftest.notebook_cells import solution_cells
from selftest.submissions import phase

pytestmark = [pytest.mark.proof, pytest.mark.timeout(900)]

COPIED = ("kata", "tests", "lessons", "notebooks", "solutions", "exercises")
EACH_LANGUAGE = pytest.mark.parametrize("lang", LANGUAGES)


class Output(NamedTuple):
    """What a cell gave: text of all kinds, HTML, number of pictures, name of an exception or empty."""

    text: str
    html: str
    pictures: int
    raised: str


def copy_of_the_course(folder):
    """The project as someone has cloned it, with untouched stubs."""
    from kata.course.stubs import main as write_stubs

    for name in COPIED:
        ignored = shutil.ignore_patterns("__pycache__", "node_modules", ".kata", "measured")
        shutil.copytree(PROJECT / name, folder / name, ignore=ignored)
    for name in ("grader.py", "conftest.py", "pyproject.toml", "requirements.txt"):
        shutil.copy(PROJECT / name, folder)
    write_stubs(["--force", "--into", str(folder / "exercises")])
    return folder


def run(course, lang, made, **more):
    """Run cells in a kernel that stands in the notebooks' folder; id of every cell to what it gave.

    Args:
        course: a copy of the course.
        lang: language of the notebook.
        made: its cells.
        more: further environment variables.
    """
    import nbformat
    from nbclient import NotebookClient

    make = {"markdown": nbformat.v4.new_markdown_cell, "code": nbformat.v4.new_code_cell}
    notebook = nbformat.v4.new_notebook(cells=[make[cell.kind](cell.source, id=cell.id) for cell in made])
    place = {"metadata": {"path": str(course / "notebooks" / lang)}}
    client = NotebookClient(notebook, timeout=200, kernel_name="python3", resources=place, allow_errors=True)
    client.execute(env=environment(**more))
    return {cell.id: output_of(cell) for cell in notebook.cells if cell.cell_type == "code"}


def output_of(cell):
    text, html, pictures, raised = [], [], 0, ""
    for output in cell.outputs:
        data = output.get("data", {})
        text.append(output.get("text", "") or data.get("text/plain", "") + "\n")
        html.append(data.get("text/html", ""))
        pictures += "image/png" in data
        if output.output_type == "error":
            raised = output.ename
            text.append("\n".join(output.traceback))
    return Output("".join(text), "\n".join(html), pictures, raised)


def filled(phase, lang):
    """A notebook whose stubs have been replaced by the solutions."""
    sources = {f"task-{task}": f"%%task {task}\n{answer}" for task, answer in solution_cells(phase).items()}
    made = [cell._replace(source=sources.get(cell.id, cell.source)) for cell in cells(phase, lang)]
    # Drawing takes as long as all the rest: in Japanese one phase will do.
    return [cell for cell in made if cell.id != "show" or lang == "en" or phase.number == 1]


@pytest.fixture(scope="module")
def requirements():
    lacking = [name for name in ("nbformat", "nbclient", "ipykernel", "IPython") if find_spec(name) is None]
    if lacking:
        (pytest.fail if os.environ.get("KATA_NOTEBOOKS") == "required" else pytest.skip)(
            f"{', '.join(lacking)} not installed (python -m pip install -r requirements-notebook.txt)"
        )


@pytest.fixture(scope="module")
def solved(requirements, tmp_path_factory):
    """Both languages side by side: folder of the course and, by phase, what its notebook gave."""

    def solve(lang):
        course = copy_of_the_course(tmp_path_factory.mktemp(f"solved-{lang}"))
        return course, {each.number: run(course, lang, filled(each, lang)) for each in COURSE}

    with ThreadPoolExecutor() as pool:
        return dict(zip(LANGUAGES, pool.map(solve, LANGUAGES)))


@EACH_LANGUAGE
def test_notebooks_filled_with_the_solutions_pass_cell_by_cell(solved, lang):
    _, gave = solved[lang]
    for each in COURSE:
        outputs = gave[each.number]
        assert not {name: output.text for name, output in outputs.items() if output.raised}
        for task in each.tasks:
            output = outputs[f"task-{task.name}"]
            assert f"✓ {task.name}" in output.text and f"{task.points} / {task.points}" in output.text, output.text
            assert f"<code>{task.name}</code>" in output.html and f"exercises/{each.file}:" in output.html
        assert re.search(r"100 / 100", outputs["check"].text) and "<progress" in outputs["check"].html
        if "show" in outputs:
            assert outputs["show"].pictures >= 1 and not outputs["show"].text.strip("\n ").startswith("Traceback")


@EACH_LANGUAGE
def test_the_six_files_that_the_notebooks_wrote_score_600(solved, lang):
    import json
    import subprocess
    import sys

    course, _ = solved[lang]
    command = [sys.executable, str(course / "grader.py"), "--json", "-"]
    done = subprocess.run(command, cwd=course, env=environment(), capture_output=True, timeout=240, check=True)
    report = json.loads(done.stdout)
    assert (report["score"], report["max_score"], report["assembled"]) == (600.0, 600.0, True)


def test_the_lessons_examples_print_what_the_lessons_say(solved):
    for lang in LANGUAGES:
        for each in COURSE:
            lesson = (PROJECT / each.lesson(lang)).read_text(encoding="utf-8")
            printed = dict(
                re.findall(r"^```python\n(.*?)\n```\n\n```text\n(.*?)\n```$", lesson, re.DOTALL | re.MULTILINE)
            )
            for cell in cells(each, lang):
                if cell.source in printed:
                    assert solved[lang][1][each.number][cell.id].text.strip("\n") == printed[cell.source], cell.id


RIGHT = solution_cells(phase(2))
WRONG = """def split_heads(x, num_heads):
    batch, length, d_model = x.shape
    return x.reshape(batch, num_heads, length, d_model // num_heads)
"""
STUB = "def split_heads(x, num_heads):\n    raise NotImplementedError('Phase 2: split_heads')\n"
TRIED = f"{RIGHT['split_heads']}\nprint(split_heads(torch.arange(12).reshape(1, 3, 4), 2)[0, 0])"
ENDLESS = "def merge_heads(x):\n    while True:\n        pass\n"

TROUBLE = {
    "empty": f"%%task split_heads\n{STUB}",
    "wrong": f"%%task split_heads\n{WRONG}",
    "syntax": "%%task split_heads\ndef split_heads(x, num_heads):\n    return x.reshape(\n",
    "magic": "%%task split_heads\n%time\n",
    "other": f"%%task split_heads\n{RIGHT['merge_heads']}",
    "nothing": "%%task split_heads\nx = 1\n",
    "unknown": "%%task split_head\nx = 1\n",
    "no_name": "%%task\nx = 1\n",
    "endless": f"%%task merge_heads\n{ENDLESS}",
    "import": f"%%task split_heads\nimport no_such_module\n\n\n{RIGHT['split_heads']}",
    "right": f"%%task split_heads\n{TRIED}",
    "stub": f"%%task split_heads\n{STUB}",
    "trace": "%trace split_heads",
    "raises": f"%%task split_heads\n{RIGHT['split_heads']}\nsplit_heads(None, 2)",
    "hint": "%hint merge_heads",
    "hint2": "%hint merge_heads",
    "check": "check('split_heads')",
    "check_wrong": "check('nothing of the kind')",
    "cli": "from kata.cli import main\nmain(['2', '--json', '-', '--target', 'solutions'])",
    "mended": f"%%task merge_heads\n{RIGHT['merge_heads']}",
    "show": "%show 2",
    "file": "(course / 'exercises' / 'phase2_attention.py').write_text('def (:')",
    "file_task": f"%%task split_heads\n{RIGHT['split_heads']}",
}

SAID = {
    "known": {"en": "Known mistake:", "ja": "よくある間違い:"},
    "syntax": {"en": "not valid Python (line 3)", "ja": "Python として読めません (3 行目)"},
    "other": {"en": "begin that cell with %%task merge_heads", "ja": "そのセルは %%task merge_heads で始めてください"},
    "nothing": {"en": "does not define split_heads", "ja": "split_heads の定義がありません"},
    "unknown": {"en": "there is no task", "ja": "という課題もフェーズもありません"},
    "stub": {"en": "that was graded, and left as it is", "ja": "ファイルは変えていません"},
    "hint": {"en": "hint 1 of 3", "ja": "ヒント 1/3"},
    "hint2": {"en": "hint 2 of 3", "ja": "ヒント 2/3"},
    "todo": {"en": "to do", "ja": "未着手"},
    "file_task": {"en": "reset 2", "ja": "reset 2"},
}


@pytest.fixture(scope="module")
def trouble(requirements, tmp_path_factory):
    """What phase 2's notebook gives in both languages to someone who makes every mistake there is."""

    def run_it(lang):
        course = copy_of_the_course(tmp_path_factory.mktemp(f"trouble-{lang}"))
        setup = next(cell for cell in cells(phase(2), lang) if cell.id == "setup")
        made = [setup, *(Cell("code", name, source) for name, source in TROUBLE.items())]
        return course, run(course, lang, made, KATA_TEST_TIMEOUT=TEST_TIMEOUT)

    with ThreadPoolExecutor() as pool:
        return dict(zip(LANGUAGES, pool.map(run_it, LANGUAGES)))


@EACH_LANGUAGE
def test_what_goes_wrong_in_a_notebook_is_said(trouble, lang):
    course, gave = trouble[lang]

    def said(name, words=None):
        output = gave[name]
        assert (words or SAID[name][lang]) in output.text, f"{name}: {output.text}"
        return output

    assert not gave["setup"].raised, gave["setup"].text
    said("empty", SAID["todo"][lang])
    assert SAID["known"][lang] in said("wrong", "✗ split_heads").html
    for name in ("syntax", "other", "nothing", "unknown"):
        assert not said(name).raised
    assert "line 2" in gave["magic"].text or "2 行目" in gave["magic"].text
    said("no_name", "%%task sinusoidal_encoding")
    said("endless", "! merge_heads")
    assert "no_such_module" in said("import", "⊘ split_heads").text
    assert "tensor([[0, 1]" in said("right", "✓ split_heads").text
    assert "✓ split_heads" in said("stub").text
    assert said("raises", "✓ split_heads").raised == "AttributeError"
    assert "(1, 2, 3, 2)" in said("trace", "✓").text
    assert "%trace merge_heads" in said("hint").text
    said("hint2")
    assert said("check", "✓ split_heads").text.count("✓") == 1, "the report is shown twice"
    assert gave["check_wrong"].raised == "ValueError"
    assert '"score": 100.0' in said("cli", '"version": 1').text
    assert gave["show"].pictures >= 1
    said("file_task")
    told = "\n".join(output.text + output.html for output in gave.values())
    assert not re.search(r"python grader\.py(?! watch)|python -m pytest", told), "a command that only a terminal has"


@EACH_LANGUAGE
def test_nothing_that_stood_in_the_file_is_lost(trouble, lang):
    course, _ = trouble[lang]
    copies = [path.read_text(encoding="utf-8") for path in (course / "exercises" / ".kata" / "kept").glob("phase2*")]
    for code in (WRONG, ENDLESS):
        assert any(code in copy for copy in copies)
    assert (course / "exercises" / phase(2).file).read_text(encoding="utf-8") == "def (:"

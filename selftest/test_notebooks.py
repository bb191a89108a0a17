"""The notebooks in the repository are those that stubs and lessons make. Needs nothing but Python."""

from __future__ import annotations

import ast
import json
import re
from urllib.parse import unquote

import pytest

from kata.course.phases import COURSE, PROJECT
from kata.course.stubs import make_stub
from kata.i18n import LANGUAGES
from notebooks import publishing
from notebooks.cells import cells, path_of
from selftest.submissions import solution

EACH = pytest.mark.parametrize(
    ("phase", "lang"),
    [(phase, lang) for phase in COURSE for lang in LANGUAGES],
    ids=lambda value: getattr(value, "id", value),
)
IMAGE_OR_LINK = re.compile(r"!?\[[^\]]*\]\(([^()\s]+)\)")


def notebook(phase, lang):
    return json.loads(path_of(phase, lang).read_text(encoding="utf-8"))


def source(cell):
    return "".join(cell["source"])


@EACH
def test_a_notebook_is_up_to_date(phase, lang):
    found = [(cell["cell_type"], cell["id"], source(cell)) for cell in notebook(phase, lang)["cells"]]
    assert found == [tuple(cell) for cell in cells(phase, lang)], (
        "a stub, a lesson or the address in pyproject.toml has changed. Make the notebooks anew: "
        "python -m pip install -r requirements-notebook.txt && python -m notebooks"
    )


@EACH
def test_a_notebook_holds_no_output(phase, lang):
    code = [cell for cell in notebook(phase, lang)["cells"] if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)


@EACH
def test_every_task_has_a_text_and_the_stubs_code(phase, lang):
    written = {cell["id"]: source(cell) for cell in notebook(phase, lang)["cells"]}
    stub = {
        node.name: node for node in ast.parse(make_stub(phase, solution(phase.number))).body if hasattr(node, "name")
    }
    for task in phase.tasks:
        magic, _, code = written[f"task-{task.name}"].partition("\n")
        assert magic == f"%%task {task.name}"
        [node] = ast.parse(code).body
        assert ast.dump(node) == ast.dump(stub[task.name])
        text = written[f"task-{task.name}-text"]
        assert f"`{task.name}`" in text and f"lessons/{lang}/{phase.id}.md#" in text
    assert [name for name in written if name.startswith("task-") and not name.endswith("-text")] == [
        f"task-{task.name}" for task in phase.tasks
    ]


@EACH
def test_the_links_of_a_notebook_lead_somewhere(phase, lang):
    folder = path_of(phase, lang).parent
    for cell in notebook(phase, lang)["cells"]:
        for link in IMAGE_OR_LINK.findall(source(cell)) if cell["cell_type"] == "markdown" else []:
            if "://" in link:
                assert link.startswith("https://colab.research.google.com/")
                continue
            file, _, anchor = unquote(link).partition("#")
            target = folder / file
            assert target.is_file(), link
            assert not anchor or f'<a id="{anchor}"></a>' in target.read_text(encoding="utf-8"), link


@EACH
def test_markdown_is_that_of_notebooks(phase, lang):
    for cell in notebook(phase, lang)["cells"]:
        if cell["cell_type"] == "markdown":
            assert not re.search(r"\$`|`\$|```math|<details|<a id", source(cell)), cell["id"]


def test_both_languages_have_the_same_cells():
    for phase in COURSE:
        english, japanese = ([(cell.kind, cell.id) for cell in cells(phase, lang)] for lang in LANGUAGES)
        assert english == japanese


ADDRESS = "https://github.com/example/kata"


def opened_in_colab(phase, lang):
    return f"https://colab.research.google.com/github/example/kata/blob/colab/notebooks/{lang}/{phase.id}.ipynb"


@EACH
def test_a_published_notebook_fetches_the_course_from_where_it_is_published(phase, lang):
    """So ``site.yml`` makes it for its own repository: in Colab, links beside the notebook lead nowhere."""
    made = {cell.id: cell for cell in cells(phase, lang, published=ADDRESS)}
    assert next(iter(made)) == "badge" and f"]({opened_in_colab(phase, lang)})" in made["badge"].source
    assert f'"clone", "--quiet", "--depth", "1", "{ADDRESS}"' in made["setup"].source
    for cell in cells(phase, lang):
        source = made[cell.id].source
        for link in IMAGE_OR_LINK.findall(cell.source) if cell.kind == "markdown" else []:
            file, sign, anchor = link.partition("#")
            path = (path_of(phase, lang).parent / unquote(file)).resolve().relative_to(PROJECT).as_posix()
            page = f"{ADDRESS}/blob/HEAD/{path}{sign}{anchor}"
            if path.endswith(".ipynb"):
                page = opened_in_colab(COURSE[phase.number], lang)
            assert f"]({page})" in source and f"]({link})" not in source
        assert cell.kind == "markdown" or cell.id == "setup" or source == cell.source


def test_a_badge_is_shown_where_the_address_is_known(monkeypatch, tmp_path):
    """With the placeholder there is none: it would lead nowhere."""
    assert "OWNER" not in "".join(
        path_of(phase, lang).read_text(encoding="utf-8") for phase in COURSE for lang in LANGUAGES
    )
    text = (PROJECT / "pyproject.toml").read_text(encoding="utf-8")
    monkeypatch.setattr(publishing, "PROJECT", tmp_path)
    for address, known in (
        ("https://github.com/OWNER/transformer-kata", None),
        ("https://github.com/example/kata/", ADDRESS),
        ("https://git.example.org/kata", "https://git.example.org/kata"),
    ):
        changed = re.sub(r'(?m)^Repository = ".*"$', f'Repository = "{address}"', text)
        (tmp_path / "pyproject.toml").write_text(changed, encoding="utf-8")
        assert publishing.repository() == known
        for phase in COURSE:
            made = cells(phase, "en")
            badge = [cell.source for cell in made if cell.id == "badge"]
            assert [f"]({opened_in_colab(phase, 'en')})" in source for source in badge] == [True] * (known == ADDRESS)
            assert "git" not in made[len(badge) + 1].source, "a notebook beside the course fetches nothing"
    (tmp_path / "pyproject.toml").write_text("", encoding="utf-8")
    with pytest.raises(ValueError, match="names no Repository"):
        publishing.repository()


def test_the_grader_imports_nothing_of_the_notebooks():
    """IPython and its kin are wanted by the magics and the generator alone."""
    extra = {"IPython", "nbformat", "nbclient", "ipykernel", "jupyter_client"}
    allowed = {"kata/notebook/magics.py", "kata/notebook/check.py"}
    for path in [*(PROJECT / "kata").rglob("*.py"), *(PROJECT / "tests").rglob("*.py"), PROJECT / "grader.py"]:
        nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
        names |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
        used = {name.split(".")[0] for name in names} & extra
        assert not used or path.relative_to(PROJECT).as_posix() in allowed, f"{path} imports {used}"


def test_only_what_is_missing_is_installed(tmp_path, monkeypatch):
    from kata.notebook import setup

    file = tmp_path / "requirements.txt"
    file.write_text("# a note\n-r other.txt\npytest==1.0\nno-such-thing==2.0; python_version >= '3.8'\n\nno_other>=1\n")
    assert setup.missing(file) == ["no-such-thing==2.0; python_version >= '3.8'", "no_other>=1"]
    assert setup.missing() == []
    ran = []
    monkeypatch.setattr(setup, "missing", lambda: ["no-such-thing==2.0", "no-such-thing>=1", "no_other>=1"])
    monkeypatch.setattr(setup.subprocess, "run", lambda command, check: ran.append(command))
    monkeypatch.setattr(setup, "is_hosted", lambda: False)
    with pytest.raises(ModuleNotFoundError, match=r"needs no-such-thing, no_other\..*pip install -r "):
        setup.install_what_is_missing()
    assert ran == []
    monkeypatch.setattr(setup, "is_hosted", lambda: True)
    setup.install_what_is_missing()
    assert ran[0][-3:] == ["no-such-thing==2.0", "no-such-thing>=1", "no_other>=1"]

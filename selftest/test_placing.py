"""A notebook's cell goes into the phase's file, and nothing else there changes or is lost."""

from __future__ import annotations

import ast
import os
import re

import pytest

from kata.course.phases import COURSE, REFERENCE
from kata.source.placing import CannotPlace, put
from selftest.submissions import make_target, phase, solution

PHASE = phase(2)
CELL = "def split_heads(x, num_heads):\n    return x.reshape(1)\n"


@pytest.fixture
def target(tmp_path):
    return make_target(tmp_path / "handed-in")


def text_of(target):
    return (target / PHASE.file).read_text(encoding="utf-8")


def kept(target):
    return [path.read_bytes() for path in sorted((target / ".kata" / "kept").glob("*"))]


def definitions(text):
    """Name of every definition and assignment to its source."""
    return {
        getattr(node, "name", None) or node.targets[0].id: ast.get_source_segment(text, node)
        for node in ast.parse(text).body
        if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Assign))
    }


def imports(text):
    return [ast.dump(node) for node in ast.parse(text).body if isinstance(node, (ast.Import, ast.ImportFrom))]


def imported_names(text):
    nodes = [node for node in ast.parse(text).body if isinstance(node, (ast.Import, ast.ImportFrom))]
    return {(getattr(node, "module", ""), alias.name) for node in nodes for alias in node.names}


def test_a_task_takes_the_place_of_its_stub_and_all_else_stays(target):
    before = text_of(target)
    placed = put(PHASE, target, "split_heads", CELL)
    after = text_of(target)
    assert definitions(after) == {**definitions(before), "split_heads": CELL.rstrip()}
    assert imports(after) == imports(before) and ast.get_docstring(ast.parse(after)) == ast.get_docstring(
        ast.parse(before)
    )
    assert list(definitions(after)) == list(definitions(before)), "the order has changed"
    assert after.splitlines()[placed.line - 1].startswith("def split_heads")
    assert kept(target) == [before.encode()]
    assert placed.names == ("split_heads",) and placed.rest == ""


def test_the_same_cell_again_changes_nothing(target):
    put(PHASE, target, "split_heads", CELL)
    first = text_of(target)
    assert put(PHASE, target, "split_heads", CELL).kept is None
    assert text_of(target) == first and len(kept(target)) == 1


def test_helpers_imports_and_constants_go_along_once(target):
    cell = (
        "from __future__ import annotations\nimport itertools as it\nfrom torch import Tensor, nn, no_grad\n\n"
        "WIDTH = 3\n\n\ndef _cut(x):\n    return x\n\n\n"
        "@no_grad()\ndef split_heads(x, num_heads):\n    return _cut(x)\n\n\n"
        "def _after(x):\n    return split_heads(x, WIDTH)\n"
    )
    untouched = {name: source for name, source in definitions(text_of(target)).items() if name != "split_heads"}
    for value in (3, 4):
        placed = put(PHASE, target, "split_heads", cell.replace("WIDTH = 3", f"WIDTH = {value}"))
        assert placed.names == ("WIDTH", "_cut", "split_heads", "_after")
        now = definitions(text_of(target))
        assert now["WIDTH"] == f"WIDTH = {value}"
        assert untouched.items() <= now.items()
    after = text_of(target)
    compile(after, PHASE.file, "exec")
    names = list(definitions(after))
    assert names[names.index("WIDTH") :][:4] == ["WIDTH", "_cut", "split_heads", "_after"]
    assert after.count("import itertools as it  # from") == 1 and after.count("from torch import no_grad  # from") == 1
    assert after.count("from torch import Tensor, nn\n") == 1 and after.count("__future__") == 1
    assert after.count("@no_grad()") == 1 and after.count("def _cut") == 1
    assert after.index("import itertools") < after.index("\ndef ")


def test_what_a_cell_no_longer_holds_goes(target):
    """An import that cannot be found, a helper that breaks a rule: mended in the cell is mended in the file."""
    before = text_of(target)
    put(PHASE, target, "split_heads", "import nowhere\n\n\nLEFT = 1\n\n\ndef _old(x):\n    return x\n\n\n" + CELL)
    put(PHASE, target, "merge_heads", "import nowhere, itertools\n\n\ndef merge_heads(x):\n    return x\n")
    assert "import nowhere  # from the notebook: split_heads, merge_heads\n" in text_of(target)
    put(PHASE, target, "split_heads", "def _new(x):\n    return x\n\n\n" + CELL)
    after = text_of(target)
    assert "import nowhere  # from the notebook: merge_heads\n" in after
    assert "LEFT" not in after and "_old" not in after and "def _new" in after
    put(PHASE, target, "merge_heads", definitions(before)["merge_heads"].replace("raise", "return x\n    raise"))
    put(PHASE, target, "split_heads", CELL)
    assert imports(text_of(target)) == imports(before)
    assert "from the notebook" not in text_of(target)
    assert list(definitions(text_of(target))) == list(definitions(before))


def test_a_helper_that_another_task_shares_is_replaced_where_it_stands(target):
    put(PHASE, target, "split_heads", "def _cut(x):\n    return 1\n\n\n" + CELL)
    put(PHASE, target, "merge_heads", "def _cut(x):\n    return 2\n\n\ndef merge_heads(x):\n    return _cut(x)\n")
    now = definitions(text_of(target))
    assert now["_cut"] == "def _cut(x):\n    return 2" and now["split_heads"] == CELL.rstrip()
    assert any(b"return 1\n" in copy for copy in kept(target)), "the first one is not kept"


def test_what_defines_nothing_stays_in_the_notebook(target):
    cell = CELL + "\nx = split_heads(1, 2)\nfor part in x:\n    print(part)  # here\n"
    placed = put(PHASE, target, "split_heads", cell)
    assert placed.rest == "x = split_heads(1, 2)\nfor part in x:\n    print(part)"
    assert "print" not in text_of(target) and "x = " not in text_of(target)


@pytest.mark.parametrize(
    ("cell", "reason", "detail", "line"),
    [
        ("def split_heads(x:\n    return x\n", "cell", "", 1),
        ("def split_heads(x, n):\n    return x\nx = (\n", "cell", "", 3),
        ("x = 1\x00", "cell", "null", None),
        ("x = 1\n", "no_task", "", None),
        ("", "no_task", "", None),
        ("# nothing\ndef merge_heads(x):\n    return x\n", "other_task", "merge_heads", 2),
        (CELL + "def merge_heads(x):\n    return x\n", "other_task", "merge_heads", 3),
    ],
    ids=["header", "bracket", "nul", "assignment", "empty", "other", "both"],
)
def test_a_broken_cell_changes_nothing(cell, reason, detail, line, target):
    before = text_of(target)
    with pytest.raises(CannotPlace) as refused:
        put(PHASE, target, "split_heads", cell)
    assert (refused.value.reason, refused.value.line) == (reason, line)
    assert detail in refused.value.detail
    assert text_of(target) == before and not kept(target)


def test_a_broken_file_is_left_alone(target):
    (target / PHASE.file).write_text("def (:\n", encoding="utf-8")
    with pytest.raises(CannotPlace) as refused:
        put(PHASE, target, "split_heads", CELL)
    assert refused.value.reason == "file" and "line 1" in refused.value.detail
    assert text_of(target) == "def (:\n" and not kept(target)
    (target / PHASE.file).unlink()
    with pytest.raises(CannotPlace) as refused:
        put(PHASE, target, "split_heads", CELL)
    assert refused.value.reason == "missing"


def test_the_solutions_are_never_written():
    before = solution(2)
    with pytest.raises(CannotPlace) as refused:
        put(PHASE, REFERENCE, "split_heads", CELL)
    assert refused.value.reason == "reference" and solution(2) == before


def test_a_stub_never_takes_the_place_of_code(target):
    stub = definitions(text_of(target))["split_heads"]
    put(PHASE, target, "split_heads", CELL)
    before = text_of(target)
    placed = put(PHASE, target, "split_heads", stub + "\n")
    assert placed.yours and text_of(target) == before
    assert not put(PHASE, target, "merge_heads", definitions(before)["merge_heads"]).yours


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_and_a_byte_order_mark_stay(ends, mark, target):
    content = (mark + solution(2).replace("\n", ends)).encode()
    (target / PHASE.file).write_bytes(content)
    put(PHASE, target, "split_heads", "import itertools\n\n\ndef _h():\n    pass\n\n\n" + CELL)
    after = (target / PHASE.file).read_bytes()
    assert after.startswith(mark.encode()) and after.count(b"\n") == after.count(ends.encode())
    text = after.decode("utf-8-sig").replace("\r\n", "\n")
    own = {"split_heads": CELL.rstrip(), "_h": "def _h():\n    pass"}
    assert definitions(text) == {**definitions(solution(2)), **own}


@pytest.mark.parametrize(
    "content",
    [
        "def other():\n    return '\x0c'\n\x0c\ndef split_heads(x, n):\n    return x",
        "@decorate\n@twice(\n    1)\ndef split_heads(x, n): return x\n\nafter = 1\n",
        "def split_heads(x, n):\n    return 1\n\n\ndef other():\n    pass\n\n\ndef split_heads(x, n):\n    return 2\n",
        "class split_heads:\n    pass\n",
        "other = 1; after = 2",
        "split_heads = lambda x, n: x",
        "",
        '"""Only a docstring."""',
    ],
    ids=["form-feed", "decorated", "twice", "a-class", "missing", "assigned", "empty", "docstring"],
)
def test_odd_files_take_a_cell(content, tmp_path):
    (tmp_path / PHASE.file).write_text(content, encoding="utf-8")
    put(PHASE, tmp_path, "split_heads", "import math\nafter = 3\n\n\n" + CELL)
    after = text_of(tmp_path)
    compile(after, PHASE.file, "exec")
    assert (
        definitions(after)["split_heads"] == CELL.rstrip() and len(re.findall(r"(def|class) split_heads", after)) == 1
    )
    assert "@" not in after and "lambda" not in after and after.count("import math") == 1
    assert ("other" in content) == ("other" in after)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="permissions")
def test_a_folder_that_takes_no_copy_leaves_the_file_alone(target):
    before = text_of(target)
    target.chmod(0o500)
    try:
        with pytest.raises(CannotPlace) as refused:
            put(PHASE, target, "split_heads", CELL)
    finally:
        target.chmod(0o700)
    assert refused.value.reason == "disk" and text_of(target) == before


def test_a_copy_that_cannot_be_kept_leaves_the_file_alone(target):
    before = text_of(target)
    (target / ".kata").write_text("in the way", encoding="utf-8")
    with pytest.raises(CannotPlace) as refused:
        put(PHASE, target, "split_heads", CELL)
    assert refused.value.reason == "disk" and text_of(target) == before


@pytest.mark.parametrize("phase", COURSE, ids=[phase.id for phase in COURSE])
def test_the_solutions_cells_make_the_solution(phase, tmp_path):
    """Task by task, in whatever order, the stub becomes the solution; helpers may stand elsewhere in it."""
    from selftest.notebook_cells import solution_cells

    for order in (list, reversed):
        target = make_target(tmp_path / order.__name__)
        for task, cell in order(list(solution_cells(phase).items())):
            assert put(phase, target, task, cell).rest == ""
        text = (target / phase.file).read_text(encoding="utf-8")
        assert definitions(text) == definitions(solution(phase.number))
        assert imported_names(text) == imported_names(solution(phase.number))

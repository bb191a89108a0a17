"""What cannot lie in git, or must not lie in this project: made anew for every run."""

from __future__ import annotations

import importlib.util
import marshal
import os
import sys
from pathlib import Path
from typing import Callable

from kata.course.phases import Phase
from kata.course.stubs import make_stub

CONFTEST = """\
import pytest


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    outcome.get_result().outcome = "passed"
"""

ENDS_THE_PROCESS = "import os\n\nos._exit(0)\n"


def _stub(folder: Path, phase: Phase, project: Path) -> None:
    solution = (project / "solutions" / phase.file).read_text(encoding="utf-8")
    (folder / phase.file).write_text(make_stub(phase, solution), encoding="utf-8")


def _conftest(folder: Path, phase: Phase, project: Path) -> None:
    (folder / "conftest.py").write_text(CONFTEST, encoding="utf-8")


def _pytest_ini(folder: Path, phase: Phase, project: Path) -> None:
    for name, section in (("pytest.ini", "pytest"), ("tox.ini", "pytest"), ("setup.cfg", "tool:pytest")):
        (folder / name).write_text(f"[{section}]\naddopts = --collect-only -p nothing\n", encoding="utf-8")


def _dist_info(folder: Path, phase: Phase, project: Path) -> None:
    info = folder / "cheat-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: cheat\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text("[pytest11]\ncheat = conftest\n", encoding="utf-8")
    _conftest(folder, phase, project)


def _shadows(folder: Path, phase: Phase, project: Path) -> None:
    for name in ("torch", "random", "numpy", "json", "pytest"):
        (folder / f"{name}.py").write_text(ENDS_THE_PROCESS, encoding="utf-8")
    (folder / "kata").mkdir()
    (folder / "kata" / "__init__.py").write_text(ENDS_THE_PROCESS, encoding="utf-8")


def _sitecustomize(folder: Path, phase: Phase, project: Path) -> None:
    for name in ("sitecustomize", "usercustomize"):
        (folder / f"{name}.py").write_text(ENDS_THE_PROCESS, encoding="utf-8")


def _byte_code(source: str, name: str) -> bytes:
    """What Python accepts without looking at the source: a cache that is not to be checked."""
    code = compile(source, name, "exec")
    return importlib.util.MAGIC_NUMBER + (1).to_bytes(4, "little") + bytes(8) + marshal.dumps(code)


def _pyc(folder: Path, phase: Phase, project: Path) -> None:
    source = (project / "solutions" / phase.file).read_text(encoding="utf-8")
    cache = folder / "__pycache__"
    cache.mkdir()
    code = _byte_code(source, phase.file)
    (cache / f"{phase.id}.{sys.implementation.cache_tag}.pyc").write_bytes(code)
    (folder / f"{phase.id}.pyc").write_bytes(code)


def _test_pyc(folder: Path, phase: Phase, project: Path) -> None:
    cache = folder / "tests" / "__pycache__"
    cache.mkdir(parents=True)
    code = _byte_code("def test_nothing(): pass", "test.py")
    for path in phase.suite():
        (cache / f"{path.stem}.{sys.implementation.cache_tag}.pyc").write_bytes(code)


def _link(folder: Path, phase: Phase, project: Path) -> None:
    (folder / phase.file).unlink()
    (folder / phase.file).symlink_to(project / "solutions" / phase.file)


def _dotted_link(folder: Path, phase: Phase, project: Path) -> None:
    (folder / phase.file).unlink()
    (folder / phase.file).symlink_to(os.path.relpath(project / "solutions" / phase.file, folder))


def _fifo(folder: Path, phase: Phase, project: Path) -> None:
    (folder / phase.file).unlink()
    os.mkfifo(folder / phase.file)


def _folder(folder: Path, phase: Phase, project: Path) -> None:
    (folder / phase.file).unlink()
    (folder / phase.file).mkdir()


def _missing(folder: Path, phase: Phase, project: Path) -> None:
    (folder / phase.file).unlink()


def _extra_tests(folder: Path, phase: Phase, project: Path) -> None:
    lines = [f"def test_more_{number}():\n    pass\n" for number in range(50)]
    for path in (folder / f"test_phase{phase.number}_more.py", folder / "tests" / f"test_phase{phase.number}_more.py"):
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n\n".join(lines), encoding="utf-8")


def _huge_number(folder: Path, phase: Phase, project: Path) -> None:
    path = folder / phase.file
    source = path.read_text(encoding="utf-8")
    begins = source.index("def merge_heads")
    ends = source.index("\n\n\n", begins)
    body = f"def merge_heads(x):\n    raise NotImplementedError(0x{'f' * 20_000})"
    path.write_text(source[:begins] + body + source[ends:], encoding="utf-8")


def _many_helpers(folder: Path, phase: Phase, project: Path) -> None:
    names = [f"helper{number}" for number in range(100)]
    with open(folder / phase.file, "a", encoding="utf-8") as file:
        file.write("".join(f"from . import {name}\n" for name in names))
    for name in names:
        (folder / f"{name}.py").write_text("x = 1\n" * 20_000, encoding="utf-8")


def _loops_of_links(folder: Path, phase: Phase, project: Path) -> None:
    for name, leads_to in (("a.py", "a.py"), ("b.py", "c.py"), ("c.py", "b.py"), ("d", ".")):
        (folder / name).symlink_to(leads_to)


def _phase_is_a_loop(folder: Path, phase: Phase, project: Path) -> None:
    (folder / phase.file).unlink()
    (folder / phase.file).symlink_to(phase.file)


def _strange_names(folder: Path, phase: Phase, project: Path) -> None:
    for name in (b"\xff\xfe.py", b"\x1b[2J.py", b"a\n::error::b.py", b"n" * 250 + b".py", b"-rf", b"__init__.py"):
        (folder / os.fsdecode(name)).write_text(ENDS_THE_PROCESS, encoding="utf-8")


def _bytes(change: Callable[[bytes], bytes]) -> Callable[[Path, Phase, Path], None]:
    def recipe(folder: Path, phase: Phase, project: Path) -> None:
        (folder / phase.file).write_bytes(change((folder / phase.file).read_bytes()))

    return recipe


RECIPES: dict[str, Callable[[Path, Phase, Path], None]] = {
    "stub": _stub,
    "conftest": _conftest,
    "pytest_ini": _pytest_ini,
    "dist_info": _dist_info,
    "shadows": _shadows,
    "sitecustomize": _sitecustomize,
    "pyc": _pyc,
    "test_pyc": _test_pyc,
    "symlink": _link,
    "dotted_symlink": _dotted_link,
    "fifo": _fifo,
    "folder": _folder,
    "missing": _missing,
    "extra_tests": _extra_tests,
    "huge_number": _huge_number,
    "many_statements": _bytes(lambda source: source + b"\n" + b"x\n" * (60 * 2**10)),
    "many_helpers": _many_helpers,
    "loops_of_links": _loops_of_links,
    "phase_is_a_loop": _phase_is_a_loop,
    "strange_names": _strange_names,
    "huge": _bytes(lambda source: source + b"#" * (5 * 2**20)),
    "syntax_error": _bytes(lambda source: source + b"\ndef broken(:\n"),
    "nul": _bytes(lambda source: source + b"\nx = '\0'\n"),
    "not_utf8": _bytes(lambda source: source + b"\nname = '\xff\xfe'\n"),
}
"""Each takes the target folder, the phase under attack and the project's folder."""

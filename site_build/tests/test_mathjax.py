"""Every formula of the pages goes through MathJax, in the version and with the packages that GitHub uses.

The site renders by KaTeX, which understands other things. ``selftest/test_github_math.py`` knows what GitHub refuses
before MathJax sees it; where its list of switched-off packages comes from stands there.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from kata.course.phases import PROJECT
from selftest.lesson_text import Lesson
from selftest.test_github_math import INLINE, PAGES

pytestmark = [pytest.mark.proof, pytest.mark.timeout(400)]

VERSION = "3.2.0"
"""Of MathJax on github.com."""


@pytest.fixture(scope="module")
def mathjax(tmp_path_factory) -> Path:
    """A folder in which Node finds MathJax."""
    npm, folder = shutil.which("npm"), tmp_path_factory.mktemp("mathjax")
    lacking = "Node is not installed" if npm is None else _install(npm, folder)
    if lacking:
        (pytest.fail if os.environ.get("KATA_SITE") == "required" else pytest.skip)(lacking)
    return folder


def _install(npm: str, folder: Path) -> str:
    """Install MathJax into a folder; what went wrong, or nothing."""
    (folder / "package.json").write_text("{}", encoding="utf-8")
    wanted = [npm, "install", "--no-audit", "--no-fund", "--silent", f"mathjax@{VERSION}"]
    done = subprocess.run(wanted, cwd=folder, capture_output=True, encoding="utf-8")
    return f"MathJax cannot be installed: {done.stderr.strip()}" if done.returncode else ""


def refused(folder: Path, formulas: list[tuple[bool, str]]) -> list[list[str]]:
    """The formulas that MathJax does not understand, each with what it says."""
    script = Path(__file__).with_name("mathjax.cjs")
    done = subprocess.run(
        ["node", str(script)], input=json.dumps(formulas), cwd=folder, capture_output=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_mathjax_understands_every_formula(mathjax):
    formulas = []
    for name in PAGES:
        page = Lesson("", (PROJECT / name).read_text(encoding="utf-8"))
        formulas += [(False, formula) for _, formula, _ in INLINE.findall(page.prose)]
        formulas += [(True, formula) for formula in page.blocks("math")]
    assert len(formulas) > 1000
    assert refused(mathjax, formulas) == []


@pytest.mark.parametrize("tex", [r"\operatornam{x}", r"\frac{a}{b", r"\newcommand{\a}{b}", r"\bbox{x}", r"x_1_2"])
def test_what_mathjax_does_not_understand_is_named(mathjax, tex):
    [(named, said)] = refused(mathjax, [(False, r"\mathrm{softmax}(x)"), (True, tex)])
    assert named == tex and said

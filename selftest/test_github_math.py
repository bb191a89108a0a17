"""Every formula of the project's pages is one that GitHub renders.

What GitHub refuses is not in its documentation: it is a list in the source of the `math-renderer` element that
github.com sends to a browser (MathJax 3.2.0 does the work). List and limits below are from public copies of that
source; its message "The following macros are not allowed: operatorname" is reported in github/markup#1688. Where an
inline formula may begin and end was measured by others on rendered files: a dollar sign right after a letter, a digit
or a full stop (a Japanese one too) stays a dollar sign, and so does one inside emphasis or a link.
"""

from __future__ import annotations

import re

import pytest

from kata.course.phases import PROJECT
from selftest.lesson_text import Lesson

REFUSED = (
    "DeclareMathOperator", "DeclarePairedDelimiters", "Newextarrow", "colorbox", "definecolor", "fcolorbox", "hphantom",
    "mathchoice", "mmlToken", "newtagform", "operatorname", "phantom", "renewtagform", "unicode", "vphantom",
)  # fmt: skip
"""GitHub shows a formula with a backslash and one of these, even as the start of a longer name, as an error."""

REMOVED = ("newcommand", "renewcommand", "require", "bbox", "href", "class", "cssId", "style", "toggle", "columncolor")
"""Of the MathJax packages that GitHub switches off (newcommand, require, bbox, html, action, colortbl)."""

BRACES_IN_A_FORMULA, BRACES_ON_A_PAGE = 100, 2000
"""More opening braces than these, and GitHub renders nothing more; the first was 1000 in a later copy of the source."""

INLINE = re.compile(r"(.?.?)\$`(.+?)`\$(.?)")
EMPHASIS = re.compile(r"(?<![*\\\w])\*(?![*\s])((?:[^*\n]|\*\*)+?)(?<![*\s])\*(?!\*)")
LINK_TEXT = re.compile(r"\[([^\]\n]*)\]\(")

PAGES = sorted(
    path.relative_to(PROJECT).as_posix()
    for folder, pattern in ((".", "*.md"), ("docs", "**/*.md"), ("lessons", "**/*.md"))
    for path in (PROJECT / folder).glob(pattern)
    if "node_modules" not in path.parts
)


def problems(text: str) -> list[str]:
    """What GitHub would not render of the mathematics on a page."""
    page, found = Lesson("", text), []
    inline = INLINE.findall(page.prose)
    formulas = [formula for _, formula, _ in inline] + page.blocks("math")
    for formula in formulas:
        found += [f"\\{macro} in {formula!r}" for macro in REFUSED if f"\\{macro}" in formula]
        found += [f"\\{macro} in {formula!r}" for macro in REMOVED if re.search(rf"\\{macro}(?![a-zA-Z])", formula)]
        if formula.count("{") >= BRACES_IN_A_FORMULA:
            found.append(f"too many braces in {formula!r}")
    found += [
        f"read as an HTML tag: {tag}" for block in page.blocks("math") for tag in re.findall(r"<[/!?A-Za-z].*", block)
    ]
    if sum(formula.count("{") + 1 for formula in formulas) > BRACES_ON_A_PAGE:
        found.append("too many braces on the page")
    for before, formula, after in inline:
        if before and before[-1] not in " (" and before != "**":
            found.append(f"no space before {formula!r}")
        if re.match(r"[A-Za-z0-9_`]", after):
            found.append(f"a letter or digit right after {formula!r}")
    prose = re.sub(r"(?<!\$)`[^`\n]*`", "", page.prose)
    for pattern, where in ((EMPHASIS, "emphasis"), (LINK_TEXT, "a link")):
        found += [f"inside {where}: {text!r}" for text in pattern.findall(prose) if "$`" in text]
    return found


@pytest.mark.parametrize("page", PAGES)
def test_github_renders_every_formula(page):
    assert problems((PROJECT / page).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "text",
    [
        r"A $`\operatorname{softmax}(x)`$ inline",
        "```math\n\\phantom{-}x\n```\n",
        "$`\\newcommand{\\a}{b}`$",
        "```math\na<b\n```\n",
        "です。$`x`$ は",
        "the $`x`$s",
        "*a caption with $`x`$ in it*",
        "[see $`x`$](there.md)",
        "```math\n" + "{" * 100 + "\n```\n",
        "$`\\text{a}`$ " * 1100,
    ],
)
def test_what_github_refuses_is_found(text):
    assert problems(text)


def test_what_github_renders_is_not_complained_of():
    text = "**$`x`$ bold**, ($`y`$), *emphasis with `code`* and $`\\mathrm{softmax}(z)`$.\n\n$`a * b`$ and $`c * d`$\n"
    assert problems(text) == []

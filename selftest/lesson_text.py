"""A lesson taken apart: headings, anchors, folded parts, formulas, figures, links and blocks of code."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kata.course.phases import PROJECT, Phase

LANGUAGES = ("en", "ja")

FRAME = ("start", "build", "idea", "shapes", "by-hand", "experiment", "mistakes", "questions", "references", "beyond")
"""Sections that every lesson has."""

TOPICS = {
    1: ("positions", "embedding", "sinusoids", "rotation", "adding", "fourier", "learned-positions"),
    2: ("dictionary", "masks", "mask-why", "scaling", "split-merge", "heads", "one-head", "cost", "backward"),
    3: (
        "layer-norm",
        "norm-gradient",
        "feed-forward",
        "memory",
        "frame",
        "residual",
        "post-norm",
        "batch-norm",
    ),
    4: (
        "encoder",
        "decoder",
        "cross-attention",
        "stacks",
        "sharing",
        "initialisation",
        "factorisation",
        "counting",
    ),
    5: ("padding", "look-ahead", "batching", "label-smoothing", "noam"),
    6: (
        "step",
        "evaluation",
        "exposure-bias",
        "greedy",
        "length-penalty",
        "beam",
        "loss-curves",
        "checklist",
        "toys",
    ),
}
"""Sections of each phase that diagnoses and other lessons refer to."""

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_INLINE = re.compile(r"\$`(.+?)`\$")
_HEADING = re.compile(r'(?:<a id="([\w-]+)"></a>\n)?^(#+) (.+)$', re.MULTILINE)
_FOLDED = re.compile(r"^<details><summary>(\S+?)(?: (\d))?</summary>\n\n(.+?)\n\n</details>$", re.DOTALL | re.MULTILINE)
_FIGURE = re.compile(r"!\[([^\]]*)\]\(([^)]+)\)")
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Lesson:
    """The text of one lesson, and what a reader or a program finds in it."""

    path: str
    text: str

    @property
    def lang(self) -> str:
        """``"ja"`` for a Japanese page, else ``"en"``."""
        return "ja" if "/ja/" in self.path or self.path.endswith(".ja.md") else "en"

    @property
    def prose(self) -> str:
        """The text without its fenced blocks."""
        return _FENCE.sub("", self.text)

    def blocks(self, kind: str) -> list[str]:
        """The contents of all fenced blocks of one kind, in order."""
        return [body for name, body in _FENCE.findall(self.text) if name == kind]

    def code_with_output(self) -> list[tuple[str, str]]:
        """Every Python block and the text block right after it, empty if there is none."""
        return re.findall(r"^```python\n(.*?)^```$(?:\n\n```text\n(.*?)^```$)?", self.text, re.DOTALL | re.MULTILINE)

    def headings(self) -> list[tuple[str, str]]:
        """Depth (as hash signs) and anchor of every heading, in order."""
        return [(depth, anchor) for anchor, depth, _ in _HEADING.findall(self.prose)]

    def anchors(self) -> list[str]:
        """All anchors, in order."""
        return re.findall(r'<a id="([\w-]+)"></a>', self.text)

    def sections(self) -> dict[str, str]:
        """Anchor of every section to the text up to the next anchor; what stands before the first is under ``""``."""
        parts = re.split(r'^<a id="([\w-]+)"></a>$', self.text, flags=re.MULTILINE)
        return {"": parts[0], **dict(zip(parts[1::2], parts[2::2]))}

    def folded(self) -> list[tuple[str, str]]:
        """Label and number of every folded part, in order; the number is empty for an answer."""
        return [(label, number) for label, number, _ in _FOLDED.findall(self.text)]

    def figures(self) -> list[tuple[str, str]]:
        """Alternative text and path of every figure, in order."""
        return _FIGURE.findall(self.prose)

    def links(self) -> list[str]:
        """Targets of all links that are not figures."""
        return _LINK.findall(self.prose)

    def inline_formulas(self) -> dict[str, set[str]]:
        """Anchor of every section to the formulas in its running text."""
        return {anchor: set(_INLINE.findall(_FENCE.sub("", part))) for anchor, part in self.sections().items()}


def count_words(markdown: str, lang: str) -> int:
    """How many words a reader reads: prose, lists, tables and captions, without fenced blocks.

    A formula or a piece of code in a line is one word. Japanese has no spaces between words: 2.3 of its characters are
    one word, because the lessons' Japanese has 2.3 for each English word that it does without (2.27 to 2.42 by phase);
    its Latin words and formulas count like English ones.
    """
    text = re.sub(r"\$`.+?`\$|`[^`\n]+`", " x ", _FENCE.sub("", markdown))
    text = re.sub(r"<[^>]+>|\]\([^)\s]*\)", " ", text)
    text, japanese = re.subn(r"[\u3041-\u30fe\u3005\u4e00-\u9fff]", " ", text)
    return round(japanese / 2.3) + sum(any(map(str.isalnum, word)) for word in text.split())


def lesson(phase: Phase, lang: str) -> Lesson:
    """Read the lesson of a phase.

    Raises:
        OSError: if it is not there.
    """
    path = phase.lesson(lang)
    return Lesson(path, (PROJECT / path).read_text(encoding="utf-8"))

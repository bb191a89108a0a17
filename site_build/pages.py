"""From the repository's Markdown to the generator's: which file becomes which page, and what changes on the way.

Lessons are written for GitHub. Here an anchor before a heading becomes the heading's own id, folded hints are told to
hold Markdown, formulas become slots that are filled after the build, links to files of the repository lead to pages of
the site.
"""

from __future__ import annotations

import html
import os
import posixpath
import re
from dataclasses import dataclass, field
from pathlib import Path

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import TextLexer, get_lexer_for_filename
from pygments.util import ClassNotFound

from kata.course.phases import COURSE
from notebooks.publishing import colab, repository

from .places import LANGUAGES, PROJECT, SITE_OF

_FENCED = re.compile(r"^(```+)([^\n]*)\n(.*?)^\1[ ]*$\n?", re.MULTILINE | re.DOTALL)
_INLINE_FORMULA = re.compile(r"\$`(.+?)`\$")
_ANCHORED_HEADING = re.compile(r'^<a id="([^"]+)"></a>\n(?:\n)?(#+ .+)$', re.MULTILINE)
_LINK = re.compile(r"(!?)\[((?:[^\[\]`]|`[^`]*`|!\[[^\]]*\]\([^)]*\))*)\]\(([^()\s]+)\)")
_INLINE_CODE = re.compile(r"(`+)(?!`)(?:.|\n(?!\s*(?:[-*] |[|#>\n]|\d+\. )))+?(?<!`)\1(?!`)")
_SWITCH = re.compile(r"^\[(?:日本語|English)\]\([^)]*\)\n", re.MULTILINE)
_HOSTED = re.compile(r"^.*\]\(\.\./\.\./(?:actions|deployments|tree)\b.*\n", re.MULTILINE)
_START = re.compile(r'^<a id="start"></a>$', re.MULTILINE)
_NUMBER = re.compile(r"(?<![\w./-])\d[\d.,]*(?:e-\d+| %)")
_OPTION = re.compile(r"(?<![\w/.-])--?\w[\w.-]{0,28}(?![\w-])")
_LONG_NAME = re.compile(r"\b(?=\w*_)\w{30,}")
_GAP = re.compile(r"([、。」）](?:\*\*)?) (?=[^\s|])")
"""A space that GitHub's Markdown asks for before a formula or after bold text; the sign before it has its own."""
_SHORT = 24
_KEPT = r'<span class="kept">\g<0></span>'
_PLAIN_LINE = re.compile(r"^(?![!#<]).+$", re.MULTILINE)
_FIGURE = re.compile(r"^!\[([^\]]*)\]\(([^()\s]+)\)$(?:\n\n(?:\*[^*\n].*\*|図: .*)$)?", re.MULTILINE)


FIGURES = {
    "clock": "phase1_clock_hands.svg",
    "softmax": "phase2_saturation.svg",
    "depth": "phase3_depth.svg",
    "masks": "phase5_masks.svg",
    "smoothing": "phase5_smoothing.svg",
    "noam": "phase5_noam.svg",
    "beam": "phase6_beam.svg",
    "heads": "phase6_maps.svg",
}
"""Figures that can be moved (``figures/*.js``), each below its static picture in a lesson."""

SECTIONS = {"query": ("lessons/phase2_attention.md", "dictionary")}
"""Figures whose static picture (``assets/<name>.<lang>.svg``) no lesson shows: the page and the section they end."""

PICTURED = {
    "query": {
        "en": "A query among five keys in the plane; thicker lines mark greater weights",
        "ja": "平面上の五つのキーとクエリ。線が太いほど重みが大きい",
    }
}
"""What the static pictures of ``SECTIONS`` show."""

NOTEBOOK = {
    "en": ("The tasks in a notebook", "open in Colab", "download"),
    "ja": ("課題のノートブック", "Colab で開く", "ダウンロード"),
}

NO_PAGES = ("lessons/terms.ja.md",)
"""Markdown for maintainers: the list of terms that a selftest reads."""


@dataclass
class Site:
    """What is collected while the pages of one language are written.

    Attributes:
        lang: ``"en"`` or ``"ja"``.
        formulas: ``(display, TeX)`` of every slot, in order; both languages share one list.
        placed: figures that have found their place.
        files: files of the repository that a page links to and that are shown as pages.
    """

    lang: str
    formulas: list[tuple[bool, str]]
    placed: set[str] = field(default_factory=set)
    files: set[str] = field(default_factory=set)

    def slot(self, display: bool, tex: str) -> str:
        """An empty element that stands for a formula until the pages are built."""
        self.formulas.append((display, tex.strip()))
        tag = "div" if display else "span"
        return f'<{tag} class="tex" data-formula="{len(self.formulas) - 1}"></{tag}>'


def published() -> str | None:
    """Address of the repository: the workflow gives its own, else ``pyproject.toml`` may know it."""
    return os.environ.get("REPO_URL") or repository()


def sources(lang: str) -> dict[str, str]:
    """The pages of one language: path in the repository to path below the generator's folder."""
    found = {}
    for path in sorted([*PROJECT.glob("*.md"), *PROJECT.glob("docs/*.md"), *PROJECT.glob("lessons/*.md")]):
        name = path.relative_to(PROJECT).as_posix()
        if page_language(name) in (lang, None) and name not in NO_PAGES:
            found[name] = page_of(name)
    for path in sorted(PROJECT.glob(f"lessons/{lang}/*.md")):
        name = path.relative_to(PROJECT).as_posix()
        found[name] = page_of(name)
    return found


def page_language(name: str) -> str | None:
    """The language of a Markdown file; None for one that serves both."""
    for lang in LANGUAGES:
        if name.startswith(f"lessons/{lang}/"):
            return lang
    if name.endswith(".ja.md"):
        return "ja"
    return None if name == "lessons/glossary.md" else "en"


def page_of(name: str) -> str:
    """Where a file of the repository stands in the site, in either language: ``lessons/phase2_attention.md``."""
    for lang in LANGUAGES:
        if name.startswith(f"lessons/{lang}/"):
            return "lessons/" + name[len(f"lessons/{lang}/") :]
    if not name.endswith(".md"):
        return f"files/{name}.md"
    return re.sub(r"README\.md$", "index.md", name.replace(".ja.md", ".md"))


def convert(text: str, name: str, site: Site) -> str:
    """One page's Markdown for the generator.

    Args:
        text: the file's Markdown.
        name: its path in the repository, from which its links are read.
        site: collects formulas, figures and linked files.

    Raises:
        ValueError: if a link leads to nothing in the repository.
    """
    kept: list[str] = []

    def keep(block: str) -> str:
        kept.append(block)
        return f"\x02{len(kept) - 1}\x03"

    def fenced(match: re.Match) -> str:
        if match.group(2).strip() == "math":
            return keep(f"\n{site.slot(True, match.group(3))}\n")
        return keep(match.group(0))

    text = _SWITCH.sub("", text, count=1)
    if "/" not in name:
        text = _HOSTED.sub("", text)  # badge, this site, the notebooks' branch: pages of the hosting service
    text = _START.sub(lambda match: _notebook(name, site) + match.group(0), text, count=1)
    text = _FENCED.sub(fenced, text)
    text = _INLINE_FORMULA.sub(lambda match: keep(site.slot(False, match.group(1))), text)
    text = _FIGURE.sub(lambda match: _figure(match, site), text)
    text = _INLINE_CODE.sub(lambda match: keep(_code(match.group(0), _in_heading(match))), text)
    for figure, (page, section) in SECTIONS.items():
        if page == page_of(name):
            text = _end_of_section(text, section, figure, site)
    text = _ANCHORED_HEADING.sub(r"\2 {#\1}", text)
    text = text.replace("<details>", '<details markdown="1">')
    text = _PLAIN_LINE.sub(lambda line: _NUMBER.sub(_KEPT, line.group(0)), text)
    if site.lang == "ja":
        text = _GAP.sub(r"\1", text)
    text = _LINK.sub(lambda match: _link(match, name, site), text)
    for _ in range(2):  # a kept piece may stand in another
        text = re.sub(r"\x02(\d+)\x03", lambda match: kept[int(match.group(1))], text)
    return text


def _notebook(name: str, site: Site) -> str:
    """A line that leads to a lesson's notebook: in Colab, where the repository's address is known, and as a file."""
    phase = next(phase for phase in COURSE if phase.lesson(site.lang) == name)
    words, in_colab, download = NOTEBOOK[site.lang]
    file = f'[{download}](../../notebooks/{site.lang}/{phase.id}.ipynb){{ download="{phase.id}.ipynb" }}'
    place = colab(phase, site.lang, published())
    links = [f"[{in_colab}]({place})"] if place else []
    return f"{words}: {' · '.join([*links, file])}\n\n"


def _code(span: str, heading: bool) -> str:
    """Code in a line, as HTML where the generator's Markdown would not do.

    That is where `<` is in it, because the generator's parser takes `<!` for a declaration; where an option is: no line
    break parts the hyphens of `--fail-under` from its name; where a name is so long that it has to break; and where all
    of it is so short that no line break parts its words.
    """
    inside = span.strip("`").strip()
    short = " " in inside and len(inside) <= _SHORT
    odd = not heading and "\\" not in inside and (short or _OPTION.search(inside) or _LONG_NAME.search(inside))
    if "<" not in span and not odd:
        return span
    text = html.escape(inside.replace("\n", " "), quote=False)
    if odd:
        text = _OPTION.sub(_KEPT, text)  # in what is short as well: where room is scarce, that may break between words
    if odd and not short:
        text = _LONG_NAME.sub(lambda name: name.group(0).replace("_", "_<wbr>"), text)
    text = re.sub(r"[*_[\]]", lambda sign: f"&#{ord(sign.group())};", text)  # Markdown is read in HTML, too
    return f'<code class="kept">{text}</code>' if odd and short else f"<code>{text}</code>"


def _in_heading(match: re.Match) -> bool:
    line = match.string[match.string.rfind("\n", 0, match.start()) + 1 : match.start()]
    return line.startswith("#")


def code_page(name: str) -> str:
    """A source file as a page of its own, as wide as its lines; the search leaves it out."""
    text = (PROJECT / name).read_text(encoding="utf-8")
    try:
        lexer = get_lexer_for_filename(name)
    except ClassNotFound:
        lexer = TextLexer()
    code = highlight(text, lexer, HtmlFormatter(cssclass="highlight", wrapcode=True))
    return f"---\nsearch:\n  exclude: true\nhide: [navigation, toc]\n---\n# `{name}` {{#file}}\n\n{code}\n"


def _figure(match: re.Match, site: Site) -> str:
    """A picture in a paragraph of its own; below it, and below a caption, the figure that can be moved."""
    picture = posixpath.basename(match.group(2))
    for figure, static in FIGURES.items():
        if static == picture:
            site.placed.add(figure)
            return f'{match.group(0)}\n\n<div class="figure" data-figure="{figure}"></div>\n'
    return match.group(0)


def _end_of_section(text: str, section: str, figure: str, site: Site) -> str:
    """Put a figure with its static picture before the next anchor or heading after the section's own."""
    found = re.compile(rf'<a id="{section}"></a>\n+#.*?(?=^<a id=|^#)', re.MULTILINE | re.DOTALL).search(text)
    if found is None:
        return text
    site.placed.add(figure)
    picture = f'<img alt="{PICTURED[figure][site.lang]}" src="../assets/{figure}.{site.lang}.svg">'
    put = f'<p>{picture}</p>\n\n<div class="figure" data-figure="{figure}"></div>\n\n'
    return text[: found.end()] + put + text[found.end() :]


def _link(match: re.Match, name: str, site: Site) -> str:
    picture, text, target = match.groups()
    if re.match(r"[a-z]+:|#", target):  # an address, a place on this page
        return match.group(0)
    path, _, anchor = target.partition("#")
    here = page_of(name)
    wanted = posixpath.normpath(posixpath.join(posixpath.dirname(name), path))
    if (PROJECT / wanted).is_dir():
        wanted = f"{wanted}/README.ja.md" if site.lang == "ja" else f"{wanted}/README.md"
    if not (PROJECT / wanted).is_file():
        raise ValueError(f"{name}: the link to {target} leads to nothing: there is no {wanted}")
    if picture or wanted.endswith((".svg", ".png", ".gif", ".ipynb")):
        return f"{picture}[{text}]({_relative(file_of(wanted), here)})"
    page = page_of(wanted)
    lang = page_language(wanted) if wanted.endswith(".md") else site.lang
    if not wanted.endswith(".md"):
        site.files.add(wanted)
    mark = f"#{anchor}" if anchor else ""
    if lang in (None, site.lang):
        return f"[{text}]({_relative(page, here)}{mark})"
    other = posixpath.join(SITE_OF[lang], page[:-3] + ".html")
    return f"[{text}]({_relative(other, posixpath.join(SITE_OF[site.lang], here))}{mark})"


def file_of(name: str) -> str:
    """Where a picture or a notebook stands: the same for every language."""
    return re.sub(r"^(lessons|notebooks)/(en|ja)/", r"\1/", name)


def _relative(target: str, page: str) -> str:
    return Path(os.path.relpath(target, posixpath.dirname(page) or ".")).as_posix()

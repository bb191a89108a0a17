"""Builds the site: pages for the generator, the generator twice, formulas into their slots."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

from markdown.extensions.toc import slugify
from mkdocs.commands.build import build as mkdocs_build
from mkdocs.config import load_config

from .pages import FIGURES, SECTIONS, Site, code_page, convert, file_of, page_of, published, sources
from .places import HERE, HTML, LANGUAGES, PROJECT, SITE_OF, WORK

NODE_MODULES = HERE / "node_modules"
WORDS = {
    "en": {
        "name": "English",
        "course": "Lessons",
        "docs": "Teaching and maintaining",
        "light": "Light",
        "dark": "Dark",
        "repository": "source of the course",
    },
    "ja": {
        "name": "日本語",
        "course": "レッスン",
        "docs": "授業と開発",
        "light": "明るい表示",
        "dark": "暗い表示",
        "repository": "教材のソース",
    },
}

FOR_LEARNERS = ("docs/updating.md",)
"""Documents that stand with the lessons."""


def build() -> Path:
    """Build both languages into ``HTML``; return its first page.

    Raises:
        SystemExit: with a message, if Node is missing or a formula is not understood.
        ValueError: if a link of a page leads to nothing.
    """
    install_node_packages()
    shutil.rmtree(WORK, ignore_errors=True)
    shutil.rmtree(HTML, ignore_errors=True)
    formulas: list[tuple[bool, str]] = []
    written = {lang: _pages(lang, formulas) for lang in LANGUAGES}
    _share_ids(written)
    for lang, pages in written.items():
        for page, text in pages.items():
            path = WORK / lang / page
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    _pictures_and_assets()
    both = sorted(page[:-3] + ".html" for page in set(written["en"]) & set(written["ja"]))
    for lang in LANGUAGES:  # the outer language first: the generator empties its folder
        mkdocs_build(_config(lang, list(written[lang]), both))
    (HTML / SITE_OF["ja"] / "404.html").unlink()  # the outer one serves both
    _fill_formulas(formulas)
    return HTML / "index.html"


def install_node_packages() -> None:
    """KaTeX and what else ``package.json`` pins, unless they are there."""
    wanted = json.loads((HERE / "package.json").read_text(encoding="utf-8"))
    pins = {**wanted["dependencies"], **wanted["devDependencies"]}
    if all(_installed(name) == version for name, version in pins.items()):
        return
    npm = shutil.which("npm")
    if npm is None:
        sys.exit(
            "The site's formulas are rendered by KaTeX, which needs Node: install Node 18 or later, then build again."
        )
    subprocess.run([npm, "install", "--no-package-lock", "--no-audit", "--no-fund", "--silent"], cwd=HERE, check=True)


def _installed(name: str) -> str | None:
    try:
        return json.loads((NODE_MODULES / name / "package.json").read_text(encoding="utf-8"))["version"]
    except OSError:
        return None


def _pages(lang: str, formulas: list[tuple[bool, str]]) -> dict[str, str]:
    """Every page of a language as the generator's Markdown, by its path below the language's folder."""
    site = Site(lang, formulas)
    pages = {
        page: convert((PROJECT / name).read_text(encoding="utf-8"), name, site) for name, page in sources(lang).items()
    }
    unplaced = ({**FIGURES, **SECTIONS}.keys()) - site.placed
    if unplaced:
        raise ValueError(f"{lang}: these figures have lost their place in the lessons (pages.py): {sorted(unplaced)}")
    pages.update({page_of(name): code_page(name) for name in sorted(site.files)})
    return pages


def _headings(text: str) -> list[tuple[int, str]]:
    """Line number and text of every heading outside code."""
    found, fence = [], None
    for number, line in enumerate(text.split("\n")):
        mark = re.match(r"(```+|~~~+)", line)
        if mark:
            fence = None if fence == mark.group(1) else fence or mark.group(1)
        elif fence is None and re.match(r"#+ ", line):
            found.append((number, line))
    return found


def _share_ids(written: dict[str, dict[str, str]]) -> None:
    """Give a heading without an anchor the same id in both languages, so that the switch stays on the section."""
    for page in set(written["en"]) & set(written["ja"]):
        lines = {lang: written[lang][page].split("\n") for lang in LANGUAGES}
        headings = {lang: _headings(written[lang][page]) for lang in LANGUAGES}
        if len(headings["en"]) != len(headings["ja"]):
            continue
        used: set[str] = set()
        for (en, heading), (ja, _) in zip(headings["en"], headings["ja"]):
            if re.search(r"\{#[^}]+\}$", heading):
                continue
            name = slugify(re.sub(r"<[^>]*>|[`*#]", "", heading).strip(), "-")
            while name in used:
                name += "-2"
            used.add(name)
            lines["en"][en] += f" {{#{name}}}"
            lines["ja"][ja] += f" {{#{name}}}"
        for lang in LANGUAGES:
            written[lang][page] = "\n".join(lines[lang])


def _pictures_and_assets() -> None:
    pictures = [*PROJECT.glob("docs/**/*.svg"), *PROJECT.glob("docs/**/*.png"), *PROJECT.glob("docs/**/*.gif")]
    for lang in LANGUAGES:
        for path in [*pictures, *PROJECT.glob(f"lessons/{lang}/figures/*"), *PROJECT.glob(f"notebooks/{lang}/*.ipynb")]:
            target = WORK / lang / file_of(path.relative_to(PROJECT).as_posix())
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        assets = WORK / lang / "assets"
        shutil.copytree(HERE / "assets", assets)
        shutil.copytree(HERE / "figures", assets / "figures", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
        shutil.copyfile(NODE_MODULES / "iframe-worker" / "shim" / "index.js", assets / "iframe-worker.js")
        shutil.copytree(
            NODE_MODULES / "katex" / "dist",
            assets / "katex",
            ignore=lambda folder, names: [
                n for n in names if not (n in ("fonts", "katex.min.css") or n.endswith("woff2"))
            ],
        )


def _config(lang: str, pages: list[str], both: list[str]):
    """The generator's settings for one language."""
    words = WORDS[lang]
    config = load_config(
        str(HERE / "mkdocs.yml"),
        docs_dir=str(WORK / lang),
        site_dir=str(HTML / SITE_OF[lang]),
        nav=_navigation(pages, words),
        extra_javascript=["assets/site.js", *_figure_scripts()],
    )
    other = "ja" if lang == "en" else "en"
    config.theme["language"] = lang
    for palette, name in zip(config.theme["palette"], (words["dark"], words["light"])):
        palette["toggle"]["name"] = name
    folder = {"en": "../" if lang == "ja" else "./", "ja": "./" if lang == "ja" else "ja/"}
    # not the list that the theme documents: given one, its script asks for both sitemaps, in vain from disk
    config.extra.update(alternate=True, both=both)
    config.extra["other"] = {"lang": other, "name": WORDS[other]["name"], "link": folder[other]}
    repository = published()
    if repository:  # not as `repo_url`: the theme would ask the hosting service for numbers of stars
        icon = "fontawesome/brands/git-alt"
        config.extra["social"] = [{"icon": icon, "link": repository, "name": words["repository"]}]
    config.plugins["material/search"].config.lang = ["en"] if lang == "en" else ["en", "ja"]
    if config.site_url:
        config.site_url = config.site_url.rstrip("/") + ("/ja/" if lang == "ja" else "/")
    return config


def _figure_scripts() -> list[str]:
    """The scripts in the order in which they are loaded: what is shared, data, figures."""
    names = sorted(path.name for path in (HERE / "figures").glob("*.js"))
    names.sort(key=lambda name: (name != "core.js", not name.startswith("data_")))
    return [f"assets/figures/{name}" for name in names]


def _navigation(pages: list[str], words: dict[str, str]) -> list:
    """First page, lessons and what else a learner reads, other documents; a page of the root stands with the last."""
    lessons = sorted(page for page in pages if page.startswith("lessons/") and page != "lessons/index.md")
    lessons.sort(key=lambda page: not re.match(r"lessons/phase\d", page))
    lessons += [page for page in pages if page in FOR_LEARNERS]
    docs = sorted(page for page in pages if page.startswith("docs/") and page not in FOR_LEARNERS)
    root = sorted(page for page in pages if "/" not in page and page != "index.md")
    nav: list = ["index.md", {words["course"]: ["lessons/index.md", *lessons]}]
    return nav + ([{words["docs"]: [*docs, *root]}] if docs or root else [])


def _fill_formulas(formulas: list[tuple[bool, str]]) -> None:
    given = [(display, re.sub(r"\\q?quad\b", r"\g<0>\\allowbreak ", tex)) for display, tex in formulas]
    made = subprocess.run(
        ["node", str(HERE / "katex.mjs")], input=json.dumps(given), capture_output=True, encoding="utf-8", cwd=HERE
    )
    if made.returncode:
        sys.exit(f"KaTeX does not understand:\n{made.stderr}")
    html = json.loads(made.stdout)
    slot = re.compile(r'([(\[「（]*)<(span|div) class="tex" data-formula="(\d+)"></\2>([,.;:!?)\]、。」）]*)')

    def fill(match: re.Match) -> str:
        before, tag, number, after = match.groups()
        formula = html[int(number)]
        if tag == "div":
            return f'{before}<div class="tex">{_by_clauses(formula)}</div>{after}'
        return f'<span class="tex">{_with_its_signs(formula, before, after)}</span>'

    for path in HTML.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        filled = slot.sub(fill, text)
        if filled != text:
            path.write_text(filled, encoding="utf-8")


def _by_clauses(formula: str) -> str:
    """A displayed formula whose lines break between its clauses first, and in a clause only where that is too wide."""
    piece, end = '<span class="katex-base">', "</span></span></span>"
    begin, *pieces = formula[: -len(end)].split(piece)
    clauses = [""]
    for part in pieces:
        clauses[-1] += piece + part
        if 'class="mspace allowbreak"' in part:
            clauses.append("")
    return begin + "".join(f'<span class="clause">{clause}</span>' for clause in clauses if clause) + end


def _with_its_signs(formula: str, before: str, after: str) -> str:
    """A formula that no line break parts from the bracket before it or the full stop after it.

    A browser may break a line on either side of each of KaTeX's pieces, so the outer ones share an unbroken element
    with their signs.
    """
    piece, end = '<span class="katex-base">', "</span></span>"
    begin, *pieces = formula[: -len(end)].split(piece)
    first, last = ([part] if sign else [] for part, sign in ((pieces[0], before), (pieces[-1], after)))
    if len(pieces) == 1 and (before or after):
        return f'<span class="kept">{before}{formula}{after}</span>'
    parts = []
    for group, left, right in (
        (first, before, ""),
        (pieces[len(first) : len(pieces) - len(last)], "", ""),
        (last, "", after),
    ):
        if group or (not parts and not right):
            inside = begin + "".join(piece + part for part in group) + end
            parts.append(f'<span class="kept">{left}{inside}{right}</span>' if left or right else inside)
            begin = '<span class="katex"><span class="katex-html" aria-hidden="true">'
    return "".join(parts)

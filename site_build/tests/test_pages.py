"""Every page in both languages, in a real browser."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

import pytest

from selftest.png import pixels
from site_build.pages import _FENCED, _INLINE_CODE, _INLINE_FORMULA, Site, convert, page_of, sources
from site_build.places import HERE, LANGUAGES, PROJECT, SITE_OF
from site_build.tests.conftest import BELOW

pytestmark = [pytest.mark.proof, pytest.mark.timeout(400)]

PAGES = [f"{SITE_OF[lang]}/{page[:-3]}.html".lstrip("/") for lang in LANGUAGES for page in map(page_of, sources(lang))]


class Links(HTMLParser):
    """Ids of a page, and what it links to and shows."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.ids += [
            given[name] for name in ("id", "name") if given.get(name) and not (tag == "meta" and name == "name")
        ]
        self.links += [given[name] for name in ("href", "src") if given.get(name)]


class Codes(HTMLParser):
    """The text of every piece of code in a page, and how often."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: Counter[str] = Counter()
        self._now: list[str] | None = None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        if tag == "code":
            self._now = []

    def handle_data(self, data):
        if self._now is not None:
            self._now.append(data)

    def handle_endtag(self, tag):
        if tag == "code" and self._now is not None:
            self.found[re.sub(r"\s+", " ", "".join(self._now)).strip()] += 1
            self._now = None

    @staticmethod
    def of_markdown(text: str) -> list[str]:
        """The pieces of code in a file's lines; neither formulas nor what a picture shows."""
        text = re.sub(r"(?m)^!\[[^\]]*\]", "", _INLINE_FORMULA.sub("", text))
        return [match.group(0) for match in _INLINE_CODE.finditer(text)]


TEXT = """() => {
    const copy = document.querySelector(".md-content").cloneNode(true);
    for (const part of copy.querySelectorAll("pre, code, .tex, script, style, .figure")) part.remove();
    return copy.textContent;
}"""

PARTED = """() => [...document.querySelectorAll("span.tex")]
    .filter((formula) => /^[,.;:!?)\\]、。」）]/.test(formula.nextSibling?.data ?? ""))
    .map((formula) => formula.textContent)"""

CUT = """() => [...document.querySelectorAll("div.tex")]
    .filter((formula) => formula.scrollWidth > formula.clientWidth + 1).map((formula) => formula.textContent)"""

SMALL = """() => [...document.querySelectorAll("div.tex")].filter((formula) => {
    const [own, around] = [formula, formula.parentElement].map((e) => parseFloat(getComputedStyle(e).fontSize));
    const size = own / around;
    return size < 0.749 || (formula.scrollWidth > formula.clientWidth && size > 0.751);
}).map((formula) => formula.textContent)"""

EMPTY_ROWS = """() => [...document.querySelectorAll(".md-content tbody tr")].filter((row) => {
    const seen = [...row.cells].filter((cell) => cell.getBoundingClientRect().left < window.innerWidth - 40);
    const range = document.createRange();
    const text = seen.map((cell) => (range.selectNodeContents(cell), range.getBoundingClientRect().height));
    return row.offsetHeight > 120 + 2 * text.reduce((sum, height) => sum + height, 0);
}).map((row) => row.textContent.slice(0, 40))"""

PARTED_OPTIONS = """() => [...document.querySelectorAll(".md-content :is(p, li, td) > code")].flatMap((code) => {
    const texts = document.createTreeWalker(code, NodeFilter.SHOW_TEXT), parted = [];
    while (texts.nextNode())
        for (const option of texts.currentNode.data.matchAll(/(?<![\\w/.|-])--?\\w[\\w.-]{0,28}(?![\\w|-])/g)) {
            const range = document.createRange();
            range.setStart(texts.currentNode, option.index);
            range.setEnd(texts.currentNode, option.index + option[0].length);
            if (new Set([...range.getClientRects()].map((box) => Math.round(box.top))).size > 1) parted.push(option[0]);
        }
    return parted;
})"""


@pytest.mark.parametrize("page", [*PAGES, "404.html"])
def test_page(open_tab, page):
    """No error and no request to elsewhere (``open_tab``), formulas, width, accessibility: one visit for all of it."""
    dark = page.startswith("ja/")  # every page is seen in one language light, in the other dark
    tab = open_tab(page, color_scheme="dark" if dark else "light")
    assert tab.locator("h1").count() == 1
    assert tab.locator("html").get_attribute("lang") == ("ja" if page.startswith("ja/") else "en")
    assert tab.locator(".tex:empty").count() == 0
    assert tab.evaluate(PARTED) == [], f"{page}: a line may break before the sign after these formulas"
    left = re.findall(r".{0,30}(?:\$|\*\*|```|\\[a-z]{3,}|\]\(|</?(?:details|summary|a )).{0,30}", tab.evaluate(TEXT))
    assert not left, f"{page} shows what should have been understood: {left}"
    for width in (360, 390, 1280):
        tab.set_viewport_size({"width": width, "height": 800})
        for _ in range(10):  # the theme moves its drawer, on a busy machine for longer
            tab.wait_for_timeout(300)
            wide = tab.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            if wide <= 0:
                break
        assert wide <= 0, f"{page} is {wide} pixels wider than a window of {width}"
        small = tab.evaluate(SMALL)
        assert small == [], f"{page}: these formulas are not made as small as they may be to fit a window of {width}"
        assert tab.evaluate(PARTED_OPTIONS) == [], f"{page}: a line break parts these options"
        assert tab.evaluate(EMPTY_ROWS) == [], f"{page}: these rows of a table are mostly empty in a window of {width}"
    assert tab.evaluate(CUT) == [], f"{page}: these formulas are wider than the text of a window of {width}"
    tab.evaluate("for (const details of document.querySelectorAll('details')) details.open = true")
    tab.add_script_tag(path=str(HERE / "node_modules" / "axe-core" / "axe.min.js"))
    found = tab.evaluate("axe.run(document, {resultTypes: ['violations']}).then(result => result.violations)")
    serious = [
        f"{rule['id']}: {rule['help']}: {[node['html'][:140] for node in rule['nodes']][:4]}"
        for rule in found
        if rule["impact"] in ("serious", "critical")
    ]
    assert not serious, "\n".join(serious)


def test_pages_of_source_files(open_tab, site, address):
    """What a lesson links to in the repository is a page, too; it is as narrow as the window."""
    pages = sorted(path.relative_to(site).as_posix() for path in site.rglob("files/**/*.html"))
    assert any(page.startswith("files/exercises/phase2") for page in pages)
    tab = open_tab(pages[0], viewport={"width": 360, "height": 800})
    for page in pages:
        tab.goto(address + page)
        coloured = tab.locator(".highlight span[class]").count()
        assert tab.locator("h1").count() == 1 and coloured > 0, page
        assert tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), page
    tab.set_viewport_size({"width": 1280, "height": 800})
    for page in [page for page in pages if page.endswith(".py.html")]:
        tab.goto(address + page)
        code = tab.locator(".highlight pre > code")
        assert code.evaluate("code => code.scrollWidth <= code.clientWidth"), f"{page}: lines are cut on a wide screen"


@pytest.mark.parametrize("page", ["docs/mistakes.html", "docs/contract.html", "docs/platforms.html"])
def test_on_a_phone_the_long_tables_are_read_without_scrolling_sideways(open_tab, page):
    tab = open_tab(page, viewport={"width": 390, "height": 800})
    cells = "all => all.filter(cell => cell.getBoundingClientRect().right > window.innerWidth).length"
    assert tab.locator(".md-content td").evaluate_all(cells) == 0


def test_links_and_anchors_lead_somewhere(site):
    parsed = {path: Links(path.read_text(encoding="utf-8")) for path in site.rglob("*.html")}
    broken = []
    for path, page in parsed.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            place = unquote(parts.path)
            if path.name == "404.html" and place.startswith(
                f"{BELOW}/"
            ):  # shown at any address, so it says the whole path
                place = f"{site}{place[len(BELOW) :]}"
            target = (path.parent / place).resolve() if place else path
            target = target / "index.html" if target.is_dir() else target
            mark = unquote(parts.fragment)
            if not target.is_file() or (mark and target in parsed and mark not in parsed[target].ids):
                broken.append(f"{path.relative_to(site)}: {link}")
    assert not broken, "\n".join(broken)


def test_an_address_that_leads_to_nothing_shows_a_way_out_in_both_languages(browser, address):
    page = browser.new_page()  # the browser's console tells the missing page
    for wrong in ("lessons/phase7.html", "ja/lessons/phase7.html", "a/b/c/"):
        assert page.goto(address + wrong).status == 404
        assert page.locator(".md-header").is_visible() and page.locator("h1").count() == 1
        for words in ("lessons", "レッスンの一覧"):
            page.goto(address + wrong)
            page.locator(".md-content").get_by_role("link", name=words, exact=True).click()
            page.wait_for_url(f"{address}{'ja/' if words != 'lessons' else ''}lessons/index.html")
        page.goto(address + wrong)
        page.locator(".language-switch").click()
        page.wait_for_url(f"{address}ja/index.html")
    page.close()


def test_both_languages_have_the_same_sections(site):
    for page in PAGES:
        other = site / "ja" / page
        if page.startswith("lessons/") and other.is_file():
            ids = [
                re.findall(r'<h[2-4] id="([^"]+)"', path.read_text(encoding="utf-8")) for path in (site / page, other)
            ]
            assert ids[0] == ids[1], f"{page}: the two languages have different sections"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_lesson_leads_to_its_notebook(site, lang):
    """To Colab, by the address that the build is given, and to the file, which lies in the site."""
    for page in (site / SITE_OF[lang] / "lessons").glob("phase*.html"):
        links = Links(page.read_text(encoding="utf-8")).links
        opened = f"https://colab.research.google.com/github/example/kata/blob/colab/notebooks/{lang}/{page.stem}.ipynb"
        assert opened in links and f"../notebooks/{page.stem}.ipynb" in links
        cells = json.loads((page.parent.parent / "notebooks" / f"{page.stem}.ipynb").read_text(encoding="utf-8"))[
            "cells"
        ]
        assert any(f"%kata {lang}" in "".join(cell["source"]) for cell in cells)


@pytest.mark.parametrize("address", [None, "https://git.example.org/kata"])
def test_where_colab_opens_nothing_no_link_leads_there(monkeypatch, address):
    monkeypatch.delenv("REPO_URL", raising=False)
    monkeypatch.setattr("site_build.pages.repository", lambda: address)
    for lang in LANGUAGES:
        for name in sources(lang):
            text = convert((PROJECT / name).read_text(encoding="utf-8"), name, Site(lang, []))
            assert "colab.research" not in text, name


def test_in_the_dark_what_a_picture_draws_on_has_the_pages_own_colour(open_tab, tmp_path):
    """Not a box of another colour: a pixel at the picture's edge beside one of the page."""
    tab = open_tab("lessons/phase2_attention.html", color_scheme="dark")
    picture = tab.locator(".md-typeset img[src$='.svg']").first
    picture.scroll_into_view_if_needed()
    tab.wait_for_timeout(300)
    box = {name: round(value) for name, value in picture.bounding_box().items()}
    tab.screenshot(path=tmp_path / "page.png")
    seen = pixels(tmp_path / "page.png")
    middle = box["x"] + box["width"] // 2
    assert abs(seen[box["y"] + 4, middle] - seen[box["y"] - 4, middle]).max() < 0.01
    assert seen[box["y"] : box["y"] + 80, box["x"] : box["x"] + box["width"]].max() > 0.6, "nothing is drawn"


def test_code_of_up_to_ninety_characters_is_seen_whole_on_a_wide_screen(open_tab):
    tab = open_tab("lessons/phase3_layers.html")
    blocks = tab.locator(".language-python pre > code").evaluate_all(
        """all => all.map(code => [Math.max(...code.textContent.split("\\n").map(line => line.length)),
            code.scrollWidth <= code.clientWidth, parseFloat(getComputedStyle(code).fontSize)])"""
    )
    assert max(length for length, _, _ in blocks) > 80
    assert all(whole for length, whole, _ in blocks if length <= 90)
    assert min(size for _, _, size in blocks) >= 0.79 * max(size for _, _, size in blocks)


def test_drawings_of_characters_in_japanese_pages_hold_none_that_fonts_draw_in_two_widths():
    """Such as box lines: as wide as a kanji in Japanese fonts, half as wide in others."""
    for name in sources("ja"):
        for block in re.findall(r"^```text\n(.*?)^```", (PROJECT / name).read_text(encoding="utf-8"), re.M | re.S):
            odd = {sign for sign in block if unicodedata.east_asian_width(sign) == "A"}
            assert not odd, f"{name}: {odd} in\n{block}"


def test_code_in_a_line_is_what_the_source_says(site):
    """No sign in it has been taken for Markdown: all of it stands in the page, as often as in the source."""
    for lang in LANGUAGES:
        for name, page in sources(lang).items():
            text = _FENCED.sub("", (PROJECT / name).read_text(encoding="utf-8"))
            wanted = Counter(re.sub(r"\s+", " ", code.strip("`")).strip() for code in Codes.of_markdown(text))
            shown = Codes((site / SITE_OF[lang] / page).with_suffix(".html").read_text(encoding="utf-8")).found
            assert not wanted - shown, f"{name}: {wanted - shown}"


def test_no_space_stands_after_a_japanese_full_stop(site):
    """GitHub asks for one before a formula and after bold text; in the site it would be a gap."""
    for page in (site / "ja" / "lessons").glob("phase*.html"):
        text = re.sub(r"<pre.*?</pre>|<nav.*?</nav>", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
        assert not re.findall(r".{20}[、。」）](?:</strong>)? <?[^<\s].{10}", text), page.name


def test_no_line_break_parts_a_short_command(open_tab):
    tab = open_tab("lessons/phase2_attention.html")
    for width in (360, 390, 600, 1280):
        tab.set_viewport_size({"width": width, "height": 800})
        lines = tab.locator(".md-content p > code", has_text=re.compile(r"^python grader.py (watch|show) 2$"))
        assert lines.count() > 4
        assert set(lines.evaluate_all("all => all.map(code => code.getClientRects().length)")) == {1}


def test_language_switch_stays_on_the_section(open_tab):
    tab = open_tab("lessons/phase2_attention.html")
    tab.evaluate("document.getElementById('heads').scrollIntoView()")
    tab.locator(".language-switch").click()
    tab.wait_for_url("**/ja/lessons/phase2_attention.html#heads")
    assert abs(tab.evaluate("document.getElementById('heads').getBoundingClientRect().top")) < 200
    tab.locator(".language-switch").click()
    tab.wait_for_url(lambda url: "/ja/" not in url and url.endswith("lessons/phase2_attention.html#heads"))


@pytest.mark.parametrize(
    "start, words, found",
    [
        ("index.html", "smoothing", "phase5_mechanics.html"),
        ("index.html", "saturated", "phase2_attention.html"),
        ("ja/index.html", "平滑化", "phase5_mechanics.html"),
        ("ja/index.html", "先読みマスク", "phase5_mechanics.html"),
        ("ja/index.html", "直交行列", "phase1_embedding.html"),
        ("ja/index.html", "ビームサーチ", "phase6_training.html"),
        ("ja/index.html", "残差接続", "phase3_layers.html"),
    ],
)
def test_search_finds(open_tab, site, start, words, found):
    for where in ("", f"file://{site}/"):
        tab = open_tab(where + start)
        field = tab.locator(".md-search__input")
        field.click()
        field.fill(words)
        field.press("End")  # the theme waits for a key
        tab.locator(".md-search-result__item").first.wait_for()
        results = tab.locator(".md-search-result__link").evaluate_all("links => links.map(link => link.href)")
        assert any(found in link for link in results[:3]), results
        assert all(("/ja/" in link) == start.startswith("ja/") for link in results), "a result in the other language"


def test_printing_unfolds_hints_and_is_black_on_white(open_tab):
    tab = open_tab("lessons/phase2_attention.html", color_scheme="dark")
    assert tab.locator("details[open]").count() == 0
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert tab.locator("details:not([open])").count() == 0
    tab.emulate_media(media="print")
    picture = tab.locator(".md-typeset img[src$='.svg']").first
    assert picture.evaluate("picture => getComputedStyle(picture).filter") == "none"
    assert tab.locator(".figure").first.is_hidden() and tab.locator(".md-header").is_hidden()
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    frames = tab.locator(".md-typeset__scrollwrap").evaluate_all("all => all.map(e => getComputedStyle(e).overflowX)")
    assert set(frames) == {"visible"}, "a wide table is cut off"
    tab.emulate_media(media="screen")
    tab.evaluate("dispatchEvent(new Event('afterprint'))")
    assert tab.locator("details[open]").count() == 0


def test_in_print_what_is_longer_than_a_page_breaks_between_rows_or_lines(open_tab):
    """Kept together, it would leave the page before it empty."""

    def kept(tab, selector: str) -> list[str]:
        return tab.locator(selector).evaluate_all("all => all.map(one => getComputedStyle(one).breakInside)")

    for page in ("lessons/glossary.html", "docs/contract.html"):
        tab = open_tab(page)
        tab.emulate_media(media="print")
        tables = tab.locator(".md-typeset table:not([class])")
        long = tables.evaluate_all("all => all.map(table => table.rows.length > 11)")
        assert any(long) and kept(tab, ".md-typeset table:not([class])") == ["auto" if one else "avoid" for one in long]
        assert set(kept(tab, ".md-typeset tr")) == {"avoid"}
    tab = open_tab("files/exercises/phase2_attention.py.html")
    tab.emulate_media(media="print")
    assert kept(tab, ".highlight pre") == ["auto"] and tab.locator(".md-code__nav").first.is_hidden()

"""Draws what ``python grader.py watch 2`` really shows of a half-done phase: ``python -m site_build.watch_picture``.

A submission with a known mistake is watched in a pseudo-terminal, its screen is read by a terminal emulator (pyte) and
written as SVG by rich, in ``docs/pictures/watch.<lang>.svg``. Fonts are the reader's own.
"""

from __future__ import annotations

import html
import io
import re
import tempfile
from itertools import groupby
from pathlib import Path

import pyte
from rich.cells import cell_len
from rich.console import Console
from rich.style import Style
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from kata.course.edition import stub_of
from kata.course.phases import COURSE, REFERENCE
from selftest.terminal import Terminal

from .places import LANGUAGES, PROJECT

COLUMNS, LINES = 92, 26
SOLVED = ("split_heads", "merge_heads")
THEME = TerminalTheme(
    (24, 28, 36),
    (222, 226, 232),
    [(24, 28, 36), (240, 128, 116), (112, 204, 140), (232, 190, 98)]
    + [(124, 172, 240), (204, 150, 230), (104, 200, 208), (222, 226, 232)],
)
FORMAT = """<svg viewBox="0 0 {terminal_width} {terminal_height}" xmlns="http://www.w3.org/2000/svg" role="img">
<style>
.{unique_id}-matrix {{ font-family: "DejaVu Sans Mono", "Noto Sans Mono CJK JP", Menlo, Consolas, monospace;
  font-size: {char_height}px; line-height: {line_height}px; }}
{styles}
</style>
<defs>{lines}</defs>
<rect fill="rgb(24,28,36)" width="100%" height="100%" rx="9"/>
<g transform="translate(18, 14)" clip-path="none">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def half_done() -> str:
    """Phase 2 with two tasks solved, one still a stub, and the scores not divided by the root of d_k."""
    phase = COURSE[1]
    solution = (REFERENCE / phase.file).read_text(encoding="utf-8")
    stub = stub_of(phase)

    def part(text: str, name: str) -> str:
        return re.search(rf"^(?:def|class) {name}\b.*?(?=^(?:def|class) |\Z)", text, re.MULTILINE | re.DOTALL).group(0)

    for name in ("scaled_dot_product_attention", *SOLVED):
        stub = stub.replace(part(stub, name), part(solution, name))
    wrong = stub.replace(" / math.sqrt(d_k)", "")
    if wrong == stub:
        raise SystemExit("the solution divides by the root of d_k in other words now: change `half_done`")
    return wrong


def screen(lang: str) -> pyte.Screen:
    """What the terminal shows when the phase has been graded and diagnosed."""
    shown = pyte.Screen(COLUMNS, LINES)
    with tempfile.TemporaryDirectory() as folder:
        for phase in COURSE:
            (Path(folder) / phase.file).write_text(stub_of(phase), encoding="utf-8")
        (Path(folder) / COURSE[1].file).write_text(half_done(), encoding="utf-8")
        arguments = ["watch", "2", "--target", folder, "--lang", lang]
        with Terminal(arguments, columns=COLUMNS, lines=LINES) as terminal:
            terminal.wait_for("phase2_attention.md#task-", seconds=120)  # one of the last lines: where the lesson is
            terminal.listen(0.5)
            said = terminal.said.replace(folder, "exercises")
            pyte.Stream(shown).feed(re.sub(r"\d\d:\d\d:\d\d", "10:00:00", said))
            terminal.press("q")
            terminal.end()
    return shown


def picture(shown: pyte.Screen, lang: str) -> str:
    """The screen as SVG."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    rows = [number for number in range(LINES) if shown.display[number].strip()]
    title = next(number for number in rows if shown.display[number].startswith("2 "))
    rule = next(number for number in rows if "10:00:00" in shown.display[number])
    for number in range(rows[0], rows[-1] + 1):
        if rule < number < title:  # a slow machine's "still running"
            continue
        line = Text()
        row = (shown.buffer[number][column] for column in range(COLUMNS))
        for place, ((style, _), cells) in enumerate(groupby(row, key=lambda cell: (_style(cell), _width(cell)))):
            line.append("".join(cell.data for cell in cells), style + Style(meta={"place": place}))  # not joined again
        console.print(line, overflow="crop", no_wrap=True)
    text = console.export_svg(theme=THEME, code_format=FORMAT, unique_id=f"watch-{lang}")
    text = re.sub(r'x="([0-9.]+)" y="([0-9.]+)" textLength="([0-9.]+)"([^>]*>)([^<]*)<', _in_cells, text)
    size = re.compile(r'viewBox="0 0 (\S+) (\S+)"')  # of the text alone; the frame needs its margins, too
    return size.sub(lambda match: f'viewBox="0 0 {float(match[1]) + 36:g} {float(match[2]) + 28:g}"', text, count=1)


def _in_cells(match: re.Match) -> str:
    """A piece of text in its cells: rich counts characters, and a Japanese one takes two cells, each in its place."""
    x, y, length, rest, piece = match.groups()
    said = html.unescape(piece)
    if cell_len(said) == len(said):
        return match.group(0)
    cell = float(length) / len(said)
    places = " ".join(f"{float(x) + cell * cell_len(said[:number]):.1f}" for number in range(len(said)))
    return f'x="{places}" y="{y}"{rest}{piece}<'


def _width(cell: pyte.screens.Char) -> str:
    """What may share a piece of text: in the reader's font, a stretched piece is no longer in its columns inside."""
    return "space" if cell.data == " " else "narrow" if cell_len(cell.data) == 1 else "wide"


def _style(cell: pyte.screens.Char) -> Style:
    """How a cell of the screen looks, in rich's words."""
    colour = {"default": None, "brown": "yellow"}.get(cell.fg, cell.fg.replace("bright", "bright_"))
    return Style(color=colour, bold=cell.bold, reverse=cell.reverse)


def main() -> None:
    """Draw both languages."""
    folder = PROJECT / "docs" / "pictures"
    folder.mkdir(exist_ok=True)
    for lang in LANGUAGES:
        (folder / f"watch.{lang}.svg").write_text(picture(screen(lang), lang), encoding="utf-8")


if __name__ == "__main__":
    main()

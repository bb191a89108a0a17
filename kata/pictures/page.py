"""``pictures/index.html``: all pictures that were drawn, phase by phase, with their captions.

The page is made from the files alone, each of which holds its title and caption, so that pictures of an earlier
``show`` stand on it too. It asks nothing of any other machine.
"""

from __future__ import annotations

import time
from html import escape
from importlib import import_module
from pathlib import Path

from PIL import Image

from ..course.phases import COURSE, Phase
from ..i18n import choose

TITLE = ("Pictures of your Transformer", "あなたの Transformer の図")
ABOUT = (
    "Drawn with your own code by <code>python grader.py show</code>. Each caption says what its picture shows; what "
    "should be seen and is not is said as such.",
    "<code>python grader.py show</code> が、あなたのコードで描いた図です。説明文は、図に実際に見える"
    "ことだけを述べます。見えるはずなのに"
    "見えないものは、そう書いてあります。",
)
NOT_DRAWN = ("Not drawn yet: {command}", "まだ描いていません: {command}")
DRAWN = ("drawn {when}", "{when} に描画")
OTHER_LANGUAGE = ("in English: {command} draws it anew", "英語で描かれています。{command} で描き直せます")
IN_JAPANESE = ("in Japanese: {command} draws it anew", "日本語で描かれています。{command} で描き直せます")
PHASE = ("Phase {number}: {title}", "フェーズ {number}: {title}")
CONTENTS = ("Phases", "フェーズ")

STYLE = """
:root { color-scheme: light dark; --ink: #222; --soft: #595959; --page: #fff; --line: #ddd; --link: #0b62a4; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e6e6; --soft: #ababab; --page: #17191c; --line: #3a3d42; --link: #7cc0f5; }
  img { filter: brightness(0.9); }
}
body { margin: 0 auto; max-width: 62rem; padding: 1rem; background: var(--page); color: var(--ink);
  font: 1rem/1.6 system-ui, "Hiragino Sans", "Noto Sans CJK JP", sans-serif; }
a { color: var(--link); }
nav ul { display: flex; flex-wrap: wrap; gap: 0.3rem 1.2rem; list-style: none; padding: 0; }
figure { margin: 1.5rem 0 2.5rem; }
img { display: block; max-width: 100%; height: auto; border: 1px solid var(--line); border-radius: 6px;
  background: #fff; }
figcaption { margin-top: 0.6rem; }
figcaption b { display: block; }
small, .todo { color: var(--soft); }
"""


def write(folder: Path, lang: str) -> Path | None:
    """Write the page.

    Args:
        folder: where the pictures are, ``phase<N>/<name>.png``.
        lang: language of the page, ``"en"`` or ``"ja"``.

    Returns:
        Its path; None if there is no picture.

    Raises:
        OSError: if it cannot be written.
    """
    sections, links, found = [], [], False
    for phase in COURSE:
        figures = [figure for path in files(folder, phase) for figure in [_figure(path, folder, phase, lang)] if figure]
        found = found or bool(figures)
        heading = escape(choose(PHASE, lang).format(number=phase.number, title=phase.title(lang)))
        links.append(f'<li><a href="#phase{phase.number}">{heading}</a></li>')
        if not figures:
            command = _command(phase, lang)
            figures = [f'<p class="todo">{choose(NOT_DRAWN, lang).format(command=command)}</p>']
        sections.append(
            f'<section id="phase{phase.number}">\n<h2>{heading}</h2>\n' + "\n".join(figures) + "\n</section>"
        )
    if not found:
        return None
    title = escape(choose(TITLE, lang))
    page = folder / "index.html"
    page.write_text(
        f'<!doctype html>\n<html lang="{lang}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{title}</title>\n'
        f"<style>{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n<p>{choose(ABOUT, lang)}</p>\n"
        f'<nav aria-label="{choose(CONTENTS, lang)}">\n<ul>\n' + "\n".join(links) + "\n</ul>\n</nav>\n<main>\n"
        + "\n".join(sections) + "\n</main>\n</body>\n</html>\n",
        encoding="utf-8",
    )  # fmt: skip
    return page


def files(folder: Path, phase: Phase) -> list[Path]:
    """The pictures of a phase that are there, in the order in which ``show`` draws them."""
    known = getattr(import_module(f"kata.pictures.phase{phase.number}"), "PICTURES", ())
    order = {f"{picture.name}.png": place for place, picture in enumerate(known)}
    paths = folder.joinpath(f"phase{phase.number}").glob("*.png")
    return sorted(paths, key=lambda path: (order.get(path.name, len(order)), path.name))


def _figure(path: Path, folder: Path, phase: Phase, lang: str) -> str:
    """One picture with its caption; empty if the file is none."""
    try:
        with Image.open(path) as image:
            told, (width, height) = dict(image.info), image.size
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(path.stat().st_mtime))
    except (OSError, ValueError, SyntaxError):
        return ""
    drawn_in = str(told.get("Language", lang))
    notes = [choose(DRAWN, lang).format(when=when)]
    if drawn_in != lang:
        other = OTHER_LANGUAGE if drawn_in == "en" else IN_JAPANESE
        notes.append(choose(other, lang).format(command=_command(phase, lang)))
    address = escape(path.relative_to(folder).as_posix())
    title, caption = (escape(str(told.get(name, ""))) for name in ("Title", "Description"))
    return (
        f'<figure>\n<a href="{address}"><img src="{address}" alt="{title}" width="{width}" height="{height}" '
        f'loading="lazy"></a>\n<figcaption lang="{drawn_in}"><b>{title}</b>{caption}</figcaption>\n'
        f"<small>{'; '.join(notes)}</small>\n</figure>"
    )


def _command(phase: Phase, lang: str) -> str:
    return f"<code>python grader.py show {phase.number}{' --lang ja' if lang == 'ja' else ''}</code>"

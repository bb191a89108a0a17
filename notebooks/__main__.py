"""``python -m notebooks``: write all notebooks anew, after a lesson, a stub or the repository's address has changed.

``--published ADDRESS`` writes them as Colab opens them from the repository at that address (``publishing.py``).
"""

from __future__ import annotations

import argparse
import sys
from typing import Sequence

from kata.course.phases import COURSE
from kata.i18n import LANGUAGES

from .cells import cells, path_of


def main(arguments: Sequence[str] | None = None) -> int:
    """Write; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m notebooks", description="Make the notebooks anew.")
    parser.add_argument("--published", metavar="ADDRESS", help="as Colab opens them from the repository there")
    options = parser.parse_args(arguments)
    try:
        import nbformat
    except ModuleNotFoundError:
        print("nbformat is not installed: python -m pip install -r requirements-notebook.txt", file=sys.stderr)
        return 2
    make = {"markdown": nbformat.v4.new_markdown_cell, "code": nbformat.v4.new_code_cell}
    for lang in LANGUAGES:
        for phase in COURSE:
            notebook = nbformat.v4.new_notebook(
                cells=[make[cell.kind](cell.source, id=cell.id) for cell in cells(phase, lang, options.published)],
                metadata={
                    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
                    "language_info": {"name": "python"},
                },
            )
            nbformat.validate(notebook)
            path = path_of(phase, lang)
            path.parent.mkdir(exist_ok=True)
            with open(path, "w", encoding="utf-8", newline="\n") as stream:
                nbformat.write(notebook, stream)
    print(f"{len(LANGUAGES) * len(COURSE)} notebooks written")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

"""``python -m notebooks``: write all notebooks anew, after a lesson, a stub or the repository's address has changed."""

from __future__ import annotations

import sys

from kata.course.phases import COURSE
from kata.i18n import LANGUAGES

from .cells import cells, path_of


def main() -> int:
    """Write; return the exit status."""
    try:
        import nbformat
    except ModuleNotFoundError:
        print("nbformat is not installed: python -m pip install -r requirements-notebook.txt", file=sys.stderr)
        return 2
    make = {"markdown": nbformat.v4.new_markdown_cell, "code": nbformat.v4.new_code_cell}
    for lang in LANGUAGES:
        for phase in COURSE:
            notebook = nbformat.v4.new_notebook(
                cells=[make[cell.kind](cell.source, id=cell.id) for cell in cells(phase, lang)],
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

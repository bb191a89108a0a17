"""Where the project is published, and what a notebook needs that Colab opens from there.

``pyproject.toml`` holds the address. The workflow ``site.yml`` knows its own repository's: it makes the notebooks for
that address and puts them on the branch ``BRANCH``, which Colab opens, so that they are right in a fork as well.
"""

from __future__ import annotations

import posixpath
import re

from kata.course.phases import PROJECT, Phase

BRANCH = "colab"
PLACEHOLDER = "https://github.com/OWNER/"
"""How the address begins while nobody has set it."""


def repository() -> str | None:
    """Address of the published repository, without a slash at its end; None while ``pyproject.toml`` does not know it.

    Raises:
        ValueError: if ``pyproject.toml`` names no repository.
    """
    text = (PROJECT / "pyproject.toml").read_text(encoding="utf-8")
    found = re.search(r'^Repository = "([^"]+?)/?"$', text, re.MULTILINE)
    if found is None:
        raise ValueError("pyproject.toml names no Repository under [project.urls]")
    return None if found.group(1).startswith(PLACEHOLDER) else found.group(1)


def colab(phase: Phase, lang: str, address: str | None) -> str | None:
    """Where Colab opens a notebook of the repository at an address; None where it cannot: it opens GitHub's alone."""
    if address is None or not address.startswith("https://github.com/"):
        return None
    return _page(f"notebooks/{lang}/{phase.id}.ipynb", address)


def absolute(text: str, lang: str, address: str) -> str:
    """Markdown of a notebook whose links lead to the repository's pages: in Colab a relative link leads to nothing."""

    def moved(match: re.Match[str]) -> str:
        target = match.group(1)
        if "://" in target:
            return match.group(0)
        path, sign, anchor = target.partition("#")
        return f"]({_page(posixpath.normpath(posixpath.join('notebooks', lang, path)), address)}{sign}{anchor})"

    return re.sub(r"\]\(([^()\s]+)\)", moved, text)


def _page(path: str, address: str) -> str:
    """Where a file is read: a notebook in Colab, any other on its page in the repository."""
    if not path.endswith(".ipynb"):
        return f"{address}/blob/HEAD/{path}"
    place = address.replace("https://github.com/", "https://colab.research.google.com/github/")
    return f"{place}/blob/{BRANCH}/{path}"

"""Folders and languages of the site."""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent

WORK = HERE / "work"
"""What is written for the generator, anew for every build."""

HTML = HERE / "html"
"""The built site."""

LANGUAGES = ("en", "ja")

SITE_OF = {"en": "", "ja": "ja"}
"""Folder of each language below ``HTML``."""

"""The course in a notebook: ``%load_ext kata.notebook`` brings ``%%task``, ``%hint``, ``%trace``, ``%show``, ``check``.

Nothing here is imported by the grader. IPython is needed for the magics alone (``requirements-notebook.txt``).
"""

from __future__ import annotations

from typing import Any


def load_ipython_extension(shell: Any) -> None:
    """Called by IPython's ``%load_ext``."""
    from .setup import install_what_is_missing

    install_what_is_missing()
    from .. import check
    from .magics import KataMagics

    shell.register_magics(KataMagics(shell))
    shell.push({"check": check})

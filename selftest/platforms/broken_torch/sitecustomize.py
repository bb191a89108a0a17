"""A machine on which one function of torch fails, in guests alone. A folder for PYTHONPATH."""

from __future__ import annotations

import builtins
import sys

_import = builtins.__import__


def import_and_break(name, globals=None, locals=None, fromlist=(), level=0):  # noqa: A002 (Python's own names)
    """In place of ``__import__``."""
    module = _import(name, globals, locals, fromlist, level)
    preparation = sys.modules.get("kata.sandbox.guest.preparation")
    if hasattr(preparation, "prepare") and not hasattr(preparation, "whole"):
        preparation.whole = preparation.prepare
        preparation.prepare = _prepare_and_break
    return module


def _prepare_and_break() -> None:
    preparation = sys.modules["kata.sandbox.guest.preparation"]
    preparation.whole()

    def sin(*arguments: object, **options: object) -> None:
        raise RuntimeError("no kernel image is available for execution on the device")

    preparation.torch.sin = sin


builtins.__import__ = import_and_break

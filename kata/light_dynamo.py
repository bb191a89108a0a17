"""A stand-in for ``torch._dynamo``, torch's compiler, which takes a second to import and which nothing here needs.

Since torch 2.1 every optimizer and every operation on the ``meta`` device imports the compiler, only to ask it to keep
away. The stand-in answers that itself. Whoever wants anything else of it (``torch.compile``) gets the real one.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any

import torch

NAME = "torch._dynamo"


class _Light(ModuleType):
    """The two functions that uncompiled code calls; any other name brings in the compiler."""

    @staticmethod
    def disable(fn: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Nothing is compiled, so there is nothing to keep away from."""
        return fn if fn is not None else lambda function: function

    @staticmethod
    def graph_break(*args: Any, **kwargs: Any) -> None:
        """As in the real one outside of compiled code."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name != "__path__":  # whoever looks through all modules wants none of them
            raise AttributeError(name)
        if sys.modules.get(NAME) is self:
            del sys.modules[NAME]
        return getattr(importlib.import_module(NAME), name)


def install() -> None:
    """Put the stand-in where ``import torch._dynamo`` finds it, unless the real one is there already."""
    if NAME not in sys.modules and hasattr(torch, "_disable_dynamo"):
        sys.modules[NAME] = torch._dynamo = _Light(NAME)

"""What makes processes that import torch start sooner: no compiler, and no garbage collection meanwhile.

A stand-in takes the place of ``torch._dynamo``, the compiler, which takes a second to import and which nothing here
needs. Since torch 2.1 every optimizer and every operation on the ``meta`` device imports the compiler, only to ask it
to keep away. The stand-in answers that itself. Whoever wants anything else of it (``torch.compile``) gets the real one.
"""

from __future__ import annotations

import gc
import importlib
import sys
from types import ModuleType
from typing import Any

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


def install_light_dynamo() -> None:
    """Put the stand-in where ``import torch._dynamo`` finds it, unless the real one is there already."""
    import torch  # not above: pause_gc() is called before torch is imported

    if NAME not in sys.modules and hasattr(torch, "_disable_dynamo"):
        sys.modules[NAME] = torch._dynamo = _Light(NAME)


def pause_gc() -> None:
    """Collect nothing until ``freeze_and_enable_gc``: a sixth of the time that importing torch takes."""
    gc.disable()


def freeze_and_enable_gc() -> None:
    """Collect from now on, but never what is there by now: torch and the suites stay.

    Looking through them takes a tenth of a second each time, and in a forked process copies their memory.
    """
    gc.freeze()
    gc.enable()

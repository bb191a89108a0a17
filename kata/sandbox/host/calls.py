"""What a test asked of the submission, written as code to paste: ``LayerNorm(5)(x)  # x: float32 (3, 5)``."""

from __future__ import annotations

from typing import Any, Mapping

from torch import Tensor

from .handles import Handle

LONGEST = 160
"""A call that would be longer is not written out."""

NAMES = {"int": ("tokens", "ids"), "bool": ("mask", "other_mask")}
"""What an argument is called, by the kind of its numbers; ``x``, ``y``, ``z`` where they are floats."""


class _Notes:
    """Names for the tensors of a call, with dtype and shape; one that comes twice has one name."""

    def __init__(self) -> None:
        self.kinds: dict[str, str] = {}
        self._names: dict[int, str] = {}

    def name_of(self, tensor: Tensor, wanted: str) -> str:
        """The name of a tensor: the one that is wanted, if it is free."""
        if id(tensor) not in self._names:
            dtype = str(tensor.dtype)[6:]
            family = dtype if dtype == "bool" else "float" if tensor.dtype.is_floating_point else "int"
            usual = (*NAMES.get(family, ("x", "y", "z")), *(f"t{number}" for number in range(1, 100)))
            chosen = next(word for word in (wanted, *usual) if word and word not in self.kinds)
            self.kinds[chosen] = f"{dtype} {tuple(tensor.shape)}" + (" on meta" if tensor.is_meta else "")
            self._names[id(tensor)] = chosen
        return self._names[id(tensor)]


def written(request: Mapping[str, Any]) -> str:
    """The call that a request stands for, and what its tensors are; empty if it is none, or too long to read."""
    if request.get("op") != "call":
        return ""
    notes = _Notes()
    code = _code(request, notes)
    described = ", ".join(f"{name}: {kind}" for name, kind in notes.kinds.items())
    line = f"{code}  # {described}" if described else code
    return line if code and len(line) <= LONGEST else ""


def _code(request: Mapping[str, Any], notes: _Notes) -> str:
    """The expression whose value a request asks for."""
    op = request.get("op")
    if op == "phase":
        return str(request["name"])
    if op == "in_guest":
        return f"{request['module']}.{request['name']}"
    whole = _written_value(request.get("object"), notes, "")
    if op == "getattr":
        return f"{whole}.{request['name']}"
    if op == "item":
        return f"{whole}[{request['key']!r}]"
    if op == "copy":
        return f"copy.deepcopy({whole})"
    if op != "call":
        return "..."
    given = [_written_value(value, notes, "") for value in request["args"]]
    given += [f"{name}={_written_value(value, notes, name)}" for name, value in request["kwargs"].items()]
    method = f".{request['method']}" if request["method"] else ""
    return f"{whole}{method}({', '.join(given)})"


def _written_value(value: Any, notes: _Notes, name: str) -> str:
    if isinstance(value, Handle):
        made = value._kata_made
        return _code(made, notes) if made else value._kata_type
    if isinstance(value, Tensor):
        return notes.name_of(value, name)
    if isinstance(value, dict):
        return "{...}" if value else "{}"
    if isinstance(value, (list, tuple)) and len(repr(value)) > 60:
        return "[...]" if isinstance(value, list) else "(...)"
    return repr(value)

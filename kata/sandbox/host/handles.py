"""Handles: on the host, what stands for an object that lives in the guest."""

from __future__ import annotations

import sys
from typing import Any, Iterator

from ..protocol.codec import CodecError

LISTED = frozenset(
    ("named_parameters", "parameters", "named_buffers", "buffers", "named_modules", "modules", "children")
)
"""Methods of nn.Module that give an iterator."""

ITSELF = frozenset(("train", "eval", "double", "float", "half", "bfloat16", "to", "requires_grad_"))
"""Methods of nn.Module that change a module and answer it."""

METHODS = (
    LISTED
    | ITSELF
    | frozenset(
        (
            "state_dict",
            "load_state_dict",
            "zero_grad",
            "step",
            "backward",
            "get_submodule",
        )  # fmt: skip
    )
)
"""Methods that suites call often: they are called in one request instead of two."""


class Handle:
    """An object that lives in the guest. What it says and does is asked there.

    Args:
        guest: where it lives.
        number: its number there.
        type_name: what its class calls itself.
        epoch: of which test it is.
        made: the request that was answered with it.
    """

    __slots__ = ("_kata_guest", "_kata_id", "_kata_type", "_kata_epoch", "_kata_made")

    def __init__(self, guest: Any, number: int, type_name: str, epoch: int, made: Any = None) -> None:
        for name, value in zip(self.__slots__, (guest, number, type_name, epoch, made)):
            object.__setattr__(self, name, value)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name.startswith("_kata"):
            raise AttributeError(name)
        if name in METHODS:
            return _Method(self, name)
        return _part(self, name, self._kata_guest.request({"op": "getattr", "object": self, "name": name}))

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError("a suite does not set attributes of a submission's objects")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return _call(self, None, args, kwargs)

    def __deepcopy__(self, memo: Any) -> Any:
        twin = self._kata_guest.request({"op": "copy", "object": self})
        if isinstance(twin, Handle):
            self._kata_guest.loaded.note_copy(self._kata_id, twin._kata_id)
        return twin

    def __iter__(self) -> Any:
        parts = self._kata_guest.request({"op": "list", "object": self})
        if not isinstance(parts, list):
            raise self._kata_guest.nonsense("the parts of an object")
        return iter([_part(self, str(number), part) for number, part in enumerate(parts)])

    def __getitem__(self, key: Any) -> Any:
        return _part(self, str(key), self._kata_guest.request({"op": "item", "object": self, "key": key}))

    def __len__(self) -> int:
        length = self._kata_guest.request({"op": "length", "object": self})
        if type(length) is not int or not 0 <= length <= sys.maxsize:
            raise self._kata_guest.nonsense("a length")
        return length

    def __bool__(self) -> bool:
        return True  # what the object thinks of itself does not matter

    def __repr__(self) -> str:
        return f"<{self._kata_type} of the submission>"


class _Method:
    """A method of a handle, called in one request."""

    def __init__(self, handle: Handle, name: str) -> None:
        self._handle = handle
        self._name = name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        result = _call(self._handle, self._name, args, kwargs)
        if self._name not in LISTED:
            return result
        if not isinstance(result, list):
            raise self._handle._kata_guest.nonsense(f"{self._name}()")
        return iter(result)


def _part(whole: Handle, name: str, part: Any) -> Any:
    """What stands in an object under a name, once it is noted or compared with what was loaded."""
    loaded = whole._kata_guest.loaded
    if isinstance(part, Handle):
        loaded.note_part(whole._kata_id, name, part._kata_id)
    elif isinstance(part, (list, tuple)):
        for number, inner in enumerate(part):
            _part(whole, f"{name}.{number}", inner)
    else:
        loaded.compare(whole._kata_id, [(name, part)])
    return part


def _handles_in(value: Any) -> Iterator[Handle]:
    if isinstance(value, Handle):
        yield value
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _handles_in(part)


def _are_pairs(listed: Any) -> bool:
    return isinstance(listed, list) and all(isinstance(part, tuple) and len(part) == 2 for part in listed)


def _call(handle: Handle, method: str | None, args: Any, kwargs: Any) -> Any:
    guest = handle._kata_guest
    result = _ask(handle, method, args, kwargs)
    if method == "load_state_dict":
        guest.loaded.note_load(handle._kata_id, args[0] if args else kwargs.get("state_dict"))
    elif method == "get_submodule" and isinstance(result, Handle):
        guest.loaded.note_part(handle._kata_id, str(args[0]), result._kata_id)
    elif method == "state_dict" and isinstance(result, dict):
        guest.loaded.compare(handle._kata_id, result.items(), whole=True)
    elif method == "named_parameters" and _are_pairs(result):
        guest.loaded.compare(handle._kata_id, result, whole=True)
    elif guest.loaded.knows(handle._kata_id):
        if method in ("state_dict", "named_parameters"):
            kind = "a dict of tensors" if method == "state_dict" else "pairs of a name and a parameter"
            raise AssertionError(f"{method}() of a module gives something else than {kind}")
        if method in ITSELF and not (isinstance(result, Handle) and result._kata_id == handle._kata_id):
            raise AssertionError(f"{method}() of a module gives something else than the module itself")
    for other in _handles_in([*args, *kwargs.values()]):
        guest.loaded.hand_on(other._kata_id)
    return result


def _ask(handle: Handle, method: str | None, args: Any, kwargs: Any) -> Any:
    request = {
        "op": "call",
        "object": handle,
        "method": method,
        "args": list(args),
        "kwargs": kwargs,
        "listed": method in LISTED,
    }
    return handle._kata_guest.request(request)


def reference_to(value: Any) -> Any:
    """What names an object in a request: only the guest's own can go back to it."""
    if isinstance(value, Handle):
        return value._kata_id
    if isinstance(value, _Method):
        raise CodecError("a bound method cannot be passed on")
    raise TypeError(f"a test passes a {type(value).__name__} of its own to the submission; only data can cross")

"""Handles: on the host, what stands for an object that lives in the guest."""

from __future__ import annotations

from typing import Any

from ..protocol.codec import CodecError

LISTED = frozenset(
    ("named_parameters", "parameters", "named_buffers", "buffers", "named_modules", "modules", "children")
)
"""Methods of nn.Module that give an iterator."""

METHODS = LISTED | frozenset(
    (
        "train",
        "eval",
        "double",
        "float",
        "to",
        "state_dict",
        "load_state_dict",
        "zero_grad",
        "step",
        "backward",
        "get_submodule",
    )  # fmt: skip
)
"""Methods that suites call often: they are called in one request instead of two."""


class Handle:
    """An object that lives in the guest. What it says and does is asked there."""

    __slots__ = ("_kata_guest", "_kata_id", "_kata_type", "_kata_epoch")

    def __init__(self, guest: Any, number: int, type_name: str, epoch: int) -> None:
        for name, value in zip(self.__slots__, (guest, number, type_name, epoch)):
            object.__setattr__(self, name, value)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name.startswith("_kata"):
            raise AttributeError(name)
        if name in METHODS:
            return _Method(self, name)
        return self._kata_guest.request({"op": "getattr", "object": self, "name": name})

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError("a suite does not set attributes of a submission's objects")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return _call(self, None, args, kwargs)

    def __deepcopy__(self, memo: Any) -> Any:
        return self._kata_guest.request({"op": "copy", "object": self})

    def __iter__(self) -> Any:
        return iter(self._kata_guest.request({"op": "list", "object": self}))

    def __getitem__(self, key: Any) -> Any:
        return self._kata_guest.request({"op": "item", "object": self, "key": key})

    def __len__(self) -> int:
        return int(self._kata_guest.request({"op": "length", "object": self}))

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
        return iter(result) if self._name in LISTED else result


def _call(handle: Handle, method: str | None, args: Any, kwargs: Any) -> Any:
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

"""Turn values into data and back: JSON for structure, safetensors for numbers. Never pickle, never code.

Either side may be lied to by the other, so decoding takes nothing on trust: depth, counts, dtypes and sizes are
checked before anything is built from them.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, Callable

import torch
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor

MAX_DEPTH = 12
MAX_ITEMS = 200_000
MAX_TEXT = 100_000
MAX_NUMEL = 32_000_000
MAX_DIGITS = 400
MAX_DIMENSIONS = 20
MAX_TOLD = 2 * MAX_NUMEL
"""Numbers in all tensors of a message, each as often as it is told of: whoever hears of one twice may copy it twice."""

MAX_MARKS = 4_000_000
"""Commas and brackets of a header: JSON makes up to a hundred bytes of memory of each."""

MAX_KEYS = 1000
"""Keys of a dict that are no text: how those are hashed is known, so many can be found that all meet in one place."""
MANY_DIGITS = re.compile(rb"[0-9]{%d}" % (MAX_DIGITS + 1))

DTYPES = {
    "float64": torch.float64,
    "float32": torch.float32,
    "float16": torch.float16,
    "bfloat16": torch.bfloat16,
    "int64": torch.int64,
    "int32": torch.int32,
    "int16": torch.int16,
    "int8": torch.int8,
    "uint8": torch.uint8,
    "bool": torch.bool,
}
PLAIN = frozenset((bool, int, str))
DTYPE_NAMES = {dtype: name for name, dtype in DTYPES.items()}


class CodecError(ValueError):
    """A value that cannot cross, or data that is not what it says it is."""


class Encoder:
    """Encode one message. ``tensors`` collects what does not fit into JSON.

    Args:
        on_object: what to make of an object that is no data, such as a module: a JSON value that names it.
        on_tensor: extra facts about a tensor to send along, such as the id of its graph.
    """

    def __init__(
        self, on_object: Callable[[Any], Any], on_tensor: Callable[[Tensor], dict[str, Any]] = lambda tensor: {}
    ) -> None:
        self._on_object = on_object
        self._on_tensor = on_tensor
        self._items = 0
        self._indices: dict[Any, int] = {}
        self._facts: list[dict[str, Any]] = []
        self._packs: dict[str, list[Tensor]] = {}
        self._packed: dict[str, int] = {}
        self._alive: list[Tensor] = []  # keeps ids from being used twice
        self._told = 0

    def message(self, value: Any) -> tuple[bytes, bytes]:
        """Header and payload of a message that holds ``value``."""
        body = self.encode(value)
        header = json.dumps({"body": body, "tensors": self._facts}).encode()
        # All tensors of a dtype travel as one: a model's many small parameters would cost much more one by one.
        payload = {dtype: torch.cat(parts) for dtype, parts in self._packs.items()}
        return header, save_tensors(payload) if payload else b""

    def encode(self, value: Any, depth: int = 0) -> Any:
        """A JSON value that stands for ``value``."""
        self._items += 1
        if depth > MAX_DEPTH or self._items > MAX_ITEMS:
            raise CodecError("the value is nested too deeply or has too many parts")
        if value is None or value is True or value is False or (type(value) is str and len(value) <= MAX_TEXT):
            return value
        if isinstance(value, Tensor):
            return {"t": self._tensor(value)}
        if isinstance(value, int):
            number = int.__int__(value)
            return number if abs(number) < 2**63 else {"big": str(number)}
        if isinstance(value, float):
            return {"f": float.__float__(value).hex()}
        if isinstance(value, str):
            if len(value) > MAX_TEXT:
                raise CodecError("the text is too long")
            return str.__str__(value)
        if isinstance(value, torch.Size):
            return {"u": [int(size) for size in value]}
        if isinstance(value, tuple):
            return {"u": [self.encode(item, depth + 1) for item in tuple.__iter__(value)]}
        if isinstance(value, list):
            return {"l": [self.encode(item, depth + 1) for item in list.__iter__(value)]}
        if isinstance(value, dict):
            pairs = [[self.encode(k, depth + 1), self.encode(v, depth + 1)] for k, v in dict.items(value)]
            if len([key for key, _ in pairs if type(key) is not str]) > MAX_KEYS:
                raise CodecError("a dict has too many keys that are no text")
            return {"d": pairs}
        if isinstance(value, torch.dtype) and value in DTYPE_NAMES:
            return {"dtype": DTYPE_NAMES[value]}
        if isinstance(value, torch.device):
            return {"device": str(value)}
        return {"o": self._on_object(value)}

    def _tensor(self, tensor: Tensor) -> int:
        """Put a tensor into the message once; the same one again gets the same number."""
        with torch._C.DisableTorchFunction():
            if tensor.dtype not in DTYPE_NAMES or tensor.layout != torch.strided:
                raise CodecError(f"a tensor of dtype {tensor.dtype} and layout {tensor.layout} cannot cross")
            self._told += tensor.numel()
            if self._told > MAX_TOLD:
                raise CodecError("the tensors are too large to cross together")
            key = _identity(tensor)
            if key in self._indices:
                return self._indices[key]
            if tensor.numel() > MAX_NUMEL:
                raise CodecError(f"a tensor of shape {tuple(tensor.shape)} is too large to cross")
            index = len(self._facts)
            self._indices[key] = index
            self._alive.append(tensor)
            facts: dict[str, Any] = {"shape": list(tensor.shape), "dtype": DTYPE_NAMES[tensor.dtype]}
            if tensor.device.type == "meta":
                facts["meta"] = True
            else:
                plain = tensor.detach().cpu()
                if type(plain) is not Tensor:
                    plain = plain.as_subclass(Tensor)
                if not plain.is_contiguous():
                    facts["strides"] = list(plain.stride())
                    plain = plain.contiguous()
                facts["at"] = self._pack(facts["dtype"], plain)
            facts.update(self._on_tensor(tensor))
            self._facts.append(facts)
            return index

    def _pack(self, dtype: str, tensor: Tensor) -> int:
        """Put the values of a contiguous tensor into the pack of its dtype; return where they begin."""
        start = self._packed.get(dtype, 0)
        self._packed[dtype] = start + tensor.numel()
        self._packs.setdefault(dtype, []).append(tensor.reshape(-1))
        return start


def _identity(tensor: Tensor) -> Any:
    """Equal for what is one tensor to the receiver: the same object, or views of all of the same memory."""
    if tensor.device.type == "meta" or tensor.numel() == 0 or tensor.requires_grad:
        return ("id", id(tensor))
    return ("memory", tensor.data_ptr(), tuple(tensor.shape), tuple(tensor.stride()), tensor.dtype)


class Decoder:
    """Decode one message.

    Args:
        header, payload: from ``Encoder.message`` of the other side.
        on_object: what a named object becomes.
        on_tensor: makes of a plain tensor and the facts sent along what the receiver uses.
    """

    def __init__(
        self,
        header: bytes,
        payload: bytes,
        on_object: Callable[[Any], Any],
        on_tensor: Callable[[Tensor, dict[str, Any]], Tensor] = lambda tensor, facts: tensor,
    ) -> None:
        self._on_object = on_object
        self._items = self._told = 0
        try:
            if header.count(b",") + header.count(b"[") + header.count(b"{") > MAX_MARKS:
                raise CodecError("the message has too many parts")
            # A function that looks at every number is slow: it is called only where there may be one to refuse.
            message = json.loads(header, parse_int=_whole_number if MANY_DIGITS.search(header) else None)
            self._body = message["body"]
            facts = message["tensors"]
            if len(facts) > MAX_ITEMS:
                raise CodecError("the message has too many tensors")
            unpacker = _Unpacker(load_tensors(payload) if payload else {})
            plain = [unpacker.tensor(fact) for fact in facts]
        except CodecError:
            raise
        except Exception as error:
            raise CodecError(f"not a message: {type(error).__name__}: {str(error)[:200]}") from None
        self._plain = plain
        self._facts = facts
        self._on_tensor = on_tensor
        self._made: dict[int, Tensor] = {}

    def value(self) -> Any:
        """The value of the message."""
        try:
            return self._decode(self._body, 0)
        except CodecError:
            raise
        except Exception as error:
            raise CodecError(f"not a message: {type(error).__name__}: {str(error)[:200]}") from None

    def _decode(self, item: Any, depth: int) -> Any:
        self._items += 1
        if depth > MAX_DEPTH or self._items > MAX_ITEMS:
            raise CodecError("the message is nested too deeply or has too many parts")
        if item is None or type(item) in PLAIN:
            if type(item) is str and len(item) > MAX_TEXT:
                raise CodecError("a text that is too long")
            return item
        if not isinstance(item, dict) or len(item) != 1:
            raise CodecError("not a message")
        (kind, content), *_ = item.items()
        if kind == "t":
            return self._tensor(content)
        if kind == "f":
            return float.fromhex(content)
        if kind == "big":
            return _whole_number(content)
        if kind == "u":
            return tuple(self._decode(part, depth + 1) for part in content)
        if kind == "l":
            return [self._decode(part, depth + 1) for part in content]
        if kind == "d":
            if len([key for key, _ in content if type(key) is not str]) > MAX_KEYS:
                raise CodecError("a dict with too many keys that are no text")
            return {self._decode(key, depth + 1): self._decode(value, depth + 1) for key, value in content}
        if kind == "dtype":
            return DTYPES[content]
        if kind == "device" and isinstance(content, str):  # torch takes a number for one of "cuda"
            return torch.device(content)
        if kind == "o":
            return self._on_object(content)
        raise CodecError("not a message")

    def _tensor(self, index: Any) -> Tensor:
        if not isinstance(index, int) or not 0 <= index < len(self._plain):
            raise CodecError("a tensor that was not sent")
        self._told += self._plain[index].numel()
        if self._told > MAX_TOLD:
            raise CodecError("tensors that are too large together")
        if index not in self._made:
            self._made[index] = self._on_tensor(self._plain[index], self._facts[index])
        return self._made[index]


def checked_shape(told: Any) -> tuple[int, ...]:
    """A shape that somebody tells of, if there can be such a tensor."""
    if not isinstance(told, list) or len(told) > MAX_DIMENSIONS:
        raise CodecError("a tensor of an impossible shape")
    if not all(type(size) is int and 0 <= size <= MAX_NUMEL for size in told):
        raise CodecError("a tensor of an impossible shape")
    return tuple(told)


def _whole_number(digits: str) -> int:
    """A whole number of a size that does not take minutes to read."""
    if len(digits) > MAX_DIGITS:
        raise CodecError("a number with too many digits")
    return int(digits)


class _Unpacker:
    """Cut the packs of a message into its tensors; every value belongs to one of them, so that none grows by magic.

    Args:
        packs: dtype to the values of all tensors of that dtype, one after another.
    """

    def __init__(self, packs: dict[str, Tensor]) -> None:
        self._packs = packs
        self._used: dict[str, int] = {}
        self._room = MAX_NUMEL

    def tensor(self, facts: dict[str, Any]) -> Tensor:
        """The next tensor, which the facts describe, with its memory layout."""
        name, shape = facts["dtype"], checked_shape(facts["shape"])
        dtype, count = DTYPES[name], math.prod(shape)
        if count > MAX_NUMEL:
            raise CodecError("a tensor of an impossible shape")
        if "meta" in facts:
            return torch.empty(shape, dtype=dtype, device="meta")
        pack, start = self._packs[name], self._used.get(name, 0)
        if pack.dtype != dtype or pack.dim() != 1 or facts["at"] != start or start + count > pack.shape[0]:
            raise CodecError("a tensor that is not what it says it is")
        self._used[name] = start + count
        stored = pack[start : start + count].clone().reshape(shape)
        return stored if "strides" not in facts else self._lay_out(stored, facts["strides"])

    def _lay_out(self, stored: Tensor, strides: list[int]) -> Tensor:
        shape = stored.shape
        if len(strides) != len(shape) or not all(type(stride) is int and stride >= 0 for stride in strides):
            raise CodecError("a tensor of impossible strides")
        # Dimensions of stride 0 are expanded ones: lay out one entry of each, then expand.
        base = [1 if stride == 0 else size for size, stride in zip(shape, strides)]
        self._room -= 1 + sum((size - 1) * stride for size, stride in zip(base, strides) if size > 0)
        if self._room < 0:
            raise CodecError("a tensor of impossible strides")
        laid_out = torch.empty_strided(base, strides, dtype=stored.dtype)
        try:
            laid_out.copy_(stored[tuple(slice(0, size) for size in base)])
        except RuntimeError:  # its entries overlap, as those of Tensor.unfold: the values are what matters
            return stored
        return laid_out.expand(shape)

"""Streams of frames as a hostile guest may send them: honest answers changed in places, and answers made up."""

from __future__ import annotations

import functools
import itertools
import json
import math
import random
import struct
from pathlib import Path
from typing import Any, Callable, Iterable, Iterator, Tuple

import torch
from safetensors.torch import save

from kata.sandbox.protocol.codec import DTYPES

CORPUS = Path(__file__).resolve().parent / "corpus"
PREFIX = struct.Struct("!4sIQQ")

WHOLE = (-(2**63), -2, -1, 0, 1, 2, 3, 20, 2**31, 32_000_000, 32_000_001, 2**63 - 1, 2**63, 2**64, 10**30)
"""Whole numbers at which something begins or ends."""

EXCEPTIONS = (
    "ValueError", "SystemExit", "KeyboardInterrupt", "GeneratorExit", "StopIteration", "UnicodeDecodeError", "OSError",
    "BaseException", "ExceptionGroup", "ForbiddenPrimitive", "SubmissionError", "MissingName",
    "TimeIsUp", "Skipped", "int", "",
)  # fmt: skip

Frame = Tuple[bytes, bytes]
"""Header and payload."""

Random = random.Random


def frames_in(data: bytes) -> Iterator[Frame]:
    """Header and payload of every whole frame of a stream."""
    while len(data) >= PREFIX.size:
        _, header, payload, _ = PREFIX.unpack_from(data)
        end = PREFIX.size + header + payload
        if len(data) < end:
            return
        yield data[PREFIX.size : PREFIX.size + header], data[PREFIX.size + header : end]
        data = data[end:]


def stream_of(frames: Iterable[Frame]) -> bytes:
    """Frames as they travel."""
    return b"".join(
        PREFIX.pack(b"kata", len(header), len(payload), number) + header + payload
        for number, (header, payload) in enumerate(frames)
    )


@functools.lru_cache(maxsize=None)
def corpus() -> dict[str, bytes]:
    """The streams that are kept, by name."""
    return {path.stem: path.read_bytes() for path in sorted(CORPUS.glob("*.frames"))}


@functools.lru_cache(maxsize=None)
def honest() -> list[Frame]:
    """The answers of an honest guest."""
    return [frame for name, data in corpus().items() if name.startswith("honest") for frame in frames_in(data)]


# -- parts of a message, drawn from ``r`` --


def whole(r: Random) -> int:
    """A whole number, most likely a small one."""
    return r.choice((r.randint(-3, 6), r.randint(0, 4), r.choice(WHOLE), r.getrandbits(r.choice((8, 40, 70))) - 100))


def scalar(r: Random) -> Any:
    """What JSON has of itself."""
    number = r.choice((0.0, -0.0, 0.5, 1e308, math.inf, -math.inf, math.nan))
    text = r.choice(
        ("", "weight", "linear.bias", "id", "\x00", "\ud800", "é" * r.randint(1, 99), "1" * r.choice((1, 500, 5000)))
    )
    return r.choice((None, True, False, whole(r), whole(r), number, text))


def small(r: Random) -> int:
    return r.randint(0, 4)


def leaf(r: Random) -> Any:
    """A value without parts, as the codec writes it."""
    makers: list[Callable[[], Any]] = [
        lambda: {"t": small(r)},
        lambda: {"t": small(r)},
        lambda: {"t": small(r)},
        lambda: scalar(r),
        lambda: scalar(r),
        lambda: {"f": r.choice(("0x1p3", "nan", "-inf", r.gauss(0, 1).hex(), "0x1p99999"))},
        lambda: {"big": str(whole(r))},
        lambda: {"dtype": r.choice((*DTYPES, "float8", 3))},
        lambda: {"device": r.choice(("cpu", "meta", "cuda:0", "moon", 0))},
        lambda: {"o": {"id": r.choice((small(r), scalar(r))), "type": scalar(r)}},
    ]
    return r.choice(makers)()


def value(r: Random, depth: int = 0) -> Any:
    """A value with parts."""
    if depth > 3 or r.random() < 0.4:
        return leaf(r)
    parts = [value(r, depth + 1) for _ in range(r.randint(0, 3))]
    kind = r.choice(("l", "l", "u", "u", "d", "d", "named", "bare"))
    if kind == "d":
        return {"d": [[value(r, depth + 1), part] for part in parts]}
    if kind == "named":  # as named_parameters() lists
        return {"l": [{"u": [r.choice(("weight", "linear.bias", "x")), part]} for part in parts]}
    return parts if kind == "bare" else {kind: parts}


def junk(r: Random) -> Any:
    """What may stand anywhere."""
    return r.choice(
        (scalar, leaf, value, lambda r: {r.choice(("t", "l", "x")): scalar(r)}, lambda r: [], lambda r: {})
    )(r)


def graph(r: Random) -> dict[str, Any]:
    """How a tensor hangs on gradients."""
    leaves = [
        {"id": r.choice((small(r), small(r), whole(r))),
         "shape": r.choice(([2, 3], [small(r)], [whole(r), small(r)], [whole(r) for _ in range(r.randint(0, 4))])),
         "dtype": r.choice(("float32", "float32", *DTYPES)), "meta": r.random() < 0.1}
        for _ in range(r.randint(0, 3))
    ]  # fmt: skip
    group: dict[str, Any] = {"id": small(r), **({"leaves": leaves} if r.random() < 0.8 else {})}
    number = r.choice((small(r), small(r), scalar(r)))
    kinds: list[dict[str, Any]] = [
        {},
        {"argument": r.choice((0, 0, whole(r)))},
        {"leaf": small(r)},
        {"leaf": small(r), "fresh": True},
        {"fresh": True},
        {"output": number, "group": group},
        {"output": number, "group": group},
    ]
    return r.choice(kinds)


def tensors(r: Random) -> tuple[list[dict[str, Any]], bytes]:
    """Facts of a few tensors, and the payload that they describe."""
    facts, counts = [], {}
    for _ in range(r.randint(0, 4)):
        dtype = r.choice(("float32", "float32", "float32", "float64", "int64", "bool", *DTYPES))
        shape = r.choice(([2, 3], [2, 3], [], [small(r) for _ in range(r.randint(1, 3))]))
        fact = {"shape": shape, "dtype": dtype, **graph(r)}
        if r.random() < 0.1:
            fact["meta"] = True
        else:
            fact["at"] = counts.get(dtype, 0)
            counts[dtype] = fact["at"] + math.prod(shape)
            if r.random() < 0.2:
                fact["strides"] = [r.choice((r.randint(0, 8), whole(r))) for _ in shape]
        facts.append(fact)
    packs = {dtype: torch.ones(count).to(DTYPES[dtype]) for dtype, count in counts.items()}
    return facts, save(packs) if packs else b""


def body(r: Random) -> Any:
    """The body of an answer: a result or an exception."""
    if r.random() < 0.2:
        told = {
            "names": {"l": [r.choice(EXCEPTIONS) for _ in range(r.randint(0, 3))]},
            "calls": value(r),
            "raised": scalar(r),
        }
        told.update((name, r.choice((scalar, leaf))(r)) for name in ("message", "where", "called_from"))
        return {"d": [["error", {"d": [[name, part] for name, part in told.items()]}]]}
    changed = [[r.choice((small(r), whole(r))), leaf(r)] for _ in range(r.choice((0, 0, 1, 2)))]
    return {"d": [["ok", value(r)], ["changed", {"d": changed}], ["call", r.choice((small(r), junk(r)))]]}


def made_up(r: Random) -> tuple[Any, bytes]:
    """A message of the right form, whatever it says."""
    facts, payload = tensors(r)
    return {"body": body(r), "tensors": facts}, payload


# -- changes --


def _places(tree: Any) -> list[tuple[Any, Any]]:
    """Every container of a JSON value with every key in it."""
    found: list[tuple[Any, Any]] = []
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        keys: Any = list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
        found += [(node, key) for key in keys]
        waiting += [node[key] for key in keys]
    return found


FACTS = ("t", "meta", "strides", "leaf", "output", "group", "argument", "fresh")


def change(r: Random, message: Any) -> None:
    """Change a message in one place."""
    places = _places(message)
    if not places:
        return
    node, key = r.choice(places)
    what = r.choice(("replace", "replace", "exchange", "repeat", "remove", "wrap", "add"))
    if what == "replace":
        node[key] = junk(r)
    elif what == "exchange":
        other, place = r.choice(places)
        node[key] = json.loads(json.dumps(other[place])) if place in _keys(other) else None
    elif what == "remove":
        del node[key]
    elif what == "wrap":
        node[key] = r.choice(([node[key]], {"l": [node[key]]}, {"u": [node[key], node[key]]}))
    elif isinstance(node, list):
        node[key:key] = [junk(r)] if what == "add" else [node[key]] * r.choice((1, 2, 30))
    elif what == "add":
        node[r.choice(FACTS)] = junk(r)


def simpler(header: bytes) -> Iterator[bytes]:
    """The same message with one place left out, or emptied."""
    try:
        count = len(_places(json.loads(header)))
    except (ValueError, RecursionError):
        return
    for number, into in itertools.product(range(count), (_REMOVED, None, 0)):
        tree = json.loads(header)
        node, key = _places(tree)[number]
        if into is _REMOVED:
            del node[key]
        else:
            node[key] = into
        yield json.dumps(tree).encode()


_REMOVED = object()


def _keys(node: Any) -> Any:
    return node if isinstance(node, dict) else range(len(node))


def bytes_changed(r: Random, data: bytes) -> bytes:
    """Some bytes replaced, left out or put in."""
    start = r.randrange(len(data) + 1)
    return data[:start] + r.getrandbits(64).to_bytes(8, "big")[: r.randint(0, 8)] + data[start + r.randint(0, 8) :]


def message(r: Random, begin_with: Frame | None = None) -> Frame:
    """Header and payload of a frame: an honest one or ``begin_with`` changed, or one made up."""
    tree: Any = None
    header, payload = begin_with or (r.choice(honest()) if honest() else (b"", b""))
    if begin_with or r.random() < 0.5:
        try:
            tree = json.loads(header)
        except (ValueError, RecursionError):
            return bytes_changed(r, header), payload
    if not isinstance(tree, (dict, list)):
        tree, payload = made_up(r)
    for _ in range(r.choice((0, 0, 1, 1, 2, 3))):
        change(r, tree)
    header = json.dumps(tree).encode()
    if r.random() < 0.04:
        header = bytes_changed(r, header)
    if payload and r.random() < 0.1:
        payload = bytes_changed(r, payload)
    return header, payload


def stream(r: Random, begin_with: bytes = b"") -> bytes:
    """What a hostile guest sends.

    Args:
        r: what to draw from.
        begin_with: a stream to change; none for a new one.
    """
    frames = list(frames_in(begin_with))
    if not frames:
        frames = [message(r) for _ in range(r.randint(1, 5))]
    else:
        place = r.randrange(len(frames))
        frames[place] = message(r, frames[place]) if r.random() < 0.8 else message(r)
    data = stream_of(frames)
    return bytes_changed(r, data) if r.random() < 0.04 else data

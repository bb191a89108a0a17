"""What the tests' models, optimizers and callbacks write down of how they are used, in the order in which it happens.

They keep it here and not in themselves: code that is handed one of them could set its attributes right afterwards.
"""

from __future__ import annotations

from typing import Any

_NOTES: list[tuple[str, Any]] = []


def begin() -> None:
    """Start with an empty page."""
    _NOTES.clear()


def note(what: str, value: Any = None) -> None:
    """Write down that something has happened."""
    _NOTES.append((what, value))


def count(what: str) -> int:
    """How often it has happened."""
    return len(of(what))


def of(what: str) -> list[Any]:
    """What was noted of it each time."""
    return [value for name, value in _NOTES if name == what]


def distinct(what: str) -> list[Any]:
    """The values that were noted of it, sorted, each once."""
    return sorted(set(of(what)))


def before(what: str, other: str) -> list[int]:
    """Each time that ``what`` happened: how often the other thing had happened by then."""
    names = [name for name, _ in _NOTES]
    return [names[:place].count(other) for place, name in enumerate(names) if name == what]

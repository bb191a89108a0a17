"""What a worked example is: inputs, calls of the learner's code, steps with the lesson's numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Mapping, Tuple

Pair = Tuple[str, str]
"""English and Japanese."""


@dataclass(frozen=True)
class Raises:
    """An exception that the contract asks for; ``kind`` is the name of its type."""

    kind: str

    def __str__(self) -> str:
        return self.kind


@dataclass(frozen=True)
class Step:
    """One value on the way, as the lesson has it.

    Attributes:
        what: what is looked at.
        code: the expression that gives it; its names are the example's inputs and calls, the phase's own functions
            and classes, and the helpers in ``names.HELPERS``.
        expected: an array or nested list, a number, text, a list of text, or ``Raises``.
        look: what to look at where it differs.
        inner: whether it is seen inside the learner's code, where the contract leaves the way open.
    """

    what: Pair
    code: str
    expected: Any
    look: Pair = ("", "")
    inner: bool = False


@dataclass(frozen=True)
class Example:
    """A worked example.

    Attributes:
        title: what it is about.
        anchor: the section of the lesson that works it out, or that it belongs to.
        given: the inputs, by name: tensors, lists, numbers.
        calls: name (or names, with commas) to the expression whose value it stands for; run when first needed, once.
        steps: what is looked at, in the order in which it is computed.
        hidden: which of ``given`` and ``calls`` are not printed.
    """

    title: Pair
    anchor: str
    calls: Mapping[str, str]
    steps: tuple[Step, ...]
    given: Mapping[str, Any] = field(default_factory=dict)
    hidden: tuple[str, ...] = ()

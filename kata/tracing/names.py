"""The names in an example's expressions: inputs, the learner's functions and classes, calls of them, helpers."""

from __future__ import annotations

import contextlib
import re
from typing import Any, Callable, Iterator, Mapping, Sequence

import torch
from torch import Tensor

from ..course.phases import Phase
from ..sandbox.errors import GuestDied, TestTimeout
from ..sandbox.host.handles import Handle
from ..sandbox.host.submission import WalledSubmission
from .example import Example
from .values import describe


class NotSeen(Exception):
    """The learner's code did not call this part."""


class Names(Mapping[str, Any]):
    """What the names in an example's expressions stand for. A call is made when its name is first asked for.

    Args:
        phase: the phase whose functions and classes may be named.
        example: the example.
        submission: in which a test has begun.

    Attributes:
        lost: why the learner's code answers no more: its process ended or hangs; else None.
    """

    def __init__(self, phase: Phase, example: Example, submission: WalledSubmission) -> None:
        self._phase = submission.phase(phase.id, phase.id)
        self._submission = submission
        self._own = {*(task.name for task in phase.tasks), *phase.given}
        self._calls: dict[str, tuple[str, int | None]] = {}
        for names, code in example.calls.items():
            parts = [name.strip() for name in names.split(",")]
            for place, name in enumerate(parts):
                self._calls[name] = (code, place if len(parts) > 1 else None)
        self._values: dict[str, Any] = {**HELPERS, **{name: _copy(value) for name, value in example.given.items()}}
        self._values.update(
            loaded=loaded, in_guest=submission.in_guest.tracing, given=self._given, gave=self._gave,
            tools=submission.in_guest.schedule_tools,
        )  # fmt: skip
        self._answers: dict[str, Any] = {}
        self._errors: dict[str, BaseException] = {}
        self._prepared = False
        self.lost: BaseException | None = None

    def __getitem__(self, name: str) -> Any:
        if name in self._values:
            return self._values[name]
        if name in self._own:
            return getattr(self._phase, name)
        if name not in self._calls:
            raise KeyError(name)
        code, place = self._calls[name]
        answer = self._answer(code)
        if place is not None:
            wanted = sum(1 for other, _ in self._calls.values() if other == code)
            if not isinstance(answer, (tuple, list)) or len(answer) != wanted:
                raise AssertionError(f"{code} returned {describe(answer)}, not {wanted} results")
            return answer[place]
        return answer

    def __iter__(self) -> Iterator[str]:
        return iter({*self._values, *self._own, *self._calls})

    def __len__(self) -> int:
        return len(set(self))

    def _prepare(self) -> None:
        """See that ``module`` is watched before it is called; why it cannot be is told by what needs it."""
        if "probe" in self._calls and not self._prepared:
            self._prepared = True
            with contextlib.suppress(Exception):
                self._answer(self._calls["probe"][0])

    def _answer(self, code: str) -> Any:
        """What a call returned; it is made once, and what it raised is raised again."""
        if code in self._errors:
            raise self._errors[code]
        if code not in self._answers:
            try:
                self._answers[code] = self.value_of(code)
            except BaseException as error:
                self._errors[code] = error
                raise
        return self._answers[code]

    def value_of(self, code: str) -> Any:
        """What an expression of the example is.

        Raises:
            NotSeen: if it asks for a part that was not called.
            Exception, SystemExit: what the learner's code raised.
            GuestDied, TestTimeout: if its process ended or hangs; then ``lost`` is set.
            AssertionError: if what came is not what such an expression can be made of.
        """
        try:
            self._prepare()
            return eval(code, {"__builtins__": {}}, self)  # our own text, from this package
        except NotSeen:
            raise
        except (GuestDied, TestTimeout) as error:
            self.lost = error
            raise
        except KeyboardInterrupt as error:
            if hasattr(error, "kata_where"):  # the learner's code raised it
                raise SystemExit("KeyboardInterrupt") from None
            raise
        except (AttributeError, IndexError, TypeError, ValueError, RuntimeError) as error:
            if hasattr(error, "kata_where"):
                raise
            odd = [
                f"{name} is {describe(value)}"
                for name, value in ((name, self._came(name)) for name in re.findall(r"\w+", code))
                if value is not self
            ]
            raise AssertionError("; ".join(odd) or f"{code} cannot be computed: {error}") from None

    def _came(self, name: str) -> Any:
        """What a call returned, where its name stands for no object of the learner's; else this mapping."""
        code, place = self._calls.get(name, ("", None))
        if code not in self._answers:
            return self
        answer = self._answers[code] if place is None else self._answers[code][place]
        return self if isinstance(answer, Handle) else answer

    def _call_of(self, part: str, call: int) -> tuple[list[Any], BaseException | None]:
        """What a part of ``module`` was given and gave in one of its calls, and what the whole forward pass raised.

        Raises:
            NotSeen: if it was not called so often; what the forward pass raised, if that is why.
        """
        failure: BaseException | None = None
        for code in {code for name, (code, _) in self._calls.items() if name != "probe" and "module" in code}:
            try:
                self._answer(code)
            except Exception as error:
                failure = error
        calls = self["probe"].calls(part)
        if call >= len(calls):
            raise failure or NotSeen(part)
        return list(calls[call]), failure

    def _given(self, part: str, argument: int = 0, call: int = 0) -> Any:
        arguments = self._call_of(part, call)[0][0]
        return arguments[argument] if argument < len(arguments) else None

    def _gave(self, part: str, call: int = 0) -> Any:
        (_, answer), failure = self._call_of(part, call)
        if answer is None and failure is not None:
            raise failure
        return answer[0] if isinstance(answer, (tuple, list)) and answer else answer


def _copy(value: Any) -> Any:
    return value.clone() if isinstance(value, Tensor) else value


def asked(prefixes: Sequence[Sequence[Any]], step: int) -> Any:
    """What row 0 of a decoder had so far at a step.

    Raises:
        NotSeen: if there was no such step.
    """
    if step >= len(prefixes):
        raise NotSeen
    return prefixes[step][0]


def loaded(module: Any, weights: Mapping[str, Any]) -> Any:
    """The module, once these weights are loaded: gains of 1 and 0 for all others, so that they add nothing."""
    state = {
        name: torch.full_like(value.detach(), float(name.endswith("norm.weight")))
        for name, value in module.named_parameters()
    }
    dtypes = {name: value.dtype for name, value in state.items()}
    state.update({name: torch.as_tensor(value).to(dtypes.get(name, torch.float32)) for name, value in weights.items()})
    module.load_state_dict(state, strict=False)
    return module


def parameters(module: Any) -> str:
    """Names of all parameters, sorted."""
    return ", ".join(sorted(name for name, _ in module.named_parameters()))


def shape(value: Any) -> str:
    """The shape of a tensor, as ``(2, 3)``."""
    return f"({', '.join(map(str, value.shape))})"


def columns(*parts: Tensor) -> Tensor:
    """Numbers and vectors, one after another."""
    return torch.cat([torch.as_tensor(part).detach().double().reshape(-1) for part in parts])


def distinct(prefixes: Sequence[Sequence[Sequence[int]]]) -> list[str]:
    """All prefixes of all calls, each once, the short ones first."""
    rows = {tuple(row) for call in prefixes for row in call}
    return [" ".join(map(str, row)) for row in sorted(rows, key=lambda row: (len(row), row))]


HELPERS: dict[str, Callable[..., Any]] = {
    "any_of": any,
    "asked": asked,
    "atan2": torch.atan2,
    "columns": columns,
    "count": lambda module: len(list(module.named_parameters())),
    "count_of": len,
    "distinct": distinct,
    "kind": lambda value: type(value).__name__,
    "log": torch.log,
    "parameters": parameters,
    "shape": shape,
    "zeros": torch.zeros,
}
"""What an example's expressions may use, beside ``loaded``, ``given``, ``gave``, ``in_guest`` and ``tools``."""

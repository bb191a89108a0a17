"""What a submission was called with in its tests and what it answered, read from recordings."""

from __future__ import annotations

import contextlib
from typing import Any, Iterable, Iterator, Mapping, NamedTuple, Sequence

from ..sandbox.host.recording import Exchange, Recording
from ..sandbox.protocol.codec import CodecError, Decoder


class Call(NamedTuple):
    """One call of a task, or of an object that its class made.

    Attributes:
        task: name of the function or class.
        made: positional and keyword arguments that the object was made with; None of a function.
        state: what was loaded into the object by ``load_state_dict``; empty if nothing was.
        args, kwargs: of the call.
        training: whether the object was in training mode.
        answer: what came back; of an object that stayed in the guest its attributes, as far as they were asked for.
    """

    task: str
    made: tuple[Sequence[Any], Mapping[str, Any]] | None
    state: Mapping[str, Any]
    args: Sequence[Any]
    kwargs: Mapping[str, Any]
    answer: Any
    training: bool = True

    def bound(self, *names: str) -> list[Any]:
        """The call's arguments by the names of the parameters; None where none was given."""
        return _bound(self.args, self.kwargs, names)

    def bound_made(self, *names: str) -> list[Any]:
        """The same for what the object was made with."""
        args, kwargs = self.made or ((), {})
        return _bound(args, kwargs, names)


def _bound(args: Sequence[Any], kwargs: Mapping[str, Any], names: Sequence[str]) -> list[Any]:
    given = dict(zip(names, args))
    return [given.get(name, kwargs.get(name)) for name in names]


class _Reference(NamedTuple):
    """Stands for an object that stayed in its guest."""

    number: Any


def calls_of(recordings: Iterable[Recording], task: str) -> list[Call]:
    """The calls of a task that came back with an answer, one after another."""
    found: list[Call] = []
    for recording in recordings:
        found += _Reader(task).read(recording.exchanges)
    return found


class _Reader:
    """Reads one recording."""

    def __init__(self, task: str) -> None:
        self._task = task
        self._names: dict[Any, str] = {}
        self._made: dict[Any, tuple[Sequence[Any], Mapping[str, Any]]] = {}
        self._states: dict[Any, Mapping[str, Any]] = {}
        self._attributes: dict[Any, dict[str, Any]] = {}
        self._in_evaluation: set[Any] = set()

    def read(self, exchanges: Iterable[Exchange]) -> Iterator[Call]:
        for exchange in exchanges:
            with contextlib.suppress(CodecError):
                request, answer = _value(exchange.request), _value(exchange.answer)
                if "ok" in answer:
                    yield from self._note(request, answer["ok"])

    def _note(self, request: Mapping[str, Any], answer: Any) -> Iterator[Call]:
        op = request.get("op")
        number = request["object"].number if isinstance(request.get("object"), _Reference) else None
        if op == "phase" and isinstance(answer, _Reference):
            self._names[answer.number] = request["name"]
        elif op == "getattr" and number in self._attributes:
            self._attributes[number][request["name"]] = answer
        elif op == "call" and self._names.get(number) == self._task:
            if isinstance(answer, _Reference):
                self._made[answer.number] = request["args"], request["kwargs"]
                answer = self._attributes.setdefault(answer.number, {})
            yield Call(self._task, None, {}, request["args"], request["kwargs"], answer)
        elif op == "call" and number in self._made:
            if request["method"] == "load_state_dict" and request["args"]:
                self._states[number] = request["args"][0]
            elif request["method"] in ("eval", "train"):
                training = request["method"] == "train" and all(request["args"])
                (self._in_evaluation.discard if training else self._in_evaluation.add)(number)
            elif request["method"] is None:
                state, training = self._states.get(number, {}), number not in self._in_evaluation
                yield Call(self._task, self._made[number], state, request["args"], request["kwargs"], answer, training)


def _value(message: Any) -> dict[str, Any]:
    """The body of a message.

    Raises:
        CodecError: if it has none.
    """
    header, payload = message
    body = Decoder(header, payload, on_object=_reference).value()
    if not isinstance(body, dict):
        raise CodecError("not a message")
    return body


def _reference(told: Any) -> _Reference:
    return _Reference(told["id"] if isinstance(told, dict) else told)

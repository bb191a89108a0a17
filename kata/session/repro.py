"""Write the last thing that a test asked of the submission as a short script, to run and to step through.

The script holds what the test handed over, nothing that it expected: it is made of the requests alone.
"""

from __future__ import annotations

import base64
import io
from typing import Any, NamedTuple, Sequence

import torch
from torch import Tensor

from ..course.phases import COURSE
from ..sandbox.host.recording import Recording
from ..sandbox.protocol.codec import Decoder

SMALL = 12
"""A tensor of more numbers stands in the file beside the script."""

SETTING_UP = frozenset(("load_state_dict", "train", "eval", "double", "float", "to", "zero_grad", "step", "backward"))
"""Methods that are called for what they do to their object."""


class CannotWrite(Exception):
    """What the test asked last needs something that only the test itself can make."""


class Script(NamedTuple):
    """A script and what stands beside it.

    Attributes:
        code: Python.
        data: the larger tensors and state dicts by name, as ``torch.save`` writes them, in base64; empty if none.
    """

    code: str
    data: str


class _Object(NamedTuple):
    number: int


class _Step(NamedTuple):
    """One request: what was asked, the tensors in it that want gradients, the answer, the numbers of its outputs."""

    request: dict[str, Any]
    wants_gradient: list[Tensor]
    answer: Any
    outputs: dict[int, Tensor]


def script_of(recording: Recording, test: str, target: str) -> Script:
    """The script for the last request of a recorded test.

    Args:
        recording: the whole test.
        test: its name, for the first line.
        target: the folder under test.

    Raises:
        CannotWrite: if it cannot be written so.
    """
    steps = _steps(recording)
    writer = _Writer(steps)
    body = writer.write()
    loads = [f'{name} = data["{name}"]' for name in writer.data]
    lines = [
        f'"""What {test.rsplit("::", 1)[-1].split("[")[0]} asks last: run it, or step through it."""',
        "",
        *(["import copy"] if any("copy.deepcopy" in line for line in body) else []),
        "from pathlib import Path",
        "",
        "import torch",
        "",
        "from kata.course.phases import REFERENCE",
        "from kata.sandbox.loader import package_for",
        *(f"from tests.support.in_guest import {name}" for name in sorted(writer.helpers)),
        "",
        f'package = package_for("{writer.phases[0]}", Path({target!r}), REFERENCE, False)' if writer.phases else "",
        *(f'{_short(phase)} = package.load("{phase}")' for phase in writer.phases),
        *(['data = torch.load(Path(__file__).with_suffix(".pt"), weights_only=True)'] if loads else []),
        *loads,
        *body,
    ]
    buffer = io.BytesIO()
    if writer.data:
        torch.save(writer.data, buffer)
    return Script("\n".join(lines) + "\n", base64.b64encode(buffer.getvalue()).decode())


def _steps(recording: Recording) -> list[_Step]:
    """The requests since the test began for the last time."""
    steps: list[_Step] = []
    for request, answer in recording.exchanges:
        wanting: list[Tensor] = []
        outputs: dict[int, Tensor] = {}

        def on_tensor(tensor: Tensor, facts: dict[str, Any], wanting: Any = wanting, outputs: Any = outputs) -> Tensor:
            if facts.get("grad"):
                wanting.append(tensor)
            if "output" in facts:
                outputs[facts["output"]] = tensor
            return tensor

        asked = Decoder(*request, _Object, on_tensor).value()
        told = Decoder(*answer, lambda reference: _Object(reference["id"]), on_tensor).value()
        if asked["op"] == "begin":
            steps = []
        elif asked["op"] != "end":
            steps.append(_Step(asked, wanting, told.get("ok"), outputs))
    if not steps:
        raise CannotWrite("the test asked for nothing")
    return steps


class _Writer:
    """Writes the last step, and before it what it needs.

    Attributes:
        data: the larger tensors, and state dicts, by name.
        phases, helpers: modules that are needed.
    """

    def __init__(self, steps: Sequence[_Step]) -> None:
        self._steps = steps
        self.data: dict[str, Any] = {}
        self.phases: list[str] = []
        self.helpers: set[str] = set()
        self._names: dict[int, str] = {}
        self._expressions: dict[int, str] = {}
        self._lines: list[str] = []

    def write(self) -> list[str]:
        """The lines."""
        last = len(self._steps) - 1
        needed = self._needed(self._steps[last])
        wanted_calls = set()
        if self._steps[last].request["op"] == "grad":
            wanted_calls.add(self._steps[last].request["call"] - 1)
            needed |= self._needed(self._steps[self._steps[last].request["call"] - 1])
        for number, step in enumerate(self._steps):
            request, answer = step.request, step.answer
            if number == last:
                self._write_last(step)
            elif number in wanted_calls:
                self._lines += [f"{self._name(tensor)}.requires_grad_()" for tensor in step.wants_gradient]
                self._lines.append(f"output = {self._expression(request)}")
            elif request["op"] == "seed":
                self._lines.append(f"torch.manual_seed({request['seed']})")
            elif isinstance(answer, _Object) and answer.number in needed:
                if answer.number not in self._expressions:
                    self._expressions[answer.number] = self._bound(request, answer.number)
            elif request["op"] == "call" and request["method"] in SETTING_UP and request["object"].number in needed:
                self._lines.append(self._expression(request))
        return self._lines

    def _needed(self, step: _Step) -> set[int]:
        """Numbers of the objects that a step needs, and those that these were made with."""
        needed: set[int] = set()
        waiting = list(_objects_in(list(step.request.values())))
        while waiting:
            number = waiting.pop()
            if number in needed:
                continue
            needed.add(number)
            makers = [one for one in self._steps if one.answer == _Object(number)]
            if not makers:
                raise CannotWrite("it needs an object that was handed over inside another one")
            waiting += _objects_in(list(makers[0].request.values()))
        return needed

    def _bound(self, request: dict[str, Any], number: int) -> str:
        """The expression for an object that a request was answered with; a call gets a name of its own."""
        expression = self._expression(request)
        if request["op"] not in ("call", "copy"):
            return expression
        name = f"made{len(self._expressions)}" if "module" in self._expressions.values() else "module"
        self._lines.append(f"{name} = {expression}")
        return name

    def _write_last(self, step: _Step) -> None:
        request = step.request
        if request["op"] != "grad":
            self._lines += [f"result = {self._expression(request)}", "print(result)"]
            return
        called = self._steps[request["call"] - 1]
        outputs = ["output" + _path_to(called.answer, called.outputs[number]) for number in request["outputs"]]
        inputs = [self._name(called.wants_gradient[index]) for index in request["arguments"]]
        if request["leaves"]:
            inputs.append("*module.parameters()")
        grads = [self._value(grad) for grad in request["grads"]]
        given = "], [".join(map(", ".join, (outputs, inputs, grads)))
        self._lines.append(f"print(torch.autograd.grad([{given}], allow_unused=True))")

    def _expression(self, request: dict[str, Any]) -> str:
        op = request["op"]
        if op == "phase":
            if request["phase"] not in self.phases:
                self.phases.append(request["phase"])
            return f"{_short(request['phase'])}.{request['name']}"
        if op == "in_guest":
            self.helpers.add(request["module"])
            return f"{request['module']}.{request['name']}"
        whole = self._value(request["object"])
        if op == "getattr":
            return f"{whole}.{request['name']}"
        if op == "item":
            return f"{whole}[{request['key']!r}]"
        if op in ("copy", "list", "length"):
            function = {"copy": "copy.deepcopy", "list": "list", "length": "len"}[op]
            return f"{function}({whole})"
        if op != "call":
            raise CannotWrite(f"{op} is no call")
        given = [self._value(value) for value in request["args"]]
        given += [f"{name}={self._value(value)}" for name, value in request["kwargs"].items()]
        method = f".{request['method']}" if request["method"] else ""
        call = f"{whole}{method}({', '.join(given)})"
        return f"list({call})" if request["listed"] else call

    def _value(self, value: Any) -> str:
        if isinstance(value, _Object):
            if value.number not in self._expressions:
                raise CannotWrite("it needs an object that was made otherwise")
            return self._expressions[value.number]
        if isinstance(value, Tensor):
            return self._name(value)
        if isinstance(value, dict) and value and all(isinstance(part, Tensor) for part in value.values()):
            name = f"state{sum(known.startswith('state') for known in self.data) or ''}"
            self.data[name] = {key: part.detach() for key, part in value.items()}
            return name
        if isinstance(value, dict):
            return "{" + ", ".join(f"{key!r}: {self._value(part)}" for key, part in value.items()) + "}"
        if type(value) is list:
            return "[" + ", ".join(map(self._value, value)) + "]"
        if type(value) is tuple:
            return "(" + "".join(self._value(part) + ", " for part in value) + ")"
        if isinstance(value, float) and repr(value) in ("inf", "-inf", "nan"):
            return f'float("{value}")'
        return f"torch.{value!r}" if isinstance(value, torch.device) else repr(value)

    def _name(self, tensor: Tensor) -> str:
        if id(tensor) not in self._names:
            known = {"bool": "mask", "int64": "tokens"}.get(str(tensor.dtype)[6:], "x")
            taken = set(self._names.values())
            name = next(f"{known}{number or ''}" for number in range(10**6) if f"{known}{number or ''}" not in taken)
            self._names[id(tensor)] = name
            if tensor.is_meta:
                made = f'torch.empty({tuple(tensor.shape)}, dtype={tensor.dtype}, device="meta")'
            elif tensor.numel() <= SMALL and tensor.is_contiguous() and bool(torch.isfinite(tensor).all()):
                made = f"torch.tensor({tensor.tolist()}, dtype={tensor.dtype})"
            else:
                self.data[name] = tensor.detach()
                return name
            self._lines.append(f"{name} = {made}")
        return self._names[id(tensor)]


def _objects_in(value: Any) -> list[int]:
    """Numbers of all objects in a value."""
    if isinstance(value, _Object):
        return [value.number]
    if isinstance(value, dict):
        value = list(value.values())
    return [number for part in value for number in _objects_in(part)] if isinstance(value, (list, tuple)) else []


def _path_to(answer: Any, output: Tensor) -> str:
    """How an output is reached from what a call returned."""
    if answer is output:
        return ""
    parts: Any = answer.items() if isinstance(answer, dict) else enumerate(answer) if answer is not None else ()
    for key, part in parts:
        if part is output:
            return f"[{key!r}]"
    raise CannotWrite("a gradient of something inside what a call returned")


def _short(phase_id: str) -> str:
    """``phase2`` for ``phase2_attention``."""
    return next(f"phase{phase.number}" for phase in COURSE if phase.id == phase_id)

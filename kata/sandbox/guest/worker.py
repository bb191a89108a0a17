"""Inside the guest: hold the submission's objects and answer the host's requests about them.

The guest knows nothing that a submission could use to cheat: no test and no expected value. Which test asks, and how
it draws, can be guessed from what it asks. What the guest answers is believed by nobody; the host judges values. What
happens beside them (``docs/architecture.md`` says what) is the guest's word.
"""

from __future__ import annotations

import base64
import contextlib
import copy
import itertools
import sys
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ...source.files import display_path
from ..loader import MissingName, SubmissionError, Substitutes, VirtualPackage
from ..protocol.channel import Channel, ChannelClosed, ChannelTimeout
from ..protocol.codec import CodecError, Decoder, Encoder
from ..tracebacks import called_from, origin, where
from . import parameter_order
from .alarm import Alarm
from .global_state import GlobalState
from .initial_values import FreshParameters
from .leftovers import Leftovers

MAX_LISTED = 100_000

_NOT_LISTED = object()
"""The parameters of the module that is called: nobody has asked for them yet."""


class Guest:
    """Serve one host until it hangs up.

    Args:
        channel: the connection to the host.
        config: ``default`` (folder of the submission), ``reference`` (phase id to compiled code, in base 64),
            ``in_guest`` (folder of the suites' helper modules), ``sources`` (folders whose lines messages point at)
            and ``substitutes`` (fields of ``Substitutes``, the code in base 64; or None).
    """

    def __init__(self, channel: Channel, config: dict[str, Any]) -> None:
        self._channel = channel
        self._reference = {phase: base64.b64decode(code) for phase, code in config["reference"].items()}
        substitutes = config["substitutes"]
        if substitutes is not None:
            substitutes = Substitutes(**{**substitutes, "code": base64.b64decode(substitutes["code"])})
        self._package = VirtualPackage({}, Path(config["default"]), self._reference, substitutes)
        self._in_guest = VirtualPackage({}, Path(config["in_guest"]))
        self._sources = [Path(folder) for folder in config["sources"]]
        self._state = GlobalState()
        self._alarm = Alarm()
        self._fresh = FreshParameters()
        self._leftovers = Leftovers()
        self._forget()

    def _forget(self) -> None:
        """Drop all objects and graphs: a test begins.

        Everything is numbered as it is first told of, each kind for itself: submissions that answer alike use the
        same numbers, so that what one was asked can be asked of another (``diagnosis.replay``).
        """
        self._call = 0
        self._objects: dict[int, Any] = {}
        self._ids: dict[int, int] = {}
        self._outputs: dict[int, Tensor] = {}
        self._leaves: dict[int, Tensor] = {}
        self._leaf_ids: dict[int, int] = {}
        self._arguments: dict[int, list[Tensor]] = {}
        self._groups: dict[tuple[Any, ...], int] = {}
        self._called: Any = None
        self._module_leaves: Any = None
        self._fresh.forget()

    def serve(self) -> None:
        """Answer requests, one after another."""
        while True:
            try:
                header, payload = self._channel.receive()
            except (ChannelClosed, ChannelTimeout):
                return
            try:
                answer = self._answer(header, payload)
            except CodecError as error:
                answer = self._complaint(TypeError(f"a value that cannot leave the submission's process: {error}"))
            except BaseException as error:  # whatever the submission raises is told to the host
                answer = self._complaint(error)
            for stream in (sys.stdout, sys.stderr):
                with contextlib.suppress(Exception):
                    stream.flush()
            try:
                self._channel.send(*answer)
            except (ChannelClosed, ChannelTimeout):
                return

    # -- requests --

    def _answer(self, header: bytes, payload: bytes) -> tuple[bytes, bytes]:
        arguments: list[Tensor] = []
        tensors: list[Tensor] = []

        def on_tensor(tensor: Tensor, facts: dict[str, Any]) -> Tensor:
            if facts.get("grad"):
                tensor.requires_grad_(True)
                arguments.append(tensor)
            tensors.append(tensor)
            return tensor

        decoder = Decoder(header, payload, self._object, on_tensor)
        request = decoder.value()
        watched = tensors if request["op"] == "call" and request["method"] != "load_state_dict" else []
        originals = [tensor.detach().clone() for tensor in watched]
        operation = getattr(self, "_do_" + request["op"])
        self._call += 1
        self._arguments[self._call] = arguments
        self._called, self._module_leaves = request.get("object"), _NOT_LISTED
        self._fresh.look_again()
        with torch.set_grad_enabled(bool(request.get("grad", True))):
            before = torch.is_grad_enabled()
            with self._alarm.listened_to():
                result = operation(request)
            if torch.is_grad_enabled() != before:
                # Leaving the `with` would hide it: say so when the test ends.
                self._state.grad_mode_changed = True
        changed = {
            index: tensor.detach()
            for index, (tensor, was) in enumerate(zip(watched, originals))
            if not _same(tensor, was)
        }
        encoder = Encoder(self._register, self._facts)
        return encoder.message({"ok": result, "changed": changed, "call": self._call})

    def _object(self, reference: Any) -> Any:
        try:
            return self._objects[reference]
        except (KeyError, TypeError):
            raise CodecError("an object of an earlier test") from None

    def _register(self, value: Any) -> dict[str, Any]:
        """Name an object that stays here."""
        number = self._ids.get(id(value))
        if number is None:
            number = self._ids[id(value)] = len(self._ids) + 1
            self._objects[number] = value
            self._fresh.note(value)
        return {"id": number, "type": str(type.__dict__["__name__"].__get__(type(value)))[:80]}

    def _facts(self, tensor: Tensor) -> dict[str, Any]:
        """How a tensor hangs on gradients: a parameter, an argument of this call, or the end of a graph."""
        fresh = {"fresh": True} if self._fresh.holds(tensor) else {}
        if not tensor.requires_grad:
            return fresh
        for index, argument in enumerate(self._arguments.get(self._call, ())):
            if argument is tensor:
                return {"argument": index}
        if tensor.grad_fn is None:
            return {"leaf": self._leaf(tensor), **fresh}
        output = len(self._outputs) + 1
        self._outputs[output] = tensor
        if self._module_leaves is _NOT_LISTED:
            self._module_leaves = parameter_order.parameters_of(self._called)
        # A module's parameters are listed faster than a graph is walked.
        leaves = self._module_leaves if self._module_leaves is not None else self._leaves_of(tensor)
        return {"output": output, "group": self._group(leaves)}

    def _leaf(self, tensor: Tensor) -> int:
        number = self._leaf_ids.get(id(tensor))
        if number is None:
            number = self._leaf_ids[id(tensor)] = len(self._leaf_ids) + 1
            self._leaves[number] = tensor
        return number

    def _group(self, leaves: list[Tensor]) -> dict[str, Any]:
        """Parameters that a result may depend on; described to the host once, then by number."""
        key = tuple((self._leaf(leaf), leaf.dtype, leaf.device.type) for leaf in leaves)
        if key in self._groups:
            return {"id": self._groups[key]}
        number = self._groups[key] = len(self._groups) + 1
        described = [
            {
                "id": leaf_id,
                "shape": list(leaf.shape),
                "dtype": str(leaf.dtype)[6:],
                "meta": leaf.device.type == "meta",
            }
            for (leaf_id, *_), leaf in zip(key, leaves)
        ]
        return {"id": number, "leaves": described}

    def _leaves_of(self, tensor: Tensor) -> list[Tensor]:
        """The parameters at the ends of a result's graph; arguments of the call are known to the host anyway."""
        arguments = {id(argument) for argument in self._arguments[self._call]}
        found: dict[int, Tensor] = {}
        seen = set()
        waiting = [tensor.grad_fn]
        while waiting:
            node = waiting.pop()
            if node is None or node in seen:
                continue
            seen.add(node)
            variable = getattr(node, "variable", None)
            if variable is not None and id(variable) not in arguments:
                found[id(variable)] = variable
            waiting.extend(parent for parent, _ in node.next_functions)
        return list(found.values())

    def _complaint(self, error: BaseException) -> tuple[bytes, bytes]:
        names = [kind.__name__ for kind in type(error).__mro__]
        try:
            message = str(error)[:4000]
        except BaseException:
            message = "(its message cannot be printed)"
        told = {"names": names[:20], "message": message, "where": where(error, self._sources)}
        with contextlib.suppress(Exception):
            told["called_from"] = called_from(error, self._sources)
            told.update(origin(error, self._package.name))
        return Encoder(lambda value: None).message({"error": told})

    # -- what the host may ask for --

    def _do_begin(self, request: dict[str, Any]) -> None:
        self._forget()
        self._state.begin(request["seed"])
        self._alarm.set(request["seconds"])

    def _do_end(self, request: dict[str, Any]) -> str:
        self._alarm.set(0)
        return self._state.end()

    def _do_seed(self, request: dict[str, Any]) -> None:
        self._state.seed(request["seed"])

    def _do_aim(self, request: dict[str, Any]) -> None:
        self._forget()
        self._package.close()
        self._package = VirtualPackage({}, Path(request["default"]), self._reference)

    def _do_leftovers(self, request: dict[str, Any]) -> bool:
        return self._leftovers.any()

    def _do_load(self, request: dict[str, Any]) -> None:
        self._fresh = FreshParameters(request["phases"])
        for phase in request["phases"]:
            with contextlib.suppress(SubmissionError):  # told when a test asks for the phase
                self._package.load(phase)

    def _do_phase(self, request: dict[str, Any]) -> Any:
        module = self._package.load(request["phase"])
        try:
            return getattr(module, request["name"])
        except AttributeError:
            path = display_path(self._package.path_of(request["phase"]))
            raise MissingName(f"{path} does not define {request['name']!r}: was it renamed or deleted?") from None

    def _do_in_guest(self, request: dict[str, Any]) -> Any:
        return getattr(self._in_guest.load(request["module"]), request["name"])

    def _do_getattr(self, request: dict[str, Any]) -> Any:
        return getattr(request["object"], request["name"])

    def _do_call(self, request: dict[str, Any]) -> Any:
        target = request["object"]
        if request["method"] is not None:
            target = getattr(target, request["method"])
        result = target(*request["args"], **request["kwargs"])
        if request["method"] == "load_state_dict":
            return None  # torch lists what is missing in the order in which the module was given it
        if request["listed"]:
            return parameter_order.in_order(request["object"], list(itertools.islice(result, MAX_LISTED)))
        return result

    def _do_copy(self, request: dict[str, Any]) -> Any:
        return copy.deepcopy(request["object"])

    def _do_list(self, request: dict[str, Any]) -> list[Any]:
        return list(itertools.islice(request["object"], MAX_LISTED))

    def _do_item(self, request: dict[str, Any]) -> Any:
        return request["object"][request["key"]]

    def _do_length(self, request: dict[str, Any]) -> int:
        return len(request["object"])

    def _do_grad(self, request: dict[str, Any]) -> list[Tensor | None]:
        outputs = [self._outputs[number] for number in request["outputs"]]
        arguments = self._arguments[request["call"]]
        inputs = [arguments[index] for index in request["arguments"]]
        inputs += [self._leaves[number] for number in request["leaves"]]
        return list(torch.autograd.grad(outputs, inputs, request["grads"], retain_graph=True, allow_unused=True))


def _same(tensor: Tensor, was: Tensor) -> bool:
    """Whether an argument still has the values it came with; NaN counts as equal to NaN."""
    if tensor.device.type == "meta" or tensor.shape != was.shape:
        return tensor.shape == was.shape
    now = tensor.detach()
    if now.dtype.is_floating_point:
        return bool(((now == was) | (now.isnan() & was.isnan())).all())
    return torch.equal(now, was)

"""The host's end of a guest: requests, answers, and gradients across, so that a test reads as ordinary PyTorch.

A call, an attribute, a state dict and a backward pass are requests. What comes back is plain data: numbers, text,
tensors, or another handle. Gradients flow through ``torch.autograd.Function``, whose backward asks the guest.
"""

from __future__ import annotations

import contextlib
import math
import time
from typing import Any, Callable, Iterator

import torch
from torch import Tensor

from ..errors import GuestDied, TestTimeout
from ..guest.alarm import TimeIsUp
from ..protocol import errors
from ..protocol.channel import Channel, ChannelClosed, ChannelNonsense, ChannelTimeout
from ..protocol.codec import DTYPES, MAX_ITEMS, CodecError, Decoder, Encoder, checked_shape
from . import calls
from .handles import Handle, reference_to
from .loaded import LoadedWeights
from .recording import Message

MAX_MIRRORED = 2**30
"""Numbers in all parameters of a submission together, as far as it tells of them."""


class GuestProcess:
    """The host's end of one guest.

    Args:
        channel: the connection.
        describe_end: says how the guest's process ended, once it is gone.
    """

    def __init__(self, channel: Channel, describe_end: Callable[[], str]) -> None:
        self._channel = channel
        self._describe_end = describe_end
        self._mirrors: dict[int, Tensor] = {}
        self._groups: dict[int, list[tuple[Any, ...]]] = {}
        self._leaves = 0
        self._epoch = 0
        self.deadline: float | None = None
        self.limit = 0.0
        self.dead = ""
        self.writes_back = True
        self.changed_inputs = False
        self.recording: Any = None
        self.loaded = LoadedWeights()
        self._has_open_ends = False
        self._asked: dict[str, Any] | None = None

    def begin(self, seed: int) -> None:
        """A test begins: objects of earlier tests are forgotten."""
        self._mirrors, self._groups, self._leaves = {}, {}, 0
        self.loaded = LoadedWeights()
        self._epoch += 1
        self.changed_inputs = False
        self.request({"op": "begin", "seed": seed, "seconds": max(self.limit - self._margin, 0.0)})

    def end(self) -> str:
        """A test ends: which global settings it left changed."""
        return str(self.request({"op": "end"}))

    def request(self, request: dict[str, Any]) -> Any:
        """Ask the guest for something and wait for the answer.

        Raises:
            GuestDied, TestTimeout: the guest is gone, or did not answer in time; it must be replaced.
            Exception: what the submission raised, as the builtin exception nearest to it.
        """
        sent: list[Tensor] = []

        def on_tensor(tensor: Tensor) -> dict[str, Any]:
            if tensor.requires_grad and torch.is_grad_enabled():
                differentiable.append(tensor)
                sent.append(tensor)
                return {"grad": True}
            sent.append(tensor)
            return {}

        differentiable: list[Tensor] = []
        message = Encoder(reference_to, on_tensor).message({**request, "grad": torch.is_grad_enabled()})
        self._asked = request
        with self._conversation():
            answer = self._exchange(message)
            body = Decoder(*answer, on_object=self._handle, on_tensor=self._on_tensor(differentiable)).value()
            if not isinstance(body, dict):
                raise CodecError("not an answer")
        if self.recording is not None:
            self.recording.note(message, answer)
        if "error" in body:
            error = self._out_of_time(body["error"]) or errors.rebuild(body["error"])
            error.__dict__["kata_call"] = calls.written(request)
            raise error
        self._write_back(body.get("changed"), sent)
        return self._connect(body.get("ok"), body.get("call"), differentiable)

    @property
    def _margin(self) -> float:
        """How many seconds before the host the guest ends what takes too long, and says where it was."""
        return min(1.0, self.limit / 8)

    def _out_of_time(self, told: Any) -> TestTimeout | None:
        """What a guest tells of as its own alarm, if it is time for that."""
        names = told.get("names") if isinstance(told, dict) else None
        due = self.deadline is not None and time.monotonic() > self.deadline - 2 * self._margin
        if not due or not isinstance(names, list) or names[:1] != [TimeIsUp.__name__]:
            return None
        self.dead = "the process that runs the submission hangs"
        error = TestTimeout(f"no answer after {self.limit:g} s")
        error.__dict__["kata_where"] = str(told.get("where", ""))
        return error

    def repeat(self, message: Message) -> Message:
        """Ask what was asked in an earlier test, word for word; the answer, as it comes.

        Raises:
            GuestDied, TestTimeout: as for ``request``.
        """
        with self._conversation():
            return self._exchange(message)

    def _exchange(self, message: Message) -> Message:
        self._channel.send(*message, deadline=self.deadline)
        return self._channel.receive(self.deadline)

    @contextlib.contextmanager
    def _conversation(self) -> Iterator[None]:
        """If a conversation with the guest fails, it is over.

        Raises:
            GuestDied, TestTimeout: if it is, or fails now.
        """
        if self.dead:
            raise GuestDied(self.dead)
        try:
            yield
        except ChannelTimeout:
            self.dead = "the process that runs the submission hangs"
            raise TestTimeout(f"no answer after {self.limit:g} s") from None
        except ChannelClosed:
            self.dead = self._describe_end()
            raise GuestDied(self.dead) from None
        except (ChannelNonsense, CodecError) as error:
            self.dead = f"the process that runs the submission answers nonsense ({error})"
            raise GuestDied(self.dead) from None
        except BaseException:
            self.dead = "the conversation with the submission was interrupted"
            raise

    def goes_on(self, request: dict[str, Any]) -> bool:
        """Whether the guest can take its phases from elsewhere, and has: not if something is left over from before."""
        self.recording, self.deadline = None, time.monotonic() + 10.0
        try:
            return self.request({"op": "leftovers"}) is False and self.request(request) is None
        except (Exception, GuestDied, TestTimeout):  # whatever it says instead: it is replaced
            return False

    def nonsense(self, about: str) -> GuestDied:
        """The error that says that the guest answers what no guest of ours does; the conversation is over."""
        self.dead = f"the process that runs the submission answers nonsense about {about}"
        return GuestDied(self.dead)

    def redirect(self, request: dict[str, Any]) -> None:
        """Have the guest take its phases from other folders; one that cannot is replaced when it is needed."""
        self.recording = None
        self.deadline = None
        with contextlib.suppress(GuestDied, TestTimeout):
            self.request(request)

    def holds(self, handle: Handle) -> bool:
        """Whether a handle stands for an object of the test that is running."""
        return not self.dead and handle._kata_guest is self and handle._kata_epoch == self._epoch

    def hang_up(self) -> None:
        """Close the connection."""
        self.dead = self.dead or "the process that runs the submission was ended"
        self._channel.close()

    # -- tensors --

    def _on_tensor(self, arguments: list[Tensor]) -> Callable[[Tensor, dict[str, Any]], Tensor]:
        """What becomes of a tensor in an answer: the argument it is, a parameter's mirror, or an open end."""

        def on_tensor(tensor: Tensor, facts: dict[str, Any]) -> Tensor:
            if "argument" in facts:
                return arguments[facts["argument"]]
            if "leaf" in facts:
                return self._filled_mirror(facts["leaf"], tensor)
            if "output" in facts:
                if type(facts["output"]) is not int:
                    raise CodecError("not a message")
                self._has_open_ends = True
                tensor.__dict__["kata_output"] = (facts["output"], self._group(facts["group"]))
            return tensor

        return on_tensor

    def _filled_mirror(self, number: Any, tensor: Tensor) -> Tensor:
        """The stand-in for a parameter, with the values that came."""
        known = self._mirrors.get(number) if type(number) is int else None
        if known is not None and len(self._mirrors) <= MAX_ITEMS:
            mirror = self._mirror(number, tensor.shape, tensor.dtype, tensor.device)
            mirror.data = tensor
            return mirror
        if type(number) is not int or len(self._mirrors) > MAX_ITEMS:
            raise CodecError("not a message")
        self._mirrors[number] = tensor.requires_grad_(True)
        return tensor

    def _mirror(self, number: Any, shape: Any, dtype: torch.dtype, device: torch.device) -> Tensor:
        """The host's stand-in for a parameter of the guest; a new one if it has changed its kind."""
        if not isinstance(number, int):
            raise CodecError("not a message")
        mirror = self._mirrors.get(number)
        if mirror is None or mirror.shape != tuple(shape) or mirror.dtype != dtype or mirror.device != device:
            if len(self._mirrors) > MAX_ITEMS or math.prod(shape) > MAX_MIRRORED:
                raise CodecError("parameters of an impossible size")
            # One number stands for all until the values come: what a guest only tells of takes no memory here.
            mirror = torch.zeros((), dtype=dtype, device=device).expand(tuple(shape)).requires_grad_(True)
            self._mirrors[number] = mirror
        return mirror

    def _group(self, told: Any) -> int:
        """The number of a group of parameters that a result may depend on; the guest describes a group once."""
        number = told["id"]
        if "leaves" in told:
            self._leaves += len(told["leaves"])
            if self._leaves > MAX_ITEMS:
                raise CodecError("more groups of parameters than any test has")
            self._groups[number] = [
                (
                    leaf["id"],
                    checked_shape(leaf["shape"]),
                    DTYPES[leaf["dtype"]],
                    torch.device("meta" if leaf["meta"] else "cpu"),
                )
                for leaf in told["leaves"]
            ]
        if type(number) is not int or number not in self._groups:
            raise CodecError("not a message")
        return number

    def _connect(self, value: Any, call: Any, arguments: list[Tensor]) -> Any:
        """Hang the open ends of an answer on the host's graph, so that gradients can be asked for."""
        if not self._has_open_ends:
            return value
        self._has_open_ends = False
        ends: list[Tensor] = []
        _walk(value, lambda tensor: ends.append(tensor) if hasattr(tensor, "kata_output") else None)
        if not ends:
            return value
        outputs, groups = zip(*(end.__dict__["kata_output"] for end in ends))
        try:
            # Each group once: many results of many parameters each would take their product.
            leaves = {leaf[0]: self._mirror(*leaf) for group in dict.fromkeys(groups) for leaf in self._groups[group]}
        except (RuntimeError, CodecError):
            raise self.nonsense("parameters") from None
        if not arguments and not leaves:
            return value
        connected = _Remote.apply(
            self, (call, list(outputs), list(leaves), len(arguments), ends), *arguments, *leaves.values()
        )
        places = {id(end): new for end, new in zip(ends, connected)}
        return _replace(value, lambda tensor: places.get(id(tensor), tensor))

    def _write_back(self, changed: Any, sent: list[Tensor]) -> None:
        """Repeat on the host's tensors what the submission did to its arguments in place."""
        if not isinstance(changed, dict) or not changed:
            return
        self.changed_inputs = True
        if not self.writes_back:
            return
        for index, tensor in changed.items():
            if isinstance(index, int) and 0 <= index < len(sent) and isinstance(tensor, Tensor):
                original = sent[index]
                if original.shape == tensor.shape and original.dtype == tensor.dtype:
                    with contextlib.suppress(RuntimeError):  # its entries share memory, or the values are on `meta`
                        original.data.copy_(tensor)

    def _handle(self, reference: Any) -> Handle:
        number, name = reference["id"], reference["type"]
        if type(number) is not int or type(name) is not str:
            raise CodecError("not a message")
        return Handle(self, number, name[:80], self._epoch, self._asked)


class _Remote(torch.autograd.Function):
    """A call's results; their gradients are asked of the guest."""

    @staticmethod
    def forward(ctx: Any, guest: GuestProcess, facts: tuple[Any, ...], *inputs: Tensor) -> tuple[Tensor, ...]:
        ctx.guest, ctx.facts = guest, facts
        ctx.kinds = [(tensor.shape, tensor.device) for tensor in inputs]
        ctx.set_materialize_grads(False)
        return tuple(end.detach().clone() for end in facts[4])

    @staticmethod
    def backward(ctx: Any, *grads: Tensor | None) -> tuple[Any, ...]:
        call, outputs, leaves, argument_count, ends = ctx.facts
        wanted = [(output, grad) for output, grad in zip(outputs, grads) if grad is not None]
        found: Any = [None] * (argument_count + len(leaves))
        if wanted:
            found = ctx.guest.request(
                {
                    "op": "grad",
                    "call": call,
                    "outputs": [output for output, _ in wanted],
                    "grads": [grad.detach() for _, grad in wanted],
                    "arguments": list(range(argument_count)),
                    "leaves": leaves,
                }
            )
        fits = isinstance(found, list) and len(found) == len(ctx.kinds)
        if not fits or not all(_is_gradient(grad, *kind) for grad, kind in zip(found, ctx.kinds)):
            raise ctx.guest.nonsense("a gradient")
        return (None, None, *found)


def _is_gradient(grad: Any, shape: torch.Size, device: torch.device) -> bool:
    if grad is None:
        return True
    return isinstance(grad, Tensor) and (grad.shape, grad.device) == (shape, device) and grad.is_floating_point()


def _walk(value: Any, visit: Callable[[Tensor], None]) -> None:
    if isinstance(value, Tensor):
        visit(value)
    elif isinstance(value, (list, tuple)):
        for item in value:
            _walk(item, visit)
    elif isinstance(value, dict):
        for item in value.values():
            _walk(item, visit)


def _replace(value: Any, change: Callable[[Tensor], Tensor]) -> Any:
    if isinstance(value, Tensor):
        return change(value)
    if isinstance(value, (list, tuple)):
        return type(value)(_replace(item, change) for item in value)
    if isinstance(value, dict):
        return {key: _replace(item, change) for key, item in value.items()}
    return value

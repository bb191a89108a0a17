"""The host listens to a stream of frames, whatever it holds, and must not lose its composure.

It may refuse with its own errors, or raise what the guest tells of as an exception of the submission. Another
exception, much time or much memory is a mistake of ours.
"""

from __future__ import annotations

import contextlib
import signal
import time
from pathlib import Path
from typing import Any, Callable, Iterator, Sequence

import torch
from torch import Tensor

from kata.diagnosis.comparison import Comparison, Diverged, has_a_crash
from kata.sandbox.errors import GuestDied, TestTimeout
from kata.sandbox.host.client import GuestProcess
from kata.sandbox.host.handles import Handle
from kata.sandbox.host.recording import Message, Recording
from kata.sandbox.protocol.channel import Channel

CPU_SECONDS = 2.0
"""More than a stream may take; an honest one of this size takes a hundredth of a second."""

MEMORY = 96 * 2**20
"""Bytes by which the process may grow over a stream of a few thousand bytes."""

PLAIN = (bool, int, float, str, tuple, list, dict, type(None), torch.dtype, torch.device, Handle)
"""What a test is given, beside tensors: these types, none that are made of them."""


class Mistake(AssertionError):
    """The host has done what it must not do, whatever it hears."""


class TooLong(BaseException):
    """The processor time is up. Not an ``Exception``, which the code under test may take for its own."""


class Line:
    """Stands for a socket over which everything has come already.

    Args:
        data: what has come, then the other side hangs up.
        piece: bytes that come at a time.
    """

    def __init__(self, data: bytes, piece: int = 1 << 16) -> None:
        self._data, self._piece, self._at = data, piece, 0

    def recv(self, size: int) -> bytes:
        start, self._at = self._at, self._at + min(size, self._piece)
        return self._data[start : self._at]

    def send(self, view: memoryview) -> int:
        return len(view)

    def setblocking(self, flag: bool) -> None:
        """It never blocks."""

    def close(self) -> None:
        self._data = b""


def _call(guest: GuestProcess) -> Any:
    """A call as the suites make them, and gradients of what it answers."""
    x, mask = torch.ones(2, 3, requires_grad=True), torch.ones(2, 3, dtype=torch.bool)
    result = _object(guest)(x, x.detach(), x.detach()[:1].expand(2, 3), mask=mask)
    ends = [tensor for tensor in _tensors(result) if tensor.grad_fn is not None]
    if ends:
        inputs = [x, *(mirror for mirror in guest._mirrors.values() if mirror.requires_grad)][:20]
        torch.autograd.grad(ends, inputs, [torch.ones_like(end) for end in ends], allow_unused=True)
    return result


def _load(guest: GuestProcess) -> Any:
    module = _object(guest)
    module.load_state_dict({"weight": torch.ones(2, 3), "linear.bias": torch.zeros(3)})
    return [module.weight, module.state_dict(), list(module.named_parameters())]


def _object(guest: GuestProcess) -> Any:
    return Handle(guest, 1, "Module", guest._epoch)


ASKS: dict[str, Callable[[GuestProcess], Any]] = {
    "begin": lambda guest: guest.begin(0),
    "call": _call,
    "part": lambda guest: _object(guest).weight,
    "length": lambda guest: len(_object(guest)),
    "items": lambda guest: list(_object(guest)),
    "item": lambda guest: _object(guest)[0],
    "copy": lambda guest: _object(guest).__deepcopy__({}),
    "parameters": lambda guest: list(_object(guest).parameters()),
    "load": _load,
    "end": lambda guest: guest.end(),
}
"""What a test asks for; each takes one frame of the answers, or a few."""


def hear(data: bytes, asks: Sequence[str], piece: int = 1 << 16, honest: Sequence[Message] = ()) -> list[str]:
    """Ask for one thing after another; the answers come from ``data``.

    Args:
        data: frames, or whatever it is.
        asks: names of ``ASKS``.
        piece: bytes that come at a time.
        honest: answers to compare these with, as a diagnosis does; none for no comparison.

    Returns:
        How each ended: a type of value, or of error, with its words if it is the host's own.

    Raises:
        Mistake: if the host did what it must not do.
    """
    guest = GuestProcess(Channel(Line(data, piece)), lambda: "the code ended its process")  # type: ignore[arg-type]
    guest.recording = Recording()
    endings = []
    with _in_bounds(len(data)):
        for ask in asks:
            endings.append(_ending(guest, ask))
        if honest:
            _compare(guest.recording, honest)
    return endings


def _ending(guest: GuestProcess, ask: str) -> str:
    was_dead = bool(guest.dead)
    try:
        value = ASKS[ask](guest)
    except (GuestDied, TestTimeout) as error:
        if not guest.dead and not _is_told(error):
            raise Mistake(f"{ask}: {error!r}, but the guest lives on") from error
        return f"{type(error).__name__}: {error}"
    except AssertionError as error:  # of the weights that were loaded
        return _own(error, ask, ("loaded", "handles"))
    except TooLong:
        raise
    except BaseException as error:
        return _own(error, ask)
    if was_dead:
        raise Mistake(f"{ask}: a guest that is dead has answered {value!r}")
    _look_through(value, ask)
    return type(value).__name__


def _is_told(error: BaseException) -> bool:
    """Whether an exception is one that the guest has told of."""
    return "kata_call" in error.__dict__


def _own(error: BaseException, ask: str, raised_in: Sequence[str] = ()) -> str:
    frames = []
    traceback = error.__traceback__
    while traceback is not None:
        frames.append(Path(traceback.tb_frame.f_code.co_filename).stem)
        traceback = traceback.tb_next
    if _is_told(error) or frames[-1] in raised_in:
        return f"{type(error).__name__}{' of the host' if raised_in else ''}"
    raise Mistake(f"{ask}: {type(error).__name__} in {frames[-1]}: {error}") from error


def _look_through(value: Any, ask: str) -> None:
    """Refuse what is no plain value."""
    if type(value) is torch.Tensor:
        if value.device.type not in ("cpu", "meta"):
            raise Mistake(f"{ask}: a tensor on {value.device}")
    elif type(value) not in PLAIN:
        raise Mistake(f"{ask}: a {type(value).__name__} has come over")
    elif isinstance(value, dict):
        for part in [*value.keys(), *value.values()]:
            _look_through(part, ask)
    elif isinstance(value, (list, tuple)):
        for part in value:
            _look_through(part, ask)


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, (list, tuple, dict)):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _tensors(part)


def _compare(recording: Recording, honest: Sequence[Message]) -> None:
    """What a diagnosis does with a recording: every answer is compared with itself, otherwise written, and another."""
    try:
        has_a_crash(recording)
        for number, (request, (header, payload)) in enumerate(recording.exchanges):
            for other in ((header + b" ", payload), honest[number % len(honest)]):
                kept = Recording()
                kept.note(request, other)
                with contextlib.suppress(Diverged):
                    Comparison(kept).note(request, (header, payload))
    except Exception as error:
        raise Mistake(f"comparison: {type(error).__name__}: {error}") from error


@contextlib.contextmanager
def _in_bounds(size: int) -> Iterator[None]:
    """Bound the processor time and the memory of what is done within."""

    def ring(number: int, frame: Any) -> None:
        raise TooLong

    before = _peak(reset=True)
    start = time.process_time()
    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGVTALRM, ring)
        signal.setitimer(signal.ITIMER_VIRTUAL, CPU_SECONDS)
    try:
        yield
    except TooLong:
        raise Mistake(f"still at work after {CPU_SECONDS:g} s over {size} bytes") from None
    finally:
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    seconds, grown = time.process_time() - start, _peak() - before
    if seconds > 2 * CPU_SECONDS:
        raise Mistake(f"{seconds:.1f} s over {size} bytes")
    if grown > MEMORY + 100 * size:
        raise Mistake(f"{grown >> 20} MiB more over {size} bytes")


def _peak(reset: bool = False) -> int:
    """Most bytes of memory in use at one time, since it was reset; 0 where the system does not say."""
    try:
        if reset:
            Path("/proc/self/clear_refs").write_text("5")
        text = Path("/proc/self/status").read_text()
    except OSError:
        return 0
    return int(text.partition("VmHWM:")[2].split()[0]) * 1024

"""Call code as on a machine with an accelerator: its inputs are there, and what torch makes by default is on the CPU.

No accelerator is needed: a tensor of the other device is an object that holds one of the CPU. So it has values, which
tensors on ``meta`` lack, and code may read them. Who mixes the devices is told what torch would tell him.
"""

from __future__ import annotations

import contextlib
import copy
from typing import Any, Iterator

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map

OTHER = "lazy"
"""A device that torch knows by name on every machine and that has no operators of its own."""

MIXED = "Expected all tensors to be on the same device, but found at least two devices"
"""How torch begins to say so."""

_MOVES = ("_to_copy", "copy_")
_JOINS = ("cat", "stack")  # the only ones that do not take a single number of the CPU, either


class Elsewhere(Tensor):
    """A tensor on the other device."""

    held: Tensor

    @staticmethod
    def __new__(cls, held: Tensor) -> Elsewhere:
        with torch.inference_mode(False):  # views of one that was made in inference mode cannot be made
            made: Elsewhere = Tensor._make_wrapper_subclass(
                cls, held.size(), strides=held.stride(), dtype=held.dtype, device=torch.device(OTHER)
            )
        return made

    def __init__(self, held: Tensor) -> None:
        self.held = held

    __torch_function__: Any = torch._C._disabled_torch_function_impl

    def __repr__(self) -> str:  # type: ignore[override]
        return repr(self.held)

    @classmethod
    def __torch_dispatch__(  # type: ignore[override]
        cls, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        return _run(func, args, kwargs or {})


class _Operators(TorchDispatchMode):
    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        with self:  # in inference mode even `x.to(device)` comes here in one piece
            result = func.decompose(*args, **(kwargs or {}))
        return result if result is not NotImplemented else _run(func, args, kwargs or {})


class _Lists(TorchFunctionMode):
    """Lists are turned into tensors, and tensors into lists, below the operators."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        if func is Tensor.tolist:
            return _held(args[0]).tolist()
        if func in (torch.tensor, torch.as_tensor, Tensor.new_tensor):
            own = args[0].device if func is Tensor.new_tensor else "cpu"
            if torch.device(kwargs.get("device") or own).type == OTHER:
                return func(*map(_held, args), **{**kwargs, "device": "cpu"}).to(OTHER)
        return func(*args, **kwargs)


@contextlib.contextmanager
def accelerator() -> Iterator[None]:
    """Inside, the other device can be computed on and moved to."""
    with _Operators(), _Lists():
        yield


def _run(func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    tensors = list(_tensors((args, kwargs)))
    apart = [tensor for tensor in tensors if isinstance(tensor, Elsewhere)]
    of_the_cpu = [tensor for tensor in tensors if not isinstance(tensor, Elsewhere)]
    asked = kwargs.get("device")
    if apart and of_the_cpu:
        _forbid_mixing(func, args, of_the_cpu)
    plain_args, plain_kwargs = tree_map(_held, (args, kwargs))
    if asked is not None and torch.device(asked).type == OTHER:
        plain_kwargs["device"] = torch.device("cpu")
    there = torch.device(asked).type == OTHER if asked is not None else bool(apart)
    known = {id(_held(tensor)): tensor for tensor in tensors}

    def placed(value: Any) -> Any:
        if not isinstance(value, Tensor):
            return value
        if id(value) in known:  # changed in place
            return known[id(value)]
        return Elsewhere(value) if there else value

    return tree_map(placed, func(*plain_args, **plain_kwargs))


def _forbid_mixing(func: Any, args: Any, of_the_cpu: list[Tensor]) -> None:
    """As torch: a single number of the CPU goes with anything, indices may be there, and copying moves."""
    name = func.overloadpacket.__name__
    changed = args[0] if args and name.endswith("_") and not name.endswith("__") else None
    single = all(tensor.dim() == 0 for tensor in of_the_cpu) and name not in _JOINS
    indexed = name in ("index", "index_put", "index_put_") and isinstance(args[0], Elsewhere)
    onto_cpu = isinstance(changed, Tensor) and not isinstance(changed, Elsewhere)
    if name not in _MOVES and (onto_cpu or not (single or indexed)):
        raise RuntimeError(f"{MIXED}, the CPU and that of the inputs")


def _tensors(tree: Any) -> Iterator[Tensor]:
    return (leaf for leaf in tree_flatten(tree)[0] if isinstance(leaf, Tensor))


def _held(value: Any) -> Any:
    return value.held if isinstance(value, Elsewhere) else value


def _moved(value: Any) -> Any:
    """A copy on the other device, of whatever has a device."""
    if isinstance(value, list):
        return [_moved(part) for part in value]
    if isinstance(value, nn.Module):
        return copy.deepcopy(value).to(OTHER)
    return value.to(OTHER) if hasattr(value, "to") else value


def on_another_device(function: Any, *args: Any, **kwargs: Any) -> Any:
    """``function(...)`` with modules, tensors and batches on a device that is not torch's default; the answer as it is.

    Raises:
        RuntimeError: if the devices are mixed, or a tensor of the answer has stayed on the CPU.
    """
    with accelerator():
        if isinstance(function, nn.Module):
            function = _moved(function)
        answer = function(*map(_moved, args), **{name: _moved(value) for name, value in kwargs.items()})
    if any(not isinstance(tensor, Elsewhere) for tensor in _tensors(answer)):
        raise RuntimeError(f"{MIXED}: the answer is on the CPU, the inputs are not")
    return tree_map(_held, answer)


def train_on_another_device(function: Any, model: nn.Module, batches: Any, loss_fn: Any, rate: float) -> Any:
    """What ``train`` or ``train_step`` gives there with gradient descent, and the model's state after it."""
    with accelerator():
        model = _moved(model)
        answer = function(model, _moved(batches), _moved(loss_fn), torch.optim.SGD(model.parameters(), lr=rate))
        state = {name: _held(value.detach()) for name, value in model.state_dict().items()}
    return tree_map(_held, answer), state


def made_by_default_there(function: Any, *args: Any) -> Any:
    """``function(...)`` where the other device is torch's default.

    Raises:
        RuntimeError: if the answer is on the CPU.
    """
    with accelerator(), torch.device(OTHER):
        answer = function(*args)
    if not isinstance(answer, Elsewhere):
        raise RuntimeError(f"{MIXED}: the answer is on the CPU, torch's default device is another one")
    return answer.held


def with_default_dtype(dtype: torch.dtype, function: Any, *args: Any) -> Any:
    """``function(...)`` where torch's default dtype is another one."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        return function(*args)
    finally:
        torch.set_default_dtype(before)

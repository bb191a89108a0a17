"""What every task also faces: float64, odd memory layout, ``meta``, unchanged inputs, copies, modes.

Each function runs one of these examinations on a call of the submission; the suites say which call.
"""

from __future__ import annotations

import copy
import functools
from typing import Any, Callable, Mapping, Sequence

import torch
from torch import Tensor

from .checks import expect_close, expect_dtype, expect_equal, expect_same, expect_shape, expect_that, fail
from .inputs import non_contiguous

Call = Callable[..., Tensor]

NOT_REGISTERED = (
    "names are part of the contract (see the docstring); what learns is an nn.Parameter, submodules stand in "
    "attributes or an nn.ModuleList: plain tensors and lists are not seen"
)


def float64_in_and_out(
    call: Call, inputs: Sequence[Tensor], expected: Any, label: str, tolerance: float = 1e-9
) -> None:
    """Double precision in gives double precision out, with all its digits.

    Args:
        call: takes ``inputs``; for a module, one whose parameters are float64 already.
        inputs: float64 tensors (others pass as they are).
        expected: the result in float64, from an oracle.
        label: what the result is.
        tolerance: looser where a table may have been made in float32.
    """
    why = "everything made on the way must follow the input's dtype; float32 in between loses digits"
    expect_close(call(*inputs), expected, label, why, dtype=torch.float64, tolerance=tolerance)


def odd_memory_layout(call: Call, inputs: Sequence[Tensor], expected: Any, label: str) -> None:
    """Inputs that are not contiguous in memory (a transpose, a slice) give the same values."""
    spread = [non_contiguous(x) if x.dtype.is_floating_point else x for x in inputs]
    why = "`view` needs contiguous memory; `reshape` does not"
    expect_close(call(*spread), expected, f"{label} for a non-contiguous input", why)


FOLLOW = "give what you make device=x.device (or use zeros_like, a buffer): a GPU's tensors do not mix with the CPU's"


def on_meta(call: Call, inputs: Sequence[Tensor], shape: Sequence[int], label: str) -> None:
    """On the ``meta`` device (shapes without numbers) the result has the right shape and stays on ``meta``.

    It stands for every other device: what is made on the way must be made where the inputs are.
    """
    try:
        got = call(*[x.to("meta") for x in inputs])
    except (RuntimeError, NotImplementedError) as error:
        _expect_one_device(error, label)
        if not isinstance(error, NotImplementedError) or "Phase" in str(error):  # an unfinished task
            raise
        why = "nothing here needs to be decided by a tensor's values: no `if`, `.item()` or `.tolist()` on the way"
        fail(f"{label} needs the numbers in its inputs, not their shapes alone: {str(error).splitlines()[0]}", why)
    expect_shape(got, shape, f"{label}, computed for shapes without numbers", "decide nothing from a tensor's values")
    expect_that(got.device.type == "meta", f"{label} is on {got.device.type}, the inputs are on another device", FOLLOW)


def _mixes_devices(error: Exception) -> bool:
    said = str(error)
    return any(words in said for words in ("same device", "expected device", "'lazy'", "lazy:"))


def _expect_one_device(error: Exception, label: str) -> None:
    """Fail if ``error`` is torch's complaint about two devices."""
    if _mixes_devices(error):
        fail(f"{label}: a tensor is made on torch's default device, the inputs are on another one", FOLLOW)


def _there(run: Any, args: Sequence[Any], label: str) -> Any:
    try:
        return run(*args)
    except (RuntimeError, TypeError) as error:
        _expect_one_device(error, label)
        raise


def on_another_device(in_guest: Any, function: Any, args: Sequence[Any], label: str) -> Any:
    """What a function or a module answers for inputs (and parameters) that are not on torch's default device."""
    return _there(in_guest.devices.on_another_device, [function, *args], label)


def made_by_default(in_guest: Any, function: Any, args: Sequence[Any], label: str) -> Any:
    """What a function answers that takes no tensors, where torch's default device is not the CPU; it is there, too."""
    try:
        return in_guest.devices.made_by_default_there(function, *args)
    except RuntimeError as error:
        if not _mixes_devices(error):
            raise
        fail(f"{label} is not on torch's default device", "`device=None`, passed on, means just that device")


def train_on_another_device(in_guest: Any, *args: Any, label: str) -> Any:
    """``in_guest.devices.train_on_another_device(*args)``."""
    return _there(in_guest.devices.train_on_another_device, args, label)


def follows_the_device(in_guest: Any, function: Any, args: Sequence[Any], label: str) -> None:
    """A tensor (or several) is the same on another device."""
    results = on_another_device(in_guest, function, args, label), function(*args)
    got, expected = (list(x) if isinstance(x, (list, tuple)) else [x] for x in results)
    expect_same(len(got), len(expected), f"the number of results of {label} on another device", FOLLOW)
    for one, other in zip(got, expected):
        compare = expect_close if other.dtype.is_floating_point else expect_equal
        compare(one, other.detach(), f"{label} on another device than torch's default", FOLLOW)


def answers_in_bfloat16(call: Call, inputs: Sequence[Tensor], label: str) -> None:
    """Numbers of 16 bits in give numbers of 16 bits out: whatever is made on the way in float32 turns them into that.

    Args:
        call: takes ``inputs``; for a module, one whose parameters are bfloat16 already.
        inputs: tensors; those of real numbers are given as bfloat16.
        label: what the result is.
    """
    try:
        got = call(*[x.to(torch.bfloat16) if x.dtype.is_floating_point else x for x in inputs])
    except RuntimeError as error:
        if "not implemented for" in str(error) and not _torch_computes_in_bfloat16():  # an older torch's operators
            return
        if "dtype" not in str(error) and "not implemented for" not in str(error):
            raise
        fail(f"{label} for inputs in bfloat16: {str(error).splitlines()[0]}", "make new tensors in the inputs' dtype")
    expect_dtype(got, torch.bfloat16, f"{label} for inputs in bfloat16")


@functools.lru_cache(maxsize=None)
def _torch_computes_in_bfloat16() -> bool:
    """Whether this torch has, on the CPU, what the tasks are made of for numbers of 16 bits; 2.0 lacks some of it."""
    x, mask = torch.ones(2, 3, dtype=torch.bfloat16), torch.tensor([True, False, True])
    with torch.no_grad():
        try:
            (x @ x.T).softmax(-1).exp().log().sqrt().pow(2).relu().clamp(min=0).sum()
            (x * x + x / x - x).masked_fill(~mask, 0.0).tril().triu().cumsum(-1).amax(-1).max()
            torch.where(mask, x, x).mean(-1, keepdim=True).rsqrt().reciprocal().std(unbiased=False)
            x.var(-1, unbiased=False), x.log_softmax(-1).sin().cos(), x.norm(dim=-1)
            torch.einsum("ab,cb->ac", x, x), torch.bmm(x[None], x[None].mT), torch.stack([x, x]).sort(-1)
        except RuntimeError:
            return False
    return True


def inputs_unchanged(call: Call, inputs: Sequence[Tensor], expected: Any, label: str) -> None:
    """The call leaves its inputs as they were, and gives the same answer twice.

    Args:
        call: takes ``inputs``.
        inputs: tensors; the call must not write to them.
        expected: the result, from an oracle; None to compare the two calls alone.
        label: what the result is.
    """
    before = [x.clone() for x in inputs]
    first = call(*inputs)
    for number, (x, was) in enumerate(zip(inputs, before), start=1):
        if not torch.equal(x, was):
            fail(
                f"{label}: tensor argument {number} was changed in place",
                "+=, *=, masked_fill_ and other in-place operations write into the caller's tensor",
            )
    second = call(*inputs)
    expect_close(first, second if expected is None else expected, label)
    expect_close(second, first, f"{label} at the second call", "a call must not change what the next one gives")


def copies_behave_alike(module: Any, fresh: Any, inputs: Sequence[Tensor], expected: Any, label: str) -> None:
    """A deep copy, and a new module with the same state dict, give the same output as the module itself.

    Args:
        module: a module with random weights, in evaluation mode.
        fresh: another module of the same sizes with other weights, in evaluation mode.
        inputs: what both are called with.
        expected: the output, from an oracle.
        label: what the output is.
    """
    try:
        twin = copy.deepcopy(module)
    except RuntimeError as error:
        reason = str(error).split(".")[0]
        fail(
            f"{label}: the module cannot be copied: {reason}", "keep no result of a call in an attribute of the module"
        )
    expect_close(twin(*inputs), expected, f"{label} of a deep copy", "all state must be in parameters and buffers")
    fresh.load_state_dict(module.state_dict())
    why = "what the module computes with must be in its state dict: registered parameters, not plain tensors"
    expect_close(fresh(*inputs), expected, f"{label} after loading the state dict into a new module", why)


def parameter_names(module: Any) -> list[str]:
    """Names of all parameters, sorted."""
    return sorted(name for name, _ in module.named_parameters())


def expect_parameters(
    module: Any, shapes: Mapping[str, tuple[int, ...]], label: str, shared: Sequence[str] = ()
) -> None:
    """The module has exactly these parameters, by name and shape.

    Args:
        module: the module.
        shapes: name to shape.
        label: what the module is.
        shared: names of one and the same parameter, the one in ``shapes`` first. A module lists it once, under
            the name that was registered first, whichever that is.
    """
    got = {name: tuple(value.shape) for name, value in module.named_parameters()}
    listed = [name for name in shared if name in got]
    if len(listed) == 1:
        got[shared[0]] = got.pop(listed[0])
    missing = sorted(set(shapes) - set(got))
    extra = sorted(set(got) - set(shapes))
    if missing:
        parent, _, kind = missing[0].rpartition(".")
        no_bias = kind == "bias" and f"{parent}.weight" in got and not parent.endswith("norm")
        why = "the linear layers have biases: nn.Linear(..., bias=False) leaves it out" if no_bias else NOT_REGISTERED
        fail(f"{label} has no parameter {missing[0]!r}", why)
    if extra:
        why = "the docstring names all that learns; a constant table is a buffer, and a second name needs no copy"
        if extra[0] in shared:
            why = "shared means one parameter in several places: assign the parameter itself, not a copy of its values"
        fail(f"{label} has a parameter {extra[0]!r} that it should not have", why)
    for name, shape in shapes.items():
        if got[name] != shape:
            fail(f"{label}: {name} has the wrong shape\n  expected: {shape}\n  got:      {got[name]}")

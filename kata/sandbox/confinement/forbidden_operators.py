"""The primitives rule at run time: in a guest, what ``kata.source.rules`` forbids of torch raises when it is called.

Names can be hidden from the static check; calls cannot be hidden from what is called. torch's operators are replaced
in the dispatcher, under every key that has a kernel, so that every way to them (``torch``, ``torch.ops``,
``torch._C``, ``nn``, a call past some of the keys) ends here. What runs operators without the dispatcher (graphs,
the static runtime, scripts from a file) is closed as a whole. Functions written in Python lose their code, wherever a
reference to them is kept. What torch has not imported by then is imported only if ``MODULES`` has it.

Nothing in Python can take it away afterwards: the replacements are held by a reference that no Python object stands
for, and the code that was replaced is gone. Whoever writes to the process's memory can. Installed once in the server
of the guests; the host, whose oracles use these very functions, stays as it is.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib.abc
import re
import sys
import warnings
from fnmatch import fnmatchcase
from types import CodeType, FunctionType, ModuleType
from typing import Any, Callable, Iterator

import torch
from torch import Tensor

from ...source.rules import table
from ...source.rules.check import STANDARD_LIBRARY

NAMES = {
    table.ATTENTION: re.compile(r"attention|attn|transformer|multi_?head|qkv", re.IGNORECASE),
    table.NORMALISATION: re.compile(r"(layer|group|batch|instance|rms|response)_?norm", re.IGNORECASE),
}
"""What an operator, function or class of torch's is called, anywhere in its name, if it does an exercise's work."""

_WORDS = re.compile("|".join(re.escape(max(name.split("*"), key=len)) for rule in NAMES for name in rule.names))
"""Of every name that the static check looks for, the longest piece without a wildcard: few functions have any."""

OTHER_WAYS = re.compile(
    r"_?(jit|te|nativert|lazy|onnx|aoti|export)(_\w+)?"
    r"|\w*(static_module|ir_module|lite_interpreter|mobile|parse_ir|from_graph|by_tracing|jit_module)\w*"
    r"|(Lite)?Script\w+|StaticModule|CompilationUnit|Graph|GraphExecutorState|Node|Block|Value|Code"
)
"""What ``torch._C`` calls that which makes, loads or runs graphs of operators."""

NEEDED = ("_jit_get_operation", "_jit_resolve_packet", "_jit_init")
"""What ``torch.ops`` is made with. Operators that it finds and the dispatcher does not know do no exercise's work,
but for those over tensors of MKL-DNN, which cannot be made here."""

MODULES = (
    "torch.autograd", "torch.distributions", "torch.fft", "torch.func", "torch.linalg", "torch.masked", "torch.nn.init",
    "torch.nn.parameter", "torch.nn.utils.prune", "torch.nn.utils.stateless", "torch.random", "torch.special",
    "torch.types", "torch.utils._device", "torch.utils._foreach_utils", "torch.utils._python_dispatch",
    "torch.utils._pytree", "torch.utils.checkpoint", "torch.utils.data", "torch.utils.dlpack", "torch.utils.hooks",
)  # fmt: skip
"""Modules of torch, with all below, that may be imported in a guest; what ``import torch`` brings is there already."""


class ForbiddenPrimitive(RuntimeError, ImportError):
    """Something was called or imported that the rules forbid; the message names it and what to do instead.

    An ``ImportError``, too: torch asks for libraries that may be missing.
    """


def install() -> None:
    """Make everything forbidden raise from now on, in this process and in those forked from it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns of every operator that is replaced
        _replace_operators()
    for function, dotted, rule in list(_forbidden_functions()):
        _close(function, dotted, rule)
    _close_other_ways()
    sys.meta_path.insert(0, _Allowance())


def rule_of(name: str) -> table.Rule | None:
    """The rule that an operator, function or class of this name breaks."""
    return next((rule for rule, pattern in NAMES.items() if pattern.search(name)), None)


# -- operators --


def _replace_operators() -> None:
    keys = [key for key in torch._C.DispatchKey.__members__ if _is_key(key)]
    libraries: dict[str, Any] = {}
    for full_name in torch._C._dispatch_get_all_op_names():
        namespace, _, operator = full_name.partition("::")
        name = operator.split(".")[0]
        rule = rule_of(name)
        if rule is not None:
            kernel = _raiser(f"torch.{name}" if namespace == "aten" else full_name, rule)
        elif full_name == "aten::cross_entropy_loss":
            kernel = cross_entropy
        elif full_name == "aten::to_mkldnn":
            kernel = _raiser("torch.Tensor.to_mkldnn", table.INTERNALS)
        else:
            continue
        if namespace not in libraries:
            libraries[namespace] = torch._C._dispatch_library("IMPL", namespace, "")
        for key in keys:
            if torch._C._dispatch_has_kernel_for_dispatch_key(full_name, key):
                libraries[namespace].impl(operator, key, kernel)
    for library in libraries.values():
        # The replacements end with it: nothing in Python stands for this reference, so nothing can give it up.
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(library))


def _is_key(key: str) -> bool:
    """Whether a kernel can be registered for it: some members stand for the beginning or end of a group."""
    try:
        torch._C._dispatch_has_kernel_for_dispatch_key("aten::add.Tensor", key)
    except RuntimeError:
        return False
    return True


def cross_entropy(
    logits: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    reduction: int = 1,
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
) -> Tensor:
    """torch's operator ``cross_entropy_loss`` without label smoothing; ``reduction`` is 0 none, 1 mean, 2 sum."""
    if label_smoothing != 0.0:
        raise ForbiddenPrimitive(_message("label_smoothing", table.LABEL_SMOOTHING))
    classes = 0 if logits.dim() == 1 else 1
    log_probabilities = torch.log_softmax(logits, classes)
    if logits.shape != target.shape or not target.is_floating_point():
        return torch.ops.aten.nll_loss_nd(log_probabilities, target, weight, reduction, ignore_index)
    if weight is not None:
        shape = [1] * logits.dim()
        shape[classes] = weight.shape[0]
        log_probabilities = log_probabilities * weight.view(shape)
    losses = -(log_probabilities * target)
    if reduction == 0:
        return losses.sum(classes)
    return losses.sum() if reduction == 2 else losses.sum() / (logits.numel() / logits.shape[classes])


# -- what is written in Python --


def _forbidden_functions() -> Iterator[tuple[FunctionType, str, table.Rule]]:
    """Every function of torch's that breaks a rule, what it is called, and the rule; methods by their class's name."""
    gc.unfreeze()  # or some are not told of
    for function in gc.get_objects():
        if type(function) is not FunctionType or not str(function.__module__).startswith("torch."):
            continue
        module, name = function.__module__, function.__qualname__
        rule = _rule_of_function(module, name)
        if rule is not None:
            top = name.split(".")[0]
            yield function, f"torch.nn.{top}" if hasattr(torch.nn, top) else f"{module}.{top}", rule


def _rule_of_function(module: str, name: str) -> table.Rule | None:
    if module == "torch.optim.lr_scheduler" or name.startswith("SWALR."):
        # Helpers, `_initial_mode` for one, serve the base class, too, which a submission may extend.
        kind, _, method = name.partition(".")
        allowed = kind == "LRScheduler" or kind.startswith("_") or not method or "<locals>" in name
        return None if allowed else table.SCHEDULERS
    if module.startswith(("torch.backends", "torch.nn.attention._registry", "torch.fx")):
        return None  # choose how torch's attention works; nothing there computes any
    if module.startswith("torch._") and name.endswith("_normalize"):  # what the reference's own norms call
        return table.NORMALISATION
    return rule_of(name) or _rule_of_place(f"{module}.{name}")


def _rule_of_place(dotted: str) -> table.Rule | None:
    """The rule whose names, as the static check has them, fit."""
    if not _WORDS.search(dotted):
        return None
    return next((rule for rule in NAMES if any(fnmatchcase(dotted, name) for name in rule.names)), None)


def _close(function: FunctionType, dotted: str, rule: table.Rule) -> None:
    """Take a function's code away: in its place it raises, wherever a reference to it is kept."""
    code: CodeType = _closed.__code__
    function.__code__ = code.replace(co_freevars=function.__code__.co_freevars, co_name=function.__name__)
    function.__defaults__ = None
    function.__kwdefaults__ = {"_kata_raise": _raiser(dotted, rule)}


def _closed(*args: Any, _kata_raise: Any, **kwargs: Any) -> Any:
    return _kata_raise()


# -- what runs operators without the dispatcher --


def _close_other_ways() -> None:
    """Put something that raises in the place of what ``OTHER_WAYS`` names, wherever a module of torch's has it."""
    closed: dict[int, Any] = {}
    kept = []  # while ids are compared
    for name in dir(torch._C):
        thing = getattr(torch._C, name)
        if not OTHER_WAYS.fullmatch(name) or name in NEEDED:
            continue
        kept.append(thing)
        raiser = _raiser(f"torch._C.{name}", table.INTERNALS)
        if isinstance(thing, type):  # whoever finds it among the subclasses of another one finds an empty shell
            for attribute in [known for known, value in vars(thing).items() if callable(value) or known == "__init__"]:
                with contextlib.suppress(AttributeError, TypeError):
                    setattr(thing, attribute, raiser)
        elif isinstance(thing, ModuleType):
            for attribute in list(vars(thing)):
                delattr(thing, attribute)
        else:
            closed[id(thing)] = raiser
    for module in [module for name, module in list(sys.modules.items()) if name.split(".")[0] == "torch"]:
        for name, thing in list(getattr(module, "__dict__", {}).items()):
            if id(thing) in closed:
                setattr(module, name, closed[id(thing)])


class _Allowance(importlib.abc.MetaPathFinder):
    """Refuses modules of torch that no exercise needs, and libraries that torch itself has not imported by now.

    Landlock, which no submission can talk to, keeps the files of the former.
    """

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> None:
        if fullname.startswith("torch.") and not is_allowed(fullname):
            raise ForbiddenPrimitive(f"the code imports {fullname}: {table.INTERNALS.en}")
        if "." not in fullname and not is_known(fullname):
            raise ForbiddenPrimitive(f"the code imports {fullname}: {table.LIBRARIES.en}")


def is_allowed(module: str) -> bool:
    """Whether a module of torch's may be imported in a guest."""
    return any(f"{module}.".startswith(f"{allowed}.") for allowed in MODULES)


def is_known(library: str) -> bool:
    """Whether a library is torch, numpy, Python's own or the project's."""
    known = library in STANDARD_LIBRARY or library in table.ALLOWED_LIBRARIES or library in table.PROJECT_PACKAGES
    return known or library.startswith("_sysconfigdata_")  # Python's own, called after the platform


def _raiser(name: str, rule: table.Rule) -> Callable[..., Any]:
    message = _message(name, rule)

    def forbidden(*args: Any, **kwargs: Any) -> Any:
        raise ForbiddenPrimitive(message)

    return forbidden


def _message(name: str, rule: table.Rule) -> str:
    return f"the code calls {name}: {rule.en}"

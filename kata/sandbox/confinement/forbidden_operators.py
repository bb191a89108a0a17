"""The primitives rule at run time: in a guest, what ``kata.source.rules`` forbids of torch raises when it is called.

Names can be hidden from the static check; calls cannot be hidden from what is called. torch's operators are
replaced where they are dispatched, so that every way to them (``torch``, ``torch.ops``, ``torch._C``, ``nn``, a
compiled script) ends here. Classes and functions written in Python are replaced in the modules that hold them.
Installed once in the server of the guests; the host, whose oracles use these very functions, stays as it is.
"""

from __future__ import annotations

import inspect
import re
import sys
import warnings
from fnmatch import translate
from types import FunctionType
from typing import Any, Callable, Iterator

import torch
from torch import Tensor

from ...source.rules import table

RULES = (table.ATTENTION, table.NORMALISATION, table.SCHEDULERS)
"""The rules about things that no one but a submission calls; torch's internals are called by torch itself."""

INTERNAL_OPERATORS = {
    table.ATTENTION: ("_*attention*", "_transformer_*"),
    table.NORMALISATION: ("_*batch_norm*", "_fused_rms_norm*"),
}
"""Operators that do the work of forbidden ones under names of their own."""

HOMES = ("torch", "torch.functional", "torch.nn.", "torch.optim.", "torch._refs.", "torch._decomp.")
"""Modules (with a dot: and all below) whose Python functions and classes are looked through."""


def _any_of(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(map(translate, patterns)) or "(?!)")


_NAMES = {rule: _any_of(rule.names) for rule in RULES}
_ALLOWED = {rule: _any_of(rule.allowed) for rule in RULES}
_INTERNAL = {rule: _any_of(INTERNAL_OPERATORS.get(rule, ())) for rule in RULES}
_kept: list[Any] = []
"""What must live as long as the process, or the replacements end."""


class ForbiddenPrimitive(RuntimeError):
    """Something was called that the rules forbid; the message names it and what to do instead."""


def install() -> None:
    """Make everything forbidden raise from now on, in this process and in those forked from it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns of every operator that is replaced
        _replace_operators()
        _replace_python()


# -- operators --


def _replace_operators() -> None:
    library = torch.library.Library("aten", "IMPL")
    _kept.append(library)
    for full_name in torch._C._dispatch_get_all_op_names():
        namespace, _, operator = full_name.partition("::")
        if namespace != "aten":
            continue
        name = operator.split(".")[0]
        rule = _rule_of_operator(name)
        if rule is not None:
            library.impl(operator, _raiser(f"torch.{name}", rule), _key_of(full_name))
        elif operator == "cross_entropy_loss":
            library.impl(operator, cross_entropy, _key_of(full_name))


def _rule_of_operator(name: str) -> table.Rule | None:
    return next((r for r in RULES if _INTERNAL[r].fullmatch(name) or _is_forbidden(f"torch.{name}", r)), None)


def _key_of(operator: str) -> str:
    """Where every call of an operator comes past: what it is made of, or a stop before the choice of a device."""

    def has(key: str) -> bool:
        return torch._C._dispatch_has_kernel_for_dispatch_key(operator, key)

    composite = has("CompositeImplicitAutograd") and not has("Autograd")
    return "CompositeImplicitAutograd" if composite else "BackendSelect"


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


def _replace_python() -> None:
    places = list(_places())
    replaced: dict[int, Callable[..., Any]] = {}
    for module, name, thing in places:
        if thing.__module__ != module.__name__:
            continue  # judged where it is defined
        rule = next((rule for rule in RULES if _is_forbidden(f"{module.__name__}.{name}", rule)), None)
        if rule is None:
            continue
        dotted = f"torch.nn.{name}" if hasattr(torch.nn, name) else f"{module.__name__}.{name}"
        if rule is table.SCHEDULERS and not hasattr(thing, "step"):
            continue  # helpers, which serve the allowed base class too
        if inspect.isclass(thing):
            _close_class(thing, dotted, rule)
        else:
            replaced[id(thing)] = _raiser(dotted, rule)
    for module, name, thing in places:
        if id(thing) in replaced:
            setattr(module, name, replaced[id(thing)])
    decompositions = getattr(sys.modules.get("torch._decomp"), "decomposition_table", {})
    for operator in list(decompositions):
        name = "".join(str(operator).split(".")[1:2])  # of "aten.native_layer_norm.default"
        rule = _rule_of_operator(name)
        if rule is not None:
            decompositions[operator] = _raiser(f"torch.{name}", rule)


def _places() -> Iterator[tuple[Any, str, Any]]:
    """Module, name and value of every function and class of torch's own that a module of ``HOMES`` holds."""
    for module_name, module in list(sys.modules.items()):
        if module is None or module_name.startswith("torch.nn.attention"):
            continue  # chooses how torch's attention works; nothing there computes any
        if not any(
            module_name == home.rstrip(".") or (home[-1] == "." and module_name.startswith(home)) for home in HOMES
        ):
            continue
        for name, thing in list(vars(module).items()):
            if isinstance(thing, (FunctionType, type)) and str(thing.__module__).startswith("torch."):
                yield module, name, thing


def _close_class(kind: type, dotted: str, rule: table.Rule) -> None:
    """Make every method that a forbidden class has of its own raise; classes that inherit it fail with it."""
    for name, method in list(vars(kind).items()):
        if inspect.isfunction(method) and (name == "__init__" or not name.startswith("__")):
            setattr(kind, name, _raiser(dotted, rule))


def _is_forbidden(dotted: str, rule: table.Rule) -> bool:
    return bool(_NAMES[rule].fullmatch(dotted)) and not _ALLOWED[rule].fullmatch(dotted)


def _raiser(name: str, rule: table.Rule) -> Callable[..., Any]:
    message = _message(name, rule)

    def forbidden(*args: Any, **kwargs: Any) -> Any:
        raise ForbiddenPrimitive(message)

    return forbidden


def _message(name: str, rule: table.Rule) -> str:
    return f"the code calls {name}: {rule.en}"

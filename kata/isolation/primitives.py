"""The primitives rule at run time: in a guest, what ``kata.rules`` forbids raises when it is called, however it is reached.

Functions are replaced wherever torch keeps them, classes refuse to be made. Done once, before the first fork.
"""

from __future__ import annotations

import sys
from fnmatch import fnmatchcase
from typing import Any, Callable, Iterator

import torch

from ..rules import table
from ..verdicts import Forbidden

PLACES = (
    "torch", "torch.functional", "torch.nn", "torch.nn.functional", "torch._C._nn", "torch.nn.modules.activation",
    "torch.nn.modules.transformer", "torch.nn.modules.normalization", "torch.nn.modules.batchnorm",
    "torch.nn.modules.instancenorm", "torch.optim.lr_scheduler", "torch.optim.swa_utils",
)  # fmt: skip
"""Where torch keeps its functions and classes; what is not imported is left alone."""

FORBIDDEN = (table.ATTENTION, table.NORMALISATION, table.SCHEDULERS)

OPERATORS = (
    "layer_norm", "native_layer_norm", "group_norm", "native_group_norm", "batch_norm", "native_batch_norm",
    "instance_norm", "rms_norm", "scaled_dot_product_attention", "_scaled_dot_product_flash_attention",
    "_scaled_dot_product_flash_attention_for_cpu", "_scaled_dot_product_efficient_attention",
    "_scaled_dot_product_attention_math", "_native_multi_head_attention", "_transformer_encoder_layer_fwd",
    "_fused_rms_norm", "_batch_norm_impl_index", "_native_batch_norm_legit",
)  # fmt: skip
"""Names of torch's operators, as the dispatcher and the C extension know them."""

SMOOTHING_POSITION = 5
"""Where ``label_smoothing`` stands among the arguments of ``cross_entropy_loss``."""


class Refused:
    """Stands in for a function; calling it, or any part of it, raises ``Forbidden``."""

    def __init__(self, name: str, rule: table.Rule) -> None:
        self.__name__ = self.__qualname__ = name.split(".")[-1]
        self._message = f"the code calls {name} while it runs: {rule.en}"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise Forbidden(self._message)

    def __getattr__(self, name: str) -> Refused:
        if name.startswith("__"):
            raise AttributeError(name)
        return self  # an overload, such as torch.ops.aten.layer_norm.default


def install() -> None:
    """Replace in this process what the rules forbid."""
    variables, names = torch._C._VariableFunctions, {}
    for place in PLACES:
        module = _find(place)
        for name in list(vars(module)) if module is not None else ():
            rule = _rule_of(f"{place}.{name}")
            if rule is not None:
                _refuse(module, name, f"{place}.{name}", rule)
    for name in OPERATORS:
        rule = _rule_of(f"torch.{name}") or (table.ATTENTION if "attention" in name else table.NORMALISATION)
        names[name] = Refused(f"torch.{name}", rule)
        setattr(torch.ops.aten, name, names[name])
        for module in (torch, torch._C._nn):
            if hasattr(module, name):
                setattr(module, name, names[name])
    for name in [*(name for name in dir(variables) if _rule_of(f"torch.{name}")), *OPERATORS]:
        if hasattr(variables, name):
            setattr(torch._VF, name, names.get(name) or Refused(f"torch.{name}", _rule_of(f"torch.{name}")))
    torch._C._VariableFunctions = torch._VF
    if hasattr(torch._C, "_VariableFunctionsClass"):
        torch._C._VariableFunctionsClass = torch._VF
    for finder in ("_jit_get_operation", "_get_operation_overload", "_jit_get_schemas_for_operator"):
        if hasattr(torch._C, finder):
            setattr(torch._C, finder, _without_operators(getattr(torch._C, finder), names))
    for module in (torch._C._nn, torch.ops.aten):
        module.cross_entropy_loss = _without_smoothing(module.cross_entropy_loss)


def _find(place: str) -> Any:
    """A module, or a part of one, that is imported already; None otherwise."""
    found: Any = torch
    for part in place.split(".")[1:]:
        found = getattr(found, part, None)
    return found if found is not None else sys.modules.get(place)


def _rule_of(name: str) -> table.Rule | None:
    for rule in FORBIDDEN:
        if _matches(name, rule.names) and not _matches(name, rule.allowed):
            return rule
    return None


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _refuse(module: Any, name: str, full_name: str, rule: table.Rule) -> None:
    """Have one attribute of a module raise when it is called."""
    value = getattr(module, name)
    if isinstance(value, type):
        if value.__module__.startswith("torch") and _is_worker(value):
            value.__init__ = _refusal(Refused(full_name, rule))
    elif callable(value) and not isinstance(value, Refused) and _is_of_torch(value, name):
        setattr(module, name, Refused(full_name, rule))


def _is_worker(kind: type) -> bool:
    """Whether a class does an exercise's work: a layer, or a schedule."""
    return issubclass(kind, torch.nn.Module) or any("LRScheduler" in base.__name__ for base in kind.__mro__[1:])


def _is_of_torch(value: Any, name: str) -> bool:
    """Whether a function is one of torch's own, and not a helper that a module of torch imports."""
    module = getattr(value, "__module__", None)
    return name in getattr(value, "__name__", name) and (module is None or module.split(".")[0] == "torch")


def _refusal(refused: Refused) -> Callable[..., None]:
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        refused()

    return __init__


def _without_operators(find: Callable[..., Any], refused: dict[str, Refused]) -> Callable[..., Any]:
    """A look-up among torch's operators that does not find the forbidden ones."""

    def look_up(name: str, *args: Any) -> Any:
        operator = str(name).split("::")[-1]
        if str(name).startswith("aten::") and operator in refused:
            refused[operator]()
        return find(name, *args)

    return look_up


def _without_smoothing(loss: Callable[..., Any]) -> Callable[..., Any]:
    """Torch's cross-entropy, which must not smooth labels."""

    def cross_entropy_loss(*args: Any, **kwargs: Any) -> Any:
        smoothing = args[SMOOTHING_POSITION] if len(args) > SMOOTHING_POSITION else kwargs.get("label_smoothing", 0.0)
        if smoothing != 0.0:
            raise Forbidden(f"the code calls cross_entropy with label_smoothing: {table.LABEL_SMOOTHING.en}")
        return loss(*args, **kwargs)

    return cross_entropy_loss


def names_refused() -> Iterator[str]:
    """The attributes of the known places that refuse to be called now."""
    for place in PLACES:
        module = _find(place)
        for name in list(vars(module)) if module is not None else ():
            if isinstance(getattr(module, name), Refused):
                yield f"{place}.{name}"

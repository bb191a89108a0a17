"""Inside the guest: a module's parts in an order that does not depend on the one in which it was given them.

That order is the learner's own affair, and so is which of its names a shared parameter got first, under which torch
lists it. Here everything comes by name, and a shared parameter under the first of its names in the alphabet.
"""

from __future__ import annotations

import contextlib
from typing import Any

from torch import Tensor, nn


def in_order(module: Any, listed: list[Any]) -> list[Any]:
    """What an iterator of a module has given: pairs of name and thing by name, anything else as it is."""
    if not all(type(part) is tuple and len(part) == 2 and type(part[0]) is str for part in listed):
        return listed
    names = _first_names(module) if any(isinstance(thing, nn.Parameter) for _, thing in listed) else {}
    renamed = [(names.get(id(thing), name), thing) for name, thing in listed]
    return sorted(renamed, key=lambda part: part[0])


def parameters_of(target: Any) -> list[Tensor] | None:
    """The parameters of a module, or of the module that a bound method belongs to; None for anything else."""
    owner = getattr(target, "__self__", target)
    if not isinstance(owner, nn.Module):
        return None
    named = in_order(owner, list(owner.named_parameters()))
    return [parameter for _, parameter in named if parameter.requires_grad]


def _first_names(module: nn.Module) -> dict[int, str]:
    """The first name in the alphabet of every parameter."""
    names: dict[int, list[str]] = {}
    with contextlib.suppress(Exception):  # a submission may list its parameters itself
        for name, parameter in module.named_parameters(remove_duplicate=False):
            names.setdefault(id(parameter), []).append(name)
    return {number: min(known) for number, known in names.items()}

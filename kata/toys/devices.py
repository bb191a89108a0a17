"""Where a training computes: which device can be used, and batches that are on it before they are needed."""

from __future__ import annotations

from dataclasses import fields, replace
from itertools import islice
from typing import Any, Iterable, Iterator

import torch
from torch import Tensor

AHEAD = 32
"""Batches that are moved together."""


class DeviceUnusable(Exception):
    """torch sees the device, but it does not compute; the message says why."""


def check_device(device: str) -> None:
    """Compute a little on ``device``, before the learner's code does: what fails here is not the learner's fault.

    Raises:
        DeviceUnusable: if that fails, say because the driver is too old or the memory is full.
    """
    try:
        torch.ones(2, device=device).sum().item()
    except Exception as error:  # of any kind: RuntimeError, AssertionError, torch.AcceleratorError
        reason = str(error).strip() or type(error).__name__
        raise DeviceUnusable(reason.splitlines()[0]) from error


def on_device(batches: Iterable[Any], device: str) -> Iterator[Any]:
    """Move batches to ``device``, ``AHEAD`` of them by one copy for each dtype.

    After a copy the processor waits until the accelerator has caught up with it. Five copies for each batch, one a
    tensor, would be five such waits a step.

    Args:
        batches: dataclasses with tensors on the CPU; on the CPU one is made only when it is asked for.
        device: a name that torch knows.
    """
    if torch.device(device).type == "cpu":
        yield from batches
        return
    batches = iter(batches)
    while True:
        together = list(islice(batches, AHEAD))
        if not together:
            return
        yield from _moved(together, device)


def _moved(batches: list[Any], device: str) -> list[Any]:
    """The same batches; the tensors of one dtype are parts of one tensor."""
    same: dict[torch.dtype, list[tuple[int, str, Tensor]]] = {}
    for number, batch in enumerate(batches):
        for name, value in ((field.name, getattr(batch, field.name)) for field in fields(batch)):
            if isinstance(value, Tensor):
                same.setdefault(value.dtype, []).append((number, name, value))
    moved: list[dict[str, Tensor]] = [{} for _ in batches]
    for found in same.values():
        flat = torch.cat([tensor.reshape(-1) for _, _, tensor in found]).to(device)
        pieces = flat.split([tensor.numel() for _, _, tensor in found])
        for (number, name, tensor), piece in zip(found, pieces):
            moved[number][name] = piece.view(tensor.shape)
    return [replace(batch, **tensors) for batch, tensors in zip(batches, moved)]

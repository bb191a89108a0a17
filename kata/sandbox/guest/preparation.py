"""What every guest needs of torch, done before its orders come."""

from __future__ import annotations

import io

import torch

from .. import fast_start
from ..confinement import forbidden_operators
from ..confinement.confine import system_folders


def prepare() -> None:
    """Do once what every guest would do again. torch imports many modules when it is first asked for some things.

    No backward() here: with an accelerator visible, autograd's engine starts a thread a device, and after that no
    process forked from this one can run backward() at all.
    """
    fast_start.install_light_dynamo()
    torch.nn.Linear(1, 1).to("meta")(torch.empty(1, 1, 1, device="meta"))
    weight = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.Adam([weight])
    weight.grad = torch.zeros(1)
    optimizer.step()
    repr(weight)  # who prints a tensor, or saves one, asks torch for modules that it has not imported yet
    saved = io.BytesIO()
    torch.save(weight, saved)
    saved.seek(0)
    torch.load(saved)
    system_folders()
    forbidden_operators.install()  # after the imports: what torch has not imported by now is not imported any more
    fast_start.freeze_and_enable_gc()

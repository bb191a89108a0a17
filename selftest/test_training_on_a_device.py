"""A training on an accelerator waits for it once a step, for the loss, and learns what it learns on the CPU.

The accelerator is the suites' simulated one; what is counted are the operators after which a processor waits.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten

from kata.toys import devices
from kata.toys.learner import Learner
from kata.toys.registry import TOYS
from kata.toys.training import DONE, Training
from selftest.submissions import make_target, replaced, solution
from selftest.test_training import ALL, learner, one_thread  # noqa: F401 (fixtures)
from tests.support.in_guest.devices import OTHER, Elsewhere, accelerator

pytestmark = pytest.mark.timeout(150)  # the first optimizer imports torch._dynamo, which takes long on a busy machine

TINY = replace(
    TOYS["reverse"], d_model=8, num_heads=2, num_layers=1, d_ff=8, train_pairs=60, held_pairs=5, batch_size=4
)
LOSS = {"_local_scalar_dense": 1}

READS = ("_local_scalar_dense", "equal", "is_nonzero", "masked_select", "nonzero", "_unique2", "unique_dim")
"""Operators whose answer, or its shape, the processor needs."""


class Waits(TorchDispatchMode):
    """Counts the operators after which the processor waits for the other device."""

    def __init__(self):
        super().__init__()
        self.count = Counter()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        name = func.overloadpacket.__name__
        given = _tensors((args, kwargs))
        there = [tensor for tensor in given if isinstance(tensor, Elsewhere)]
        moves = name in ("_to_copy", "copy_") and len({type(t) is Elsewhere for t in given + _tensors(result)}) == 2
        chosen = name.startswith("index") and any(tensor.dtype == torch.bool for tensor in given[1:])
        if moves or there and (name in READS or chosen):
            self.count[name] += 1
        return result


def _tensors(tree):
    return [leaf for leaf in tree_flatten(tree)[0] if isinstance(leaf, torch.Tensor)]


def trained(learner, device, steps):  # noqa: F811
    """A training without validations, and what each step waited for; the first also for the batches."""
    with Waits() as waits:
        training = Training(learner, TINY, TINY.corpus(0), 0, device)
        training.validate = lambda limit=None: {"exact": 0.0}
        before, each = waits.count.copy(), []

        def on_step(entry):
            nonlocal before
            each.append(dict(waits.count - before))
            before = waits.count.copy()

        assert training.run(steps, lambda: False, on_step, lambda entry: None) == DONE
    return training, each


def test_a_step_waits_for_its_loss_alone(learner, monkeypatch):  # noqa: F811
    monkeypatch.setattr(devices, "AHEAD", 3)
    with accelerator():
        _, waited = trained(learner, OTHER, 4)
    moved = {**LOSS, "_to_copy": 2}  # token ids and masks of three batches
    assert waited == [moved, LOSS, LOSS, moved]


SLOW = [
    ("optimizer.step()", "optimizer.step() if torch.isfinite(loss) else None", {"_local_scalar_dense": 2}),
    ("loss.backward()", "logits[batch.tgt_out != batch.pad_id].sum().backward()", {**LOSS, "index": 1, "index_put": 1}),
    ("return loss.item()", "return loss.cpu().item()", {"_to_copy": 1}),
]


@pytest.mark.parametrize(("old", "new", "expected"), SLOW, ids=["if", "boolean index", "copy"])
def test_a_loop_that_waits_more_often_is_counted(old, new, expected, tmp_path):
    target = make_target(tmp_path / "target", ALL)
    (target / "phase6_training.py").write_text(replaced(solution(6), old, new), encoding="utf-8")
    slow = Learner(target)
    try:
        with accelerator():
            _, waited = trained(slow, OTHER, 2)
    finally:
        slow.close()
    assert waited[1] == expected


def test_what_is_learned_there_is_what_is_learned_on_the_cpu(learner, monkeypatch):  # noqa: F811
    monkeypatch.setattr(devices, "AHEAD", 2)
    here, _ = trained(learner, "cpu", 5)
    with accelerator():
        there, _ = trained(learner, OTHER, 5)
        state = {name: value.held for name, value in there.model.state_dict().items()}
    losses = [[step["loss"] for step in training.history["steps"]] for training in (here, there)]
    assert losses[0] == losses[1]
    for name, weight in here.model.state_dict().items():
        assert torch.equal(weight, state[name]), name

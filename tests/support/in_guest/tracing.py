"""For ``trace``: look into a forward pass, and models, data and optimizers whose numbers can be followed by hand."""

from __future__ import annotations

import inspect
from typing import Any, Sequence

import torch
from torch import Tensor, nn

from .fakes import TableModel


class Probe:
    """Writes down what parts of a module are given and give while it runs.

    Args:
        module: the module.
        parts: dotted names of its parts; one that is not there is never seen.
    """

    def __init__(self, module: Any, parts: Sequence[str]) -> None:
        self._calls: dict[str, list[list[Any]]] = {name: [] for name in parts}
        for name in parts:
            part: Any = module
            for attribute in name.split("."):
                part = part[int(attribute)] if attribute.isdigit() else getattr(part, attribute, None)
            if callable(getattr(part, "forward", None)):
                _watch(part, self._calls[name])

    def calls(self, name: str) -> list[list[Any]]:
        """Of each call of a part: what it was given, and what it gave."""
        return self._calls[name]


def _watch(part: Any, calls: list[list[Any]]) -> None:
    # In place of `forward`, not as a hook: hooks do not run where `part.forward(x)` is called.
    forward = part.forward

    def watched(*args: Any, **kwargs: Any) -> Any:
        try:
            given = list(inspect.signature(forward).bind(*args, **kwargs).arguments.values())
        except (TypeError, ValueError):
            given = [*args, *kwargs.values()]
        call = [[_copy(value) for value in given], None]
        calls.append(call)
        result = forward(*args, **kwargs)
        call[1] = _copy(result)
        return result

    part.forward = watched


def _copy(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.detach().clone()
    if isinstance(value, (list, tuple)):
        return [_copy(part) for part in value]
    return value


def gradient_of(loss: Any, logits: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """The loss and its gradient by the logits."""
    logits = logits.clone().requires_grad_()
    value = loss(logits, target)
    return value.detach(), torch.autograd.grad(value, logits)[0]


class TwoParameters(nn.Module):
    """A "Transformer" of two parameters whose loss is ``3 a[0] + 4 b[1]``: the gradients are (3, 0) and (0, 4).

    It starts in evaluation mode, with gradients of 1 left over from earlier.

    Attributes:
        training_at_call: for every call, whether it was in training mode.
    """

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Parameter(torch.tensor([2.0, 0.0]))
        self.b = nn.Parameter(torch.tensor([0.0, 1.0]))
        for weight in (self.a, self.b):
            weight.grad = torch.ones(2)
        self.training_at_call: list[bool] = []
        self.eval()

    def forward(self, src: Any, tgt_in: Any, src_mask: Any, tgt_mask: Any) -> Tensor:
        """The loss, in place of logits."""
        self.training_at_call.append(self.training)
        return 3 * self.a[0] + 4 * self.b[1]


def as_it_is(logits: Tensor, target: Any) -> Tensor:
    """The loss function of ``TwoParameters``: its answer is the loss already."""
    return logits


class Descent(torch.optim.SGD):
    """Gradient descent that writes down the gradients it steps with.

    Attributes:
        gradients: for every step, the gradients of all parameters side by side.
        events: ``"optimizer"`` for every step; a ``Rate`` adds its own.
    """

    def __init__(self, model: nn.Module, rate: float) -> None:
        super().__init__(model.parameters(), lr=rate)
        self.gradients: list[list[float]] = []
        self.events: list[str] = []

    def step(self, closure: Any = None) -> Any:
        """Step, and write it down."""
        parameters = [parameter for group in self.param_groups for parameter in group["params"]]
        held = [torch.zeros_like(p) if p.grad is None else p.grad for p in parameters]
        self.gradients.append(torch.cat([gradient.flatten() for gradient in held]).tolist())
        self.events.append("optimizer")
        return super().step(closure)


class Rate:
    """A scheduler that does nothing but write down when it steps."""

    def __init__(self, optimizer: Descent) -> None:
        self._events = optimizer.events

    def step(self) -> None:
        """Write it down."""
        self._events.append("scheduler")


class Steps:
    """For ``on_step``: writes down its arguments, and how often the optimizer had stepped by then.

    Attributes:
        calls: ``[step, loss, steps of the optimizer]`` for every call.
    """

    def __init__(self, optimizer: Descent) -> None:
        self._optimizer = optimizer
        self.calls: list[list[float]] = []

    def __call__(self, step: int, loss: float) -> None:
        self.calls.append([int(step), float(loss), len(self._optimizer.gradients)])


class Anything:
    """A batch for a model that does not look at it."""

    src = tgt_in = tgt_out = src_mask = tgt_mask = None
    num_tokens, pad_id = 1, 0


def two_batches() -> list[Any]:
    """Two batches for a model that does not look at them."""
    return [Anything(), Anything()]


class Counted:
    """A batch of one row: ``count`` target tokens, the first ``right`` of them 1, the others 2, and two of padding."""

    def __init__(self, count: int, right: int) -> None:
        self.num_tokens, self.pad_id = count, 0
        self.tgt_out = torch.tensor([[1] * right + [2] * (count - right) + [0, 0]])
        self.src = self.tgt_in = torch.ones_like(self.tgt_out)
        self.src_mask = self.tgt_mask = None


class SaysOne(nn.Module):
    """A "Transformer" that finds token 1 most probable everywhere, but token 0 (padding) where the answer is padding.

    Attributes:
        training_at_call, gradients_at_call: for every call, whether it was in training mode, whether gradients were on.
    """

    def __init__(self) -> None:
        super().__init__()
        self.training_at_call: list[bool] = []
        self.gradients_at_call: list[bool] = []

    def forward(self, src: Tensor, tgt_in: Tensor, src_mask: Any, tgt_mask: Any) -> Tensor:
        """Logits ``(1, L, 3)``."""
        self.training_at_call.append(self.training)
        self.gradients_at_call.append(torch.is_grad_enabled())
        logits = torch.zeros(*tgt_in.shape, 3)
        logits[..., 1] = 1.0
        logits[:, -2:, 0] = 2.0
        return logits


def one_or_three(logits: Tensor, target: Tensor) -> Tensor:
    """A loss of 1 for the long batch and 3 for the short one."""
    return torch.tensor(1.0 if target.size(1) > 50 else 3.0)


class TreeModel(TableModel):
    """A ``TableModel`` that writes down how it is used, and the prefixes that it is asked to go on from.

    Attributes:
        encode_calls: how often ``encode`` was called.
        modes, grads: for every call, whether the model was in training mode, whether gradients were on.
        prefixes: of every call of ``decode``, the tokens it was given.
    """

    def __init__(self, table: Tensor, bos_id: int) -> None:
        super().__init__(table, bos_id)
        self.encode_calls = 0
        self.modes: list[bool] = []
        self.grads: list[bool] = []
        self.prefixes: list[list[list[int]]] = []
        self.train()

    def _write_down(self) -> None:
        self.modes.append(self.training)
        self.grads.append(torch.is_grad_enabled())

    def encode(self, src: Tensor, src_mask: Tensor | None) -> Tensor:
        """As ``TableModel`` encodes."""
        self._write_down()
        self.encode_calls += 1
        return super().encode(src, src_mask)

    def decode(self, tgt: Tensor, memory: Tensor, tgt_mask: Tensor | None, src_mask: Tensor | None) -> Tensor:
        """Hidden states, as ``TableModel`` makes them."""
        self._write_down()
        self.prefixes.append(tgt.tolist())
        return super().decode(tgt, memory, tgt_mask, src_mask)


def answers(hypotheses: Any) -> list[Any]:
    """Tokens and score of every hypothesis."""
    return [[list(hypothesis.tokens), float(hypothesis.score)] for hypothesis in hypotheses]

"""Phase 5: masks, batches, label smoothing and the Noam schedule (paper 3.2.3, 5.1, 5.3 and 5.4).

Conventions: tokens are ``int64 (B, L)``; every mask is boolean and True means "may attend". Padding is on the right;
``pad_id``, ``bos_id`` and ``eos_id`` are the ids of the special tokens. ``d_model`` is the width of the model. Code
follows the device of its inputs and never changes an input in place.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn


def padding_mask(tokens: Tensor, pad_id: int) -> Tensor:
    """Allow attention to every token that is not padding.

    Returns:
        Boolean tensor ``(B, 1, 1, L)``, True where the token is real; the two ones broadcast over the heads and the
        queries. On the device of ``tokens``.
    """
    return (tokens != pad_id)[:, None, None, :]  # (B, 1, 1, L)


def look_ahead_mask(length: int, device: torch.device | str | None = None) -> Tensor:
    """Allow every position to attend to itself and to what came before it (paper 3.2.3).

    Args:
        length: ``L``.
        device: where the mask is made; None is torch's default device.

    Returns:
        Boolean tensor ``(1, 1, L, L)``, True at ``[0, 0, q, k]`` where ``k <= q``.
    """
    return torch.ones(1, 1, length, length, dtype=torch.bool, device=device).tril()


def decoder_mask(tokens: Tensor, pad_id: int) -> Tensor:
    """Both masks at once, for the decoder's input: the past and the present, and no padding.

    Returns:
        Boolean tensor ``(B, 1, L, L)``, True at ``[b, 0, q, k]`` where ``k <= q`` and token ``k`` of row ``b`` is real.
        On the device of ``tokens``.
    """
    return padding_mask(tokens, pad_id) & look_ahead_mask(tokens.size(1), tokens.device)  # (B, 1, L, L)


@dataclass
class Batch:
    """What one training step needs. Given: nothing to do here.

    Attributes:
        src: ``int64 (B, L_src)``, padded source tokens.
        tgt_in: ``int64 (B, L_tgt)``, what the decoder reads.
        tgt_out: ``int64 (B, L_tgt)``, what the decoder should answer.
        src_mask: boolean ``(B, 1, 1, L_src)``.
        tgt_mask: boolean ``(B, 1, L_tgt, L_tgt)``.
        num_tokens: how many tokens of ``tgt_out`` are not padding.
        pad_id: the id of the padding token.
    """

    src: Tensor
    tgt_in: Tensor
    tgt_out: Tensor
    src_mask: Tensor
    tgt_mask: Tensor
    num_tokens: int
    pad_id: int

    def to(self, device: torch.device | str) -> Batch:
        """Return the same batch with its tensors on ``device``."""
        return replace(
            self,
            src=self.src.to(device),
            tgt_in=self.tgt_in.to(device),
            tgt_out=self.tgt_out.to(device),
            src_mask=self.src_mask.to(device),
            tgt_mask=self.tgt_mask.to(device),
        )


def make_batch(pairs: list[tuple[list[int], list[int]]], pad_id: int, bos_id: int, eos_id: int) -> Batch:
    """Turn sentence pairs of different lengths into one rectangular batch (paper 5.1).

    For the pair ``(src_ids, tgt_ids)``::

        src     = src_ids + [eos]
        tgt_in  = [bos] + tgt_ids          what the decoder reads
        tgt_out = tgt_ids + [eos]          the same, one step ahead: what it should answer

    each padded on the right with ``pad_id`` to the longest of the batch. ``src_mask`` is the padding mask of ``src``,
    ``tgt_mask`` the decoder mask of ``tgt_in``.

    Args:
        pairs: ``B`` pairs of lists of token ids, without BOS, EOS and padding; a list may be empty.

    Returns:
        A ``Batch``; ``num_tokens`` is an ``int``, the number of tokens in ``tgt_out`` that are not padding.

    Raises:
        ValueError: if ``pairs`` is empty.
    """
    if len(pairs) == 0:
        raise ValueError("a batch needs at least one pair of sentences")
    src = _pad([[*src_ids, eos_id] for src_ids, _ in pairs], pad_id)  # (B, L_src)
    tgt_in = _pad([[bos_id, *tgt_ids] for _, tgt_ids in pairs], pad_id)  # (B, L_tgt)
    tgt_out = _pad([[*tgt_ids, eos_id] for _, tgt_ids in pairs], pad_id)  # (B, L_tgt)
    return Batch(
        src=src,
        tgt_in=tgt_in,
        tgt_out=tgt_out,
        src_mask=padding_mask(src, pad_id),
        tgt_mask=decoder_mask(tgt_in, pad_id),
        num_tokens=sum(len(tgt_ids) + 1 for _, tgt_ids in pairs),
        pad_id=pad_id,
    )


def _pad(rows: list[list[int]], pad_id: int) -> Tensor:
    """Right-pad lists of token ids to one ``int64 (B, L)``."""
    length = max(len(row) for row in rows)
    return torch.tensor([row + [pad_id] * (length - len(row)) for row in rows], dtype=torch.int64)


class LabelSmoothingLoss(nn.Module):
    """Cross-entropy against softened targets (paper 5.4; Szegedy et al. 2016, section 7).

    The target distribution of a token with true id ``y`` over a vocabulary of ``V`` tokens is ::

        q(k) = (1 - smoothing) * [k == y] + smoothing / V        for every k from 0 to V - 1

    and the token's loss is ``-sum_k q(k) log p(k)`` with ``p = softmax(logits)``.
    """

    def __init__(self, pad_id: int, smoothing: float = 0.1) -> None:
        """Remember the settings.

        Args:
            pad_id: positions whose target is padding do not count.
            smoothing: epsilon of the paper, from 0 (plain cross-entropy) to 1.
        """
        super().__init__()
        self.pad_id = pad_id
        self.smoothing = smoothing

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """Average the loss over all tokens of the batch that are not padding.

        Args:
            logits: ``(B, L, V)``, before the softmax; large values must not overflow.
            target: ``int64 (B, L)``.

        Returns:
            A scalar tensor. What the (finite) logits are at padding changes neither the loss nor a gradient.
            If all targets are padding it is 0, and ``backward`` still works (with zero gradients).
        """
        log_probs = torch.log_softmax(logits, dim=-1)  # (B, L, V)
        at_target = log_probs.gather(-1, target.unsqueeze(-1)).squeeze(-1)  # (B, L)
        per_token = -(1.0 - self.smoothing) * at_target - self.smoothing * log_probs.mean(dim=-1)  # (B, L)
        is_real = target != self.pad_id  # (B, L)
        return per_token.masked_fill(~is_real, 0.0).sum() / is_real.sum().clamp(min=1)


def noam_learning_rate(step: int, d_model: int, warmup_steps: int, factor: float = 1.0) -> float:
    """The learning rate of one training step (paper 5.3, equation 3).

    ::

        lrate = factor * d_model^-0.5 * min(step^-0.5, step * warmup_steps^-1.5)

    It rises in a straight line for ``warmup_steps`` steps (4000 in the paper), then falls with the root of the step.
    ``factor`` is 1 in the paper.

    Returns:
        The rate of step ``step``, counted from 1: a ``float``.

    Raises:
        ValueError: if ``step`` is below 1; the message names the step.
    """
    if step < 1:
        raise ValueError(f"steps are counted from 1, not from {step}")
    return factor * d_model**-0.5 * min(step**-0.5, step * warmup_steps**-1.5)


class NoamScheduler:
    """Set the optimizer's learning rate step by step to ``noam_learning_rate`` (paper 5.3).

    Building it sets the rate of step 1 in every parameter group. Each ``step()``, called after ``optimizer.step()``,
    moves on to the rate of the next step.

    Attributes:
        last_lr: the rate that is set now, a ``float``.
    """

    step_num: int
    last_lr: float

    def __init__(
        self, optimizer: torch.optim.Optimizer, d_model: int, warmup_steps: int = 4000, factor: float = 1.0
    ) -> None:
        """Set the rate of step 1: the ``"lr"`` of each of the optimizer's ``param_groups``."""
        self.optimizer = optimizer
        self.d_model = d_model
        self.warmup_steps = warmup_steps
        self.factor = factor
        self._set_step(1)

    def step(self) -> None:
        """Move to the next training step and set its rate."""
        self._set_step(self.step_num + 1)

    def state_dict(self) -> dict[str, Any]:
        """Return what is needed to go on later: plain numbers, no optimizer."""
        return {
            "step_num": self.step_num,
            "d_model": self.d_model,
            "warmup_steps": self.warmup_steps,
            "factor": self.factor,
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on where ``state_dict`` was taken: the rate that was set then is set in the optimizer at once.

        Args:
            state_dict: from ``state_dict()`` of another ``NoamScheduler``; its settings (``d_model``, ``warmup_steps``,
                ``factor``) replace the ones given when this one was built.
        """
        self.d_model = state_dict["d_model"]
        self.warmup_steps = state_dict["warmup_steps"]
        self.factor = state_dict["factor"]
        self._set_step(state_dict["step_num"])

    def _set_step(self, step_num: int) -> None:
        """Stand at training step ``step_num`` and set its rate in every parameter group."""
        self.step_num = step_num
        self.last_lr = noam_learning_rate(step_num, self.d_model, self.warmup_steps, self.factor)
        for group in self.optimizer.param_groups:
            group["lr"] = self.last_lr

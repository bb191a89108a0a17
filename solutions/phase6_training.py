"""Phase 6: training loop, evaluation, greedy decoding and beam search (paper 5 and 6.1; Wu et al. 2016).

Conventions of training and evaluation: ``model`` is called as
``model(batch.src, batch.tgt_in, batch.src_mask, batch.tgt_mask)`` and gives logits ``(B, L_tgt, V)``;
``loss_fn(logits, batch.tgt_out)`` gives a scalar tensor, the mean over the real tokens of the batch. ``batches`` is an
iterable, read once and in order; it may be a generator.

Conventions of the decoders: they call the three methods of ``EncoderDecoder`` and nothing else of the model. ``src``
is ``int64 (B, L_src)``, ``src_mask`` its mask, ``(B, 1, 1, L_src)`` or None; ``tgt_mask`` is the look-ahead mask of the
current length. Every mask is boolean, True means "may attend". ``bos_id``, ``eos_id`` and ``pad_id`` are the ids of the
special tokens; ``max_len`` is how many tokens an answer has at most, EOS counted, BOS not.

Evaluation and decoders run the model in evaluation mode and without gradients; afterwards it is in the mode that it
came in, even if something raised.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Callable, Iterable, Iterator, Protocol

import torch
from torch import Tensor, nn

from .phase5_mechanics import Batch, look_ahead_mask


def train_step(
    model: nn.Module,
    batch: Batch,
    loss_fn: Callable[[Tensor, Tensor], Tensor],
    optimizer: torch.optim.Optimizer,
    scheduler: Any | None = None,
    max_norm: float | None = None,
) -> float:
    """Learn from one batch: forward, loss, backward, update (paper 5).

    The model is put into training mode. Gradients left over from earlier do not count.

    Args:
        optimizer: holds the model's parameters.
        scheduler: its method ``step()`` is called after the optimizer has stepped; None for none.
        max_norm: if given, the norm of all gradients together is clipped to it before the update
            (``nn.utils.clip_grad_norm_``); None clips nothing, 0 is a limit like any other.

    Returns:
        The loss before the update, a Python ``float`` (it holds no graph).
    """
    model.train()
    optimizer.zero_grad()
    logits = model(batch.src, batch.tgt_in, batch.src_mask, batch.tgt_mask)  # (B, L_tgt, V)
    loss = loss_fn(logits, batch.tgt_out)
    loss.backward()
    if max_norm is not None:
        nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    if scheduler is not None:
        scheduler.step()
    return loss.item()


def train(
    model: nn.Module,
    batches: Iterable[Batch],
    loss_fn: Callable[[Tensor, Tensor], Tensor],
    optimizer: torch.optim.Optimizer,
    scheduler: Any | None = None,
    max_norm: float | None = None,
    on_step: Callable[[int, float], None] | None = None,
) -> list[float]:
    """Learn from one batch after another, one ``train_step`` each (paper 5).

    Args:
        optimizer, scheduler, max_norm: as for ``train_step``.
        on_step: if given, called as ``on_step(step, loss)`` right after each step; steps count from 1.

    Returns:
        The losses of the steps, in order, as Python floats.
    """
    losses = []
    for step, batch in enumerate(batches, start=1):
        loss = train_step(model, batch, loss_fn, optimizer, scheduler, max_norm)
        losses.append(loss)
        if on_step is not None:
            on_step(step, loss)
    return losses


@dataclass
class Evaluation:
    """What ``evaluate`` finds. Given: nothing to do here.

    Attributes:
        loss: mean loss over the real target tokens.
        token_accuracy: share of the real target tokens whose most probable prediction is right, 0 to 1.
    """

    loss: float
    token_accuracy: float


def evaluate(model: nn.Module, batches: Iterable[Batch], loss_fn: Callable[[Tensor, Tensor], Tensor]) -> Evaluation:
    """Measure the model on batches it does not learn from (paper 5).

    Loss and accuracy are over all real target tokens of all batches together: each token counts the same, in whatever
    batch it stands. ``batch.num_tokens`` says how many a batch has, ``batch.pad_id`` which ones are not real.

    Returns:
        An ``Evaluation`` of two Python floats.

    Raises:
        ValueError: if there is no real target token at all.
    """
    total_loss, total_correct, total_tokens = 0.0, 0, 0
    with _evaluation_mode(model):
        for batch in batches:
            logits = model(batch.src, batch.tgt_in, batch.src_mask, batch.tgt_mask)  # (B, L_tgt, V)
            correct = (logits.argmax(dim=-1) == batch.tgt_out) & (batch.tgt_out != batch.pad_id)  # (B, L_tgt)
            total_loss += loss_fn(logits, batch.tgt_out).item() * batch.num_tokens
            total_correct += int(correct.sum())
            total_tokens += batch.num_tokens
    if total_tokens == 0:
        raise ValueError("there is no target token to evaluate on")
    return Evaluation(total_loss / total_tokens, total_correct / total_tokens)


@contextmanager
def _evaluation_mode(model: Any) -> Iterator[None]:
    """No gradients and no dropout inside; afterwards the model is in the mode it was in."""
    was_training = getattr(model, "training", False)
    if was_training:
        model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        if was_training:
            model.train()


class EncoderDecoder(Protocol):
    """What the decoders ask of a model; a ``Transformer`` is one. Given: nothing to do here."""

    def encode(self, src: Tensor, src_mask: Tensor | None) -> Tensor:
        """Memory ``(B, L_src, d_model)``."""

    def decode(self, tgt: Tensor, memory: Tensor, tgt_mask: Tensor | None, src_mask: Tensor | None) -> Tensor:
        """Hidden states ``(B, L_tgt, d_model)``."""

    def output_projection(self, hidden: Tensor) -> Tensor:
        """Logits ``(..., V)``."""


def greedy_decode(
    model: EncoderDecoder, src: Tensor, src_mask: Tensor | None, bos_id: int, eos_id: int, pad_id: int, max_len: int
) -> Tensor:
    """Translate a batch by taking the most probable token at every step (paper 3.1, auto-regression).

    The source is encoded once. The decoder starts from BOS alone; the token it finds most probable at the last position
    is appended, and so on. A row ends with its first EOS; from then on it gets padding. All ends once every row has
    ended or ``max_len`` tokens have been made. Among equals any choice is right.

    Returns:
        ``int64 (B, L)`` with ``L <= max_len``, on the device of ``src``: without BOS, with EOS where the row ended,
        padding after it. ``L`` is the length of the longest row.
    """
    batch = src.size(0)
    tokens = torch.full((batch, 1), bos_id, dtype=torch.int64, device=src.device)  # (B, 1)
    ended = torch.zeros(batch, dtype=torch.bool, device=src.device)  # (B)
    with _evaluation_mode(model):
        memory = model.encode(src, src_mask)  # (B, L_src, d_model)
        for _ in range(max_len):
            tgt_mask = look_ahead_mask(tokens.size(1), tokens.device)
            hidden = model.decode(tokens, memory, tgt_mask, src_mask)  # (B, L, d_model)
            logits = model.output_projection(hidden[:, -1])  # (B, V)
            next_token = logits.argmax(dim=-1).masked_fill(ended, pad_id)  # (B)
            tokens = torch.cat([tokens, next_token.unsqueeze(1)], dim=1)  # (B, L + 1)
            ended = ended | (next_token == eos_id)
            if ended.all():
                break
    return tokens[:, 1:]


def length_penalty(length: int, alpha: float) -> float:
    """What a log-probability is divided by, so that long answers stand a chance (Wu et al. 2016, eq. 14).

    ::

        lp = ((5 + length) / 6) ^ alpha

    Args:
        length: number of tokens, EOS counted.
        alpha: strength; 0 switches the penalty off, the paper uses 0.6 (6.1).
    """
    return ((5 + length) / 6) ** alpha


@dataclass
class Hypothesis:
    """One answer of the beam search. Given: nothing to do here.

    Attributes:
        tokens: token ids without BOS, with EOS at the end where it ended.
        score: log-probability divided by the length penalty.
    """

    tokens: list[int]
    score: float


def beam_search(
    model: EncoderDecoder,
    src: Tensor,
    src_mask: Tensor | None,
    bos_id: int,
    eos_id: int,
    max_len: int,
    beam_size: int = 4,
    alpha: float = 0.6,
) -> list[Hypothesis]:
    """Search for the most probable answers to one source sentence (paper 6.1; Wu et al. 2016, section 7).

    It starts with one live hypothesis, empty (BOS alone), of log-probability 0. Each step extends every live
    hypothesis by every token of the vocabulary and keeps, of all these extensions together, the ``beam_size``
    of highest log-probability. Of the kept ones, those that end in EOS leave the beam and are collected; the
    others are the next live hypotheses. An extension that is not kept is gone, also if it ends in EOS. Where
    there are fewer extensions than ``beam_size``, all are kept. The search ends when no hypothesis is live or
    the live ones have ``max_len`` tokens. (It may stop earlier where that cannot change the answer.) The
    collected and the live ones are then ranked by ::

        score = log-probability / length_penalty(number of tokens, alpha)

    where the number of tokens counts EOS and not BOS. Improbable answers keep their finite log-probability.

    Args:
        src: one row, ``int64 (1, L_src)``.

    Returns:
        At most ``beam_size`` hypotheses, best score first.
    """
    live: list[tuple[list[int], float]] = [([], 0.0)]  # tokens and log-probability
    collected: list[tuple[list[int], float]] = []
    with _evaluation_mode(model):
        memory = model.encode(src, src_mask)  # (1, L_src, d_model)
        for _ in range(max_len):
            tgt = torch.tensor([[bos_id, *tokens] for tokens, _ in live], device=src.device)  # (live, L)
            tgt_mask = look_ahead_mask(tgt.size(1), tgt.device)
            hidden = model.decode(tgt, memory.expand(len(live), -1, -1), tgt_mask, _repeat(src_mask, len(live)))
            step_log_probs = torch.log_softmax(model.output_projection(hidden[:, -1]), dim=-1)  # (live, V)
            so_far = step_log_probs.new_tensor([log_prob for _, log_prob in live])  # (live)
            extensions = so_far.unsqueeze(1) + step_log_probs  # (live, V)
            vocab_size = extensions.size(1)
            kept = extensions.flatten().topk(min(beam_size, extensions.numel()))

            extended: list[tuple[list[int], float]] = []
            for total, index in zip(kept.values.tolist(), kept.indices.tolist()):
                tokens = [*live[index // vocab_size][0], index % vocab_size]
                if tokens[-1] == eos_id:
                    collected.append((tokens, total))
                else:
                    extended.append((tokens, total))
            live = extended
            if not live:
                break

    ranked = [
        Hypothesis(tokens, log_prob / length_penalty(len(tokens), alpha)) for tokens, log_prob in collected + live
    ]
    ranked.sort(key=lambda hypothesis: hypothesis.score, reverse=True)
    return ranked[:beam_size]


def _repeat(mask: Tensor | None, times: int) -> Tensor | None:
    """Show the one row of ``mask`` to ``times`` hypotheses, without copying."""
    return None if mask is None else mask.expand(times, *mask.shape[1:])

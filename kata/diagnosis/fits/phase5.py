"""Phase 5: the tokens of a batch, the weights of the smoothed loss, the exponents of the learning rate."""

from __future__ import annotations

import itertools
import math
from typing import Callable, Iterator, Mapping, Sequence, Tuple

import torch
from torch import Tensor

from ..calls import Call
from ..misconceptions.fitted import number
from .numbers import close, solved

SIDES = ("", "b", "e", "bb", "ee", "be", "eb")
"""What may stand before or behind the ids: BOS and EOS."""

CORES = ("i", "h", "t")
"""The ids, all but the last (their head), all but the first (their tail)."""


def batch_tokens(calls: Sequence[Call]) -> Iterator[str]:
    """What the rows of ``src``, ``tgt_in`` and ``tgt_out`` hold, as letters: ``ie,bi,ie`` is right."""
    known = [(*call.bound("pairs", "pad_id", "bos_id", "eos_id"), call.answer) for call in calls]
    found = []
    for name, side, right in (("src", 0, "ie"), ("tgt_in", 1, "bi"), ("tgt_out", 1, "ie")):
        if not any(name in answer for *_, answer in known):
            return  # nothing is said of what was not looked at
        patterns = [before + core + after for core, before, after in itertools.product(CORES, SIDES, SIDES)]
        for pairs, pad, bos, eos, answer in known:
            if name in answer:  # a test that fails at one of them has not looked at the next
                ids = [list(pair[side]) for pair in pairs]
                got = answer[name].tolist()
                patterns = [word for word in patterns if _padded(ids, word, pad, bos, eos) == got]
        if not patterns:
            return
        found.append(right if right in patterns else min(patterns, key=len))
    if found != ["ie", "bi", "ie"]:
        yield ",".join(found)


def _padded(rows: Sequence[list[int]], word: str, pad: int, bos: int, eos: int) -> list[list[int]]:
    made = []
    for ids in rows:
        parts: dict[str, list[int]] = {"b": [bos], "e": [eos], "i": ids, "h": ids[:-1], "t": ids[1:]}
        made.append([token for letter in word for token in parts[letter]])
    longest = max(map(len, made))
    return [row + [pad] * (longest - len(row)) for row in made]


WEIGHTS: Mapping[str, Callable[[float, int], tuple[float, float]]] = {
    "paper": lambda eps, vocab: (1 - eps, eps / vocab),
    "v-minus-1": lambda eps, vocab: (1 - eps, eps / max(vocab - 1, 1)),
    "undivided": lambda eps, vocab: (1 - eps, eps),
    "without-eps": lambda eps, vocab: (1 - eps, 1 / vocab),
    "little-taken": lambda eps, vocab: (1 - eps / vocab, eps / vocab),
    "nothing-taken": lambda eps, vocab: (1.0, eps / vocab),
    "twice-taken": lambda eps, vocab: (1 - 2 * eps, eps / vocab),
    "uniform-only": lambda eps, vocab: (0.0, 1 / vocab),
}
"""Name to the number that the true token gets and the one that every token gets (``loss-weights``)."""

DIVISORS: Mapping[str, Callable[[int, int, int, int], float]] = {
    "tokens": lambda real, rows, length, vocab: max(real, 1),
    "sentences": lambda real, rows, length, vocab: rows,
    "length": lambda real, rows, length, vocab: length,
    "padding": lambda real, rows, length, vocab: max(rows * length - real, 1),
    "tokens-and-vocabulary": lambda real, rows, length, vocab: max(real, 1) * vocab,
    "positions-and-vocabulary": lambda real, rows, length, vocab: rows * length * vocab,
    "one-more": lambda real, rows, length, vocab: real + 1,
    "one-less": lambda real, rows, length, vocab: max(real - 1, 1),
}
"""Name to what the sum of the losses is divided by."""


def loss_weights(calls: Sequence[Call]) -> Iterator[str]:
    """``weights,divisor``: the target's numbers and what the sum is divided by."""
    known = []
    for call in calls:
        pad, eps = call.bound_made("pad_id", "smoothing")
        if call.made and isinstance(call.answer, Tensor) and not call.answer.is_meta and call.answer.dim() == 0:
            logits, target = call.bound("logits", "target")
            log_probs, real = torch.log_softmax(logits.double(), dim=-1), target != pad
            at = -log_probs.gather(-1, target.unsqueeze(-1)).squeeze(-1)[real].sum().item()
            all_tokens, got = -log_probs[real].sum().item(), call.answer.item()
            if math.isfinite(at + all_tokens + got) and real.any():
                known.append((0.1 if eps is None else eps, int(real.sum()), logits.shape, at, all_tokens, got))
    for weights, divisor in itertools.product(WEIGHTS, DIVISORS):
        if (weights, divisor) != ("paper", "tokens") and known and all(_is_loss(weights, divisor, *t) for t in known):
            yield f"{weights},{divisor}"


def _is_loss(
    weights: str, divisor: str, eps: float, real: int, shape: Sequence[int], at: float, all_tokens: float, got: float
) -> bool:
    on, off = WEIGHTS[weights](eps, shape[2])
    return close((on * at + off * all_tokens) / DIVISORS[divisor](real, *shape), got, 1e-4)


Rate = Tuple[int, int, int, float, float]
"""Step, d_model, warm-up steps and factor of a call, and the rate that it gave."""

PAPER = (1.0, 1.0, -0.5, 0.0, -0.5, -1.5, 1.0, 0.0, 0.0)
"""Constant, exponents of factor and d_model; exponents of warm-up and step after the warm-up, and during it; what is
added to the step after it, and during it."""


def noam_equation(calls: Sequence[Call]) -> Iterator[str]:
    """Numbers like those of ``PAPER``."""
    known: list[Rate] = []
    for call in calls:
        step, d_model, warmup, factor = call.bound("step", "d_model", "warmup_steps", "factor")
        if type(call.answer) is float and step >= 1 and math.isfinite(call.answer):
            known.append((step, d_model, warmup, 1.0 if factor is None else factor, call.answer))
    for numbers in itertools.chain(_one_other(known), _lines(known)):
        if numbers != PAPER and all(_gives(numbers, told) for told in known):
            yield ",".join(map(number, numbers))


def _rate(numbers: Sequence[float], told: Rate, branch: int) -> float:
    """The rate of one branch: 0 after the warm-up, 1 during it."""
    constant, f, d = numbers[:3]
    w, s = numbers[3 + 2 * branch : 5 + 2 * branch]
    step, d_model, warmup, factor, _ = told
    return constant * factor**f * d_model**d * warmup**w * (step + numbers[7 + branch]) ** s


def _gives(numbers: Sequence[float], told: Rate) -> bool:
    try:
        return close(min(_rate(numbers, told, 0), _rate(numbers, told, 1)), told[4], 1e-6)
    except ZeroDivisionError:
        return True  # an error in both


def _one_other(known: Sequence[Rate]) -> Iterator[tuple[float, ...]]:
    """The paper's numbers with one other exponent, or with another step."""
    for after, during in ((-1, -1), (0, -1), (-1, 0), (0, 1), (1, 0)):
        yield (*PAPER[:7], float(after), float(during))
    off = [told for told in known if told[4] > 0 and not _gives(PAPER, told)]
    for place, branch in ((1, 0), (1, 1), (2, 0), (2, 1), (3, 0), (4, 0), (5, 1), (6, 1)):
        for told in off[:5]:
            base = (0.0, told[3], told[1], told[2], told[0], told[2], told[0])[place]
            if base not in (0, 1):
                without = (*PAPER[:place], 0.0, *PAPER[place + 1 :])
                other = round(math.log(told[4] / _rate(without, told, branch)) / math.log(base), 3)
                yield (*PAPER[:place], other + 0.0, *PAPER[place + 1 :])


def _lines(known: Sequence[Rate]) -> Iterator[tuple[float, ...]]:
    """In logarithms each branch is linear: assign the rates to the branches, solve for both, assign anew."""
    for shifts in ((0, 0), (-1, -1), (0, -1), (1, 1), (0, 1), (-1, 0), (1, 0)):
        usable = [told for told in known if told[4] > 0 and told[0] + min(shifts) >= 1]
        during = [told[0] <= told[2] for told in usable]
        for _ in range(12):
            found = []
            for branch, shift in enumerate(shifts):
                mine = [told for told, rising in zip(usable, during) if rising == bool(branch)]
                rows = [[1.0, *map(math.log, (factor, d, w, step + shift))] for step, d, w, factor, _ in mine]
                found.append(solved(rows, [math.log(told[4]) for told in mine], math.inf))
            after, rising = found
            if after is None or rising is None:
                break
            if [round(x, 2) for x in after[:3]] == [round(x, 2) for x in rising[:3]]:
                numbers = [math.exp(after[0]), *after[1:], *rising[3:]]
                yield (*(round(x, 3) + 0.0 for x in numbers), *map(float, shifts))
            own = [[math.exp(line[0]), *line[1:3], *after[3:], *rising[3:], *shifts] for line in (after, rising)]
            assigned, during = during, [_rate(own[1], told, 1) <= _rate(own[0], told, 0) for told in usable]
            if assigned == during:
                break


FITS = {"batch-tokens": batch_tokens, "loss-weights": loss_weights, "noam-equation": noam_equation}

"""Phase 6, decoding, in plain Python: greedy search, beam search and exhaustive search over a table.

A table has one row of scores (logits) for every prefix, the tokens said so far without BOS: entry ``[row, token]``
is the score of saying ``token`` next. The model that the submission is given reads the same table.
"""

from __future__ import annotations

import math
from itertools import product
from typing import List, Mapping, Sequence, Tuple

import numpy as np

Answer = Tuple[List[int], float]
"""Tokens without BOS, and a score or a log-probability."""


# -- tables -------------------------------------------------------------------------------------------------


def row_of(prefix: Sequence[int], table: np.ndarray) -> int:
    """The row of a prefix: all prefixes numbered, shorter ones first, and wrapped around a short table."""
    rows, vocab_size = table.shape
    number = 0
    for token in prefix:
        number = number * vocab_size + token + 1
    return number % rows


def prefixes_up_to(vocab_size: int, length: int) -> int:
    """How many prefixes of at most this length there are."""
    return sum(vocab_size**n for n in range(length + 1))


def written_table(
    probabilities: Mapping[tuple[int, ...], Mapping[int, float]], vocab_size: int, length: int
) -> np.ndarray:
    """A table from probabilities written out: prefix to token to probability.

    What is not mentioned is very improbable; after a prefix that is not mentioned, every token is as probable.
    """
    table = np.zeros((prefixes_up_to(vocab_size, length), vocab_size))
    for prefix, following in probabilities.items():
        row = table[row_of(prefix, table)]
        row[:] = -30.0
        for token, probability in following.items():
            row[token] = math.log(probability)
    return table


def source_row(visible_tokens: Sequence[int], sources: int) -> int:
    """Which of several tables stands for a source sentence: it depends on every token that may be seen."""
    return 7 * sum(visible_tokens) % sources


def log_probabilities(table: np.ndarray, prefix: Sequence[int]) -> list[float]:
    """The log-probability of every next token: log-softmax of the prefix's row."""
    scores = [float(score) for score in table[row_of(prefix, table)]]
    highest = max(scores)
    total = math.log(sum(math.exp(score - highest) for score in scores))
    return [score - highest - total for score in scores]


# -- searches -----------------------------------------------------------------------------------------------


def length_penalty(length: int, alpha: float) -> float:
    """((5 + length) / 6) ^ alpha, by way of logarithms."""
    return math.exp(alpha * (math.log(5.0 + length) - math.log(6.0)))


def greedy(table: np.ndarray, eos_id: int, max_len: int) -> list[int]:
    """Say the most probable token, again and again, until EOS or ``max_len`` tokens."""
    tokens: list[int] = []
    while len(tokens) < max_len and eos_id not in tokens:
        following = log_probabilities(table, tokens)
        tokens.append(following.index(max(following)))
    return tokens


def exhaustive(table: np.ndarray, eos_id: int, max_len: int, alpha: float) -> list[Answer]:
    """Every answer there is, best score first: those that end in EOS, and those cut off at ``max_len``."""
    answers = []
    for length in range(1, max_len + 1):
        for tokens in product(range(table.shape[1]), repeat=length):
            ended = tokens[-1] == eos_id
            if eos_id not in tokens[:-1] and (ended or length == max_len):
                total = sum(log_probabilities(table, tokens[:t])[tokens[t]] for t in range(length))
                answers.append((list(tokens), total / length_penalty(length, alpha)))
    return sorted(answers, key=lambda answer: -answer[1])


def beam_search(
    table: np.ndarray, eos_id: int, max_len: int, beam_size: int, alpha: float
) -> tuple[list[Answer], float]:
    """The rule of the course, and how clear its decisions were.

    Returns:
        The answers, best score first, and the smallest difference on which a decision hung: between the last
        that was kept and the first that was not, and between neighbours in the answer.
    """
    live: list[Answer] = [([], 0.0)]
    collected: list[Answer] = []
    gaps = [math.inf]
    for _ in range(max_len):
        extensions = [
            (tokens + [token], total + step)
            for tokens, total in live
            for token, step in enumerate(log_probabilities(table, tokens))
        ]
        extensions.sort(key=lambda extension: -extension[1])
        if len(extensions) > beam_size:
            gaps.append(extensions[beam_size - 1][1] - extensions[beam_size][1])
        kept = extensions[:beam_size]
        collected += [extension for extension in kept if extension[0][-1] == eos_id]
        live = [extension for extension in kept if extension[0][-1] != eos_id]
    answers = [(tokens, total / length_penalty(len(tokens), alpha)) for tokens, total in collected + live]
    answers.sort(key=lambda answer: -answer[1])
    shown = answers[: beam_size + 1]
    gaps += [better[1] - worse[1] for better, worse in zip(shown, shown[1:])]
    return answers[:beam_size], min(gaps)

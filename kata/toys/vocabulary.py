"""Tokens to numbers and back."""

from __future__ import annotations

from typing import Iterable, Sequence

PAD, BOS, EOS = "<pad>", "<bos>", "<eos>"
PAD_ID, BOS_ID, EOS_ID = 0, 1, 2


class Vocabulary:
    """The tokens of one side, the three special ones first.

    Args:
        tokens: the others, in the order of their ids; see ``of`` for making them from sequences.

    Raises:
        ValueError: if a token stands there twice or is a special one.
    """

    def __init__(self, tokens: Sequence[str]) -> None:
        self.tokens: list[str] = [PAD, BOS, EOS, *tokens]
        self._ids = {token: number for number, token in enumerate(self.tokens)}
        if len(self._ids) != len(self.tokens):
            raise ValueError("a token stands twice in the vocabulary")

    @classmethod
    def of(cls, sequences: Iterable[Sequence[str]]) -> Vocabulary:
        """The vocabulary of all tokens in ``sequences``, sorted."""
        return cls(sorted({token for sequence in sequences for token in sequence}))

    def __len__(self) -> int:
        return len(self.tokens)

    def encode(self, tokens: Sequence[str]) -> list[int]:
        """Ids of ``tokens``, without specials.

        Raises:
            KeyError: for a token that is not in the vocabulary.
        """
        return [self._ids[token] for token in tokens]

    def decode(self, ids: Iterable[int]) -> list[str]:
        """Tokens up to the first ``<eos>``, without it and without padding."""
        tokens = []
        for number in ids:
            if number == EOS_ID:
                break
            if number != PAD_ID:
                tokens.append(self.tokens[number])
        return tokens

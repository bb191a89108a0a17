"""How good answers are: exact match and, where sacrebleu is installed, BLEU."""

from __future__ import annotations

from typing import Sequence

Tokens = Sequence[str]


def exact_match(answers: Sequence[Tokens], references: Sequence[Tokens]) -> float:
    """Share of the answers that are the reference, token for token."""
    return sum(list(a) == list(r) for a, r in zip(answers, references)) / max(1, len(references))


def bleu(answers: Sequence[Tokens], references: Sequence[Tokens]) -> float | None:
    """Corpus BLEU from 0 to 100 over the tokens as they are; None if sacrebleu is not installed."""
    try:
        import sacrebleu
    except ImportError:
        return None
    # force: the tokens are final, and sacrebleu need not warn about the full stop that stands alone
    score = sacrebleu.corpus_bleu(
        [" ".join(answer) for answer in answers],
        [[" ".join(reference) for reference in references]],
        tokenize="none",
        force=True,
    )
    return float(score.score)

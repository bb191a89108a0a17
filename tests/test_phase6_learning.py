"""Phase 6: a small reference Transformer learns a few sentences by heart."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from tests.support import checks
from tests.support.inputs import weights_of
from tests.support.phase6 import BOS, EOS, PAD, given_batch, logits_of, made_batch

# No word stands twice in a sentence: repeated words take a small model much longer to tell apart.
SENTENCES = [
    ([4, 5], [7, 6, 5]),
    ([5, 4, 6, 7], [4]),
    ([6, 6, 5], [5, 7, 6, 0, 4]),
    ([7], [0, 7, 4, 6]),
]


def said_by(weights: Any, src: torch.Tensor, max_len: int) -> list[list[int]]:
    """Greedy answers, made here and step by step by the formulas."""
    tokens = torch.full((len(src), 1), BOS)
    for _ in range(max_len):
        logits = logits_of(weights, src, tokens, num_heads=4)
        tokens = torch.cat([tokens, logits[:, -1].argmax(dim=-1, keepdim=True)], dim=1)
    rows = [row[1:] for row in tokens.tolist()]
    return [row[: row.index(EOS)] if EOS in row else row for row in rows]


@pytest.mark.task("train")
def test_a_transformer_learns_a_few_sentences_by_heart(phase4, phase5, phase6, in_guest):
    model = phase4.Transformer(8, 8, d_model=32, num_heads=4, num_layers=1, d_ff=64, dropout=0.0, max_len=10)
    batches = [made_batch(phase5, SENTENCES[:2]), made_batch(phase5, SENTENCES[2:])]
    loss_fn, optimizer = phase5.LabelSmoothingLoss(PAD, 0.0), in_guest.optim.adam(model, 5e-3)
    losses = phase6.train(model.eval(), batches * 40, loss_fn, optimizer, max_norm=1.0)
    checks.expect_that(losses is not None, "train returned None, expected the losses: is a `return` missing?")
    checks.expect_that(isinstance(losses, list), f"train returned {checks.kind_of(losses)}, expected a list of floats")
    checks.expect_same(len(losses), 80, "the number of losses after 80 steps")
    start, end = sum(losses[:2]) / 2, sum(losses[-10:]) / 10
    why = "train_step once for every batch: zero, forward on tgt_in, loss on tgt_out, backward, step"
    checks.expect_that(end < 0.25 * start, f"the loss went from {start:.2f} to {end:.2f} only in 80 steps", why)

    together = given_batch(made_batch(phase5, SENTENCES))
    answers = said_by(weights_of(model), together.src, 8)
    learned = [tgt for _, tgt in SENTENCES]
    right = sum(answer == tgt for answer, tgt in zip(answers, learned))
    label = f"the model says {right} of the {len(learned)} sentences that it was trained on"
    why = "the decoder reads tgt_in, which is one step behind tgt_out: reading tgt_out gives the answer away"
    checks.expect_that(right >= len(learned) - 1, label, why)

"""A baseline that grows: the loss of a small model that has the parts of phases 1 to N, for every N.

``python -m lessons.figures.baseline`` measures it (minutes) into ``measured/baseline.json``. The task: write words
of 3 to 8 letters backwards; letters may repeat. A model has what the phases so far have built; what runs the experiment
(batches, loss, loop) is the reference's from the start.

======  ==========================================================================================
phase   the model, and how it is trained
======  ==========================================================================================
1       embedding, positions and a linear layer to the vocabulary: it sees the last token and its place
2       one layer of masked self-attention and of attention to the embedded source, and nothing else
3       the same layer, each sublayer in its frame and with a feed-forward network
4       the whole Transformer, one layer in each stack; constant rate, padding of the source unmasked
5       the same with a padding mask and a schedule: a rise to three times that rate, then a fall
6       the same, gradients clipped, three times as many steps
======  ==========================================================================================

The loss is measured on 300 new words, in nats per token, without label smoothing (which raises it on purpose); from
phase 4 on also the share of words that are right when the model writes alone. Both are means of three seeds.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from solutions.phase1_embedding import PositionalEncoding, TokenEmbedding
from solutions.phase2_attention import MultiHeadAttention
from solutions.phase4_transformer import Decoder, Transformer
from solutions.phase5_mechanics import Batch, LabelSmoothingLoss
from solutions.phase6_training import evaluate, greedy_decode, train

from .toys import BOS, EOS, FIRST_LETTER, LETTERS, LONGEST, PAD, SHORTEST, VOCAB, Schedule, to_batch

MEASURED = Path(__file__).resolve().parent / "measured" / "baseline.json"

WIDTH, HEADS, LAYERS = 48, 4, 1
STEPS, RATE, PEAK, WARMUP, SEEDS = 300, 2e-3, 6e-3, 60, 3


def words(count: int, generator: torch.Generator) -> list[Any]:
    """Words of 3 to 8 letters, which may repeat, and the same backwards."""
    pairs = []
    for _ in range(count):
        length = int(torch.randint(SHORTEST, LONGEST + 1, (), generator=generator))
        letters = torch.randint(FIRST_LETTER, FIRST_LETTER + LETTERS, (length,), generator=generator).tolist()
        pairs.append((letters, letters[::-1]))
    return pairs


class AttentionAlone(nn.Module):
    """Layers of self-attention and attention to the source, without residual, normalisation or feed-forward network."""

    def __init__(self) -> None:
        super().__init__()
        self.own, self.cross = (
            nn.ModuleList([MultiHeadAttention(WIDTH, HEADS) for _ in range(LAYERS)]) for _ in range(2)
        )

    def forward(self, x: Tensor, memory: Tensor, self_mask: Tensor | None, memory_mask: Tensor | None) -> Tensor:
        for own, cross in zip(self.own, self.cross):
            x, _ = own(x, x, x, self_mask)
            x, _ = cross(x, memory, memory, memory_mask)
        return x


class NoLayers(nn.Module):
    """Hands on the embedded target as it is."""

    def forward(self, x: Tensor, memory: Tensor, self_mask: Tensor | None, memory_mask: Tensor | None) -> Tensor:
        return x


class Unfinished(nn.Module):
    """A model of phases 1 to ``phase`` (at most 3): no encoder, the embedded source is the memory."""

    def __init__(self, phase: int) -> None:
        super().__init__()
        self.src_embedding, self.tgt_embedding = TokenEmbedding(VOCAB, WIDTH), TokenEmbedding(VOCAB, WIDTH)
        self.positional_encoding = PositionalEncoding(WIDTH, dropout=0.0, max_len=LONGEST + 2)
        decoder = {1: NoLayers, 2: AttentionAlone, 3: lambda: Decoder(LAYERS, WIDTH, HEADS, 4 * WIDTH, dropout=0.0)}
        self.decoder = decoder[phase]()
        self.output_projection = nn.Linear(WIDTH, VOCAB, bias=False)
        for parameter in self.parameters():
            if parameter.dim() > 1:
                nn.init.xavier_uniform_(parameter)
        for embedding in (self.src_embedding, self.tgt_embedding):
            nn.init.normal_(embedding.embedding.weight, std=WIDTH**-0.5)

    def forward(self, src: Tensor, tgt: Tensor, src_mask: Tensor | None, tgt_mask: Tensor | None) -> Tensor:
        memory, x = (
            self.positional_encoding(embed(tokens))
            for embed, tokens in ((self.src_embedding, src), (self.tgt_embedding, tgt))
        )
        return self.output_projection(self.decoder(x, memory, tgt_mask, src_mask))


def without_padding_mask(batch: Batch) -> Batch:
    """Let every position of the source be read, padding as well."""
    return replace(batch, src_mask=torch.ones_like(batch.src_mask))


def measure_after(phase: int, seed: int) -> tuple[float, float]:
    """Loss (nats per token) of the model of phases 1 to ``phase`` on new words, and the share it writes right alone."""
    torch.manual_seed(seed)
    if phase < 4:
        model: nn.Module = Unfinished(phase)
    else:
        model = Transformer(VOCAB, VOCAB, WIDTH, HEADS, LAYERS, 4 * WIDTH, dropout=0.0, max_len=LONGEST + 2)
    prepare = (lambda batch: batch) if phase >= 5 else without_padding_mask
    generator = torch.Generator().manual_seed(1000 + seed)
    steps = 3 * STEPS if phase == 6 else STEPS
    batches = (prepare(to_batch(words(32, generator))) for _ in range(steps))
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE, betas=(0.9, 0.98), eps=1e-9)
    schedule = Schedule(optimizer, PEAK, WARMUP) if phase >= 5 else None
    train(model, batches, LabelSmoothingLoss(PAD, 0.0), optimizer, schedule, 1.0 if phase == 6 else None)
    pairs = words(300, torch.Generator().manual_seed(99))
    new = prepare(to_batch(pairs))
    loss = evaluate(model, [new], LabelSmoothingLoss(PAD, 0.0)).loss
    if phase < 4:
        return loss, 0.0
    rows = greedy_decode(model, new.src, new.src_mask, BOS, EOS, PAD, LONGEST + 2).tolist()
    right = sum(row[: len(word) + 1] == [*word, EOS] for row, (_, word) in zip(rows, pairs))
    return loss, right / len(pairs)


def main() -> None:
    torch.set_num_threads(1)
    found: dict[str, dict[str, float]] = {"loss": {}, "words": {}}
    for phase in range(1, 7):
        runs = [measure_after(phase, seed) for seed in range(SEEDS)]
        found["loss"][str(phase)], found["words"][str(phase)] = (round(sum(x) / SEEDS, 4) for x in zip(*runs))
        print(phase, found["loss"][str(phase)], found["words"][str(phase)], runs, flush=True)
    MEASURED.write_text(json.dumps(found, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

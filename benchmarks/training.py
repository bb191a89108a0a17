"""The reference model against ``torch.nn.Transformer``: ``python -m benchmarks.training [STEPS]``.

Same size (width 128, 2 layers), same data, batches and optimizer, and the same initial weights; dropout 0, one thread.
The two take their steps in turns, so that a noisy machine treats both alike. Seconds are the processor's: with one
thread they are the clock's on an idle machine, and other programs disturb them less. Peak memory is of a process each.
"""

from __future__ import annotations

import math
import statistics
import subprocess
import sys
import time
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, Iterator

import torch
from torch import Tensor, nn

from benchmarks.timing import PROJECT
from kata.toys.batches import training_batches
from kata.toys.learner import make_optimizer
from kata.toys.registry import TOYS
from kata.toys.vocabulary import BOS_ID, EOS_ID, PAD_ID, Vocabulary
from solutions.phase1_embedding import sinusoidal_encoding
from solutions.phase4_transformer import Transformer
from solutions.phase5_mechanics import Batch, LabelSmoothingLoss, NoamScheduler, make_batch
from solutions.phase6_training import train_step

D_MODEL, HEADS, LAYERS, D_FF, MAX_LEN, BATCH = 128, 4, 2, 512, 64, 64
REFERENCE, TORCH = "reference model", "torch.nn.Transformer"
GOAL = 1.1
WARM_UP = 10
"""Steps that are not timed."""


class TorchTransformer(nn.Module):
    """``nn.Transformer`` with embeddings and positions around it, called as the reference model is.

    Its stacks have no norm at their end, as in the paper; with it they would have two norms more than the reference.
    """

    def __init__(self, reference: Transformer) -> None:
        super().__init__()
        sizes: dict[str, Any] = {"dropout": 0.0, "batch_first": True}
        encoder = nn.TransformerEncoderLayer(D_MODEL, HEADS, D_FF, **sizes)
        decoder = nn.TransformerDecoderLayer(D_MODEL, HEADS, D_FF, **sizes)
        self.transformer = nn.Transformer(
            D_MODEL,
            HEADS,
            custom_encoder=nn.TransformerEncoder(encoder, LAYERS, enable_nested_tensor=False),
            custom_decoder=nn.TransformerDecoder(decoder, LAYERS),
            **sizes,
        )
        self.src_embedding = nn.Embedding.from_pretrained(reference.src_embedding.embedding.weight.clone(), False)
        self.tgt_embedding = nn.Embedding.from_pretrained(reference.tgt_embedding.embedding.weight.clone(), False)
        self.output_projection = nn.Linear(D_MODEL, reference.output_projection.out_features, bias=False)
        self.output_projection.load_state_dict(reference.output_projection.state_dict())
        self.register_buffer("pe", sinusoidal_encoding(MAX_LEN, D_MODEL))
        for ours, theirs in zip(reference.encoder.layers, self.transformer.encoder.layers):
            _copy(ours, theirs, ("norm1", "norm2"), (("self_attention", theirs.self_attn),))
        for ours, theirs in zip(reference.decoder.layers, self.transformer.decoder.layers):
            attentions = (("self_attention", theirs.self_attn), ("cross_attention", theirs.multihead_attn))
            _copy(ours, theirs, ("norm1", "norm2", "norm3"), attentions)

    def forward(self, src: Tensor, tgt: Tensor, src_mask: Tensor, tgt_mask: Tensor) -> Tensor:
        """Logits; torch's masks say the opposite, True is masked."""
        root = math.sqrt(D_MODEL)
        x = self.src_embedding(src) * root + self.pe[: src.size(1)]
        y = self.tgt_embedding(tgt) * root + self.pe[: tgt.size(1)]
        padding = ~src_mask[:, 0, 0]
        # Padding is on the right, so no real position sees it through the look-ahead mask alone.
        future = torch.ones(tgt.size(1), tgt.size(1), dtype=torch.bool).triu(1)
        hidden = self.transformer(
            x, y, tgt_mask=future, src_key_padding_mask=padding, memory_key_padding_mask=padding, tgt_is_causal=True
        )
        return self.output_projection(hidden)


def _copy(ours: nn.Module, theirs: nn.Module, norms: tuple[str, ...], attentions: tuple[Any, ...]) -> None:
    """Give a layer of torch's the weights of a layer of ours."""
    with torch.no_grad():
        for name, attention in attentions:
            mine = getattr(ours, name)
            linears = (mine.w_q, mine.w_k, mine.w_v)
            attention.in_proj_weight.copy_(torch.cat([linear.weight for linear in linears]))
            attention.in_proj_bias.copy_(torch.cat([linear.bias for linear in linears]))
            attention.out_proj.load_state_dict(mine.w_o.state_dict())
    theirs.linear1.load_state_dict(ours.feed_forward.linear1.state_dict())
    theirs.linear2.load_state_dict(ours.feed_forward.linear2.state_dict())
    for name in norms:
        getattr(theirs, name).load_state_dict(getattr(ours, f"add_{name}").norm.state_dict())


class Contender:
    """A model in training, with what was measured of it."""

    def __init__(self, name: str, model: nn.Module) -> None:
        self.name, self.model = name, model
        self.optimizer = make_optimizer(model)
        self.scheduler = NoamScheduler(self.optimizer, D_MODEL, 400, 0.3)
        self.loss_fn = LabelSmoothingLoss(PAD_ID, 0.1)
        self.seconds: list[float] = []
        self.losses: list[float] = []
        self.tokens = 0

    def step(self, batch: Batch, timed: bool) -> None:
        """One step of training."""
        started = time.process_time()
        self.losses.append(train_step(self.model, batch, self.loss_fn, self.optimizer, self.scheduler, 1.0))
        if timed:
            self.seconds.append(time.process_time() - started)
            self.tokens += batch.num_tokens


def make_contenders(pairs: int = 10_000) -> tuple[list[Contender], Iterator[Batch]]:
    """Both models with the same weights, and batches of the English-Japanese toy."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    corpus = replace(TOYS["en-ja"], train_pairs=pairs).corpus(0)
    source = Vocabulary.of(pair[0] for pair in corpus.pairs())
    target = Vocabulary.of(pair[1] for pair in corpus.pairs())
    reference = Transformer(len(source), len(target), D_MODEL, HEADS, LAYERS, D_FF, 0.0, MAX_LEN)
    contenders = [Contender(REFERENCE, reference), Contender(TORCH, TorchTransformer(reference))]
    encoded = [(source.encode(pair[0]), target.encode(pair[1])) for pair in corpus.train]
    return contenders, (make_batch(batch, PAD_ID, BOS_ID, EOS_ID) for batch in training_batches(encoded, BATCH, 0))


def side_by_side(steps: int) -> list[Contender]:
    """Train both in turns, who goes first changing from step to step."""
    contenders, batches = make_contenders()
    for number, batch in enumerate(islice(batches, steps + WARM_UP)):
        for contender in contenders if number % 2 else contenders[::-1]:
            contender.step(batch, timed=number >= WARM_UP)
    return contenders


def grown_by(name: str, steps: int) -> float:
    """MiB by which this process's peak memory grows while ``name`` trains; NaN where the system does not tell."""
    contenders, batches = make_contenders(pairs=2000)  # fewer, so that making them is not the peak
    [contender] = [contender for contender in contenders if contender.name == name]
    before = _peak()
    for batch in islice(batches, steps):
        contender.step(batch, timed=False)
    return (_peak() - before) / 2**10


def _peak() -> float:
    """KiB of the most memory that this process has held (Linux; elsewhere NaN)."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return math.nan
    return next(float(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


def peak_memory(name: str, steps: int = 20) -> float:
    """``grown_by`` in a process of its own."""
    code = f"from benchmarks.training import grown_by; print(grown_by({name!r}, {steps}))"
    command = [sys.executable, "-c", code]
    return float(subprocess.run(command, cwd=PROJECT, stdout=subprocess.PIPE, check=True).stdout)


def main() -> None:
    """Run and print."""
    steps = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    contenders = side_by_side(steps)
    medians = {contender.name: statistics.median(contender.seconds) for contender in contenders}
    # Each step against the other model's on the same batch: what slows the machine down slows both.
    ratio = statistics.median(a / b for a, b in zip(contenders[0].seconds, contenders[1].seconds))
    print(f"{'':24}{'ms a step':>11}{'fastest':>9}{'tokens/s':>10}{'loss':>8}{'MiB':>6}")
    for contender in contenders:
        speed = contender.tokens / sum(contender.seconds)
        loss = statistics.fmean(contender.losses[-20:])
        print(
            f"{contender.name:24}{1000 * medians[contender.name]:11.1f}{1000 * min(contender.seconds):9.1f}"
            f"{speed:10,.0f}{loss:8.3f}{peak_memory(contender.name):6.0f}"
        )
    apart = max(abs(a - b) for a, b in zip(*(contender.losses for contender in contenders)))
    print(f"{REFERENCE} / {TORCH}: {ratio:.3f} (goal <= {GOAL}); their losses differ by {apart:.4f} at most")


if __name__ == "__main__":
    main()

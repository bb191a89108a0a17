"""Why training converges, in pictures and numbers: a noisy quadratic, the rate of a toy, where the first steps lead."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Callable

import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

from kata.i18n import choose
from solutions.phase3_layers import LayerNorm
from solutions.phase4_transformer import DecoderLayer, EncoderLayer, Transformer
from solutions.phase5_mechanics import LabelSmoothingLoss
from solutions.phase6_training import evaluate

from .drawing import BLUE, GREEN, GREY, ORANGE, axes, new_figure
from .toys import PAD, Recipe, exact_match, fresh_pairs, new_model, to_batch, train_model

FLOOR = 0.5372
"""The lowest smoothed loss of 13 tokens (phase 5)."""

# -- A noisy quadratic: f = theta^2 / 2, gradient theta + noise of variance 1 --

START, LAST = 10.0, 10_000
RATES: dict[str, Callable[[int], float]] = {
    "large": lambda step: 0.5,
    "small": lambda step: 0.05,
    "root": lambda step: 0.5 / step**0.5,
}


def expected_loss(rate: Callable[[int], float], steps: int = LAST) -> list[float]:
    """E f before each step, by the recursion of the lesson: exact, nothing is drawn."""
    square, found = START**2, []
    for step in range(1, steps + 1):
        found.append(square / 2)
        square = (1 - rate(step)) ** 2 * square + rate(step) ** 2
    return found


def path(rate: Callable[[int], float], steps: int) -> list[float]:
    """One random walk of theta."""
    generator = torch.Generator().manual_seed(1)
    noise = torch.randn(steps, generator=generator).tolist()
    theta, found = START, []
    for step in range(1, steps + 1):
        found.append(theta)
        theta -= rate(step) * (theta + noise[step - 1])
    return found


# -- The toy: batches of 16, the same highest rate, three ways to go on --

SMALL_BATCHES = Recipe(steps=800, batch_size=16, rate=4e-3)
DROP = 600
LATE: dict[str, Recipe] = {
    "constant": replace(SMALL_BATCHES, late=lambda step: 1.0),
    "root": SMALL_BATCHES,
    "drop": replace(SMALL_BATCHES, late=lambda step: 1.0 if step <= DROP else 0.1),
    "low": replace(SMALL_BATCHES, rate=1e-3, late=lambda step: 1.0),
}
EVERY, SEEDS = 25, (0, 1, 2)


def measure_late(recipe: Recipe) -> dict[str, Any]:
    """The loss on new words every 25 steps, and the share of words that are right in the end."""
    model, pairs = new_model(recipe), fresh_pairs(recipe.toy)
    losses: list[float] = []

    def on_step(step: int, loss: float) -> None:
        if step % EVERY == 0:
            found = evaluate(model, [to_batch(pairs)], LabelSmoothingLoss(PAD, recipe.smoothing))
            losses.append(round(found.loss, 4))

    train_model(recipe, model, on_step)
    return {"losses": losses, "exact": round(exact_match(model, pairs), 4)}


# -- The first steps of a deep model: where they lead, and which gradients are left there --


class PreNormEncoderLayer(EncoderLayer):
    """The normalisation inside the branches (Xiong et al. 2020); the parameters are those of post-norm."""

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        y = self.add_norm1.norm(x)
        x = x + self.self_attention(y, y, y, mask)[0]
        return x + self.feed_forward(self.add_norm2.norm(x))


class PreNormDecoderLayer(DecoderLayer):
    """As ``PreNormEncoderLayer``."""

    def forward(
        self, x: Tensor, memory: Tensor, self_mask: Tensor | None = None, memory_mask: Tensor | None = None
    ) -> Tensor:
        y = self.add_norm1.norm(x)
        x = x + self.self_attention(y, y, y, self_mask)[0]
        x = x + self.cross_attention(self.add_norm2.norm(x), memory, memory, memory_mask)[0]
        return x + self.feed_forward(self.add_norm3.norm(x))


class LastNorm(LayerNorm):
    """The normalisation at the end of a pre-norm stack, which is called like a layer."""

    def forward(self, x: Tensor, *others: Tensor | None) -> Tensor:
        return super().forward(x)


def with_pre_norm(model: Transformer) -> Transformer:
    """Turn both stacks of a model into pre-norm with the same weights."""
    width = model.output_projection.in_features
    for stack, kind in ((model.encoder, PreNormEncoderLayer), (model.decoder, PreNormDecoderLayer)):
        layers: list[nn.Module] = []
        for old in stack.layers:
            layers.append(kind(width, 4, 4 * width, dropout=0.0))
            layers[-1].load_state_dict(old.state_dict())
        stack.layers = nn.ModuleList([*layers, LastNorm(width)])
    return model


FIRST_STEPS = 10


def measure_first_steps(recipe: Recipe, pre_norm: bool) -> dict[str, float]:
    """Loss and gradients after the first ten steps, and the loss at the end.

    Args:
        recipe: what to train.
        pre_norm: the variant instead of the paper's.
    """
    model = with_pre_norm(new_model(recipe)) if pre_norm else new_model(recipe)
    batch, loss_fn = to_batch(fresh_pairs(recipe.toy)), LabelSmoothingLoss(PAD, recipe.smoothing)
    found: dict[str, float] = {}

    def on_step(step: int, loss: float) -> None:
        if step != FIRST_STEPS:
            return
        model.zero_grad()
        value = loss_fn(model(batch.src, batch.tgt_in, batch.src_mask, batch.tgt_mask), batch.tgt_out)
        value.backward()
        found["loss"] = round(value.item(), 4)
        found["all"] = norm_of_gradient(model)
        found["encoder"] = norm_of_gradient(model.encoder)
        found["first_decoder_layer"] = norm_of_gradient(model.decoder.layers[0])

    train_model(recipe, model, on_step)
    found["end"] = round(evaluate(model, [batch], loss_fn).loss, 4)
    return found


def norm_of_gradient(module: nn.Module) -> float:
    """The norm of the gradients of all its parameters together."""
    squares = [parameter.grad.square().sum() for parameter in module.parameters() if parameter.grad is not None]
    return float(f"{torch.stack(squares).sum().sqrt().item():.3g}")


DEEP = Recipe(layers=6, d_model=32, steps=200, rate=3e-3)
"""The deep model of phase 5, for a third of its steps."""

PEAKS = (2e-3, 1.2e-2, 2.4e-2)
"""Highest rates for the small model: would the rate at which a curve turns have been a good one?"""


def measure() -> dict[str, Any]:
    """Everything that is trained here."""
    first = {
        f"{norm}_{name}": [
            measure_first_steps(replace(DEEP, warmup=warmup, seed=seed), norm == "pre") for seed in SEEDS
        ]
        for norm in ("post", "pre")
        for name, warmup in (("warmup", 100), ("none", 0))
    }
    late = {name: [measure_late(replace(recipe, seed=seed)) for seed in SEEDS] for name, recipe in LATE.items()}
    pairs = fresh_pairs("reverse")
    peaks = {
        f"{rate:g}": [round(exact_match(train_model(Recipe(rate=rate, seed=seed))[0], pairs), 4) for seed in SEEDS]
        for rate in PEAKS
    }
    return {"late": late, "first_steps": first, "peaks": peaks}


def convergence(measured: dict[str, Any], lang: str) -> Figure:
    """A walk with each rate, the mean loss over the steps, and the same in the training of a toy."""
    figure = new_figure(8.4, 3.4)
    step = ("step", "ステップ")
    looks = {"large": (ORANGE, "η = 0.5"), "small": (GREEN, "η = 0.05"), "root": (BLUE, "η = 0.5 / √t")}
    walk = axes(figure, step, ("θ", "θ"), lang, 131)
    walk.set_title(choose(("one walk", "1 回の試行"), lang))
    mean = axes(figure, step, ("mean loss", "損失の期待値"), lang, 132)
    mean.set_title(choose(("quadratic: mean of all walks", "2 次関数: すべての試行の平均"), lang))
    for name, (colour, label) in looks.items():
        walk.plot(range(1, 301), path(RATES[name], 300), color=colour, linewidth=0.9)
        losses = expected_loss(RATES[name])
        places = sorted({round(1.06**power) for power in range(160) if 1.06**power <= LAST})
        mean.plot(places, [losses[place - 1] for place in places], color=colour, label=label)
    walk.axhline(0, color=GREY, linewidth=0.8, linestyle="--")
    walk.set_ylim(-3, 10.5)
    mean.set_xscale("log")
    mean.set_yscale("log")
    mean.legend(fontsize=8)
    toy = axes(figure, step, ("loss above its floor", "損失と下限の差"), lang, 133)
    toy.set_title(choose(("toy: reverse, batches of 16", "課題 reverse、バッチ 16"), lang))
    lines = {
        "constant": (ORANGE, ("4e-3, constant", "4e-3、一定")),
        "drop": (GREEN, ("4e-4 from step 601", "ステップ 601 から 4e-4")),
        "root": (BLUE, ("falls with 1/√t", "1/√t で下がる")),
    }
    for name, (colour, label) in lines.items():
        losses = measured["late"][name][0]["losses"]
        above = [loss - FLOOR for loss in losses]
        first = DROP // EVERY - 1 if name == "drop" else 0
        steps = range((first + 1) * EVERY, (len(losses) + 1) * EVERY, EVERY)
        toy.plot(steps, above[first:], color=colour, linewidth=1.2, label=choose(label, lang))
    toy.set_yscale("log")
    toy.legend(fontsize=8)
    return figure

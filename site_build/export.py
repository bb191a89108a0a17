"""Writes the data that figures show but do not compute: a small trained model, and sizes by depth.

``python -m site_build.export`` writes ``figures/data_*.js`` anew, from ``solutions/``.
"""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import torch
from matplotlib.figure import Figure
from torch import nn

from kata.course.phases import REFERENCE
from kata.toys.learner import Learner
from kata.toys.registry import TOYS
from kata.toys.training import Training
from lessons.figures.drawing import BLUE, ORANGE, axes, draw, new_figure
from solutions.phase2_attention import scaled_dot_product_attention
from solutions.phase3_layers import LayerNorm, PositionwiseFeedForward

from .places import HERE, LANGUAGES

TOY = replace(
    TOYS["en-ja"], d_model=32, num_heads=4, num_layers=1, d_ff=64, steps=3000, every=3000, factor=0.3, warmup_steps=200
)
SENTENCES = 24
"""How many held-out sentences the figure offers."""

DEPTH, GAINS = 24, (0.5, 1.0, 1.5)


def heads() -> dict[str, Any]:
    """A model of ``TOY`` trained by the reference, and sentences that it has not learned.

    Returns:
        ``weights``: name to shape and to the numbers, rounded to float16, as base64 (little endian); ``source``,
        ``target``: the tokens by id; ``sentences``: pairs of token ids without special tokens; ``exact``: the share of
        unseen sentences that it translates exactly.
    """
    torch.set_num_threads(1)
    learner = Learner(REFERENCE)
    training = Training(learner, TOY, TOY.corpus(0), 0, "cpu")
    training.run(TOY.steps, lambda: False, lambda step: None, lambda validation: print(validation))
    weights = {}
    for name, value in training.model.state_dict().items():
        if name != "positional_encoding.pe":  # a formula, not a weight
            numbers = value.half().numpy().astype("<f2").tobytes()
            weights[name] = {"shape": list(value.shape), "half": base64.b64encode(numbers).decode()}
    pairs = sorted(set(map(_frozen, training.corpus.validation["unseen"])))
    pairs = [pair for pair in pairs if len(pair[0]) >= 5][:: max(1, len(pairs) // SENTENCES)][:SENTENCES]
    return {
        "num_heads": TOY.num_heads,
        "source": training.source.tokens,
        "target": training.target.tokens,
        "sentences": [[training.source.encode(src), training.target.encode(tgt)] for src, tgt in pairs],
        "exact": training.history["validations"][-1]["exact"],
        "weights": weights,
    }


def _frozen(pair: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return tuple(pair[0]), tuple(pair[1])


def depth() -> dict[str, Any]:
    """Root mean square of the activations and norm of the gradient by depth, for three ways to stack layers.

    24 feed-forward networks of width 64 with Xavier-uniform weights times a gain, one after another: ``plain`` F(x),
    ``residual`` x + F(x), ``post`` LayerNorm(x + F(x)). The gradient is that of a random direction at the top, as a
    share of its own norm, after going back through 0, 1, ... layers.
    """
    return {kind: {f"{gain:g}": _by_depth(kind, gain) for gain in GAINS} for kind in ("plain", "residual", "post")}


def _by_depth(kind: str, gain: float) -> dict[str, list[float]]:
    torch.manual_seed(0)
    blocks = [PositionwiseFeedForward(64, 256) for _ in range(DEPTH)]
    for block in blocks:
        for layer in (block.linear1, block.linear2):
            nn.init.xavier_uniform_(layer.weight, gain=gain)
            nn.init.zeros_(layer.bias)
    norm = LayerNorm(64)
    join = {"plain": lambda x, y: y, "residual": lambda x, y: x + y, "post": lambda x, y: norm(x + y)}[kind]
    states = [torch.randn(256, 64, requires_grad=True)]
    for block in blocks:
        states.append(join(states[-1], block(states[-1])))
    gradients = torch.autograd.grad(states[-1], states, torch.randn(256, 64))
    norms = [gradient.norm().item() for gradient in reversed(gradients)]
    return {
        "size": [float(f"{state.square().mean().sqrt().item():.4g}") for state in states],
        "gradient": [float(f"{value / norms[0]:.4g}") for value in norms],
    }


def query(lang: str) -> str:
    """The static picture of a query among keys, as SVG: the keys of ``query.js``, weights by the reference."""
    keys = torch.tensor([[1.6, 0.4], [0.5, 1.6], [-1.4, 0.9], [-0.6, -1.5], [1.2, -1.2]])
    at = torch.tensor([[1.0, 0.6]])
    _, weights = scaled_dot_product_attention(at, keys, keys)

    def drawn(_: Any, lang: str) -> Figure:
        figure = new_figure(4.2, 3.9)
        plot = axes(figure, ("first number", "一つ目の数"), ("second number", "二つ目の数"), lang)
        for number, (key, weight) in enumerate(zip(keys.tolist(), weights[0].tolist()), start=1):
            plot.plot([at[0, 0], key[0]], [at[0, 1], key[1]], color=BLUE, linewidth=0.3 + 14 * weight, alpha=0.6)
            plot.plot(*key, "o", color=BLUE, markersize=15)
            plot.text(*key, str(number), color="white", ha="center", va="center", weight="bold")
            plot.text(key[0], key[1] - 0.42, f"{weight:.2f}", ha="center")
        plot.plot(*at[0].tolist(), "D", color=ORANGE, markersize=11)
        plot.set_xlim(-3, 3)
        plot.set_ylim(-3, 3)
        plot.set_aspect("equal")
        return figure

    return draw(drawn, {}, lang)


def write(name: str, data: dict[str, Any]) -> None:
    """Write a figure's data as a script, because a page opened from disk may not fetch JSON."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    (HERE / "figures" / f"data_{name}.js").write_text(f"Kata.data.{name} = {text};\n", encoding="utf-8")


if __name__ == "__main__":
    for language in LANGUAGES:
        (HERE / "assets" / f"query.{language}.svg").write_text(query(language), encoding="utf-8")
    write("depth", depth())
    write("heads", heads())

"""Figures of phase 3: gradients through depth, gradients of post-norm and pre-norm, and warm-up."""

from __future__ import annotations

from typing import Any

import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

from kata.i18n import choose
from solutions.phase1_embedding import PositionalEncoding, TokenEmbedding
from solutions.phase2_attention import MultiHeadAttention
from solutions.phase3_layers import LayerNorm, PositionwiseFeedForward
from solutions.phase4_transformer import EncoderLayer

from .drawing import BLUE, GREEN, GREY, ORANGE, axes, new_figure
from .phase1 import LENGTH, LETTERS, words

DEPTH, STEPS, RATE, SEEDS = 24, 300, 3e-3, 3
PLAIN, RESIDUAL, POST = ("F(x)", "F(x)"), ("x + F(x)", "x + F(x)"), ("LayerNorm(x + F(x))", "LayerNorm(x + F(x))")
POST_NORM, PRE_NORM = ("post-norm", "Post-LN"), ("pre-norm", "Pre-LN")


class PreNormLayer(nn.Module):
    """An encoder layer with the normalisation inside the branches (Xiong et al. 2020)."""

    def __init__(self, d_model: int, num_heads: int, d_ff: int) -> None:
        super().__init__()
        self.self_attention = MultiHeadAttention(d_model, num_heads)
        self.feed_forward = PositionwiseFeedForward(d_model, d_ff)
        self.norm1, self.norm2 = LayerNorm(d_model), LayerNorm(d_model)

    def forward(self, x: Tensor) -> Tensor:
        normed = self.norm1(x)
        x = x + self.self_attention(normed, normed, normed)[0]
        return x + self.feed_forward(self.norm2(x))


class DeepReverser(nn.Module):
    """The reverser of phase 1, deeper, with post-norm or pre-norm layers and the start of the whole model."""

    def __init__(self, kind: str, num_layers: int, d_model: int = 32) -> None:
        super().__init__()
        self.embedding = TokenEmbedding(LETTERS, d_model)
        self.positions = PositionalEncoding(d_model, dropout=0.0, max_len=LENGTH)
        make = EncoderLayer if kind == "post" else PreNormLayer
        self.layers = nn.ModuleList([make(d_model, 4, 2 * d_model) for _ in range(num_layers)])
        self.norm = LayerNorm(d_model) if kind == "pre" else nn.Identity()
        self.output = nn.Linear(d_model, LETTERS)
        for parameter in self.parameters():
            if parameter.dim() > 1:
                nn.init.xavier_uniform_(parameter)
        nn.init.normal_(self.embedding.embedding.weight, std=d_model**-0.5)
        for module in self.modules():
            if isinstance(module, nn.Dropout):
                module.p = 0.0

    def forward(self, tokens: Tensor) -> Tensor:
        x = self.positions(self.embedding(tokens))
        for layer in self.layers:
            x = layer(x)
        return self.output(self.norm(x))


def reversal_loss(model: DeepReverser, generator: torch.Generator) -> Tensor:
    """Cross-entropy of a model on 64 fresh words."""
    tokens = words(64, generator)
    return nn.functional.cross_entropy(model(tokens).flatten(0, 1), tokens.flip(1).flatten())


def gradient_through_depth(kind: str) -> list[float]:
    """Norm of the gradient after going back through 0, 1, ... DEPTH feed-forward blocks, as a share of the first."""
    torch.manual_seed(0)
    blocks = [PositionwiseFeedForward(64, 256) for _ in range(DEPTH)]
    for block in blocks:
        for layer in (block.linear1, block.linear2):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
    norm = LayerNorm(64)
    join = {"plain": lambda x, y: y, "residual": lambda x, y: x + y, "post": lambda x, y: norm(x + y)}[kind]
    states = [torch.randn(256, 64, requires_grad=True)]
    for block in blocks:
        states.append(join(states[-1], block(states[-1])))
    gradients = torch.autograd.grad(states[-1], states, torch.randn(256, 64))
    norms = [gradient.norm().item() for gradient in reversed(gradients)]
    return [float(f"{norm / norms[0]:.4g}") for norm in norms]


def gradient_of_layers(kind: str) -> list[float]:
    """Norm of the gradient of every layer's first feed-forward matrix, in an untrained model of 12 layers."""
    torch.manual_seed(0)
    model = DeepReverser(kind, 12)
    reversal_loss(model, torch.Generator().manual_seed(1)).backward()
    return [round(layer.feed_forward.linear1.weight.grad.norm().item(), 4) for layer in model.layers]


def train_deep(kind: str, warmup: int, seed: int) -> list[float]:
    """Loss of every step of a model of six layers; the rate rises over ``warmup`` steps and then stays."""
    torch.manual_seed(seed)
    model = DeepReverser(kind, 6)
    generator = torch.Generator().manual_seed(1 + seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE, betas=(0.9, 0.98), eps=1e-9)
    losses = []
    for step in range(1, STEPS + 1):
        optimizer.param_groups[0]["lr"] = RATE * min(1.0, step / warmup)
        loss = reversal_loss(model, generator)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(round(loss.item(), 4))
    return losses


def measure() -> dict[str, Any]:
    """Gradients of untrained models, and nine trainings of a deep one."""
    arms = {"post": ("post", 1), "post_warmup": ("post", 100), "pre": ("pre", 1)}
    trained = {name: [train_deep(*arm, seed) for seed in range(SEEDS)] for name, arm in arms.items()}
    return {
        "depth": {kind: gradient_through_depth(kind) for kind in ("plain", "residual", "post")},
        "layers": {kind: gradient_of_layers(kind) for kind in ("post", "pre")},
        "warmup": {name: [losses[::2] for losses in runs] for name, runs in trained.items()},
        "warmup_at_the_end": {name: [round(sum(run[-20:]) / 20, 3) for run in runs] for name, runs in trained.items()},
    }


def depth(measured: dict[str, Any], lang: str) -> Figure:
    """Norm of the gradient over the number of blocks it has passed."""
    figure = new_figure(7.2, 3.3)
    behind = ("blocks between the loss and the place", "損失からその場所までのブロック数")
    plot = axes(figure, behind, ("norm of the gradient, relative", "勾配のノルム (相対値)"), lang)
    for kind, colour, label in (
        ("residual", BLUE, RESIDUAL),
        ("post", GREEN, POST),
        ("plain", ORANGE, PLAIN),
    ):
        plot.plot(range(DEPTH + 1), measured["depth"][kind], color=colour, marker="o", markersize=3)
        plot.text(DEPTH + 0.5, measured["depth"][kind][-1], choose(label, lang), color=colour, va="center")
    plot.set_yscale("log")
    plot.set_xlim(0, DEPTH + 7)
    plot.set_xticks(range(0, DEPTH + 1, 4))
    return figure


def layers(measured: dict[str, Any], lang: str) -> Figure:
    """Norm of the gradient of each layer's first feed-forward matrix at the start."""
    figure = new_figure(7.2, 3.1)
    plot = axes(figure, ("layer", "層"), ("norm of the gradient", "勾配のノルム"), lang)
    for kind, colour, label in (("post", ORANGE, POST_NORM), ("pre", BLUE, PRE_NORM)):
        plot.plot(
            range(1, 13), measured["layers"][kind], color=colour, marker="o", markersize=4, label=choose(label, lang)
        )
    plot.set_ylim(bottom=0)
    plot.set_xticks(range(1, 13))
    plot.legend(loc="upper left")
    return figure


def warmup(measured: dict[str, Any], lang: str) -> Figure:
    """Loss of the deep reverser: post-norm with and without warm-up, pre-norm without."""
    figure = new_figure(7.2, 4.0)
    plot = axes(figure, ("step", "ステップ"), ("loss (nats per letter)", "損失 (1 文字あたり nat)"), lang)
    labels = {
        "post": (ORANGE, ("post-norm, no warm-up", "Post-LN、ウォームアップなし")),
        "post_warmup": (GREEN, ("post-norm, 100 steps of warm-up", "Post-LN、ウォームアップ 100 ステップ")),
        "pre": (BLUE, ("pre-norm, no warm-up", "Pre-LN、ウォームアップなし")),
    }
    for name, (colour, label) in labels.items():
        for number, losses in enumerate(measured["warmup"][name]):
            shown = choose(label, lang) if number == 0 else None
            plot.plot(range(1, STEPS + 1, 2), losses, color=colour, label=shown, linewidth=1.1)
    plot.axhline(1.946, color=GREY, linewidth=1, linestyle="--")
    plot.set_ylim(0, 2.8)
    figure.legend(loc="outside upper left")
    return figure


FIGURES = {"phase3_depth": depth, "phase3_layers": layers, "phase3_warmup": warmup}

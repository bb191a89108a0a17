"""Figures of phase 1: the table of sinusoids, its clock hands and spectrum, and a model without positions."""

from __future__ import annotations

import math
from typing import Any

import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

from kata.i18n import choose
from solutions.phase1_embedding import PositionalEncoding, TokenEmbedding, position_shift_matrix, sinusoidal_encoding
from solutions.phase4_transformer import Encoder

from .drawing import BLUE, GREEN, GREY, ORANGE, PURPLE, axes, new_figure

LETTERS, LENGTH, STEPS = 12, 8, 300


class LearnedPositions(nn.Module):
    """One learned vector a position, the alternative of paper 3.5."""

    def __init__(self, d_model: int, max_len: int) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.randn(max_len, d_model))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.table[: x.size(1)]


class Reverser(nn.Module):
    """A small encoder that is to write its input backwards."""

    def __init__(self, positions: str, d_model: int = 32) -> None:
        super().__init__()
        self.embedding = TokenEmbedding(LETTERS, d_model)
        nn.init.normal_(self.embedding.embedding.weight, std=d_model**-0.5)
        self.positions = {
            "sinusoids": lambda: PositionalEncoding(d_model, dropout=0.0, max_len=LENGTH),
            "learned": lambda: LearnedPositions(d_model, LENGTH),
            "none": nn.Identity,
        }[positions]()
        self.encoder = Encoder(num_layers=2, d_model=d_model, num_heads=4, d_ff=64, dropout=0.0)
        self.output = nn.Linear(d_model, LETTERS)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.output(self.encoder(self.positions(self.embedding(tokens))))


def words(count: int, generator: torch.Generator) -> Tensor:
    """Random words of LENGTH letters, all different within a word."""
    return torch.rand(count, LETTERS, generator=generator).argsort(dim=1)[:, :LENGTH]


def train_reverser(positions: str) -> dict[str, Any]:
    """Loss of every step, and the share of right letters on fresh words at the end."""
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(1)
    model = Reverser(positions)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    losses = []
    for _ in range(STEPS):
        tokens = words(64, generator)
        loss = nn.functional.cross_entropy(model(tokens).flatten(0, 1), tokens.flip(1).flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(round(loss.item(), 4))
    tokens = words(1000, generator)
    right = (model(tokens).argmax(dim=-1) == tokens.flip(1)).double().mean().item()
    return {"losses": losses, "accuracy": round(right, 4)}


def measure() -> dict[str, Any]:
    """Train the reverser with sinusoids, with learned positions and with none."""
    return {kind: train_reverser(kind) for kind in ("sinusoids", "learned", "none")}


def table(measured: dict[str, Any], lang: str) -> Figure:
    """The encodings of 64 positions, 64 columns wide."""
    figure = new_figure(6.4, 4.2)
    plot = axes(figure, ("column (even: sine, odd: cosine)", "列 (偶数: sin、奇数: cos)"), ("position", "位置"), lang)
    image = plot.imshow(sinusoidal_encoding(64, 64).numpy(), cmap="RdBu_r", vmin=-1, vmax=1, interpolation="none")
    figure.colorbar(image, ax=plot, ticks=[-1, 0, 1])
    return figure


def clock_hands(measured: dict[str, Any], lang: str) -> Figure:
    """Four pairs of columns as clock hands, at six positions, with marks where positions are left out."""
    figure = new_figure(7.2, 4.6)
    positions = (0, 1, 2, 3, None, 10, None, 100)
    grid = figure.add_gridspec(4, len(positions), width_ratios=[0.4 if place is None else 1 for place in positions])
    encoding = sinusoidal_encoding(101, 8)
    circle = torch.linspace(0, 2 * math.pi, 61)
    for pair, colour in enumerate((BLUE, ORANGE, GREEN, PURPLE)):
        for column, position in enumerate(positions):
            plot = figure.add_subplot(grid[pair, column])
            plot.set_xticks([])
            plot.set_yticks([])
            plot.spines[:].set_visible(False)
            if position is None:
                plot.text(0.5, 0.5, "· · ·", ha="center", va="center", color=GREY, transform=plot.transAxes)
                continue
            plot.plot(torch.sin(circle), torch.cos(circle), color=GREY, linewidth=0.8)
            sine, cosine = encoding[position, 2 * pair : 2 * pair + 2].tolist()
            plot.plot([0, sine], [0, cosine], color=colour, linewidth=2.5, solid_capstyle="round")
            plot.set_aspect("equal")
            if pair == 0:
                plot.set_title(choose((f"position {position}", f"位置 {position}"), lang))
            if column == 0:
                plot.set_ylabel(choose((f"pair {pair}", f"組 {pair}"), lang))
    return figure


def dot_products(measured: dict[str, Any], lang: str) -> Figure:
    """Dot products over the distance, and the same after the key's encoding has been shifted."""
    figure = new_figure(7.2, 3.2)
    distance = ("position of the key", "キーの位置")
    encoding = sinusoidal_encoding(101, 512)
    plot = axes(figure, distance, ("dot product", "内積"), lang, 121)
    plot.set_title(choose(("PE[50] · PE[key]", "PE[50] · PE[キー]"), lang))
    plot.plot(encoding @ encoding[50], color=BLUE)
    plot.axvline(50, color=GREY, linewidth=0.8, linestyle=":")
    shifted = encoding @ (position_shift_matrix(-10, 512) @ encoding[50])
    plot = axes(figure, distance, ("dot product", "内積"), lang, 122)
    plot.set_title(choose(("(M₋₁₀ PE[50]) · PE[key]", "(M₋₁₀ PE[50]) · PE[キー]"), lang))
    plot.plot(shifted, color=ORANGE)
    plot.axvline(40, color=GREY, linewidth=0.8, linestyle=":")
    return figure


def speeds(spacing: str) -> Tensor:
    """The speeds of 256 pairs: the paper's geometric ones, or as many at equal distances up to 1."""
    return 10000 ** (-torch.arange(0, 512, 2) / 512) if spacing == "geometric" else torch.arange(1, 257) / 256


SPACINGS = {"geometric": (BLUE, ("geometric", "等比")), "equal": (ORANGE, ("equally spaced", "等間隔"))}


def spectrum(measured: dict[str, Any], lang: str) -> Figure:
    """The speeds of the pairs as the lines of a spectrum, and the dot product over the distance that they give."""
    figure = new_figure(7.2, 3.3)
    lines = axes(figure, ("speed ω (radians a position)", "速さ ω (1 位置あたりのラジアン)"), ("", ""), lang, 121)
    lines.set_title(choose(("every eighth of 256 pairs", "256 組のうち、8 組に 1 組"), lang))
    kernel = axes(figure, ("distance Δ", "距離 Δ"), ("", ""), lang, 122)
    kernel.set_title(choose(("K(Δ) / K(0)", "K(Δ) / K(0)"), lang))
    distances = torch.cat(
        [torch.arange(1, 100), torch.logspace(2, 3.5, 150).round(), torch.arange(1595, 1623)]
    ).unique()
    for height, (spacing, (colour, label)) in zip((1.15, 0), SPACINGS.items()):
        lines.vlines(speeds(spacing)[::8], height, height + 0.9, color=colour, linewidth=1.2)
        lines.text(1e-4, height + 0.95, choose(label, lang), color=colour, va="bottom")
        values = torch.cos(distances.unsqueeze(1) * speeds(spacing)).mean(dim=1)
        kernel.plot(distances, values, color=colour, label=choose(label, lang), linewidth=1.4)
    lines.set_xscale("log")
    lines.set_yticks([])
    lines.set_ylim(0, 2.35)
    lines.spines["left"].set_visible(False)
    kernel.set_xscale("log")
    kernel.axhline(0, color=GREY, linewidth=0.8)
    kernel.legend(loc="upper center", bbox_to_anchor=(0.55, 1.0))
    return figure


def directions(measured: dict[str, Any], lang: str) -> Figure:
    """Singular value decomposition of the first 100 encodings of width 512: energies, and the first directions."""
    figure = new_figure(7.2, 3.3)
    left, values, _ = torch.linalg.svd(sinusoidal_encoding(100, 512).double(), full_matrices=False)
    energy = values**2 / (values**2).sum()
    plot = axes(figure, ("directions", "方向の数"), ("share of the energy", "エネルギーの割合"), lang, 121)
    plot.plot(range(1, 101), energy.cumsum(0), color=BLUE)
    plot.plot([30], [energy.cumsum(0)[29]], marker="o", color=ORANGE)
    plot.annotate("30: 99 %", (30, 0.99), (38, 0.9), color=ORANGE)
    plot.set_ylim(0, 1.03)
    plot = axes(figure, ("position", "位置"), ("", ""), lang, 122)
    plot.set_title(
        choose(("the first four directions over the position", "最初の四つの方向を位置の関数として見る"), lang)
    )
    for place, colour in enumerate((BLUE, ORANGE, GREEN, PURPLE)):
        wave = left[:, place] * torch.sign(left[0, place])
        plot.plot(range(100), wave, color=colour, label=f"{place + 1}: {100 * energy[place]:.0f} %", linewidth=1.4)
    plot.set_yticks([0])
    plot.set_ylim(-0.17, 0.27)
    plot.legend(loc="upper center", fontsize=8, ncols=2)
    return figure


def without_positions(measured: dict[str, Any], lang: str) -> Figure:
    """Loss of the reverser with and without positions."""
    figure = new_figure(7.2, 3.4)
    plot = axes(figure, ("step", "ステップ"), ("loss (nats per letter)", "損失 (1 文字あたり nat)"), lang)
    curves = {
        "sinusoids": (BLUE, ("sinusoids", "正弦波")),
        "learned": (GREEN, ("learned positions", "学習する位置")),
        "none": (ORANGE, ("no positions", "位置なし")),
    }
    for kind, (colour, label) in curves.items():
        plot.plot(range(1, STEPS + 1), measured[kind]["losses"], color=colour, label=choose(label, lang), linewidth=1.4)
    plot.axhline(math.log(LENGTH - 1), color=GREY, linewidth=1, linestyle="--")
    plot.text(STEPS, math.log(LENGTH - 1) - 0.06, "ln 7 = 1.946", ha="right", va="top", color=GREY)
    plot.set_ylim(bottom=0)
    plot.legend(loc="center left", bbox_to_anchor=(0.62, 0.4))
    return figure


FIGURES = {
    "phase1_table": table,
    "phase1_clock_hands": clock_hands,
    "phase1_dot_products": dot_products,
    "phase1_spectrum": spectrum,
    "phase1_directions": directions,
    "phase1_without_positions": without_positions,
}

"""Figures of phase 3: gradients through depth and in each layer, what one step shifts, and warm-up."""

from __future__ import annotations

from typing import Any

import torch
from matplotlib.figure import Figure
from torch import Tensor, nn
from torch.func import functional_call, grad_and_value, stack_module_state, vmap

from kata.i18n import choose
from solutions.phase1_embedding import PositionalEncoding, TokenEmbedding
from solutions.phase2_attention import MultiHeadAttention
from solutions.phase3_layers import LayerNorm, PositionwiseFeedForward
from solutions.phase4_transformer import EncoderLayer

from .drawing import BLUE, GREEN, GREY, ORANGE, PURPLE, axes, new_figure
from .phase1 import LENGTH, LETTERS, words

DEPTH, STEPS, RATE, SEEDS = 24, 600, 3e-3, 3
DEPTHS, SHIFT_STEPS = (2, 6, 12, 24), 200
PLAIN, RESIDUAL, POST = ("F(x)", "F(x)"), ("x + F(x)", "x + F(x)"), ("LayerNorm(x + F(x))", "LayerNorm(x + F(x))")
KINDS = {"post": ("post", "post_warmup", "post_1e-3", "post_5e-4"), "pre": ("pre",)}
ARMS = {"post": (RATE, 1), "post_warmup": (RATE, 100), "post_1e-3": (1e-3, 1), "post_5e-4": (5e-4, 1), "pre": (RATE, 1)}
"""Highest rate and steps of warm-up of each training, by the kind of its layers."""
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
        if kind == "none":
            for layer in self.layers:
                layer.norm1, layer.norm2 = nn.Identity(), nn.Identity()
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


def gradient_of_layers(kind: str, num_layers: int = 12, seed: int = 0) -> list[float]:
    """Norm of the gradient of every layer's first feed-forward matrix, in an untrained model."""
    torch.manual_seed(seed)
    model = DeepReverser(kind, num_layers)
    reversal_loss(model, torch.Generator().manual_seed(1 + seed)).backward()
    return [round(layer.feed_forward.linear1.weight.grad.norm().item(), 4) for layer in model.layers]


def gradient_of_last_layer(kind: str, num_layers: int) -> float:
    """The same of the last layer alone, mean of ten untrained models."""
    return round(sum(gradient_of_layers(kind, num_layers, seed)[-1] for seed in range(10)) / 10, 2)


def shift_of_one_step(kind: str) -> dict[str, Any]:
    """How far a step of the layers below moves what enters the last layer, while a model of six layers learns.

    ``shift``: for every step the change of a feature's mean over a batch, in standard deviations of that feature, mean
    over the features. The rate rises over 100 steps to 1e-3, at which all kinds learn.
    """
    torch.manual_seed(0)
    model, generator = DeepReverser(kind, 6), torch.Generator().manual_seed(1)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, betas=(0.9, 0.98), eps=1e-9)
    probe = words(256, torch.Generator().manual_seed(9))

    @torch.no_grad()
    def statistics() -> tuple[Tensor, Tensor]:
        x = model.positions(model.embedding(probe))
        for layer in model.layers[:-1]:
            x = layer(x)
        return x.mean(dim=(0, 1)), x.std(dim=(0, 1))

    shifts, losses, (mean, deviation) = [], [], statistics()
    for step in range(1, SHIFT_STEPS + 1):
        optimizer.param_groups[0]["lr"] = 1e-3 * min(1.0, step / 100)
        loss = reversal_loss(model, generator)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        before, spread = mean, deviation
        mean, deviation = statistics()
        shifts.append(round(((mean - before).abs() / spread).mean().item(), 4))
        losses.append(round(loss.item(), 4))
    return {"shift": shifts, "losses": losses}


def train_deep(kind: str, arms: list[tuple[float, int]]) -> list[list[list[float]]]:
    """Loss of every step of models of six layers, for every arm and seed; all of them are trained side by side.

    An arm is a rate and the steps of warm-up over which the rate rises to it; then it stays.
    """
    models = []
    for _ in arms:
        for seed in range(SEEDS):
            torch.manual_seed(seed)
            models.append(DeepReverser(kind, 6).eval())
    parameters, buffers = stack_module_state(models)

    def loss_of(parameters: Any, buffers: Any, tokens: Tensor) -> Tensor:
        logits = functional_call(models[0], (parameters, buffers), (tokens,))
        return nn.functional.cross_entropy(logits.flatten(0, 1), tokens.flip(1).flatten())

    gradients_and_losses = vmap(grad_and_value(loss_of))
    optimizer = Adam(parameters)
    generators = [torch.Generator().manual_seed(1 + seed) for seed in range(SEEDS)]
    found = []
    for step in range(1, STEPS + 1):
        tokens = torch.stack([words(32, generator) for generator in generators]).repeat(len(arms), 1, 1)
        gradients, losses = gradients_and_losses(parameters, buffers, tokens)
        rates = torch.tensor([rate * min(1.0, step / warmup) for rate, warmup in arms]).repeat_interleave(SEEDS)
        optimizer.step(gradients, rates)
        found.append([round(loss, 4) for loss in losses.tolist()])
    runs = [list(run) for run in zip(*found)]
    return [runs[at : at + SEEDS] for at in range(0, len(runs), SEEDS)]


class Adam:
    """Adam over stacked parameters, each model with a rate of its own (betas 0.9 and 0.98, eps 1e-9)."""

    def __init__(self, parameters: dict[str, Tensor]) -> None:
        self.parameters, self.steps = parameters, 0
        self.means, self.squares = ({name: torch.zeros_like(x) for name, x in parameters.items()} for _ in range(2))

    @torch.no_grad()
    def step(self, gradients: dict[str, Tensor], rates: Tensor) -> None:
        self.steps += 1
        for name, parameter in self.parameters.items():
            mean, square, gradient = self.means[name], self.squares[name], gradients[name]
            mean.lerp_(gradient, 0.1)
            square.lerp_(gradient.square(), 0.02)
            size = (square / (1 - 0.98**self.steps)).sqrt() + 1e-9
            rate = rates.view(-1, *[1] * (parameter.dim() - 1)) / (1 - 0.9**self.steps)
            parameter -= rate * mean / size


def first_below(losses: list[float], wanted: float) -> int | None:
    """The first step at which the mean of the last 20 losses is below what is wanted; None if there is none."""
    return next((at for at in range(20, len(losses) + 1) if sum(losses[at - 20 : at]) / 20 < wanted), None)


def measure() -> dict[str, Any]:
    """Gradients of untrained models, shifts, and fifteen trainings of a deep one."""
    trained = {}
    for kind, names in KINDS.items():
        trained.update(zip(names, train_deep(kind, [ARMS[name] for name in names])))
    return {
        "depth": {kind: gradient_through_depth(kind) for kind in ("plain", "residual", "post")},
        "layers": {kind: gradient_of_layers(kind) for kind in ("post", "pre")},
        "last_layer": {kind: [gradient_of_last_layer(kind, depth) for depth in DEPTHS] for kind in ("post", "pre")},
        "shift": {kind: shift_of_one_step(kind) for kind in ("post", "none")},
        "warmup": {name: [losses[::3] for losses in runs] for name, runs in trained.items()},
        "warmup_after": {
            str(steps): {
                name: [round(sum(run[steps - 20 : steps]) / 20, 3) for run in runs] for name, runs in trained.items()
            }
            for steps in (300, 600)
        },
        "warmup_below": {name: [first_below(run, 0.03) for run in runs] for name, runs in trained.items()},
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


def shift(measured: dict[str, Any], lang: str) -> Figure:
    """How far each step moves the input of the last layer, with and without normalisation, and the losses."""
    figure = new_figure(7.4, 3.0)
    labels = {"post": (BLUE, ("layer norm", "層正規化あり")), "none": (ORANGE, ("no norm", "正規化なし"))}
    panels = (
        ("shift", ("shift a step (deviations)", "1 ステップのずれ (標準偏差)")),
        ("losses", ("loss (nats per letter)", "損失 (1 文字あたり nat)")),
    )
    for number, (name, label) in enumerate(panels):
        plot = axes(figure, ("step", "ステップ"), label, lang, 121 + number)
        for kind, (colour, text) in labels.items():
            values = measured["shift"][kind][name]
            plot.plot(range(1, len(values) + 1), values, color=colour, linewidth=1.1, label=choose(text, lang))
        if name == "losses":
            plot.set_yscale("log")
            plot.set_yticks((2, 5, 10, 20, 50), ("2", "5", "10", "20", "50"))
            plot.minorticks_off()
        else:
            plot.set_ylim(bottom=0)
            figure.legend(*plot.get_legend_handles_labels(), loc="outside upper left", ncol=2)
    return figure


def warmup(measured: dict[str, Any], lang: str) -> Figure:
    """Loss of the deep reverser: the remedies for a post-norm model that starts at too high a rate."""
    figure = new_figure(7.4, 3.9)
    panels = (
        (("rate 0.003", "学習率 0.003"), ("post", "post_warmup", "pre")),
        (
            ("post-norm, no warm-up, constant rate", "Post-LN、ウォームアップなし、一定の学習率"),
            ("post", "post_1e-3", "post_5e-4"),
        ),
    )
    labels = {
        "post": (ORANGE, ("post-norm at 0.003, no warm-up", "Post-LN、0.003、ウォームアップなし")),
        "post_warmup": (GREEN, ("post-norm, 100 steps of warm-up", "Post-LN、ウォームアップ 100 ステップ")),
        "pre": (BLUE, ("pre-norm, no warm-up", "Pre-LN、ウォームアップなし")),
        "post_1e-3": (PURPLE, ("post-norm at 0.001", "Post-LN、0.001")),
        "post_5e-4": (GREY, ("post-norm at 0.0005", "Post-LN、0.0005")),
    }
    shown = set()
    for position, (title, names) in enumerate(panels):
        plot = axes(
            figure, ("step", "ステップ"), ("loss (nats per letter)", "損失 (1 文字あたり nat)"), lang, 121 + position
        )
        plot.set_title(choose(title, lang))
        for name in names:
            colour, label = labels[name]
            for losses in measured["warmup"][name]:
                words_ = None if name in shown else choose(label, lang)
                shown.add(name)
                plot.plot(range(1, STEPS + 1, 3), losses, color=colour, label=words_, linewidth=1)
        plot.axhline(1.946, color="black", linewidth=1, linestyle="--")
        plot.text(0, 1.9, "ln 7", va="top")
        plot.set_ylim(0, 2.8)
    figure.legend(loc="outside upper left", ncol=2)
    return figure


FIGURES = {"phase3_depth": depth, "phase3_layers": layers, "phase3_shift": shift, "phase3_warmup": warmup}

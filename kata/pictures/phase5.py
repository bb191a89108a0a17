"""Pictures of phase 5: those of a batch, and smoothed targets, the Noam schedule."""

from __future__ import annotations

from typing import Any, Sequence

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import nn

from . import style
from .phase5_batches import EOS, PAD, batch_data, draw_batch, draw_masks, masks_data
from .picture import Claim, Data, Picture, array_of, close, frozen, number_of
from .style import of

SMOOTHING_TITLE = ("What label smoothing asks for", "ラベル平滑化が求めるもの")
VOCABULARY, TRUE_TOKEN, EPSILONS = 8, 5, (0.0, 0.1, 0.3)
GAPS = np.linspace(-2, 12, 57)
SMOOTHING_CAPTION = (
    (
        "Targets are read from your loss: its gradient by a very low logit is −target / tokens.",
        "目標分布は、あなたの損失から読み取りました。ロジットがごく小さいとき、その勾配は −目標 / トークン数 です。",
    ),
    Claim(
        lambda data: close(
            data["targets"],
            [epsilon / VOCABULARY + (1 - epsilon) * (np.arange(VOCABULARY) == TRUE_TOKEN) for epsilon in EPSILONS],
        ),
        (
            "Left: the true token keeps 1−ε+ε/V, every other token gets ε/V.",
            "左: 正解は 1−ε+ε/V、ほかのトークンはそれぞれ ε/V を受け取ります。",
        ),
    ),
    ("Middle: a sentence of three tokens and two <pad>.", "中央: 三つのトークンと二つの <pad> の文です。"),
    Claim(
        lambda data: close(data["sentence"][3:], 0) and close(data["sentence"][:3].sum(axis=1), 1, 0.01),
        ("Rows of <pad> are empty, since they do not count.", "<pad> は数えないので空の行になります。"),
    ),
    Claim(
        lambda data: bool((np.diff(data["losses"][0]) < 0).all()),
        (
            "Right: without smoothing the loss goes on falling as the true token's logit grows, so "
            "logits grow without bound.",
            "右: 平滑化がなければ、正解のロジットが大きいほど損失は下がり続け、ロジットは際限なく大きくなります。",
        ),
    ),
    Claim(
        lambda data: all(0 < int(np.argmin(losses)) < len(GAPS) - 1 for losses in data["losses"][1:]),
        (
            "With smoothing it has a lowest point and rises again: being too sure costs.",
            "平滑化があれば最小の点があり、そこから先は損失が増えます。自信の持ちすぎは損になります。",
        ),
    ),
)
SENTENCE_TARGETS = (TRUE_TOKEN, 3, EOS, PAD, PAD)
TARGET_OF = ("target for true token {token}", "正解が {token} のときの目標分布")
TARGETS = ("targets of a sentence, ε = 0.1", "ある文の目標分布 (ε = 0.1)")
LOSS_CURVE = ("loss against confidence", "自信と損失")
TOKEN, PROBABILITY = ("token of the vocabulary", "語彙のトークン"), ("probability", "確率")
GAP, LOSS = ("logit of the true token minus the others'", "正解のロジットとほかの差"), ("loss (nats)", "損失 (nat)")
TRUE_TOKENS = ("true token", "正解のトークン")

NOAM_TITLE = ("The Noam schedule: up in a line, down with the root", "Noam スケジュール: 直線で上がり、平方根で下がる")
STEPS = np.unique(np.concatenate([np.arange(1, 100, 3), np.linspace(100, 20000, 200).round()])).astype(int)
WARMUPS, WIDTHS = (1000, 2000, 4000, 8000), (256, 512, 1024)
NOAM_CAPTION = (
    Claim(
        lambda data: all(
            abs(int(STEPS[np.argmax(rates)]) - warmup) <= 101 for rates, warmup in zip(data["warmups"], WARMUPS)
        ),
        ("The rate rises for warmup steps and then falls.", "学習率は warmup ステップまで上がり、その後は下がります。"),
    ),
    Claim(
        lambda data: (
            bool((np.diff(data["warmups"].max(axis=1)) < 0).all())
            and close(data["warmups"][:, -1] / data["warmups"][0, -1], 1)
        ),
        (
            "Left: a longer warm-up gives a later and lower peak, 1/√(d_model·warmup); all curves "
            "end on the same one, since "
            "the fall, with 1/√step, does not depend on the warm-up.",
            "左: ウォームアップが長いほど、頂点は遅く、低くなります (高さ 1/√(d_model·warmup))。"
            "1/√step で下がる部分はウォームアップ"
            "によらないので、どの曲線も最後は重なります。",
        ),
    ),
    Claim(
        lambda data: close(data["widths"] * np.sqrt(WIDTHS)[:, None] / (data["widths"][:1] * np.sqrt(WIDTHS[0])), 1),
        (
            "Right: a wider model gets a smaller rate, by 1/√d_model.",
            "右: 幅の広いモデルほど、学習率は 1/√d_model に従って小さくなります。",
        ),
    ),
    (
        "The paper uses d_model 512 and 4000 warm-up steps, for which equation 3 has its peak at 0.0007.",
        "論文は d_model 512、ウォームアップ 4000 で、式 3 の頂点は約 0.0007 です。",
    ),
)
BY_WARMUP = ("several warm-ups, d_model = 512", "ウォームアップを変える (d_model = 512)")
BY_WIDTH = ("several widths, warm-up 4000", "幅を変える (ウォームアップ 4000)")
STEP, RATE = ("training step", "学習ステップ"), ("learning rate", "学習率")
WARMUP_LABEL, WIDTH_LABEL = ("warm-up {value}", "ウォームアップ {value}"), ("d_model {value}", "d_model {value}")

SCHEDULER_TITLE = ("The rate that the optimizer really had", "オプティマイザに実際に設定された学習率")
SCHEDULER_CAPTION = (
    (
        "NoamScheduler over 80 steps (d_model 64, warm-up 20). After step 40 the training stopped; a "
        "new optimizer and a new "
        "scheduler took over with load_state_dict. Every dot must lie on the line, which is the formula.",
        "NoamScheduler を 80 ステップ動かしました (d_model 64、ウォームアップ 20)。ステップ 40 の後で学習を止め、新しい"
        "オプティマイザとスケジューラが load_state_dict で引き継ぎました。点はすべて、式を表す線の上に載るはずです。",
    ),
    Claim(
        lambda data: close(data["rates"] / data["formula"], 1),
        ("They all do.", "そのとおりになっています。"),
        (
            "They do not all: a shift to the side means that the first step had another step's rate, "
            "a restart at step 40 "
            "that the state was not restored.",
            "載っていない点があります。横にずれていれば最初のステップの学習率が別のステップのものにな"
            "っており、40 からやり直して"
            "いれば状態が復元されていません。",
        ),
    ),
)
FORMULA, FIRST_RUN, RESUMED = ("formula", "式"), ("until the stop", "停止まで"), ("resumed", "再開後")
SCHEDULED, STOPPED_AFTER, SMALL_WIDTH, SMALL_WARMUP = 80, 40, 64, 20


def smoothing_data(phase: Any) -> Data:
    """``targets``: ``(epsilons, V)``; ``sentence``: ``(L, V)``; ``losses``: ``(epsilons, gaps)``."""
    targets, losses = [], []
    for epsilon in EPSILONS:
        loss_fn = phase.LabelSmoothingLoss(PAD, epsilon)
        targets.append(_targets_of(loss_fn, [TRUE_TOKEN])[0])
        row = []
        for gap in GAPS:
            logits = torch.zeros(1, 1, VOCABULARY, dtype=torch.float64)
            logits[0, 0, TRUE_TOKEN] = gap
            row.append(number_of(loss_fn(logits, torch.tensor([[TRUE_TOKEN]])), "LabelSmoothingLoss.forward"))
        losses.append(row)
    sentence = _targets_of(phase.LabelSmoothingLoss(PAD, 0.1), SENTENCE_TARGETS)
    return frozen(targets=np.array(targets), sentence=sentence, losses=np.array(losses))


def draw_smoothing(data: Data, lang: str) -> Figure:
    """Smoothed targets of a token and of a sentence, and the loss against confidence."""
    figure = style.new_figure(3.6, of(SMOOTHING_TITLE, lang), style.tell(SMOOTHING_CAPTION, data, lang))
    left, middle, right = figure.subplots(1, 3, width_ratios=(1.1, 1, 1.1))
    tokens = np.arange(VOCABULARY)
    for number, epsilon in enumerate(EPSILONS):
        look = {"color": style.COLOURS[number], "label": f"ε = {epsilon:g}"}
        hatch = ("", "////", "....")[number]
        place = tokens + (number - 1) * 0.27
        left.bar(place, data["targets"][number], 0.27, hatch=hatch, edgecolor="white", linewidth=0, **look)
        right.plot(GAPS, data["losses"][number], linestyle=style.LINES[number], **look)
        lowest = int(np.argmin(data["losses"][number]))
        if lowest < len(GAPS) - 1:
            right.plot(GAPS[lowest], data["losses"][number][lowest], style.MARKERS[number], color=style.COLOURS[number])
    left.set_title(of(TARGET_OF, lang, token=TRUE_TOKEN))
    left.set_xticks(tokens)
    left.set_xlabel(of(TOKEN, lang))
    left.set_ylabel(of(PROBABILITY, lang))
    left.legend(loc="upper left")
    names = ["<pad>" if token == PAD else str(token) for token in SENTENCE_TARGETS]
    style.heat_map(middle, data["sentence"], 0, 1, style.SEQUENTIAL, names, [str(token) for token in tokens])
    for row, column in np.ndindex(*data["sentence"].shape):
        value = data["sentence"][row, column]
        colour = "white" if value < 0.5 else style.BLACK
        said = "0" if abs(value) < 5e-4 else f"{value:.2f}".lstrip("0")
        middle.text(column, row, said, ha="center", va="center", fontsize=8.5, color=colour)
    middle.set_title(of(TARGETS, lang))
    middle.set_xlabel(of(TOKEN, lang))
    middle.set_ylabel(of(TRUE_TOKENS, lang))
    right.set_title(of(LOSS_CURVE, lang))
    right.set_xlabel(of(GAP, lang))
    right.set_ylabel(of(LOSS, lang))
    right.set_ylim(bottom=min(0.0, data["losses"].min()))
    right.grid()
    right.legend(loc="upper right")
    return figure


def noam_data(phase: Any) -> Data:
    """``warmups``: ``(warm-ups, steps)``; ``widths``: ``(widths, steps)``."""

    def rates(width: int, warmup: int) -> list[float]:
        return [number_of(phase.noam_learning_rate(int(step), width, warmup), "noam_learning_rate") for step in STEPS]

    return frozen(
        warmups=np.array([rates(512, warmup) for warmup in WARMUPS]),
        widths=np.array([rates(width, 4000) for width in WIDTHS]),
    )


def draw_noam(data: Data, lang: str) -> Figure:
    """Rates against steps, for several warm-ups and several widths."""
    figure = style.new_figure(3.8, of(NOAM_TITLE, lang), style.tell(NOAM_CAPTION, data, lang))
    left, right = figure.subplots(1, 2, sharey=True)
    _draw_rates(left, data["warmups"], [of(WARMUP_LABEL, lang, value=value) for value in WARMUPS], lang)
    _draw_rates(right, data["widths"], [of(WIDTH_LABEL, lang, value=value) for value in WIDTHS], lang)
    left.set_title(of(BY_WARMUP, lang), pad=16)
    right.set_title(of(BY_WIDTH, lang), pad=16)
    left.set_ylabel(of(RATE, lang))
    return figure


def scheduler_data(phase: Any) -> Data:
    """``rates``: what the optimizer had at every step; ``formula``: what it should have had."""
    optimizer, scheduler = _new_scheduler(phase)
    rates = []
    for step in range(1, SCHEDULED + 1):
        rates.append(number_of(optimizer.param_groups[0]["lr"], "NoamScheduler (the rate it set)"))
        optimizer.step()
        scheduler.step()
        if step == STOPPED_AFTER:
            state = scheduler.state_dict()
            optimizer, scheduler = _new_scheduler(phase)
            scheduler.load_state_dict(state)
    steps = np.arange(1, SCHEDULED + 1)
    formula = SMALL_WIDTH**-0.5 * np.minimum(steps**-0.5, steps * SMALL_WARMUP**-1.5)
    return frozen(rates=np.array(rates), formula=formula)


def draw_scheduler(data: Data, lang: str) -> Figure:
    """The optimizer's rates as dots over the formula's line."""
    figure = style.new_figure(3.6, of(SCHEDULER_TITLE, lang), style.tell(SCHEDULER_CAPTION, data, lang))
    axes = figure.subplots()
    steps = np.arange(1, SCHEDULED + 1)
    axes.plot(steps, data["formula"], color=style.GREY, linewidth=1, label=of(FORMULA, lang))
    first, later = slice(None, STOPPED_AFTER), slice(STOPPED_AFTER, None)
    axes.plot(steps[first], data["rates"][first], "o", color=style.BLUE, markersize=5, label=of(FIRST_RUN, lang))
    axes.plot(steps[later], data["rates"][later], "s", color=style.VERMILION, markersize=5, label=of(RESUMED, lang))
    axes.axvline(STOPPED_AFTER + 0.5, color=style.GREY, linestyle=":")
    axes.set_xlabel(of(STEP, lang))
    axes.set_ylabel(of(RATE, lang))
    axes.set_ylim(bottom=0)
    axes.grid()
    axes.legend()
    return figure


def _draw_rates(axes: Axes, rows: np.ndarray, labels: Sequence[str], lang: str) -> None:
    for number, (rates, label) in enumerate(zip(rows, labels)):
        axes.plot(STEPS, rates, color=style.COLOURS[number], linestyle=style.LINES[number], label=label)
    axes.set_xlabel(of(STEP, lang))
    axes.set_xlim(0, STEPS[-1])
    axes.set_ylim(bottom=0)
    axes.ticklabel_format(axis="y", style="sci", scilimits=(-2, 2), useMathText=True)
    axes.grid()
    axes.legend()


def _targets_of(loss_fn: Any, targets: Sequence[int]) -> np.ndarray:
    """The distributions ``(L, V)`` that the loss compares with, read from its gradients.

    The gradient by a logit is (probability - target) / tokens; where the logit is very low it is -target / tokens.
    """
    tokens = sum(target != PAD for target in targets)
    columns = []
    for token in range(VOCABULARY):
        logits = torch.zeros(1, len(targets), VOCABULARY, dtype=torch.float64)
        logits[..., token] = -40.0
        logits.requires_grad_()
        loss = loss_fn(logits, torch.tensor([list(targets)]))
        array_of(loss, (), "LabelSmoothingLoss.forward")
        (gradient,) = torch.autograd.grad(loss, logits)
        columns.append(-tokens * gradient[0, :, token].numpy())
    return np.stack(columns, axis=1)


def _new_scheduler(phase: Any) -> tuple[torch.optim.Optimizer, Any]:
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    return optimizer, phase.NoamScheduler(optimizer, SMALL_WIDTH, SMALL_WARMUP)


PICTURES = (
    Picture("masks", masks_data, draw_masks),
    Picture("batch", batch_data, draw_batch),
    Picture("smoothing", smoothing_data, draw_smoothing),
    Picture("noam", noam_data, draw_noam),
    Picture("scheduler", scheduler_data, draw_scheduler),
)

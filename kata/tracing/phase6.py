"""Worked examples of phase 6: gradients (3, 0) and (0, 4), losses of 1 and 3, the tree of the lesson's beam search."""

from __future__ import annotations

import math
from typing import Mapping, Sequence

import torch

from .example import Example, Step

A, B, END, BOS, PAD = 0, 1, 2, 3, 4

# Prefix to the probabilities of a, b and E (EOS) after it: the lesson's tree. Elsewhere all three are alike.
TREE = {
    (): (0.55, 0.42, 0.03),
    (A,): (0.15, 0.80, 0.05),
    (B,): (0.06, 0.04, 0.90),
    (A, B): (0.85, 0.05, 0.10),
    (A, B, A): (0.06, 0.04, 0.90),
}


def table_of(tree: Mapping[tuple[int, ...], Sequence[float]]) -> torch.Tensor:
    """Log-probabilities ``(121, 3)`` with the rows of ``TableModel``: one for every prefix of up to four tokens."""
    table = torch.full((121, 3), 1 / 3)
    for prefix, probabilities in tree.items():
        row = 0
        for token in prefix:
            row = 3 * row + token + 1
        table[row] = torch.tensor(probabilities)
    return table.log()


def score(probability: float, length: int) -> float:
    """Log-probability over the length penalty for alpha 0.6."""
    return math.log(probability) / ((5 + length) / 6) ** 0.6


def penalties(lengths: Sequence[int]) -> list[float]:
    """The lesson's table for alpha 0.6."""
    return [((5 + length) / 6) ** 0.6 for length in lengths]


TRAINED = {
    "model": "in_guest.TwoParameters()",
    "optimizer": "in_guest.Descent(model, 1.0)",
}
SEARCHED = {"model": "in_guest.TreeModel(table, 3)"}
SRC = torch.tensor([[2]])

EXAMPLES = {
    "train_step": (
        Example(
            title=(
                "Two parameters a = (2, 0), b = (0, 1) with the loss 3 a[0] + 4 b[1] = 10; rate 1, old gradients of 1",
                "パラメータ a = (2, 0)、b = (0, 1)、損失 3 a[0] + 4 b[1] = 10。学習率 1、前の勾配 1 が残っている",
            ),
            anchor="step",
            calls={
                **TRAINED,
                "scheduler": "in_guest.Rate(optimizer)",
                "loss": "train_step(model, in_guest.Anything(), in_guest.as_it_is, optimizer, scheduler)",
            },
            steps=(
                Step(
                    ("in training mode at the forward pass (there is one)", "順伝播 (一度) のとき学習モードか"),
                    "[loss, model.training_at_call][1]",
                    [True],
                    ("model.train() first", "最初に model.train()"),
                ),
                Step(
                    ("gradients that the optimizer steps with: a, then b", "オプティマイザが使う勾配: a、b の順"),
                    "[loss, optimizer.gradients][1]",
                    [[3, 0, 0, 4]],
                    (
                        (
                            "optimizer.zero_grad() before backward(): old gradients are "
                            "added otherwise; one step, after backward()"
                        ),
                        "backward() の前に optimizer.zero_grad() (しないと前の勾配に足される)。その後で一度だけ step()",
                    ),
                ),
                Step(
                    ("a and b after the step", "更新後の a と b"),
                    "columns(loss * 0, model.a, model.b)[1:]",
                    [-1, 0, 0, -3],
                    ("optimizer.step() once", "optimizer.step() を一度"),
                ),
                Step(
                    ("who stepped, in order", "進めた順"),
                    "[loss, optimizer.events][1]",
                    ["optimizer", "scheduler"],
                    ("scheduler.step() comes after optimizer.step()", "scheduler.step() は optimizer.step() の後"),
                ),
                Step(("the loss that is returned: that before the step", "返す損失: 更新前のもの"), "loss", 10.0),
                Step(
                    ("... as a Python number", "… Python の数として"),
                    "kind(loss)",
                    "float",
                    ("loss.item() holds no graph", "loss.item() ならグラフを抱えない"),
                ),
            ),
        ),
        Example(
            title=(
                "The same with max_norm = 1: the norm of all gradients is 5",
                "同じ例で max_norm = 1 (勾配全体のノルムは 5)",
            ),
            anchor="by-hand",
            calls={
                **TRAINED,
                "loss": "train_step(model, in_guest.Anything(), in_guest.as_it_is, optimizer, None, 1.0)",
            },
            steps=(
                Step(
                    ("clipped gradients: a, then b", "クリップした勾配: a、b の順"),
                    "[loss, optimizer.gradients][1]",
                    [[0.6, 0, 0, 0.8]],
                    (
                        "clip_grad_norm_ over all parameters together, between backward() and step()",
                        "backward() と step() の間に、全パラメータまとめて clip_grad_norm_",
                    ),
                ),
                Step(
                    ("a and b after the step", "更新後の a と b"),
                    "columns(loss * 0, model.a, model.b)[1:]",
                    [1.4, 0, 0, 0.2],
                ),
            ),
        ),
    ),
    "train": (
        Example(
            title=(
                "Two batches for the model above: the loss falls from 10 to -15",
                "上のモデルにバッチ二つ: 損失は 10 から -15 へ",
            ),
            anchor="step",
            calls={
                **TRAINED,
                "scheduler": "in_guest.Rate(optimizer)",
                "seen": "in_guest.Steps(optimizer)",
                "losses": "train(model, in_guest.two_batches(), in_guest.as_it_is, optimizer, scheduler, None, seen)",
            },
            steps=(
                Step(
                    (
                        "calls of on_step: step, loss, updates so far",
                        "on_step の呼び出し: ステップ、損失、それまでの更新回数",
                    ),
                    "[losses, seen.calls][1]",
                    [[1, 10, 1], [2, -15, 2]],
                    (
                        "on_step(step, loss) right after each step, from step 1",
                        "各ステップの直後に on_step(step, loss)。ステップは 1 から",
                    ),
                ),
                Step(
                    ("who stepped, in order", "進めた順"),
                    "[losses, optimizer.events][1]",
                    ["optimizer", "scheduler"] * 2,
                    ("hand scheduler and max_norm on to train_step", "scheduler と max_norm を train_step に渡す"),
                ),
                Step(
                    ("the losses that are returned", "返す損失"),
                    "losses",
                    [10.0, -15.0],
                    ("one train_step a batch, in order", "バッチごとに train_step を一度、順に"),
                ),
            ),
        ),
    ),
    "evaluate": (
        Example(
            title=(
                "Losses 1.0 over 90 tokens (81 right) and 3.0 over 10 (1 right)",
                "90 トークンで損失 1.0 (正解 81)、10 トークンで損失 3.0 (正解 1)",
            ),
            anchor="evaluation",
            calls={
                "model": "in_guest.SaysOne()",
                "found": "evaluate(model, [in_guest.Counted(90, 81), in_guest.Counted(10, 1)], in_guest.one_or_three)",
            },
            steps=(
                Step(
                    ("in training mode at the two calls", "二回の呼び出しで学習モードか"),
                    "[found, model.training_at_call][1]",
                    [False, False],
                    ("model.eval() before the loop", "ループの前に model.eval()"),
                ),
                Step(
                    ("gradients recorded at the two calls", "二回の呼び出しで勾配を記録しているか"),
                    "[found, model.gradients_at_call][1]",
                    [False, False],
                    ("with torch.no_grad():", "with torch.no_grad():"),
                ),
                Step(
                    ("loss: (90 · 1.0 + 10 · 3.0) / 100", "損失: (90 · 1.0 + 10 · 3.0) / 100"),
                    "found.loss",
                    1.2,
                    (
                        "multiply each batch's mean by its num_tokens, add up, divide once: not the mean of means",
                        "各バッチの平均に num_tokens を掛けて足し、最後に一度割る (平均の平均ではない)",
                    ),
                ),
                Step(
                    ("accuracy: 82 of 100", "正解率: 100 個中 82 個"),
                    "found.token_accuracy",
                    0.82,
                    (
                        "argmax against tgt_out, padding left out above and below the line",
                        "argmax を tgt_out と比べる。パディングは分子にも分母にも入れない",
                    ),
                ),
                Step(
                    ("in training mode again afterwards", "終わった後は学習モードに戻るか"),
                    "[found, model.training][1]",
                    True,
                    ("the mode in which it came, also if something raises", "来たときのモードに戻す (例外が出ても)"),
                ),
            ),
        ),
    ),
    "greedy_decode": (
        Example(
            title=(
                (
                    "The tree of the lesson: a = 0, b = 1, E (EOS) = 2, BOS = 3, padding = "
                    "4; the second row says E at once"
                ),
                "レッスンの木: a = 0、b = 1、E (EOS) = 2、BOS = 3、パディング = 4。二行目はすぐ E と言う",
            ),
            anchor="length-penalty",
            given={
                "table": torch.stack([table_of(TREE), table_of({(): (0.1, 0.1, 0.8)})]),
                "src": torch.tensor([[2], [3]]),
            },
            hidden=("table",),
            calls={**SEARCHED, "tokens": "greedy_decode(model, src, None, 3, 2, 4, 4)"},
            steps=(
                Step(
                    ("how often the source was encoded", "入力をエンコードした回数"),
                    "[tokens, model.encode_calls][1]",
                    1,
                    ("encode once, before the loop", "ループの前に一度だけ encode する"),
                ),
                Step(
                    ("any call in training mode?", "学習モードで呼んだことがあるか"),
                    "[tokens, any_of(model.modes)][1]",
                    False,
                    (
                        "evaluation mode and no gradients; the mode is restored",
                        "評価モードで、勾配なし。モードは元に戻す",
                    ),
                ),
                Step(
                    ("any call with gradients?", "勾配を記録したことがあるか"),
                    "[tokens, any_of(model.grads)][1]",
                    False,
                    ("with torch.no_grad():", "with torch.no_grad():"),
                ),
                Step(
                    ("prefix of row 0 at the first step: BOS", "最初のステップでの行 0 の接頭辞: BOS"),
                    "[tokens, asked(model.prefixes, 0)][1]",
                    [3],
                    inner=True,
                ),
                Step(
                    ("... at the second: a, 0.55, was best", "… 2 番目: 最良は a (0.55)"),
                    "[tokens, asked(model.prefixes, 1)][1]",
                    [3, 0],
                    (
                        "append the most probable token of the last position",
                        "最後の位置でもっとも確率の高いトークンを足す",
                    ),
                    inner=True,
                ),
                Step(
                    ("... at the third: b, 0.80", "… 3 番目: b (0.80)"),
                    "[tokens, asked(model.prefixes, 2)][1]",
                    [3, 0, 1],
                    inner=True,
                ),
                Step(
                    ("... at the fourth: a, 0.85", "… 4 番目: a (0.85)"),
                    "[tokens, asked(model.prefixes, 3)][1]",
                    [3, 0, 1, 0],
                    inner=True,
                ),
                Step(
                    ("the tokens", "トークン"),
                    "tokens",
                    [[0, 1, 0, 2], [2, 4, 4, 4]],
                    (
                        "without BOS, with EOS; a row that has ended gets pad_id, whatever the model says",
                        "BOS は含まず EOS は含む。終わった行には、モデルの出力によらず pad_id を入れる",
                    ),
                ),
            ),
        ),
        Example(
            title=("The same with max_len = 2", "同じ例で max_len = 2"),
            anchor="greedy",
            given={
                "table": torch.stack([table_of(TREE), table_of({(): (0.1, 0.1, 0.8)})]),
                "src": torch.tensor([[2], [3]]),
            },
            hidden=("table", "src"),
            calls={**SEARCHED, "tokens": "greedy_decode(model, src, None, 3, 2, 4, 2)"},
            steps=(
                Step(
                    ("the tokens", "トークン"),
                    "tokens",
                    [[0, 1], [2, 4]],
                    (
                        "max_len counts the tokens of the answer, BOS not",
                        "max_len が数えるのは答えのトークンで、BOS は数えない",
                    ),
                ),
            ),
        ),
    ),
    "length_penalty": (
        Example(
            title=("alpha = 0.6, lengths 1, 2, 4, 5, 10, 20", "alpha = 0.6、長さ 1、2、4、5、10、20"),
            anchor="length-penalty",
            calls={"one": "length_penalty(1, 0.6)"},
            steps=(
                Step(
                    ("length 1: 1 to any power", "長さ 1: 1 は何乗しても 1"),
                    "one",
                    1.0,
                    ("((5 + length) / 6) ** alpha", "((5 + length) / 6) ** alpha"),
                ),
                Step(
                    ("all six", "六つすべて"),
                    (
                        "columns(one, length_penalty(2, 0.6), length_penalty(4, 0.6), "
                        "length_penalty(5, 0.6), length_penalty(10, 0.6), length_penalty(20, 0.6))"
                    ),
                    penalties((1, 2, 4, 5, 10, 20)),
                    ("((5 + length) / 6) ** alpha", "((5 + length) / 6) ** alpha"),
                ),
                Step(("alpha = 0 switches it off", "alpha = 0 なら働かない"), "length_penalty(10, 0.0)", 1.0),
            ),
        ),
    ),
    "beam_search": (
        Example(
            title=(
                "The tree of the lesson: a = 0, b = 1, E (EOS) = 2, BOS = 3; beam 2, at most 4 tokens, alpha 0.6",
                "レッスンの木: a = 0、b = 1、E (EOS) = 2、BOS = 3。ビーム幅 2、最大 4 トークン、alpha 0.6",
            ),
            anchor="length-penalty",
            given={"table": table_of(TREE).unsqueeze(0), "src": SRC},
            hidden=("table",),
            calls={**SEARCHED, "found": "in_guest.answers(beam_search(model, src, None, 3, 2, 4, 2, 0.6))"},
            steps=(
                Step(
                    ("any call in training mode?", "学習モードで呼んだことがあるか"),
                    "[found, any_of(model.modes)][1]",
                    False,
                    (
                        "evaluation mode and no gradients; the mode is restored",
                        "評価モードで、勾配なし。モードは元に戻す",
                    ),
                ),
                Step(
                    ("prefixes that the model was asked to go on from", "モデルに続きを尋ねた接頭辞"),
                    "[found, distinct(model.prefixes)][1]",
                    ["3", "3 0", "3 1", "3 0 1", "3 0 1 0"],
                    (
                        "keep the 2 best extensions of all live hypotheses together; those that end in E are collected",
                        "生きている仮説すべての拡張から上位 2 個を残す。E で終わったものは取り分ける",
                    ),
                    inner=True,
                ),
                Step(
                    ("how many hypotheses are returned", "返す仮説の数"),
                    "count_of(found)",
                    2,
                    ("at most beam_size", "多くても beam_size 個"),
                ),
                Step(
                    ("the best: a b a E", "最良: a b a E"),
                    "found[0][0]",
                    [A, B, A, END],
                    (
                        "rank by score, best first; tokens without BOS, with EOS",
                        "スコア順に並べる。トークンに BOS は含めず EOS は含める",
                    ),
                ),
                Step(
                    ("its score: ln 0.3366 / 1.2754", "そのスコア: ln 0.3366 / 1.2754"),
                    "found[0][1]",
                    score(0.3366, 4),
                    (
                        "log-probability / length_penalty(number of tokens, EOS counted)",
                        "対数確率 / length_penalty(EOS を含むトークン数)",
                    ),
                ),
                Step(("the second: b E", "2 番目: b E"), "found[1][0]", [B, END]),
                Step(("its score: ln 0.378 / 1.0969", "そのスコア: ln 0.378 / 1.0969"), "found[1][1]", score(0.378, 2)),
            ),
        ),
        Example(
            title=("The same with alpha 0: the short one wins", "同じ例で alpha 0: 短いほうが勝つ"),
            anchor="length-penalty",
            given={"table": table_of(TREE).unsqueeze(0), "src": SRC},
            hidden=("table", "src"),
            calls={**SEARCHED, "found": "in_guest.answers(beam_search(model, src, None, 3, 2, 4, 2, 0.0))"},
            steps=(
                Step(("the best: b E", "最良: b E"), "found[0][0]", [B, END]),
                Step(("its score: ln 0.378", "そのスコア: ln 0.378"), "found[0][1]", math.log(0.378)),
            ),
        ),
    ),
}
"""Task to its worked examples."""

"""Worked examples of phase 5: the lesson's batch of two pairs, its smoothed loss, its schedule of width 4."""

from __future__ import annotations

import math

import torch

from .example import Example, Raises, Step

SRC = torch.tensor([[5, 6, 7, 8, 2], [9, 4, 2, 0, 0]])
TGT_IN = torch.tensor([[1, 3, 4, 5], [1, 6, 0, 0]])
REAL = [[True] * 5, [True] * 3 + [False] * 2]
TRIANGLE = [[key <= query for key in range(4)] for query in range(4)]
SECOND = [[key <= query and key < 2 for key in range(4)] for query in range(4)]
P = [0.7, 0.1, 0.1, 0.1]
MEAN = -sum(map(math.log, P)) / 4
RATES = [0.0625, 0.125, 0.1875, 0.25]

EXAMPLES = {
    "padding_mask": (
        Example(
            title=("The sources of the batch; padding is 0", "バッチの入力 (パディングは 0)"),
            anchor="by-hand",
            given={"src": SRC},
            calls={"mask": "padding_mask(src, 0)"},
            steps=(
                Step(
                    ("shape: (B, 1, 1, L), two axes put in", "形: (B, 1, 1, L)。次元を二つ足す"),
                    "shape(mask)",
                    "(2, 1, 1, 5)",
                    ("the ones broadcast over heads and queries", "1 の次元は、ヘッドとクエリにブロードキャストする"),
                ),
                Step(("row 0: all five tokens are real", "行 0: 五つとも本物のトークン"), "mask[0, 0]", [REAL[0]]),
                Step(
                    ("row 1: the last two are padding", "行 1: 最後の二つはパディング"),
                    "mask[1, 0]",
                    [REAL[1]],
                    (
                        "True (1 here) means “may attend”: where the token is not pad_id",
                        "True (ここでは 1) は「注意を向けてよい」: トークンが pad_id でないところ",
                    ),
                ),
                Step(
                    (
                        "row 1 of padding_mask(src, 2), where 2 is padding",
                        "2 をパディングとする padding_mask(src, 2) の行 1",
                    ),
                    "padding_mask(src, 2)[1, 0]",
                    [[True, True, False, True, True]],
                    (
                        "compare with pad_id, whatever it is and wherever it stands",
                        "値や位置を決めつけず、pad_id と比べる",
                    ),
                ),
            ),
        ),
    ),
    "look_ahead_mask": (
        Example(
            title=("Length 4", "長さ 4"),
            anchor="shapes",
            calls={"mask": "look_ahead_mask(4)"},
            steps=(
                Step(("shape: (1, 1, L, L)", "形: (1, 1, L, L)"), "shape(mask)", "(1, 1, 4, 4)"),
                Step(
                    ("query 0: itself alone", "クエリ 0: 自分だけ"),
                    "mask[0, 0, 0]",
                    TRIANGLE[0],
                    ("row q is True up to column q, the diagonal included", "行 q は列 q まで True。対角線も含む"),
                ),
                Step(
                    ("all queries: the past and the present", "すべてのクエリ: 過去と現在"),
                    "mask",
                    [[TRIANGLE]],
                    ("row q is True up to column q, the diagonal included", "行 q は列 q まで True。対角線も含む"),
                ),
            ),
        ),
    ),
    "decoder_mask": (
        Example(
            title=("The decoder's inputs of the batch", "バッチのデコーダ入力"),
            anchor="by-hand",
            given={"tgt_in": TGT_IN},
            calls={"mask": "decoder_mask(tgt_in, 0)"},
            steps=(
                Step(("shape: (B, 1, L, L)", "形: (B, 1, L, L)"), "shape(mask)", "(2, 1, 4, 4)"),
                Step(("row 0 (1, 3, 4, 5): no padding", "行 0 (1, 3, 4, 5): パディングなし"), "mask[0, 0]", TRIANGLE),
                Step(
                    ("row 1 (1, 6, 0, 0): columns 0 and 1 at most", "行 1 (1, 6, 0, 0): 列 0 と 1 まで"),
                    "mask[1, 0]",
                    SECOND,
                    (
                        "padding_mask & look_ahead_mask; padded queries keep their row",
                        "padding_mask & look_ahead_mask。パディングのクエリの行もそのまま残す",
                    ),
                ),
            ),
        ),
    ),
    "make_batch": (
        Example(
            title=("Two pairs; pad = 0, bos = 1, eos = 2", "組が二つ。pad = 0、bos = 1、eos = 2"),
            anchor="by-hand",
            given={"pairs": [([5, 6, 7, 8], [3, 4, 5]), ([9, 4], [6])]},
            calls={"batch": "make_batch(pairs, 0, 1, 2)"},
            steps=(
                Step(
                    ("src: ids, EOS, padding", "src: ID、EOS、パディング"),
                    "batch.src",
                    SRC,
                    ("src_ids + [eos], padded on the right", "src_ids + [eos] を右側でパディング"),
                ),
                Step(
                    ("tgt_in: BOS, ids", "tgt_in: BOS、ID"),
                    "batch.tgt_in",
                    TGT_IN,
                    ("[bos] + tgt_ids: what the decoder reads", "[bos] + tgt_ids: デコーダが読むもの"),
                ),
                Step(
                    ("tgt_out: ids, EOS", "tgt_out: ID、EOS"),
                    "batch.tgt_out",
                    [[3, 4, 5, 2], [6, 2, 0, 0]],
                    ("tgt_ids + [eos]: one step ahead of tgt_in", "tgt_ids + [eos]: tgt_in の一つ先"),
                ),
                Step(("src_mask", "src_mask"), "batch.src_mask", [[[row]] for row in REAL]),
                Step(("tgt_mask: (B, 1, L, L)", "tgt_mask: (B, 1, L, L)"), "shape(batch.tgt_mask)", "(2, 1, 4, 4)"),
                Step(("tgt_mask of row 1", "行 1 の tgt_mask"), "batch.tgt_mask[1, 0]", SECOND),
                Step(
                    ("num_tokens: 4 + 2", "num_tokens: 4 + 2"),
                    "batch.num_tokens",
                    6,
                    (
                        "tokens of tgt_out that are not padding, EOS counted",
                        "tgt_out のパディングでないトークン。EOS も数える",
                    ),
                ),
                Step(("no pairs at all", "組が一つもないとき"), "make_batch([], 0, 1, 2)", Raises("ValueError")),
            ),
        ),
    ),
    "LabelSmoothingLoss": (
        Example(
            title=(
                "V = 4, the model says (0.7, 0.1, 0.1, 0.1), the first is right",
                "V = 4、モデルは (0.7, 0.1, 0.1, 0.1)、正解は最初",
            ),
            anchor="by-hand",
            given={"logits": torch.tensor([[P]]).log(), "target": torch.tensor([[0]])},
            calls={"loss, gradient": "in_guest.gradient_of(LabelSmoothingLoss(3, 0.1), logits, target)"},
            steps=(
                Step(
                    ("without smoothing: -ln 0.7", "平滑化なし: -ln 0.7"),
                    "LabelSmoothingLoss(3, 0.0)(logits, target)",
                    -math.log(0.7),
                    (
                        "-log p of the true token; log_softmax over the vocabulary",
                        "正解トークンの -log p。log_softmax は語彙の方向",
                    ),
                ),
                Step(
                    ("smoothing 1: the mean of -ln p over the vocabulary", "平滑化 1: 語彙全体での -ln p の平均"),
                    "LabelSmoothingLoss(3, 1.0)(logits, target)",
                    MEAN,
                    (
                        "smoothing / V for every token, the true one and padding included",
                        "どのトークンにも smoothing / V (正解もパディングも含む)",
                    ),
                ),
                Step(
                    ("smoothing 0.1", "平滑化 0.1"),
                    "loss",
                    0.50262,
                    (
                        "(1 - smoothing) times the first plus smoothing times the second",
                        "一つ目の (1 - smoothing) 倍と、二つ目の smoothing 倍の和",
                    ),
                ),
                Step(
                    (
                        "target distribution, read off the gradient: q = p - gradient",
                        "勾配から読み取った目標分布: q = p - 勾配",
                    ),
                    "logits.exp() - gradient",
                    [[[0.925, 0.025, 0.025, 0.025]]],
                ),
            ),
        ),
        Example(
            title=(
                "Three real tokens in two rows, one of padding (id 3)",
                "二つの行に本物のトークンが三つ、パディング (ID 3) が一つ",
            ),
            anchor="label-smoothing",
            given={"logits": torch.tensor([[P, [0.25] * 4], [P, P]]).log(), "target": torch.tensor([[0, 3], [0, 1]])},
            calls={"loss, gradient": "in_guest.gradient_of(LabelSmoothingLoss(3, 0.1), logits, target)"},
            steps=(
                Step(
                    ("the loss: the mean over the three real tokens", "損失: 本物のトークン三つの平均"),
                    "loss",
                    (2 * 0.50262 + 0.9 * -math.log(0.1) + 0.1 * MEAN) / 3,
                    (
                        "sum over the real tokens of the batch, divided once by their number: 3",
                        "バッチ全体の本物のトークンについての和を、その個数 3 で一度だけ割る",
                    ),
                ),
                Step(("the gradient at padding", "パディングでの勾配"), "gradient[0, 1]", [0, 0, 0, 0]),
                Step(
                    ("a batch of nothing but padding", "パディングしかないバッチ"),
                    "LabelSmoothingLoss(3, 0.1)(logits[:1, 1:], target[:1, 1:])",
                    0.0,
                    ("there is no token to divide by: 0", "割る個数が 0 なので、損失は 0 にする"),
                ),
            ),
        ),
    ),
    "noam_learning_rate": (
        Example(
            title=(
                "d_model = 4, warm-up 4: d_model^-0.5 = 1/2, warmup^-1.5 = 1/8",
                "d_model = 4、ウォームアップ 4: d_model^-0.5 = 1/2、warmup^-1.5 = 1/8",
            ),
            anchor="by-hand",
            calls={"rate": "noam_learning_rate(1, 4, 4)"},
            steps=(
                Step(
                    ("step 1: 1/2 · 1/8", "ステップ 1: 1/2 · 1/8"),
                    "rate",
                    0.0625,
                    (
                        "d_model^-0.5 · min(step^-0.5, step · warmup^-1.5)",
                        "d_model^-0.5 · min(step^-0.5, step · warmup^-1.5)",
                    ),
                ),
                Step(
                    ("steps 1 to 4: up in a straight line", "ステップ 1〜4: 直線で上がる"),
                    (
                        "columns(rate, noam_learning_rate(2, 4, 4), noam_learning_rate(3, 4, "
                        "4), noam_learning_rate(4, 4, 4))"
                    ),
                    RATES,
                ),
                Step(
                    ("step 16: 1/2 · 1/4", "ステップ 16: 1/2 · 1/4"),
                    "noam_learning_rate(16, 4, 4)",
                    0.125,
                    ("after the warm-up: step^-0.5", "ウォームアップの後は step^-0.5"),
                ),
                Step(("step 1 with factor 3", "factor 3 のステップ 1"), "noam_learning_rate(1, 4, 4, 3.0)", 0.1875),
                Step(
                    ("step 0: steps count from 1", "ステップ 0 (1 から数える)"),
                    "noam_learning_rate(0, 4, 4)",
                    Raises("ValueError"),
                ),
            ),
        ),
    ),
    "NoamScheduler": (
        Example(
            title=(
                "An optimizer with two groups at rate 9; d_model = 4, warm-up 4",
                "学習率 9 の、グループ二つのオプティマイザ。d_model = 4、ウォームアップ 4",
            ),
            anchor="by-hand",
            calls={
                "optimizer": "tools.optimizer('SGD', [9.0, 9.0])",
                "scheduler": "NoamScheduler(optimizer, 4, 4)",
                "second": "tools.optimizer('SGD', [9.0])",
                "resumed": "NoamScheduler(second, 99, 99)",
            },
            steps=(
                Step(
                    ("rates of the two groups once it is built", "作った直後の、二つのグループの学習率"),
                    "[scheduler, tools.rates(optimizer)][1]",
                    [0.0625, 0.0625],
                    (
                        "building it sets the rate of step 1 in every group",
                        "作ったときに、すべてのグループへステップ 1 の学習率を設定する",
                    ),
                ),
                Step((".last_lr", ".last_lr"), "scheduler.last_lr", 0.0625),
                Step(
                    ("rates after step()", "step() の後の学習率"),
                    "[scheduler.step(), tools.rates(optimizer)][1]",
                    [0.125, 0.125],
                    ("step() moves on to the next rate: that of step 2", "step() は次のステップ (2) の学習率に進む"),
                ),
                Step((".last_lr", ".last_lr"), "scheduler.last_lr", 0.125),
                Step(
                    ("rate of another optimizer, resumed from the state", "状態から再開した別のオプティマイザの学習率"),
                    "[tools.hand_over(scheduler, resumed), tools.rates(second)][1]",
                    [0.125],
                    (
                        "load_state_dict sets the rate at once, with the settings of the state",
                        "load_state_dict は、状態にある設定ですぐに学習率を設定する",
                    ),
                ),
                Step(
                    ("... and after its step()", "… その step() の後"),
                    "[resumed.step(), tools.rates(second)][1]",
                    [0.1875],
                ),
            ),
        ),
    ),
}
"""Task to its worked examples."""

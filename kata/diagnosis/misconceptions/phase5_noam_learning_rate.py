"""Mistakes in ``noam_learning_rate`` (phase 5)."""

from __future__ import annotations

from . import Misconception, family

RATE = "return factor * d_model**-0.5 * min(step**-0.5, step * warmup_steps**-1.5)"

CATALOGUE = (
    Misconception(
        id="noam-max-for-min",
        task="noam_learning_rate",
        edits=((RATE, "return factor * d_model**-0.5 * max(step**-0.5, step * warmup_steps**-1.5)"),),
        en="The larger of the two branches is taken instead of the smaller. The rate then starts far too high, "
        "falls until the end of the warm-up, and rises forever after it: the mirror image of equation 3. With "
        "`min`, the straight line holds first and the falling root later.",
        ja="二つの枝の小さいほうではなく、大きいほうを取っています。学習率は大きすぎる値から始まり、ウォームアップの終"
        "わりまで下がり、その後は上がり続けます。式 3 とは逆の形です。`min` なら、最初は直線、その後は下がる平方根"
        "の枝になります。",
        lesson="noam",
    ),
    Misconception(
        id="noam-warmup-exponent",
        task="noam_learning_rate",
        edits=((RATE, "return factor * d_model**-0.5 * min(step**-0.5, step * warmup_steps**-0.5)"),),
        en="The exponent of `warmup_steps` is -0.5 instead of -1.5, which makes the rise `warmup_steps` times too "
        "steep. The two branches cross at the cube root of `warmup_steps` instead of at `warmup_steps`: with 4000 the "
        "peak comes at step 16 and is `0.25 * d_model^-0.5`, almost 16 times too high.",
        ja="`warmup_steps` の指数が -1.5 ではなく -0.5 なので、立ち上がりが `warmup_steps` 倍も急です。二つの枝は "
        "`warmup_steps` ではなくその立方根のところで交わります。4000 なら頂点は早くもステップ 16 に来て、高さは "
        "`0.25 * d_model^-0.5`、本来の 16 倍近くになります。",
        lesson="noam",
    ),
    Misconception(
        id="noam-without-d-model",
        task="noam_learning_rate",
        edits=((RATE, "return factor * min(step**-0.5, step * warmup_steps**-1.5)"),),
        en="`d_model^-0.5` is missing. The paper lets wider models learn more slowly; at `d_model = 512` this rate "
        "is 22.6 times too high, and training diverges or stays on a plateau right after the warm-up.",
        ja="`d_model^-0.5` がありません。論文では、幅の広いモデルほど学習率を小さくします。`d_model = 512` なら "
        "22.6 倍も大きすぎる学習率になり、ウォームアップの直後に発散するか、損失が下がらなくなります。",
        lesson="noam",
    ),
    Misconception(
        id="noam-grows-with-d-model",
        task="noam_learning_rate",
        edits=((RATE, "return factor * d_model**0.5 * min(step**-0.5, step * warmup_steps**-1.5)"),),
        en="The rate is multiplied by the root of `d_model` instead of divided by it (equation 3 has "
        "`d_model^-0.5`). Wider models need smaller steps; here they get larger ones, 512 times too large at the "
        "paper's width.",
        ja="`d_model` の平方根で割らずに、掛けています (式 3 では `d_model^-0.5`)。幅の広いモデルには小さな学習率が"
        "必要なのに、逆に大きくなり、論文の幅では 512 倍になります。",
        lesson="noam",
    ),
    Misconception(
        id="noam-factor-on-one-branch",
        task="noam_learning_rate",
        edits=((RATE, "return d_model**-0.5 * min(factor * step**-0.5, step * warmup_steps**-1.5)"),),
        en="`factor` multiplies one of the two branches only. The branches then cross at another step than "
        "`warmup_steps`, and the factor shifts the peak instead of scaling the whole curve. It belongs outside the "
        "minimum.",
        ja="`factor` が二つの枝の一方だけに掛かっています。枝の交わる点が `warmup_steps` からずれ、曲線全体を拡大・"
        "縮小する代わりに頂点の位置を動かしてしまいます。最小値の外側に掛けてください。",
        lesson="noam",
    ),
    Misconception(
        id="noam-constant-after-warmup",
        task="noam_learning_rate",
        edits=((RATE, "return factor * d_model**-0.5 * min(warmup_steps**-0.5, step * warmup_steps**-1.5)"),),
        en="After the warm-up the rate stays at its peak. Equation 3 lets it fall with the root of the step, "
        "`step^-0.5`; a rate that never falls keeps the model jumping around its goal, and the loss does not settle.",
        ja="ウォームアップの後、学習率が最大値のまま変わりません。式 3 では `step^-0.5` に従って下がります。下がら"
        "ない学習率では、モデルが目標の周りで跳ね続け、損失が落ち着きません。",
        lesson="noam",
    ),
    Misconception(
        id="noam-falls-with-the-step",
        task="noam_learning_rate",
        edits=((RATE, "return factor * d_model**-0.5 * min(warmup_steps**0.5 / step, step * warmup_steps**-1.5)"),),
        en="After the warm-up the rate falls with the step itself, `1 / step`, instead of with its root. Peak and "
        "rise are right, but at 16 times the warm-up the rate is a sixteenth of the peak and not a quarter: learning "
        "comes to a stop too early.",
        ja="ウォームアップの後、学習率がステップ数の平方根ではなく、ステップ数そのもの (`1 / step`) に従って下がっ"
        "ています。立ち上がりと頂点は正しくても、ウォームアップの 16 倍のステップで、頂点の 4 分の 1 ではなく 16 分"
        "の 1 になり、学習が早く止まってしまいます。",
        lesson="noam",
    ),
    Misconception(
        id="noam-one-step-ahead",
        task="noam_learning_rate",
        edits=(
            (
                RATE,
                """
                step += 1
                return factor * d_model**-0.5 * min(step**-0.5, step * warmup_steps**-1.5)
                """,
            ),
        ),
        en="The rate is that of the next step: 1 is added, as if steps were counted from 0. Here they count from 1, "
        "as in the paper, so that `step^-0.5` always exists; the first rate would be twice what it should be, and "
        "the peak comes one step early.",
        ja="ステップを 0 から数えるかのように 1 を足しているので、一つ先の学習率になっています。この教材では論文と"
        "同じく 1 から数えるので、`step^-0.5` は常に計算できます。このままでは最初の学習率が 2 倍になり、頂点が 1 "
        "ステップ早く来ます。",
        lesson="noam",
    ),
    Misconception(
        id="noam-accepts-step-0",
        task="noam_learning_rate",
        edits=(
            (
                """
                if step < 1:
                    ...
                """,
                "step = max(step, 1)",
            ),
        ),
        en="Step 0 and negative steps silently get the rate of step 1. The contract is a `ValueError`: whoever "
        "counts from 0 is one step off all the time, and should hear of it at once instead of training with the "
        "wrong schedule.",
        ja="ステップ 0 や負のステップに、黙ってステップ 1 の学習率を返しています。ここでは `ValueError` を出すのが"
        "約束です。0 から数えている人はずっと 1 ステップずれているので、間違ったスケジュールで学習を続ける前に、す"
        "ぐ知らせるべきです。",
        lesson="noam",
    ),
    Misconception(
        id="noam-step-not-checked",
        task="noam_learning_rate",
        edits=(("if step < 1:\n    ...", ""),),
        en="Nothing looks at `step`, so step 0 ends in a `ZeroDivisionError` (`0 ** -0.5`), and a negative step may "
        "even give a complex number. The contract asks for a `ValueError` that names the step.",
        ja="`step` を確かめていないので、0 だと `ZeroDivisionError` になり (`0 ** -0.5`)、負の数では複素数になることさ"
        "えあります。求められているのは、その値を示す `ValueError` です。",
        lesson="noam",
    ),
    *family(
        id="noam-step-refused-with-{value}",
        task="noam_learning_rate",
        values={"assertion-error": "AssertionError", "runtime-error": "RuntimeError"},
        edits=(("if step < 1:\n    ...", 'if step < 1:\n    raise {value}(f"steps count from 1, not {step}")'),),
        en="A step below 1 is refused with `{value}`. The contract asks for a `ValueError`: that is Python's "
        "exception for an argument of the right type and an unsuitable value, and callers catch exceptions by "
        "their type.",
        ja="1 より小さいステップを `{value}` で拒んでいます。求められているのは `ValueError` です。型は正しいが値が不"
        "適切な引数のための、Python の例外です。呼び出し側は例外を型で捕まえます。",
        lesson="noam",
    ),
    Misconception(
        id="noam-rises-with-the-root",
        task="noam_learning_rate",
        edits=((RATE, "return factor * d_model**-0.5 * min(step**0.5, step * warmup_steps**-1.5)"),),
        en="The first branch is `step^0.5`, the minus of the exponent is missing: after the warm-up the rate goes on "
        "rising. Equation 3 has `step^-0.5`, which falls.",
        ja="一つ目の枝が `step^0.5` で、指数のマイナスが抜けています。ウォームアップの後も学習率が上がり続けます。式 "
        "3 は下がっていく `step^-0.5` です。",
        lesson="noam",
    ),
)

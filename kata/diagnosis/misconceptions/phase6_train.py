"""Mistakes in ``train`` (phase 6)."""

from __future__ import annotations

from . import Misconception

CALL = "loss = train_step(model, batch, loss_fn, optimizer, scheduler, max_norm)"

CATALOGUE = (
    Misconception(
        id="train-counts-from-0",
        task="train",
        edits=(("enumerate(batches, start=1)", "enumerate(batches)"),),
        en="`on_step` is told 0 for the first step, as `enumerate` counts by default. Steps count from 1 in this "
        "course, as they do in equation 3, so that step `n` means that `n` updates have been made.",
        ja="`enumerate` の既定のまま、最初のステップを 0 として `on_step` に渡しています。この教材のステップは、式 "
        "3 と同じく 1 から数えます。ステップ `n` は、更新を `n` 回行ったという意味です。",
        lesson="step",
    ),
    Misconception(
        id="train-forgets-the-optional-arguments",
        task="train",
        edits=((CALL, "loss = train_step(model, batch, loss_fn, optimizer)"),),
        en="`scheduler` and `max_norm` are not passed on to `train_step`. Nothing fails: the rate just never changes "
        "and nothing is ever clipped, whatever the caller asked for.",
        ja="`scheduler` と `max_norm` を `train_step` に渡していません。エラーにはなりませんが、何を指定しても学習率"
        "は変わらず、クリッピングも行われません。",
        lesson="step",
    ),
    Misconception(
        id="train-moves-the-schedule-once",
        task="train",
        edits=(
            (CALL, "loss = train_step(model, batch, loss_fn, optimizer, None, max_norm)"),
            (
                "return losses",
                """
                if scheduler is not None:
                    scheduler.step()
                return losses
                """,
            ),
        ),
        en="The scheduler moves once, after all batches, as schedules that count epochs do. Equation 3 counts "
        "training steps: with a warm-up of 4000 such a run would creep along at the first rates forever. One "
        "`scheduler.step()` for every update.",
        ja="スケジューラを、すべてのバッチの後で 1 回だけ進めています (エポック単位のスケジュールのやり方です)。式 "
        "3 が数えるのは学習ステップなので、ウォームアップが 4000 なら、いつまでも最初のごく小さな学習率のままです。"
        "更新のたびに `scheduler.step()` を呼んでください。",
        lesson="step",
    ),
    Misconception(
        id="train-stops-after-one-batch",
        task="train",
        edits=(
            (
                """
                for step, batch in enumerate(batches, start=1):
                    ...
                return losses
                """,
                """
                for step, batch in enumerate(batches, start=1):
                    ...
                    return losses
                return losses
                """,
            ),
        ),
        en="Training ends after the first batch, as where the `return` is indented into the loop. The list then holds "
        "one loss, and the model has taken one step.",
        ja="最初のバッチだけで学習が終わっています。`return` の字下げが深く、ループの中に入っているとこうなります。損"
        "失は一つだけ、更新も 1 回だけです。",
        lesson="step",
    ),
    Misconception(
        id="train-reports-at-the-end",
        task="train",
        edits=(
            (
                """
                if on_step is not None:
                    on_step(step, loss)
                """,
                "",
            ),
            (
                "return losses",
                """
                for step, loss in enumerate(losses, start=1):
                    if on_step is not None:
                        on_step(step, loss)
                return losses
                """,
            ),
        ),
        en="`on_step` is called for all steps after the last of them. It is there to watch training while it goes "
        "on, for curves, checkpoints or an early end: call it right after each step.",
        ja="すべてのステップが終わってから、まとめて `on_step` を呼んでいます。これは学習の途中経過を見るためのもの "
        "(曲線の表示、保存、早めの打ち切りなど) なので、各ステップの直後に呼んでください。",
        lesson="step",
    ),
    Misconception(
        id="train-reports-loss-and-step-exchanged",
        task="train",
        edits=(("on_step(step, loss)", "on_step(loss, step)"),),
        en="`on_step` gets the loss first and the step second. It is called as `on_step(step, loss)`; both are "
        "numbers, so nothing complains, and the curve has its axes exchanged.",
        ja="`on_step` に損失、ステップの順で渡しています。`on_step(step, loss)` の順です。どちらも数なのでエラーには"
        "ならず、曲線の縦軸と横軸が入れ替わります。",
        lesson="step",
    ),
    Misconception(
        id="train-returns-the-mean",
        task="train",
        edits=(("return losses", "return sum(losses) / max(len(losses), 1)"),),
        en="One number comes back, the mean of all losses. A list with the loss of each step shows whether the loss "
        "falls, swings or stands still; the mean hides all three.",
        ja="全損失の平均を一つだけ返しています。ステップごとの損失のリストなら、下がっているか、振動しているか、止"
        "まっているかが分かりますが、平均ではどれも見えません。",
        lesson="loss-curves",
    ),
    Misconception(
        id="train-needs-a-list",
        task="train",
        edits=(
            (
                """
                for step, batch in enumerate(batches, start=1):
                    ...
                """,
                """
                for step in range(1, len(batches) + 1):
                    batch = batches[step - 1]
                    ...
                """,
            ),
        ),
        en="The batches are taken by index and counted with `len`. They may come from a generator, which has "
        "neither: it makes each batch when it is asked for, so that a large data set need not fit into memory. Loop "
        "over them once, in order.",
        ja="バッチを番号で取り出し、`len` で数えています。バッチはジェネレータかもしれず、その場合はどちらも使えま"
        "せん。必要になったときに一つずつ作るので、大きなデータでもメモリに収まります。順番に 1 回だけループしてく"
        "ださい。",
        lesson="step",
    ),
    Misconception(
        id="train-forgets-max-norm",
        task="train",
        edits=((CALL, "loss = train_step(model, batch, loss_fn, optimizer, scheduler)"),),
        en="`max_norm` is not passed on to `train_step`. Nothing fails: nothing is ever clipped, whatever the caller "
        "asked for.",
        ja="`max_norm` を `train_step` に渡していません。エラーにはなりませんが、何を指定してもクリッピングが行われま"
        "せん。",
        lesson="step",
    ),
    Misconception(
        id="train-forgets-the-scheduler",
        task="train",
        edits=((CALL, "loss = train_step(model, batch, loss_fn, optimizer, None, max_norm)"),),
        en="`scheduler` is not passed on to `train_step`. Nothing fails: the rate never changes, and with the Noam "
        "schedule training creeps along at the rate of step 1.",
        ja="`scheduler` を `train_step` に渡していません。エラーにはなりませんが、学習率がいつまでも変わらず、Noam の"
        "スケジュールではステップ 1 の非常に小さい学習率のまま進みます。",
        lesson="step",
    ),
    Misconception(
        id="train-moves-the-schedule-twice",
        task="train",
        edits=((CALL, f"{CALL}\nif scheduler is not None:\n    scheduler.step()"),),
        en="`scheduler.step()` is called here and in `train_step` as well: the schedule runs at twice the speed. One "
        "step of the scheduler for every update, and `train_step` makes it.",
        ja="`scheduler.step()` をここでも `train_step` の中でも呼んでいるので、スケジュールが 2 倍の速さで進みます。更"
        "新 1 回につき 1 回で、それは `train_step` が行います。",
        lesson="step",
        met=(
            "https://github.com/aimagelab/meshed-memory-transformer/issues/71",
            "https://github.com/robodhruv/visualnav-transformer/issues/72",
        ),
    ),
)

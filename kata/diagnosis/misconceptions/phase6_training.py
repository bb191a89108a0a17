"""Phase 6: mistakes in one step of training, and in many."""

from __future__ import annotations

from . import Misconception

_FORWARD = "logits = model(batch.src, batch.tgt_in, batch.src_mask, batch.tgt_mask)  # (B, L_tgt, V)\n    loss ="
_ZERO = "    optimizer.zero_grad()\n"
_CLIP = """    if max_norm is not None:
        nn.utils.clip_grad_norm_(model.parameters(), max_norm)
"""
_STEP = "    optimizer.step()\n    if scheduler is not None:\n        scheduler.step()\n"
_CALL = "loss = train_step(model, batch, loss_fn, optimizer, scheduler, max_norm)"
_ON_STEP = "        if on_step is not None:\n            on_step(step, loss)\n"
_TRAIN = ("train",)

CATALOGUE = (
    # -- train_step --
    Misconception(
        id="step-keeps-old-gradients",
        task="train_step",
        edits=((_ZERO, ""),),
        also=_TRAIN,
        lesson="step",
        en="The gradients are never set to zero. `backward()` adds to what is there, so every step goes along the "
        "sum of all gradients since the beginning. Adam and clipping hide this on small tasks; on larger ones "
        "training slows down and swings.",
        ja="勾配を 0 に戻していません。`backward()` はすでにある勾配に足していくので、毎回、最初からの勾配の合計に"
        "沿って進むことになります。小さな問題では Adam やクリッピングに隠れて気づきませんが、大きな問題では学習が遅"
        "くなり、振動します。",
    ),
    Misconception(
        id="step-zeroes-after-backward",
        task="train_step",
        edits=((_ZERO, ""), ("    loss.backward()\n", "    loss.backward()\n    optimizer.zero_grad()\n")),
        also=_TRAIN,
        lesson="step",
        en="`zero_grad()` stands between `backward()` and `optimizer.step()`, and wipes out the gradients that were "
        "just computed: nothing is learned, and the loss stays where it is. Zero before `backward()`, or after the "
        "step.",
        ja="`zero_grad()` が `backward()` と `optimizer.step()` の間にあり、計算したばかりの勾配を消しています。何"
        "も学習されず、損失は変わりません。0 に戻すのは `backward()` の前か、更新の後です。",
    ),
    Misconception(
        id="step-updates-before-backward",
        task="train_step",
        edits=(
            (_ZERO, ""),
            ("    loss.backward()\n", ""),
            (
                _STEP,
                _STEP.replace("    if scheduler", "    optimizer.zero_grad()\n    loss.backward()\n    if scheduler"),
            ),
        ),
        also=_TRAIN,
        lesson="step",
        en="`optimizer.step()` comes before `backward()`, so each update uses the gradients of the batch before, and "
        "the first one whatever was left over. The order is: zero, forward, loss, backward, clip, step.",
        ja="`optimizer.step()` が `backward()` より先にあるので、毎回一つ前のバッチの勾配で更新し、最初の更新は残っ"
        "ていた勾配で行われます。順序は、0 に戻す、順伝播、損失、逆伝播、クリッピング、更新です。",
    ),
    Misconception(
        id="step-in-the-mode-it-finds",
        task="train_step",
        edits=(("    model.train()\n    optimizer", "    optimizer"),),
        lesson="step",
        en="`model.train()` is missing, so the step runs in whatever mode the model is in. After an evaluation that "
        "is evaluation mode, and from then on training goes on without dropout: no error, only a model that overfits.",
        ja="`model.train()` がないので、そのときのモードのまま学習しています。評価の後なら評価モードのままになり、そ"
        "れ以降はドロップアウトなしで学習が進みます。エラーは出ず、過学習するだけです。",
    ),
    Misconception(
        id="step-returns-a-tensor",
        task="train_step",
        edits=(("return loss.item()", "return loss"),),
        also=_TRAIN,
        lesson="step",
        en="The loss comes back as a tensor with its graph. A list of such losses keeps the activations of every "
        "step alive, and memory grows until it runs out. `loss.item()` is a plain float that holds nothing.",
        ja="損失を計算グラフの付いたテンソルのまま返しています。それをリストにためると、全ステップの中間結果が生き続"
        "け、メモリが尽きるまで増えます。`loss.item()` なら、何も抱えない普通の float です。",
    ),
    Misconception(
        id="step-reads-the-answer",
        task="train_step",
        edits=((_FORWARD, _FORWARD.replace("batch.tgt_in", "batch.tgt_out")),),
        also=_TRAIN,
        lesson="step",
        en="The decoder is given `tgt_out`, the very tokens it should answer. It learns to copy them: the loss falls "
        "to its floor within a few steps, and decoding, where there is nothing to copy, fails. It reads `tgt_in`, "
        "one step behind.",
        ja="デコーダに `tgt_out`、つまり答えるべきトークンそのものを読ませています。デコーダは写すことだけを覚え、"
        "損失はすぐ下限まで落ちますが、写すもののない復号ではうまくいきません。読ませるのは、一つ遅れの `tgt_in` で"
        "す。",
    ),
    Misconception(
        id="step-without-masks",
        task="train_step",
        edits=((_FORWARD, _FORWARD.replace("batch.src_mask, batch.tgt_mask", "None, None")),),
        also=_TRAIN,
        lesson="step",
        en="The model is called without the masks of the batch. The decoder sees the tokens it has to predict, and "
        "both sides read padding as words: training looks excellent, the trained model is useless. Pass "
        "`batch.src_mask` and `batch.tgt_mask`.",
        ja="バッチのマスクを渡さずにモデルを呼んでいます。デコーダは予測すべきトークンが見え、原文側も訳文側もパディ"
        "ングを単語として読みます。学習は見事に進んでいるように見えて、使えないモデルになります。`batch.src_mask` "
        "と `batch.tgt_mask` を渡してください。",
    ),
    Misconception(
        id="step-compares-with-the-input",
        task="train_step",
        edits=(("loss = loss_fn(logits, batch.tgt_out)", "loss = loss_fn(logits, batch.tgt_in)"),),
        also=_TRAIN,
        lesson="step",
        en="The loss compares the logits with `tgt_in`, the tokens that the decoder has just read. It learns to "
        "repeat its input; a decoder that starts from BOS then says BOS for ever. The answers are in `tgt_out`, one "
        "step ahead.",
        ja="損失でロジットを `tgt_in`、つまりデコーダがいま読んだトークンと比べています。入力を繰り返すことを覚える"
        "ので、BOS から始めると BOS を出し続けます。正解は一つ先の `tgt_out` です。",
    ),
    Misconception(
        id="step-clips-at-the-wrong-time",
        task="train_step",
        edits=((_CLIP, ""), (_STEP, _STEP.replace("    if scheduler", _CLIP + "    if scheduler"))),
        also=_TRAIN,
        lesson="step",
        en="`max_norm` has no effect on the update: the gradients are clipped after `optimizer.step()` has used "
        "them, or before `backward()` has made them. Clip between the two, otherwise one bad batch can still throw "
        "the weights far away.",
        ja="`max_norm` が更新に効いていません。`optimizer.step()` が勾配を使った後か、`backward()` が勾配を作る前に"
        "クリッピングしています。その二つの間で行わないと、おかしなバッチ一つで重みが大きく飛ばされます。",
    ),
    Misconception(
        id="step-clips-each-parameter",
        task="train_step",
        edits=(
            (
                _CLIP,
                _CLIP.replace(
                    "nn.utils.clip_grad_norm_(model.parameters(), max_norm)",
                    "for parameter in model.parameters():\n            nn.utils.clip_grad_norm_(parameter, max_norm)",
                ),
            ),
        ),
        also=_TRAIN,
        lesson="step",
        en="Each parameter is clipped by its own norm. That changes the direction of the step, and all of them "
        "together may still be far longer than `max_norm`. One norm over all gradients scales them by one number.",
        ja="パラメータごとに、それぞれのノルムでクリッピングしています。これでは更新の向きが変わり、全体のノルムは "
        "`max_norm` をはるかに超えることもあります。全勾配をまとめた一つのノルムで、同じ倍率を掛けます。",
    ),
    Misconception(
        id="step-clips-values",
        task="train_step",
        edits=((_CLIP, _CLIP.replace("clip_grad_norm_", "clip_grad_value_")),),
        also=_TRAIN,
        lesson="step",
        en="`clip_grad_value_` cuts every entry of a gradient to plus or minus `max_norm`. `max_norm` bounds the "
        "norm of all gradients together: `clip_grad_norm_` makes the whole vector shorter and keeps its direction.",
        ja="`clip_grad_value_` は、勾配の各成分を ±`max_norm` で切ります。`max_norm` は全勾配をまとめたノルムの上限で"
        "す。`clip_grad_norm_` なら、向きを保ったままベクトル全体が短くなります。",
    ),
    Misconception(
        id="step-clips-without-being-asked",
        task="train_step",
        edits=((_CLIP, "    nn.utils.clip_grad_norm_(model.parameters(), 1.0 if max_norm is None else max_norm)\n"),),
        also=_TRAIN,
        lesson="step",
        en="With `max_norm=None` the gradients are clipped to 1 all the same. None means that nothing is clipped; a "
        "limit that nobody has set makes large gradients small without a word, and spoils comparisons.",
        ja="`max_norm=None` でも、勾配を 1 にクリッピングしています。None は「クリッピングしない」という意味です。"
        "誰も指定していない上限が、大きな勾配を黙って小さくし、比較を狂わせます。",
    ),
    Misconception(
        id="step-moves-the-schedule-first",
        task="train_step",
        edits=((_STEP, "    if scheduler is not None:\n        scheduler.step()\n    optimizer.step()\n"),),
        also=_TRAIN,
        lesson="step",
        en="`scheduler.step()` comes before `optimizer.step()`, so the first rate of the schedule is skipped and "
        "every update uses that of the next step. The scheduler moves on after the update.",
        ja="`scheduler.step()` が `optimizer.step()` より先にあるので、スケジュールの最初の学習率が飛ばされ、毎回一"
        "つ先の学習率で更新します。スケジューラを進めるのは更新の後です。",
    ),
    Misconception(
        id="step-loss-after-the-update",
        task="train_step",
        edits=(
            (
                "return loss.item()",
                "return loss_fn(model(batch.src, batch.tgt_in, batch.src_mask, batch.tgt_mask), batch.tgt_out).item()",
            ),
        ),
        also=_TRAIN,
        lesson="step",
        en="The loss is computed again after the update. It costs a second forward pass, and it measures the model "
        "on the very batch it has just learned from, which looks better than the truth. Return the loss that the "
        "step went down from.",
        ja="更新の後で損失を計算し直しています。順伝播が余分に 1 回かかるうえ、学習したばかりのバッチで測るので、実"
        "際より良く見えます。更新前に計算した損失を返してください。",
    ),
    Misconception(
        id="step-averages-twice",
        task="train_step",
        edits=(("loss.backward()", "(loss / batch.num_tokens).backward()"),),
        also=_TRAIN,
        lesson="step",
        en="The loss is divided by `num_tokens` before `backward()`, though `loss_fn` gives a mean already. The "
        "gradients become smaller by the number of tokens, and large batches learn more slowly than small ones.",
        ja="`loss_fn` がすでに平均を返すのに、`backward()` の前にさらに `num_tokens` で割っています。勾配がトークン数"
        "の分だけ小さくなり、大きなバッチほど学習が遅くなります。",
    ),
    # -- train --
    Misconception(
        id="train-counts-from-0",
        task="train",
        edits=(("enumerate(batches, start=1)", "enumerate(batches)"),),
        lesson="step",
        en="`on_step` is told 0 for the first step, as `enumerate` counts by default. Steps count from 1 in this "
        "course, as they do in equation 3, so that step `n` means that `n` updates have been made.",
        ja="`enumerate` の既定のまま、最初のステップを 0 として `on_step` に渡しています。この教材のステップは、式 "
        "3 と同じく 1 から数えます。ステップ `n` は、更新を `n` 回行ったという意味です。",
    ),
    Misconception(
        id="train-forgets-the-optional-arguments",
        task="train",
        edits=((_CALL, "loss = train_step(model, batch, loss_fn, optimizer)"),),
        lesson="step",
        en="`scheduler` and `max_norm` are not passed on to `train_step`. Nothing fails: the rate just never changes "
        "and nothing is ever clipped, whatever the caller asked for.",
        ja="`scheduler` と `max_norm` を `train_step` に渡していません。エラーにはなりませんが、何を指定しても学習率"
        "は変わらず、クリッピングも行われません。",
    ),
    Misconception(
        id="train-moves-the-schedule-once",
        task="train",
        edits=(
            (_CALL, _CALL.replace("scheduler, max_norm", "None, max_norm")),
            (
                "    return losses\n\n\n@dataclass",
                "    if scheduler is not None:\n        scheduler.step()\n    return losses\n\n\n@dataclass",
            ),
        ),
        lesson="step",
        en="The scheduler moves once, after all batches, as schedules that count epochs do. Equation 3 counts "
        "training steps: with a warm-up of 4000 such a run would creep along at the first rates for ever. One "
        "`scheduler.step()` for every update.",
        ja="スケジューラを、すべてのバッチの後で 1 回だけ進めています (エポック単位のスケジュールのやり方です)。式 "
        "3 が数えるのは学習ステップなので、ウォームアップが 4000 なら、いつまでも最初のごく小さな学習率のままです。"
        "更新のたびに `scheduler.step()` を呼んでください。",
    ),
    Misconception(
        id="train-stops-after-one-batch",
        task="train",
        edits=((_ON_STEP + "    return losses", _ON_STEP + "        return losses\n    return losses"),),
        lesson="step",
        en="The `return` is indented into the loop, so training ends after the first batch. The list then holds one "
        "loss, and the model has taken one step.",
        ja="`return` の字下げが深く、ループの中に入っているので、最初のバッチだけで学習が終わります。損失は一つだけ、"
        "更新も 1 回だけです。",
    ),
    Misconception(
        id="train-reports-at-the-end",
        task="train",
        edits=(
            (_ON_STEP, ""),
            (
                "    return losses\n\n\n@dataclass",
                "    for step, loss in enumerate(losses, start=1):\n" + _ON_STEP + "    return losses\n\n\n@dataclass",
            ),
        ),
        lesson="step",
        en="`on_step` is called for all steps after the last of them. It is there to watch training while it goes "
        "on, for curves, checkpoints or an early end: call it right after each step.",
        ja="すべてのステップが終わってから、まとめて `on_step` を呼んでいます。これは学習の途中経過を見るためのもの "
        "(曲線の表示、保存、早めの打ち切りなど) なので、各ステップの直後に呼んでください。",
    ),
    Misconception(
        id="train-reports-loss-and-step-exchanged",
        task="train",
        edits=(("on_step(step, loss)\n    return", "on_step(loss, step)\n    return"),),
        lesson="step",
        en="`on_step` gets the loss first and the step second. It is called as `on_step(step, loss)`; both are "
        "numbers, so nothing complains, and the curve has its axes exchanged.",
        ja="`on_step` に損失、ステップの順で渡しています。`on_step(step, loss)` の順です。どちらも数なのでエラーには"
        "ならず、曲線の縦軸と横軸が入れ替わります。",
    ),
    Misconception(
        id="train-returns-the-mean",
        task="train",
        edits=(("    return losses\n\n\n@dataclass", "    return sum(losses) / max(len(losses), 1)\n\n\n@dataclass"),),
        lesson="loss-curves",
        en="One number comes back, the mean of all losses. A list with the loss of each step shows whether the loss "
        "falls, swings or stands still; the mean hides all three.",
        ja="全損失の平均を一つだけ返しています。ステップごとの損失のリストなら、下がっているか、振動しているか、止"
        "まっているかが分かりますが、平均ではどれも見えません。",
    ),
    Misconception(
        id="train-needs-a-list",
        task="train",
        edits=(
            (
                "for step, batch in enumerate(batches, start=1):\n",
                "for step in range(1, len(batches) + 1):\n        batch = batches[step - 1]\n",
            ),
        ),
        lesson="step",
        en="The batches are taken by index and counted with `len`. They may come from a generator, which has "
        "neither: it makes each batch when it is asked for, so that a large data set need not fit into memory. Loop "
        "over them once, in order.",
        ja="バッチを番号で取り出し、`len` で数えています。バッチはジェネレータかもしれず、その場合はどちらも使えま"
        "せん。必要になったときに一つずつ作るので、大きなデータでもメモリに収まります。順番に 1 回だけループしてく"
        "ださい。",
    ),
)

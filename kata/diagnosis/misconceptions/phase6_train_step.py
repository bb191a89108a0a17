"""Mistakes in ``train_step`` (phase 6)."""

from __future__ import annotations

from . import Misconception

ZERO = "optimizer.zero_grad()"
CLIP = """
if max_norm is not None:
    nn.utils.clip_grad_norm_(model.parameters(), max_norm)
"""
STEP = """
optimizer.step()
if scheduler is not None:
    scheduler.step()
"""
FORWARD = "model(batch.src, batch.tgt_in, batch.src_mask, batch.tgt_mask)"

CATALOGUE = (
    Misconception(
        id="step-keeps-old-gradients",
        task="train_step",
        edits=((ZERO, ""),),
        en="The gradients are never set to zero. `backward()` adds to what is there, so every step goes along the "
        "sum of all gradients since the beginning. Adam and clipping hide this on small tasks; on larger ones "
        "training slows down and swings.",
        ja="勾配を 0 に戻していません。`backward()` はすでにある勾配に足していくので、毎回、最初からの勾配の合計に"
        "沿って進むことになります。小さな問題では Adam やクリッピングに隠れて気づきませんが、大きな問題では学習が遅"
        "くなり、振動します。",
        lesson="step",
    ),
    Misconception(
        id="step-zeroes-after-backward",
        task="train_step",
        edits=(
            (ZERO, ""),
            (
                "loss.backward()",
                """
                loss.backward()
                optimizer.zero_grad()
                """,
            ),
        ),
        en="`zero_grad()` stands between `backward()` and `optimizer.step()`, and wipes out the gradients that were "
        "just computed: nothing is learned, and the loss stays where it is. Zero before `backward()`, or after the "
        "step.",
        ja="`zero_grad()` が `backward()` と `optimizer.step()` の間にあり、計算したばかりの勾配を消しています。何"
        "も学習されず、損失は変わりません。0 に戻すのは `backward()` の前か、更新の後です。",
        lesson="step",
    ),
    Misconception(
        id="step-updates-before-backward",
        task="train_step",
        edits=(
            (ZERO, ""),
            ("loss.backward()", ""),
            (
                STEP,
                """
                optimizer.step()
                optimizer.zero_grad()
                loss.backward()
                if scheduler is not None:
                    scheduler.step()
                """,
            ),
        ),
        en="`optimizer.step()` comes before `backward()`, so each update uses the gradients of the batch before, and "
        "the first one whatever was left over. The order is: zero, forward, loss, backward, clip, step.",
        ja="`optimizer.step()` が `backward()` より先にあるので、毎回一つ前のバッチの勾配で更新し、最初の更新は残っ"
        "ていた勾配で行われます。順序は、0 に戻す、順伝播、損失、逆伝播、クリッピング、更新です。",
        lesson="step",
    ),
    Misconception(
        id="step-in-the-mode-it-finds",
        task="train_step",
        edits=(("model.train()", ""),),
        en="`model.train()` is missing, so the step runs in whatever mode the model is in. After an evaluation that "
        "is evaluation mode, and from then on training goes on without dropout: no error, only a model that overfits.",
        ja="`model.train()` がないので、そのときのモードのまま学習しています。評価の後なら評価モードのままになり、そ"
        "れ以降はドロップアウトなしで学習が進みます。エラーは出ず、過学習するだけです。",
        lesson="step",
    ),
    Misconception(
        id="step-returns-a-tensor",
        task="train_step",
        edits=(("return loss.item()", "return loss"),),
        en="The loss comes back as a tensor with its graph. A list of such losses keeps the activations of every "
        "step alive, and memory grows until it runs out. `loss.item()` is a plain float that holds nothing.",
        ja="損失を計算グラフの付いたテンソルのまま返しています。それをリストにためると、全ステップの中間結果が生き続"
        "け、メモリが尽きるまで増えます。`loss.item()` なら、何も抱えない普通の float です。",
        lesson="step",
    ),
    Misconception(
        id="step-reads-the-answer",
        task="train_step",
        edits=((FORWARD, "model(batch.src, batch.tgt_out, batch.src_mask, batch.tgt_mask)"),),
        en="The decoder is given `tgt_out`, the very tokens it should answer. It learns to copy them: the loss falls "
        "to its floor within a few steps, and decoding, where there is nothing to copy, fails. It reads `tgt_in`, "
        "one step behind.",
        ja="デコーダに `tgt_out`、つまり答えるべきトークンそのものを読ませています。デコーダは写すことだけを覚え、"
        "損失はすぐ下限まで落ちますが、写すもののない復号ではうまくいきません。読ませるのは、一つ遅れの `tgt_in` で"
        "す。",
        lesson="step",
    ),
    Misconception(
        id="step-without-masks",
        task="train_step",
        edits=((FORWARD, "model(batch.src, batch.tgt_in, None, None)"),),
        en="The model is called without the masks of the batch. The decoder sees the tokens it has to predict, and "
        "both sides read padding as words: training looks excellent, the trained model is useless. Pass "
        "`batch.src_mask` and `batch.tgt_mask`.",
        ja="バッチのマスクを渡さずにモデルを呼んでいます。デコーダは予測すべきトークンが見え、原文側も訳文側もパディ"
        "ングを単語として読みます。学習は見事に進んでいるように見えて、使えないモデルになります。`batch.src_mask` "
        "と `batch.tgt_mask` を渡してください。",
        lesson="step",
    ),
    Misconception(
        id="step-compares-with-the-input",
        task="train_step",
        edits=(("loss = loss_fn(logits, batch.tgt_out)", "loss = loss_fn(logits, batch.tgt_in)"),),
        en="The loss compares the logits with `tgt_in`, the tokens that the decoder has just read. It learns to "
        "repeat its input; a decoder that starts from BOS then says BOS forever. The answers are in `tgt_out`, one "
        "step ahead.",
        ja="損失でロジットを `tgt_in`、つまりデコーダがいま読んだトークンと比べています。入力を繰り返すことを覚える"
        "ので、BOS から始めると BOS を出し続けます。正解は一つ先の `tgt_out` です。",
        lesson="step",
    ),
    Misconception(
        id="step-clips-at-the-wrong-time",
        task="train_step",
        edits=(
            (CLIP, ""),
            (
                STEP,
                """
                optimizer.step()
                if max_norm is not None:
                    nn.utils.clip_grad_norm_(model.parameters(), max_norm)
                if scheduler is not None:
                    scheduler.step()
                """,
            ),
        ),
        en="`max_norm` has no effect on the update: the gradients are clipped after `optimizer.step()` has used "
        "them, or before `backward()` has made them. Clip between the two, otherwise one bad batch can still throw "
        "the weights far away.",
        ja="`max_norm` が更新に効いていません。`optimizer.step()` が勾配を使った後か、`backward()` が勾配を作る前に"
        "クリッピングしています。その二つの間で行わないと、おかしなバッチ一つで重みが大きく飛ばされます。",
        lesson="step",
    ),
    Misconception(
        id="step-clips-each-parameter",
        task="train_step",
        edits=(
            (
                CLIP,
                """
                if max_norm is not None:
                    for parameter in model.parameters():
                        nn.utils.clip_grad_norm_(parameter, max_norm)
                """,
            ),
        ),
        en="Each parameter is clipped by its own norm. That changes the direction of the step, and all of them "
        "together may still be far longer than `max_norm`. One norm over all gradients scales them by one number.",
        ja="パラメータごとに、それぞれのノルムでクリッピングしています。これでは更新の向きが変わり、全体のノルムは "
        "`max_norm` をはるかに超えることもあります。全勾配をまとめた一つのノルムで、同じ倍率を掛けます。",
        lesson="step",
    ),
    Misconception(
        id="step-clips-values",
        task="train_step",
        edits=(
            (
                CLIP,
                """
                if max_norm is not None:
                    nn.utils.clip_grad_value_(model.parameters(), max_norm)
                """,
            ),
        ),
        en="`clip_grad_value_` cuts every entry of a gradient to plus or minus `max_norm`. `max_norm` bounds the "
        "norm of all gradients together: `clip_grad_norm_` makes the whole vector shorter and keeps its direction.",
        ja="`clip_grad_value_` は、勾配の各成分を ±`max_norm` で切ります。`max_norm` は全勾配をまとめたノルムの上限で"
        "す。`clip_grad_norm_` なら、向きを保ったままベクトル全体が短くなります。",
        lesson="step",
    ),
    Misconception(
        id="step-clips-without-being-asked",
        task="train_step",
        edits=((CLIP, "nn.utils.clip_grad_norm_(model.parameters(), 1.0 if max_norm is None else max_norm)"),),
        en="With `max_norm=None` the gradients are clipped to 1 all the same. None means that nothing is clipped; a "
        "limit that nobody has set makes large gradients small without a word, and spoils comparisons.",
        ja="`max_norm=None` でも、勾配を 1 にクリッピングしています。None は「クリッピングしない」という意味です。"
        "誰も指定していない上限が、大きな勾配を黙って小さくし、比較を狂わせます。",
        lesson="step",
    ),
    Misconception(
        id="step-moves-the-schedule-first",
        task="train_step",
        edits=(
            (
                STEP,
                """
                if scheduler is not None:
                    scheduler.step()
                optimizer.step()
                """,
            ),
        ),
        en="`scheduler.step()` comes before `optimizer.step()`, so the first rate of the schedule is skipped and "
        "every update uses that of the next step. The scheduler moves on after the update.",
        ja="`scheduler.step()` が `optimizer.step()` より先にあるので、スケジュールの最初の学習率が飛ばされ、毎回一"
        "つ先の学習率で更新します。スケジューラを進めるのは更新の後です。",
        lesson="step",
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
        en="The loss is computed again after the update. It costs a second forward pass, and it measures the model "
        "on the very batch it has just learned from, which looks better than the truth. Return the loss that the "
        "step went down from.",
        ja="更新の後で損失を計算し直しています。順伝播が余分に 1 回かかるうえ、学習したばかりのバッチで測るので、実"
        "際より良く見えます。更新前に計算した損失を返してください。",
        lesson="step",
    ),
    Misconception(
        id="step-averages-twice",
        task="train_step",
        edits=(("loss.backward()", "(loss / batch.num_tokens).backward()"),),
        en="The loss is divided by `num_tokens` before `backward()`, though `loss_fn` gives a mean already. The "
        "gradients become smaller by the number of tokens, and large batches learn more slowly than small ones.",
        ja="`loss_fn` がすでに平均を返すのに、`backward()` の前にさらに `num_tokens` で割っています。勾配がトークン数"
        "の分だけ小さくなり、大きなバッチほど学習が遅くなります。",
        lesson="step",
    ),
    Misconception(
        id="step-takes-a-limit-of-0-for-none",
        task="train_step",
        edits=((CLIP, "if max_norm:\n    nn.utils.clip_grad_norm_(model.parameters(), max_norm)"),),
        en="`if max_norm:` asks whether the number is true, and 0.0 is not: a limit of 0 is taken for none, and the "
        "largest step is made where none was asked for. Ask `if max_norm is not None:`.",
        ja="`if max_norm:` は数の真偽を問うので、0.0 は偽になります。上限 0 が「指定なし」とみなされ、動かないはずのと"
        "ころで最大の更新が行われます。`if max_norm is not None:` と尋ねてください。",
        lesson="step",
    ),
    Misconception(
        id="step-shifts-again",
        task="train_step",
        edits=(("loss_fn(logits, batch.tgt_out)", "loss_fn(logits[:, :-1], batch.tgt_out[:, 1:])"),),
        en="The answers are shifted once more: `logits[:, :-1]` against `tgt_out[:, 1:]`. In this course a batch has "
        "been shifted when it was made, `tgt_out` is one step ahead of `tgt_in` already; shifted twice, the model "
        "learns the token after the next, and never the first one.",
        ja="正解をもう一度ずらしています (`logits[:, :-1]` と `tgt_out[:, 1:]`)。この教材ではバッチを作るときにずら"
        "してあり、`tgt_out` はすでに `tgt_in` の一つ先です。二度ずらすと、次の次のトークンを学び、最初のトークンは"
        "学びません。",
        lesson="step",
        met=("https://github.com/karpathy/llm.c/issues/799",),
    ),
    Misconception(
        id="step-shifts-back",
        task="train_step",
        edits=(("loss_fn(logits, batch.tgt_out)", "loss_fn(logits[:, 1:], batch.tgt_out[:, :-1])"),),
        en="The logits lose their first position and the answers their last: `logits[:, 1:]` against `tgt_out[:, "
        ":-1]`. Each position is then asked for the token that it has just read. `logits` and `tgt_out` belong "
        "together as they are, position by position.",
        ja="logits の最初の位置と正解の最後の位置を捨てて比べています (`logits[:, 1:]` と `tgt_out[:, :-1]`)。これで"
        "は各位置に、読んだばかりのトークンを答えさせることになります。`logits` と `tgt_out` は、そのまま位置ごとに"
        "対応しています。",
        lesson="step",
        met=("https://github.com/hkproj/pytorch-transformer/issues/5",),
    ),
)

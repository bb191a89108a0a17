"""Mistakes in ``evaluate`` (phase 6)."""

from __future__ import annotations

from . import Misconception

CORRECT = "correct = (logits.argmax(dim=-1) == batch.tgt_out) & (batch.tgt_out != batch.pad_id)"
LOSS = "total_loss += loss_fn(logits, batch.tgt_out).item() * batch.num_tokens"
RESULT = "return Evaluation(total_loss / total_tokens, total_correct / total_tokens)"
START = "total_loss, total_correct, total_tokens = 0.0, 0, 0"
RUN = """
with _evaluation_mode(model):
    ...
"""
REFUSAL = """
if total_tokens == 0:
    ...
"""

CATALOGUE = (
    Misconception(
        id="evaluation-mean-of-batches",
        task="evaluate",
        edits=(
            (
                START,
                """
                total_loss, total_correct, total_tokens = 0.0, 0, 0
                count = 0
                """,
            ),
            (
                LOSS,
                """
                count += 1
                total_loss += loss_fn(logits, batch.tgt_out).item()
                """,
            ),
            (RESULT, "return Evaluation(total_loss / count, total_correct / total_tokens)"),
        ),
        en="The loss is the mean of the batch means. A small batch at the end then counts as much as a full one, and "
        "its few tokens count many times; the result depends on how sentences were put into batches. Weight each "
        "batch with its `num_tokens` and divide by all tokens.",
        ja="損失がバッチ平均の平均になっています。最後の小さなバッチも満杯のバッチと同じ重みになり、その少数のトーク"
        "ンが何倍にも数えられるので、バッチの分け方で結果が変わります。各バッチに `num_tokens` を掛けて足し、全トーク"
        "ン数で割ってください。",
        lesson="evaluation",
    ),
    Misconception(
        id="evaluation-means-divided-by-tokens",
        task="evaluate",
        edits=((LOSS, "total_loss += loss_fn(logits, batch.tgt_out).item()"),),
        en="The batch means are summed and divided by the number of tokens. `loss_fn` has divided by the tokens of "
        "its batch already, so the loss comes out far too small. Multiply each mean by `num_tokens` before adding it "
        "up.",
        ja="バッチごとの平均を足して、さらにトークン数で割っています。`loss_fn` がすでにそのバッチのトークン数で割っ"
        "ているので、損失が小さすぎます。足す前に、それぞれの平均に `num_tokens` を掛けてください。",
        lesson="evaluation",
    ),
    Misconception(
        id="evaluation-returns-tensors",
        task="evaluate",
        edits=((LOSS, "total_loss += loss_fn(logits, batch.tgt_out) * batch.num_tokens"),),
        en="The losses are added up as tensors, and a tensor is what comes back. `Evaluation` holds two plain "
        "floats, which can be printed, compared and written to a file; `.item()` makes a number of a tensor.",
        ja="損失をテンソルのまま足しているので、結果もテンソルになります。`Evaluation` が持つのは普通の float 二つ"
        "で、表示も比較も保存もそのままできます。テンソルを数にするのは `.item()` です。",
        lesson="evaluation",
    ),
    Misconception(
        id="evaluation-accuracy-over-padding",
        task="evaluate",
        edits=(
            (
                START,
                """
                total_loss, total_correct, total_tokens = 0.0, 0, 0
                positions = 0
                """,
            ),
            (
                CORRECT,
                """
                correct = logits.argmax(dim=-1) == batch.tgt_out
                positions += batch.tgt_out.numel()
                """,
            ),
            (RESULT, "return Evaluation(total_loss / total_tokens, total_correct / positions)"),
        ),
        en="The accuracy is taken over all positions, padding included. Nobody asks the model for anything there, "
        "and the loss has never taught it what to say, so the share depends on how much padding a batch happens to "
        "have. Count real target tokens only, above and below the line.",
        ja="パディングを含む全位置で正解率を計算しています。パディングの位置では何も求められておらず、損失もそこで"
        "何を出すかを教えていないので、たまたまバッチにあるパディングの量で値が変わります。分子も分母も、本物のトー"
        "クンだけを数えてください。",
        lesson="evaluation",
    ),
    Misconception(
        id="evaluation-padding-can-be-right",
        task="evaluate",
        edits=((CORRECT, "correct = logits.argmax(dim=-1) == batch.tgt_out"),),
        en="A predicted pad at a padded position counts as right, though the number below the line counts real "
        "tokens only: the accuracy can exceed 1. Leave out positions where `tgt_out` is `pad_id`.",
        ja="パディングの位置で pad を予測すると正解に数えられますが、分母は本物のトークンの数だけなので、正解率が 1 "
        "を超えることもあります。`tgt_out` が `pad_id` の位置は除いてください。",
        lesson="evaluation",
    ),
    Misconception(
        id="evaluation-of-whole-sentences",
        task="evaluate",
        edits=(
            (
                START,
                """
                total_loss, total_correct, total_tokens = 0.0, 0, 0
                sentences = 0
                """,
            ),
            (
                CORRECT,
                """
                correct = ((logits.argmax(dim=-1) == batch.tgt_out) | (batch.tgt_out == batch.pad_id)).all(dim=1)
                sentences += batch.tgt_out.size(0)
                """,
            ),
            (RESULT, "return Evaluation(total_loss / total_tokens, total_correct / sentences)"),
        ),
        en="The accuracy is the share of sentences that are right from end to end (exact match). That is a good "
        "measure too, but another one: `token_accuracy` is the share of right tokens. A model that gets one word "
        "wrong in every sentence has exact match 0 and a high token accuracy.",
        ja="最初から最後まで正しい文の割合 (完全一致率) になっています。それも良い指標ですが、別のものです。"
        "`token_accuracy` は正しいトークンの割合です。どの文でも 1 語だけ間違えるモデルは、完全一致率が 0 でも、トー"
        "クンの正解率は高くなります。",
        lesson="evaluation",
    ),
    Misconception(
        id="evaluation-compares-with-the-input",
        task="evaluate",
        edits=((CORRECT, "correct = (logits.argmax(dim=-1) == batch.tgt_in) & (batch.tgt_out != batch.pad_id)"),),
        en="The predictions are compared with `tgt_in`, what the decoder has just read, so a good model scores near "
        "0. What it should answer is one step ahead, in `tgt_out`.",
        ja="予測を `tgt_in`、つまりデコーダがいま読んだトークンと比べているので、良いモデルほど 0 に近い正解率にな"
        "ります。答えるべきものは、一つ先の `tgt_out` です。",
        lesson="evaluation",
    ),
    Misconception(
        id="evaluation-reads-the-answer",
        task="evaluate",
        edits=(
            (
                "model(batch.src, batch.tgt_in, batch.src_mask, batch.tgt_mask)",
                "model(batch.src, batch.tgt_out, batch.src_mask, batch.tgt_mask)",
            ),
        ),
        en="The decoder is given `tgt_out`, the answers themselves. What is measured then is not what the model was "
        "trained for; it reads `tgt_in`, which begins with BOS and is one step behind.",
        ja="デコーダに `tgt_out`、つまり答えそのものを読ませています。これでは、学習したことを測っていません。読ま"
        "せるのは、BOS で始まり一つ遅れている `tgt_in` です。",
        lesson="evaluation",
    ),
    Misconception(
        id="evaluation-in-training-mode",
        task="evaluate",
        edits=(("_evaluation_mode(model)", "torch.no_grad()"),),
        en="The model stays in training mode, so dropout goes on dropping: the numbers are worse than the model is "
        "and differ at every call. `model.eval()` first, and afterwards back to the mode it came in.",
        ja="学習モードのままなので、ドロップアウトが働き続けます。実力より悪い数値になり、呼ぶたびに変わります。最初"
        "に `model.eval()` とし、終わったら元のモードに戻してください。",
        lesson="evaluation",
    ),
    Misconception(
        id="evaluation-keeps-gradients",
        task="evaluate",
        edits=(
            (
                RUN,
                """
                with _evaluation_mode(model), torch.enable_grad():
                    ...
                """,
            ),
        ),
        en="Gradients stay on. The numbers are right, but every forward pass builds a graph that nobody uses: "
        "measuring needs several times the memory, and a large evaluation batch fails where it need not. Put "
        "`torch.no_grad()` around it.",
        ja="勾配の記録が有効なままです。数値は正しくても、順伝播のたびに誰も使わない計算グラフが作られ、何倍ものメモ"
        "リを使い、大きなバッチでは余計な失敗の原因になります。`torch.no_grad()` で囲んでください。",
        lesson="evaluation",
    ),
    Misconception(
        id="evaluation-leaves-evaluation-mode",
        task="evaluate",
        edits=(
            (
                RUN,
                """
                model.eval()
                with torch.no_grad():
                    ...
                """,
            ),
        ),
        en="The model is put into evaluation mode and left there. Whoever evaluates in the middle of training then "
        "trains on without dropout, and without any error. Remember `model.training` and put it back.",
        ja="モデルを評価モードにしたまま戻していません。学習の途中で評価すると、その後はドロップアウトなしで、しかも"
        "エラーもなく学習が続きます。`model.training` を覚えておいて、元に戻してください。",
        lesson="evaluation",
    ),
    Misconception(
        id="evaluation-ends-in-training-mode",
        task="evaluate",
        edits=(
            (
                REFUSAL,
                """
                model.train()
                if total_tokens == 0:
                    ...
                """,
            ),
        ),
        en="Afterwards the model is always put into training mode, whatever it came in. A model that was ready for "
        "use comes back with its dropout on, and answers at random. Put back the mode that it came in.",
        ja="終わった後、元のモードに関係なく、いつも学習モードにしています。使う準備のできていたモデルがドロップアウ"
        "ト有効で戻り、答えが毎回変わります。元のモードに戻してください。",
        lesson="evaluation",
    ),
    Misconception(
        id="evaluation-mode-lost-on-an-error",
        task="evaluate",
        edits=(
            (
                RUN,
                """
                was_training = model.training
                model.eval()
                with torch.no_grad():
                    ...
                """,
            ),
            (
                REFUSAL,
                """
                model.train(was_training)
                if total_tokens == 0:
                    ...
                """,
            ),
        ),
        en="If a batch or the loss raises, the line that puts the mode back is never reached, and the model stays in "
        "evaluation mode. `try` and `finally`, or a context manager, restore it in every case.",
        ja="バッチや損失で例外が出ると、モードを戻す行まで進まず、モデルは評価モードのままになります。`try` と "
        "`finally`、またはコンテキストマネージャを使えば、どんな場合でも元に戻ります。",
        lesson="evaluation",
    ),
    Misconception(
        id="evaluation-of-nothing-is-0",
        task="evaluate",
        edits=((REFUSAL, "total_tokens = max(total_tokens, 1)"),),
        en="Without a single token to measure, loss and accuracy come back as 0. A loss of 0 looks like a perfect "
        "model, when in truth the data set was empty or its file was not read: raise a `ValueError`.",
        ja="測るトークンが一つもないとき、損失も正解率も 0 を返しています。損失 0 は完璧なモデルに見えますが、実際"
        "にはデータが空か、ファイルを読めていないだけです。`ValueError` を出してください。",
        lesson="evaluation",
    ),
    Misconception(
        id="evaluation-weights-by-sentences",
        task="evaluate",
        edits=(
            (
                START,
                """
                total_loss, total_correct, total_tokens = 0.0, 0, 0
                sentences = 0
                """,
            ),
            (
                LOSS,
                """
                sentences += batch.tgt_out.size(0)
                total_loss += loss_fn(logits, batch.tgt_out).item() * batch.tgt_out.size(0)
                """,
            ),
            (RESULT, "return Evaluation(total_loss / sentences, total_correct / total_tokens)"),
        ),
        en="The batches are weighted by their number of sentences. `loss_fn` is a mean over tokens, so a batch of "
        "short sentences gets too much weight for its tokens: multiply by `batch.num_tokens` and divide by the "
        "number of all tokens.",
        ja="バッチを文の数で重み付けしています。`loss_fn` はトークンについての平均なので、短い文のバッチが、トークン"
        "の数に比べて重く数えられます。`batch.num_tokens` を掛けて足し、全トークン数で割ってください。",
        lesson="evaluation",
        met=("https://github.com/tracel-ai/burn/issues/5577",),
    ),
    Misconception(
        id="evaluation-weights-by-positions",
        task="evaluate",
        edits=(
            (
                START,
                """
                total_loss, total_correct, total_tokens = 0.0, 0, 0
                positions = 0
                """,
            ),
            (
                LOSS,
                """
                positions += batch.tgt_out.numel()
                total_loss += loss_fn(logits, batch.tgt_out).item() * batch.tgt_out.numel()
                """,
            ),
            (RESULT, "return Evaluation(total_loss / positions, total_correct / total_tokens)"),
        ),
        en="The batches are weighted by all their positions, padding included, so a ragged batch counts more than "
        "its words. `batch.num_tokens` is the number of real tokens: multiply by it, and divide by the sum of them.",
        ja="バッチを、パディングを含む全位置の数で重み付けしているので、長さの不ぞろいなバッチが単語の数より重く数え"
        "られます。本物のトークンの数 `batch.num_tokens` を掛けて足し、その合計で割ってください。",
        lesson="evaluation",
    ),
    Misconception(
        id="evaluation-shifts-again",
        task="evaluate",
        edits=(
            (
                CORRECT,
                """
                logits, answers = logits[:, :-1], batch.tgt_out[:, 1:]
                correct = (logits.argmax(dim=-1) == answers) & (answers != batch.pad_id)
                """,
            ),
            (LOSS, "total_loss += loss_fn(logits, answers).item() * batch.num_tokens"),
        ),
        en="The answers are shifted once more: `logits[:, :-1]` against `tgt_out[:, 1:]`. A batch has been shifted "
        "when it was made, `tgt_out` is one step ahead of `tgt_in` already; shifted twice, the model is asked for "
        "the token after the next.",
        ja="正解をもう一度ずらしています (`logits[:, :-1]` と `tgt_out[:, 1:]`)。バッチを作るときにずらしてあり、"
        "`tgt_out` はすでに `tgt_in` の一つ先です。二度ずらすと、次の次のトークンを尋ねることになります。",
        lesson="evaluation",
        met=("https://github.com/karpathy/llm.c/issues/799",),
    ),
)

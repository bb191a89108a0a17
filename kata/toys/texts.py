"""What ``python grader.py train`` says, in English and Japanese."""

from __future__ import annotations

NEED_DATA = ("own needs --data FILE: pairs, one a line, source and target separated by a tab",) * 2
NO_CUDA = (
    "--device cuda: this machine has no CUDA device, or this torch cannot use it; leave --device out",
    "--device cuda: この環境では CUDA を使えません。--device を外してください",
)
NO_MPS = (
    "--device mps: this is no Mac with Apple silicon, or this torch cannot use it; leave --device out",
    "--device mps: この環境では MPS (Apple シリコンの GPU) を使えません。--device を外してください",
)
UNUSABLE = (
    "--device {device}: torch sees the device but cannot compute on it ({reason}); leave --device out",
    "--device {device}: このデバイスは認識されていますが、計算に使えません ({reason})。--device を外してください",
)
ON_THE_CPU = (
    "torch sees a {device} device but cannot compute on it ({reason}): training on the CPU",
    "{device} のデバイスは認識されていますが、計算に使えません ({reason})。CPU で学習します",
)
TRYING_COMPILE = (
    "Trying torch.compile, which may take some minutes ...",
    "torch.compile を試しています (数分かかることがあります) ...",
)
COMPILED = (
    "torch.compile works here: after {first:.0f} s of compiling a step takes {with_it:.1f} ms with it and "
    "{without:.1f} ms without. {used}",
    "torch.compile が使えます: コンパイルに {first:.0f} 秒かかり、その後の 1 ステップは {with_it:.1f} ms "
    "(使わないと {without:.1f} ms) です。{used}",
)
USED = ("This training uses it.", "この学習で使います。")
NOT_USED = ("So this training goes without it.", "速くならないので、この学習では使いません。")
NOT_COMPILED = (
    "torch.compile does not work here, so this training goes without it: {reason}",
    "torch.compile はこの環境では動かないので、使わずに学習します: {reason}",
)
NOTHING_TO_RESUME = (
    "There is no training to go on with: {reason}\nWay out: start one with `python grader.py train {toy}`",
    "続きから始められる学習がありません: {reason}\n`python grader.py train {toy}` で新しく始めてください。",
)
OTHER_SEED = (
    "The training to go on with has seed {old}, not {new}. Way out: leave --seed out, or leave --resume out.",
    "続ける学習のシードは {new} ではなく {old} です。--seed か --resume のどちらかを外してください。",
)
DOES_NOT_FIT = {
    "pairs": (
        "The pairs are not those of the training to go on with. Way out: give the same --data, or leave --resume out.",
        "文の組が、続ける学習のものと違います。同じ --data を指定するか、--resume を外してください。",
    ),
    "settings": (
        "The toy has other settings than the training to go on with. Way out: leave --resume out.",
        "設定が、続ける学習のものと違います。--resume を外してください。",
    ),
    "model": (
        "The checkpoint does not fit your code: parameters or states have other names or shapes than when it was "
        "made. Way out: leave --resume out.",
        "チェックポイントが今のコードに合いません (パラメータや状態の名前か形が変わっています)。"
        "--resume を外してください。",
    ),
}
HEADER = ("Training {toy} with the code of {target}", "{target} のコードで {toy} を学習します")
SIZES = (
    "{train} pairs to learn, {unseen} unseen ones to test; {parameters} parameters; seed {seed}, {device}",
    "学習 {train} 組、検証 {unseen} 組、パラメータ {parameters} 個、シード {seed}、{device}",
)
PARTS = (
    "Yours: {own}. From the reference: {lent}.",
    "あなたのコード: {own}。解答のコード: {lent}。",
)
FINISHED = ("Grading, to see which phases are finished ...", "完成したフェーズを調べるため、採点しています ...")
NOT_GRADED = (
    "The suites could not be run, so nobody knows which phases are finished: {reason}\n"
    "Way out: name them, as in `--with 2,3`.",
    "テストを実行できず、完成したフェーズが分かりません: {reason}\n`--with 2,3` のように指定してください。",
)
NONE_FINISHED = (
    "No phase has all its points yet, so nothing in this model would be yours.\n"
    "Way out: finish one (`python grader.py` shows the next task), or name one to train as it is: `--with 2`.",
    "満点のフェーズがまだないので、あなたのコードの入ったモデルになりません。\n"
    "まず一つ仕上げましょう (`python grader.py` で次の課題が分かります)。"
    "`--with 2` のように指定すれば、今のままのコードで学習できます。",
)
OTHER_PARTS = (
    "In the training to go on with, yours was {old}, not {new}. Way out: leave --with or --resume out.",
    "続ける学習では、あなたのコードは{old} でした ({new} ではありません)。--with か --resume を外してください。",
)
WHOLE = ("Your Transformer", "あなたの Transformer ")
YOUR_PHASE = (
    "Your “{title}” (phase {number}), within the reference,",
    "解答に組み込んだあなたの「{title}」(フェーズ {number}) ",
)
YOUR_PHASES = ("The reference with your {own}", "あなたの{own} を組み込んだ解答")
LEARNED = (
    "{who} learned to {what}: {exact:.1%} of {unseen} unseen strings exactly right after {step} steps.",
    "{who}は {what} を学びました。{step} ステップ後、未知の文字列 {unseen} 個の {exact:.1%} に完全に正解しています。",
)
NOT_LEARNED = (
    "The goal, {goal:.0%} of the unseen strings, was not reached: {exact:.1%} are exactly right after {step} steps. "
    "The loss was {first:.3f} in the first step and is {loss:.3f} on unseen strings; of the next tokens after a right "
    "beginning {tokens:.1%} are right.",
    "目標 (未知の文字列の {goal:.0%}) には届きませんでした。{step} ステップ後の完全一致は {exact:.1%} です。"
    "損失は最初のステップで {first:.3f}、未知の文字列で {loss:.3f} です。"
    "正しい書き出しを与えると、次のトークンの {tokens:.1%} に正解します。",
)
PEEKED = (
    "Nearly every next token is right, and nearly no string that the model writes alone: so behaves a decoder that "
    "could see the answer while it learned. Look at the look-ahead mask, and at how the attention applies it.",
    "次のトークンはほぼ正解できるのに、自分で書いた文字列はほぼすべて間違いです。"
    "学習中に答えが見えていたデコーダはこうなります。先読みマスクと、注意でのその使い方を確かめましょう。",
)
COMPARES = (
    "Training {toy} twice with the code of {target}, {steps} steps each: as it is, and without {what}",
    "{target} のコードで {toy} を {steps} ステップずつ 2 回学習します: そのままと、{what}なし",
)
IN_SMALL = (
    "In small: strings of up to {longest} of {letters} letters, width {width}, heads {heads}, layers "
    "{layers}, highest rate {rate:.1e}, seed {seed}, {device}. Lesson: {lesson}",
    "小さな設定です: {letters} 種類の文字、最長 {longest} 文字、幅 {width}、ヘッド {heads}、層 {layers}、"
    "最大の学習率 {rate:.1e}、シード {seed}、{device}。レッスン: {lesson}",
)
AS_IT_IS = ("as it is", "そのまま")
WITHOUT = ("without {what}", "{what}なし")
ON_THE_WAY = (
    "  step {step:>5}  loss {cross_entropy:.3f}  exact {exact:6.1%}",
    "  ステップ {step:>5}  損失 {cross_entropy:.3f}  完全一致 {exact:6.1%}",
)
SEEN = (
    "Without {what} {exact:.1%} of the unseen strings came out exactly right after {steps} steps, against "
    "{full_exact:.1%} with it; after a right beginning {tokens:.1%} of the next tokens were right, against "
    "{full_tokens:.1%}; the loss, measured without smoothing, was {loss:.3f} against {full_loss:.3f}.",
    "{what}がないと、{steps} ステップ後の未知の文字列の完全一致は {exact:.1%} でした (あるときは {full_exact:.1%})。"
    "正しい書き出しに続くトークンの正解率は {tokens:.1%} (あるときは {full_tokens:.1%})、"
    "平滑化なしで測った損失は {loss:.3f} (あるときは {full_loss:.3f}) です。",
)
HALF = (
    "Half of the strings came out right by step {full} with it, and by step {ablated} without.",
    "半分の文字列に正解したのは、あるときがステップ {full}、ないときがステップ {ablated} です。",
)
HALF_WITH_IT_ONLY = (
    "Half of the strings came out right by step {full} with it, and not at all without.",
    "半分の文字列に正解したのは、あるときがステップ {full} です。ないときは最後まで届きませんでした。",
)
HARDLY = (
    "That is hardly a difference in this run.",
    "今回の学習では、ほとんど差がありません。",
)
LEAKED = (
    "Given the beginning it got nearly every next token right; alone it wrote nearly no string right.",
    "書き出しを与えられれば次のトークンをほぼ当てるのに、自力ではほとんど正しく書けませんでした。",
)
BROKE = (
    "Without {what} the loss was {loss} at step {step}: that training diverged.",
    "{what}がないと、ステップ {step} で損失が {loss} になり、学習が発散しました。",
)
ABLATION_STOPPED = (
    "Stopped: two trainings compare only when both are complete. Nothing was written.",
    "中断しました。2 回の学習が終わらないと比べられないため、何も書いていません。",
)
GOAL_HELD = (
    "The goal was reached by step {step}. Way out: `--steps {more}` trains on.",
    "ステップ {step} で目標に届いています。`--steps {more}` を付けると続けられます。",
)
LETTERS = (
    "The {side} has no spaces: it is read letter by letter.",
    "{side}には空白がないため、1 文字ずつ読みます。",
)
SIDES = (("source", "target"), ("原文", "訳文"))
KEPT = ("The last training of {toy} is kept in {path}", "前回の {toy} の学習は {path} に残してあります")
GOES_ON = ("Going on after step {step}", "ステップ {step} の続きから始めます")
AT_END = (
    "Step {step} is done already. Way out: `--steps {more}` trains on.",
    "ステップ {step} まで終わっています。`--steps {more}` を付けると続けられます。",
)
VALIDATION = (
    "step {step:>5}  loss {loss:.3f}  exact {exact:6.1%}",
    "ステップ {step:>5}  損失 {loss:.3f}  完全一致 {exact:6.1%}",
)
WITHHELD = ("  withheld {share:6.1%}", "  未出の組 {share:6.1%}")
BLEU = ("  BLEU {bleu:.1f}", "  BLEU {bleu:.1f}")
EXPECTED = ("expected", "正解")
EMPTY = ("(nothing)", "(出力なし)")
COMPARED = (
    "{sentences} sentences  greedy {greedy:.1%}  beam {beam:.1%} exact",
    "{sentences} 文の完全一致  貪欲法 {greedy:.1%}  ビームサーチ {beam:.1%}",
)
STOPPED = (
    "Stopped after step {step}. `python grader.py train {toy} --resume` goes on.",
    "ステップ {step} で止めました。`python grader.py train {toy} --resume` で続けられます。",
)
STOPPED_BEFORE = (
    "Stopped before the first step: nothing was written.",
    "最初のステップの前に止めました。何も書いていません。",
)
STOPPING = (
    "Stopping after this step ... (once more: at once)",
    "このステップの後で止めます… (もう一度押すとすぐ終わります)",
)
DIVERGED = (
    "The loss is {loss} at step {step}: the training diverged and the weights are spoilt.\n"
    "Where to look: attention over a fully masked row (softmax of -inf only), log of 0 in the loss (log_softmax is "
    "safe), a division without eps in LayerNorm, or a learning rate that is too high (is it divided by "
    "sqrt(d_model)? does the warm-up rise?).\n"
    "Way out: `python grader.py` tests all of these. {checkpoint}",
    "ステップ {step} で損失が {loss} になりました。学習が発散し、重みは使えません。\n"
    "確認するところ: すべてマスクされた行の注意 (-inf だけのソフトマックス)、損失の中の log(0) (log_softmax なら安全)、"
    "LayerNorm の eps なしの割り算、大きすぎる学習率 (sqrt(d_model) で割っていますか。"
    "ウォームアップで上がっていきますか)。\n"
    "`python grader.py` でこれらをテストできます。{checkpoint}",
)
LAST_GOOD = (
    "The checkpoint of step {step}, before that, is still there.",
    "発散前のステップ {step} のチェックポイントは残っています。",
)
NO_PICTURES = (
    "No pictures: matplotlib is missing (`python -m pip install -r requirements.txt`)",
    "図は描いていません。matplotlib がありません (`python -m pip install -r requirements.txt`)",
)
NO_PICTURE = ("{path} was not drawn: {reason}", "{path} を描けませんでした: {reason}")
WROTE = ("Wrote {path}", "{path} に書きました")
NOT_WRITTEN = ("Could not be written: {reason}", "書き込めませんでした: {reason}")
AT_ONCE = (
    "Stopped at once. The last checkpoint is kept; `python grader.py train {toy} --resume` goes on from it.",
    "すぐに止めました。最後のチェックポイントは残っています。`python grader.py train {toy} --resume` で続けられます。",
)

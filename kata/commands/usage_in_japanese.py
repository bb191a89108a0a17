"""What is said of a wrong command line, in Japanese; ``selftest/test_usage.py`` holds it complete."""

from __future__ import annotations

OF_PYTHON: dict[str, str] = {
    "argument {}: {}": "{}: {}",
    "expected one argument": "値を一つ指定してください",
    "expected at most one argument": "値は一つまでです",
    "expected at least one argument": "値を一つ以上指定してください",
    "ignored explicit argument {}": "値を取らないオプションです ({} は使えません)",
    "invalid choice: {} (choose from {})": "{} は選べません (選択肢: {})",
    "invalid {} value: {}": "{1} は {0} の値として読めません",
    "invalid int value: {}": "{} は整数ではありません",
    "invalid float value: {}": "{} は数ではありません",
    "not allowed with argument {}": "{} と一緒には使えません",
    "ambiguous option: {} could match {}": "{} だけでは決まりません (候補: {})",
    "the following arguments are required: {}": "引数が足りません: {}",
    "unrecognized arguments: {}": "知らない引数です: {}",
}
"""What ``argparse`` says."""

USAGE_ERRORS: dict[str, str] = {
    **OF_PYTHON,
    "error: {}": "エラー: {}",
    "{}; did you mean {}?": "{} ({} のことでしょうか)",
    "There is no {} here; this is about {}": "ここに {} はありません。{} を対象にします",
    "{} is new: its stub was added": "新しい {} のスタブを加えました",
    # -- python grader.py --
    "{} is neither a command nor a phase": "{} というコマンドもフェーズもありません",
    "{} -: only one report can be standard output": "{} -: 標準出力に出せる結果は一つだけです",
    "{} - and {}": "{} - と {}",
    "{} {}: is a folder, name a file": "{} {}: フォルダです。ファイルを指定してください",
    "{} {}: there is no folder {}": "{} {}: フォルダ {} がありません",
    # -- what several options take --
    "there is no phase {}; the phases are {}": "フェーズ {} はありません。フェーズは {} です",
    "{} is a task: name its phase, which is {}": "{} は課題の名前です。そのフェーズの {} を指定してください",
    "phase {} has no task {}; its tasks are {}": "フェーズ {} に課題 {} はありません。課題は {} です",
    "--target {}: there is no such folder; it should hold {} and the other phases": (
        "--target {}: フォルダがありません。{} などのファイルが入ったフォルダを指定してください"
    ),
    "--target {}: is a file, not a folder; name the folder that holds {}": (
        "--target {}: ファイルです。{} が入ったフォルダを指定してください"
    ),
    "--into {}: is a file, not a folder": "--into {}: フォルダではなく、ファイルです",
    "{} is not a number": "{} は数ではありません",
    "{} is not a percentage from 0 to 100": "{} は 0 から 100 のパーセントではありません",
    "{} is neither a whole number nor `random`": "{} は整数でも `random` でもありません",
    "{} is negative; seeds count from 0": "{} は負の数です。シードは 0 以上です",
    "KATA_JOBS={}: set it to a whole number such as 2, or leave it out": (
        "KATA_JOBS={}: 2 のような整数にするか、設定を外してください"
    ),
    "{}: name phases as 1-3, 2 or 1,4-6": "{}: フェーズは 1-3、2、1,4-6 のように指定してください",
    "{}: there is no phase {}; they are 1 to 6": "{}: フェーズ {} はありません。フェーズは 1 から 6 です",
    # -- train --
    "{} is not a whole number": "{} は整数ではありません",
    "{} is too few; steps count from 1": "{} では少なすぎます。ステップは 1 以上です",
    "name a toy: {}": "おもちゃの課題を指定してください: {}",
    "--data brings its own pairs, {} makes its own: leave one of them out": (
        "--data は文の組をファイルから読み、{} は自分で作ります。どちらかを外してください"
    ),
    "--without trains {} from the start: no other toy, and no --resume": (
        "--without は {} を最初から学習します。ほかの課題や --resume とは一緒に使えません"
    ),
    "--compile is for one training, --without makes two small ones: leave one of them out": (
        "--compile は 1 回の学習に使い、--without は小さな学習を 2 回します。どちらかを外してください"
    ),
    "--with none: name the phases that are yours, as in 2,3": (
        "--with none: 自分のフェーズを 2,3 のように指定してください"
    ),
    # -- class, release, gradescope-bundle --
    "{}: name the share as 3/10, counted from 1": "{}: 3/10 のように、1 から数えて指定してください",
    "{}: there is no such folder": "{}: フォルダがありません",
    "--jobs: at least 1": "--jobs: 1 以上を指定してください",
    "--phases none: an edition hands out at least one phase": ("--phases none: 配る版にはフェーズが一つ以上必要です"),
    "--phases none: a bundle grades at least one phase": "--phases none: 採点するフェーズが一つ以上必要です",
    "{}: is a folder, name a file": "{}: フォルダです。ファイルを指定してください",
    "{}: there is no folder {}": "{}: フォルダ {} がありません",
    "--time-limit {}: more than 0 seconds": "--time-limit {}: 0 より大きい秒数を指定してください",
}
"""English to Japanese, as ``i18n.SentenceTable`` reads them."""

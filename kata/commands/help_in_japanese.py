"""The sentences of ``--help`` in Japanese; ``selftest/test_help.py`` holds them complete."""

from __future__ import annotations

OF_PYTHON = {
    "usage: ": "使い方: ",
    "positional arguments": "引数",
    "options": "オプション",
    "show this help message and exit": "この説明を表示して終わる",
    "show program's version number and exit": "バージョンを表示して終わる",
}
"""What ``argparse`` says of itself."""

JAPANESE: dict[str, str] = {
    **OF_PYTHON,
    # -- of several commands --
    "examples:": "例:",
    "1 to 6, or a name": "1 から 6、またはフェーズの名前",
    "1 to 6, or a name (default: all)": "1 から 6、またはフェーズの名前 (既定: すべて)",
    "1 to 6, or a name; all for every phase": "1 から 6、またはフェーズの名前。all ならすべて",
    "a task of it (default: all)": "そのフェーズの課題 (既定: すべて)",
    "folder to grade (default: exercises)": "採点するフォルダ (既定: exercises)",
    "folder to write to (default: pictures, in the project)": "書き込むフォルダ (既定: この教材の pictures)",
    "folder of the code (default: exercises)": "コードのフォルダ (既定: exercises)",
    "language of the messages": "メッセージの言語",
    "seed of random draws": "乱数のシード",
    "seed of random draws (default: 0)": "乱数のシード (既定: 0)",
    "seed of all random draws (default: 0)": "すべての乱数のシード (既定: 0)",
    "seed of random draws, one for all": "乱数のシード (全員に共通)",
    "seed of random draws, one for all students": "乱数のシード (全員に共通)",
    "seconds for a submission": "提出 1 件に使ってよい秒数",
    "what is graded (default: all)": "採点するフェーズ (既定: すべて)",
    # -- python grader.py --
    "Grade the exercises of Transformer Kata.": "Transformer Kata の課題を採点します。",
    "grade all six phases of exercises/": "exercises/ の六つのフェーズをすべて採点",
    "grade phase 2 alone": "フェーズ 2 だけを採点",
    "grade another folder": "別のフォルダを採点",
    "write a report for programs (- is standard output)": "プログラム向けの結果を書く (- は標準出力)",
    "exit status 1 under 80 percent": "80 パーセント未満なら終了コード 1",
    "name every test that did not pass": "不合格のテストをすべて名前で示す",
    "name every test that did not pass, and the seconds of each phase": (
        "不合格のテストをすべて名前で示し、フェーズごとの秒数も表示する"
    ),
    "also try the six files together, passed or not": "合格していない課題があっても、六つのファイルを組み合わせて試す",
    "write the report as JSON; - is standard output (everywhere)": (
        "結果を JSON で書く。- は標準出力 (ほかの形式でも同じ)"
    ),
    "write Gradescope's results.json": "Gradescope の results.json を書く",
    "write JUnit XML": "JUnit XML を書く",
    "write Markdown": "Markdown を書く",
    "exit 1 under this percentage": "このパーセント未満なら終了コード 1",
    "print the total and the next step, nothing else": "合計と次の一歩だけを表示する",
    "language of the report": "結果の言語",
    "commands (each has a --help of its own):": "コマンド (それぞれに --help があります):",
    "grade a phase anew whenever you save it": "保存するたびにフェーズを採点",
    "show the next hint of a task": "課題の次のヒントを表示",
    "open the lesson of a phase": "フェーズのレッスンを開く",
    "bring a stub back, and keep what you wrote": "スタブに戻す (書いたものは取っておく)",
    "run the lesson's worked example through your code, step by step": "レッスンの例題をあなたのコードで一歩ずつ計算",
    "draw pictures of a phase with your own code": "あなたのコードの動きを図にする",
    "train your Transformer on a toy task": "おもちゃの課題であなたの Transformer を学習",
    "write the call in which a task fails as a short script": "課題が失敗する呼び出しを短いスクリプトに書く",
    "read the solution of a phase that has passed": "合格したフェーズの解答を読む",
    "once everything passes: a page to keep": "すべて合格したら、記念のページを作る",
    "look at this machine: does grading work here?": "この環境で採点できるかを調べる",
    "grade a class, and see what it has not understood": "クラスを採点し、理解されていない点を見る",
    "make an edition for students, without solutions": "学生向けに解答なしの版を作る",
    "make an autograder to upload to Gradescope": "Gradescope に載せる自動採点を作る",
    # -- watch --
    "Grade a phase anew whenever you save its file.": "ファイルを保存するたびに、そのフェーズを採点します。",
    "begin where something is left to do": "やり残しのあるところから始める",
    "begin with phase 3": "フェーズ 3 から始める",
    "in Japanese": "日本語で",
    "where to begin: 1 to 6, or a name": "どこから始めるか。1 から 6、またはフェーズの名前",
    "folder to watch (default: exercises)": "見張るフォルダ (既定: exercises)",
    "language of messages and keys": "メッセージとキーの説明の言語",
    "Keys: h hint, o open the file in $VISUAL or $EDITOR, l list, n next phase, a grade all, s solution of a task that "
    "passes, p pictures, Enter grade again, space back to the verdict, q quit.": (
        "キー: h ヒント、o ファイルを $VISUAL か $EDITOR で開く、l 一覧、n 次のフェーズ、a 全採点、"
        "s 合格した課題の解答との差分、p 図、Enter もう一度採点、スペース 判定に戻る、q 終了。"
    ),
    # -- hint --
    "Show the next hint of a task; one more each time you ask, from a nudge to nearly the code.": (
        "課題の次のヒントを表示します。尋ねるたびに一つずつ、小さな手がかりから、ほぼコードに近いものまで進みます。"
    ),
    "the next hint of the first unfinished task of phase 2": "フェーズ 2 の、まだ終わっていない最初の課題の次のヒント",
    "of this task; ask again for the next one": "この課題の次のヒント。もう一度尋ねると、その次",
    "the ones you have seen": "これまでに見たヒント",
    "a task of it (default: the first unfinished one)": "そのフェーズの課題 (既定: まだ終わっていない最初のもの)",
    "show the hints that have been shown, and no new one": "これまでに見たヒントだけを表示する",
    "folder you work in (default: exercises)": "作業しているフォルダ (既定: exercises)",
    "language of the hint": "ヒントの言語",
    # -- lesson --
    "Open the lesson of a phase in a browser if the site is built, else say where its text is.": (
        "サイトを作ってあればレッスンをブラウザで開き、なければ本文のある場所を示します。"
    ),
    "the lesson of phase 2": "フェーズ 2 のレッスン",
    "where it speaks of this task": "この課題を説明しているところ",
    "a task of it (default: the beginning)": "そのフェーズの課題 (既定: レッスンの始め)",
    "language of the lesson": "レッスンの言語",
    # -- reset --
    "Bring back the stub of a phase, or of one of its tasks. Nothing that you wrote is lost.": (
        "フェーズ、またはその課題の一つをスタブに戻します。書いたものは失われません。"
    ),
    "bring back the whole file of phase 2": "フェーズ 2 のファイル全体を戻す",
    "bring back one task, leave the others as they are": "課題を一つだけ戻し、ほかはそのままにする",
    "What was in the file is kept below .kata/kept/ in the same folder, with date and time in its name.": (
        "元の内容は、同じフォルダの .kata/kept/ の下に、日時の付いた名前で残ります。"
    ),
    "a task of the phase (default: the whole file)": "そのフェーズの課題 (既定: ファイル全体)",
    "folder of the file (default: exercises)": "ファイルのあるフォルダ (既定: exercises)",
    # -- trace --
    "Run the lesson's worked example through your code and print, step by step, what came beside what the lesson says; "
    "the first difference is marked. It works on half-done code.": (
        "レッスンの例題をあなたのコードで計算し、結果をレッスンの値と一歩ずつ並べて、最初に違う段階に印を付けます。"
        "書きかけのコードでも使えます。"
    ),
    "all tasks of phase 2": "フェーズ 2 のすべての課題",
    "this task alone": "この課題だけ",
    "what it looks like when all is right": "すべて正しいときの表示",
    "folder of your code (default: exercises)": "あなたのコードのフォルダ (既定: exercises)",
    "language of the table": "表の言語",
    # -- show --
    "Draw pictures of a phase with your own code, and write a page with all that were drawn. Phase 6 shows your last "
    "trainings.": (
        "あなたのコードの動きを図にし、描いた図をすべて載せたページを作ります。フェーズ 6 では最近の学習を示します。"
    ),
    "draw the pictures of phase 2": "フェーズ 2 の図を描く",
    "and look at all that were drawn, in a browser": "さらに、描いた図をすべてブラウザで見る",
    "every phase, in Japanese": "すべてのフェーズを日本語で",
    "open the page of all pictures in a browser": "すべての図のページをブラウザで開く",
    "print the pictures themselves by this protocol (default: where the terminal can)": (
        "図そのものを、この方式で端末に表示する (既定: 端末が対応していれば)"
    ),
    "language of the pictures": "図の言語",
    # -- train --
    "Train your Transformer on a toy, with your own training loop, loss, schedule and decoding.": (
        "おもちゃの課題で、あなたの Transformer を学習します。"
        "学習ループも損失もスケジュールも復号も、あなたのコードです。"
    ),
    "toys:": "おもちゃの課題:",
    "strings of 3 to 10 letters": "3 から 10 文字の文字列",
    "small sentences, English to Japanese": "英語から日本語への短い文",
    "your own pairs: --data pairs.tsv, a line a pair, source and target separated by a tab": (
        "あなたの文の組: --data pairs.tsv。1 行に一組で、原文と訳文をタブで区切る"
    ),
    "what you have finished learns within the reference": "完成したフェーズを解答に組み込んで学習",
    "the same with your phase 2 as it is, finished or not": "同じく、あなたのフェーズ 2 を今のまま組み込む",
    "a small model with and without the look-ahead mask, side by side": (
        "小さなモデルを、先読みマスクありとなしで並べて比べる"
    ),
    "Where a toy has a goal (copy, reverse, sort: 99 % of unseen strings), a training ends once three validations one "
    "after the other have reached it; with --steps it ends at that step. Ctrl-C stops after the step that runs; "
    "--resume goes on. --compile needs a C++ compiler on the CPU and Triton on a GPU; compiling takes minutes on a "
    "slow machine.": (
        "目標のある課題 (copy、reverse、sort: 未知の文字列の 99 %) では、検証で 3 回続けて目標に届くと学習を終えます。"
        "--steps を付けると、そのステップで終わります。Ctrl-C を押すと今のステップの後で止まり、"
        "--resume で続けられます。--compile には、CPU では C++ コンパイラ、GPU では Triton が必要です。"
        "遅い環境では、コンパイルに数分かかります。"
    ),
    "copy, reverse, sort, en-ja, own": "copy、reverse、sort、en-ja、own",
    "train your finished phases, and the reference for the others": "完成したフェーズに、残りは解答を補って学習する",
    "the same with these, as in 2,3": "同じく、指定したフェーズで (例: 2,3)",
    "take a part away and see: positions, scaling, residual, norm, mask, warmup, smoothing": (
        "部品を一つ取り除いて比べる: positions、scaling、residual、norm、mask、warmup、smoothing"
    ),
    "last step, goal or no goal (default: the toy's)": "目標に届いてもこのステップまで続ける (既定: 課題による)",
    "auto: cuda if there is one": "auto: 使えれば cuda",
    "try torch.compile, say what a step gains, and use it if that is faster": (
        "torch.compile を試し、1 ステップがどれだけ速くなるかを示して、速ければ使う"
    ),
    "your own pairs, tab-separated": "あなたの文の組 (タブ区切り)",
    "go on with the last training of this toy": "この課題の前回の学習を続ける",
    "where to draw curves (default: pictures)": "曲線を描くフォルダ (既定: pictures)",
    "where to keep checkpoints (default: .kata/runs)": "チェックポイントを置くフォルダ (既定: .kata/runs)",
    # -- repro --
    "Write the call in which a task fails as a short script, outside pytest.": (
        "課題が失敗する呼び出しを、pytest なしで動く短いスクリプトに書きます。"
    ),
    "write repro_split_heads.py": "repro_split_heads.py を書く",
    "run it": "実行する",
    "step through it": "一歩ずつ実行する",
    "The script holds what the test hands over, not what it expects: that stands in the grader's message.": (
        "スクリプトにあるのはテストが渡す値で、期待する値ではありません。期待する値は採点のメッセージにあります。"
    ),
    "a task of the course, as split_heads": "課題の名前 (例: split_heads)",
    "folder of the files (default: exercises)": "ファイルのあるフォルダ (既定: exercises)",
    # -- solutions --
    "Print the solution of a phase without docstrings, once all tasks of your own have passed.": (
        "あなたの課題がすべて合格したら、そのフェーズの解答を docstring なしで表示します。"
    ),
    "grade phase 2, and if all of it passes print its solution": "フェーズ 2 を採点し、すべて合格なら解答を表示",
    "print it, passed or not": "合格していなくても表示",
    "into a file": "ファイルに書く",
    "do not grade first": "先に採点しない",
    # -- certificate --
    "Once all six phases have all points, write a page to keep: your curves, maps, times and versions.": (
        "六つのフェーズがすべて満点になったら、あなたの曲線、図、時間、バージョンを載せた記念のページを作ります。"
    ),
    "grade everything, then write pictures/certificate.html": "すべて採点してから pictures/certificate.html を書く",
    "with a name on it": "名前を入れる",
    "name to put on the page (default: none)": "ページに入れる名前 (既定: なし)",
    "language of the page": "ページの言語",
    # -- doctor --
    "Look at what grading needs on this machine, and put the reference through it.": (
        "採点に必要なものがこの環境にあるかを調べ、模範解答を採点してみます。"
    ),
    "look at this machine": "この環境を調べる",
    "the same for programs": "同じものをプログラム向けに",
    "write the findings as JSON; - is standard output": "結果を JSON で書く。- は標準出力",
    "language of the findings": "結果の言語",
    # -- class --
    "Grade what a class has handed in, and show what it has not understood.": (
        "クラスの提出物を採点し、理解されていない点を示します。"
    ),
    "a folder, an archive or single files a student": "学生ごとにフォルダ、アーカイブ、または個々のファイル",
    "go on after an interruption; nothing is graded twice": "中断の続き。二度は採点しない",
    "on a Dask cluster (requirements-class.txt)": "Dask のクラスタで (requirements-class.txt)",
    "the third tenth: for job arrays": "10 等分の 3 番目 (ジョブ配列用)",
    "What comes out lies in class-report/ unless --into names another folder: class.html, class.csv, class.jsonl (the "
    "results as they came) and a page a student below reports/.": (
        "結果は class-report/ に書きます (--into で変えられます)。class.html、class.csv、"
        "class.jsonl (届いた順の結果) と、reports/ の下の学生ごとのページです。"
    ),
    "folder with the submissions": "提出物のフォルダ",
    "submissions side by side (default: the cores)": "同時に採点する件数 (既定: コアの数)",
    "where results are written": "結果を書くフォルダ",
    "the table (default: class.csv there)": "表 (既定: そこの class.csv)",
    "the students' pages (default: reports there)": "学生ごとのページ (既定: そこの reports)",
    "keep the results that are there, grade the rest": "すでにある結果を残し、残りを採点する",
    "of a Dask cluster, as tcp://host:8786": "Dask のクラスタのアドレス (例: tcp://host:8786)",
    "grade the I-th of N shares alone": "N 等分の I 番目だけを採点する",
    "language of pages and messages": "ページとメッセージの言語",
    # -- release --
    "Make a student edition: stubs, suites, lessons and grader, without git history and solutions.": (
        "学生向けの版を作ります。スタブ、テスト、レッスン、採点プログラムが入り、git の履歴と解答は入りません。"
    ),
    "hand out the first three phases, without any solution": "最初の三つのフェーズを、解答なしで配る",
    "hand out phase 4, with the solutions of the first three": "フェーズ 4 を、最初の三つの解答とともに配る",
    "bring an earlier edition up to date; its exercises/ stays": "以前の版を新しくする。exercises/ はそのまま",
    "An edition made with --no-exercises can be unpacked over an earlier one: what a student wrote is not touched, and "
    "the grader adds the stubs that are missing.": (
        "--no-exercises で作った版は、以前の版の上に展開できます。"
        "学生の書いたものには触れず、足りないスタブは採点時に補われます。"
    ),
    "a new folder, or an earlier edition": "新しいフォルダ、または以前の版",
    "what is handed out (default: all)": "配るフェーズ (既定: すべて)",
    "whose solutions come along (default: those of the phases before the first one handed out)": (
        "解答を入れるフェーズ (既定: 配る最初のフェーズより前のもの)"
    ),
    "write no stubs into exercises/": "exercises/ にスタブを書かない",
    # -- gradescope-bundle --
    "Make an autograder to upload to Gradescope.": "Gradescope に載せる自動採点を作ります。",
    "all phases, 600 points": "すべてのフェーズ、600 点",
    "300 points": "300 点",
    'Upload the archive under "Configure Autograder". A student hands in the files, a folder or an archive; of a file '
    "that is missing nothing is graded. What the machine there does not confine stands in an entry that students do "
    "not see.": (
        "できたアーカイブを “Configure Autograder” で載せます。"
        "学生はファイル、フォルダ、アーカイブのどれでも提出できます。"
        "ないファイルは採点されません。その環境で制限できないことは、学生に見えない項目に書かれます。"
    ),
    "the archive to write": "書き込むアーカイブ",
    "when students see their results: visible, after_due_date, after_published, hidden": (
        "学生が結果を見られる時期: visible、after_due_date、after_published、hidden"
    ),
    "pack a student edition of the phases: no mistake is named": "学生向けの版を入れる (間違いの名前は示されない)",
    "language that students read": "学生が読む言語",
}

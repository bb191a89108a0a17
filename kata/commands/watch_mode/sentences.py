"""The sentences of ``watch``, in English and Japanese."""

from __future__ import annotations

SENTENCES: dict[str, tuple[str, str]] = {
    "watching": (
        "Watching {folder}: save a file, and its phase is graded.",
        "{folder} を見ています。ファイルを保存すると、そのフェーズを採点します。",
    ),
    "saved": ("phase {number} saved", "フェーズ {number} を保存しました"),
    "phase": ("phase {number}", "フェーズ {number}"),
    "starting": ("starting torch ...", "torch を起動中 ..."),
    "running": ("grading ...", "採点中 ..."),
    "running_long": ("grading ... {done} tests done, {seconds:.0f} s", "採点中 ... テスト {done} 個、{seconds:.0f} 秒"),
    "slow": (
        "no test has ended for {seconds:.0f} s ({done} done). Is there an endless loop? Save again, or q.",
        "{seconds:.0f} 秒間、どのテストも終わっていません (終わったテスト {done} 個)。無限ループかもしれません。"
        "もう一度保存するか、q で終了できます。",
    ),
    "builds_on": ("and what builds on it: {tasks} ...", "これを使う課題も実行中: {tasks} ..."),
    "naming": ("looking for the known mistake ...", "よくある間違いと照らし合わせています ..."),
    "before": ("before this save: {state}", "保存前: {state}"),
    "uses": (
        "It uses {names}, which does not pass yet: that may be the reason.",
        "この課題は、まだ合格していない {names} を使っています。原因はそちらかもしれません。",
    ),
    "gone": (
        "{file} is gone: put it back, or run {reset}",
        "{file} がありません。元に戻すか、{reset} を実行してください。",
    ),
    "untouched": ("Nothing is written yet in phase {number}.", "フェーズ {number} はまだ何も書かれていません。"),
    "course": ("{passed} of {total} tasks", "課題 {total} 個のうち {passed} 個"),
    "complete": ("Phase {number} is complete. Before you go on:", "フェーズ {number} は完成です。先へ進む前に:"),
    "compare": ("how the solution differs from yours", "解答との違い"),
    "pictures": ("pictures of what your code does ({command})", "あなたのコードの動きを図にする ({command})"),
    "questions": ("questions: {place}", "問い: {place}"),
    "next_lesson": (
        "Next: n for phase {number}; its lesson is {lesson}",
        "次の一歩: n でフェーズ {number} へ。レッスンは {lesson}",
    ),
    "next_file": ("Next: repair {place}", "次の一歩: {place} を直す"),
    "next_open": ("Next: n for the next phase", "次の一歩: n で次のフェーズへ"),
    "next_done": (
        "Everything passes. Next: {grade} (your six files together), {train}, and {keep} (a page to keep)",
        "すべて合格です。次の一歩: {grade} (六つのファイルを合わせて)、{train}、{keep} (記念のページ)",
    ),
    "lesson": ("lesson {lesson}", "レッスン {lesson}"),
    "keys": (
        "h hint · o open · l list · n next · a all · s solution · p pictures · q quit",
        "h ヒント・o 開く・l 一覧・n 次へ・a 全採点・s 解答との差分・p 図・q 終了",
    ),
    "back": ("space: back to the verdict", "スペースで判定に戻る"),
    "no_hint": (
        "All tasks of phase {number} pass: no hint is needed, and none was used.",
        "フェーズ {number} の課題はすべて合格です。ヒントは要りません (使った数も増えません)。",
    ),
    "hint_later": (
        "Phase {number} is still being graded: ask again when the verdict is there.",
        "フェーズ {number} は採点中です。判定が出てから、もう一度押してください。",
    ),
    "not_passed": (
        "The solution is shown once a task of this phase has passed.",
        "解答との差分は、このフェーズの課題が合格してから見られます。",
    ),
    "diff": ("{task}: yours (-) and the solution (+)", "{task}: あなたのコード (-) と解答 (+)"),
    "diff_none": (
        "This edition does not hold the solution of this phase.",
        "この配布版には、このフェーズの解答は入っていません。",
    ),
    "diff_same": ("{task}: yours is the solution, line by line", "{task}: 解答と一行も違いません"),
    "diff_more": ("s again: the next task that has passed", "もう一度 s: 合格した次の課題"),
    "opened": ("Opened: {place}", "開きました: {place}"),
    "no_editor": (
        "Which editor? Set VISUAL or EDITOR (code, vim, ...). The place is {place}",
        "エディタが分かりません。VISUAL か EDITOR を設定してください (code、vim など)。場所: {place}",
    ),
    "bad_editor": (
        "The editor {editor} cannot be started. The place is {place}",
        "エディタ {editor} を起動できません。場所: {place}",
    ),
    "unknown_key": ("{key} is no key here.", "{key} に割り当てはありません。"),
    "not_graded": ("not graded yet", "未採点"),
    "grading_all": ("grading all phases ...", "全フェーズを採点中 ..."),
    "bye": ("Nothing is watched any more.", "監視を終わります。"),
    "busy": ("drawing pictures ...", "図を描いています ..."),
    "no_terminal": (
        "watch needs a terminal: keys and screen. In a pipe or in CI run python grader.py.",
        "watch には端末 (キー入力と画面) が必要です。パイプや CI では python grader.py を実行してください。",
    ),
}

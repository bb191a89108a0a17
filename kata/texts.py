"""Every sentence of the grader's own, in English and Japanese."""

from __future__ import annotations

LANGUAGES = ("en", "ja")

TEXTS: dict[str, tuple[str, str]] = {
    "header": ("target {target} · seed {seed}", "対象 {target} ・ シード {seed}"),
    "total": ("Total", "合計"),
    "points": ("{score} / {max_score}", "{score} / {max_score}"),
    "tests": ("{passed}/{total} tests", "テスト {passed}/{total}"),
    "todo": ("to do", "未着手"),
    "passed": ("passed", "合格"),
    "failed": ("failed", "不合格"),
    "error": ("error", "エラー"),
    "forbidden": ("forbidden", "規則違反"),
    "waits_for": ("needs {name}, which is not written yet", "まだ書かれていない {name} が必要です"),
    "assembled_yes": (
        "Assembled: your six files train a model and decode with it.",
        "組み立て: 六つのファイルがそろって動き、モデルを学習して復号できました。",
    ),
    "assembled_no": (
        "Assembled: your six files do not work together yet.",
        "組み立て: 六つのファイルを合わせると、まだ動きません。",
    ),
    "next_implement": ("Next: write {task} in {place}", "次の一歩: {place} の {task} を書く"),
    "next_fix": ("Next: repair {task} in {place}", "次の一歩: {place} の {task} を直す"),
    "next_assemble": (
        "Next: run `python -m pytest tests/test_assembled.py`",
        "次の一歩: `python -m pytest tests/test_assembled.py` を実行する",
    ),
    "next_done": (
        "Everything passes. Read the solutions and compare: they are one way among many.",
        "すべて合格です。solutions/ を読んで、自分の書き方と比べてみましょう。",
    ),
    "next_other": (
        "All of it passes. Go on with `python grader.py`.",
        "この範囲はすべて合格です。`python grader.py` で全体を確かめましょう。",
    ),
    "lesson": ("Lesson: {lesson}", "解説: {lesson}"),
    "details": ("Details: python -m pytest --task {task}{target}", "詳細: python -m pytest --task {task}{target}"),
    "trust_direct": (
        "The tests ran in a process of their own, but the submission's code ran in that same process: this score is "
        "sound for honest work; it is not proof against a submission that tampers with its tests.",
        "テストは専用プロセスで実行しましたが、提出コードも同じプロセスで動きました。誠実な提出には正しい点数ですが、"
        "テストを改ざんする提出を防ぐものではありません。",
    ),
    "trust_not_run": (
        "Nothing was run: all phases are untouched stubs.",
        "すべてのフェーズが未着手のため、何も実行していません。",
    ),
    "running": ("grading ... {done}/{total} tests", "採点中 ... テスト {done}/{total}"),
    "starting": ("starting torch ...", "torch を起動中 ..."),
    "interrupted": ("Interrupted: nothing was graded.", "中断しました。採点結果はありません。"),
}


def text(key: str, lang: str, **values: object) -> str:
    """The sentence ``key`` in ``"en"`` or ``"ja"`` with its values filled in."""
    english, japanese = TEXTS[key]
    return (japanese if lang == "ja" else english).format(**values)

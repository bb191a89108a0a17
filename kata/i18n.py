"""Every sentence of the grader's own, in English and Japanese."""

from __future__ import annotations

from typing import Mapping, TypeVar

T = TypeVar("T")

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
    "passed_given": ("right, given a right {names}", "{names} が正しければ、この課題は正解です"),
    "own_phases": (
        "  tested with your own phase {numbers}: no reference of it is here",
        "  フェーズ {numbers} はあなたのものを使っています (ここには参照用の解答がありません)",
    ),
    "waits_for": ("needs {name}, which is not written yet", "まだ書かれていない {name} が必要です"),
    "not_gradable": (
        "Not gradable here: {count} tests ({points:g} points). The reference fails in them as well.",
        "この環境では採点できないテスト: {count} 件 ({points:g} 点分)。模範解答でも失敗します。",
    ),
    "share_of_the_rest": (
        "They count neither for nor against you: the score is your share of the other points.",
        "この分は加点も減点もされません。点数は、残りの点に対する割合で計算しています。",
    ),
    "for_the_instructor": ("For the instructor", "教員向け"),
    "next_doctor": (
        "Not your code: this machine. `python grader.py doctor` looks for the cause.",
        "原因はコードではなく、この環境にあります。`python grader.py doctor --lang ja` で調べてください。",
    ),
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
    "next_mend": ("Next: mend {place}, then grade again", "次の一歩: {place} を直して、もう一度採点する"),
    "next_assemble": (
        "Next: run `python -m pytest{target} tests/test_assembled.py`",
        "次の一歩: `python -m pytest{target} tests/test_assembled.py` を実行する",
    ),
    "next_done": (
        "Everything passes. Read the solutions and compare: they are one way among many.",
        "すべて合格です。solutions/ を読んで、自分の書き方と比べてみましょう。",
    ),
    "next_other": (
        "All of it passes. Go on with `python grader.py{target}`.",
        "この範囲はすべて合格です。`python grader.py{target} --lang ja` で全体を確かめましょう。",
    ),
    "see": ("See it: python grader.py show {number}{option}", "図で見る: python grader.py show {number}{option}"),
    "questions": ("Questions: {place}", "問い: {place}"),
    "compare": (
        "Compare: python grader.py solutions {number}{option}, or s in python grader.py watch {number}",
        "解答と比べる: python grader.py solutions {number}{option}、"
        "または python grader.py watch {number} --lang ja で s",
    ),
    "next_lesson": ("Next lesson: {lesson}", "次のレッスン: {lesson}"),
    "keep": (
        "A page to keep, with your own curves and maps: python grader.py certificate{option}",
        "あなたの曲線と図を載せた記念のページ: python grader.py certificate{option}",
    ),
    "lesson": ("Lesson: {lesson}", "解説: {lesson}"),
    "details": ("Details: python -m pytest --task {task}{target}", "詳細: python -m pytest --task {task}{target}"),
    "repro": (
        "As a script: python grader.py repro {task}{target}",
        "スクリプトで再現: python grader.py repro {task}{target} --lang ja",
    ),
    "trust_wall": (
        "The submission ran in processes of its own; only data crossed to the tests, and no verdict was made there. "
        "Confined: {held}.",
        "提出コードは専用のプロセスで動き、テストとの間を通ったのはデータだけで、判定はそちらでは行っていません。"
        "制限したもの: {held}。",
    ),
    "trust_lacking": (" Not confined on this system: {lacking}.", "このシステムで制限できなかったもの: {lacking}。"),
    "held_reading": ("reading the tests and this phase's solution", "テストと該当フェーズの解答の読み取り"),
    "held_writing": ("writing files", "ファイルへの書き込み"),
    "held_network": ("the network", "ネットワーク"),
    "held_tcp": ("TCP connections", "TCP 接続"),
    "held_processes": ("new processes", "新しいプロセス"),
    "held_signals": ("signals to other processes", "ほかのプロセスへのシグナル"),
    "held_memory": ("memory", "メモリ"),
    "held_cpu": ("processor time", "CPU 時間"),
    "held_root": ("root's rights", "root の権限"),
    "unexplained": (
        "{count} more tests fail for another reason.",
        "ほかの {count} 個のテストは、別の理由で不合格です。",
    ),
    "unexplained_one": (
        "One more test fails for another reason.",
        "ほかの 1 個のテストは、別の理由で不合格です。",
    ),
    "diagnosis": ("Known mistake:", "よくある間違い:"),
    "same_mistake": ("the same as in {task}.", "{task} と同じです。"),
    "seconds": ("tests of this phase: {seconds:.1f} s", "このフェーズのテスト: {seconds:.1f} 秒"),
    "printed": ("it printed:", "出力:"),
    "trust_not_run": (
        "Nothing of the submission was run.",
        "提出コードは何も実行していません。",
    ),
    "running": ("grading ... {done}/{total} tests", "採点中 ... テスト {done}/{total}"),
    "starting": ("starting torch ...", "torch を起動中 ..."),
    "broken": ("The suites could not be run: {why}", "テストを実行できませんでした: {why}"),
    "interrupted": ("Interrupted: nothing was graded.", "中断しました。採点結果はありません。"),
}


def text(key: str, lang: str, **values: object) -> str:
    """The sentence ``key`` in ``"en"`` or ``"ja"`` with its values filled in."""
    return choose(TEXTS[key], lang).format(**values)


def choose(sentence: tuple[T, T], lang: str) -> T:
    """One of a pair (English, Japanese). Commands keep their sentences beside them, as such pairs."""
    return sentence[LANGUAGES.index(lang)]


class SentenceTable:
    """English sentences and their Japanese; ``{}`` stands for what is put in, which is looked up likewise.

    Args:
        sentences: the table; a Japanese sentence may name its gaps, ``{1}``, where their order differs.
    """

    def __init__(self, sentences: Mapping[str, str]) -> None:
        self._exact = {english: sentences[english] for english in sentences if "{}" not in english}
        gaps = sorted((english for english in sentences if "{}" in english), key=lambda english: -len(english))
        self._with_gaps = [(english.split("{}"), sentences[english]) for english in gaps]  # the most specific first

    def translated(self, text: str) -> str:
        """The Japanese of a sentence or of a part of one; the text itself if the table does not have it."""
        if text in self._exact:
            return self._exact[text]
        for pieces, japanese in self._with_gaps:
            gaps = _gaps(text, pieces)
            if gaps is not None:
                return japanese.format(*map(self.translated, gaps))
        return text


def _gaps(text: str, pieces: list[str]) -> list[str] | None:
    """What stands between the pieces of a sentence, each gap as short as may be; None if it is another sentence.

    No regular expression: with several gaps it would try them all on a text that a submission chooses.
    """
    first, *middle, last = pieces
    if not text.startswith(first) or not text.endswith(last):
        return None
    gaps, place, end = [], len(first), len(text) - len(last)
    for piece in middle:
        at = text.find(piece, place + 1, end)
        if at < 0:
            return None
        gaps.append(text[place:at])
        place = at + len(piece)
    return [*gaps, text[place:end]] if place < end else None

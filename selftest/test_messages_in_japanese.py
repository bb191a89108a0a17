"""Whoever asks for Japanese reads the messages of the tests in Japanese: ``tests/messages.ja.json`` has them."""

from __future__ import annotations

import ast
import io
import json
import re
import time

import pytest
from rich.console import Console

from kata.course.messages import FRAME, MESSAGES, in_language, translated
from kata.course.phases import COURSE, PROJECT
from kata.grading.scoring import PhaseScore, Report, TaskScore
from kata.reports import gradescope, junit, markdown, terminal
from kata.results import FAILED
from kata.sandbox.loader import explain_import_failure
from kata.source.files import MAX_SOURCE, complaint_about
from selftest.test_japanese_terms import JAPANESE, complaints

SENTENCES = json.loads(MESSAGES.read_text(encoding="utf-8"))

ENGLISH = re.compile(r"\b(?:the|of|is|are|and|with|each|every|after|where|must|gets?|has|have|no|for|not)\b")
"""Words that a sentence has, and code seldom."""

PUT_TOGETHER = re.compile(r"some are NaN|values wrong|is NaN|is infinite|the token_accuracy|: the loss|endless loop")
"""Sentences that a check makes of parts."""

NOT_YET = 0.02
"""Share of sentences that may be missing or left over, so that a change of a test need not wait for its translation."""


def template(node: ast.AST) -> str | None:
    """The text of a string, with ``0`` in the place of what is put in; None for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "0" for part in node.values)
    return None


def texts_of_the_suites() -> dict[str, str]:
    """Every string with a space in it that a test may show, and the file where it stands."""
    found: dict[str, str] = {}
    for path in sorted((PROJECT / "tests").rglob("*.py")):
        if path.parent.name in ("oracles", "in_guest"):
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        skipped = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}  # docstrings
        skipped |= {
            id(part)
            for node in ast.walk(tree)
            if isinstance(node, ast.JoinedStr)
            for part in ast.walk(node)
            if part != node
        }
        skipped |= {
            id(quote)  # of the contract, in a marker: no test shows it
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "holds"
            for quote in node.args
        }
        for node in ast.walk(tree):
            text = None if id(node) in skipped else template(node)
            if text and " " in text.strip():
                found[text if text[-1] != " " else f"{text}0"] = path.name
    return found


def in_a_sentence(text: str) -> str:
    """A label's end, such as `` of a deep copy``, as a test shows it: after its beginning."""
    whole = re.match(r"[ ,]|(?:after|of|for|with|and) ", text) is None
    return text if whole else f"the output{text if text[0] in ' ,' else f' {text}'}"


def test_hardly_a_sentence_of_the_suites_is_left_in_english():
    texts = texts_of_the_suites()
    assert len(texts) > 500
    missing = [
        f"{place}: {text!r}" for text, place in texts.items() if ENGLISH.search(in_language(in_a_sentence(text), "ja"))
    ]
    assert len(missing) <= NOT_YET * len(texts), "\n".join(missing)


def test_every_sentence_of_the_table_is_one_that_the_suites_say():
    rooms = [PROJECT / "tests", *(PROJECT / "kata" / room for room in ("testing", "sandbox", "session", "source"))]
    said = "\n".join(path.read_text(encoding="utf-8") for room in rooms for path in room.rglob("*.py"))
    said = re.sub(r'"\s*\n\s*f?"', "", said).replace('\\"', '"')
    parts = [(english, part.strip()) for english in SENTENCES for part in english.split("{}")]
    stale = [english for english, part in parts if part not in said and not PUT_TOGETHER.search(part)]
    assert len(stale) <= NOT_YET * len(SENTENCES), "\n".join(stale)


def test_the_japanese_has_the_same_gaps_and_the_words_of_the_course():
    for english, japanese in SENTENCES.items():
        assert "{}{}" not in english  # nothing says where the first ends
        gaps = re.findall(r"\{(\d?)\}", japanese)
        assert len(gaps) == english.count("{}"), english
        assert sorted(gaps) in ([""] * len(gaps), [str(number) for number in range(len(gaps))]), english
    assert complaints({english: re.sub(r"`[^`]*`", "``", japanese) for english, japanese in SENTENCES.items()}) == []


@pytest.mark.parametrize(
    ("message", "japanese"),
    [
        (
            "LayerNorm(6)(x), compared with torch's own: 2 of 36 values wrong, the first at [0, 1] of shape (6, 6)\n"
            "  expected: 0.5\n  got:      0.25\n  look at: it starts as zeros",
            "LayerNorm(6)(x) (torch のものと比較): 36 個の値のうち 2 個が違います。形 (6, 6) の中で"
            "最初に違うのは [0, 1] です\n  期待した値: 0.5\n  得られた値: 0.25\n  見直すところ: 0 から始まります",
        ),
        (
            "no answer after 30 s at exercises/phase1_embedding.py:35, in f (`while True:`). Is there an endless loop?",
            "exercises/phase1_embedding.py:35 の f (`while True:`) で 30 秒待っても答えがありません。"
            "無限ループになっていませんか",
        ),
        (
            "mine/phase2_attention.py:1 is not valid Python (invalid syntax): def (:",
            "mine/phase2_attention.py:1 は正しい Python ではありません (invalid syntax): def (:",
        ),
        (
            "MultiHeadAttention(10, 4) returned normally\n  expected: a ValueError",
            "MultiHeadAttention(10, 4) が例外を送出せず、普通に終わりました\n  求められている例外: ValueError",
        ),
        (
            "head 0 gives a forbidden key the weight 0.534163 with a mask of shape (L_k) = (5,)",
            "形 (L_k) = (5,) のマスクで、ヘッド 0 が禁止されたキーに重み 0.534163 を与えています",
        ),
        ("make_batch returned None, expected a Batch", "make_batch が None を返しました。Batch のはずです"),
        ("raises ValueError: the size of x is 3", "ValueError が送出されました: the size of x is 3"),
        (
            "raises TypeError at exercises/phase3_layers.py:42, in forward (`return f(x): y`): no",
            "exercises/phase3_layers.py:42 の forward (`return f(x): y`) で TypeError が送出されました: no",
        ),
        ("words that no test says", "words that no test says"),
    ],
)
def test_a_message_is_told_in_japanese_and_what_is_not_ours_stays(message, japanese):
    assert in_language(message, "ja") == japanese
    assert in_language(message, "en") == message


def test_reports_in_japanese_have_japanese_messages():
    why = "softmax(query @ key^T / sqrt(d_k)) over the keys, then weights @ value"
    message = f"the weights: wrong shape\n  expected: (2, 3)\n  got:      (3, 2)\n  look at: {why}"
    tasks = tuple(TaskScore(task.name, FAILED, 0.0, task.points, 1, 7, message) for task in COURSE[1].tasks)
    report = Report("mine", 0, (PhaseScore(COURSE[1], tasks),), None, "", "trust")
    console = Console(file=io.StringIO(), width=200)
    terminal.show(report, console, COURSE[1].suite()[0].parent, "ja")
    outputs = "\n".join(test["output"] for test in json.loads(gradescope.render(report, "ja"))["tests"])
    for text in (console.file.getvalue(), markdown.render(report, "ja"), junit.render(report, "ja"), outputs):
        assert all(start.strip() in text for _, start in FRAME) and "重み: 形が違います" in text
        assert not ENGLISH.search("".join(line for line in text.splitlines() if "見直すところ" in line))
    assert JAPANESE.search(translated(why))


def test_how_an_exception_came_about_is_told_in_japanese():
    message = (
        "raises RuntimeError at mine.py:3: sizes\n  expected: a ValueError whose message names 8 and 7\n"
        "  called at mine.py:9, in forward (`f(x)`)\n  the test's call: f(x)  # x: float32 (2, 3)"
    )
    first, expected, called, call = in_language(message, "ja").splitlines()
    assert first == message.splitlines()[0]
    assert expected == "  求められている例外: メッセージで 8 and 7 を示す ValueError"
    assert called == "  呼び出し元: mine.py:9 の forward (`f(x)`)"
    assert call == "  テストでの呼び出し: f(x)  # x: float32 (2, 3)"


def test_why_a_file_cannot_be_used_is_told_in_japanese(tmp_path):
    path = tmp_path / "mine" / "phase2_attention.py"
    path.parent.mkdir()
    said = [complaint_about(path)]
    path.mkdir()
    said.append(complaint_about(path))
    path.rmdir()
    path.symlink_to(tmp_path / "elsewhere.py")
    said.append(complaint_about(path))
    path.unlink()
    path.write_bytes(b"#" * (MAX_SOURCE + 1))
    said.append(complaint_about(path))
    sources = (
        b"def f(:", b"a = '\xff'", b"a = 'b\0'", b"import nonsense_", b"1 / 0", b"exit()",
        b"raise NotImplementedError('Phase 2: split_heads')",
    )  # fmt: skip
    for source in sources:
        path.write_bytes(source)
        try:
            exec(compile(source, str(path), "exec"), {})
        except (Exception, SystemExit) as error:
            said.append(explain_import_failure(error, path))
    assert len({*said}) == 11
    for why in said:
        told = in_language(why, "ja")
        assert JAPANESE.search(told), why
        assert told.startswith(why.split(" ")[0])  # the place, which an editor opens


def test_a_long_text_is_translated_at_once():
    start = time.process_time()
    for text in ("the p of " * 80 + "x", "a" * 900, "the a is b, " * 70, ": ".join("got {} of {}" for _ in range(60))):
        translated(text)
    assert time.process_time() - start < 5.0  # of the machine's; one of them took as long

"""Errors of usage in Japanese: every one that the project has, and those of ``argparse``."""

from __future__ import annotations

import ast
import re

import pytest

from kata.commands.options import said
from kata.commands.usage_in_japanese import OF_PYTHON, USAGE_ERRORS
from kata.course.phases import COURSE, PROJECT
from selftest.grader_runs import run_grader
from selftest.test_messages_in_japanese import ENGLISH

FILES = [PROJECT / "kata" / name for name in ("cli.py", "settings.py")]
FILES += sorted((PROJECT / "kata" / "commands").glob("*.py"))
SAYS = ("error", "ArgumentTypeError", "BadSetting", "said")
OF_TWO_COMMANDS = {"error: {}", "{}; did you mean {}?", "{} - and {}", "there is no phase {}; the phases are {}"}
"""Put together in ``options`` and ``cli``, or the message of ``find_phase``."""


def template(node):
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return None


def said_in_the_project():
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = getattr(getattr(node, "func", None), "attr", getattr(getattr(node, "func", None), "id", None))
            if name in SAYS and node.args and template(node.args[0]):
                yield without_its_end(template(node.args[0]))


def without_its_end(english):
    """Without what stands at the end: a value, or what may have been meant, and the list of commands below."""
    return re.sub(r"(\{\}|\n)+$", "", english)


def test_every_error_has_a_japanese_sentence_and_none_is_left_over():
    used = {*said_in_the_project()}
    assert len(used) > 25
    known = {without_its_end(english) for english in USAGE_ERRORS}
    assert used - known == set()
    kept = {*map(without_its_end, [*OF_PYTHON, *OF_TWO_COMMANDS])}
    assert known - used - kept == set()


@pytest.mark.parametrize("english", USAGE_ERRORS)
def test_no_gap_is_lost(english):
    japanese = USAGE_ERRORS[english]
    values = [f"<{number}>" for number in range(english.count("{}"))]
    assert all(value in japanese.format(*values) for value in values)
    assert said(english.format(*values), "ja") == japanese.format(*values)
    assert said(english.format(*values), "en") == english.format(*values)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ["wach"],
            "エラー: 'wach' というコマンドもフェーズもありません (watch のことでしょうか)\n\nコマンド",
        ),
        (["7"], "エラー: PHASE: フェーズ '7' はありません。フェーズは 1 (phase1_embedding), "),
        (["--seed", "-1"], "エラー: --seed: -1 は負の数です。シードは 0 以上です"),
        (["--seed"], "エラー: --seed: 値を一つ指定してください"),
        (["-q", "-v"], "エラー: -v/--verbose: -q/--quiet と一緒には使えません"),
        (["--targt=x"], "エラー: 知らない引数です: --targt=x (--target のことでしょうか)"),
        (["--target", "nowhere"], "エラー: --target nowhere: フォルダがありません。phase1_embedding.py などの"),
        (["--json", "-", "--markdown", "-"], "エラー: --json - と --markdown -: 標準出力に出せる結果は一つだけです"),
        (["hint"], "エラー: 引数が足りません: PHASE"),
        (["hint", "2", "split_head"], "エラー: フェーズ 2 に課題 'split_head' はありません。課題は "),
        (["hint", "LayerNorm"], "エラー: PHASE: LayerNorm は課題の名前です。そのフェーズの 3 を指定してください"),
        (["train", "revers"], "エラー: TOY: 'revers' は選べません (選択肢: "),
        (["train", "reverse", "--steps", "0"], "エラー: --steps: 0 では少なすぎます。ステップは 1 以上です"),
        (["class", "--jobs", "x", "."], "エラー: --jobs: 'x' は整数ではありません"),
        (["release"], "エラー: 引数が足りません: DIR"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_command_line_is_told_in_japanese(arguments, told):
    run = run_grader(*arguments, "--lang", "ja")
    assert (run.status, run.out) == (2, "")
    assert told in run.err
    assert run.err.startswith("使い方: python grader.py")
    words = re.sub(r"[-'\w./{}]*[_./{}-][-'\w./{}]*", "", run.err)  # options, files, names
    assert not ENGLISH.search(words), words


def test_what_is_said_beside_the_work_is_japanese_too(tmp_path):
    run = run_grader("hint", "2", "--target", "solutions", "--lang", "ja", cwd=tmp_path)
    assert f"ここに solutions はありません。{PROJECT / 'solutions'} を対象にします" in run.err
    run = run_grader("2", "--target", "solutions", "--lang", "ja", KATA_JOBS="many")
    assert run.status == 2 and "KATA_JOBS=many: 2 のような整数にするか" in run.err


def test_english_stays_english():
    err = run_grader("wach").err
    assert "usage: python grader.py" in err and "error: 'wach' is neither a command nor a phase; did you mean" in err
    assert all(phase.id in run_grader("7").err for phase in COURSE)

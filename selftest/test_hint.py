"""``python grader.py hint``: one more hint each time, of the right task, and nothing that a broken file could upset."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from rich.cells import cell_len

from kata.commands import hint, hint_state
from kata.course import lessons
from kata.line_breaking import _units, wrap
from kata.source.progress import unfinished_tasks
from selftest.submissions import make_target, phase, solution, with_bodies

LESSON = """# Title

<a id="tasks"></a>
## Tasks

<a id="task-split_heads"></a>
### `split_heads`

What it is.

<details><summary>{word} 1</summary>

the {word} of split_heads, number one, in $`d_k`$

</details>

<details><summary>{word} 2</summary>

number two

```python
x.view(1,  2)
```

</details>

<details><summary>{word} 3</summary>

number three

</details>

<a id="task-merge_heads"></a>
### `merge_heads`

<details><summary>{word} 1</summary>

the {word} of merge_heads

</details>

<a id="questions"></a>
## Questions

<details><summary>{word} 9</summary>

of no task

</details>
"""
NUMBERS = ("one", "two", "three")


@pytest.fixture(scope="module")
def stubs(tmp_path_factory):
    return make_target(tmp_path_factory.mktemp("course") / "stubs")


@pytest.fixture
def course(tmp_path, monkeypatch, stubs):
    """A project with a lesson of phase 2 in both languages, and a folder of stubs to work in."""
    for lang, word in (("en", "Hint"), ("ja", "ヒント")):
        path = tmp_path / phase(2).lesson(lang)
        path.parent.mkdir(parents=True)
        path.write_text(LESSON.format(word=word), encoding="utf-8")
    monkeypatch.setattr(lessons, "PROJECT", tmp_path)
    monkeypatch.setattr(hint_state, "PROJECT", tmp_path)
    monkeypatch.setattr(hint_state, "STATE", tmp_path / ".kata" / "hints.json")
    return SimpleNamespace(folder=tmp_path, target=Path(shutil.copytree(stubs, tmp_path / "exercises")))


@pytest.fixture
def ask(course, capsys):
    """Ask for a hint as a user does; the answer is (status, standard output, standard error)."""

    def ask_it(*arguments: str, target=None):
        try:
            status = hint.main([*arguments, "--target", str(target or course.target)])
        except SystemExit as ended:
            status = ended.code
        return (status, *capsys.readouterr())

    return ask_it


@pytest.mark.parametrize(("lang", "word", "of"), [("en", "Hint", "hint {} of 3"), ("ja", "ヒント", "ヒント {}/3")])
def test_each_time_one_more_and_the_last_one_stays(ask, lang, word, of):
    for asked in range(1, 6):
        number = min(asked, 3)
        status, out, err = ask("2", "split_heads", "--lang", lang)
        assert (status, err) == (0, "")
        assert of.format(number) in out
        assert [name for name in NUMBERS if f"number {name}" in out] == [NUMBERS[number - 1]]
        assert f"lessons/{lang}/phase2_attention.md#task-split_heads" in out
        assert "exercises/phase2_attention.py:" in out
        assert (f"the {word} of split_heads" in out) == (number == 1)


def test_the_text_is_shown_as_text_and_code_as_it_stands(ask):
    assert "in `d_k`" in ask("2", "split_heads")[1]
    out = ask("2", "split_heads")[1]
    assert "x.view(1,  2)" in out
    assert "```" not in out
    assert "<" not in out


def test_again_shows_what_was_shown_and_no_more(ask):
    status, out, _ = ask("2", "split_heads", "--again")
    assert (status, "number" in out) == (0, False)
    ask("2", "split_heads")
    ask("2", "split_heads")
    for _ in range(2):
        out = ask("2", "split_heads", "--again")[1]
        assert [name for name in NUMBERS if f"number {name}" in out] == ["one", "two"]
    assert "number three" in ask("2", "split_heads")[1]


def test_tasks_and_folders_are_counted_apart(ask, course):
    ask("2", "split_heads")
    assert "the Hint of merge_heads" in ask("2", "merge_heads")[1]
    other = Path(shutil.copytree(course.target, course.folder / "other"))
    assert "number one" in ask("2", "split_heads", target=other)[1]
    assert "number two" in ask("2", "split_heads")[1]


def test_without_a_task_it_is_the_first_one_that_is_not_written(ask, course):
    attention = "return query, key"
    path = course.target / phase(2).file
    path.write_text(with_bodies(path.read_text(), {"scaled_dot_product_attention": attention}), encoding="utf-8")
    assert "split_heads  hint 1" in ask("2")[1]
    path.write_text(with_bodies(path.read_text(), {"split_heads": "return x"}), encoding="utf-8")
    assert "merge_heads  hint 1" in ask("2")[1]


def test_half_a_class_is_unfinished(course):
    path = course.target / phase(2).file
    path.write_text(with_bodies(solution(2), {"MultiHeadAttention.forward": "raise NotImplementedError"}))
    assert unfinished_tasks(phase(2), course.target) == ["MultiHeadAttention"]
    path.write_text(solution(2), encoding="utf-8")
    assert unfinished_tasks(phase(2), course.target) == []
    path.unlink()
    assert unfinished_tasks(phase(2), course.target) == []


@pytest.mark.parametrize("found", [(phase(2), "merge_heads", "failed"), None])
def test_if_all_is_written_the_grader_says_which_one_is_wrong(ask, course, monkeypatch, found):
    (course.target / phase(2).file).write_text(solution(2), encoding="utf-8")
    asked = []
    monkeypatch.setattr("kata.grading.grade.grade", lambda target, phases, lang: asked.append(phases))
    monkeypatch.setattr("kata.grading.grade.next_task", lambda report: found)
    status, out, err = ask("2")
    assert (status, asked) == (0, [(phase(2),)])
    assert "grading" in err
    assert ("the Hint of merge_heads" in out) == (found is not None)
    assert ("pass" in out) == (found is None)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"exercises/phase2_attention/split_heads": "x"}',
        "\0" * 9,
        '{"exercises/phase2_attention/split_heads": -4}',
        "[" * 100_000,
    ],
)
def test_a_broken_state_file_only_begins_anew(ask, text):
    hint_state.STATE.parent.mkdir()
    hint_state.STATE.write_text(text)
    assert "number one" in ask("2", "split_heads")[1]
    assert "number two" in ask("2", "split_heads")[1]


def test_a_count_beyond_the_hints_shows_the_last_one(ask, course):
    hint_state.remember(course.target, phase(2), "split_heads", 99)
    assert "number three" in ask("2", "split_heads")[1]


def test_a_state_that_cannot_be_kept_is_said_and_the_hint_is_shown(ask):
    hint_state.STATE.parent.write_text("a file where the folder should be")
    for _ in range(2):
        status, out, err = ask("2", "split_heads")
        assert (status, "number one" in out) == (0, True)
        assert "hints.json" in err


@pytest.mark.parametrize(
    ("source", "named"),
    [("def f(:\n", ".py:1 is"), ("a\0b", "NUL"), (None, "missing")],
    ids=["syntax", "nul", "missing"],
)
def test_a_file_that_is_no_python_is_named(ask, course, source, named):
    path = course.target / phase(2).file
    path.unlink()
    if source is not None:
        path.write_text(source)
    status, out, err = ask("2")
    assert (status, out) == (2, "")
    assert "phase2_attention.py" in err
    assert named in err
    assert ask("2", "split_heads")[0] == 0


def test_a_lesson_that_is_missing_or_lacks_the_task_is_named(ask):
    for arguments in (("3", "LayerNorm"), ("2", "MultiHeadAttention")):
        status, out, err = ask(*arguments)
        assert (status, out) == (2, "")
        assert f"lessons/en/{phase(int(arguments[0])).id}.md" in err


@pytest.mark.parametrize(("arguments", "named"), [(("9",), "'9'"), (("2", "no_such"), "split_heads"), ((), "PHASE")])
def test_bad_usage(ask, arguments, named):
    status, out, err = ask(*arguments)
    assert (status, out) == (2, "")
    assert named in err


WORDS = st.text(alphabet="ab、。「」（）ッ重みをたす` .,", min_size=1, max_size=120)


@given(WORDS, st.integers(8, 40))
def test_wrapping_loses_nothing_and_keeps_japanese_rules(text, width):
    lines = wrap(text, width)
    assert all(cell_len(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assume(all(cell_len(unit.rstrip()) <= width for unit in _units(text)))  # what is longer must be cut somewhere
    for number, line in enumerate(lines):
        assert number == 0 or line[0] not in "、。」）ッ.,"
        assert number == len(lines) - 1 or line[-1] not in "「（"


STRANGE = st.text(alphabet=st.one_of(st.sampled_from("a:)( 　」\u200d\u0301あ👩\t"), st.characters()), max_size=60)


@given(STRANGE, st.integers(1, 30), st.integers(0, 4), st.integers(0, 200))
@example("a" + " " * 150 + ":", 74, 2, 0)
@example("\u200d\u200d" + ")" * 45, 20, 0, 0)
def test_wrapping_comes_to_an_end_and_loses_nothing(text, width, hanging, blanks):
    lines = wrap(text.replace(" ", " " * blanks), width, hanging)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert len(lines) <= len(text) + 1


def test_a_japanese_line_ends_where_a_word_does_if_that_is_near():
    said = "次の一歩: exercises/phase2_attention.py:17 の scaled_dot_product_attention を書く"
    assert wrap(said, 79, hanging=2)[1] == "  書く"
    said = "マスクの True は「注意を向けてよい」という意味です。禁止はソフトマックスの前に行います。"
    assert wrap(said, 84) == [said[:-5], "行います。"]
    assert wrap("これはとてもながいひらがなです", 14) == ["これはとてもな", "がいひらがなで", "す"]
    assert wrap("エンコーダとデコーダのレイヤー", 29)[0] == "エンコーダとデコーダのレイヤ"[:11]


def test_wrapping_fills_the_lines():
    assert wrap("注意は、すべての位置を見ます。", 14) == ["注意は、すべて", "の位置を見ま", "す。"]
    assert wrap("one two three", 8) == ["one two", "three"]
    for width in range(10, 60):
        text = "The `scores` are divided by the root of d_k. " * 3 + "これは日本語の文で、折り返しを確かめます。" * 3
        assert max(map(cell_len, wrap(text, width))) <= width
